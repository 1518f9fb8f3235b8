"""How a table is laid out in a width, whoever prints it: how wide each column is, and where cells and lines are broken.

Nothing is cut off. A table that has no room for its columns side by side has them below one another.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..columns import NONE
from ..tables import Code, Line, Table

# How many columns of a terminal a text takes.
Measure = Callable[[str], int]
GAP = 2
"""Blanks between two columns."""
_LONG = (16, 8)
"""Words of how many characters stay whole, where that is possible."""
_HIGH = 3
"""Rows of more lines than that are no table any more."""
_SAMPLE = 100
"""How many cells of a column are looked at to say how high the rows get."""
_BREAKS = re.compile(r"(?<=[._/,;:)\]}])(?=\w)|(?<=[a-z0-9])(?=[A-Z])")
_JOINERS = "\u200c\u200d"  # format characters that letters and emoji are joined by


def cleaned(table: Table) -> Table:
    """The table with everything in it `printable`."""
    return replace(
        table,
        columns=tuple(map(printable, table.columns)),
        rows=tuple(tuple(map(printable, row)) for row in table.rows),
        title=printable(table.title),
        footer=tuple(
            line.like(printable(line)) if isinstance(line, Line) else printable(line) for line in table.footer
        ),
    )


def printable(text: str) -> str:
    """What would steer a terminal, hide text or turn it around is shown as an escape: `\\x1b`. New lines stay."""
    if text.isprintable():
        return text
    return "".join(c.encode("unicode_escape").decode() if _steers(c) else c for c in text)


def _steers(character: str) -> bool:
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in ("\n", *_JOINERS)


def placed(table: Table, width: int, measure: Measure, padding: int = 0) -> tuple[Table, list[int]]:
    """The table and how wide each column is: side by side if that fits, else with the columns below one another.
    `padding` is what a column needs beside the words above it."""
    widths = _fitting(table, width, measure, padding)
    if widths is not None:
        return table, widths
    longest = [measure(row[i]) for row in table.rows for i in range(len(row)) if table.numeric[i]]
    table = _stacked(table)
    names = max((measure(row[0]) for row in table.rows), default=0)
    names = max(min(names, width // 2, width - GAP - max(longest, default=0)), 1)
    return table, [names, max(width - names - GAP, 1)]


def _fitting(table: Table, width: int, measure: Measure, padding: int) -> list[int] | None:
    """Column widths that fit; `None` where the rows would be too high. A column keeps the words above it (and `padding`
    beside them), numbers stay whole, and so do words, but for very long ones. What is taken is taken where it adds the
    fewest lines."""
    columns = [_Column(table, i, measure, padding) for i in range(len(table.columns))]
    room = width - GAP * (len(columns) - 1)
    for longest in _LONG:
        least = [column.least(longest) for column in columns]
        if sum(least) <= room:
            widths = _narrowed(columns, least, room)
            heights = [max(row) for row in _heights(columns, widths)]
            return widths if len(widths) == 1 or sum(heights) <= _HIGH * len(heights) else None
    return None


def _narrowed(columns: list[_Column], least: list[int], room: int) -> list[int]:
    """From as wide as they may be down to what there is room for; then what is better had by another is moved there."""
    widths = [column.most for column in columns]
    while (excess := sum(widths) - room) > 0:
        now = _ugliness(columns, widths)
        steps = [(i, min(less, excess, widths[i] - least[i])) for i in range(len(widths)) for less in (*_STEPS, excess)]
        costs = [
            ((_ugliness(columns, _moved(widths, (i, -n))) - now) / n, -widths[i], -n, i) for i, n in steps if n > 0
        ]
        *_, n, i = min(costs)
        widths[i] += n
    numbers = range(len(widths))
    moves = [((i, n), (j, -n)) for i in numbers for j in numbers if i != j for n in _STEPS]
    best = _ugliness(columns, widths)
    for to, away in moves * 2:
        tried = _moved(widths, to, away)
        if tried[away[0]] >= least[away[0]] and tried[to[0]] <= columns[to[0]].most:
            found = _ugliness(columns, tried)
            if found < best:
                widths, best = tried, found
    return widths


_STEPS = (1, 2, 3, 5, 8, 13, 21)


def _moved(widths: list[int], *changes: tuple[int, int]) -> list[int]:
    tried = list(widths)
    for i, n in changes:
        tried[i] += n
    return tried


def _ugliness(columns: list[_Column], widths: list[int]) -> float:
    """Many lines are bad, and many in one row are worse."""
    return sum(max(row) ** 1.5 for row in _heights(columns, widths))


def _heights(columns: list[_Column], widths: list[int]) -> Iterator[tuple[int, ...]]:
    """How many lines the cells of each row take."""
    return zip(*(column.heights(n) for column, n in zip(columns, widths, strict=True)), strict=True)


class _Column:
    """How wide a column may be and how many lines its cells take: of a long one, those of some of the cells."""

    def __init__(self, table: Table, number: int, measure: Measure, padding: int) -> None:
        cells = [row[number] for row in table.rows]
        head = max(map(measure, table.columns[number].split("\n"))) + padding
        self.most = max(head, *(measure(line) for cell in cells for line in cell.split("\n")), 1)
        self._cells = cells[:: len(cells) // _SAMPLE + 1]
        self._measure = measure
        self._heights: dict[int, list[int]] = {}
        self._head, self._whole = head, table.numeric[number]
        words = {piece for cell in set(cells) for word in cell.split() for piece in _BREAKS.split(word)}
        self._word = max(map(measure, words), default=1)
        self._depth = max((len(cell) - len(cell.lstrip(" ")) for cell in cells), default=0)

    def least(self, longest: int) -> int:
        """How narrow it may be where words of more than `longest` characters may be broken."""
        word = min(self._word, longest)
        return self.most if self._whole else min(self.most, max(self._head, word + min(self._depth, word)))

    def heights(self, width: int) -> list[int]:
        """How many lines each cell takes in this width."""
        if width not in self._heights:
            self._heights[width] = [len(wrapped(cell, width, self._measure)) for cell in self._cells]
        return self._heights[width]


def _stacked(table: Table) -> Table:
    """The same cells in two columns without a head: the names of the columns, and what each row has in them, if it has
    anything there."""
    names = [" ".join(name.split("\n")) for name in table.columns]
    widest = [max((len(row[i]) for row in table.rows), default=0) for i in range(len(names))]
    rows: list[tuple[str, str]] = [] if table.rows else [(name, "") for name in names]
    styles: list[tuple[str, ...]] = [("dim", "")] * len(rows)
    marks: list[Line] = []
    for number, row in enumerate(table.rows):
        if number:
            rows.append(("", ""))
            styles.append(("", ""))
            marks.append(Line(""))
        shown = [i for i, cell in enumerate(row) if cell.strip() and (cell != NONE or not i)]
        for i in shown:
            rows.append((names[i], row[i].rjust(widest[i]) if table.numeric[i] else row[i].lstrip(" ")))
            style = table.styles[number][i] if table.styles else ""
            styles.append(("dim", style if i else style or "heading"))
            marks.append(table.marks[number] if table.marks and i == shown[0] else Line(""))
    return replace(
        table,
        columns=("", ""),
        rows=tuple(rows),
        numeric=(False, False),
        styles=tuple(styles),
        marks=tuple(marks) if table.marks else (),
    )


def wrapped(cell: str, width: int, measure: Measure) -> list[str]:
    """The lines of a cell, each of at most `width`; the indentation is kept as far as there is room for it."""
    found: list[str] = []
    for line in cell.split("\n"):
        if measure(line) <= width:
            found.append(line)
        else:
            indent = " " * min(len(line) - len(line.lstrip(" ")), width // 2)
            found += _broken(line, indent, indent, width, measure)
    return found


def folded(line: str, width: int, measure: Measure) -> list[str]:
    """A line below the table in lines of at most `width`, the later ones indented more than the first; code stays as
    it is."""
    if isinstance(line, Code) or measure(line) <= width:
        return [line]
    blanks = len(line) - len(line.lstrip(" "))
    first, rest = (" " * min(n, width // 2) for n in (blanks, 2 * blanks))
    return _broken(line, first, rest, width, measure)


def _broken(text: str, first: str, rest: str, width: int, measure: Measure) -> list[str]:
    """Broken between words; inside a word where it is too long, if it can be behind a dot or the like."""
    lines, line = [], ""
    for match in re.finditer(r"(\s*)(\S+)", text.strip(" ")):
        for n, piece in enumerate(_pieces(match[2], width - len(rest), measure)):
            longer = f"{line}{'' if n or not line else match[1]}{piece}"
            if line and measure(longer) > width - len(rest if lines else first):
                lines.append(f"{rest if lines else first}{line}")
                longer = piece
            line = longer
    return [*lines, f"{rest if lines else first}{line}"]


def _pieces(word: str, room: int, measure: Measure) -> list[str]:
    if measure(word) <= room:
        return [word]
    return [piece for part in _BREAKS.split(word) for piece in _chopped(part, room, measure)]


def _chopped(word: str, room: int, measure: Measure) -> list[str]:
    found, part = [], ""
    for character in word:
        if part and measure(part + character) > room:
            found.append(part)
            part = ""
        part += character
    return [*found, part]
