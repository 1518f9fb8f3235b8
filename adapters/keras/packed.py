"""What the variables of a quantized layer stand for: two numbers in a byte, or a kernel kept the other way round."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from introspect.values import TensorSpec

from ..rows import Tensor


class Meaning(NamedTuple):
    """The shape and dtype of the logical tensor, what lies in memory where that is another, and the row."""

    shape: tuple[int, ...]
    dtype: str
    stored: TensorSpec | None
    known: Tensor | None


def meaning(layer: Any, variable: Any, known: Tensor | None) -> Meaning:
    """What a variable stands for."""
    shape, dtype = shape_of(variable), str(variable.dtype)
    if getattr(layer, "quantized_kernel", None) is variable:
        return _calibrated(layer, shape, dtype, known)
    unpacked = _unpacked_shape(layer, variable) if layer.quantization_mode == "int4" else None
    if unpacked is None:
        return Meaning(shape, dtype, None, known)
    return Meaning(unpacked, "int4", TensorSpec(shape, dtype), known)


def shape_of(variable: Any) -> tuple[int, ...]:
    """As Keras keeps it: on TensorFlow a variable makes a `TensorShape` of it for whoever asks."""
    return tuple(int(n) for n in getattr(variable, "_shape", None) or variable.shape)


def _unpacked_shape(layer: Any, variable: Any) -> tuple[int, ...] | None:
    if getattr(layer, "_kernel", None) is variable:
        shape = getattr(layer, "original_kernel_shape", None)  # several axes were made two
        return (layer._orig_input_dim, layer._orig_output_dim) if shape is None else tuple(int(n) for n in shape)
    if getattr(layer, "_embeddings", None) is variable:
        return layer.input_dim, layer.output_dim
    if getattr(layer, "reverse_embeddings", None) is variable:
        return layer.output_dim, layer.input_dim
    return None


def _calibrated(layer: Any, shape: tuple[int, ...], dtype: str, known: Tensor | None) -> Meaning:
    """GPTQ and AWQ make this one beside the kernel, which it replaces once it is calibrated."""
    if getattr(layer, "_kernel", None) is not None:
        return Meaning(shape, dtype, None, Tensor("quantizer"))
    logical = tuple(int(n) for n in getattr(layer, "original_kernel_shape", None) or layer.kernel_shape)
    packed = math.prod(logical) != math.prod(shape)
    return Meaning(logical, "uint4" if packed else dtype, TensorSpec(shape, dtype), known)
