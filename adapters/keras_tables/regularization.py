"""Layers that act while training."""

from __future__ import annotations

from ..rows import Row
from .shared import CHANNELS

ROWS: dict[str, Row] = {
    "Dropout": Row("dropout", {"rate": "rate", "shape": "noise_shape"}),
    **{f"SpatialDropout{rank}D": Row(f"spatial_dropout{rank}d", {"rate": "rate", **CHANNELS}) for rank in (1, 2, 3)},
    "AlphaDropout": Row("alpha_dropout", {"rate": "rate"}),
    "GaussianDropout": Row("gaussian_dropout", {"rate": "rate"}),
    "GaussianNoise": Row("gaussian_noise", {"deviation": "stddev"}),
    "ActivityRegularization": Row("activity_regularization", {"l1": "l1", "l2": "l2"}),
}
