"""Convolutions of all kinds."""

from __future__ import annotations

from typing import Any

from ..rows import Row, Tensor
from .shared import ADAPTED, DATA_FORMAT, WINDOW, fixed, function, in_features

_WINDOWED: dict[str, Any] = {
    "in_features": in_features(),
    "kernel_size": "kernel_size",
    "strides": "strides",
    "padding": "padding",
    "pad_value": fixed(0),
    "dilation": "dilation_rate",
    **DATA_FORMAT,
    "use_bias": "use_bias",
    "activation": function(),
}


def convolution(rank: int) -> Row:
    """`Conv2D`."""
    return Row(
        f"conv{rank}d",
        {"units": "filters", **_WINDOWED, "groups": "groups", "rank": ADAPTED["rank"]},
        {
            "kernel": Tensor("kernel", f"{WINDOW[rank]} in out"),
            "bias": Tensor("bias", "out"),
            "lora_kernel_a": Tensor("lora_down", f"{WINDOW[rank]} in rank"),
            "lora_kernel_b": Tensor("lora_up", "rank out"),
        },
    )


def _output_padding(layer: Any) -> Any:
    """Without padding, what Keras adds by itself is a stride that goes beyond the kernel; with 'same' it depends on the
    input."""
    if layer.output_padding is not None or layer.padding != "valid":
        return layer.output_padding
    sizes = zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True)
    return tuple(max(stride - dilation * (size - 1) - 1, 0) for size, stride, dilation in sizes)


def transposed(rank: int) -> Row:
    """`Conv2DTranspose`."""
    return Row(
        f"conv{rank}d_transpose",
        {
            "units": "filters",
            **_WINDOWED,
            "in_features": in_features(-1),
            "groups": fixed(1),
            "output_padding": ("output_padding", _output_padding),
        },
        {"kernel": Tensor("kernel", f"{WINDOW[rank]} out in"), "bias": Tensor("bias", "out")},
    )


def depthwise(rank: int, kernel: str = "kernel") -> Row:
    """`DepthwiseConv2D`; `kernel`: the attribute that holds its kernel, and the kernel's name."""

    def units(layer: Any) -> int | None:
        channels = in_features(-2, kernel)[1](layer)
        return None if channels is None else channels * layer.depth_multiplier

    return Row(
        f"depthwise_conv{rank}d",
        {
            "units": (None, units),
            "depth_multiplier": "depth_multiplier",
            **_WINDOWED,
            "in_features": in_features(-2, kernel),
        },
        {kernel: Tensor("kernel", f"{WINDOW[rank]} in mult"), "bias": Tensor("bias", "out")},
    )


def separable(rank: int) -> Row:
    """`SeparableConv2D`."""
    ones = " ".join("1" * rank)
    return Row(
        f"separable_conv{rank}d",
        {
            "units": "filters",
            "depth_multiplier": "depth_multiplier",
            **_WINDOWED,
            "in_features": in_features(-2, "depthwise_kernel"),
        },
        {
            "depthwise_kernel": Tensor("depthwise_kernel", f"{WINDOW[rank]} in mult"),
            "pointwise_kernel": Tensor("pointwise_kernel", f"{ones} in out"),
            "bias": Tensor("bias", "out"),
        },
    )


ROWS: dict[str, Row] = {
    **{f"Conv{rank}D": convolution(rank) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": transposed(rank) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": depthwise(rank) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": separable(rank) for rank in (1, 2)},
}
