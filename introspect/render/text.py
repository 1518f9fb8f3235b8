"""A table as text."""

from __future__ import annotations

from dataclasses import replace

from tabulate import MIN_PADDING, tabulate

from ..tables import Table
from .layout import Measure, cleaned, folded, placed, wrapped

_measure: Measure
try:
    from wcwidth import wcswidth as _measure  # as tabulate does, for what is wider than one character
except ImportError:
    _measure = len


def render(table: Table, width: int | None = None) -> str:
    """Text in columns. Nothing is cut off: with a `width`, long cells are wrapped until the table fits; where there is
    no room for that, each row has its cells below one another."""
    table = cleaned(table)
    if width is None:
        return _joined(table, table.title.split("\n"), table.footer)
    table, widths = placed(table, width, _measure, MIN_PADDING)
    rows = [
        tuple("\n".join(wrapped(cell, n, _measure)) for cell, n in zip(row, widths, strict=True)) for row in table.rows
    ]
    footer = [part for line in table.footer for part in folded(line, width, _measure)]
    return _joined(replace(table, rows=tuple(rows)), folded(table.title, width, _measure), footer)


def _joined(table: Table, title: list[str], footer: list[str] | tuple[str, ...]) -> str:
    body = tabulate(
        table.rows,
        headers=list(table.columns) if any(table.columns) else (),
        tablefmt="simple" if any(table.columns) else "plain",
        colalign=["right" if numeric else "left" for numeric in table.numeric] if table.rows else None,
        disable_numparse=True,
        preserve_whitespace=True,
    )
    lines = [*(title if table.title else []), *(body.split("\n") if table.columns else []), *footer]
    return "\n".join(line.rstrip() for line in lines)
