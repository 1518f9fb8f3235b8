"""Layers that prepare data: numbers, words, sound, images of a given size."""

from __future__ import annotations

from typing import Any

from ..rows import Row, Tensor
from .shared import CHANNELS, DATA_FORMAT, sides


def _bins(layer: Any) -> int | None:
    """Boundaries, given or learned, have one bin more."""
    return layer.num_bins if layer.bin_boundaries is None else len(layer.bin_boundaries) + 1


def _fit(layer: Any) -> str | None:
    """How an image whose sides are not in the wanted ratio is made to fit; `None`: it is stretched."""
    if getattr(layer, "crop_to_aspect_ratio", False):
        return "crop"
    return "pad" if getattr(layer, "pad_to_aspect_ratio", False) else None


_LOOKUP = Row(
    "lookup",
    {
        "tokens": "max_tokens",
        "unknown_tokens": "num_oov_indices",
        "padding_token": "mask_token",
        "mode": "output_mode",
        "invert": "invert",
    },
)
_HASHING = Row("hashing", {"bins": "num_bins", "padding_token": "mask_value", "mode": "output_mode"})

ROWS: dict[str, Row] = {
    "Rescaling": Row("rescaling", {"scale": "scale", "shift": "offset"}),
    "StringLookup": _LOOKUP,
    "IntegerLookup": _LOOKUP,
    "TextVectorization": Row(
        "text_vectorization",
        {
            "tokens": "_max_tokens",
            "length": "_output_sequence_length",
            "mode": "_output_mode",
        },
        parts=("_lookup_layer",),
    ),
    "Hashing": _HASHING,
    "HashedCrossing": Row("hashing", {"bins": "num_bins", "mode": "output_mode"}),
    "Discretization": Row(
        "discretization", {"bins": (None, _bins), "boundaries": "bin_boundaries", "mode": "output_mode"}
    ),
    "CategoryEncoding": Row("category_encoding", {"tokens": "num_tokens", "mode": "output_mode"}),
    "Resizing": Row(
        "resize",
        {
            "output_size": sides(),
            "interpolation": "interpolation",
            "antialias": "antialias",
            "mode": (None, _fit),
            **CHANNELS,
        },
    ),
    "CenterCrop": Row("center_crop", {"output_size": sides(), **CHANNELS}),
    "MaxNumBoundingBoxes": Row("bounding_boxes", {"length": "max_number", "pad_value": "fill_value"}),
    "STFTSpectrogram": Row(
        "spectrogram",
        {
            "kernel_size": ("frame_length", lambda layer: (layer.frame_length,)),
            "frame_length": "frame_length",
            "frame_step": ("frame_step", lambda layer: layer.frame_step or layer.frame_length // 2),
            "bins": (None, lambda layer: layer._fft_length // 2 + 1),
            "function": "window",
            "mode": "mode",
            "padding": "padding",
            **DATA_FORMAT,
        },
        {"real_kernel": Tensor("kernel", "l 1 out"), "imag_kernel": Tensor("kernel", "l 1 out")},
    ),
    "MelSpectrogram": Row(
        "spectrogram",
        {
            "frame_length": "sequence_length",
            "frame_step": "sequence_stride",
            "bins": "num_mel_bins",
            "frequencies": ("fft_length", lambda layer: layer.fft_length // 2 + 1),
            "function": "window",
            "mode": ("power_to_db", lambda layer: "decibel" if layer.power_to_db else "power"),
        },
    ),
}
