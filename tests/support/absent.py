"""Code for another process in which a package is not installed."""

from __future__ import annotations

_HIDDEN = """
import importlib.machinery, sys
class Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {names!r} else super().find_spec(name, path, target)
sys.meta_path = [Finder if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
"""


def without(*names: str) -> str:
    """Lines to run first: `sys.modules[name] = None` would not do, since libraries look in there without importing."""
    return _HIDDEN.format(names=names)
