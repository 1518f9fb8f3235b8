"""Dense layers and tables of vectors."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .common import USE_BIAS, fixed

LINEAR = Row(
    "dense",
    {"units": "out_features", "in_features": "in_features", **USE_BIAS},
    {"weight": Tensor("kernel", "out in"), "bias": Tensor("bias", "out")},
)
_TABLE: dict[str, Any] = {
    "units": "embedding_dim",
    "tokens": "num_embeddings",
    "padding_token": "padding_idx",
    "max_norm": "max_norm",
}
EMBEDDING = Row("embedding", _TABLE, {"weight": Tensor("table", "tokens features")})
EMBEDDING_BAG = Row("embedding_bag", {**_TABLE, "mode": "mode"}, {"weight": Tensor("table", "tokens features")})

ROWS: dict[str, Row] = {
    "Linear": LINEAR,
    "LazyLinear": LINEAR,
    "NonDynamicallyQuantizableLinear": LINEAR,
    "Bilinear": Row(
        "bilinear",
        {"units": "out_features", "in_features": "in1_features", "in_features_2": "in2_features", **USE_BIAS},
        {"weight": Tensor("kernel", "out in_1 in_2"), "bias": Tensor("bias", "out")},
    ),
    "Embedding": EMBEDDING,
    "EmbeddingBag": EMBEDDING_BAG,
    "Identity": Row("identity", {}),
    "CosineSimilarity": Row("cosine_similarity", {"axis": ("dim", lambda m: (m.dim,)), "eps": "eps"}),
    "PairwiseDistance": Row(
        "pairwise_distance", {"axis": fixed((-1,)), "power": "norm", "eps": "eps", "keep_axes": "keepdim"}
    ),
}
