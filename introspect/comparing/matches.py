"""Findings → the records that people see: differences in words, and which layer stands against which."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from itertools import accumulate
from typing import Any

from ..comparison import Difference, Match
from ..graph import ENDS, Hub, Label
from ..records import Layer, Report
from .findings import Findings, Found


def differences_of(findings: Findings) -> dict[Found, Difference]:
    """Every finding as a record, causes first where they stand before what follows from them."""
    keys: dict[Found, str] = {}
    taken: set[str] = set()
    records: dict[Found, Difference] = {}
    for found in findings.items:
        paths = _paths(findings, found)
        key = Difference(found.field, None, None, "", paths=paths).key
        field, n = found.field, 2
        while key in taken:  # two functions of one word in one place
            field, n = f"{found.field}#{n}", n + 1
            key = Difference(field, None, None, "", paths=paths).key
        taken.add(key)
        found.field, keys[found] = field, key
    for found in findings.items:
        cause = None if found.cause is None else keys[found.root()]
        paths = _paths(findings, found)
        found.sentence = _sentence(found, paths)
        records[found] = Difference(
            found.field, _plain(found.a), _plain(found.b), found.effect, cause, found.sentence, paths, found.text
        )
    return records


def _plain(value: Any) -> Any:
    return tuple(_plain(v) for v in value) if isinstance(value, (list, tuple)) else value


def _paths(findings: Findings, found: Found) -> tuple[str | None, str | None]:
    paths: list[str | None] = []
    for side, graph in enumerate((findings.a, findings.b)):
        label, index = found.labels[side], found.hubs[side]
        if label is not None:
            paths.append(label.path)
        elif any(found.labels) and found.field == "order":
            paths.append(None)
        else:
            paths.append(None if index is None else graph.hubs[index].path)
    return paths[0], paths[1]


def _sentence(found: Found, paths: tuple[str | None, str | None]) -> str:
    where = " / ".join(dict.fromkeys(path or "(root)" for path in paths if path is not None))
    extra = f" ({found.text})" if found.text else ""
    word = found.field.partition("#")[0].replace("_", " ")
    if found.field.startswith("layer"):
        only = "a" if found.b is None else "b"
        return f"{where}: only {only} has this {str(found.a or found.b).replace('_', ' ')}{extra}"
    if found.field.startswith("order"):
        return f"{where}: another order, {shown(found.a)} and {shown(found.b)}{extra}"
    if found.field.startswith("source"):
        return f"{where}: comes from {shown(found.a)} and from {shown(found.b)}{extra}"
    return f"{where}: {word} {shown(found.a)} and {shown(found.b)}{extra}"


def shown(value: Any) -> str:
    """A value as people write it: `None` is nothing."""
    return "none" if value is None else str(value)


Row = tuple[list[str], list[str]]  # the paths of a and of b that stand against each other


class _Groups:
    """Layers of both sides that belong together, joined as matches are found."""

    def __init__(self) -> None:
        self._parent: dict[tuple[int, str], tuple[int, str]] = {}

    def top(self, item: tuple[int, str]) -> tuple[int, str]:
        self._parent.setdefault(item, item)
        while self._parent[item] != item:
            self._parent[item] = self._parent[self._parent[item]]  # the way is half as long the next time
            item = self._parent[item]
        return item

    def join(self, one: tuple[int, str], other: tuple[int, str]) -> None:
        self._parent[self.top(one)] = self.top(other)

    def __contains__(self, item: tuple[int, str]) -> bool:
        return item in self._parent

    def members(self) -> dict[tuple[int, str], list[tuple[int, str]]]:
        found: dict[tuple[int, str], list[tuple[int, str]]] = defaultdict(list)
        for item in self._parent:
            found[self.top(item)].append(item)
        return found


def matches_of(findings: Findings, a: Report, b: Report, differences: dict[Found, Difference]) -> tuple[Match, ...]:
    """Every layer that is a step, with its partners and what differs between them."""
    groups, beside = _Groups(), list[tuple[str | None, str | None]]()
    for one, other in findings.pairs():
        if one.word not in ENDS:
            _pair(groups, beside, one, other)
    for x, y in findings.label_pairs:
        _pair(groups, beside, x, y)
    for side, hubs in enumerate((findings.a.hubs, findings.b.hubs)):
        for hub in hubs:
            if hub.layer is not None:
                groups.top((side, hub.layer))
            for label in hub.raw.get("pad_layers", ()):
                if label.layer is not None and hub.layer is not None:
                    groups.join((side, label.layer), (side, hub.layer))
    return _assembled(groups, beside, a, b, differences)


def _pair(groups: _Groups, beside: list[tuple[str | None, str | None]], x: Hub | Label, y: Hub | Label) -> None:
    """Two layers; or a layer and the one that does the same in its own code."""
    if x.layer is not None and y.layer is not None:
        groups.join((0, x.layer), (1, y.layer))
    elif x.layer is not None or y.layer is not None:
        beside.append((x.path, y.path))


def _assembled(
    groups: _Groups, beside: list[tuple[str | None, str | None]], a: Report, b: Report,
    differences: dict[Found, Difference],
) -> tuple[Match, ...]:  # fmt: skip
    reports = (a, b)
    order = [{layer.path: (_first(layer), n) for n, layer in enumerate(report)} for report in reports]
    rows: list[tuple[list[str], list[str]]] = []
    for members in groups.members().values():
        rows.append(([p for s, p in members if s == 0], [p for s, p in members if s == 1]))
    alone = {(side, row[side][0]): n for n, row in enumerate(rows) for side in (0, 1)
             if row[side] and not row[1 - side]}  # fmt: skip
    for x, y in beside:
        for side, mine, other in ((0, x, y), (1, y, x)):
            n = alone.get((side, mine or ""))
            if n is None and mine is not None and (side, mine) not in groups and not reports[side][mine].opened:
                n = len(rows)
                rows.append(([mine], []) if side == 0 else ([], [mine]))
                alone[side, mine] = n
            if n is not None and other is not None and other not in rows[n][1 - side]:
                rows[n][1 - side].append(other)
    shown = {(side, path) for row in rows for side in (0, 1) for path in row[side]}
    for side, report in enumerate(reports):
        for layer in report:
            step = layer.calls and not layer.opened and layer.part_of is None and not _inside_unit(layer, report)
            if step and (side, layer.path) not in shown:
                rows.append(([layer.path], []) if side == 0 else ([], [layer.path]))
    return _ordered(rows, order, reports, differences)


def _inside_unit(layer: Layer, report: Report) -> bool:
    within = layer.calls[0].within
    return within is not None and within in report and not report[within].opened


def _first(layer: Layer) -> int:
    return layer.calls[0].order if layer.calls else 1 << 40


def _ordered(
    rows: list[tuple[list[str], list[str]]], order: list[dict[str, tuple[int, int]]], reports: tuple[Report, Report],
    differences: dict[Found, Difference],
) -> tuple[Match, ...]:  # fmt: skip
    """In the order of a; what only b has behind what stands before it there."""
    rest: list[Difference] = []
    where: dict[tuple[int, str], int] = {}
    for n, row in enumerate(rows):
        for side in (0, 1):
            for path in row[side]:
                where.setdefault((side, path), n)
    per_row: dict[int, list[Difference]] = defaultdict(list)
    for difference in differences.values():
        sides = sorted((0, 1), key=lambda side: (difference.a, difference.b)[side] is None)  # where there is something
        places = [
            where.get((side, difference.paths[side] or "")) for side in sides if difference.paths[side] is not None
        ]
        n = next((place for place in places if place is not None), None)
        if n is None:
            rest.append(difference)
        else:
            per_row[n].append(difference)
    ranks = _ranks(rows, order)
    matches = []
    for n in sorted(range(len(rows)), key=lambda n: ranks[n]):
        layers = [
            tuple(reports[side][path] for path in sorted(rows[n][side], key=lambda p: order[side][p]))
            for side in (0, 1)
        ]
        matches.append(Match(layers[0], layers[1], tuple(per_row[n])))
    for difference in rest:  # between steps that are no layers: at the layers whose code runs them
        layers = [() if path is None else (reports[side][path],) for side, path in enumerate(difference.paths)]
        matches.append(Match(layers[0], layers[1], (difference,)))
    return tuple(matches)


def _ranks(
    rows: list[tuple[list[str], list[str]]], order: list[dict[str, tuple[int, int]]]
) -> list[tuple[float, float]]:
    """Where each row stands: by a's order, or behind the row that b has before it."""
    mine = [min((order[0][p][0] for p in row[0]), default=None) for row in rows]
    theirs = [min((order[1][p][0] for p in row[1]), default=None) for row in rows]
    by_b = sorted((t, m) for t, m in zip(theirs, mine, strict=True) if t is not None and m is not None)
    last = list(accumulate((m for _, m in by_b), max))  # up to each of these, the row that comes last in a
    ranks: list[tuple[float, float]] = []
    for m, t in zip(mine, theirs, strict=True):
        if m is not None:
            ranks.append((m, 0.0))
        else:
            before = bisect_left(by_b, (t or 0,))
            ranks.append((last[before - 1] if before else -1, float(t or 0)))
    return ranks
