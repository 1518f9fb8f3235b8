"""Where the tensors of a report lie in a `.weights.h5`: its groups bear the names of attributes and classes.

Four ways are tried, the first that is certain: the names of the layers, which Keras 3 writes beside the groups; Keras's
own rules for its own containers; the names numbered anew, since automatic ones differ from process to process; shapes
that only one layer has. What none of them decides is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..errors import CheckpointError
from ..records import Layer
from ..values import TensorSpec
from .hdf5 import Group
from .holders import Holder, holders_of
from .keras_rules import groups_by_rule

Places = dict[str, tuple[str, ...]]


def keras_places(
    layers: Sequence[Layer],
    groups: Mapping[str, Group],
    specs: Mapping[str, TensorSpec],
    what: str,
    keras_2: bool = False,
) -> tuple[Places, list[str]]:
    """The names in the file by the paths of tensors, and what to say about it. Raises `CheckpointError`."""
    holders = [holder for holder in holders_of(layers) if holder.parameters]
    _check_order(holders)
    leaves = {path: group for path, group in groups.items() if group.names and not _is_optimizer(path)}
    shapes = {path: tuple(specs[name].shape for name in group.names) for path, group in leaves.items()}
    notes: list[str] = []
    found = _by_names(holders, leaves, groups, shapes)
    ruled = groups_by_rule(layers, holders, groups, keras_2)
    if ruled is not None and any(not _fits(holder, shapes.get(ruled[holder.path])) for holder in holders):
        ruled = None
    if found is not None and ruled is not None and found != ruled:
        raise CheckpointError(_contradiction(what, found, ruled))
    found = found or ruled
    if found is None and (found := _by_rank(holders, leaves, groups, shapes)) is not None:
        notes.append(f"The layers of {what} are numbered in another way: they were matched in the order of making.")
    if found is None and (found := _by_shapes(holders, shapes)) is not None:
        notes.append(f"The layers of {what} were matched by their shapes, which differ from one another.")
    if found is None:
        raise CheckpointError(_refusal(holders, shapes, what))
    extra = [path for path in leaves if path not in found.values()]
    if extra:
        notes.append(f"{what} holds more than the model: {', '.join(extra[:5])}{' and more' if extra[5:] else ''}.")
    places: dict[str, list[str]] = {}
    for holder in holders:
        names = leaves[found[holder.path]].names
        chosen = _embedded(holder.shapes, shapes[found[holder.path]])
        for parameter, number in zip(holder.parameters, chosen or (), strict=True):
            places.setdefault(parameter.same_as or parameter.path, []).append(names[number])
    return {path: tuple(names) for path, names in places.items()}, notes


def _check_order(holders: Iterable[Holder]) -> None:
    for holder in holders:
        odd = [p.path for p in holder.parameters if p.stored or p.role == "quantizer" or p.name.startswith("lora_")]
        if odd:
            raise CheckpointError(
                f"{odd[0]} is quantized or low-rank, and Keras orders such tensors in a way that a report does not "
                "tell: pass the live model instead of its report."
            )


def _is_optimizer(path: str) -> bool:
    return path.partition("/")[0] in ("optimizer", "_optimizer")


def _fits(holder: Holder, shapes: tuple | None) -> bool:
    return shapes is not None and _embedded(holder.shapes, shapes) is not None


def _embedded(wanted: tuple, given: tuple) -> tuple[int, ...] | None:
    """Which of the given shapes are the wanted ones, in order; the others are copies that the layer keeps of another's
    tensors. `None`: they are not there, or in more than one way."""
    if wanted == given:
        return tuple(range(len(given)))
    ways: list[tuple[int, ...]] = [()]
    for shape in wanted:
        ways = [
            (*way, n) for way in ways for n in range(way[-1] + 1 if way else 0, len(given)) if given[n] == shape
        ][:3]  # fmt: skip
    return ways[0] if len(ways) == 1 else None


def _by_names(
    holders: list[Holder], leaves: Mapping[str, Group], groups: Mapping[str, Group], shapes: Mapping[str, tuple]
) -> dict[str, str] | None:
    """By the names of the layers, if each stands once on both sides."""
    return _by_chains([holder.chain for holder in holders], {p: _chain(p, groups) for p in leaves}, holders, shapes)


def _by_chains(
    wanted: list[tuple], given: Mapping[str, tuple | None], holders: list[Holder], shapes: Mapping[str, tuple]
) -> dict[str, str] | None:
    times = Counter(given.values())
    if len(set(wanted)) != len(wanted) or any(times[chain] != 1 for chain in wanted):
        return None
    at = {chain: path for path, chain in given.items()}
    found = {holder.path: at[chain] for holder, chain in zip(holders, wanted, strict=True)}
    return found if all(_fits(holder, shapes[found[holder.path]]) for holder in holders) else None


def _chain(path: str, groups: Mapping[str, Group]) -> tuple[str, ...] | None:
    """The names of the layers that lead to a group; `None` where the file does not say them."""
    names: list[str] = []
    parts = path.split("/") if path else []
    for end in range(1, len(parts) + 1):
        group = groups.get("/".join(parts[:end]))
        if group is not None:
            if group.name is None:
                return None
            names.append(group.name)
    return tuple(names)


def _by_rank(
    holders: list[Holder], leaves: Mapping[str, Group], groups: Mapping[str, Group], shapes: Mapping[str, tuple]
) -> dict[str, str] | None:
    """By names whose numbers count anew on both sides: `dense_4, dense_5` are the file's `dense, dense_1`."""
    chains = {path: _chain(path, groups) for path in leaves}
    ours = _ranked([holder.chain for holder in holders])
    theirs = _ranked([chain for chain in chains.values() if chain is not None])
    if len(leaves) != len(holders):
        return None
    renamed = {path: None if chain is None else tuple(theirs[n] for n in chain) for path, chain in chains.items()}
    return _by_chains([tuple(ours[n] for n in holder.chain) for holder in holders], renamed, holders, shapes)


