"""What is collected while two graphs are compared, before causes are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..alignment import Alignment
from ..graph import Graph, Hub, Label

# Differences that change widths or sizes of what comes behind them.
SHAPING = frozenset({
    "units", "kernel_size", "strides", "padding", "dilation", "layer", "kind", "order", "flatten", "upsample", "pad",
    "reshape", "groups", "axis", "tokens", "shape", "positions", "slice", "part",
    "input_shape", "permute", "source", "projection",
})  # fmt: skip


@dataclass(eq=False)
class Found:
    """A difference in the making. `hubs` are where it stands in each graph, `labels` the functions it is about."""

    field: str
    a: Any
    b: Any
    effect: str
    hubs: tuple[int | None, int | None]
    labels: tuple[Label | None, Label | None] = (None, None)
    text: str = ""
    cause: Found | None = None
    shaping: bool = False
    crossed: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
    """The hubs without partner, of either graph, on the ways that were compared."""
    sentence: str = ""
    """The whole of it in words, once its place is known."""
    ends: tuple[int | None, int | None] = (None, None)
    """Of a difference in where something comes from: the two hubs it comes from."""

    sources: tuple[int | None, int | None] = (None, None)
    """Of a difference in the functions on an edge: the two hubs that it comes from."""

    def root(self) -> Found:
        """The difference that this one follows from in the end."""
        found = self
        while found.cause is not None:
            found = found.cause
        return found

    def follows(self, cause: Found) -> None:
        """Say what this is a consequence of (never of itself)."""
        if cause.root() is not self:
            self.cause = cause.root()


@dataclass
class Findings:
    """Everything found, in the order of the graphs."""

    alignment: Alignment
    items: list[Found] = field(default_factory=list)
    label_pairs: list[tuple[Label, Label]] = field(default_factory=list)
    """Functions on edges that stand against each other."""
    only_labels: list[Found] = field(default_factory=list)

    @property
    def a(self) -> Graph:
        """The first graph."""
        return self.alignment.a

    @property
    def b(self) -> Graph:
        """The second graph."""
        return self.alignment.b

    @property
    def uses(self) -> tuple[list[list[tuple[int, int]]], list[list[tuple[int, int]]]]:
        """Of either graph, for every hub, which (hub, input) it feeds."""
        return self.alignment.uses

    def add(self, found: Found) -> Found:
        """Keep a difference."""
        always = found.field in ("layer", "kind", "source", "order")
        found.shaping = found.field in SHAPING and (
            found.effect in ("shape", "count") or always or bool(found.labels[0])
        )
        self.items.append(found)
        return found

    def pairs(self) -> list[tuple[Hub, Hub]]:
        """The hubs that are partners, in the order of the first graph."""
        return [(self.a.hubs[i], self.b.hubs[j]) for i, j in sorted(self.alignment.partner.items())]
