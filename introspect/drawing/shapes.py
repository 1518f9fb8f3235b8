"""The boxes and lines as the elements of an SVG: plain dicts, that the templates write out."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from .folding import Item
from .layout import HEADER, Spot, Wire
from .sizes import LINE, PAD, Size, heading, times

Point = tuple[float, float]
# The sheets that lie behind a folded block, and the length of an arrow's head.
_SHEET, _HEAD = 4.0, 7.0


def number(value: float) -> str:
    """A coordinate, to a tenth of a pixel."""
    text = f"{value:.1f}"
    return text.removesuffix(".0").replace("-0", "0") if text in ("-0.0", "0.0") else text.removesuffix(".0")


def rectangle(spot: Spot, direction: str) -> tuple[float, float, float, float]:
    """x, y, width and height of a place."""
    left = spot.across - spot.wide / 2
    if direction == "down":
        return left, spot.along, spot.wide, spot.long
    return spot.along, left, spot.long, spot.wide


def rect(kind: str, x: float, y: float, width: float, height: float, radius: float) -> dict[str, Any]:
    """A rectangle with round corners."""
    return {
        "tag": "rect", "class": kind, "x": number(x), "y": number(y), "width": number(width),
        "height": number(height), "rx": number(radius),
    }  # fmt: skip


def text(style: str, x: float, y: float, said: str, anchor: str = "start") -> dict[str, Any]:
    """A line of text."""
    return {"style": style, "x": number(x), "y": number(y), "text": said, "anchor": anchor}


def shell(item: Item, box: tuple[float, float, float, float]) -> dict[str, Any]:
    """An unfolded block: a frame around what it holds."""
    x, y, width, height = box
    shapes = []
    if item.times > 1:
        shapes += [rect("shell", x + n * _SHEET, y + n * _SHEET, width, height, 8) for n in (1,)]
    return _marked(item, [*shapes, rect("shell", x, y, width, height, 8)], [])


def shell_texts(item: Item, box: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    """What is written above an unfolded block."""
    x, y, width, _ = box
    found = [text("bold", x + PAD, y + HEADER - 9, heading(item))]
    if item.times > 1:
        found.append(text("bold times", x + width - PAD - 9 * len(times(item)), y + HEADER - 9, times(item)))
    return found


def leaf(item: Item, size: Size, box: tuple[float, float, float, float]) -> dict[str, Any]:
    """A step, or a folded block."""
    x, y, width, height = box
    form, family = item.node.form, f"shape k-{item.node.family}"
    if form == "dot":
        circle = {"tag": "circle", "class": family, "cx": number(x + width / 2), "cy": number(y + height / 2),
                  "r": number(width / 2)}  # fmt: skip
        sign = text("join-sign", x + width / 2, y + height / 2 + 5, item.node.title, "middle")
        return _marked(item, [circle], [sign])
    deep = size.deep
    front = (x, y + deep / 2, width - deep, height - deep / 2)
    shapes = [rect(family, *front, min(front[3] / 2, 12) if form == "pill" else 4)]
    if deep:
        shapes = _slab(family, *front, deep)
    elif item.items:
        behind = [rect(family, front[0] + n * _SHEET, front[1] - n * _SHEET, front[2], front[3], 5) for n in (2, 1)]
        shapes = [*(behind if item.times > 1 else []), rect(family, *front, 5)]
        if item.times == 1:
            shapes.append(rect(family, front[0] + 3, front[1] + 3, front[2] - 6, front[3] - 6, 3))
    return _marked(item, shapes, _written(size, front))


def _slab(family: str, x: float, y: float, width: float, height: float, deep: float) -> list[dict[str, Any]]:
    """A front, and how deep it is behind it: top and right side."""
    up = deep / 2
    top = [(x, y), (x + deep, y - up), (x + width + deep, y - up), (x + width, y)]
    side = [(x + width, y), (x + width + deep, y - up), (x + width + deep, y + height - up), (x + width, y + height)]
    polygons = [
        {"tag": "polygon", "class": f"{family} face", "points": " ".join(f"{number(a)},{number(b)}" for a, b in points)}
        for points in (top, side)
    ]
    return [*polygons, rect(family, x, y, width, height, 0)]


def _written(size: Size, front: tuple[float, float, float, float]) -> list[dict[str, Any]]:
    x, y, width, height = front
    first = y + height / 2 - LINE * len(size.lines) / 2 + LINE - 3.5
    return [
        text("bold" if line.bold else "small", x + width / 2, first + n * LINE, line.text, "middle")
        for n, line in enumerate(size.lines)
    ]


def _marked(item: Item, shapes: list[dict[str, Any]], texts: list[dict[str, Any]]) -> dict[str, Any]:
    node = item.node
    said = " ".join(part for part in (node.name, node.title, node.detail, times(item)) if part)
    more = f"\n{item.times} times" if item.times > 1 else ""
    return {"key": node.key, "label": said, "tip": (node.tip or said) + more, "shapes": shapes, "texts": texts}


def wire_path(wire: Wire, direction: str) -> str:
    """The way of a line: straight beside the boxes of a row, bent between two rows."""
    points = [point if direction == "down" else (point[1], point[0]) for point in wire.points]
    parts = [f"M{_at(points[0])}"]
    for count, (a, b) in enumerate(pairwise(points)):
        if count % 2 == 0 or abs(a[0] - b[0]) < 0.05 or abs(a[1] - b[1]) < 0.05:
            parts.append(f"L{_at(b)}")
        elif direction == "down":
            middle = (a[1] + b[1]) / 2
            parts.append(f"C{_at((a[0], middle))} {_at((b[0], middle))} {_at(b)}")
        else:
            middle = (a[0] + b[0]) / 2
            parts.append(f"C{_at((middle, a[1]))} {_at((middle, b[1]))} {_at(b)}")
    return "".join(parts)


def arrow_head(wire: Wire, direction: str) -> str:
    """The head at the end of a line, empty where it ends at no box."""
    if not wire.arrow:
        return ""
    across, along = wire.points[-1]
    points = [(across, along), (across - _HEAD / 2, along - _HEAD), (across + _HEAD / 2, along - _HEAD)]
    return "M" + "L".join(_at(p if direction == "down" else (p[1], p[0])) for p in points) + "Z"


def _at(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"


def wire_labels(wires: Iterable[Wire], direction: str) -> list[dict[str, Any]]:
    """The shapes where lines begin, on the side that none of them bends to; none where they bend to both."""
    begin: dict[str, list[Wire]] = {}
    for wire in wires:
        if wire.label and wire.link.shown:
            begin.setdefault(wire.link.source.key, []).append(wire)
    found = []
    for together in begin.values():
        across, along = together[0].points[0]
        bends = [wire.points[2][0] - across for wire in together if len(wire.points) > 2]
        right, left = any(bend > 4 for bend in bends), any(bend < -4 for bend in bends)
        if right and left:
            continue
        if direction == "down":
            x, anchor = (across - 7, "end") if right else (across + 7, "start")
            found.append(text("label", x, along + 14, together[0].label, anchor))
        else:
            found.append(text("label", along + 8, across - 6 if right else across + 14, together[0].label))
    return found
