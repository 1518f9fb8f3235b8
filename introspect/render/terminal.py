"""A table for a terminal with colours, by rich. Colour is never the only sign: every word is there without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.syntax import Syntax
from rich.table import Column
from rich.table import Table as Grid
from rich.text import Text

from ..tables import Code, Line, Table
from .layout import GAP, cleaned, folded, placed, wrapped

# Of what each word of `tables.STYLES` has: colours of the terminal's own palette, so that they suit its background.
STYLES: dict[str, str] = {
    "none": "dim",
    "training": "bright_blue",
    "values": "yellow",
    "shape": "red",
    "count": "red",
    "unknown": "magenta",
    "good": "bold green",
    "fair": "bold yellow",
    "bad": "bold red",
    "unclear": "bold magenta",
    "heading": "bold",
    "total": "bold",
    "dim": "dim",
    "note": "italic",
}
_TITLE, _HEAD, _GUIDES = "bold", "bold", "dim"
# Cells that say that there is nothing.
_NOTHING = ("-", "0")


class Shown:
    """What `rich.print` and a rich console show of a table, complete at any width."""

    def __init__(self, table: Table) -> None:
        self._table = cleaned(table)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        table, width = self._table, options.max_width
        signs = 1 + GAP if any(table.marks) else 0
        if table.title:
            yield from _texts(folded(table.title, width, cell_len), width, _TITLE)
        if table.columns:
            table, widths = placed(table, width - signs, cell_len)
            yield _grid(table, widths, options)
        for line in table.footer:
            yield from _line(line, width, console)


def _line(line: str, width: int, console: Console) -> Iterator[Text]:
    if isinstance(line, Code):
        blanks = len(line) - len(line.lstrip(" "))
        code = Syntax("", "python", background_color="default", theme="ansi_dark").highlight(line.strip())
        code.rstrip()
        room = max(width - blanks, 1)
        for part in code.wrap(console, room, overflow="fold", no_wrap=False):
            yield Text(" " * min(blanks, width - 1)) + part
    else:
        yield from _texts(folded(line, width, cell_len), width, _style(line))


def _style(line: str) -> str:
    return STYLES.get(line.style, "") if isinstance(line, Line) else ""


def _texts(lines: Iterable[str], width: int, style: str = "") -> Iterator[Text]:
    for line in lines:
        yield Text(line, style, no_wrap=cell_len(line) <= width, overflow="fold")


def _grid(table: Table, widths: Sequence[int], options: ConsoleOptions) -> Grid:
    """Cells that are broken already, in columns of these widths."""
    columns = [
        Column(Text(name), width=width, justify="right" if numeric else "left", no_wrap=True, overflow="fold")
        for name, width, numeric in zip(table.columns, widths, table.numeric, strict=True)
    ]
    head = any(table.columns)
    if any(table.marks):
        columns.insert(0, Column(width=1, no_wrap=True))
    grid = Grid(
        *columns, box=None if not head else _RULED, show_header=head, show_edge=False, pad_edge=False,
        padding=(0, GAP - 1 if head else GAP, 0, 0), header_style=_HEAD, border_style=_GUIDES,
    )  # fmt: skip
    guides = _guides([row[0] for row in table.rows], options) if head and not table.numeric[0] else {}
    for number, row in enumerate(table.rows):
        lines = [wrapped(cell, width, cell_len) for cell, width in zip(row, widths, strict=True)]
        styles = table.styles[number] if table.styles else ("",) * len(row)
        cells = [
            Text("\n".join(parts), STYLES.get(style, "") or ("dim" if cell in _NOTHING else ""))
            for cell, parts, style in zip(row, lines, styles, strict=True)
        ]
        if number in guides:
            cells[0] = _guided(lines[0], guides[number], max(map(len, lines)), STYLES.get(styles[0], ""))
        if any(table.marks):
            mark = table.marks[number]
            cells.insert(0, Text(mark, _style(mark)))
        grid.add_row(*cells)
    return grid


# A line below the head and nothing else.
_RULED = box.Box("    \n    \n ── \n    \n    \n    \n    \n    \n")


def _guides(cells: Sequence[str], options: ConsoleOptions) -> dict[int, tuple[str, str]]:
    """By the number of a row, what stands for its indentation in a tree: in its first line, and in those below it."""
    depths = [(len(cell) - len(cell.lstrip(" "))) // 2 for cell in cells]
    if not any(depths) or options.ascii_only:
        return {}
    found = {}
    more: set[int] = set()  # the levels at which there is another row further down
    for number in range(len(depths) - 1, -1, -1):
        depth = depths[number]
        above = "".join("│ " if level in more else "  " for level in range(1, depth))
        last = depth not in more
        deeper = "│ " if depth + 1 in more else ""
        if depth:
            found[number] = f"{above}{'└─' if last else '├─'}", f"{above}{'  ' if last else '│ '}{deeper}"
        else:
            found[number] = "", deeper
        more = {level for level in more if level <= depth} | {depth}
    return found


def _guided(lines: Sequence[str], guides: tuple[str, str], height: int, style: str) -> Text:
    """The first cell of a row, its guides drawn on through all lines of the row."""
    first, rest = guides
    cell = Text()
    for number in range(height):
        line = lines[number] if number < len(lines) else ""
        blanks = len(line) - len(line.lstrip(" ")) if line else len(rest)
        if number:
            cell.append("\n")
        cell.append((rest if number else first)[:blanks].ljust(blanks) if line else rest, _GUIDES)
        cell.append(line[blanks:], style)
    return cell
