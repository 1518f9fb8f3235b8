"""Layers that run other layers, models, and what comes from elsewhere."""

from __future__ import annotations

from typing import Any

from ..rows import Row, Tensor
from .shared import fixed, known_row, units_of

_UNITS = (None, lambda layer: units_of(layer.layer))


def _singular_axes(layer: Any) -> str | None:
    """As long as the last axis of the wrapped kernel."""
    row = known_row(layer.layer)
    known = None if row is None else row.tensor("kernel") or row.tensor("embeddings")
    axes = None if known is None else known.axes(layer.layer) if callable(known.axes) else known.axes
    return None if axes is None else f"1 {axes.split()[-1]}"


# What they hold is named by numbers: which is which only the other framework knows.
_FOREIGN = Row("foreign_model", {}, {".*": Tensor("other")})

ROWS: dict[str, Row] = {
    "Wrapper": Row("container", {"units": _UNITS}, unit=False),
    "Bidirectional": Row(
        "bidirectional",
        {
            "units": (None, lambda layer: units_of(layer.forward_layer)),
            "merge_mode": "merge_mode",
            "batch_first": fixed(True),
        },
    ),
    "TimeDistributed": Row("time_distributed", {"units": _UNITS, "batch_first": fixed(True)}),
    "SpectralNormalization": Row(
        "spectral_norm",
        {"units": _UNITS},
        {"vector_u": Tensor("singular_vector", _singular_axes)},
        unit=False,
        borrowed=("kernel", "embeddings"),
    ),
    "Pipeline": Row("container", unit=False),
    "Functional": Row("container", unit=False),
    "Sequential": Row("container", unit=False),
    **dict.fromkeys(("JaxLayer", "FlaxLayer", "TorchModuleWrapper", "TFSMLayer"), _FOREIGN),
}
