"""Where everything stands. Each container is laid out by itself, its inner ones first; what was decided in `layers`
(rows and order) is kept, so that a page can do this part again when a block is folded (`templates/drawing.js`).

*Across* is across the flow of the data, *along* is with it: x and y in a picture that runs down, y and x in one that
runs to the right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from . import text
from .folding import Item
from .graph import ROOT
from .layers import End, Link, Plan
from .sizes import SMALL, Size

# Blanks between neighbours of a row, beside a line that passes, between rows, inside a box, and for its header.
BESIDE, PASSING, BETWEEN, SHORT, INSIDE, HEADER = 22.0, 13.0, 31.0, 24.0, 14.0, 26.0
_SWEEPS, _STRAIGHT = 8, 4
_LINES = ("via>", "in>", "out>")
# How near to one another lines come in, and how much heavier a box is than a line that passes.
_SPREAD, _HEAVY = 14.0, 1000.0


@dataclass
class Spot:
    """A place in the picture: its middle across and its beginning along, and how large it is."""

    across: float
    along: float
    wide: float
    long: float


@dataclass
class Inner:
    """A container laid out by itself: its size, each vertex's middle across from its left edge, each row's beginning
    and end from its top."""

    wide: float
    long: float
    middle: dict[str, float] = field(default_factory=dict)
    rows: list[tuple[float, float]] = field(default_factory=list)
    row: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Wire:
    """A line as it is drawn: points (across, along), straight and bent pieces in turn, and whether a box is at its
    end."""

    container: str
    link: Link
    points: tuple[tuple[float, float], ...]
    arrow: bool
    label: str


@dataclass
class Scene:
    """The whole picture: every box that is seen by key, the lines, and the size."""

    spots: dict[str, Spot] = field(default_factory=dict)
    wires: list[Wire] = field(default_factory=list)
    wide: float = 0.0
    long: float = 0.0


class Layout:
    """The layout of a folded graph with some of its containers unfolded."""

    def __init__(
        self, root: Item, plans: Mapping[str, Plan], sizes: Mapping[str, Size], unfolded: set[str], direction: str
    ) -> None:
        self._items = {item.key: item for item in root.walk()}
        self._plans, self._sizes, self._unfolded = plans, sizes, unfolded & plans.keys()
        self._down = direction == "down"
        self._inner: dict[str, Inner] = {}

    def scene(self) -> Scene:
        """Everything at its place."""
        scene = Scene()
        root = self._inside(ROOT)
        scene.wide, scene.long = root.wide, root.long
        scene.spots[ROOT] = Spot(root.wide / 2, 0.0, root.wide, root.long)
        self._put(ROOT, scene)
        return scene

    def _open(self, key: str) -> bool:
        return key in self._unfolded

    def _size(self, key: str) -> tuple[float, float]:
        """How wide and long a child is."""
        if self._open(key):
            inner = self._inside(key)
            return inner.wide, inner.long
        size = self._sizes[key]
        return (size.width, size.height) if self._down else (size.height, size.width)

    def _offset(self, end: End, way: str) -> float:
        """How far from the middle of a child a line begins or ends."""
        if not end.port or not end.key or not self._open(end.key):
            return 0.0
        inner = self._inside(end.key)
        return inner.middle[f"{way}>{end.port}"] - inner.wide / 2

    def _inside(self, key: str) -> Inner:
        if key not in self._inner:
            plan = self._plans.get(key, Plan((), ()))
            sizes = {name: self._size(name) if name in self._items else (0.0, 0.0) for r in plan.rows for name in r}
            middle = _across(plan, {name: size[0] for name, size in sizes.items()}, self._neighbours(plan))
            self._inner[key] = self._framed(key, plan, sizes, middle)
        return self._inner[key]

    def _neighbours(self, plan: Plan) -> tuple[dict, dict]:
        """For every vertex those before and behind it: (which, how strongly it pulls, how far from its middle)."""
        before: dict[str, list[tuple[str, int, float]]] = {}
        behind: dict[str, list[tuple[str, int, float]]] = {}
        for link in plan.links:
            chain = link.chain
            for number, (a, b) in enumerate(pairwise(chain)):
                passing = (number > 0) + (number < len(chain) - 2)
                pull = (2, 1, _STRAIGHT)[passing]
                from_a = self._offset(link.source, "out") if number == 0 else 0.0
                from_b = self._offset(link.target, "in") if number == len(chain) - 2 else 0.0
                before.setdefault(b, []).append((a, pull, from_a - from_b))
                behind.setdefault(a, []).append((b, pull, from_b - from_a))
        return before, behind

    def _framed(self, key: str, plan: Plan, sizes: dict[str, tuple[float, float]], middle: dict[str, float]) -> Inner:
        """With the header and the blanks around, and the rows one behind the other."""
        left = min((middle[name] - sizes[name][0] / 2 for name in middle), default=0.0)
        right = max((middle[name] + sizes[name][0] / 2 for name in middle), default=0.0)
        blank = 0.0 if key == ROOT else INSIDE
        header = 0.0 if key == ROOT else HEADER
        head = 0.0 if key == ROOT else self._sizes[key].head
        start = blank + (0.0 if self._down else header - blank if header else 0.0)
        wide = max(right - left + start + blank, head if self._down else 0.0)
        start += (wide - (right - left + start + blank)) / 2
        shift = start - left
        along = header if self._down else blank
        rows, row = [], {}
        for number, names in enumerate(plan.rows):
            long = max(sizes[name][1] for name in names)
            if number:
                along += self._between(plan, plan.rows[number - 1], names)
            rows.append((along, along + long))
            row |= dict.fromkeys(names, number)
            along += long
        long = max(along + blank, 0.0 if self._down else head)
        return Inner(wide, long, {name: x + shift for name, x in middle.items()}, rows, row)

    def _between(self, plan: Plan, names: tuple[str, ...], following: tuple[str, ...]) -> float:
        """The blank behind a row: to the right, a label has to fit in."""
        if all(name.startswith("in>") for name in names):
            return INSIDE
        if all(name.startswith("out>") for name in following) and self._down:
            return INSIDE + 4
        labels = [link.label for link in plan.links if link.source.key in names and not self._open(link.source.key)]
        if self._down or not any(labels):
            return BETWEEN if any(labels) else SHORT
        return max(text.width(label, SMALL) + 20 for label in labels)

    def _put(self, key: str, scene: Scene) -> None:
        """The children of an unfolded container at their places, and its lines."""
        inner, plan, spot = self._inside(key), self._plans.get(key, Plan((), ())), scene.spots[key]
        left = spot.across - spot.wide / 2
        for names, (begin, end) in zip(plan.rows, inner.rows, strict=True):
            for name in names:
                if name in self._items:
                    wide, long = self._size(name)
                    middle = spot.along + (begin + end) / 2
                    scene.spots[name] = Spot(left + inner.middle[name], middle - long / 2, wide, long)
        entries = self._entries(plan, inner)
        scene.wires += [self._wire(key, link, scene, entries) for link in plan.links if link.shown]
        for names in plan.rows:
            for name in names:
                if self._open(name):
                    self._put(name, scene)

    def _entries(self, plan: Plan, inner: Inner) -> dict[Link, float]:
        """How far from the middle of a box each line comes in: side by side, one that comes straight in the middle."""
        into: dict[str, list[Link]] = {}
        for link in plan.links:
            if link.target.key and not self._open(link.target.key):
                into.setdefault(link.target.key, []).append(link)
        found = {}
        for key, links in into.items():
            step = min(_SPREAD, 0.7 * self._size(key)[0] / len(links))
            came = sorted(links, key=lambda link: inner.middle[link.chain[-2]])
            straight = [n for n, link in enumerate(came) if not link.via]
            middle = straight[0] if len(straight) == 1 else (len(came) - 1) / 2
            found |= {link: (n - middle) * step for n, link in enumerate(came)}
        return found

    def _wire(self, key: str, link: Link, scene: Scene, entries: dict[Link, float]) -> Wire:
        inner, spot = self._inside(key), scene.spots[key]
        left, top = spot.across - spot.wide / 2, spot.along
        begins, ends = (inner.row[name] for name in (link.chain[0], link.chain[-1]))
        points = []
        if link.source.key:
            box = scene.spots[link.source.key]
            x = box.across + self._offset(link.source, "out")
            points = [(x, box.along + box.long), (x, top + inner.rows[begins][1])]
        else:
            x = left + inner.middle[link.chain[0]]
            points = [(x, top), (x, top + inner.rows[begins][1])]
        for name in link.via:
            row = inner.rows[inner.row[name]]
            points += [(left + inner.middle[name], top + row[0]), (left + inner.middle[name], top + row[1])]
        if link.target.key:
            box = scene.spots[link.target.key]
            x = box.across + self._offset(link.target, "in") + entries.get(link, 0.0)
            points += [(x, top + inner.rows[ends][0]), (x, box.along)]
        else:
            x = left + inner.middle[link.chain[-1]]
            points += [(x, top + inner.rows[ends][0]), (x, top + spot.long)]
        arrow = bool(link.target.key) and not self._open(link.target.key)
        label = link.label if link.source.key and not self._open(link.source.key) else ""
        return Wire(key, link, tuple(points), arrow, label)


def _across(plan: Plan, wide: dict[str, float], neighbours: tuple[dict, dict]) -> dict[str, float]:
    """The middle of every vertex: rows are moved towards what they are linked with, before and behind in turn, as near
    as their order and sizes let them."""
    middle: dict[str, float] = {}
    for names in plan.rows:
        x = 0.0
        for name in names:
            middle[name] = x + wide[name] / 2
            x += wide[name] + BESIDE
        for name in names:
            middle[name] -= x / 2
    if all(len(names) == 1 for names in plan.rows) and not any(d for f in neighbours[0].values() for _, _, d in f):
        return dict.fromkeys(middle, 0.0)
    before, behind = neighbours
    for _ in range(_SWEEPS):
        for names in plan.rows[1:]:
            _move(names, wide, middle, before, behind, bound=False)
        for names in reversed(plan.rows[:-1]):
            _move(names, wide, middle, behind, before, bound=True)
    for names in plan.rows[1:]:
        _move(names, wide, middle, before, behind, bound=True)
    return middle


def _move(
    names: tuple[str, ...], wide: dict, middle: dict[str, float], near_by: dict, else_by: dict, bound: bool
) -> None:
    """One row towards what it is linked with on one side. A box does not follow the long line that it begins or ends;
    a long line begins where its source is (`bound` is false), and is straight then as far as there is room."""
    wanted, weights, shifts, shift = [], [], [], 0.0
    for number, name in enumerate(names):
        pulls = near_by.get(name, ())
        strongest = max((pull for _, pull, _ in pulls), default=0)
        other = max((pull for _, pull, _ in else_by.get(name, ())), default=0)
        if strongest == 1 < other and (bound or not name.startswith("via>")):
            pulls, strongest = else_by[name], other
        strong = [middle[other] + offset for other, pull, offset in pulls if pull == strongest]
        if number:
            last = names[number - 1]
            near = PASSING if name.startswith(_LINES) or last.startswith(_LINES) else BESIDE
            shift += (wide[last] + wide[name]) / 2 + near
        wanted.append((sum(strong) / len(strong) if strong else middle[name]) - shift)
        weights.append(1.0 if name.startswith("via>") else _HEAVY)
        shifts.append(shift)
    for name, x, shift in zip(names, _rising(wanted, weights), shifts, strict=True):
        middle[name] = x + shift


def _rising(wanted: list[float], weights: list[float]) -> list[float]:
    """The numbers nearest to these, by weighted squares, that do not fall (pool adjacent violators)."""
    pools: list[list[float]] = []
    for value, weight in zip(wanted, weights, strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            value, weight, count = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + value * weight) / (last[1] + weight)
            last[1] += weight
            last[2] += count
    return [value for value, _, count in pools for _ in range(int(count))]
