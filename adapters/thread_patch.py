"""Wrapping process-wide functions for one thread and for a time: other threads keep the originals' behaviour."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_MISSING = object()


class ThreadPatch:
    """A set of attributes that are replaced while at least one thread is in `active`, and then put back.

    The replacements ask `current`, which is what the calling thread is in, or `None` on all other threads; then they
    must do what `original(owner, name)` does.
    """

    def __init__(self, replacements: list[tuple[Any, str, Any]]) -> None:
        self._replacements = replacements
        self._originals: dict[tuple[int, str], Any] = {}
        self._lock = threading.Lock()
        self._users = 0
        self._local = threading.local()

    @property
    def current(self) -> Any:
        """What this thread is in."""
        return getattr(self._local, "current", None)

    def original(self, owner: Any, name: str) -> Any:
        """What stood there before (kept also after the last thread has left, for calls still under way)."""
        return self._originals[id(owner), name]

    @contextmanager
    def active(self, current: Any) -> Iterator[None]:
        """Run with `current` on this thread."""
        before = self.current
        self._install()
        self._local.current = current
        try:
            yield
        finally:
            self._local.current = before
            self._uninstall()

    def _install(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for owner, name, replacement in self._replacements:
                    self._originals[id(owner), name] = vars(owner).get(name, _MISSING)
                    setattr(owner, name, replacement)

    def _uninstall(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for owner, name, _ in self._replacements:
                    before = self._originals[id(owner), name]
                    if before is _MISSING:
                        delattr(owner, name)
                    else:
                        setattr(owner, name, before)
