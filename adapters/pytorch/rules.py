"""Shape rules: what the commonest functions of inference give, in closed form, where that is beyond doubt.

A rule answers with a new meta tensor, with its input (a function that changes nothing, or works in place), or with
`None`: then the function itself runs on meta tensors, and raises what it has to raise. So a rule never says that
something is wrong. The arguments are read for their shapes and dtypes only: weights may be real ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

Rule = Callable[..., "torch.Tensor | None"]
_META = torch.device("meta")
_FLOATS = frozenset({torch.float32, torch.float64, torch.float16, torch.bfloat16})


def _new(shape: Any, like: torch.Tensor) -> torch.Tensor:
    return torch.empty(shape, dtype=like.dtype, device=_META)


def _is_plain(tensor: Any) -> bool:
    """A dense floating activation of the pass, laid out in the order of its axes."""
    return isinstance(tensor, torch.Tensor) and tensor.is_meta and tensor.dtype in _FLOATS and tensor.is_contiguous()


def _same(input: torch.Tensor, *others: torch.Tensor | None) -> bool:
    return all(other is None or (other.dtype is input.dtype and other.is_contiguous()) for other in others)


def _linear(input: Any, weight: Any, bias: Any = None) -> torch.Tensor | None:
    if not _is_plain(input) or weight.dim() != 2 or not _same(input, weight, bias) or input.dim() < 2:
        return None
    out, features = weight.shape
    if input.shape[-1] != features or (bias is not None and bias.shape != (out,)):
        return None
    return _new((*input.shape[:-1], out), input)


def _convolution(rank: int) -> Rule:
    def rule(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
    ) -> torch.Tensor | None:
        if not _is_plain(input) or input.dim() != rank + 2 or weight.dim() != rank + 2:
            return None
        if not _same(input, weight, bias) or type(groups) is not int or groups < 1 or 0 in input.shape:
            return None
        out, channels, *window = weight.shape
        if input.shape[1] != channels * groups or out % groups or (bias is not None and bias.shape != (out,)):
            return None
        steps = _window(rank, stride, padding, dilation)
        if steps is None or not out or 0 in window:
            return None
        sizes = []
        for size, taps, (step, pad, distance) in zip(input.shape[2:], window, steps, strict=True):
            sizes.append((size + 2 * pad - distance * (taps - 1) - 1) // step + 1)
        return _new((input.shape[0], out, *sizes), input) if min(sizes) > 0 else None

    return rule


def _window(rank: int, *settings: Any) -> list[tuple[int, ...]] | None:
    """(stride, padding, dilation) of each axis; `None` for words and for what no convolution takes."""
    each = []
    for setting, least in zip(settings, (1, 0, 1), strict=True):
        values = (setting,) * rank if type(setting) is int else setting
        if type(values) not in (tuple, list) or len(values) != rank:
            return None
        if any(type(value) is not int or value < least for value in values):
            return None
        each.append(values)
    return list(zip(*each, strict=True))


def _max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False
) -> torch.Tensor | None:
    return None if ceil_mode else _pooled(input, kernel_size, stride, padding, dilation)


def _avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> torch.Tensor | None:
    return None if ceil_mode or divisor_override is not None else _pooled(input, kernel_size, stride, padding, 1)


def _pooled(input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> torch.Tensor | None:
    """With whole windows only, at most half of each in the padding."""
    if not _is_plain(input) or input.dim() != 4 or 0 in input.shape:
        return None
    steps = _window(2, kernel_size if stride is None else stride, padding, dilation)
    windows = (kernel_size,) * 2 if type(kernel_size) is int else kernel_size
    if steps is None or _window(2, windows, 0, 1) is None:
        return None
    sizes = []
    for size, taps, (step, pad, distance) in zip(input.shape[2:], windows, steps, strict=True):
        if 2 * pad > taps:
            return None
        sizes.append((size + 2 * pad - distance * (taps - 1) - 1) // step + 1)
    return _new((*input.shape[:2], *sizes), input) if min(sizes) > 0 else None


def _adaptive_avg_pool2d(input: Any, output_size: Any) -> torch.Tensor | None:
    if not _is_plain(input) or input.dim() != 4 or 0 in input.shape or _window(2, output_size, 0, 1) is None:
        return None
    sizes = (output_size,) * 2 if type(output_size) is int else output_size
    return _new((*input.shape[:2], *sizes), input)


def _cat(tensors: Any, dim: Any = 0) -> torch.Tensor | None:
    if type(tensors) not in (tuple, list) or not tensors or type(dim) is not int or not all(map(_is_plain, tensors)):
        return None
    first = tensors[0]
    if not -first.dim() <= dim < first.dim() or 0 in first.shape:
        return None
    dim %= first.dim()
    before, after = first.shape[:dim], first.shape[dim + 1 :]
    for other in tensors:
        if other.dtype is not first.dtype or other.shape[:dim] != before or other.shape[dim + 1 :] != after:
            return None
    return _new((*before, sum(other.shape[dim] for other in tensors), *after), first)


def _batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> torch.Tensor | None:
    if training or running_mean is None or running_var is None or not _is_plain(input) or input.dim() < 2 or eps < 0:
        return None
    vectors = (running_mean, running_var, weight, bias)
    if not _same(input, *vectors) or any(v is not None and v.shape != (input.shape[1],) for v in vectors):
        return None
    return _new(input.shape, input)


def _layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> torch.Tensor | None:
    shape = tuple(normalized_shape)
    if not _is_plain(input) or not shape or tuple(input.shape[-len(shape) :]) != shape:
        return None
    if not _same(input, weight, bias) or any(v is not None and tuple(v.shape) != shape for v in (weight, bias)):
        return None
    return _new(input.shape, input)


def _elementwise(input: Any, inplace: bool = False) -> torch.Tensor | None:
    if not _is_plain(input):
        return None
    return input if inplace else _new(input.shape, input)


def _with_constant(input: Any, *constants: Any, inplace: bool = False) -> torch.Tensor | None:
    """`leaky_relu(input, slope)`, `hardtanh(input, least, greatest)`."""
    if any(type(c) not in (int, float) for c in constants):
        return None
    return _elementwise(input, inplace)


def _gelu(input: Any, approximate: str = "none") -> torch.Tensor | None:
    return _elementwise(input) if approximate in ("none", "tanh") else None


def _dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor | None:
    return input if not training and _is_plain(input) and 0 <= p <= 1 else None


def _softmax(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> torch.Tensor | None:
    if type(dim) is not int or dtype is not None or not _is_plain(input) or not -input.dim() <= dim < input.dim():
        return None
    return _new(input.shape, input)


def _binary(input: Any, other: Any) -> torch.Tensor | None:
    """A float tensor and a number, or two of one dtype, one of which has the shape of the result."""
    if not _is_plain(input):
        input, other = other, input
    if not _is_plain(input):
        return None
    if type(other) in (int, float):
        return _new(input.shape, input)
    if not isinstance(other, torch.Tensor) or other.dtype is not input.dtype or not other.is_contiguous():
        return None
    if other.shape != input.shape:
        if (other.dim(), other.numel()) > (input.dim(), input.numel()):
            input, other = other, input
        if any(a not in (b, 1) for a, b in zip(reversed(other.shape), reversed(input.shape), strict=False)):
            return None
    return _new(input.shape, input)


def _in_place(input: Any, other: Any) -> torch.Tensor | None:
    """`input += other`: what is written to must be an activation of the pass, and keep its shape."""
    if not _is_plain(input):
        return None
    if type(other) in (int, float):
        return input
    if not isinstance(other, torch.Tensor) or other.dtype is not input.dtype or other.shape != input.shape:
        return None
    return input


RULES: dict[Any, Rule] = {
    torch.conv1d: _convolution(1),
    torch.conv2d: _convolution(2),
    torch.conv3d: _convolution(3),
    torch.max_pool2d: _max_pool2d,
    functional.avg_pool2d: _avg_pool2d,
    functional.adaptive_avg_pool2d: _adaptive_avg_pool2d,
    torch.cat: _cat,
    functional.linear: _linear,
    functional.batch_norm: _batch_norm,
    functional.layer_norm: _layer_norm,
    functional.gelu: _gelu,
    functional.dropout: _dropout,
    functional.softmax: _softmax,
    **dict.fromkeys(
        (
            functional.relu,
            functional.relu6,
            functional.silu,
            functional.mish,
            functional.hardswish,
            functional.hardsigmoid,
            functional.selu,
        ),
        _elementwise,
    ),
    **dict.fromkeys((torch.relu, torch.sigmoid, torch.tanh, torch.Tensor.sigmoid, torch.Tensor.tanh), _elementwise),
    **dict.fromkeys((functional.leaky_relu, functional.hardtanh, functional.elu), _with_constant),
    **dict.fromkeys(
        (
            torch.Tensor.__add__,
            torch.Tensor.__radd__,
            torch.Tensor.add,
            torch.add,
            torch.Tensor.__mul__,
            torch.Tensor.__rmul__,
            torch.Tensor.mul,
            torch.mul,
            torch.Tensor.__sub__,
            torch.Tensor.sub,
            torch.sub,
        ),
        _binary,
    ),
    **dict.fromkeys((torch.Tensor.__iadd__, torch.Tensor.add_, torch.Tensor.__imul__, torch.Tensor.mul_), _in_place),
}
