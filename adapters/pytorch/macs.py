"""Multiply-accumulates of torch's functions: a row per function that sums products, by its name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from introspect.values import TensorSpec

from ..products import attention, contraction, einsum, product, windows
from .arguments import tensors_in

Specs = Sequence[TensorSpec]
# Names of functions, without the underscores of in-place and dunder forms → multiply-accumulates of (tensors that go
# in, what comes out, the arguments as given).
Rule = Callable[[Specs, TensorSpec, tuple[Any, ...], dict[str, Any]], int | None]


def _product(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return product(specs[0], output)


def _product_and_sum(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    """`addmm(input, a, b)`: the first tensor is only added."""
    return product(specs[1], output)


def _reflected(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return product(specs[0], output, axis=-2 if len(specs[0].shape) > 1 else -1)


def _summed_over_batch(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    macs, batch = product(specs[1], output), specs[1].shape[0]
    return None if macs is None or batch is None else macs * batch


def _convolution(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return windows(specs[1], range(1, len(specs[1].shape)), output)


def _transposed(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return windows(specs[1], range(1, len(specs[1].shape)), specs[0])


def _time_first(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    """`conv_tbc`, whose kernel is (time, in, out)."""
    return windows(specs[1], (0, 1), output)


def _einsum(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    equation = args[0] if args else kwargs.get("equation")
    return einsum(equation, specs, output) if isinstance(equation, str) else None


def _tensordot(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return contraction(specs[0], specs[1], output)


def _attention(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return attention(specs[0], specs[1], specs[2])


def _multi_head_attention(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    """`F.multi_head_attention_forward(query, key, value, width, heads, in_proj_weight, ..)`: (time, batch, features),
    or without a batch."""
    query, key, value = specs[:3]
    weights = [spec for spec in specs[3:] if len(spec.shape) == 2 and spec.shape[0] in (width := _widths(args, kwargs))]
    if query.size is None or key.size is None or value.size is None or len(args) < 5 or not weights:
        return None
    queries = query.size // (query.shape[-1] or 1)
    keys = key.size // (key.shape[-1] or 1)
    head = width[0]
    projected = queries * head * query.shape[-1] + keys * head * (key.shape[-1] + value.shape[-1])  # type: ignore[operator]
    added = (len(args) > 7 and args[7] is not None) + bool(len(args) > 9 and args[9])  # a learned key, a zero key
    return projected + queries * (key.shape[0] + added) * 2 * head + queries * head * head  # type: ignore[operator]


def _widths(args: Any, kwargs: Any) -> tuple[int, int]:
    width = args[3] if len(args) > 3 else kwargs.get("embed_dim_to_check", 0)
    return width, 3 * width


def _recurrent(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    """All matrices at every time step; the states have three axes."""
    matrices = [math.prod(spec.shape) for spec in specs[1:] if len(spec.shape) == 2]  # type: ignore[type-var]
    return specs[0].size // (specs[0].shape[-1] or 1) * sum(matrices) if specs[0].size is not None else None


def _cell(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    """The two matrices follow the state (of an LSTM: two states)."""
    matrices = [math.prod(spec.shape) for spec in specs if len(spec.shape) == 2][-2:]  # type: ignore[type-var]
    batch = specs[0].shape[0] if len(specs[0].shape) == 2 else 1
    return None if batch is None else batch * sum(matrices)


def _bilinear(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return windows(specs[2], (1, 2), output)


def _unknown(specs: Specs, output: TensorSpec, args: Any, kwargs: Any) -> int | None:
    return None


_ROWS: dict[str, Rule] = {
    **dict.fromkeys(["linear", "matmul", "mm", "bmm", "mv", "dot", "vdot", "inner", "vecdot"], _product),
    **dict.fromkeys(["grouped_mm", "scaled_mm", "int_mm", "weight_int8pack_mm"], _product),
    **dict.fromkeys(["addmm", "baddbmm", "addmv", "sspaddmm"], _product_and_sum),
    "rmatmul": _reflected,
    "addbmm": _summed_over_batch,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution"), _convolution),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _transposed),
    "conv_tbc": _time_first,
    "einsum": _einsum,
    "tensordot": _tensordot,
    "scaled_dot_product_attention": _attention,
    "multi_head_attention_forward": _multi_head_attention,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(("lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"), _cell),
    "bilinear": _bilinear,
    **dict.fromkeys(("chain_matmul", "multi_dot", "matrix_power", "matrix_exp", "flex_attention"), _unknown),
}


def macs_for(native: str, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> int | None:
    """The multiply-accumulates of one call: 0 for a function that sums no products, `None` where unknown."""
    rule = _ROWS.get(native.strip("_"))
    if rule is None:
        return 0
    specs = [_spec(tensor) for tensor in tensors_in((args, kwargs))]
    try:
        return rule(specs, _spec(tensors_in(outputs)[0]), args, kwargs)
    except (IndexError, TypeError):  # called in a way that the row does not know
        return None


def _spec(tensor: Any) -> TensorSpec:
    return TensorSpec((None,) * tensor.dim() if tensor.is_nested else tuple(tensor.shape))
