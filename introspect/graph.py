"""The canonical graph: what a model computes, in a form that belongs to no framework.

Hubs are the places where tensors are learned, joined or looked at through a window: layers with weights, sums,
concatenations, windowed pools, attention, and the model's inputs and outputs. Edges lead from hub to hub and carry, in
order, every function without weights that is crossed on the way (a relu, a softmax, a flatten).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .parameter import Parameter
from .values import FrozenDict

# Hubs that only join or window what they are given.
JOINS = frozenset(
    {"add", "multiply", "subtract", "divide", "maximum", "minimum", "average", "concat", "matmul", "join"}
)
COMMUTATIVE = frozenset({"add", "multiply", "maximum", "minimum", "average", "join"})
ENDS = frozenset({"input", "output", "constant"})
# Labels that change nothing but what training does.
TRAINING_ONLY = frozenset({"dropout"})
_UNSAID = frozenset({"kind"})


@dataclass(frozen=True, slots=True)
class Label:
    """A function without weights on an edge. `layer` is the path of the layer that it is, `None` for a function that
    the code of the layer `within` calls, or that is fused into that layer."""

    word: str
    settings: FrozenDict = field(default_factory=FrozenDict)
    layer: str | None = None
    within: str = ""
    order: int = 0

    @property
    def meaning(self) -> tuple[str, FrozenDict]:
        """What it computes, wherever it stands."""
        return self.word, self.settings

    @property
    def path(self) -> str:
        """Where in the model to look for it."""
        return self.within if self.layer is None else self.layer

    def __str__(self) -> str:
        said = ", ".join(
            f"{name}={value}" for name, value in self.settings.items() if value is not None and name not in _UNSAID
        )
        return f"{self.word}({said})" if said else self.word


@dataclass(frozen=True, slots=True)
class Edge:
    """Output `port` of hub `source`, after the functions in `labels`."""

    source: int
    port: int = 0
    labels: tuple[Label, ...] = ()

    def then(self, *labels: Label) -> Edge:
        """This edge with more functions on it."""
        return Edge(self.source, self.port, self.labels + labels)

    @property
    def acting(self) -> tuple[Label, ...]:
        """The functions that act when the model does not train."""
        return tuple(label for label in self.labels if label.word not in TRAINING_ONLY)


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor of a hub, or the part `start:stop` of its dimension `axis`."""

    parameter: Parameter
    axis: int | None = None
    start: int = 0
    stop: int = 0

    @property
    def size(self) -> int | None:
        """Its number of elements."""
        shape = self.shape
        return None if shape is None else _product(shape)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Its shape, as stored."""
        whole = self.parameter.shape
        if whole is None or self.axis is None:
            return whole
        return (*whole[: self.axis], self.stop - self.start, *whole[self.axis + 1 :])


def _product(sizes: Iterable[int]) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


@dataclass(slots=True)
class Hub:
    """One hub. `layer` is the path of the layer it is (or is a part of), `None` for a function called by the code of
    the layer `within`. `settings` are in normal form; `raw` keeps how a setting was said before."""

    index: int
    word: str
    settings: dict[str, Any]
    inputs: list[Edge]
    weights: dict[str, Weight] = field(default_factory=dict)
    layer: str | None = None
    within: str = ""
    order: int = 0
    shape: tuple[int | None, ...] | None = None
    call: int = 0
    raw: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Where in the model to look for it."""
        return self.within if self.layer is None else self.layer

    @property
    def weighted(self) -> bool:
        """Whether it holds tensors."""
        return bool(self.weights)

    @property
    def learned(self) -> bool:
        """Whether it holds tensors that training may change."""
        return any(w.parameter.state == "parameter" for w in self.weights.values())


@dataclass(slots=True)
class Graph:
    """The hubs in the order in which they ran, so that sources come before what they feed."""

    hubs: list[Hub]
    unknown: list[str] = field(default_factory=list)
    """Sentences about what was not understood: with any, nothing is called equal for certain."""
    complete: bool = True
    traced: bool = True
    """Whether the edges are known; else there are only hubs with tensors, in the order of definition."""

    def consumers(self) -> list[list[tuple[int, int]]]:
        """For every hub, which (hub, input) it feeds."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.hubs]
        for hub in self.hubs:
            for slot, edge in enumerate(hub.inputs):
                found[edge.source].append((hub.index, slot))
        return found
