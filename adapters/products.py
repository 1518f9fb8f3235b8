"""Multiply-accumulates of tensor functions, from the shapes of what goes in and what comes out.

Only sums of products count: matrix products, convolutions, attention, recurrences. `None` where a shape is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from introspect.values import TensorSpec


def product(first: TensorSpec, output: TensorSpec, axis: int = -1) -> int | None:
    """A matrix product: every output element sums over `axis` of the first operand."""
    if output.size is None or not first.shape or first.shape[axis] is None:
        return None
    return output.size * first.shape[axis]  # type: ignore[operator]


def contraction(a: TensorSpec, b: TensorSpec, output: TensorSpec) -> int | None:
    """A product over any axes without a batch (`tensordot`): |a| · |b| = |output| · k², where k is what is summed."""
    if a.size is None or b.size is None or output.size is None:
        return None
    return output.size * math.isqrt(a.size * b.size // output.size) if output.size else 0


def windows(kernel: TensorSpec, per_position: Sequence[int], positions: TensorSpec) -> int | None:
    """A convolution: each element of `positions` meets those axes of the kernel."""
    sizes = [kernel.shape[axis] for axis in per_position]
    if positions.size is None or None in sizes:
        return None
    return positions.size * math.prod(sizes)  # type: ignore[arg-type]


def attention(query: TensorSpec, key: TensorSpec, value: TensorSpec, time: int = -2) -> int | None:
    """Scaled dot-product attention: scores of every query with every key, and the weighted sum of the values."""
    sizes = (query.size, query.shape[-1], key.shape[time], key.shape[-1], value.shape[-1])
    if None in sizes or not query.shape[-1]:
        return None
    return query.size // query.shape[-1] * key.shape[time] * (key.shape[-1] + value.shape[-1])  # type: ignore[operator]


def einsum(equation: str, operands: Sequence[TensorSpec], output: TensorSpec) -> int | None:
    """Of one or two operands: what they share and the output lacks is summed, for every output element. Letters of one
    operand alone are summed beforehand, and a sum over a size of 1 is none. `None` for more: their order is open."""
    inputs, arrow, kept = re.sub(r"\s", "", equation).partition("->")
    terms = inputs.split(",")
    if len(terms) != len(operands) or len(operands) > 2 or output.size is None:
        return None
    sizes: dict[str, int | None] = {}
    for term, operand in zip(terms, operands, strict=True):
        before, _, after = term.partition("...")
        sizes |= zip(before, operand.shape, strict=False)
        sizes |= zip(reversed(after), reversed(operand.shape), strict=False)
    if not arrow:
        kept = "".join(letter for letter in sizes if inputs.count(letter) == 1)
    summed = [sizes[c] for c in (set(terms[0]) & set(terms[-1])) - {".", *kept} if sizes[c] != 1]
    if len(operands) == 1 or not summed:
        return 0
    return None if None in summed else output.size * math.prod(summed)  # type: ignore[arg-type]
