"""Pools: of windows, of everything, and to a given size."""

from __future__ import annotations

from typing import Any

from ..rows import Row
from .shared import DATA_FORMAT, fixed


def pool(kind: str, rank: int) -> Row:
    """`MaxPooling2D`."""
    settings: dict[str, Any] = {
        "kernel_size": "pool_size",
        "strides": "strides",
        "padding": "padding",
        "ceil_mode": fixed(False),
        **DATA_FORMAT,
    }
    if kind == "max_pool":
        settings["dilation"] = fixed((1,) * rank)
    else:  # what 'same' adds at the borders is not counted; where nothing is added it makes no difference
        settings["count_include_pad"] = (None, lambda layer: layer.padding != "same")
    return Row(f"{kind}{rank}d", settings)


def global_pool(kind: str, rank: int) -> Row:
    """`GlobalMaxPooling2D`."""
    return Row(f"global_{kind}{rank}d", {"keep_axes": "keepdims", **DATA_FORMAT})


def adaptive_pool(kind: str, rank: int) -> Row:
    """`AdaptiveMaxPooling2D`."""
    return Row(f"adaptive_{kind}{rank}d", {"output_size": "output_size", **DATA_FORMAT})


ROWS: dict[str, Row] = {
    name.format(rank): make(kind, rank)
    for rank in (1, 2, 3)
    for word, kind in (("Max", "max_pool"), ("Average", "average_pool"))
    for name, make in (
        (f"{word}Pooling{{}}D", pool),
        (f"Global{word}Pooling{{}}D", global_pool),
        (f"Adaptive{word}Pooling{{}}D", adaptive_pool),
    )
}
