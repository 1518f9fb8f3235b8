"""Attention layers."""

from __future__ import annotations

import math
import re
from typing import Any

from ..rows import Row, Tensor
from .shared import built_with, fixed, stored


def _width(layer: Any) -> int | None:
    """The width of the output, known once it is built."""
    output = getattr(layer, "_output_dense", None)
    shape = None if output is None else stored(output)
    return None if shape is None or not _keeps_heads_first(output) else math.prod(shape[2:])


def _query_features(layer: Any) -> int | None:
    query = getattr(layer, "_query_dense", None)
    shape = None if query is None else stored(query)
    return None if shape is None else shape[0]


def _out_axes(before: str) -> Any:
    """The axes of the output, of which there may be several."""

    def read(output: Any) -> str | None:
        rank = len(stored(output) or (0, 0, 0)) - 2
        axes = before + ("out" if rank == 1 else " ".join(f"out_{i + 1}" for i in range(rank)))
        return axes if not before or _keeps_heads_first(output) else None

    return read


def _keeps_heads_first(output: Any) -> bool:
    """A subclass may lay out the kernel of its output in another way: heads and their sizes are what is summed over."""
    _, kernel, outputs = re.split(r",|->", output.equation.replace(" ", ""))
    return not set(kernel[:2]) & set(outputs)


# Low-rank additions to the projections. Those of keys and values may take another input than the setting says.
_LOW_RANK: dict[str, Tensor] = {
    "_query_dense.lora_kernel_a": Tensor("lora_down", "in head rank"),
    "_query_dense.lora_kernel_b": Tensor("lora_up", "rank key_dim"),
    "_gate_dense.lora_kernel_a": Tensor("lora_down", "in head rank"),
    "_gate_dense.lora_kernel_b": Tensor("lora_up", "rank value_dim"),
    "_(key|value)_dense.lora_kernel_a": Tensor("lora_down"),
    "_key_dense.lora_kernel_b": Tensor("lora_up", "rank key_dim"),
    "_value_dense.lora_kernel_b": Tensor("lora_up", "rank value_dim"),
    "_output_dense.lora_kernel_a": Tensor("lora_down", "head value_dim rank"),
    "_output_dense.lora_kernel_b": Tensor("lora_up", "rank out"),
}
_PROJECTIONS = ("_query_dense", "_key_dense", "_value_dense", "_gate_dense", "_output_dense")


def attention(heads: str, kv_heads: str | None, key_dim: str, value_dim: str, dropout: str = "dropout") -> Row:
    """`MultiHeadAttention`; the attributes that say its sizes have other names in Keras 2."""
    kv = "kv_head" if kv_heads else "head"
    settings: dict[str, Any] = {
        "in_features": (None, _query_features),
        "heads": heads,
        "key_dim": key_dim,
        "value_dim": value_dim,
        "use_bias": ("use_bias", lambda layer: getattr(layer, "_use_bias", getattr(layer, "use_bias", None))),
        "use_gate": ("use_gate", lambda layer: getattr(layer, "_use_gate", getattr(layer, "use_gate", False))),
        "window": (
            "sliding_window",
            lambda layer: getattr(layer, "_sliding_window", getattr(layer, "sliding_window", None)),
        ),
        "rate": dropout,
        "batch_first": fixed(True),
        "units": (None, _width),
    }
    if kv_heads:
        settings["kv_heads"] = kv_heads
    return Row(
        "attention",
        settings,
        {
            "_query_dense.kernel": Tensor("query_kernel", "in head key_dim"),
            "_query_dense.bias": Tensor("query_bias", "head key_dim"),
            "_key_dense.kernel": Tensor("key_kernel", f"in {kv} key_dim"),
            "_key_dense.bias": Tensor("key_bias", f"{kv} key_dim"),
            "_value_dense.kernel": Tensor("value_kernel", f"in {kv} value_dim"),
            "_value_dense.bias": Tensor("value_bias", f"{kv} value_dim"),
            "_gate_dense.kernel": Tensor("gate_kernel", "in head value_dim"),
            "_gate_dense.bias": Tensor("gate_bias", "head value_dim"),
            "_output_dense.kernel": Tensor("output_kernel", _out_axes("head value_dim ")),
            "_output_dense.bias": Tensor("output_bias", _out_axes("")),
            **_LOW_RANK,
        },
        parts=(*_PROJECTIONS, "_softmax", "_dropout_layer"),
    )


def _value_width(layer: Any) -> int | None:
    """These give back weighted values, as wide as they came: the second input."""
    values = built_with(layer, 1)
    return None if values is None else values[-1]


_SCORED: dict[str, Any] = {
    "units": (None, _value_width),
    "heads": fixed(1),
    "use_scale": "use_scale",
    "use_bias": fixed(False),
    "rate": "dropout",
    "batch_first": fixed(True),
}

ROWS: dict[str, Row] = {
    "MultiHeadAttention": attention("num_heads", None, "key_dim", "value_dim"),
    "GroupedQueryAttention": attention("num_query_heads", "num_key_value_heads", "head_dim", "head_dim"),
    "Attention": Row(
        "attention",
        {**_SCORED, "mode": "score_mode"},
        {"scale": Tensor("scale", ""), "concat_score_weight": Tensor("scale", "")},
    ),
    "AdditiveAttention": Row(
        "attention", {**_SCORED, "mode": fixed("additive")}, {"scale": Tensor("scale", "channel")}
    ),
}
