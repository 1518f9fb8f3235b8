"""A table as text."""

from __future__ import annotations

import textwrap

from tabulate import MIN_PADDING, tabulate

from ..tables import Code, Table


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
    title, *footer = [_folded(line, width) if width and line else [line] for line in (table.title, *table.footer)]
    lines = [*(title if table.title else []), *body.splitlines(), *(line for lines in footer for line in lines)]
    return "\n".join(line.rstrip() for line in lines)


def _folded(line: str, width: int) -> list[str]:
    """A line below the table in lines of at most `width`, those of an item indented more than its first; code
    stays as it is."""
    if isinstance(line, Code):
        return [line]
    blanks = len(line) - len(line.lstrip())
    indent = " " * min(2 * blanks, width // 2)
    return textwrap.wrap(line, width, subsequent_indent=indent, break_on_hyphens=False)


def _wrapped(cell: str, width: int) -> str:
    """Lines of at most `width`, broken between words where there are any, the indentation kept."""
    indent = " " * min(len(cell) - len(cell.lstrip()), width - 1)
    lines = textwrap.wrap(cell.strip(), width, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines)


def _fitting(table: Table, width: int) -> list[int]:
    """Column widths that fit, taken from the widest columns first; a column keeps 7 characters at least, and the words
    above it."""
    longest = [
        max((len(line) for row in table.rows for line in row[i].splitlines()), default=1)
        for i in range(len(table.columns))
    ]
    heads = [max(len(line) for line in name.splitlines() or [""]) + MIN_PADDING for name in table.columns]
    least = [max(7, head) for head in heads]
    while sum(map(max, longest, heads)) + 2 * (len(heads) - 1) > width:
        _, widest = max((longest[i] if longest[i] > least[i] else 0, i) for i in range(len(heads)))
        if longest[widest] <= least[widest]:
            break
        longest[widest] -= 1
    return longest
