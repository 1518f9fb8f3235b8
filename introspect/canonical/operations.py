"""Functions between layers → hubs and labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import conventions
from ..records import Operation
from ..values import leaves, tensor_leaves
from . import indexing, shaping, windows
from .attention import weighting
from .builder import Builder, Value
from .functions import label, other, setting, through
from .layouts import axis_word
from .patterns import bare

_ACTIVATIONS = frozenset({
    "relu", "gelu", "silu", "sigmoid", "tanh", "softplus", "elu", "leaky_relu", "hard_sigmoid", "hard_silu", "clip",
    "selu", "celu", "mish", "softsign", "log_sigmoid", "exp", "log", "log1p", "sqrt", "rsqrt", "square", "absolute",
    "sin", "cos", "erf", "negate",
})  # fmt: skip
_NOTHING = frozenset({"cast", "copy", "dropout"})
_JOINS = {"add": "add", "multiply": "multiply", "subtract": "subtract", "divide": "divide", "maximum": "maximum",
          "minimum": "minimum"}  # fmt: skip


def add_operation(builder: Builder, step: Operation) -> None:
    """One function called by the code of an opened layer."""
    values = builder.tensors(step)
    data = [v for v in values if not v.constant]
    if not data:
        return  # made of constants: a constant itself
    _HANDLERS.get(step.kind, other)(builder, step, values, data)


def _nothing(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    if step.kind == "dropout" and (rate := step.settings.get("p", step.settings.get("rate"))):
        return through(builder, step, data[0], label(step, "dropout", rate=rate, kind="dropout"))
    through(builder, step, data[0])
    return None


def _activation(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    details = {
        "slope": setting(step, "slope", "negative_slope", "alpha"), "approximate": setting(step, "approximate"),
        "lower_bound": setting(step, "lower_bound", "min", "min_val", "x_min"),
        "bound": setting(step, "bound", "max", "max_val", "x_max"),
    }  # fmt: skip
    word = "relu6" if step.native_name.strip("_").lower() == "relu6" else step.kind
    if step.kind == "clip" and step.native_name == "hardtanh":
        details = {"lower_bound": -1.0 if details["lower_bound"] is None else details["lower_bound"],
                   "bound": 1.0 if details["bound"] is None else details["bound"]}  # fmt: skip
    word, settings = conventions.activation(word, details)
    through(builder, step, data[0], label(step, word, **settings))


def _softmax(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    axis = setting(step, "axis", "dim")
    axis = axis[0] if isinstance(axis, tuple) else -1 if axis is None else axis
    word = axis_word(axis, len(data[0].shape), data[0].layout)
    through(builder, step, data[0], label(step, step.kind, axis=word))


def _join(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """A sum or product of two tensors; with one that no input decides, a function of the other."""
    layout = next((v.layout for v in data if v.layout), None)
    if len(values) == 1 and step.kind in ("maximum", "minimum"):
        return _reduce(builder, step, values, data)
    if len(data) > 1:
        parameters = [v for v in data if builder.graph.hubs[v.edge.source].word == "parameter" and not v.edge.labels]
        if step.kind == "multiply" and len(parameters) == 1 and _is_vector(parameters[0]):
            return _scaled(builder, step, next(v for v in data if v is not parameters[0]), parameters[0])
        hub = builder.new(_JOINS[step.kind], {}, data, within=step.within, order=step.order)
        hub.shape = tensor_leaves(step.outputs)[0].shape
        builder.put_hub(step, hub, layout)
        return None
    numbers = [leaf for leaf in leaves(step.inputs) if isinstance(leaf, (int, float)) and not isinstance(leaf, bool)]
    first = values and values[0] is data[0] and not (step.inputs.args and isinstance(step.inputs.args[0], (int, float)))
    number = float(f"{float(numbers[0]):.7g}") if numbers else "constant"
    if step.kind in ("multiply", "divide") and number == 1.0 and first:
        return through(builder, step, data[0])
    if step.kind == "add" and number == 0.0:
        return through(builder, step, data[0])
    word, said = step.kind, number
    if step.kind == "divide" and first and isinstance(number, float) and number:
        word, said = "multiply", float(f"{1 / number:.7g}")
    elif step.kind == "subtract" and first and isinstance(number, float):
        word, said = "add", -number
    elif not first and step.kind in ("divide", "subtract"):
        word = f"{step.kind}_from"
    through(builder, step, data[0], label(step, word, operand=said))
    return None


def _is_vector(value: Value) -> bool:
    return sum(1 for n in value.shape if n != 1) <= 1


def _scaled(builder: Builder, step: Operation, value: Value, parameter: Value) -> None:
    """A tensor times a learned factor per channel."""
    holder = builder.graph.hubs[parameter.edge.source]
    (weight,) = holder.weights.values()
    settings = {"units": weight.size, "use_shift": False}
    hub = builder.new(
        "scale", settings, [value], weights={"scale": weight}, layer=holder.layer, within=step.within, order=step.order,
        shape=tensor_leaves(step.outputs)[0].shape,
    )  # fmt: skip
    builder.put_hub(step, hub, value.layout)


def _concat(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    axis = setting(step, "axis", "dim")
    axis = axis[0] if isinstance(axis, tuple) else 0 if axis is None else axis
    values = [v for v in values if 0 not in v.shape]  # an empty cache of keys and values
    layout = next((v.layout for v in data if v.layout), None)
    word = axis_word(axis, len(data[0].shape), layout)
    if len(values) == 1:
        return through(builder, step, values[0])
    hub = builder.new("concat", {"axis": word}, values, within=step.within, order=step.order)
    hub.shape = tensor_leaves(step.outputs)[0].shape
    builder.put_hub(step, hub, layout)
    return None


def _reduce(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    value = data[0]
    axes = setting(step, "axis", "dim")
    rank = len(value.shape)
    axes = (axes,) if isinstance(axes, int) else tuple(axes) if isinstance(axes, tuple) else tuple(range(rank))
    words = sorted({axis_word(a, rank, value.layout) for a in axes if isinstance(a, int)}, key=str)
    spatial = list(range(1, rank - 1))
    if words == spatial and step.kind in ("mean", "maximum") and rank > 2:
        word = "average_pool" if step.kind == "mean" else "max_pool"
        return windows.whole_pool(builder, step, value, word, value.layout, None)
    through(builder, step, value, label(step, step.kind, axis=tuple(words)))
    return None


def _pool(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """`max_pool2d(x, 3, 2)` and the like: channels first in torch, last elsewhere."""
    value = data[0]
    rank = len(value.shape) - 2
    layout = value.layout or ("first" if builder.channels_first else "last")
    get = step.settings.get
    kernel = _per_axis(setting(step, "kernel_size", "pool_size"), rank)
    strides = _per_axis(setting(step, "stride", "strides") or kernel, rank)
    padding: Any = setting(step, "padding") or "valid"
    padding = padding if isinstance(padding, str) else _per_axis(padding, rank)
    padding = "valid" if isinstance(padding, tuple) and not any(padding) else padding
    settings = {"count_include_pad": get("count_include_pad", False),
                "divisor": get("divisor_override"), "power": None}  # fmt: skip
    windows.windowed(
        builder, step, value, step.kind, settings, kernel, strides, _per_axis(get("dilation") or 1, rank), padding,
        layout, None,
    )  # fmt: skip


def _per_axis(size: Any, rank: int) -> tuple[Any, ...]:
    return tuple(size) * (rank if len(size) == 1 else 1) if isinstance(size, tuple) else (size,) * rank


def _adaptive_pool(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    kind = "average" if "avg" in step.native_name or "average" in step.native_name else "max"
    windows.adapted(builder, step, kind, data[0], data[0].layout or "first", None)


def _flip(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    axis = setting(step, "axis", "dims")
    axis = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    through(builder, step, data[0], label(step, "flip", axis=axis))


def _interpolate(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """A larger or smaller map: by the sizes that it has, and how values between positions are found."""
    value, out = data[0], tensor_leaves(step.outputs)[0].shape
    layout = value.layout or ("first" if builder.channels_first else "last")
    name = shaping.interpolation(builder, setting(step, "interpolation", "mode") or "nearest")
    resized = label(
        step, "upsample", size=out[2:] if layout == "first" else out[1:-1], interpolation=name,
        align_corners=bool(step.settings.get("align_corners")),
    )  # fmt: skip
    if step.settings.get("antialias"):
        resized = label(step, "upsample", **{**resized.settings, "antialias": True})
    through(builder, step, Value(value.edge, value.shape, layout), resized)


def _pad(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    value, out = data[0], tensor_leaves(step.outputs)[0].shape
    said = setting(step, "pad", "pad_width", "paddings")
    mode = setting(step, "mode") or "constant"
    pairs = _pad_pairs(said, value)
    fill = mode if mode != "constant" else setting(step, "value", "constant_values") or 0
    layout = value.layout or ("first" if builder.channels_first and len(out) == 4 else value.layout)
    through(builder, step, Value(value.edge, value.shape, layout), label(step, "pad", padding=pairs, pad_value=fill))


def _pad_pairs(said: Any, value: Value) -> Any:
    """Padding per spatial axis, in order: torch says it from the last axis backwards, in one flat list."""
    if isinstance(said, tuple) and said and isinstance(said[0], int):
        pairs = [said[i : i + 2] for i in range(0, len(said), 2)][::-1]
    elif isinstance(said, tuple) and len(said) == len(value.shape):
        pairs = [tuple(p) for p in said]
        pairs = pairs[2:] if value.layout == "first" else pairs[1:-1]
    else:
        return said
    return tuple(tuple(p) for p in pairs)


def _attention(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """Scaled dot-product attention of heads: (batch, heads, time, size), unless another axis is said."""
    query, key = data[0], data[1] if len(data) > 1 else data[0]
    heads = step.settings.get("heads_axis", 1)
    scale = _scaled_before(step.settings.get("scale"), query, key)
    inputs = [Value(bare(v.edge), v.shape) for v in data[:3]]
    given = step.inputs.kwargs.get("attn_mask")
    mask = "causal" if step.settings.get("is_causal") else "none"
    if (tensor_leaves((given,)) or len(values) > 3) and len(data) < 4:
        mask = "unknown"
    hub = weighting(
        builder, step, inputs, heads=query.shape[heads], kv_heads=None, key_dim=query.shape[-1],
        mask=mask, path=None,
        rate=step.settings.get("dropout_p") or None, scale=scale,
    )  # fmt: skip
    hub.raw["added"] = [v.edge for v in data[3:]]
    builder.put_hub(step, hub)


def _scaled_before(scale: Any, *values: Value) -> Any:
    """The factor of the scores, where queries or keys are multiplied by another before."""
    factors = [x.settings.get("operand") for v in values for x in v.edge.labels if x.word == "multiply"]
    numbers = [f for f in factors if isinstance(f, float)]
    if not factors or len(numbers) < len(factors):
        return scale
    size = values[0].shape[-1] or 1
    return math.prod(numbers) * (size**-0.5 if scale is None else scale)


def _linear(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """A product with a weight that is held elsewhere: a table used the other way round, a functional layer."""
    held = [builder.graph.hubs[v.edge.source] for v in data[1:]]
    if step.native_name != "linear" or len(data) < 2 or not all(h.weights and not h.inputs for h in held):
        return other(builder, step, values, data)
    (kernel,) = held[0].weights.values()
    shape = kernel.shape or (None, None)
    weights = {"kernel": kernel}
    if len(held) > 1:
        (weights["bias"],) = held[1].weights.values()
    settings = {
        "units": shape[0], "in_features": shape[-1], "use_bias": len(held) > 1, "kernel_size": (), "strides": (),
        "padding": (), "dilation": (), "groups": 1, "axis": "channel",
    }  # fmt: skip
    hub = builder.new("linear", settings, data[:1], weights=weights, layer=held[0].layer, within=step.within,
                      order=step.order, shape=tensor_leaves(step.outputs)[0].shape)  # fmt: skip
    builder.put_hub(step, hub, data[0].layout)
    return None


Handler = Callable[[Builder, Operation, list[Value], list[Value]], None]
_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_ACTIVATIONS, _activation),
    **dict.fromkeys(_NOTHING, _nothing),
    **dict.fromkeys(_JOINS, _join),
    **dict.fromkeys(("softmax", "log_softmax"), _softmax),
    **dict.fromkeys(("reshape", "flatten"), indexing.view),
    **dict.fromkeys(("squeeze", "expand"), indexing.expanded),
    **dict.fromkeys(("mean", "sum", "variance", "reduce", "argmax"), _reduce),
    **dict.fromkeys(("max_pool", "average_pool"), _pool),
    "concat": _concat,
    "transpose": indexing.transposition,
    "slice": indexing.sliced,
    "split": indexing.split_up,
    "adaptive_pool": _adaptive_pool,
    "pad": _pad,
    "interpolate": _interpolate,
    "flip": _flip,
    "attention": _attention,
    "linear": _linear,
}
