"""Layers that normalize."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .common import RANKS, fixed, owns

AFFINE: dict[str, Any] = {"use_scale": owns("weight", "affine"), "use_shift": owns("bias", "affine")}
STATISTICS = {
    "weight": Tensor("scale", "channel"),
    "bias": Tensor("shift", "channel"),
    "running_mean": Tensor("mean", "channel"),
    "running_var": Tensor("variance", "channel"),
    "num_batches_tracked": Tensor("counter", ""),
}


def _momentum(module: Any) -> float | None:
    """torch's is the share of the new statistic; without one (`momentum=None`) a mean of all batches is kept."""
    share = module.momentum if module.track_running_stats else None
    return None if share is None else 1 - share


def statistics(kind: str) -> Row:
    """`BatchNorm2d`."""
    return Row(
        kind,
        {
            "in_features": "num_features",
            "eps": "eps",
            "momentum": ("momentum", _momentum),
            "use_statistics": "track_running_stats",
            **AFFINE,
            "axis": fixed((1,)),
        },
        STATISTICS,
    )


def norm_axes(module: Any) -> str:
    """An axis per axis that is normalized."""
    rank = len(module.normalized_shape)
    return "norm" if rank == 1 else " ".join(f"norm_{i + 1}" for i in range(rank))


def _normalized_axes(module: Any) -> tuple[int, ...]:
    """The last ones. (ConvNeXt's layer norms have this attribute, and then normalize the channels of images.)"""
    if getattr(module, "data_format", None) == "channels_first":
        return (1,)
    return tuple(range(-len(module.normalized_shape), 0))


def over_features(kind: str, channels_first: bool = False) -> Row:
    """`LayerNorm`; `channels_first`: subclasses that normalize the channels of images."""
    settings: dict[str, Any] = {
        "axis": fixed((1,)) if channels_first else ("normalized_shape", _normalized_axes),
        "normalized_shape": ("normalized_shape", lambda m: tuple(m.normalized_shape)),
        "eps": "eps",
        "use_scale": owns("weight", "elementwise_affine"),
    }
    tensors = {"weight": Tensor("scale", norm_axes)}
    if kind == "layer_norm":
        settings["use_shift"] = owns("bias")
        tensors["bias"] = Tensor("shift", norm_axes)
    return Row(kind, settings, tensors)


GROUP_NORM = Row(
    "group_norm",
    {"in_features": "num_channels", "groups": "num_groups", "eps": "eps", **AFFINE, "axis": fixed((1,))},
    {"weight": Tensor("scale", "channel"), "bias": Tensor("shift", "channel")},
)
_LOCAL: dict[str, Any] = {
    "kernel_size": ("size", lambda m: (m.size,)),
    "scale": "alpha",
    "power": "beta",
    "shift": "k",
    "axis": fixed((1,)),
}

ROWS: dict[str, Row] = {
    **{f"{lazy}BatchNorm{rank}d": statistics("batch_norm") for rank in RANKS for lazy in ("", "Lazy")},
    "SyncBatchNorm": statistics("batch_norm"),
    **{f"{lazy}InstanceNorm{rank}d": statistics("instance_norm") for rank in RANKS for lazy in ("", "Lazy")},
    "LayerNorm": over_features("layer_norm"),
    "RMSNorm": over_features("rms_norm"),
    "GroupNorm": GROUP_NORM,
    "LocalResponseNorm": Row("local_response_norm", _LOCAL),
    "CrossMapLRN2d": Row("local_response_norm", _LOCAL),
}
