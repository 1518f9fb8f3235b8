"""Keras's own rules for where its own layers and containers lie in a `.weights.h5`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ..errors import CheckpointError
from ..records import Layer
from .hdf5 import Group
from .holders import Holder, holders_of

# The attribute that holds a private sublayer, by class; what stands second is how Keras 2 spells it.
_CELL = {"": ("cell",)}
_LAYER = {"": ("layer",)}
_ATTENTION = {
    "query": ("query_dense", "_query_dense"),
    "key": ("key_dense", "_key_dense"),
    "value": ("value_dense", "_value_dense"),
    "attention_output": ("output_dense", "_output_dense"),
}
_ATTRIBUTES: dict[str, dict[str, tuple[str, ...]]] = {
    "LSTM": _CELL,
    "GRU": _CELL,
    "SimpleRNN": _CELL,
    "RNN": _CELL,
    "ConvLSTM1D": _CELL,
    "ConvLSTM2D": _CELL,
    "ConvLSTM3D": _CELL,
    "TimeDistributed": _LAYER,
    "SpectralNormalization": _LAYER,
    "Bidirectional": {"forward_": ("forward_layer",), "backward_": ("backward_layer",)},
    "MultiHeadAttention": _ATTENTION,
    "GroupedQueryAttention": {name: spelled[::-1] for name, spelled in _ATTENTION.items()},
}
_CONTAINERS = ("Sequential", "Functional")
_UNSURE = frozenset({"SpectralNormalization"})
"""It keeps a copy of another layer's tensor, which a report does not list."""


def groups_by_rule(
    layers: Sequence[Layer], holders: Sequence[Holder], groups: Mapping[str, Group] | None, keras_2: bool = False
) -> dict[str, str] | None:
    """The group of every layer with tensors, by path; `None` where a rule is not known. `groups`: those of the file,
    which decide between two spellings; without one, those that Keras 3 would write. Keras 2 does not count what it has
    met elsewhere."""
    by_path = {layer.path: layer for layer in layers}
    wanted = {holder.path for holder in holders}
    needed = {path for path in by_path if any(one == path or _is_below(one, path) for one in wanted)}
    known = None if groups is None else {"/".join(path.split("/")[:n]) for path in groups for n in range(9)}
    found: dict[str, str] = {}
    waiting = [(layers[0], "")]
    while waiting:
        layer, group = waiting.pop()
        if layer.path in found:
            continue
        found[layer.path] = group
        below = [by_path[path] for path in layer.children if not keras_2 or _is_below(path, layer.path)]
        if groups is None and layer.type in _UNSURE:
            return None
        for child, name in _placed(layer, below, group, known):
            if child.path not in needed:
                continue
            if name is None:
                return None
            waiting.append((child, name))
    return {path: found[path] for path in wanted} if wanted <= found.keys() else None


def _is_below(path: str, above: str) -> bool:
    return not above or path.startswith(above + ".")


def _placed(
    layer: Layer, below: list[Layer], group: str, known: Collection[str] | None
) -> Iterator[tuple[Layer, str | None]]:
    """The layers below with their groups; `None` where no rule is known."""
    before = f"{group}/" if group else ""
    if layer.type in _CONTAINERS or (known is not None and f"{before}layers" in known):
        yield from _numbered(below, f"{before}layers")
    elif layer.type == "StackedRNNCells":
        yield from _numbered(below, f"{before}cells")
    else:
        table = _ATTRIBUTES.get(layer.type, {})
        for child in below:
            spelled = next((names for start, names in table.items() if child.name.startswith(start)), ())
            names = [before + name for name in spelled]
            if known is not None:
                names = [name for name in names if name in known]
            yield child, names[0] if names else None


def _numbered(below: list[Layer], group: str) -> Iterator[tuple[Layer, str]]:
    times: dict[str, int] = {}
    for child in below:
        name = snake_case(child.type)
        number = times[name] = times.get(name, -1) + 1
        yield child, f"{group}/{name}_{number}" if number else f"{group}/{name}"


def snake_case(name: str) -> str:
    """`Conv2DTranspose` → `conv2d_transpose`, as Keras spells it."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def new_places(layers: Sequence[Layer], keras_2: bool) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The names that Keras 3 would give the tensors of a report in a new file, by their paths, and what the layers of
    groups are called. Raises `CheckpointError` where the report does not tell."""
    holders = holders_of(layers)
    unsure = [p.path for holder in holders for p in holder.parameters if p.stored or p.role == "quantizer"]
    found = None if keras_2 or unsure else groups_by_rule(layers, holders, None)
    if found is None:
        raise CheckpointError(
            "Where Keras keeps the tensors of this model in a .weights.h5 can't be told from its report: pass the live "
            "model instead, or say like= with a checkpoint of it."
        )
    places: dict[str, list[str]] = {}
    for holder in holders:
        group = found[holder.path]
        for number, parameter in enumerate(holder.parameters):
            name = f"{group}/vars/{number}" if group else f"vars/{number}"
            places.setdefault(parameter.same_as or parameter.path, []).append(name)
    called = {found[holder.path]: holder.chain[-1] for holder in holders if holder.chain}
    return {path: tuple(names) for path, names in places.items()}, called
