"""In which order two models count the features that come into each pair of hubs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..alignment import Alignment
from ..graph import COMMUTATIVE, Edge, Graph, Hub, Label
from .turns import Sized, Turn, flattened, joined

if TYPE_CHECKING:
    from ..comparing.findings import Findings

# Hubs whose weights mix all features that come in, so that what they give is counted as they like.
_MIXING = frozenset(
    {"linear", "conv_transpose", "simple_rnn", "lstm", "gru", "embedding", "table", "parameter", "input"}
)
# Functions behind which features are counted in a way that is not followed.
_SCRAMBLING = frozenset({"reshape", "permute", "part", "slice", "repeat"})


@dataclass
class Sides:
    """Two graphs in the direction in which weights are carried: from `source` to `target`."""

    source: Graph
    target: Graph
    partner: dict[int, int]
    crossed: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """Of a concatenation of the source: at which place of its partner each of its inputs stands."""

    @property
    def pairs(self) -> list[tuple[Hub, Hub]]:
        """The hubs that are partners, in the source's order."""
        return [(self.source.hubs[i], self.target.hubs[j]) for i, j in sorted(self.partner.items())]


def sides_of(findings: Findings, back: bool) -> Sides:
    """From `a` to `b`, or `back`."""
    alignment: Alignment = findings.alignment
    crossed = {}
    for found in findings.items:
        one, other = found.hubs
        if found.field.partition("#")[0] == "order" and one is not None and other is not None and _is_order(found.b):
            after = tuple(found.b)
            crossed[other if back else one] = tuple(map(after.index, range(len(after)))) if back else after
    if back:
        return Sides(findings.b, findings.a, alignment.back, crossed)
    return Sides(findings.a, findings.b, alignment.partner, crossed)


def _is_order(value: object) -> bool:
    return isinstance(value, tuple) and sorted(value, key=str) == list(range(len(value)))


