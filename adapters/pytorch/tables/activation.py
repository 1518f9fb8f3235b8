"""Activation layers: functions of each element, and along an axis."""

from __future__ import annotations

from typing import Any

from ...plain import setting
from ...rows import Row, Tensor
from .common import axes, fixed

# Functions of torch that a layer holds → our words.
FUNCTIONS = {
    **{name: name for name in ("relu", "relu6", "gelu", "silu", "mish", "sigmoid", "tanh", "softplus", "softsign")},
    **{name: name for name in ("elu", "selu", "celu", "leaky_relu", "softmax", "log_softmax")},
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_silu",
    "hardtanh": "hard_tanh",
    "hardshrink": "hard_shrink",
    "softshrink": "soft_shrink",
    "tanhshrink": "tanh_shrink",
    "logsigmoid": "log_sigmoid",
    "log_sigmoid": "log_sigmoid",
}


def activation(function: str, **settings: Any) -> Row:
    """A layer of one function."""
    return Row("activation", {"function": fixed(function), **settings})


def approximation(module: Any) -> str | None:
    """'none' is none."""
    return None if module.approximate == "none" else module.approximate


ROWS: dict[str, Row] = {
    **{name: activation(name.lower()) for name in ("ReLU", "SiLU", "Mish", "Sigmoid", "Tanh", "Softsign", "SELU")},
    "ReLU6": activation("relu6"),
    "GELU": activation("gelu", approximate=("approximate", approximation)),
    "ELU": activation("elu", slope="alpha"),
    "CELU": activation("celu", slope="alpha"),
    "LeakyReLU": activation("leaky_relu", slope="negative_slope"),
    "RReLU": Row("rrelu", {"slope": (None, lambda m: (m.lower, m.upper))}),
    "PReLU": Row("prelu", {"in_features": "num_parameters"}, {"weight": Tensor("slope", "channel")}),
    "Softplus": activation("softplus", beta="beta", threshold="threshold"),
    "LogSigmoid": activation("log_sigmoid"),
    "Hardswish": activation("hard_silu"),
    "Hardsigmoid": activation("hard_sigmoid"),
    "Hardtanh": activation("hard_tanh", lower_bound="min_val", bound="max_val"),
    "Hardshrink": activation("hard_shrink", threshold="lambd"),
    "Softshrink": activation("soft_shrink", threshold="lambd"),
    "Tanhshrink": activation("tanh_shrink"),
    "Threshold": activation("threshold", threshold="threshold", value="value"),
    "GLU": Row("glu", {"axis": axes()}),
    "Softmax": Row("softmax", {"axis": axes()}),
    "Softmin": Row("softmin", {"axis": axes()}),
    "LogSoftmax": Row("log_softmax", {"axis": axes()}),
    "Softmax2d": Row("softmax", {"axis": fixed((-3,))}),
}


def function_word(value: Any) -> Any:
    """The word for an activation that a module holds: a function of torch, or a module of a class in our tables."""
    cls = type(value)
    if cls.__module__.startswith("torch.nn.") and cls.__name__ in ROWS:
        how = ROWS[cls.__name__].settings.get("function")
        return ROWS[cls.__name__].kind if how is None else how[1](value)
    name, home = getattr(value, "__name__", ""), getattr(value, "__module__", None) or "torch"
    if home.partition(".")[0] == "torch" and name in FUNCTIONS:
        return FUNCTIONS[name]
    return value if isinstance(value, str) else setting(value)
