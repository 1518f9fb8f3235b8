"""Layers of keras_hub whose own code hides what they do: a weight times a tensor, of which no operation is seen."""

from __future__ import annotations

from ..rows import Row, Tensor
from .shared import built_with, fixed


def _features(layer: object) -> tuple[int, ...] | None:
    shape = built_with(layer)
    return None if shape is None else (shape[-1],)


ROWS: dict[str, Row] = {
    "T5LayerNorm": Row(
        "rms_norm",
        {
            "axis": fixed((-1,)),
            "normalized_shape": (None, _features),
            "eps": "epsilon",
            "use_scale": fixed(True),
        },
        {"weight": Tensor("scale", "norm")},
    ),
}
