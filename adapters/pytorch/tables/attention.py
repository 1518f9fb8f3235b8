"""Attention and transformers."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor, labels
from .activation import function_word
from .common import has

PACKED_QKV = {"qkv": labels("query", "key", "value")}
HEADS = {"head": "num_heads"}

ATTENTION: dict[str, Any] = {
    "units": "embed_dim",
    "in_features": "embed_dim",
    "heads": "num_heads",
    "key_dim": "head_dim",
    "value_dim": "head_dim",
    "batch_first": "batch_first",
    "use_bias": ("bias", lambda m: has(m, "in_proj_bias")),
    "rate": "dropout",
    "extra_keys": ("add_bias_kv", lambda m: int(has(m, "bias_k")) + bool(m.add_zero_attn)),
}
PROJECTED: dict[str, Tensor] = {
    "out_proj.weight": Tensor("output_kernel", "out (head key_dim)", {}, HEADS),
    "out_proj.bias": Tensor("output_bias", "out"),
    "bias_k": Tensor("other", "1 1 (head key_dim)", {}, HEADS),
    "bias_v": Tensor("other", "1 1 (head key_dim)", {}, HEADS),
}


def separate(query: str, key: str, value: str) -> dict[str, Tensor]:
    """A kernel for each of them."""
    return {
        query: Tensor("query_kernel", "(head key_dim) in", {}, HEADS),
        key: Tensor("key_kernel", "(head key_dim) in", {}, HEADS),
        value: Tensor("value_kernel", "(head key_dim) in", {}, HEADS),
    }


def _layer(module: Any) -> Any:
    """The activation of a transformer layer, a function or a module."""
    return function_word(module.activation)


_LAYER = Row(
    "transformer_layer",
    {
        "units": (None, lambda m: m.self_attn.embed_dim),
        "heads": (None, lambda m: m.self_attn.num_heads),
        "feed_forward": (None, lambda m: m.linear1.out_features),
        "activation": ("activation", _layer),
        "norm_first": "norm_first",
        "batch_first": (None, lambda m: m.self_attn.batch_first),
        "rate": (None, lambda m: m.dropout1.p),
        "eps": (None, lambda m: m.norm1.eps),
    },
    unit=False,
)


def _depth(module: Any, name: str) -> int | None:
    """How many layers a stack has; a user's own may keep them in another way."""
    layers = getattr(getattr(module, name), "layers", None)
    return len(layers) if hasattr(layers, "__len__") else None  # type: ignore[arg-type]


ROWS: dict[str, Row] = {
    "MultiheadAttention": Row(
        "attention",
        ATTENTION,
        {
            "in_proj_weight": Tensor("kernel", "(qkv head key_dim) in", PACKED_QKV, HEADS),
            "in_proj_bias": Tensor("bias", "(qkv head key_dim)", PACKED_QKV, HEADS),
            **separate("q_proj_weight", "k_proj_weight", "v_proj_weight"),
            **PROJECTED,
        },
        parts=("out_proj",),
    ),
    # A stack holds its layers as a container does; one layer has a width, that of its attention.
    "TransformerEncoderLayer": _LAYER,
    "TransformerDecoderLayer": _LAYER,
    "TransformerEncoder": Row("transformer", {"layers": "num_layers"}, unit=False),
    "TransformerDecoder": Row("transformer", {"layers": "num_layers"}, unit=False),
    "Transformer": Row(
        "transformer",
        {
            "heads": "nhead",
            "in_features": "d_model",
            "batch_first": "batch_first",
            "layers": (None, lambda m: (_depth(m, "encoder"), _depth(m, "decoder"))),
        },
        unit=False,
    ),
}
