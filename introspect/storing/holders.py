"""Which layer of a report holds which tensors, as a framework sees it: private sublayers hold their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..parameter import Parameter
from ..records import Layer


@dataclass(frozen=True)
class Holder:
    """A layer with tensors of its own, in their order; `chain`: the names of the layers that lead to it."""

    layer: Layer
    chain: tuple[str, ...]
    parameters: tuple[Parameter, ...]

    @property
    def path(self) -> str:
        """The path of the layer."""
        return self.layer.path

    @property
    def shapes(self) -> tuple[tuple[int, ...] | None, ...]:
        """The shapes of its tensors, as they are stored."""
        return tuple(stored_shape(p) for p in self.parameters)


def holders_of(layers: Sequence[Layer]) -> tuple[Holder, ...]:
    """All of them, in the order of the report. Seeds are no weights."""
    by_path = {layer.path: layer for layer in layers}
    held: dict[str, list[Parameter]] = {}
    for layer in layers:
        for parameter in layer.parameters:
            if parameter.role != "seed":
                held.setdefault(parent_of(parameter.path, by_path), []).append(parameter)
    return tuple(Holder(by_path[path], chain_of(path, by_path), tuple(tensors)) for path, tensors in held.items())


def parent_of(path: str, by_path: dict[str, Layer]) -> str:
    """The innermost layer above a path; a name may hold dots."""
    above = path
    while above:
        above = above.rpartition(".")[0]
        if above in by_path:
            return above
    return ""


def chain_of(path: str, by_path: dict[str, Layer]) -> tuple[str, ...]:
    """The names of the layers that lead to one, without the numbers that tell equal ones apart."""
    names: list[str] = []
    while path:
        above = parent_of(path, by_path)
        names.insert(0, re.sub(r"#\d+$", "", path[len(above) + bool(above) :]))
        path = above
    return tuple(names)


def stored_shape(parameter: Parameter) -> tuple[int, ...] | None:
    """The shape of what lies in memory."""
    if parameter.stored is not None:
        return parameter.stored.shape  # type: ignore[return-value]
    return parameter.shape
