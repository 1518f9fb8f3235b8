"""How far something has come, for whoever asks: `with introspect.progress.shown(): transfer(a, b)`.

What takes long says what it is doing, by `through` and `during`; unless somebody looks, that costs nothing.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TextIO, TypeGuard, TypeVar

from .literals import escaped

T = TypeVar("T")
SECONDS = 1.0
"""What takes less shows nothing."""


class Watcher(Protocol):
    """Is told what is being done."""

    def begin(self, what: str, total: int | None) -> Any:
        """Something begins, of so many steps if they are known; what this returns names it."""
        ...

    def advance(self, task: Any) -> None:
        """A step of it is done."""
        ...

    def end(self, task: Any) -> None:
        """It has ended, by an exception perhaps."""
        ...


_watcher: ContextVar[Watcher | None] = ContextVar("introspect_progress", default=None)


def through(items: Sequence[T], what: str) -> Iterable[T]:
    """The items one by one, each a step."""
    watcher = _watcher.get()
    return items if watcher is None else _told(watcher, items, what)


def _told(watcher: Watcher, items: Sequence[T], what: str) -> Iterator[T]:
    task = watcher.begin(what, len(items))
    try:
        for item in items:
            yield item
            watcher.advance(task)
    finally:
        watcher.end(task)


@contextmanager
def during(what: str) -> Iterator[None]:
    """Something of which nobody knows how far it has come."""
    watcher = _watcher.get()
    if watcher is None:
        yield
        return
    task = watcher.begin(what, None)
    try:
        yield
    finally:
        watcher.end(task)


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[None]:
    """All that is done inside is told to this one."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


@contextmanager
def shown(file: TextIO | None = None) -> Iterator[None]:
    """A bar with the time left for all that is done inside and takes over a second; it disappears at the end.

    Args:
        file: where it is shown, if that is a terminal; stderr if left out.
    """
    found = sys.stderr if file is None else file
    if not _is_terminal(found):
        yield
        return
    bars = _Bars(found)
    try:
        with watched(bars):
            yield
    finally:
        bars.close()


def _is_terminal(file: TextIO | None) -> TypeGuard[TextIO]:
    return file is not None and file.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


class _Bars:
    """A `Watcher` that shows bars by rich, from a second on."""

    def __init__(self, file: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        class Steps(MofNCompleteColumn):
            def render(self, task: Any) -> Any:
                return "" if task.total is None else super().render(task)

        columns = (TextColumn("{task.description}", markup=False), BarColumn(), Steps(), TimeRemainingColumn())
        self._progress = Progress(
            SpinnerColumn(), *columns, console=Console(file=file), transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._lock = threading.Lock()
        self._closed = self._open_now = False
        self._timer = threading.Timer(SECONDS, self._open)
        self._timer.daemon = True
        self._timer.start()

    def _open(self) -> None:
        with self._lock:
            if not self._closed:
                self._progress.start()
                self._open_now = True

    def begin(self, what: str, total: int | None) -> Any:
        return self._progress.add_task(escaped(what), total=total)

    def advance(self, task: Any) -> None:
        self._progress.advance(task)

    def end(self, task: Any) -> None:
        self._progress.remove_task(task)

    def close(self) -> None:
        """Nothing of it is left."""
        self._timer.cancel()
        with self._lock:
            self._closed = True
            if self._open_now:
                self._progress.stop()
