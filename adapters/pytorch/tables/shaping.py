"""Layers that move, pad and repeat elements, and those that drop some while training."""

from __future__ import annotations

from typing import Any

from ...rows import Row
from .common import CHANNELS_FIRST, RANKS, fixed, repeated, whole


def both_ends(padding: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """torch gives (left, right, top, bottom), the last axis first; in our words it is a pair per axis, in order."""
    pairs = [(padding[i], padding[i + 1]) for i in range(0, len(padding), 2)]
    return tuple(reversed(pairs))


def padded(kind: str, rank: int, value: Any) -> Row:
    """`ZeroPad2d`; `value`: what stands in the padding."""
    return Row(
        f"{kind}{rank}d",
        {"padding": ("padding", lambda m: both_ends(m.padding)), "pad_value": value, **CHANNELS_FIRST},
    )


# Modes that fit one rank alone.
_RANK_OF = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


def _rank(module: Any) -> int | None:
    """How many axes an `Upsample` works along, where its arguments tell."""
    for said in (module.size, module.scale_factor):
        if isinstance(said, (tuple, list)):
            return len(said)
    return _RANK_OF.get(module.mode)


def _per_axis(name: str, rank: int | None) -> tuple[str, Any]:
    def read(module: Any) -> Any:
        value = getattr(module, name)
        if value is None or rank is None:
            return whole(value)
        return whole(repeated(value, rank))

    return name, read


def upsampling(rank: int | None) -> Row:
    """`Upsample`, along any number of axes where none is said."""
    return Row(
        f"upsample{rank}d" if rank else "upsample",
        {
            "factor": _per_axis("scale_factor", rank),
            "output_size": _per_axis("size", rank),
            "interpolation": "mode",
            "align_corners": "align_corners",
            **CHANNELS_FIRST,
        },
    )


ROWS: dict[str, Row] = {
    **{f"ZeroPad{rank}d": padded("zero_pad", rank, ("value", lambda m: 0)) for rank in RANKS},
    **{f"ConstantPad{rank}d": padded("pad", rank, "value") for rank in RANKS},
    **{f"ReflectionPad{rank}d": padded("pad", rank, fixed("reflect")) for rank in RANKS},
    **{f"ReplicationPad{rank}d": padded("pad", rank, fixed("replicate")) for rank in RANKS},
    **{f"CircularPad{rank}d": padded("pad", rank, fixed("circular")) for rank in RANKS},
    "Upsample": upsampling(None),
    "UpsamplingNearest2d": upsampling(2),
    "UpsamplingBilinear2d": upsampling(2),
    "PixelShuffle": Row("pixel_shuffle", {"factor": "upscale_factor", **CHANNELS_FIRST}),
    "PixelUnshuffle": Row("pixel_unshuffle", {"factor": "downscale_factor", **CHANNELS_FIRST}),
    "ChannelShuffle": Row("channel_shuffle", {"groups": "groups", **CHANNELS_FIRST}),
    "Flatten": Row("flatten", {"start_axis": "start_dim", "end_axis": "end_dim"}),
    "Unflatten": Row(
        "reshape",
        {
            "axis": ("dim", lambda m: (m.dim,)),
            "shape": ("unflattened_size", lambda m: tuple(m.unflattened_size)),
        },
    ),
    "Dropout": Row("dropout", {"rate": "p"}),
    **{f"Dropout{rank}d": Row(f"spatial_dropout{rank}d", {"rate": "p", **CHANNELS_FIRST}) for rank in RANKS},
    "AlphaDropout": Row("alpha_dropout", {"rate": "p"}),
    "FeatureAlphaDropout": Row("alpha_dropout", {"rate": "p", "mode": fixed("channels")}),
    # By rank, for an `Upsample` whose arguments tell it.
    **{f"Upsample{rank}d": upsampling(rank) for rank in RANKS},
}


def _ranked(module: Any) -> str | None:
    rank = _rank(module)
    return f"Upsample{rank}d" if rank in RANKS else None


VARIANTS = {"Upsample": _ranked}
