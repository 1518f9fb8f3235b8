"""What is shown of a comparison: matched layers side by side, and below them the lines of `comparison_lines`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .columns import UNKNOWN, cell, count, shape
from .comparison import Comparison, Match
from .comparison_folding import Block, folded, matters
from .comparison_lines import Causes, Sides, below, gravest, joined
from .records import Layer, Report
from .tables import Data, Line, Table, framework
from .values import tensor_leaves


def comparison_table(comparison: Comparison, only_differences: bool = False, depth: int | None = None) -> Table:
    """A row per match, in order; below it the differences, the ledger, the repairs, the maps, the notes, the verdict.

    With `only_differences`, matches that differ in nothing, or in what does nothing, are left out. With a `depth`,
    blocks that lie as deep or deeper, and in which nothing differs, are one row each.
    """
    a, b = comparison.a, comparison.b
    sides, causes = Sides(comparison), Causes(comparison)
    rows, marked = [], []
    seen: tuple[set[str], set[str]] = (set(), set())
    for one in folded(comparison, depth):
        block = isinstance(one, Block)
        row = _block(one, comparison, seen) if block else _row(one, comparison, sides, causes, seen)
        if not only_differences or (not block and matters(one)):
            rows.append(row)
            marked.append((Line(""), ("",) * 6 + ("dim",)) if block else _marked(one))
    return Table(
        columns=(*sides.columns, "kind", "output", *(f"parameters\n{side}" for side in sides.columns), "differs"),
        rows=tuple(rows),
        numeric=(False, False, False, False, True, True, False),
        title=f"a: {a.model} ({framework(a)}), b: {b.model} ({framework(b)})",
        footer=below(comparison, sides, causes),
        marks=tuple(mark for mark, _ in marked),
        styles=tuple(styles for _, styles in marked),
    )


def _marked(match: Match) -> tuple[Line, tuple[str, ...]]:
    """The sign in front of a row: `-` only in a, `+` only in b, `~` another; and its styles."""
    effect = gravest(match.differences) or "dim"
    if not (match.a and match.b):
        return Line("-" if match.a else "+", effect), (effect, effect, "", "", "", "", effect)
    return Line("" if effect in ("dim", "none") else "~", effect), ("",) * 6 + (effect,)


def _word(holder: Layer) -> str:
    return holder.type if holder.kind == "unknown" else holder.kind


def _block(block: Block, comparison: Comparison, seen: tuple[set[str], set[str]]) -> tuple[str, ...]:
    """`layer1`, `layer1`, …, `12 layers, equal`."""
    found, names, counts = [], [], []
    for holder, side, already in ((block.a, "a", seen[0]), (block.b, "b", seen[1])):
        layers = block.layers(side)
        already.update(layer.path for layer in layers)
        shown = layers if holder is None else (holder,)
        found.append(Side(shown, shown, getattr(comparison, side)))
        ends = [layer.path or "(root)" for layer in layers[:: max(len(layers) - 1, 1)]]
        names.append(joined(ends, " … ") if holder is None else holder.path or "(root)")
        counts.append(str(len(layers)))
    return (
        *names,
        " | ".join(dict.fromkeys(_word(holder) for holder in (block.a, block.b) if holder)),
        _output(*found),
        *(count(side.parameters) for side in found),
        f"{' and '.join(dict.fromkeys(counts))} layers, equal",
    )


_DATA = ("a", "b", "kind", "output a", "output b", "parameters a", "parameters b", "effect", "differs")


def comparison_data(comparison: Comparison, only_differences: bool = False) -> Data:
    """The same rows as values. `a` and `b` are paths, joined by ` + ` where there are several, `effect` is the gravest
    of what differs, `None` where nothing does."""
    sides, causes = Sides(comparison), Causes(comparison)
    rows = []
    seen: tuple[set[str], set[str]] = (set(), set())
    for match in comparison.matches:
        row = _values(match, comparison, sides, causes, seen)
        if not only_differences or matters(match):
            rows.append(row)
    return Data(_DATA, tuple(rows), tuple(name.startswith("parameters") for name in _DATA))


class Side(NamedTuple):
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


def side_of(layers: tuple[Layer, ...], report: Report, seen: set[str]) -> Side:
    """One side of a match; `seen` are the paths of the rows above, which this adds to."""
    whole = tuple(layer for layer in layers if layer.path not in seen and not (layer.opened and layer.calls))
    seen.update(layer.path for layer in whole)
    return Side(layers, whole, report)


def _row(
    match: Match, comparison: Comparison, sides: Sides, causes: Causes, seen: tuple[set[str], set[str]]
) -> tuple[str, ...]:
    a, b = side_of(match.a, comparison.a, seen[0]), side_of(match.b, comparison.b, seen[1])
    return (
        a.paths,
        b.paths,
        _kind(a, b, any(d.field == "kind" for d in match.differences)),
        _output(a, b),
        _parameters(a, b),
        _parameters(b, a),
        causes.cell(match, sides, bool(a.whole or b.whole)),
    )


def _values(
    match: Match, comparison: Comparison, sides: Sides, causes: Causes, seen: tuple[set[str], set[str]]
) -> tuple[Any, ...]:
    a, b = side_of(match.a, comparison.a, seen[0]), side_of(match.b, comparison.b, seen[1])
    return (
        *(" + ".join(layer.path for layer in side.layers) if side.layers else None for side in (a, b)),
        _kind(a, b, any(d.field == "kind" for d in match.differences)) or None,
        *(side.sizes for side in (a, b)),
        *(side.parameters if side.whole else side.loose if side.layers else None for side in (a, b)),
        gravest(match.differences),
        causes.cell(match, sides, bool(a.whole or b.whole)).replace("\n", " ") or None,
    )


def _kind(a: Side, b: Side, differs: bool) -> str:
    """What both are; both words where that is what differs; else the first one's word for one and the same."""
    common = [kind for kind in a.kinds if kind in b.kinds]
    if differs:
        return _both(" + ".join(a.kinds), " + ".join(b.kinds))
    return " + ".join(common or a.kinds or b.kinds)


def _both(one: str, other: str) -> str:
    return joined([text for text in (one, other) if text], " | ")


def _output(a: Side, b: Side) -> str:
    """Told once where both have the same sizes."""
    return a.output if same_sizes(a, b) else _both(a.output, b.output)


def same_sizes(a: Side, b: Side) -> bool:
    """Whether both give the same sizes, in whatever order, with or without axes of size 1."""
    sizes = [side.sizes for side in (a, b)]
    return None not in sizes and _sorted(sizes[0]) == _sorted(sizes[1])


def _sorted(sizes: Sequence[int | None] | None) -> list[str]:
    return sorted(str(n) for n in sizes or () if n != 1)


def _parameters(side: Side, other: Side) -> str:
    """Of what stands here as itself; of code, those that it holds by itself, if it stands against parameters."""
    if not side.layers:
        return ""
    if not side.whole:
        return count(side.loose) if side.loose and other.parameters else ""
    return UNKNOWN if side.parameters is None else count(side.parameters)
