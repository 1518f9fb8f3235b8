"""Functions without weights by their words, as torch computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.nn import functional

from .. import changing

_PLAIN: dict[str, Callable[[Any], Any]] = {
    "relu": torch.relu, "relu6": functional.relu6, "gelu": functional.gelu,
    "gelu_tanh": lambda x: functional.gelu(x, approximate="tanh"), "sigmoid": torch.sigmoid, "tanh": torch.tanh,
    "silu": functional.silu, "hard_silu": functional.hardswish, "hard_sigmoid": functional.hardsigmoid,
    "selu": functional.selu, "mish": functional.mish, "softsign": functional.softsign,
    "log_sigmoid": functional.logsigmoid, "exp": torch.exp, "log": torch.log, "sqrt": torch.sqrt,
    "rsqrt": torch.rsqrt, "square": torch.square, "absolute": torch.abs, "negate": torch.neg,
    "dropout": lambda x: x,
}  # fmt: skip


def function_of(word: str, settings: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    """What a function computes, `None` where that is not known."""
    return changing.function_of(word, settings, _PLAIN, _SET)


def _axis(x: Any, axis: Any) -> int:
    """Channels come first where there is a map behind them."""
    return (1 if x.ndim > 3 else -1) if axis == "channel" else axis


def _pad(settings: Mapping[str, Any]) -> Callable[[Any], Any]:
    around = tuple(n for pair in reversed(settings["padding"]) for n in pair)
    value = settings.get("pad_value") or 0
    return lambda x: functional.pad(x, around, value=value)


def _clip(settings: Mapping[str, Any]) -> Callable[[Any], Any]:
    lower, upper = settings.get("lower"), settings.get("upper")
    return lambda x: torch.clamp(x, lower, upper)


def _upsample(settings: Mapping[str, Any]) -> Callable[[Any], Any]:
    mode = {"nearest": "nearest", "bilinear": "bilinear", "trilinear": "trilinear", "linear": "linear"}[
        settings["interpolation"]
    ]
    corners = bool(settings.get("align_corners")) if mode != "nearest" else None
    return lambda x: functional.interpolate(x, tuple(settings["size"]), mode=mode, align_corners=corners)


_SET: dict[str, Callable[[Mapping[str, Any]], Callable[[Any], Any]]] = {
    "leaky_relu": lambda s: lambda x, slope=s["slope"]: functional.leaky_relu(x, slope),
    "elu": lambda s: lambda x, slope=s["slope"]: functional.elu(x, slope),
    "celu": lambda s: lambda x, slope=s["slope"]: functional.celu(x, slope),
    "softplus": lambda s: lambda x: functional.softplus(x, s.get("beta") or 1.0),
    "softmax": lambda s: lambda x, axis=s["axis"]: torch.softmax(x, _axis(x, axis)),
    "log_softmax": lambda s: lambda x, axis=s["axis"]: torch.log_softmax(x, _axis(x, axis)),
    "rescaling": lambda s: lambda x: x * s["scale"] + (s.get("shift") or 0),
    "add": lambda s: lambda x, n=float(s["operand"]): x + n,
    "multiply": lambda s: lambda x, n=float(s["operand"]): x * n,
    "clip": _clip,
    "upsample": _upsample,
    "pad": _pad,
}
