"""One thing, two spellings: the normal forms in which two frameworks agree, each with the reason why it is one thing.

Also what a setting does when it differs: `"count"` (another number of parameters), `"shape"` (another output shape),
`"values"` (other outputs of the same shape), `"training"` (the same outputs, another training).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .values import FrozenDict

Pads = tuple[tuple[int, int], ...]

_WINDOW = {"kernel_size": "count", "strides": "shape", "padding": "shape", "dilation": "shape", "groups": "count"}
_NORM = {"eps": "values", "use_scale": "count", "use_shift": "count", "scale_offset": "values"}
_RECURRENT = {
    "units": "count", "in_features": "count", "use_bias": "count", "activation": "values",
    "recurrent_activation": "values", "go_backwards": "values", "reset_after": "count", "rate": "training",
    "recurrent_rate": "training", "projection": "count",
}  # fmt: skip
_POOL = {"kernel_size": "shape", "strides": "shape", "padding": "shape", "dilation": "shape"}

# word of a hub: its settings that are compared, and what each does
COMPARED: dict[str, dict[str, str]] = {
    "linear": {"units": "count", "in_features": "count", **_WINDOW, "use_bias": "count", "axis": "values"},
    "conv": {"units": "count", "in_features": "count", **_WINDOW, "use_bias": "count", "pad_value": "values"},
    "conv_transpose": {
        "units": "count", "in_features": "count", **_WINDOW, "use_bias": "count", "output_size": "shape",
    },
    "embedding": {"tokens": "count", "units": "count", "max_norm": "values", "mask_zero": "values"},
    "parameter": {"shape": "count"},
    "table": {"tokens": "count", "units": "count"},
    "scale": {"units": "count", "use_shift": "count"},
    "simple_rnn": _RECURRENT,
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "attention": {
        "heads": "values", "kv_heads": "values", "key_dim": "values", "scale": "values", "mask": "values",
        "rate": "training", "window": "values",
    },
    "batch_norm": {
        "in_features": "count", **_NORM, "axis": "values", "use_statistics": "count", "momentum": "training",
    },
    "layer_norm": {"normalized_shape": "count", **_NORM, "axis": "values"},
    "rms_norm": {"normalized_shape": "count", **_NORM, "axis": "values"},
    "group_norm": {"in_features": "count", "groups": "values", **_NORM, "axis": "values"},
    "normalization": {"axis": "values", "mean": "values", "variance": "values", "invert": "values"},
    "prelu": {"shape": "count"},
    "max_pool": {**_POOL, "pad_value": "values"},
    "average_pool": {**_POOL, "count_include_pad": "values", "divisor": "values"},
    "lp_pool": {**_POOL, "power": "values"},
    "concat": {"axis": "values"},
    "matmul": {"transposed": "values"},
}  # fmt: skip

# Functions that give nothing below zero, so that zeros around what they give are never the greatest.
NOT_NEGATIVE = frozenset(
    {"relu", "relu6", "sigmoid", "hard_sigmoid", "softplus", "exp", "square", "absolute", "softmax"}
)
LINEAR = (None, "linear", "identity")

# spelled out -> the word; GELU's approximation by tanh is another function than GELU itself
_ACTIVATION_WORDS = {
    "swish": "silu", "hard_swish": "hard_silu", "hardswish": "hard_silu", "relu_6": "relu6",
    "gelu_approximate": "gelu_tanh", "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_fast": "gelu_tanh", "quick_gelu": "gelu_sigmoid",
}  # fmt: skip


def activation(function: str, settings: Any = None) -> tuple[str, FrozenDict]:
    """The word and the settings of an activation: `("leaky_relu", {"slope": 0.01})`; `settings` has its details."""
    get = (settings or {}).get
    word = function.rpartition(".")[2] if function.partition(".")[0] in _LIBRARIES else function
    word = _ACTIVATION_WORDS.get(word, word)
    if word in ("relu", "relu6", "clip", "hard_tanh") and not get("threshold"):
        bound, slope, lower = get("bound"), get("slope"), get("lower_bound")
        if word == "hard_tanh":
            word, lower, bound = "clip", -1.0 if lower is None else lower, 1.0 if bound is None else bound
        if slope and bound is None:
            return "leaky_relu", FrozenDict(slope=slope)
        if word == "clip":
            word = "relu" if (lower, bound) == (0, None) else word
        if (bound == 6 and word != "clip") or (word == "clip" and (lower, bound) == (0, 6)):
            return "relu6", FrozenDict()
        if word == "clip" or (bound is not None and word == "relu"):
            return "clip", FrozenDict(lower=0.0 if lower is None else float(lower), upper=bound)
        return word, FrozenDict()
    if word == "gelu":
        return ("gelu_tanh" if get("approximate") in ("tanh", True) else "gelu"), FrozenDict()
    if word in ("leaky_relu", "elu", "celu"):
        slope = get("slope")
        return word, FrozenDict(slope=_DEFAULT_SLOPE[word] if slope is None else slope)
    if word == "threshold":
        return word, FrozenDict(threshold=get("threshold"), value=get("value"))
    if word in ("softplus",):
        beta = get("beta")
        return word, FrozenDict(beta=1.0 if beta is None else float(beta))
    return word, FrozenDict()


_DEFAULT_SLOPE = {"leaky_relu": 0.2, "elu": 1.0, "celu": 1.0}  # of keras.activations: torch always says its own
# Functions of these are known by their names; a user's function of the same name may compute anything.
_LIBRARIES = frozenset({"keras", "keras_hub", "tf_keras", "torch", "transformers"})


def meant_padding(
    padding: Any, kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int], size: Any
) -> Any:
    """(before, after) along each axis, or `None` where that depends on an input size that is not known.

    'same' gives ceil(size / stride) positions, the odd one of the padding at the end; 'causal' pads in front only.
    """
    found = []
    for axis, (k, s, d) in enumerate(zip(kernel, strides, dilation, strict=True)):
        reach = (k - 1) * d
        if padding in ("valid", None):
            found.append((0, 0))
        elif padding == "causal":
            found.append((reach, 0))
        elif padding == "same":
            n = size[axis]
            if n is None:
                return None
            total = max((-(-n // s) - 1) * s + reach + 1 - n, 0)
            found.append((total // 2, total - total // 2))
        else:
            p = padding[axis] if isinstance(padding, tuple) else padding
            found.append(p if isinstance(p, tuple) else (p, p))
    return tuple(found)


def effective_padding(
    pads: Pads, kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int], size: Any, out: Any
) -> Pads | None:
    """The padding that windows really reach: what lies behind the last window changes nothing (a negative number:
    so many positions of the input itself are never looked at)."""
    if None in (*size, *out):
        return None
    windows = zip(pads, kernel, strides, dilation, size, out, strict=True)
    return tuple((before, (o - 1) * s + (k - 1) * d + 1 - before - n) for (before, _), k, s, d, n, o in windows)


def effective_cropping(
    pads: Any, kernel: Sequence[int], strides: Sequence[int], dilation: Sequence[int], size: Any, out: Any
) -> Pads | None:
    """What a transposed convolution cuts off its full output, (n - 1) · stride + reach + 1, on both sides (negative:
    zeros it adds)."""
    if None in (*size, *out):
        return None
    found = []
    for axis, (k, s, d, n, o) in enumerate(zip(kernel, strides, dilation, size, out, strict=True)):
        full = (n - 1) * s + (k - 1) * d + 1
        if pads == "same":
            before = max((k - 1) * d + 1 - s, 0) // 2
        else:
            p = 0 if pads in ("valid", None) else pads[axis] if isinstance(pads, tuple) else pads
            before = p[0] if isinstance(p, tuple) else p
        found.append((before, full - before - o))
    return tuple(found)


# Frameworks whose layers read their settings at every call: a setting is changed by an assignment.
_READ_AT_EVERY_CALL = ("torch",)


def changed_side(a: str, b: str) -> int:
    """Which of two models, by their frameworks, is changed to make both alike: 0 for the first, 1 for the second. `b`
    is made like `a`, unless only the layers of `a` read their settings at every call."""
    return 0 if a in _READ_AT_EVERY_CALL and b not in _READ_AT_EVERY_CALL else 1
