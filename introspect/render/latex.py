"""A table as LaTeX: a `tabular` with the rules of the package booktabs, for a `table` of the reader's own."""

from __future__ import annotations

from tabulate import tabulate

from ..tables import Table
from .layout import cleaned

_LEVEL = "\ue000"  # stands for two blanks of a tree's indentation; tabulate would strip any blank
_NOTHING = "\ue001"  # ends the row above, whose `\\` would take a bracket or a star as its argument
# Signs that pdflatex does not know in plain text.
_SIGNS = {"→": r"$\rightarrow$", "−": "$-$", "≥": r"$\geq$", "≤": r"$\leq$", _LEVEL: r"\quad ", _NOTHING: "{}"}


def render(table: Table) -> str:
    """The rows between the rules, everything in them escaped. (Write \\usepackage{booktabs} above the document.)"""
    table = cleaned(table)
    text = tabulate(
        [[_cell(cell) for cell in row] for row in table.rows],
        headers=[_cell(name) for name in table.columns],
        tablefmt="latex_booktabs",
        colalign=["right" if numeric else "left" for numeric in table.numeric] if table.rows else None,
        disable_numparse=True,
    )
    for sign, command in _SIGNS.items():
        text = text.replace(sign, command)
    return text


def _cell(text: str) -> str:
    """One line, its indentation kept."""
    blanks = len(text) - len(text.lstrip(" "))
    return _LEVEL * (blanks // 2) + _NOTHING * text.startswith(("[", "*")) + " ".join(text.split())
