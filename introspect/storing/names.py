"""Where the tensors of a report lie in a file that names them as the model does: a state dict, a `.safetensors`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..errors import CheckpointError, near_names
from ..parameter import Parameter
from ..records import Layer
from ..values import TensorSpec
from .holders import stored_shape
from .keras_places import Places

# What wrappers put in front of, or between, the names of a module.
_WRAPPERS = ("_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module")


def named_places(layers: Sequence[Layer], specs: Mapping[str, TensorSpec], what: str) -> tuple[Places, list[str]]:
    """The names in the file by the paths of tensors, and what to say about it. Raises `CheckpointError`."""
    parameters = {p.path: p for layer in layers for p in layer.parameters}
    names, notes = matching_names(parameters, specs, what)
    places: dict[str, list[str]] = {}
    for path, parameter in parameters.items():
        name = names.get(path)
        if name is not None:
            _check(parameter, specs[name], what)
            places.setdefault(parameter.same_as or path, []).append(name)
    taken = {name for held in places.values() for name in held}
    if not taken and parameters:
        example = next(iter(parameters))
        raise CheckpointError(f"{what} belongs to another model: it has no {example!r}, {near_names(example, specs)}")
    lacks = [p for p in parameters.values() if p.same_as is None and p.path not in places and p.role != "seed"]
    if any(p.state == "parameter" for p in lacks):
        notes.append(f"{what} lacks {_some(p.path for p in lacks if p.state == 'parameter')}.")
    if buffers := [p.path for p in lacks if p.state == "buffer"]:
        notes.append(f"{what} lacks {_some(buffers)}, which a model may keep to itself.")
    if dropped := [p.path for p in parameters.values() if p.path not in names and (p.same_as or p.path) in places]:
        notes.append(f"{what} keeps tied tensors once, without {_some(dropped)}.")
    if extra := [name for name in specs if name not in taken]:
        notes.append(f"{what} holds more than the model: {_some(extra)}.")
    return {path: tuple(held) for path, held in places.items()}, notes


def matching_names(
    parameters: Mapping[str, Parameter], specs: Mapping[str, TensorSpec], what: str
) -> tuple[dict[str, str], list[str]]:
    """The name in the file of every path that has one: as it is, without wrappers, or behind a prefix."""
    exact = {path: path for path in parameters if path in specs}
    bare = {_unwrapped(name): name for name in specs}
    if len(bare) < len(specs):
        return exact, []
    plain = {_unwrapped(path): path for path in parameters}
    found = {path: bare[name] for name, path in plain.items() if name in bare}
    prefix = ""
    counts = _prefixes(bare, plain)
    if counts and len(found) < len(plain) and (most := max(counts.values())) > len(found):
        best = [start for start, count in counts.items() if count == most]
        if len(best) > 1:
            raise CheckpointError(
                f"{what} holds the names of this model more than once, behind {best[0]!r} and {best[1]!r}: "
                "pass the report of the whole model that it was written by."
            )
        prefix = best[0]
        found = {path: bare[prefix + name] for name, path in plain.items() if prefix + name in bare}
    if len(found) <= len(exact):
        return exact, []
    said = [f"The names in {what} begin with {prefix!r}, which the model's do not."] if prefix else []
    words = [word for word in _WRAPPERS if any(word in name.split(".") for name in found.values())]
    if words and not all(word in path.split(".") for path in found for word in words):
        said.append(f"The names in {what} hold {' and '.join(map(repr, words))}, which wraps the model's.")
    return found, said


def _unwrapped(name: str) -> str:
    return ".".join(part for part in name.split(".") if part not in _WRAPPERS)


def _prefixes(names: Iterable[str], wanted: Mapping[str, str]) -> Counter[str]:
    """What stands before the names that are wanted, and how often."""
    found: Counter[str] = Counter()
    for name in names:
        parts = name.split(".")
        for cut in range(1, len(parts)):
            if ".".join(parts[cut:]) in wanted:
                found[".".join(parts[:cut]) + "."] += 1
    return found


def _check(parameter: Parameter, spec: TensorSpec, what: str) -> None:
    wanted = stored_shape(parameter)
    if wanted is not None and spec.shape != wanted:
        raise CheckpointError(
            f"{what} belongs to another model: {parameter.path} has the shape {spec.shape} there and {wanted} here."
        )


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return f"{', '.join(names[:5])}{f' and {len(names) - 5} more' if len(names) > 5 else ''}"
