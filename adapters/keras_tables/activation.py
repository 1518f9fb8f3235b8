"""Activation layers."""

from __future__ import annotations

from typing import Any

from ..rows import Row, Tensor
from .shared import Read, axes, fixed, function, function_word, stored

# What a function of Keras does where nothing is said.
_SLOPES = {"leaky_relu": 0.2, "elu": 1.0, "celu": 1.0, "relu": None}


def activation(word: str, **settings: Any) -> Row:
    """A layer of one function."""
    return Row("activation", {"function": fixed(word), **settings})


def _argument(layer: Any, *names: str) -> Any:
    """What a `functools.partial` gives to the function."""
    given = getattr(layer.activation, "keywords", {})
    return next((given[name] for name in names if name in given), None)


def _slope(layer: Any) -> Any:
    said = _argument(layer, "negative_slope", "alpha")
    return _SLOPES.get(function_word(layer.activation)) if said is None else said


def rectifier_word(slope: str = "negative_slope") -> Read:
    """ReLU is a family: with a bound of 6 it is `relu6`, with a slope `leaky_relu`."""

    def read(layer: Any) -> str:
        bound, leak, threshold = layer.max_value, getattr(layer, slope), layer.threshold
        if bound == 6 and not leak and not threshold:
            return "relu6"
        return "leaky_relu" if leak and bound is None and not threshold else "relu"

    return None, read


def _prelu_axes(layer: Any) -> str:
    """The last axis holds the channels; an axis that shares its slope has size 1."""
    shape, shared = stored(layer, "alpha") or (), layer.shared_axes or ()
    own = [axis for axis in range(1, len(shape)) if axis not in shared]  # the last one apart
    positions = {axis: "position" if len(own) == 1 else f"position_{i + 1}" for i, axis in enumerate(own)}
    last = ["1" if len(shape) in shared else "channel"] if shape else []
    return " ".join([positions.get(axis, "1") for axis in range(1, len(shape))] + last)


def _prelu_features(layer: Any) -> int | None:
    shape = stored(layer, "alpha")
    return shape[-1] if shape else None


ROWS: dict[str, Row] = {
    "Activation": Row(
        "activation",
        {
            "function": function(),
            "approximate": (None, lambda layer: "tanh" if _argument(layer, "approximate") else None),
            "slope": (None, _slope),
        },
    ),
    "ReLU": Row(
        "activation",
        {
            "function": rectifier_word(),
            "bound": "max_value",
            "slope": "negative_slope",
            "threshold": "threshold",
        },
    ),
    "LeakyReLU": activation("leaky_relu", slope="negative_slope"),
    "ELU": activation("elu", slope="alpha"),
    "Softmax": Row("softmax", {"axis": axes()}),
    "PReLU": Row(
        "prelu",
        {"in_features": (None, _prelu_features)},
        {"alpha": Tensor("slope", _prelu_axes)},
    ),
}
