"""Convolutions, and what takes windows apart and puts them together."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .common import CHANNELS_FIRST, RANKS, USE_BIAS, WINDOW, padding, per_axis

_WINDOWED: dict[str, Any] = {
    "units": "out_channels",
    "in_features": "in_channels",
    "kernel_size": "kernel_size",
    "strides": "stride",
    "padding": ("padding", lambda m: padding(m.padding)),
    "dilation": "dilation",
    "groups": "groups",
    **USE_BIAS,
    **CHANNELS_FIRST,
}
_PAD_VALUE = {"pad_value": ("padding_mode", lambda m: 0 if m.padding_mode == "zeros" else m.padding_mode)}


def convolution(rank: int, same: bool = False) -> Row:
    """`Conv2d`; `same`: a subclass that pads its input so that the output is as large as the input / stride."""
    settings = {**_WINDOWED, **_PAD_VALUE}
    if same:
        settings["padding"] = ("padding", lambda m: "same")
    tensors = {"weight": Tensor("kernel", f"out in {WINDOW[rank]}"), "bias": Tensor("bias", "out")}
    return Row(f"conv{rank}d", settings, tensors)


def transposed(rank: int) -> Row:
    """`ConvTranspose2d`, whose kernel has the input channels first."""
    return Row(
        f"conv{rank}d_transpose",
        {**_WINDOWED, **_PAD_VALUE, "output_padding": "output_padding"},
        {"weight": Tensor("kernel", f"in out {WINDOW[rank]}"), "bias": Tensor("bias", "out")},
    )


_SLID: dict[str, Any] = {
    "kernel_size": per_axis("kernel_size", 2),
    "strides": per_axis("stride", 2),
    "padding": ("padding", lambda m: padding(m.padding)),
    "dilation": per_axis("dilation", 2),
    **CHANNELS_FIRST,
}

ROWS: dict[str, Row] = {
    **{f"{lazy}Conv{rank}d": convolution(rank) for rank in RANKS for lazy in ("", "Lazy")},
    **{f"{lazy}ConvTranspose{rank}d": transposed(rank) for rank in RANKS for lazy in ("", "Lazy")},
    "Unfold": Row("unfold", _SLID),
    "Fold": Row("fold", {**_SLID, "output_size": per_axis("output_size", 2)}),
}
