"""Where the output of a command goes: with colours to a terminal, as plain text to anything else, or into a file."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from .errors import OutputError
from .tables import Data, Table


class Format(StrEnum):
    """How something is written."""

    text = "text"
    markdown = "markdown"
    json = "json"
    html = "html"
    csv = "csv"
    latex = "latex"


_SUFFIXES = {
    ".txt": Format.text,
    ".md": Format.markdown,
    ".json": Format.json,
    ".html": Format.html,
    ".htm": Format.html,
    ".csv": Format.csv,
    ".tex": Format.latex,
}
_PICTURES = (".svg", ".png")
BROKEN_PIPE = 141
"""What a shell calls the end of a program whose reader has gone: 128 + SIGPIPE."""


@dataclass(frozen=True)
class Face:
    """What a command has to show: the record itself, and how its table, its values and its picture are made."""

    record: Any
    table: Callable[[], Table]
    data: Callable[[], Data] | None = None
    picture: Callable[[], Any] | None = None

    def put(self, format: Format | None, out: Path | None, width: int | None) -> None:
        """On stdout, or in the file `out`, whose name says the format if nothing else does. Raises `OutputError`."""
        if out is None:
            if format in (None, Format.text):
                show(self.table(), width)
            else:
                write(self.text(format, width))  # type: ignore[arg-type]
            return
        if format is None and out.suffix.lower() in _PICTURES:
            self._draw(out)
            return
        format = format or _SUFFIXES.get(out.suffix.lower())
        if format is None:
            known = ", ".join((*_SUFFIXES, *_PICTURES))
            raise OutputError(f"{out.name!r} does not say what to write: let it end in {known}, or say --format.")
        text = self.text(format, width)
        try:
            out.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8", newline="")
        except OSError as error:
            raise OutputError(f"{str(out)!r} can't be written: {error.strerror or error}.") from error

    def text(self, format: Format, width: int | None) -> str:
        """All of it in one of the formats. Raises `OutputError`."""
        if format is Format.text:
            from .render import text

            return text.render(self.table(), width)
        if format is Format.markdown:
            from .render import markdown

            return markdown.render(self.table())
        if format is Format.latex:
            from .render import latex

            return latex.render(self.table())
        if format is Format.csv and self.data is not None:
            from .render import csv

            return csv.render(self.data())
        if format is Format.json and hasattr(self.record, "to_json"):
            return self.record.to_json(indent=2)
        if format is Format.html and hasattr(self.record, "to_html"):
            return self.record.to_html()
        raise OutputError(f"Of this there is no {format}: say another --format.")

    def _draw(self, out: Path) -> None:
        if self.picture is None:
            raise OutputError(f"Of this there is no picture {out.suffix}: say another --out.")
        try:
            self.picture().save(out)
        except OSError as error:
            raise OutputError(f"{str(out)!r} can't be written: {error.strerror or error}.") from error


def show(table: Table, width: int | None = None, err: bool = False) -> None:
    """A table or lines, for whoever looks."""
    if not err and colourful():
        from .render.terminal import Shown

        _console(width).print(Shown(table))
    else:
        from .render import text

        write(text.render(table, width if width is not None else _width()), err)


def write(text: str, err: bool = False) -> None:
    """A text as it is, and a new line; on stderr nothing in it steers the terminal. Who has stopped reading ends the
    program without a word."""
    stream = sys.stderr if err else sys.stdout
    if err:
        from .render.layout import printable

        text = printable(text)
    try:
        print(text, file=stream, flush=True)
    except BrokenPipeError:
        hang_up()


def hang_up() -> None:
    """End, since nobody reads stdout any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more while it ends
    sys.exit(BROKEN_PIPE)


def prepare() -> None:
    """What the encoding of a stream has no sign for is written as an escape, and no error."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and hasattr(stream, "reconfigure") and not str(stream.encoding).lower().startswith("utf"):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def colourful() -> bool:
    """Whether stdout is a terminal that shows colours, and nobody wants none; `FORCE_COLOR` makes it one."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout is not None and sys.stdout.isatty())


def _console(width: int | None) -> Any:
    from rich.console import Console

    class Terminal(Console):
        def on_broken_pipe(self) -> None:
            hang_up()

    return Terminal(width=width)


def _width() -> int | None:
    """That of the terminal, or what `COLUMNS` says of it; in a pipe a row is a line, as wide as it gets. (There nobody
    may have set `COLUMNS` for us: the readline library sets it for whatever a Python shell starts.)"""
    return shutil.get_terminal_size().columns if sys.stdout is not None and sys.stdout.isatty() else None
