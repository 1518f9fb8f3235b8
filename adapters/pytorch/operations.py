"""The words for torch's functions: a row per function, by its name."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# word → the functions it stands for (by `__name__`, without the underscores of in-place and dunder forms).
_WORDS: dict[str, str] = {
    "add": "add radd iadd",
    "subtract": "sub rsub isub subtract",
    "multiply": "mul rmul imul multiply",
    "divide": "div truediv rtruediv itruediv rdiv divide true_divide",
    "floor_divide": "floordiv floor_divide rfloordiv",
    "power": "pow rpow float_power",
    "negate": "neg negative",
    "absolute": "abs absolute",
    "exp": "exp",
    "log": "log",
    "log1p": "log1p",
    "sqrt": "sqrt",
    "rsqrt": "rsqrt",
    "square": "square",
    "sin": "sin",
    "cos": "cos",
    "erf": "erf",
    "matmul": "matmul rmatmul bmm mm baddbmm addmm mv dot",
    "einsum": "einsum",
    "linear": "linear",
    "convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    "attention": "scaled_dot_product_attention multi_head_attention_forward",
    "normalize": "layer_norm batch_norm group_norm instance_norm rms_norm normalize",
    "relu": "relu",
    "gelu": "gelu",
    "silu": "silu",
    "sigmoid": "sigmoid",
    "log_sigmoid": "logsigmoid",
    "selu": "selu",
    "celu": "celu",
    "mish": "mish",
    "softsign": "softsign",
    "glu": "glu",
    "tanh": "tanh",
    "softplus": "softplus",
    "elu": "elu",
    "leaky_relu": "leaky_relu",
    "hard_sigmoid": "hardsigmoid",
    "hard_silu": "hardswish",
    "clip": "clamp clip relu6 hardtanh",
    "softmax": "softmax",
    "log_softmax": "log_softmax",
    "dropout": "dropout dropout2d alpha_dropout",
    "concat": "cat concat concatenate",
    "stack": "stack",
    "split": "split chunk unbind tensor_split unsafe_split unsafe_chunk",
    "slice": "getitem narrow select",
    "gather": "gather index_select take take_along_dim",
    "reshape": "reshape view unflatten view_as reshape_as",
    "flatten": "flatten",
    "transpose": "transpose permute swapaxes movedim moveaxis t T mT adjoint",
    "squeeze": "squeeze",
    "expand": "unsqueeze expand expand_as broadcast_to",
    "repeat": "repeat repeat_interleave tile",
    "pad": "pad",
    "roll": "roll",
    "flip": "flip",
    "sum": "sum",
    "mean": "mean",
    "variance": "var",
    "deviation": "std",
    "maximum": "max amax maximum",
    "minimum": "min amin minimum",
    "argmax": "argmax",
    "cumulative_sum": "cumsum",
    "norm": "norm vector_norm",
    "max_pool": "max_pool1d max_pool2d max_pool3d boolean_dispatch",
    "average_pool": "avg_pool1d avg_pool2d avg_pool3d",
    "adaptive_pool": "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d",
    "interpolate": "interpolate upsample",
    "embedding": "embedding",
    "compare": "eq ne lt le gt ge",
    "logical": "all any logical_and logical_or logical_not and or invert bitwise_not bitwise_and",
    "where": "where",
    "mask": "masked_fill masked_scatter",
    "triangle": "tril triu",
    "cast": "to type type_as float half double long int bool bfloat16",
    "copy": "clone contiguous detach",
    "assign": "copy setitem fill zero index_copy scatter index_fill index_put",
}
_WORD_OF = {name: word for word, names in _WORDS.items() for name in names.split()}

# What the arguments are called in our words, where that differs; positional ones by their place.
_AXIS = {"dim": "axis", "dims": "axis"}
_POSITIONAL: dict[str, tuple[str, ...]] = {
    "concat": ("tensors", "axis"),
    "stack": ("tensors", "axis"),
    "softmax": ("input", "axis"),
    "log_softmax": ("input", "axis"),
    **dict.fromkeys(
        ("sum", "mean", "variance", "deviation", "maximum", "minimum", "argmax", "cumulative_sum"), ("input", "axis")
    ),
    "flatten": ("input", "start_axis", "end_axis"),
    "squeeze": ("input", "axis"),
    "split": ("input", "sizes", "axis"),
    "embedding": ("input", "table"),
    "getitem": ("input", "key"),
    "max_pool": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "average_pool": ("input", "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"),
    "interpolate": ("input", "size", "scale_factor", "mode", "align_corners"),
    "pad": ("input", "pad", "mode", "value"),
    "flip": ("input", "axis"),
    "chunk": ("input", "parts", "axis"),
    **dict.fromkeys(("add", "subtract", "multiply", "divide", "power", "compare", "matmul"), ("input", "other")),
}
# What is meant where nothing is said, and other frameworks mean otherwise.
_DEFAULTS: dict[str, dict[str, Any]] = {"average_pool": {"count_include_pad": True}}


@lru_cache(4096)
def word_for(function: Any) -> tuple[str, str]:
    """The word of our vocabulary and the native name of a function; `unknown` where the table has no row."""
    name = getattr(function, "__name__", "") or type(function).__name__
    if "." in name:  # an operator of an exported program: conv2d.default
        name = name.partition(".")[0]
    if name == "__get__":  # a property of a tensor, such as x.T
        name = getattr(getattr(function, "__self__", None), "__name__", name)
    return _WORD_OF.get(name.strip("_"), "unknown"), name


def settings_for(
    word: str, native: str, args: tuple[Any, ...], kwargs: dict[str, Any], is_tensor: Any
) -> dict[str, Any]:
    """Every argument that holds no tensor, by its name in our words, or by its place."""
    names = _POSITIONAL.get(native.strip("_")) or _POSITIONAL.get(word, ())
    settings = dict(_DEFAULTS.get(word, ()))
    if word == "flip" and len(args) > 2:  # x.flip(1, 2)
        args = args[0], args[1:]
    for place, value in enumerate(args):
        if not _holds_tensor(value, is_tensor):
            settings[names[place] if place < len(names) else f"argument_{place}"] = value
    for name, value in kwargs.items():
        if not _holds_tensor(value, is_tensor):
            settings[_AXIS.get(name, name)] = value
    return settings


def _holds_tensor(value: Any, is_tensor: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(_holds_tensor(v, is_tensor) for v in value)
    return is_tensor(value)
