"""What is shown of a comparison: matched layers side by side, and below them the lines of `comparison_lines`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .comparison import Comparison, Match
from .comparison_lines import Causes, Sides, below, joined
from .records import Layer, Report
from .tables import UNKNOWN, Table, cell, count, framework, shape
from .values import tensor_leaves


def comparison_table(comparison: Comparison, only_differences: bool = False) -> Table:
    """A row per match, in order; below it the differences, the ledger, the repairs, the maps, the notes, the verdict.

    With `only_differences`, matches that differ in nothing, or in what does nothing, are left out.
    """
    a, b = comparison.a, comparison.b
    sides, causes = Sides(comparison), Causes(comparison)
    rows = []
    seen: tuple[set[str], set[str]] = (set(), set())
    for match in comparison.matches:
        row = _row(match, comparison, sides, causes, seen)
        if not only_differences or _matters(match):
            rows.append(row)
    return Table(
        columns=(*sides.columns, "kind", "output", *(f"parameters\n{side}" for side in sides.columns), "differs"),
        rows=tuple(rows),
        numeric=(False, False, False, False, True, True, False),
        title=f"a: {a.model} ({framework(a)}), b: {b.model} ({framework(b)})",
        footer=below(comparison, sides, causes),
    )


def _matters(match: Match) -> bool:
    return not (match.a and match.b) or any(d.effect != "none" for d in match.differences)


class _Side(NamedTuple):
    """The layers of one side of a match. `whole` are those that stand here as themselves; of the others it is only
    their own code that does what the layer of the other side does, or they stand in a row above already."""

    layers: tuple[Layer, ...]
    whole: tuple[Layer, ...]
    report: Report

    @property
    def paths(self) -> str:
        names = [("" if layer in self.whole else "in ") + (layer.path or "(root)") for layer in self.layers]
        return joined(names, " + ")

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(layer.kind for layer in self.whole))

    @property
    def sizes(self) -> tuple[int | None, ...] | None:
        """The shape of what it gives at last."""
        calls = self.whole[-1].calls if self.whole else ()
        tensors = tensor_leaves(calls[-1].outputs) if calls else []
        return tensors[0].shape if tensors else None

    @property
    def output(self) -> str:
        if not self.whole:
            return ""
        return cell("output", self.whole[-1], self.report) if self.sizes is None else shape(self.sizes)

    @property
    def parameters(self) -> int | None:
        """All together; a layer that lies inside another of them is counted with that one."""
        inner = {child for layer in self.whole for child in layer.children}
        counts = [layer.parameter_count for layer in self.whole if layer.path not in inner]
        return None if None in counts else sum(counts)  # type: ignore[arg-type]

    @property
    def loose(self) -> int:
        """The parameters that code holds by itself, apart from any layer."""
        own = {p.path: p.size or 0 for x in self.layers if x.opened for p in x.parameters if p.state == "parameter"}
        return sum(own.values())


def _side(layers: tuple[Layer, ...], report: Report, seen: set[str]) -> _Side:
    whole = tuple(layer for layer in layers if layer.path not in seen and not (layer.opened and layer.calls))
    seen.update(layer.path for layer in whole)
    return _Side(layers, whole, report)


def _row(
    match: Match, comparison: Comparison, sides: Sides, causes: Causes, seen: tuple[set[str], set[str]]
) -> tuple[str, ...]:
    a, b = _side(match.a, comparison.a, seen[0]), _side(match.b, comparison.b, seen[1])
    return (
        a.paths,
        b.paths,
        _kind(a, b, any(d.field == "kind" for d in match.differences)),
        _output(a, b),
        _parameters(a, b),
        _parameters(b, a),
        causes.cell(match, sides, bool(a.whole or b.whole)),
    )


def _kind(a: _Side, b: _Side, differs: bool) -> str:
    """What both are; both words where that is what differs; else the first one's word for one and the same."""
    common = [kind for kind in a.kinds if kind in b.kinds]
    if differs:
        return _both(" + ".join(a.kinds), " + ".join(b.kinds))
    return " + ".join(common or a.kinds or b.kinds)


def _both(one: str, other: str) -> str:
    return joined([text for text in (one, other) if text], " | ")


def _output(a: _Side, b: _Side) -> str:
    """Told once where both have the same sizes, in whatever order, with or without axes of size 1."""
    sizes = [side.sizes for side in (a, b)]
    if None not in sizes and _sorted(sizes[0]) == _sorted(sizes[1]):
        return a.output
    return _both(a.output, b.output)


def _sorted(sizes: Sequence[int | None] | None) -> list[str]:
    return sorted(str(n) for n in sizes or () if n != 1)


def _parameters(side: _Side, other: _Side) -> str:
    """Of what stands here as itself; of code, those that it holds by itself, if it stands against parameters."""
    if not side.layers:
        return ""
    if not side.whole:
        return count(side.loose) if side.loose and other.parameters else ""
    return UNKNOWN if side.parameters is None else count(side.parameters)
