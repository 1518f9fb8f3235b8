"""How large the boxes are. What a box stands for is shown across the flow of the data, 14 pixels for every doubling:

- `"units"`: the neurons of a layer (units, filters, features);
- `"feature map"`: the positions along one side of what a layer gives back;
- `"parameters"`: the numbers that it learns;
- `"auto"`: the feature map where there is one, with the channels as the depth of a slab, 2.5 pixels for every doubling;
  the units elsewhere.

A block that is folded is as large as the last of its layers that has a size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from . import text
from .folding import Item

SIZES = ("auto", "units", "feature map", "parameters")
ACROSS, DEEP = 14.0, 2.5
# Font sizes of the title and of what stands below it; the blanks around; the widest text of a box.
TITLE, SMALL, LINE = 12.0, 10.0, 14.0
PAD, WIDEST = 10.0, 190.0
DOT = 22.0


@dataclass(frozen=True)
class Line:
    """A line of text in a box."""

    text: str
    bold: bool = False


@dataclass(frozen=True)
class Size:
    """The box of an item while it is folded: its width and height with the slab behind it, how deep that is, and what
    is written in it. `head` is what the header of its unfolded box needs."""

    width: float
    height: float
    deep: float
    lines: tuple[Line, ...]
    head: float = 0.0


def sizes(root: Item, by: str = "auto", direction: str = "down") -> dict[str, Size]:
    """The size of every item, by key."""
    written = {item.key: _lines(item) for item in root.walk()}
    sized = [key for item in root.walk() if item.node.form in ("box", "container") for key in [item.key]]
    wide = max((_widest(written[key]) for key in sized), default=0.0)
    tall = max((len(written[key]) for key in sized), default=1)
    return {item.key: _size(item, written[item.key], by, direction, wide, tall) for item in root.walk()}


def measure(item: Item, by: str) -> tuple[float | None, float | None]:
    """What decides the size of a box, and what its depth."""
    last = item
    if item.items and by != "parameters":
        inner = [leaf for leaf in item.walk() if not leaf.items and measure(leaf, by)[0] is not None]
        if not inner:
            return None, None
        last = inner[-1]
    node = last.node
    if by == "parameters":
        return node.parameters or None, None
    if by in ("auto", "feature map") and node.positions:
        return node.positions, node.channels if by == "auto" else None
    return (node.units if by != "feature map" else None), None


def _size(item: Item, lines: tuple[Line, ...], by: str, direction: str, wide: float, tall: int) -> Size:
    form = item.node.form
    if form == "dot":
        return Size(DOT, DOT, 0.0, lines)
    if form == "pill":
        return Size(_widest(lines) + 2 * PAD, 8 + LINE * len(lines), 0.0, lines)
    across, depth = measure(item, by)
    more = 0.0 if across is None else ACROSS * math.log2(1 + across)
    deep = 0.0 if depth is None else DEEP * math.log2(1 + depth)
    if direction == "down":
        width, height = (wide if more else _widest(lines)) + 2 * PAD + more, 10 + LINE * len(lines)
    else:
        width, height = _widest(lines) + 2 * PAD, 10 + LINE * (tall if more else len(lines)) + more
    head = text.width(heading(item), TITLE, bold=True) + 2 * PAD + 44
    return Size(width + deep, height + deep / 2, deep, lines, head)


def heading(item: Item) -> str:
    """The line above an unfolded block."""
    said = f"{item.node.name}  {item.node.title}".strip()
    return text.lines(said, TITLE, 1.5 * WIDEST, 1, bold=True)[0]


def times(item: Item) -> str:
    """`×12`, where a block is repeated."""
    return f"×{item.times}" if item.times > 1 else ""


def _widest(lines: tuple[Line, ...]) -> float:
    return max((text.width(line.text, TITLE if line.bold else SMALL, line.bold) for line in lines), default=0.0)


def _lines(item: Item) -> tuple[Line, ...]:
    node = item.node
    if node.form == "dot":
        return (Line(node.title, True),)
    if node.form == "pill":
        shown = [node.title, node.name, node.detail]
        if node.family not in ("input", "output", "tensor"):
            plain = node.title.lower() == "activation" and node.detail
            shown = ["" if plain else node.title, "" if node.detail.endswith(")") else node.detail]
        said = "  ".join(part for part in (*shown, times(item)) if part)
        return tuple(Line(part) for part in text.lines(said, SMALL, WIDEST, 2))
    below = [node.name, node.detail]
    found = [Line(part, True) for part in text.lines(f"{node.title} {times(item)}", TITLE, WIDEST, 2, bold=True)]
    if item.shared:
        below.append("the same layer each time")
    for part in below:
        found += [Line(line) for line in text.lines(part, SMALL, WIDEST, 2)]
    return tuple(found)