def _ranked(chains: Iterable[tuple[str, ...]]) -> dict[str, tuple[str, int]]:
    numbered: dict[str, dict[int, str]] = {}
    for name in {name for chain in chains for name in chain}:
        base, number = re.fullmatch(r"(.*?)(?:_(\d+))?", name, re.DOTALL).groups()  # type: ignore[union-attr]
        numbered.setdefault(base, {})[int(number or 0)] = name
    return {
        name: (base, rank) for base, held in numbered.items() for rank, (_, name) in enumerate(sorted(held.items()))
    }


def _by_shapes(holders: list[Holder], shapes: Mapping[str, tuple]) -> dict[str, str] | None:
    """By their tensors' shapes, if no two layers have the same, on either side."""
    given = Counter(shapes.values())
    wanted = Counter(holder.shapes for holder in holders)
    if any(count > 1 or given[one] != 1 for one, count in wanted.items()) or max(given.values(), default=0) > 1:
        return None
    at = {one: path for path, one in shapes.items()}
    return {holder.path: at[holder.shapes] for holder in holders}


def _contradiction(what: str, found: Mapping[str, str], ruled: Mapping[str, str]) -> str:
    path = next(path for path in found if found[path] != ruled[path])
    return (
        f"By name {path} is {found[path]} in {what}, by place it is {ruled[path]}, where Keras would load it from: "
        "the file was written by a model whose layers stand in another order."
    )


def _refusal(holders: list[Holder], shapes: Mapping[str, tuple], what: str) -> str:
    for holder in holders:
        if not any(_fits(holder, given) for given in shapes.values()):
            wanted = ", ".join(f"{p.name} {shape}" for p, shape in zip(holder.parameters, holder.shapes, strict=True))
            where = holder.path or "the model"
            return f"{what} belongs to another model: no object in it has the tensors of {where} ({wanted})."
    if len(shapes) < len(holders):
        return f"{what} belongs to another model: it has {len(shapes)} objects with tensors, the model {len(holders)}."
    return (
        f"Where each layer lies in {what} can't be told from the report alone, since Keras names the places by the "
        "attributes of the model's class: pass the live model instead of its report."
    )
