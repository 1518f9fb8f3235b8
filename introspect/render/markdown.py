"""A table as GitHub markdown."""

from __future__ import annotations

from tabulate import tabulate

from ..tables import Table


def render(table: Table) -> str:
    """A pipe table with the title above and the footer as a list below."""
    body = tabulate(
        [[_cell(cell) for cell in row] for row in table.rows],
        headers=[_cell(name) for name in table.columns],
        tablefmt="pipe",
        colalign=["right" if numeric else "left" for numeric in table.numeric] if table.rows else None,
        disable_numparse=True,
    )
    title = [f"**{_cell(table.title)}**", ""] if table.title else []
    footer = ["", *(f"- {_cell(line)}" for line in table.footer if line)] if table.footer else []
    return "\n".join([*title, body, *footer])


def _cell(text: str) -> str:
    """Bars would end a cell and leading blanks vanish; a backslash and hard spaces keep both."""
    blanks = len(text) - len(text.lstrip(" "))
    return "&nbsp;" * blanks + text[blanks:].replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*")
