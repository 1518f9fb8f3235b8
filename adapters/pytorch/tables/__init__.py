"""The tables of torch's modules: a row per class, by theme and by the module that defines it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...rows import Row
from . import (
    activation,
    attention,
    container,
    convolution,
    dense,
    loss,
    normalization,
    pooling,
    quantized,
    recurrent,
    shaping,
    third_party,
)

_THEMES = (
    dense,
    convolution,
    recurrent,
    attention,
    normalization,
    pooling,
    activation,
    shaping,
    loss,
    container,
)
_OWN: dict[str, Row] = {name: row for theme in _THEMES for name, row in theme.ROWS.items()}

# The beginning of a module's name → its classes.
TABLES: dict[str, dict[str, Row]] = {"torch.nn.": _OWN, **quantized.TABLES, **third_party.TABLES}

# Classes that say in an attribute what they are → the name of the row that a module of it has, `None` for its own.
VARIANTS: dict[str, Callable[[Any], str | None]] = {**recurrent.VARIANTS, **shaping.VARIANTS}
