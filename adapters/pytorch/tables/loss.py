"""Training objectives."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .common import has

_FUNCTIONS = {
    "L1Loss": "mean_absolute_error",
    "MSELoss": "mean_squared_error",
    "HuberLoss": "huber",
    "SmoothL1Loss": "smooth_l1",
    "NLLLoss": "negative_log_likelihood",
    "NLLLoss2d": "negative_log_likelihood",
    "PoissonNLLLoss": "poisson_negative_log_likelihood",
    "GaussianNLLLoss": "gaussian_negative_log_likelihood",
    "KLDivLoss": "kl_divergence",
    "BCELoss": "binary_cross_entropy",
    "BCEWithLogitsLoss": "binary_cross_entropy_of_logits",
    "CrossEntropyLoss": "cross_entropy",
    "CTCLoss": "ctc",
    "CosineEmbeddingLoss": "cosine_embedding",
    "HingeEmbeddingLoss": "hinge_embedding",
    "MarginRankingLoss": "margin_ranking",
    "MultiLabelMarginLoss": "multi_label_margin",
    "MultiLabelSoftMarginLoss": "multi_label_soft_margin",
    "MultiMarginLoss": "multi_margin",
    "SoftMarginLoss": "soft_margin",
    "TripletMarginLoss": "triplet_margin",
    "TripletMarginWithDistanceLoss": "triplet_margin",
}
_MARGIN = {"margin": "margin"}
# What only some of them have.
_SETTINGS: dict[str, dict[str, Any]] = {
    "HuberLoss": {"threshold": "delta"},
    "SmoothL1Loss": {"threshold": "beta"},
    "CrossEntropyLoss": {"label_smoothing": "label_smoothing"},
    "GaussianNLLLoss": {"eps": "eps"},
    "PoissonNLLLoss": {"eps": "eps"},
    "CosineEmbeddingLoss": _MARGIN,
    "HingeEmbeddingLoss": _MARGIN,
    "MarginRankingLoss": _MARGIN,
    "MultiMarginLoss": {**_MARGIN, "power": "p"},
    "TripletMarginLoss": {**_MARGIN, "power": "p", "eps": "eps"},
    "TripletMarginWithDistanceLoss": _MARGIN,
}
_WEIGHTS = {"weight": Tensor("class_weight", "channel"), "pos_weight": Tensor("class_weight", "channel")}


def objective(name: str, function: str) -> Row:
    """`CrossEntropyLoss`."""
    said = {"function": (None, lambda m: function), "reduction": "reduction", **_SETTINGS.get(name, {})}
    return Row("loss", said, _WEIGHTS)


ROWS: dict[str, Row] = {
    **{name: objective(name, function) for name, function in _FUNCTIONS.items()},
    # A dense layer for the frequent classes and one for each group of rarer ones, which stand below it.
    "AdaptiveLogSoftmaxWithLoss": Row(
        "loss",
        {"function": (None, lambda m: "adaptive_log_softmax"), "in_features": "in_features"},
        unit=False,
    ),
    "LinearCrossEntropyLoss": Row(
        "loss",
        {
            "function": (None, lambda m: "linear_cross_entropy"),
            "reduction": "reduction",
            "label_smoothing": "label_smoothing",
            "units": (None, lambda m: m.linear.out_features),
            "in_features": (None, lambda m: m.linear.in_features),
            "use_bias": (None, lambda m: has(m.linear, "bias")),
        },
        {**_WEIGHTS, "linear.weight": Tensor("kernel", "out in"), "linear.bias": Tensor("bias", "out")},
        parts=("linear",),
    ),
}
