"""A table as GitHub markdown."""

from __future__ import annotations

from tabulate import tabulate

from ..tables import Code, Table
from .layout import cleaned


def render(table: Table) -> str:
    """A pipe table with the title above and the footer as a list below, what is indented there as a list inside it."""
    table = cleaned(table)
    body = tabulate(
        [[_cell(cell) for cell in row] for row in table.rows],
        headers=[_cell(name) for name in table.columns],
        tablefmt="pipe",
        colalign=["right" if numeric else "left" for numeric in table.numeric] if table.rows else None,
        disable_numparse=True,
    )
    title = [f"**{_cell(table.title)}**", ""] if table.title else []
    footer = ["", *(_item(line) for line in table.footer if line)] if table.footer else []
    return "\n".join([*title, body, *footer])


def _item(line: str) -> str:
    if isinstance(line, Code):
        return f"    - `{line.strip()}`"
    return f"{'  ' if line.startswith('  ') else ''}- {_cell(line.strip())}"


def _cell(text: str) -> str:
    """Bars would end a cell and leading blanks vanish; a backslash and hard spaces keep both."""
    text = text.replace("\n", "<br>")
    blanks = len(text) - len(text.lstrip(" "))
    return "&nbsp;" * blanks + text[blanks:].replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")
