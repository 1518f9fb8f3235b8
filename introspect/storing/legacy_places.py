"""Where the tensors of a report lie in an older `.h5` of Keras: by layer, and by the names of its tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import CheckpointError
from ..parameter import Parameter
from ..records import Layer
from ..values import TensorSpec
from .hdf5 import Group
from .holders import stored_shape
from .keras_places import Places

TOP = "top_level_model_weights"


def legacy_places(
    layers: Sequence[Layer], groups: Mapping[str, Group], specs: Mapping[str, TensorSpec], what: str
) -> tuple[Places, list[str]]:
    """The names in the file by the paths of tensors, and what to say about it. Raises `CheckpointError`."""
    notes: list[str] = []
    wanted = _by_child(layers)
    given = {name: group for name, group in groups.items() if group.names}
    if set(wanted) != set(given):
        if len(wanted) != len(given) or (TOP in wanted) != (TOP in given):
            raise CheckpointError(
                f"{what} belongs to another model: it has {len(given)} layers with tensors, the model {len(wanted)}."
            )
        notes.append(f"The layers of {what} bear other names: they were matched by their order, as Keras does.")
        given = dict(zip(wanted, given.values(), strict=True))
    places: dict[str, list[str]] = {}
    for name, parameters in wanted.items():
        names = given[name].names
        if len(names) != len(parameters):
            raise CheckpointError(
                f"{what} belongs to another model: {name} has {len(names)} tensors there and {len(parameters)} here."
            )
        for parameter, stored in _matched(parameters, names, specs, what):
            places.setdefault(parameter.same_as or parameter.path, []).append(stored)
    return {path: tuple(names) for path, names in places.items()}, notes


def _by_child(layers: Sequence[Layer]) -> dict[str, list[Parameter]]:
    """The tensors of each layer directly below the model, with all that lies in it."""
    root = layers[0]
    found: dict[str, list[Parameter]] = {}
    for layer in layers:
        child = next((c for c in root.children if layer.path == c or layer.path.startswith(c + ".")), None)
        tensors = [p for p in layer.parameters if p.role != "seed"]
        if tensors:
            found.setdefault(TOP if child is None else child, []).extend(tensors)
    top = found.pop(TOP, None)
    return found if top is None else {**found, TOP: top}  # where the file has it


def _matched(
    parameters: list[Parameter], names: tuple[str, ...], specs: Mapping[str, TensorSpec], what: str
) -> list[tuple[Parameter, str]]:
    """By the ends of their names; where those don't decide, in Keras's order: what is learned first."""
    free, found = list(parameters), []
    for name in names:
        ranks = [(_common(p.path, name), p) for p in free if stored_shape(p) == specs[name].shape]
        best = max((rank for rank, _ in ranks), default=0)
        chosen = [p for rank, p in ranks if rank == best and best]
        if len(chosen) != 1:
            return _in_order(parameters, names, specs, what)
        found.append((chosen[0], name))
        free.remove(chosen[0])
    return found


def _in_order(
    parameters: list[Parameter], names: tuple[str, ...], specs: Mapping[str, TensorSpec], what: str
) -> list[tuple[Parameter, str]]:
    ordered = sorted(parameters, key=lambda p: p.state != "parameter")
    pairs = list(zip(ordered, names, strict=True))
    for parameter, name in pairs:
        shapes = stored_shape(parameter), specs[name].shape
        if shapes[0] != shapes[1] or not _common(parameter.path, name):
            raise CheckpointError(
                f"{what} belongs to another model, or keeps it in another order: {parameter.path} {shapes[0]} stands "
                f"against {name} {shapes[1]}."
            )
    return pairs


def _common(path: str, name: str) -> int:
    """How many parts the ends of two names share."""
    ours, theirs = path.split("."), name.rpartition(":")[0].split("/") if ":" in name else name.split("/")
    count = 0
    while count < min(len(ours), len(theirs)) and ours[-1 - count] == theirs[-1 - count]:
        count += 1
    return count
