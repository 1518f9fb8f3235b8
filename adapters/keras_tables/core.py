"""Dense layers, tables, and what stands at the edges of a model."""

from __future__ import annotations

import math
import re
from typing import Any

from ..rows import Row, Tensor
from .shared import ADAPTED, QUANTIZERS, function, in_features, stored


def _einsum_names(layer: Any) -> tuple[str, str, str, dict[str, str]]:
    """Letters of input, kernel and output, and the axis that each kernel letter is: contracted ones `in`, new ones
    `out`, those that keep their place `channel_1` (numbered, as they are not the features that a layer takes)."""
    inputs, kernel, outputs = re.split(r",|->", layer.equation.replace(" ", ""))
    groups = {
        "in": [c for c in kernel if c not in outputs],
        "out": [c for c in kernel if c in outputs and c not in inputs],
        "channel": [c for c in kernel if c in outputs and c in inputs],
    }
    names = {}
    for word, letters in groups.items():
        alone = len(letters) == 1 and word != "channel"
        names |= {c: word if alone else f"{word}_{i + 1}" for i, c in enumerate(letters)}
    return inputs, kernel, outputs, names


def _einsum_kernel(layer: Any) -> str:
    _, kernel, _, names = _einsum_names(layer)
    return " ".join(names[c] for c in kernel)


def _einsum_bias(layer: Any) -> str:
    _, _, outputs, names = _einsum_names(layer)
    return " ".join(names.get(c, "1") for c in outputs if c in layer.bias_axes)


def _einsum_lora(first: bool) -> Any:
    """A low-rank addition acts on the last axis of the kernel."""

    def read(layer: Any) -> str:
        *before, last = _einsum_kernel(layer).split()
        return " ".join([*before, "rank"]) if first else f"rank {last}"

    return read


def _einsum_units(layer: Any) -> int | None:
    """The product of the new axes, as the output shape that the layer was made with says."""
    _, _, outputs, names = _einsum_names(layer)
    letters = outputs.replace("...", "")
    said = layer.partial_output_shape
    sizes = dict(zip(reversed(letters), reversed((said,) if isinstance(said, int) else tuple(said)), strict=False))
    new = [sizes.get(letter) for letter, name in names.items() if name.startswith("out")]
    return None if None in new else math.prod(n for n in new if n is not None)


def _einsum_features(layer: Any) -> int | None:
    """The size of the contracted axis. Where there are several, each has a size of its own."""
    shape, names = _einsum_shape(layer), _einsum_kernel(layer).split()
    return None if shape is None or "in" not in names else shape[names.index("in")]


def _einsum_shape(layer: Any) -> tuple[int, ...] | None:
    """The shape of the kernel, also where it is packed."""
    packed = getattr(layer, "original_kernel_shape", None)
    return stored(layer) if packed is None else tuple(packed)


def _einsum_kept(layer: Any) -> tuple[int, ...] | None:
    """Where in the input the axes lie that keep their place, counted from the end."""
    inputs, _, _, names = _einsum_names(layer)
    letters = inputs.replace("...", ".")
    kept = [letters.index(c) - len(letters) for c, name in names.items() if name.startswith("channel")]
    return tuple(kept) or None


def _scale_axes(several: str, one: str) -> Any:
    """A scale for each output, or for each block of inputs and each output; one for the tensor (float8)."""

    def read(layer: Any) -> str:
        grouped = getattr(layer, "_int4_block_size", None) not in (None, -1)
        if layer.quantization_mode == "float8":
            return ""
        if layer.quantization_mode in ("gptq", "awq"):
            return f"{one} block"
        return several if grouped else one

    return read


_EMBEDDING: dict[str, Any] = {"units": "output_dim", "tokens": "input_dim", "mask_zero": "mask_zero", **ADAPTED}
_TABLES: dict[str, Tensor] = {
    "embeddings": Tensor("table", "tokens features"),
    "lora_embeddings_a": Tensor("lora_down", "tokens rank"),
    "lora_embeddings_b": Tensor("lora_up", "rank features"),
    "embeddings_(scale|zero)": Tensor("quantizer", _scale_axes("tokens block", "tokens")),
    "g_idx": Tensor("quantizer", "features"),
}

ROWS: dict[str, Row] = {
    "InputLayer": Row("input", {"shape": ("batch_shape", lambda layer: tuple(layer.batch_shape))}),
    "Dense": Row(
        "dense",
        {
            "units": "units",
            "in_features": in_features(),
            "activation": function(),
            "use_bias": "use_bias",
            **ADAPTED,
        },
        {
            "kernel": Tensor("kernel", "in out"),
            "bias": Tensor("bias", "out"),
            "lora_kernel_a": Tensor("lora_down", "in rank"),
            "lora_kernel_b": Tensor("lora_up", "rank out"),
            "kernel_(scale|zero)": Tensor("quantizer", _scale_axes("block out", "out")),
            "g_idx|awq_scales": Tensor("quantizer", "in"),
            **QUANTIZERS,
        },
    ),
    "EinsumDense": Row(
        "einsum_dense",
        {
            "units": (None, _einsum_units),
            "in_features": (None, _einsum_features),
            "axis": (None, _einsum_kept),
            "equation": "equation",
            "activation": function(),
            "use_bias": ("bias_axes", lambda layer: bool(layer.bias_axes)),
            **ADAPTED,
        },
        {
            "kernel": Tensor("kernel", _einsum_kernel),
            "bias": Tensor("bias", _einsum_bias),
            "lora_kernel_a": Tensor("lora_down", _einsum_lora(True)),
            "lora_kernel_b": Tensor("lora_up", _einsum_lora(False)),
            "kernel_(scale|zero)|zero_point|g_idx|awq_scales": Tensor("quantizer"),
            **QUANTIZERS,
        },
    ),
    "Embedding": Row("embedding", _EMBEDDING, _TABLES),
    "ReversibleEmbedding": Row(
        "embedding",
        {**_EMBEDDING, "tied": "tie_weights", "bound": "logit_soft_cap"},
        {
            **_TABLES,
            "reverse_embeddings": Tensor("kernel", "features tokens"),
            "reverse_embeddings_(scale|zero)": Tensor("quantizer", _scale_axes("block tokens", "tokens")),
        },
    ),
    "Identity": Row("identity"),
    "Masking": Row("masking", {"pad_value": "mask_value"}),
    "Lambda": Row("lambda", {"function": function("function")}),
}
