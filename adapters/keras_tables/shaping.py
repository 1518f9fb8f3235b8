"""Layers that move, cut and repeat elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..rows import Row
from .shared import CHANNELS, DATA_FORMAT, Read, fixed, per_axis


def both_ends(name: str, rank: int) -> Read:
    """(before, after) for each axis; with one axis Keras leaves the outer pair of brackets out."""
    if rank > 1:
        return name, lambda layer: getattr(layer, name)
    return name, lambda layer: (tuple(getattr(layer, name)),)


def _each(name: str, make: Callable[[int], Row]) -> dict[str, Row]:
    return {name.format(rank): make(rank) for rank in (1, 2, 3)}


def upsampling(rank: int) -> Row:
    """`UpSampling2D`, the only one with a choice of interpolation."""
    interpolation: Any = "interpolation" if rank == 2 else fixed("nearest")
    return Row(f"upsample{rank}d", {"factor": per_axis("size", rank), "interpolation": interpolation, **CHANNELS})


def zero_padding(rank: int) -> Row:
    """`ZeroPadding2D`."""
    return Row(f"zero_pad{rank}d", {"padding": both_ends("padding", rank), "pad_value": fixed(0), **CHANNELS})


ROWS: dict[str, Row] = {
    **_each("ZeroPadding{}D", zero_padding),
    **_each("Cropping{}D", lambda rank: Row(f"crop{rank}d", {"padding": both_ends("cropping", rank), **CHANNELS})),
    **_each("UpSampling{}D", upsampling),
    "Flatten": Row("flatten", {"start_axis": fixed(1), "end_axis": fixed(-1), **DATA_FORMAT}),
    "Reshape": Row("reshape", {"shape": "target_shape"}),
    "Permute": Row("permute", {"axis": "dims"}),
    "RepeatVector": Row("repeat", {"factor": "n"}),
}