class Features:
    """`turn(hub, slot)`: the order of what comes into an input of a hub of the source, `None` where both agree."""

    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._width: dict[int, int | None] = {}
        self._out: dict[int, Turn | None] = {}
        self._in: dict[int, Turn | None] = {}
        for one in sides.source.hubs:
            self._width[one.index] = self._width_of(one)
        for one, other in sides.pairs:
            self._follow(one, other)

    def turn(self, hub: Hub) -> Turn | None:
        """How what comes into a hub of the source is turned in the target."""
        return self._in.get(hub.index)

    def _follow(self, one: Hub, other: Hub) -> None:
        turns = self._incoming(one, other)
        self._in[one.index] = first = next((turn for turn in turns if turn is not None), None)
        if one.word in _MIXING or (one.word == "conv" and one.settings.get("groups") == 1):
            self._out[one.index] = None
        elif one.word == "concat" and one.settings.get("axis") == "channel":
            self._out[one.index] = self._concatenated(one, turns)
        elif one.word == "conv":
            self._out[one.index] = self._depthwise(one, first)
        else:
            apart = any(turn != first for turn in turns) and len(turns) > 1 and one.word not in ("attention", "concat")
            problem = f"the features that meet at {one.path or one.word} stand in different orders"
            self._out[one.index] = Turn((), problem=problem) if apart else first

    def _incoming(self, one: Hub, other: Hub) -> list[Turn | None]:
        """Of every input of the source's hub."""
        if not one.inputs:
            return []
        order = self._sides.crossed.get(one.index) or range(len(one.inputs))
        if one.word in COMMUTATIVE or len(other.inputs) != len(one.inputs):
            edges = [self._met(edge, other) for edge in one.inputs]
        else:
            edges = [other.inputs[place] for place in order]
        return [self._crossing(one, edge, n, edges[n]) for n, edge in enumerate(one.inputs)]

    def _met(self, edge: Edge, other: Hub) -> Edge | None:
        """The input of the target's hub that comes from the partner of where this edge comes from."""
        partner = self._sides.partner.get(self._back(self._sides.source, edge, self._sides.partner)[0])
        return next((e for e in other.inputs if e.source == partner), None)

    def _crossing(self, hub: Hub, edge: Edge, slot: int, target: Edge | None) -> Turn | None:
        """Along one edge: what it begins with, turned by a flatten."""
        source, labels = self._back(self._sides.source, edge, self._sides.partner)
        turn = self._out.get(source)
        theirs = labels if target is None else self._back(self._sides.target, target, None)[1]
        orders = [next((x for x in run if x.word == "flatten"), None) for run in (labels, theirs)]
        if orders[0] is None or orders[1] is None:
            scrambled = turn is not None and any(x.word in _SCRAMBLING for x in labels)
            return Turn((), problem="its features were moved on the way") if scrambled else turn
        if turn is not None and turn.problem:
            return turn
        first = tuple(str(x.settings.get("order")) == "channels_first" for x in orders if x is not None)
        if turn is None and first[0] == first[1]:
            return None
        width, total = self._width.get(source), _total(hub, slot)
        if width is None or total is None or total % width:
            return Turn((), problem="how many channels were flattened is not known")
        positions = self._positions(source, labels, first[0], total // width)
        return flattened(turn, width, positions, (first[0], first[1]))

    def _positions(self, source: int, labels: tuple[Label, ...], first: bool, count: int) -> tuple[Sized, ...]:
        """The sizes of the map that is flattened, if they are what came out of the hub."""
        shape = self._sides.source.hubs[source].shape or ()
        sizes = shape[2:] if first else shape[1:-1]
        if len(sizes) in (2, 3) and None not in sizes and math.prod(n or 0 for n in sizes) == count:
            return tuple(zip(("h", "w") if len(sizes) == 2 else ("d", "h", "w"), sizes, strict=True))  # type: ignore[arg-type]
        return (("position", count),)

    @staticmethod
    def _back(graph: Graph, edge: Edge, known: dict[int, int] | None) -> tuple[int, tuple[Label, ...]]:
        """The hub that an edge comes from, past those that have no partner; the functions on the way."""
        labels = edge.labels
        while known is not None and edge.source not in known and graph.hubs[edge.source].inputs:
            edge = graph.hubs[edge.source].inputs[0]
            labels = edge.labels + labels
        return edge.source, labels

    def _concatenated(self, hub: Hub, turns: list[Turn | None]) -> Turn | None:
        order = self._sides.crossed.get(hub.index) or tuple(range(len(hub.inputs)))
        if all(turn is None for turn in turns) and list(order) == sorted(order):
            return None
        widths = [self._edge_width(hub, n) for n in range(len(hub.inputs))]
        problem = next((turn.problem for turn in turns if turn is not None and turn.problem), "")
        if None in widths or problem:
            return Turn((), problem=problem or "how many features are concatenated is not known")
        return joined(turns, widths, order)  # type: ignore[arg-type]

    def _depthwise(self, hub: Hub, turn: Turn | None) -> Turn | None:
        """What comes in stays apart; several outputs per channel lie together."""
        if turn is None or turn.problem:
            return turn
        groups, units = hub.settings.get("groups") or 1, hub.settings.get("units") or 0
        if groups != len(turn):
            return Turn((), problem="a grouped convolution can't take its channels in another order")
        return turn.wider(units // groups)

    def _edge_width(self, hub: Hub, slot: int) -> int | None:
        if any(label.word in ("flatten", "reshape") for label in hub.inputs[slot].labels):
            return _total(hub, slot)
        return self._width.get(hub.inputs[slot].source)

    def _width_of(self, hub: Hub) -> int | None:
        """How many channels or features a hub gives."""
        shape = hub.shape or ()
        if hub.word == "input":
            return shape[1] if hub.raw.get("layout") == "first" and len(shape) > 1 else (shape or (None,))[-1]
        if hub.word in ("linear", "conv", "conv_transpose", "embedding", "table", "simple_rnn", "lstm", "gru"):
            return hub.settings.get("projection") or hub.settings.get("units")
        if hub.word == "concat" and hub.settings.get("axis") == "channel":
            widths = [self._edge_width(hub, n) for n in range(len(hub.inputs))]
            return None if None in widths else sum(widths)  # type: ignore[arg-type]
        if hub.word == "parameter" or not hub.inputs:
            return shape[-1] if shape else None
        return self._edge_width(hub, len(hub.inputs) - 1 if hub.word == "attention" else 0)


def _total(hub: Hub, slot: int) -> int | None:
    """The length of the last axis of what comes into a hub."""
    shapes = hub.raw.get("shapes") or []
    shape = shapes[slot] if slot < len(shapes) else None
    return shape[-1] if shape else None
