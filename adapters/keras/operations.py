"""The words for Keras's operations: a row per class of `keras.ops`, by its name."""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any

# word → the operation classes it stands for.
_WORDS: dict[str, str] = {
    "add": "Add",
    "subtract": "Subtract",
    "multiply": "Multiply",
    "divide": "Divide TrueDivide DivideNoNan",
    "floor_divide": "FloorDivide",
    "power": "Power",
    "negate": "Negative",
    "absolute": "Absolute Abs",
    "exp": "Exp",
    "log": "Log",
    "log1p": "Log1p",
    "sqrt": "Sqrt",
    "rsqrt": "Rsqrt",
    "square": "Square",
    "sin": "Sin",
    "cos": "Cos",
    "erf": "Erf",
    "matmul": "Matmul Dot Tensordot",
    "einsum": "Einsum",
    "convolution": "Conv ConvTranspose DepthwiseConv SeparableConv",
    "attention": "DotProductAttention",
    "normalize": "BatchNorm LayerNorm RMSNorm Normalize",
    "relu": "Relu",
    "gelu": "Gelu",
    "silu": "Silu",
    "sigmoid": "Sigmoid",
    "log_sigmoid": "LogSigmoid",
    "selu": "Selu",
    "celu": "Celu",
    "mish": "Mish",
    "softsign": "SoftSign",
    "glu": "Glu",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "elu": "Elu",
    "leaky_relu": "LeakyRelu",
    "hard_sigmoid": "HardSigmoid",
    "hard_silu": "HardSilu",
    "clip": "Clip Relu6",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "concat": "Concatenate",
    "stack": "Stack",
    "split": "Split Unstack",
    "slice": "GetItem Slice",
    "gather": "Take TakeAlongAxis",
    "reshape": "Reshape",
    "flatten": "Ravel",
    "transpose": "Transpose Swapaxes Moveaxis",
    "squeeze": "Squeeze",
    "expand": "ExpandDims BroadcastTo",
    "repeat": "Repeat Tile",
    "pad": "Pad",
    "roll": "Roll",
    "flip": "Flip",
    "sum": "Sum",
    "mean": "Mean",
    "variance": "Var Moments",
    "deviation": "Std",
    "maximum": "Max Maximum Amax",
    "minimum": "Min Minimum Amin",
    "argmax": "Argmax",
    "cumulative_sum": "Cumsum",
    "norm": "Norm",
    "max_pool": "MaxPool",
    "average_pool": "AveragePool",
    "interpolate": "Resize",
    "compare": "Equal NotEqual Less LessEqual Greater GreaterEqual",
    "logical": "LogicalAnd LogicalOr LogicalNot All Any",
    "where": "Where",
    "triangle": "Tril Triu",
    "cast": "Cast",
    "copy": "ConvertToTensor StopGradient Copy",
    "assign": "SliceUpdate ScatterUpdate",
}
_WORD_OF = {name: word for word, names in _WORDS.items() for name in names.split()}
_IGNORED = frozenset({"name", "dtype", "self"})


def word_for(operation: Any) -> tuple[str, str]:
    """The word of our vocabulary and the native name of an operation; `unknown` where the table has no row."""
    name = type(operation).__name__
    return _WORD_OF.get(name, "unknown"), name


def settings_for(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], spec_of: Any) -> dict[str, Any]:
    """What an operation was made with (`axis`, `keepdims`, ...) and the arguments of its call that are no tensors."""
    made_with, called = _names(type(operation))
    settings = {name: getattr(operation, name) for name in made_with if hasattr(operation, name)}
    if type(operation).__name__ == "DotProductAttention":
        settings["heads_axis"] = 2  # (batch, time, heads, size)
    for place, value in enumerate(args):
        if not _holds_tensor(value, spec_of):
            settings[called[place] if place < len(called) else f"argument_{place}"] = value
    return settings | {name: value for name, value in kwargs.items() if not _holds_tensor(value, spec_of)}


@lru_cache(1024)
def _names(cls: type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What an operation is made with, and what it is called with."""
    made_with = inspect.signature(cls.__init__).parameters
    called = tuple(inspect.signature(cls.call).parameters)[1:]  # type: ignore[attr-defined]
    return tuple(name for name in made_with if name not in _IGNORED), called


def _holds_tensor(value: Any, spec_of: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(_holds_tensor(v, spec_of) for v in value)
    return spec_of(value) is not None
