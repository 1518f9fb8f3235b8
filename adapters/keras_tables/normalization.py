"""Layers that normalize."""

from __future__ import annotations

from typing import Any

from ..plain import setting
from ..rows import Row, Tensor
from .shared import axes, built_with, fixed, in_features


def norm_axes(layer: Any) -> str:
    """An axis per axis that is normalized."""
    rank = len(layer.axis) if isinstance(layer.axis, (tuple, list)) else 1
    return "norm" if rank == 1 else " ".join(f"norm_{i + 1}" for i in range(rank))


def _normalized_shape(layer: Any) -> tuple[int, ...] | None:
    shape, along = built_with(layer), axes()[1](layer)
    return None if shape is None or along is None else tuple(shape[axis] for axis in along)


def _kept_axes(layer: Any) -> str:
    """The axes along which `Normalization` keeps a mean for each place."""
    rank = len(getattr(layer, "_keep_axis", ()))
    return "channel" if rank == 1 else " ".join(f"channel_{i + 1}" for i in range(rank))


def _numbers(name: str) -> Any:
    """What is given as a number, a list or an array."""

    def read(layer: Any) -> Any:
        value: Any = getattr(layer, name, None)
        return setting(value.tolist() if hasattr(value, "tolist") else value)

    return None, read


_AFFINE: dict[str, Any] = {"use_scale": "scale", "use_shift": "center"}
_PER_CHANNEL: dict[str, Any] = {"in_features": in_features(0, "gamma"), "axis": axes(), "eps": "epsilon", **_AFFINE}
_NORMED: dict[str, Any] = {"axis": axes(), "normalized_shape": (None, _normalized_shape), "eps": "epsilon"}

ROWS: dict[str, Row] = {
    "BatchNormalization": Row(
        "batch_norm",
        {**_PER_CHANNEL, "momentum": "momentum"},
        {
            "gamma": Tensor("scale", "channel"),
            "beta": Tensor("shift", "channel"),
            "(moving|renorm)_mean": Tensor("mean", "channel"),
            "moving_variance": Tensor("variance", "channel"),
            "(moving|renorm)_stddev": Tensor("deviation", "channel"),
        },
    ),
    "LayerNormalization": Row(
        "layer_norm",
        {
            **_NORMED,
            "use_scale": ("scale", lambda layer: layer.scale or getattr(layer, "rms_scaling", False)),
            "use_shift": ("center", lambda layer: layer.center and not getattr(layer, "rms_scaling", False)),
            "mode": ("rms_scaling", lambda layer: "rms" if getattr(layer, "rms_scaling", False) else None),
        },
        {"gamma": Tensor("scale", norm_axes), "beta": Tensor("shift", norm_axes)},
    ),
    "GroupNormalization": Row(
        "group_norm",
        {**_PER_CHANNEL, "groups": "groups"},
        {"gamma": Tensor("scale", "channel"), "beta": Tensor("shift", "channel")},
    ),
    "RMSNormalization": Row("rms_norm", {**_NORMED, "use_scale": fixed(True)}, {"scale": Tensor("scale", norm_axes)}),
    "UnitNormalization": Row("unit_norm", {"axis": axes(), "eps": fixed(1e-12), "power": fixed(2)}),
    "Normalization": Row(
        "normalization",
        {
            "axis": axes(),
            "mean": _numbers("input_mean"),
            "variance": _numbers("input_variance"),
            "invert": "invert",
        },
        {
            "mean": Tensor("mean", _kept_axes),
            "variance": Tensor("variance", _kept_axes),
            "count": Tensor("counter", ""),
        },
    ),
}
