"""Two models side by side: matched layers stand on one line, what differs is written between them.

The data runs down on both sides; what skips layers runs in an arc beside them. In a long picture layers in a row that
are alike on both sides are one box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..columns import count
from ..comparison import VERDICTS, Comparison
from ..records import Layer
from . import page, shapes, svg, text, wording
from .drawing import Drawing
from .pairing import Row, flow, lanes, rows, straight
from .sizes import PAD, SMALL, TITLE

_BOX, _MIDDLE, _ROW, _LINE, _LANE = 190.0, 250.0, 20.0, 13.0, 9.0


@dataclass(frozen=True)
class Block:
    """A box of one side: the rows that it stands in (several for a layer that does what several do on the other
    side), and where it is."""

    first: int
    last: int
    top: float
    tall: float


def draw(comparison: Comparison) -> Drawing:
    """The picture of a comparison."""
    found = rows(comparison)
    reports = (comparison.a, comparison.b)
    cells = [[row.a for row in found], [row.b for row in found]]
    arrows = [flow(report, side) for report, side in zip(reports, cells, strict=True)]
    taken = [lanes(pairs, straight(side)) for pairs, side in zip(arrows, cells, strict=True)]
    edges = [(max(lane.values(), default=-1) + 1) * _LANE + (16 if lane else 0) for lane in taken]
    left, right = edges[0], edges[0] + _BOX + _MIDDLE
    drawn: dict[str, list[dict[str, Any]]] = {"shells": [], "wires": [], "boxes": [], "texts": []}
    for x, side, report in zip((left, right), "ab", reports, strict=True):
        title = text.lines(f"{side}: {report.model}", TITLE, _BOX, 1, bold=True)[0]
        said = f"{report.framework}, {count(report.parameter_count)} parameters"
        drawn["texts"] += [shapes.text("bold", x, 10, title), shapes.text("note", x, 24, said)]
    places = _places(found)
    for row, place in zip(found, places, strict=True):
        _between(drawn, row, *place, left, right)
    for number, side in enumerate("ab"):
        blocks = _blocks(found, side, places)
        x = (left, right)[number]
        drawn["boxes"] += [_box(found[block.first], side, x, block) for block in dict.fromkeys(blocks.values())]
        _flow(drawn, found, side, arrows[number], taken[number], blocks, left if side == "a" else right + _BOX)
    notes = [f"Verdict: {comparison.verdict}: {VERDICTS[comparison.verdict]}.", *_notes(found)]
    bottom = places[-1][0] + places[-1][1] if places else 40.0
    heading = f"{comparison.a.model} and {comparison.b.model}"
    width = right + _BOX + edges[1]
    written = partial(page.of_parts, drawn, width, bottom, heading, notes)
    return Drawing(svg.written(drawn, width, bottom, heading, notes), written)


def _places(found: Sequence[Row]) -> list[tuple[float, float]]:
    """The top and the height of each row."""
    places, y = [], 40.0
    for row in found:
        high = max(_height(row, side) for side in "ab")
        places.append((y, high))
        y += high + _ROW
    return places


def _blocks(found: Sequence[Row], side: str, places: Sequence[tuple[float, float]]) -> dict[int, Block]:
    """The box of each row that has one."""
    blocks: dict[int, Block] = {}
    number = 0
    while number < len(found):
        last = number
        cell = getattr(found[number], side)
        while last + 1 < len(found) and getattr(found[last + 1], side) == cell and found[last + 1].alike == 1:
            last += 1
        if cell:
            top, high = places[number]
            tall = len(_cell(found[number], side)) * _LINE + 12
            begin = top + (high - tall) / 2
            if last > number:
                end_top, end_high = places[last]
                tall = end_top + (end_high + tall) / 2 - begin
            blocks |= dict.fromkeys(range(number, last + 1), Block(number, last, begin, tall))
        number = last + 1
    return blocks


def _cell(row: Row, side: str) -> list[tuple[str, bool]]:
    """What is written in a box: lines, and whether they are bold."""
    layers: tuple[Layer, ...] = getattr(row, side)
    if not layers:
        return []
    if row.alike > 1:
        names = f"{layers[0].path or layers[0].type} … {layers[-1].path or layers[-1].type}"
        said = f"{row.alike} alike" if row.a and row.b else f"{len(layers)} layers"
        return [(said, True), *((line, False) for line in text.lines(names, SMALL, _BOX - 2 * PAD, 2))]
    found = []
    for layer in layers[:3]:
        found += [(line, True) for line in text.lines(layer.type, TITLE, _BOX - 2 * PAD, 2, bold=True)]
        for part in (layer.path, wording.told(layer), "its own functions" if layer.opened and layer.calls else ""):
            found += [(line, False) for line in text.lines(part, SMALL, _BOX - 2 * PAD, 2)]
    if len(layers) > 3:
        found.append((f"and {len(layers) - 3} more", False))
    return found


def _height(row: Row, side: str) -> float:
    between = len(text.lines(row.said, SMALL, _MIDDLE - 60, 5)) * _LINE + 8
    return max(len(_cell(row, side)) * _LINE + 12, between)


def _between(drawn: dict[str, list[dict]], row: Row, y: float, high: float, left: float, right: float) -> None:
    """The line between two boxes, or from one that is alone, and what differs."""
    middle, centre = y + high / 2, (left + _BOX + right) / 2
    ends = [left + _BOX if row.a else centre, right if row.b else centre]
    path = f"M{shapes.number(ends[0])} {shapes.number(middle)}H{shapes.number(ends[1])}"
    named = [next((layer.path for layer in cell), "") for cell in (row.a, row.b)]
    kind = f"link e-{row.effect or 'same'}"
    drawn["wires"].append({"path": path, "tip": "", "source": f"a:{named[0]}", "target": f"b:{named[1]}", "kind": kind})
    said = text.lines(row.said, SMALL, _MIDDLE - 60, 5)
    if not said:
        return
    wide = max(text.width(line, SMALL) for line in said) + 18
    tall = len(said) * _LINE + 8
    shape = shapes.rect(f"shape difference e-{row.effect}", centre - wide / 2, middle - tall / 2, wide, tall, 6)
    first = middle - len(said) * _LINE / 2 + _LINE - 3
    texts = [shapes.text("small", centre, first + n * _LINE, line, "middle") for n, line in enumerate(said)]
    label = f"differs: {row.said}"
    key = f"d:{'|'.join(named)}"
    drawn["boxes"].append({"key": key, "label": label, "tip": label, "shapes": [shape], "texts": texts})


def _box(row: Row, side: str, x: float, block: Block) -> dict[str, Any]:
    layers: tuple[Layer, ...] = getattr(row, side)
    lines = _cell(row, side)
    family = "container" if row.alike > 1 else wording.family_of(layers[0].kind)
    classes = f"shape k-{family}" + ("" if row.a and row.b else f" alone e-{row.effect}")
    behind = [shapes.rect(classes, x + 4, block.top - 4, _BOX, block.tall, 5)] if row.alike > 1 else []
    first = block.top + block.tall / 2 - len(lines) * _LINE / 2 + _LINE - 3
    texts = [
        shapes.text("bold" if bold else "small", x + _BOX / 2, first + n * _LINE, line, "middle")
        for n, (line, bold) in enumerate(lines)
    ]
    names = ", ".join(layer.path or layer.type for layer in layers)
    tip = "\n".join(f"{layer.path or layer.type}: {layer.type}, {wording.told(layer)}".rstrip(", ") for layer in layers)
    drawn = [*behind, shapes.rect(classes, x, block.top, _BOX, block.tall, 5)]
    return {"key": f"{side}:{layers[0].path}", "label": f"{side}: {names}", "tip": tip, "shapes": drawn, "texts": texts}


def _flow(
    drawn: dict[str, list[dict[str, Any]]],
    found: Sequence[Row],
    side: str,
    pairs: Sequence[tuple[int, int]],
    taken: dict[tuple[int, int], int],
    blocks: dict[int, Block],
    outer: float,
) -> None:
    """The arrows of one side: straight to the next box below, in an arc to any other."""
    inner = outer + _BOX / 2 if side == "a" else outer - _BOX / 2
    sign = -1 if side == "a" else 1
    for source, target in pairs:
        one, other = blocks[source], blocks[target]
        if (source, target) not in taken:
            end = other.top
            path = f"M{shapes.number(inner)} {shapes.number(one.top + one.tall)}V{shapes.number(end)}"
            tip = _tip(inner, end, 0, 1)
        else:
            begin, end = one.top + one.tall / 2 + 5, other.top + other.tall / 2 - 5
            x = outer + sign * (16 + _LANE * taken[source, target])
            turn = 6 if end > begin else -6
            a, b, c = (shapes.number(value) for value in (outer, x, x - sign * 6))
            y1, y2, y3, y4 = (shapes.number(value) for value in (begin, begin + turn, end - turn, end))
            path = f"M{a} {y1}H{c}Q{b} {y1} {b} {y2}V{y3}Q{b} {y4} {c} {y4}H{a}"
            tip = _tip(outer, end, -sign, 0)
        keys = [f"{side}:{getattr(found[number], side)[0].path}" for number in (source, target)]
        drawn["wires"].append({"path": path, "tip": tip, "source": keys[0], "target": keys[1]})


def _tip(x: float, y: float, across: int, down: int) -> str:
    """The head of an arrow that points to the left, to the right or down."""
    size = 7.0
    points = [(x, y)]
    points += [(x - across * size + n * down * size / 2, y - down * size + n * across * size / 2) for n in (-1, 1)]
    return "M" + "L".join(f"{shapes.number(a)} {shapes.number(b)}" for a, b in points) + "Z"


def _notes(found: Sequence[Row]) -> list[str]:
    return (
        ["Neighbours that are alike on both sides, or on one side only, are shown as one box."]
        if any(row.alike > 1 for row in found)
        else []
    )
