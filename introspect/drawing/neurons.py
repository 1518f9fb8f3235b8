"""Dense networks as textbooks draw them: a circle for every neuron, a line for every weight.

Of a layer with more than sixteen neurons the first and last few are drawn, with dots between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..columns import count
from . import shapes, text
from .graph import Graph, Node
from .sizes import SMALL, TITLE

# A layer with more is shown by its first and last few.
_MOST, _SHOWN = 16, 7
_RADIUS, _STEP, _BETWEEN, _LABELS = 10.0, 27.0, 130.0, 18.0
# So many layers and neurons in one of them make a picture that says more than boxes would.
_LAYERS, _UNITS = 8, 1024
_PASSED = frozenset({"activation", "dropout", "shape"})


@dataclass(frozen=True)
class Column:
    """A layer of neurons: the key of the step that makes them, how many, and what is written beside it."""

    key: str
    units: int
    title: str
    below: tuple[str, ...]
    tip: str
    family: str


def columns(graph: Graph) -> list[Column] | None:
    """The layers of a network that is nothing but dense layers in a row, with what acts on each neuron by itself;
    `None` for any other."""
    if not graph.traced:
        return None
    steps = _chain(graph)
    if not steps or steps[0].family != "input" or steps[-1].family != "output":
        return None
    found: list[Column] = []
    for node in steps[1:-1]:
        if node.family == "dense" and node.path is not None and node.units and _vector(node, node.units):
            if not found:
                read = _read(node)
                if read is None:
                    return None
                found.append(Column(steps[0].key, read, "input", (str(read),), steps[0].tip, "input"))
            said = [part for part in (node.name, node.detail.replace(", ", " · ")) if part]
            found.append(Column(node.key, node.units, node.title, tuple(said), node.tip, "dense"))
        elif node.family in _PASSED and node.form == "pill" and (found or node.family == "shape"):
            if node.family == "activation":
                last = found[-1]
                said = node.title if node.title.lower() != "activation" else node.detail
                found[-1] = Column(last.key, last.units, last.title, (*last.below, said), last.tip, last.family)
        else:
            return None
    return found if len(found) > 1 else None


def _chain(graph: Graph) -> list[Node]:
    """The steps, where each is fed by the one before it alone."""
    leaves = [node for key, node in graph.nodes.items() if node.form != "container"]
    order = sorted(leaves, key=lambda node: node.order)
    pairs = [(arrow.source, arrow.target) for arrow in graph.arrows]
    follow = [(a.key, b.key) for a, b in pairwise(order)]
    return order if sorted(pairs) == sorted(follow) else []


def _vector(node: Node, units: int) -> bool:
    """Whether what a layer gives is one vector for each example."""
    return node.shape.count(",") == 1 and node.shape.endswith(f" {units})")


def _read(node: Node) -> int | None:
    """The features that a dense layer takes."""
    return next((value for name, value in node.sign[2] if name == "in_features"), None)


def few(found: Sequence[Column]) -> bool:
    """Whether the layers are small and few enough to be drawn so unasked."""
    return len(found) <= _LAYERS + 1 and all(column.units <= _UNITS for column in found)


def places(units: int) -> list[float | None]:
    """Where the circles of a layer are, from its middle, `None` for the dots between them."""
    shown = units if units <= _MOST else 2 * _SHOWN + 1
    found: list[float | None] = [(n - (shown - 1) / 2) * _STEP for n in range(shown)]
    if units > _MOST:
        found[_SHOWN] = None
    return found


def parts(found: Sequence[Column], direction: str) -> tuple[dict[str, list[dict[str, Any]]], float, float, list[str]]:
    """What is drawn, its width and height, and what is said about it."""
    widest = max(_written(column) for column in found)
    step = max(_BETWEEN, widest + 24) if direction == "right" else _BETWEEN
    long = step * (len(found) - 1)
    tall = max(len(places(column.units)) for column in found) * _STEP
    edge = max(widest / 2, _RADIUS)
    lines = max(len(column.below) for column in found)
    drawn: dict[str, list[dict[str, Any]]] = {"shells": [], "wires": [], "boxes": [], "texts": []}
    right = direction == "right"
    for number, column in enumerate(found):
        along = edge + number * step if right else _RADIUS + 4 + number * step
        circles = [(along, tall / 2 + place) for place in places(column.units) if place is not None]
        ellipsis = [(along, tall / 2 + n * 7.0) for n in (-1, 0, 1)] if None in places(column.units) else []
        last = number == len(found) - 1
        drawn["boxes"].append(_layer(column, circles, ellipsis, right, last))
        drawn["boxes"][-1]["texts"] = _labels(column, along, tall, right)
        if number:
            before = [
                (along - step, tall / 2 + place) for place in places(found[number - 1].units) if place is not None
            ]
            drawn["wires"].append(_wires(found[number - 1], column, before, circles, right))
    if right:
        size = (long + 2 * edge, tall + _LABELS * 1.4 + 14 * lines)
    else:
        size = (tall + 14 + widest, long + 2 * _RADIUS + 8)
    more = [f"Each circle is a neuron, each line a weight; {_elided(found)}"] if _elided(found) else []
    return drawn, *size, more


def _elided(found: Sequence[Column]) -> str:
    long = [column for column in found if column.units > _MOST]
    return "dots stand for the neurons of a layer that are left out." if long else ""


def _written(column: Column) -> float:
    return max(text.width(column.title, TITLE, bold=True), *(text.width(line, SMALL) for line in column.below))


def _layer(
    column: Column, circles: list[tuple[float, float]], ellipsis: list[tuple[float, float]], right: bool, last: bool
) -> dict[str, Any]:
    family = "input" if column.family == "input" else "conv" if last else "dense"
    drawn = [_circle(f"shape k-{family} neuron", at, _RADIUS, right) for at in circles]
    drawn += [_circle("tip dots", at, 1.8, right) for at in ellipsis]
    tip = f"{column.tip}\n{count(column.units)} neurons"
    return {"key": column.key, "label": f"{column.title}, {column.units} neurons", "tip": tip, "shapes": drawn}


def _circle(kind: str, at: tuple[float, float], radius: float, right: bool) -> dict[str, Any]:
    x, y = at if right else (at[1], at[0])
    top = _LABELS if right else 0.0
    return {
        "tag": "circle",
        "class": kind,
        "cx": shapes.number(x),
        "cy": shapes.number(y + top),
        "r": shapes.number(radius),
    }


def _labels(column: Column, along: float, tall: float, right: bool) -> list[dict[str, Any]]:
    if right:
        above = [shapes.text("bold", along, 12, column.title, "middle")]
        first = _LABELS + tall + 14
        return above + [
            shapes.text("small", along, first + 14 * n, line, "middle") for n, line in enumerate(column.below)
        ]
    lines = [shapes.text("bold", tall + 12, along - 7 * len(column.below) + 4, column.title)]
    first = along - 7 * len(column.below) + 18
    return lines + [shapes.text("small", tall + 12, first + 14 * n, line) for n, line in enumerate(column.below)]


def _wires(
    before: Column, column: Column, left: list[tuple[float, float]], circles: list[tuple[float, float]], right: bool
) -> dict[str, str]:
    parts = []
    top = _LABELS if right else 0.0
    for a in left:
        for b in circles:
            (x1, y1), (x2, y2) = (a, b) if right else ((a[1], a[0]), (b[1], b[0]))
            ends = (shapes.number(n) for n in (x1, y1 + top, x2, y2 + top))
            parts.append("M{} {}L{} {}".format(*ends))
    return {"path": "".join(parts), "tip": "", "source": before.key, "target": column.key, "kind": "weights"}
