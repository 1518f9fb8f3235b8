"""A table as text."""

from __future__ import annotations

import textwrap

from tabulate import tabulate

from ..tables import Table


def render(table: Table, width: int | None = None) -> str:
    """Text in columns. Nothing is cut off: with a `width`, long cells are wrapped until the table fits, if it can."""
    rows = table.rows
    if width is not None:
        widths = _fitting(table, width)
        rows = tuple(tuple(_wrapped(cell, n) for cell, n in zip(row, widths, strict=True)) for row in rows)
    body = tabulate(
        rows,
        headers=list(table.columns),
        tablefmt="simple",
        colalign=["right" if numeric else "left" for numeric in table.numeric] if table.rows else None,
        disable_numparse=True,
        preserve_whitespace=True,
    )
    footer = [piece for line in table.footer for piece in (textwrap.wrap(line, width) if width and line else [line])]
    return "\n".join(line.rstrip() for line in ([table.title] if table.title else []) + [*body.splitlines(), *footer])


def _wrapped(cell: str, width: int) -> str:
    """Lines of at most `width`, broken between words where there are any, the indentation kept."""
    indent = " " * min(len(cell) - len(cell.lstrip()), width - 1)
    lines = textwrap.wrap(cell.strip(), width, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines)


def _fitting(table: Table, width: int) -> list[int]:
    """Column widths that fit, taken from the widest columns first; a column keeps 8 characters at least."""
    widths = [
        max(map(len, (*name.splitlines(), *(row[i] for row in table.rows)))) for i, name in enumerate(table.columns)
    ]
    while sum(widths) + 2 * (len(widths) - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths
