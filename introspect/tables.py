"""What is shown, decided once: a report, an explanation or two reports become a `Table`; renderers only print it.

(`comparison_tables` does the same for a comparison.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Self

from .columns import COLUMNS, DEFAULT_COLUMNS, cell, count, known
from .explanation import Explanation, Explanations
from .records import Layer, Report
from .vocabulary import NATIVE_COUNTS


@dataclass(frozen=True)
class Table:
    """Cells of text. `numeric` says which columns are right-aligned; `footer` is lines below, `title` one above.

    For where there are colours, `styles` has a word of `STYLES` (or none, `""`) for every cell, and `marks` a sign to
    stand in front of every row. Neither says anything that the cells do not say.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    title: str = ""
    footer: tuple[str, ...] = ()
    styles: tuple[tuple[str, ...], ...] = ()
    marks: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Data:
    """Cells of values: whole numbers where `numeric`, else texts, shapes and dicts; `None`: nothing, or not known."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    numeric: tuple[bool, ...]


# What a cell or a line may be marked as.
STYLES: dict[str, str] = {
    "none": "A difference that does nothing.",
    "training": "One that matters only while training.",
    "values": "One that changes the values of outputs.",
    "shape": "One that changes their shape.",
    "count": "One in the number of parameters.",
    "unknown": "One of which it is not known what it does.",
    "good": "It is so: equal, proved.",
    "fair": "It is nearly so, or would be after repairs.",
    "bad": "It is not so: different, refused.",
    "unclear": "It can't be said.",
    "heading": "What stands above a section.",
    "total": "What all of it comes to.",
    "dim": "What matters least.",
    "note": "What else to know.",
}


class Line(str):
    """A line of a footer with a word of `STYLES`."""

    style: str

    def __new__(cls, text: str, style: str = "") -> Self:
        line = super().__new__(cls, text)
        line.style = style
        return line

    def like(self, text: str) -> Self:
        """Another text, marked as this one is."""
        return type(self)(text, self.style)


class Code(Line):
    """A line of a footer that is a line of Python."""


def report_table(report: Report, columns: Sequence[str] | None = None, depth: int | None = None) -> Table:
    """A row per layer down to `depth`, then the totals, then the notes. Raises `UnknownColumnError`."""
    columns = known(DEFAULT_COLUMNS if columns is None else columns)
    layers = [layer for layer in report if depth is None or layer.depth <= depth]
    return Table(
        columns=columns,
        rows=tuple(tuple(COLUMNS[name].text(layer, report) for name in columns) for layer in layers),
        numeric=tuple(COLUMNS[name].numeric for name in columns),
        title=f"{report.model} ({framework(report)})",
        footer=("", *totals(report), *_notes(report)),
    )


def report_data(report: Report, columns: Sequence[str] | None = None, depth: int | None = None) -> Data:
    """The same rows as values, of all columns where none are named. Raises `UnknownColumnError`."""
    columns = known(COLUMNS if columns is None else columns)
    layers = [layer for layer in report if depth is None or layer.depth <= depth]
    return Data(
        columns=columns,
        rows=tuple(tuple(COLUMNS[name].value(layer) for name in columns) for layer in layers),
        numeric=tuple(COLUMNS[name].numeric for name in columns),
    )


def framework(report: Report) -> str:
    """`keras 3.15.0 on tensorflow`."""
    backend = f" on {report.backend}" if report.backend != report.framework else ""
    return f"{report.framework} {report.framework_version}{backend}"


def totals(report: Report) -> tuple[str, ...]:
    """The lines below a table: parameters, buffers, the framework's own number, multiply-accumulates, bytes."""
    lines = {
        "parameters": count(report.parameter_count),
        "trainable": count(report.trainable_count),
        "buffers": count(report.buffer_count),
        report.framework: _native(report),
        "MACs": count(report.macs),
        "bytes": _bytes(report.bytes),
        "activations": _bytes(report.activation_bytes, " bytes"),
    }
    return tuple(f"{name:<11} {text}" for name, text in lines.items())


def _bytes(size: int | None, unit: str = "") -> str:
    return f"{count(size)}{unit}{f' ({_scaled(size)})' if size and size >= 1024 else ''}"


def _native(report: Report) -> str:
    how = NATIVE_COUNTS.get(report.framework, "its own count")
    return f"{count(report.native_count)} ({how}{', which is not known' if report.native_count is None else ''})"


def _scaled(size: float) -> str:
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        size /= 1024
        if size < 1024 or unit == "TiB":
            return f"{size:.1f} {unit}"
    raise AssertionError


def _notes(report: Report) -> tuple[str, ...]:
    return ("", *(Line(f"note: {note}", "note") for note in report.notes)) if report.notes else ()


def explanations_table(explanations: Explanations) -> Table:
    """A row per layer that has parameters of its own, and the total."""
    own = [e for e in explanations.values() if any(not term.child for term in e.terms)]
    rows = [(e.path or "(root)", e.type, count(e.total), "; ".join((e.substituted, *e.remarks))) for e in own]
    rows.append(("total", "", count(explanations.total), ""))
    styles = (*(("",) * 4 for _ in own), ("total",) * 4)
    return Table(("path", "type", "parameters", "why"), tuple(rows), (False, False, True, False), styles=styles)


def explanation_table(explanation: Explanation) -> Table:
    """The one line of a layer."""
    return Table((), (), (), footer=(str(explanation),))


def explanations_data(explanations: Explanations) -> Data:
    """A row per layer that has parameters of its own, as values; no row for the total."""
    own = [e for e in explanations.values() if any(not term.child for term in e.terms)]
    rows = tuple((e.path, e.type, e.total, e.formula, str(e), e.agrees) for e in own)
    columns = ("path", "type", "parameters", "formula", "why", "agrees")
    return Data(columns, rows, tuple(name == "parameters" for name in columns))


_PAIRED = ("units", "kernel", "output", "parameters")


def side_by_side(a: Report, b: Report) -> Table:
    """Two reports in one table: layers of equal kinds on one line, the others in their place."""
    rows: list[tuple[str, ...]] = []
    kinds = [[layer.kind for layer in report] for report in (a, b)]
    for _, a1, a2, b1, b2 in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
        for offset in range(max(a2 - a1, b2 - b1)):
            left = a.layers[a1 + offset] if a1 + offset < a2 else None
            right = b.layers[b1 + offset] if b1 + offset < b2 else None
            rows.append(_pair(left, right, a, b))
    numeric = tuple(COLUMNS[name].numeric for name in _PAIRED for _ in "ab")
    names = [f"{name}\n{report.framework}" for name in _PAIRED for report in (a, b)]
    width = max(map(len, totals(a))) + 4
    return Table(
        columns=("layer", "kind", *names),
        rows=tuple(rows),
        numeric=(False, False, *numeric),
        title=f"{a.model} ({framework(a)}) and {b.model} ({framework(b)})",
        footer=("", *(f"{x:<{width}}{y}" for x, y in zip(totals(a), totals(b), strict=True))),
    )


def _pair(left: Layer | None, right: Layer | None, a: Report, b: Report) -> tuple[str, ...]:
    names = dict.fromkeys(cell("name", layer, a) for layer in (left, right) if layer)
    cells = []
    for column in _PAIRED:
        for layer, report in ((left, a), (right, b)):
            cells.append(cell(column, layer, report) if layer else "")
    return " / ".join(names), (left or right).kind, *cells  # type: ignore[union-attr]
