"""Functions without weights by their words, as TensorFlow computes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from .. import changing

_PLAIN: dict[str, Callable[[Any], Any]] = {
    "relu": tf.nn.relu, "relu6": tf.nn.relu6, "gelu": lambda x: tf.nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: tf.nn.gelu(x, approximate=True), "sigmoid": tf.sigmoid, "tanh": tf.tanh,
    "silu": tf.nn.silu, "selu": tf.nn.selu, "softplus": tf.nn.softplus, "softsign": tf.nn.softsign,
    "log_sigmoid": tf.math.log_sigmoid, "hard_sigmoid": lambda x: tf.nn.relu6(x + 3) / 6,
    "hard_silu": lambda x: x * tf.nn.relu6(x + 3) / 6,
    "exp": tf.exp, "log": tf.math.log, "sqrt": tf.sqrt, "rsqrt": tf.math.rsqrt, "square": tf.square,
    "absolute": tf.abs, "negate": tf.negative, "dropout": lambda x: x,
}  # fmt: skip


def function_of(word: str, settings: Mapping[str, Any]) -> Callable[[Any], Any] | None:
    """What a function computes, `None` where that is not known."""
    return changing.function_of(word, settings, _PLAIN, _SET)


def _axis(axis: Any) -> int:
    return -1 if axis == "channel" else axis


def _slope(x: Any, negative: Any) -> Any:
    return tf.where(x > 0, x, negative)


def _clip(s: Mapping[str, Any]) -> Callable[[Any], Any]:
    lower, upper = s.get("lower"), s.get("upper")
    return lambda x: tf.clip_by_value(
        x, x.dtype.min if lower is None else lower, x.dtype.max if upper is None else upper
    )


_SET: dict[str, Callable[[Mapping[str, Any]], Callable[[Any], Any]]] = {
    "leaky_relu": lambda s: lambda x, slope=s["slope"]: _slope(x, slope * x),
    "elu": lambda s: lambda x, slope=s["slope"]: _slope(x, slope * tf.math.expm1(x)),
    "celu": lambda s: lambda x, slope=s["slope"]: _slope(x, slope * tf.math.expm1(x / slope)),
    "softmax": lambda s: lambda x, axis=s["axis"]: tf.nn.softmax(x, _axis(axis)),
    "log_softmax": lambda s: lambda x, axis=s["axis"]: tf.nn.log_softmax(x, _axis(axis)),
    "rescaling": lambda s: lambda x: x * s["scale"] + (s.get("shift") or 0),
    "add": lambda s: lambda x, n=float(s["operand"]): x + n,
    "multiply": lambda s: lambda x, n=float(s["operand"]): x * n,
    "clip": _clip,
}
