"""Multiply-accumulates of Keras's operations: a row per class that sums products, by its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from introspect.values import TensorSpec

from ..products import attention, contraction, einsum, product, windows

Specs = Sequence[TensorSpec]


def _dot(operation: Any, specs: Specs, output: TensorSpec) -> int | None:
    """`Dot` of a number is a multiplication."""
    return product(specs[0], output) if all(spec.shape for spec in specs[:2]) else 0


def _convolution(operation: Any, specs: Specs, output: TensorSpec) -> int | None:
    """The kernel is (window, in, out)."""
    return windows(specs[1], range(len(specs[1].shape) - 1), output)


def _transposed(operation: Any, specs: Specs, output: TensorSpec) -> int | None:
    """The kernel is (window, out, in)."""
    return windows(specs[1], range(len(specs[1].shape) - 1), specs[0])


def _depthwise(operation: Any, specs: Specs, output: TensorSpec) -> int | None:
    """The kernel is (window, in, multiplier)."""
    return windows(specs[1], range(len(specs[1].shape) - 2), output)


def _separable(operation: Any, specs: Specs, output: TensorSpec) -> int | None:
    """A depthwise kernel, and a pointwise one of (1, in × multiplier, out)."""
    depthwise, pointwise = specs[1:3]
    mixed = windows(pointwise, (-2,), output)
    if mixed is None or depthwise.size is None or output.size is None or not pointwise.shape[-1]:
        return None
    return mixed + output.size // pointwise.shape[-1] * depthwise.size


_ROWS: dict[str, Callable[[Any, Specs, TensorSpec], int | None]] = {
    **dict.fromkeys(("Matmul", "Inner"), lambda _, specs, output: product(specs[0], output)),
    **dict.fromkeys(("Dot", "Vdot"), _dot),
    "Tensordot": lambda _, specs, output: contraction(specs[0], specs[1], output),
    "Einsum": lambda operation, specs, output: einsum(operation.subscripts, specs, output),
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "DepthwiseConv": _depthwise,
    "SeparableConv": _separable,
    # (batch, time, heads, size)
    "DotProductAttention": lambda _, specs, output: attention(*specs[:3], time=1),
}


def macs_for(operation: Any, specs: Callable[[], tuple[Specs, Specs]]) -> int | None:
    """The multiply-accumulates of one operation: 0 where it sums no products, `None` where unknown. `specs` gives what
    goes in and what comes out."""
    rule = _ROWS.get(type(operation).__name__)
    if rule is None:
        return 0
    inputs, outputs = specs()
    try:
        return rule(operation, inputs, outputs[0])
    except (IndexError, TypeError):  # called in a way that the row does not know
        return None
