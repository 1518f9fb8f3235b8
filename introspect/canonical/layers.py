"""Layers → hubs and labels: one function per family of kinds, found through a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import conventions
from ..graph import Label, Weight
from ..records import Call, Layer
from ..values import FrozenDict, TensorSpec, tensor_leaves
from . import attention, recurrent, shaping, windows
from .builder import Builder, Value, label, weights_of
from .layouts import axis_word, wanted_layout

_TRAINING = (
    "dropout", "spatial_dropout1d", "spatial_dropout2d", "spatial_dropout3d", "alpha_dropout", "gaussian_dropout",
    "gaussian_noise", "stochastic_depth",
)  # fmt: skip
_NOTHING = ("identity", "activity_regularization", "masking", "observer", "input")
_JOINS = ("add", "multiply", "subtract", "average", "maximum", "minimum")


def add_layer(builder: Builder, layer: Layer, call: Call) -> None:
    """One call of a layer that is a step."""
    handler = _HANDLERS.get(layer.kind) or (_unknown_with_weights if layer.parameters else _plain)
    handler(builder, layer, call)


def fused(builder: Builder, layer: Layer, call: Call) -> tuple[Label, ...]:
    """The activation that a layer applies to its own output."""
    name = layer.setting("activation")
    if name in conventions.LINEAR:
        return ()
    word, settings = conventions.activation(str(name), {"slope": layer.setting("slope")})
    if "." in word:
        builder.unknown(f"What the function {word} of {layer.path} computes is not known.")
    if word in ("softmax", "log_softmax"):
        settings = FrozenDict(axis="channel")
    return (Label(word, settings, None, layer.path, call.order),)


def through(builder: Builder, layer: Layer, call: Call, *labels: Label) -> None:
    """A layer without weights: its first input, after these functions; more inputs of it are masks and the like."""
    values = builder.tensors(call)
    if not values:
        return
    value = values[0]
    builder.put(call, Value(value.edge.then(*labels), value.shape, value.layout or wanted_layout(layer, 4)))


def _nothing(builder: Builder, layer: Layer, call: Call) -> None:
    for index, value in enumerate(builder.tensors(call)):
        builder.put(call, value, index)


def _training(builder: Builder, layer: Layer, call: Call) -> None:
    rate = layer.setting("rate")
    if rate == 0:
        return _nothing(builder, layer, call)
    through(builder, layer, call, label(layer, call, "dropout", rate=rate, kind=layer.kind))
    return None


def _activation(builder: Builder, layer: Layer, call: Call) -> None:
    settings = {s.name: s.value for s in layer.settings}
    word, said = conventions.activation(str(layer.setting("function") or layer.type), settings)
    if word in conventions.LINEAR:
        return _nothing(builder, layer, call)
    if "." in word:
        builder.unknown(f"What the function {word} of {layer.path} computes is not known.")
    if word in ("softmax", "log_softmax"):
        said = FrozenDict(axis="channel")
    through(builder, layer, call, label(layer, call, word, **said))
    return None


def _softmax(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)
    axes = layer.setting("axis") or (-1,)
    word = tuple(axis_word(a, len(values[0].shape), values[0].layout) for a in axes) if values else axes
    masked = {"masked": True} if len(values) > 1 else {}
    through(builder, layer, call, label(layer, call, layer.kind, axis=word[0] if len(word) == 1 else word, **masked))


def _join(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)
    word, mean = layer.kind, ()
    if word == "average":
        word, mean = "add", (label(layer, call, "multiply", operand=1 / len(values)),)
    hub = builder.new(
        word, {}, values, layer=layer.path, within=call.within or "", order=call.order, shape=values[0].shape
    )
    builder.put_hub(call, hub, next((v.layout for v in values if v.layout), None), mean)


def _concat(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)
    layout = next((v.layout for v in values if v.layout), None)
    axis = (layer.setting("axis") or (-1,))[0]
    hub = builder.new(
        "concat", {"axis": axis_word(axis, len(values[0].shape), layout)}, values, layer=layer.path,
        within=call.within or "", order=call.order, shape=_out(call),
    )  # fmt: skip
    builder.put_hub(call, hub, layout)


def _out(call: Call) -> Any:
    specs = tensor_leaves(call.outputs)
    return specs[0].shape if specs else None


def linear(builder: Builder, layer: Layer, call: Call) -> None:
    """Dense layers: `y = x · kernel + bias` over the last axis."""
    values = builder.tensors(call)[:1]
    weights = builder.weights(layer)
    settings: dict[str, Any] = {
        "units": layer.setting("units"), "in_features": layer.setting("in_features"), "use_bias": "bias" in weights,
        "kernel_size": (), "strides": (), "padding": (), "dilation": (), "groups": 1,
    }  # fmt: skip
    value = values[0] if values else None
    if value is not None:
        settings["axis"] = axis_word(-1, len(value.shape), value.layout)
        if settings["in_features"] is None and layer.kind == "dense":
            settings["in_features"] = value.shape[-1]
    hub = _new(builder, "linear", settings, layer, call, values)
    builder.put_hub(call, hub, value.layout if value is not None else None, fused(builder, layer, call))


def _einsum_dense(builder: Builder, layer: Layer, call: Call) -> None:
    """A dense layer over axes of its own choice: what it sums over is `in`, what it makes is `out`."""
    linear(builder, layer, call)
    hub = builder.graph.hubs[-1]
    kernel = hub.weights.get("kernel")
    by_axis = kernel.parameter.by_axis if kernel is not None else None
    if by_axis is None:
        builder.unknown(f"The axes of {layer.path} ({layer.setting('equation')}) are not known.")
        return
    makes = [n for axis, n in by_axis.items() if axis.startswith("out")]
    heads = [n for axis, n in by_axis.items() if axis in ("head", "kv_head", "key_dim", "value_dim")]
    sums = [n for axis, n in by_axis.items() if axis.startswith("in")]
    makes, sums = (makes, sums or heads) if makes else (heads, sums)
    hub.settings |= {"in_features": windows.product(sums), "units": windows.product(makes)}
    hub.raw |= {"in_axes": len(sums), "out_axes": len(makes)}
    if any(axis.startswith("channel") for axis in by_axis):
        builder.unknown(f"{layer.path} keeps axes apart ({layer.setting('equation')}), which is compared by name only.")


def _new(builder: Builder, word: str, settings: dict[str, Any], layer: Layer, call: Call, values: list[Value]) -> Any:
    return builder.new(
        word, settings, values, weights=builder.weights(layer), layer=layer.path, within=call.within or "",
        order=call.order, shape=_out(call),
    )  # fmt: skip


def _embedding(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)[:1]
    table = next((p for p in layer.parameters if p.role == "table"), None)
    settings = {name: layer.setting(name) for name in ("tokens", "units", "max_norm")}
    settings["mask_zero"] = bool(layer.setting("mask_zero"))
    if table is not None and table.shape is not None and len(table.shape) == 2:
        settings |= {"tokens": table.shape[0], "units": table.shape[1]}
    ints = values and tensor_leaves(call.inputs)[0].dtype.startswith(("float", "bfloat"))
    if ints and layer.setting("tied"):  # the same table, used the other way: back from features to tokens
        projected = {"units": settings["tokens"], "in_features": settings["units"], "use_bias": False}
        projected |= {"kernel_size": (), "strides": (), "padding": (), "dilation": (), "groups": 1, "axis": "channel"}
        builder.put_hub(call, _new(builder, "linear", projected, layer, call, values), None)
        return
    word = "embedding"
    if settings["tokens"] == 1:  # the only row, whatever the ids
        hub = _new(builder, "parameter", {"shape": (settings["units"],)}, layer, call, [])
        hub.weights = {"value": hub.weights["table"]}
        builder.put_hub(call, hub, None)
        return
    if not values or values[0].constant:  # ids that no input decides: a learned table of positions
        word, values = "table", []
    hub = _new(builder, word, settings, layer, call, values)
    hub.weights = {role: weight for role, weight in hub.weights.items() if role == "table"}
    builder.put_hub(call, hub, None)


def _norm(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)[:1]
    weights = weights_of(layer)
    rank, layout = len(values[0].shape), values[0].layout or wanted_layout(layer, len(values[0].shape))
    axes = layer.setting("axis") or (-1,)
    words = tuple(axis_word(a, rank, layout) for a in axes)
    word, eps, sizes = layer.kind, layer.setting("eps"), layer.setting("normalized_shape")
    if isinstance(sizes, tuple) and len(sizes) == len(words):  # spatial axes first, channels last
        order = sorted(range(len(words)), key=lambda n: str(words[n]))
        words, sizes = tuple(words[n] for n in order), tuple(sizes[n] for n in order)
    settings = {
        "in_features": layer.setting("in_features"), "normalized_shape": sizes,
        "eps": eps, "use_scale": "scale" in weights, "use_shift": "shift" in weights,
        "scale_offset": layer.setting("scale_offset") or 0, "axis": words, "groups": layer.setting("groups"),
        "use_statistics": layer.setting("use_statistics", True) is not False, "momentum": layer.setting("momentum"),
    }  # fmt: skip
    if word == "instance_norm":  # as many groups as channels
        word, settings["groups"] = "group_norm", settings["in_features"]
    if word == "rms_norm" and eps is None:  # torch's default: the smallest step of the dtype
        settings["eps"] = {"float32": 1.1920928955078125e-07, "float64": 2.220446049250313e-16}.get(
            tensor_leaves(call.inputs)[0].dtype
        )
    hub = _new(builder, word, settings, layer, call, values)
    hub.raw["layout"] = layout
    builder.put_hub(call, hub, layout)


def _scale(builder: Builder, layer: Layer, call: Call) -> None:
    settings = {"units": layer.setting("units") or layer.setting("in_features"), "use_shift": False}
    values = builder.tensors(call)[:1]
    settings["units"] = next((p.size for p in layer.parameters if p.role == "scale"), settings["units"])
    builder.put_hub(call, _new(builder, "scale", settings, layer, call, values), values[0].layout)


def _prelu(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)[:1]
    slope = layer.parameters[0].shape if layer.parameters else None
    sizes = tuple(n for n in slope or () if n != 1)
    builder.put_hub(call, _new(builder, "prelu", {"shape": sizes or (1,)}, layer, call, values), values[0].layout)


def _normalization(builder: Builder, layer: Layer, call: Call) -> None:
    values = builder.tensors(call)[:1]
    settings = {name: layer.setting(name) for name in ("mean", "variance", "invert")}
    axes = layer.setting("axis") or ()
    settings["axis"] = tuple(axis_word(a, len(values[0].shape), values[0].layout) for a in axes)
    builder.put_hub(call, _new(builder, "normalization", settings, layer, call, values), values[0].layout)


def _rescaling(builder: Builder, layer: Layer, call: Call) -> None:
    settings = {"scale": layer.setting("scale"), "shift": layer.setting("shift")}
    through(builder, layer, call, label(layer, call, "rescaling", **settings))


def _unknown_with_weights(builder: Builder, layer: Layer, call: Call) -> None:
    settings = {s.name: s.value for s in layer.settings}
    hub = _new(builder, layer.kind, settings, layer, call, builder.tensors(call))
    if layer.kind in ("unknown", "foreign_model", "lambda"):
        hub.settings = {"type": layer.type}
        builder.unknown(f"What {layer.path or 'the model'} ({layer.type}) computes is not known.")
    builder.put_hub(call, hub)


def _plain(builder: Builder, layer: Layer, call: Call) -> None:
    """Any other layer without weights: a label with all its settings."""
    values = builder.tensors(call)
    settings = {s.name: s.value for s in layer.settings if s.name != "data_format"}
    if layer.kind in ("unknown", "foreign_model", "lambda"):
        settings["type"] = layer.type
        builder.unknown(f"What {layer.path or 'the model'} ({layer.type}) computes is not known.")
    if len(values) < 2 and len(tensor_leaves(call.outputs)) < 2:
        through(builder, layer, call, label(layer, call, layer.kind, **settings))
        return
    hub = builder.new(layer.kind, settings, values, layer=layer.path, within=call.within or "", order=call.order)
    hub.shape = _out(call)
    builder.put_hub(call, hub)


def add_closed(builder: Builder, layer: Layer, call: Call) -> None:
    """An opened layer whose own code made its output out of our sight."""
    table = [p for p in layer.parameters if p.role in ("table", "other") and p.shape is not None and len(p.shape) == 2]
    specs = tensor_leaves(call.outputs)
    if len(layer.parameters) == 1 and table and specs and table[0].shape[-1:] == specs[0].shape[-1:]:  # type: ignore[index]
        settings = {"tokens": table[0].shape[0], "units": table[0].shape[1]}  # type: ignore[index]
        hub = _new(builder, "table", settings, layer, call, [])
        hub.weights = {"table": Weight(table[0])}
        builder.put_hub(call, hub)
        return
    _unknown_with_weights(builder, layer, call)


def add_untraced(builder: Builder, layer: Layer) -> None:
    """A layer with weights of a report without calls."""
    family = {**dict.fromkeys(_KINDS_LINEAR, "linear"), **dict.fromkeys(windows.CONVOLUTIONS, "conv")}
    word = family.get(layer.kind, layer.kind)
    if word == "conv" and windows.is_pointwise(layer):
        word = "linear"
    settings = {s.name: s.value for s in layer.settings if s.name in _SIZES and s.value is not None}
    if word == "linear":
        settings.pop("kernel_size", None)
    if layer.kind.startswith("depthwise"):
        settings["groups"] = settings.get("in_features")
    builder.new(word, settings, [], weights=weights_of(layer), layer=layer.path)


def _spec(call: Call) -> TensorSpec:
    return tensor_leaves(call.inputs)[0]


_SIZES = ("units", "in_features", "kernel_size", "groups", "tokens", "normalized_shape", "use_bias")
_KINDS_LINEAR = ("dense", "einsum_dense")
Handler = Callable[[Builder, Layer, Call], None]
_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(_TRAINING, _training),
    **dict.fromkeys(_NOTHING, _nothing),
    **dict.fromkeys(_JOINS, _join),
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), _softmax),
    **dict.fromkeys(("batch_norm", "layer_norm", "rms_norm", "group_norm", "instance_norm"), _norm),
    **dict.fromkeys(windows.CONVOLUTIONS, windows.convolution),
    **dict.fromkeys(windows.TRANSPOSED, windows.transposed_convolution),
    **dict.fromkeys(("separable_conv1d", "separable_conv2d"), windows.separable_convolution),
    **dict.fromkeys(("simple_rnn", "lstm", "gru"), recurrent.recurrent),
    "rnn": recurrent.of_cells,
    "dense": linear,
    "einsum_dense": _einsum_dense,
    "embedding": _embedding,
    "activation": _activation,
    "concat": _concat,
    "scale": _scale,
    "prelu": _prelu,
    "normalization": _normalization,
    "rescaling": _rescaling,
    "attention": attention.attention_layer,
    "flatten": shaping.flatten,
    "reshape": shaping.reshape,
    "permute": shaping.permute,
}
for _rank in ("1d", "2d", "3d"):
    _HANDLERS[f"max_pool{_rank}"] = windows.pool
    _HANDLERS[f"average_pool{_rank}"] = windows.pool
    _HANDLERS[f"lp_pool{_rank}"] = windows.pool
    _HANDLERS[f"global_average_pool{_rank}"] = windows.global_pool
    _HANDLERS[f"global_max_pool{_rank}"] = windows.global_pool
    _HANDLERS[f"adaptive_average_pool{_rank}"] = windows.adaptive_pool
    _HANDLERS[f"adaptive_max_pool{_rank}"] = windows.adaptive_pool
    _HANDLERS[f"zero_pad{_rank}"] = shaping.pad
    _HANDLERS[f"pad{_rank}"] = shaping.pad
    _HANDLERS[f"crop{_rank}"] = shaping.pad
    _HANDLERS[f"upsample{_rank}"] = shaping.upsample
_HANDLERS["upsample"] = shaping.upsample
