"""Layers of torch's own that answer at once: of all that calling them does, only the shape rule of the one function is
left that their `forward` calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from .rules import RULES

Leaf = Callable[[Any, torch.Tensor], "torch.Tensor | None"]
# What these layers call: somebody may have put other functions there.
_CALLED = {
    name: getattr(functional, name)
    for name in (
        *("conv1d", "conv2d", "conv3d", "linear", "batch_norm", "layer_norm", "dropout", "gelu", "softmax"),
        *("relu", "relu6", "silu", "mish", "hardswish", "hardsigmoid", "selu"),
        *("max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"),
    )
}
_METHODS = frozenset({"forward", "_conv_forward", "_check_input_dim"})


def leaf_of(module: nn.Module, training: bool) -> Leaf | None:
    """How a layer answers to one tensor; `None` where its own code is to run, which may be anybody's. (What such an
    answer is `None` to runs too, and raises what it has to raise.)"""
    cls = type(module)
    leaf = _LEAVES.get(cls)
    if leaf is None or (training and cls in _ELSE_IN_TRAINING):
        return None
    own = cls.forward.__module__ == cls.__module__ and vars(module).keys().isdisjoint(_METHODS)
    return leaf if own else None


def are_torchs_own() -> bool:
    """Whether the functions that these layers call are those that the rules are of."""
    return all(getattr(functional, name) is function for name, function in _CALLED.items())


def _convolution(rank: int) -> Leaf:
    rule = RULES[(torch.conv1d, torch.conv2d, torch.conv3d)[rank - 1]]

    def leaf(module: Any, x: torch.Tensor) -> torch.Tensor | None:
        if module.padding_mode != "zeros":
            return None
        held = module._parameters
        return rule(x, held["weight"], held["bias"], module.stride, module.padding, module.dilation, module.groups)

    return leaf


def _batch_norm(*ranks: int) -> Leaf:
    rule = RULES[functional.batch_norm]

    def leaf(module: Any, x: torch.Tensor) -> torch.Tensor | None:
        if x.dim() not in ranks:
            return None
        held, kept = module._parameters, module._buffers
        return rule(x, kept["running_mean"], kept["running_var"], held["weight"], held["bias"], eps=module.eps)

    return leaf


def _linear(module: Any, x: torch.Tensor) -> torch.Tensor | None:
    return RULES[functional.linear](x, module._parameters["weight"], module._parameters["bias"])


def _layer_norm(module: Any, x: torch.Tensor) -> torch.Tensor | None:
    held = module._parameters
    return RULES[functional.layer_norm](x, module.normalized_shape, held["weight"], held["bias"])


def _max_pool(module: Any, x: torch.Tensor) -> torch.Tensor | None:
    if module.return_indices:
        return None
    window = (module.kernel_size, module.stride, module.padding, module.dilation)
    return RULES[torch.max_pool2d](x, *window, module.ceil_mode)


def _activation(function: Any) -> Leaf:
    rule = RULES[function]
    return lambda module, x: rule(x, inplace=module.inplace)


def _function(function: Any, *settings: str) -> Leaf:
    rule = RULES[function]
    return lambda module, x: rule(x, *[getattr(module, name) for name in settings])


_LEAVES: dict[type, Leaf] = {
    **{cls: _convolution(rank) for rank, cls in enumerate((nn.Conv1d, nn.Conv2d, nn.Conv3d), 1)},
    nn.BatchNorm1d: _batch_norm(2, 3),
    nn.BatchNorm2d: _batch_norm(4),
    nn.BatchNorm3d: _batch_norm(5),
    nn.Linear: _linear,
    nn.LayerNorm: _layer_norm,
    nn.ReLU: _activation(functional.relu),
    nn.ReLU6: _activation(functional.relu6),
    nn.SiLU: _activation(functional.silu),
    nn.Mish: _activation(functional.mish),
    nn.Hardswish: _activation(functional.hardswish),
    nn.Hardsigmoid: _activation(functional.hardsigmoid),
    nn.SELU: _activation(functional.selu),
    nn.Sigmoid: _function(torch.sigmoid),
    nn.Tanh: _function(torch.tanh),
    nn.GELU: _function(functional.gelu, "approximate"),
    nn.Softmax: _function(functional.softmax, "dim"),
    nn.MaxPool2d: _max_pool,
    nn.AvgPool2d: _function(
        *(functional.avg_pool2d, "kernel_size", "stride", "padding"),
        *("ceil_mode", "count_include_pad", "divisor_override"),
    ),
    nn.AdaptiveAvgPool2d: _function(functional.adaptive_avg_pool2d, "output_size"),
    nn.Dropout: lambda module, x: RULES[functional.dropout](x, module.p, False),
    nn.Identity: lambda module, x: x,
}
_ELSE_IN_TRAINING = frozenset({nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.Dropout})
