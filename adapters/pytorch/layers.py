"""How a module finds its row in the tables: by its class, by the classes it derives from, or by what it owns."""

from __future__ import annotations

import weakref
from dataclasses import replace
from typing import Any

import torch

from ..rows import UNKNOWN, Row
from .derived import row_of_tensor
from .recognition import recognized
from .tables import TABLES, VARIANTS

__all__ = ["ROWS", "row_of"]

ROWS: dict[str, Row] = {f"{home}:{name}": row for home, rows in TABLES.items() for name, row in rows.items()}

# The more special a module's name, the earlier it is asked.
_HOMES = tuple(sorted(TABLES, key=len, reverse=True))
# class → the class in its MRO that is in a table, and its row there
_FOUND: weakref.WeakKeyDictionary[type, tuple[type, Row] | None] = weakref.WeakKeyDictionary()


def row_of(module: torch.nn.Module) -> Row:
    """The row of a module, `UNKNOWN` where there is none.

    A subclass that adds parameters which its parent's row does not know is something else; one with a `forward` of its
    own is opened.
    """
    cls = type(module)
    if cls not in _FOUND:
        _FOUND[cls] = _in_tables(cls)
    found = _FOUND[cls]
    if found is None:
        return recognized(module) or UNKNOWN
    parent, row = found
    variant = VARIANTS[parent.__name__](module) if _has_variants(parent) else None
    if variant is not None:
        row = TABLES["torch.nn."][variant]
    if parent is cls or row.kind == "container":
        return row
    if not all(p is None or row_of_tensor(module, row, name) for name, p in module._parameters.items()):
        return recognized(module) or UNKNOWN
    return row if _runs_as(cls, parent) else replace(row, unit=False)


def _in_tables(cls: type) -> tuple[type, Row] | None:
    for parent in cls.__mro__:
        row = _named(parent)
        if row is not None:
            return parent, row
    return None


def _named(cls: type) -> Row | None:
    for home in _HOMES:
        if cls.__module__.startswith(home) and cls.__name__ in TABLES[home]:
            return TABLES[home][cls.__name__]
    return UNKNOWN if _has_variants(cls) else None


def _has_variants(cls: type) -> bool:
    return cls.__name__ in VARIANTS and cls.__module__.startswith("torch.nn.")


def _runs_as(cls: Any, parent: Any) -> bool:
    return cls.forward is parent.forward
