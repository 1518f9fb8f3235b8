"""Pools: of windows, and to a given size."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .common import CHANNELS_FIRST, RANKS, padding, per_axis, repeated


def pool(kind: str, rank: int) -> Row:
    """`MaxPool2d`."""
    settings: dict[str, Any] = {
        "kernel_size": per_axis("kernel_size", rank),
        "strides": per_axis("stride", rank),
        "padding": ("padding", lambda m: padding(repeated(m.padding, rank))),
        "ceil_mode": "ceil_mode",
        **CHANNELS_FIRST,
    }
    if kind == "max_pool":
        settings |= {"dilation": per_axis("dilation", rank), "return_indices": "return_indices"}
    else:
        settings["count_include_pad"] = "count_include_pad"
        if rank > 1:
            settings["divisor"] = "divisor_override"
    return Row(f"{kind}{rank}d", settings)


def adaptive(kind: str, rank: int) -> Row:
    """`AdaptiveMaxPool2d`."""
    settings: dict[str, Any] = {"output_size": per_axis("output_size", rank), **CHANNELS_FIRST}
    if kind == "max_pool":
        settings["return_indices"] = "return_indices"
    return Row(f"adaptive_{kind}{rank}d", settings)


def fractional(rank: int) -> Row:
    """`FractionalMaxPool2d`."""
    return Row(
        f"fractional_max_pool{rank}d",
        {
            "kernel_size": per_axis("kernel_size", rank),
            "output_size": per_axis("output_size", rank),
            "output_ratio": per_axis("output_ratio", rank),
            "return_indices": "return_indices",
            **CHANNELS_FIRST,
        },
        {"_random_samples": Tensor("other")},
    )


def _strides(rank: int) -> tuple[str, Any]:
    """Those of the window where nothing is said."""
    return "stride", lambda m: repeated(m.kernel_size if m.stride is None else m.stride, rank)


def of_a_power(rank: int) -> Row:
    """`LPPool2d`."""
    return Row(
        f"lp_pool{rank}d",
        {
            "power": "norm_type",
            "kernel_size": per_axis("kernel_size", rank),
            "strides": _strides(rank),
            "ceil_mode": "ceil_mode",
            **CHANNELS_FIRST,
        },
    )


def unpool(rank: int) -> Row:
    """`MaxUnpool2d`."""
    return Row(
        f"max_unpool{rank}d",
        {
            "kernel_size": per_axis("kernel_size", rank),
            "strides": _strides(rank),
            "padding": ("padding", lambda m: padding(repeated(m.padding, rank))),
            **CHANNELS_FIRST,
        },
    )


ROWS: dict[str, Row] = {
    **{f"MaxPool{rank}d": pool("max_pool", rank) for rank in RANKS},
    **{f"AvgPool{rank}d": pool("average_pool", rank) for rank in RANKS},
    **{f"AdaptiveMaxPool{rank}d": adaptive("max_pool", rank) for rank in RANKS},
    **{f"AdaptiveAvgPool{rank}d": adaptive("average_pool", rank) for rank in RANKS},
    **{f"FractionalMaxPool{rank}d": fractional(rank) for rank in (2, 3)},
    **{f"LPPool{rank}d": of_a_power(rank) for rank in RANKS},
    **{f"MaxUnpool{rank}d": unpool(rank) for rank in RANKS},
}
