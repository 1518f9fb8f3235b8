"""Functions without weights by their words, as Keras computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import ops

from .. import changing

_PLAIN: dict[str, Callable[[Any], Any]] = {
    "relu": ops.relu, "relu6": ops.relu6, "gelu": lambda x: ops.gelu(x, approximate=False),
    "gelu_tanh": lambda x: ops.gelu(x, approximate=True), "sigmoid": ops.sigmoid, "tanh": ops.tanh, "silu": ops.silu,
    "hard_silu": ops.hard_silu, "hard_sigmoid": ops.hard_sigmoid, "selu": ops.selu, "softplus": ops.softplus,
    "softsign": ops.softsign, "log_sigmoid": ops.log_sigmoid,
    "exp": ops.exp, "log": ops.log, "sqrt": ops.sqrt, "rsqrt": ops.rsqrt, "square": ops.square,
    "absolute": ops.absolute, "negate": ops.negative, "dropout": lambda x: x,
}  # fmt: skip


def function_of(word: str, settings: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    """What a function computes, `None` where that is not known."""
    return changing.function_of(word, settings, _PLAIN, _SET)


def _axis(axis: Any) -> int:
    return -1 if axis == "channel" else axis


_SET: dict[str, Callable[[Mapping[str, Any]], Callable[[Any], Any]]] = {
    "leaky_relu": lambda s: lambda x, slope=s["slope"]: ops.leaky_relu(x, slope),
    "elu": lambda s: lambda x, slope=s["slope"]: ops.elu(x, slope),
    "celu": lambda s: lambda x, slope=s["slope"]: ops.celu(x, slope),
    "softmax": lambda s: lambda x, axis=s["axis"]: ops.softmax(x, _axis(axis)),
    "log_softmax": lambda s: lambda x, axis=s["axis"]: ops.log_softmax(x, _axis(axis)),
    "rescaling": lambda s: lambda x: x * s["scale"] + (s.get("shift") or 0),
    "add": lambda s: lambda x, n=float(s["operand"]): x + n,
    "multiply": lambda s: lambda x, n=float(s["operand"]): x * n,
    "clip": lambda s: lambda x: ops.clip(x, s.get("lower"), s.get("upper")),
}
