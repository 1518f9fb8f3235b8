"""The tables of Keras's layers: a row per class name, by theme.

No framework is imported here: Keras 3 and Keras 2 share what they have in common. Where the names of attributes differ,
the rows have Keras 3's, and the functions that make them take others.
"""

from __future__ import annotations

from ..rows import Row
from . import (
    activation,
    attention,
    augmentation,
    convolution,
    core,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    regularization,
    shaping,
    wrappers,
)

_THEMES = (
    core,
    convolution,
    recurrent,
    attention,
    normalization,
    pooling,
    activation,
    shaping,
    merging,
    regularization,
    preprocessing,
    augmentation,
    wrappers,
)

ROWS: dict[str, Row] = {name: row for theme in _THEMES for name, row in theme.ROWS.items()}
