"""Convolutions and pools: everything that looks through a window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import conventions
from ..graph import Label, Weight
from ..records import Call, Layer
from ..values import FrozenDict, tensor_leaves
from ..vocabulary import spatial_rank
from .builder import Builder, Value, weights_of

CONVOLUTIONS = ("conv1d", "conv2d", "conv3d", "depthwise_conv1d", "depthwise_conv2d", "depthwise_conv3d")
TRANSPOSED = ("conv1d_transpose", "conv2d_transpose", "conv3d_transpose")


def product(sizes: Sequence[int | None]) -> int | None:
    """The product of sizes, `None` where one is unknown."""
    known = [n for n in sizes if n is not None]
    return math.prod(known) if len(known) == len(list(sizes)) else None


def is_pointwise(layer: Layer) -> bool:
    """Whether a convolution looks at one position only and mixes all channels: a dense layer at every position."""
    sizes = layer.setting("kernel_size") or ()
    return set(sizes) <= {1} and not layer.kind.startswith("depthwise") and layer.setting("groups", 1) == 1


def spatial(shape: tuple[int | None, ...], layout: str | None) -> tuple[int | None, ...]:
    """The sizes of the spatial axes."""
    return shape[2:] if layout == "first" else shape[1:-1]


def layout_of(layer: Layer) -> str:
    """Channels first or last, as the layer says."""
    return "first" if layer.setting("data_format") == "channels_first" else "last"


def convolution(builder: Builder, layer: Layer, call: Call) -> None:
    """An ordinary, grouped or depthwise convolution; a pointwise one is linear."""
    from .layers import fused

    value, layout = builder.tensors(call)[0], layout_of(layer)
    weights, features = weights_of(layer), layer.setting("in_features")
    settings = {
        "units": layer.setting("units"), "in_features": features,
        "groups": features if layer.kind.startswith("depthwise") else layer.setting("groups", 1),
        "use_bias": "bias" in weights, "pad_value": layer.setting("pad_value") or 0,
    }  # fmt: skip
    word = "linear" if is_pointwise(layer) else "conv"
    if word == "linear":
        settings["axis"] = "channel"
    settings, value, raw = _window(builder, layer, call, value, settings, layout)
    hub = builder.new(
        word, settings, [value], weights=weights, layer=layer.path, within=call.within or "", order=call.order,
        shape=tensor_leaves(call.outputs)[0].shape, raw=raw,
    )  # fmt: skip
    builder.put_hub(call, hub, layout, fused(builder, layer, call))


def separable_convolution(builder: Builder, layer: Layer, call: Call) -> None:
    """A depthwise convolution without bias, then a pointwise one."""
    from .layers import fused

    value, layout, weights = builder.tensors(call)[0], layout_of(layer), weights_of(layer)
    features, multiplier = layer.setting("in_features"), layer.setting("depth_multiplier") or 1
    settings = {
        "units": features * multiplier, "in_features": features, "groups": features, "use_bias": False, "pad_value": 0,
    }  # fmt: skip
    settings, value, raw = _window(builder, layer, call, value, settings, layout)
    said = {"layer": layer.path, "within": call.within or "", "order": call.order}
    first = builder.new("conv", settings, [value], weights={"kernel": weights["depthwise_kernel"]}, raw=raw, **said)
    mixing: dict[str, Weight] = {"kernel": weights["pointwise_kernel"]}
    if "bias" in weights:
        mixing["bias"] = weights["bias"]
    ones = (1,) * len(settings["kernel_size"])
    pointwise = {
        "units": layer.setting("units"), "in_features": features * multiplier, "groups": 1, "axis": "channel",
        "use_bias": "bias" in weights, "kernel_size": ones, "strides": ones, "dilation": ones,
        "padding": tuple((0, 0) for _ in ones), "pad_value": 0,
    }  # fmt: skip
    from ..graph import Edge

    hub = builder.new("linear", pointwise, [Value(Edge(first.index), value.shape, layout)], weights=mixing, **said)
    hub.shape = first.shape = tensor_leaves(call.outputs)[0].shape
    builder.put_hub(call, hub, layout, fused(builder, layer, call))


def transposed_convolution(builder: Builder, layer: Layer, call: Call) -> None:
    """A transposed convolution, by what it cuts off its full output."""
    from .layers import fused

    value, layout = builder.tensors(call)[0], layout_of(layer)
    weights, out = weights_of(layer), tensor_leaves(call.outputs)[0].shape
    kernel, strides, dilation = (layer.setting(name) for name in ("kernel_size", "strides", "dilation"))
    cut = conventions.effective_cropping(
        layer.setting("padding"), kernel, strides, dilation, spatial(value.shape, layout), spatial(out, layout)
    )
    settings = {
        "units": layer.setting("units"), "in_features": layer.setting("in_features"), "kernel_size": kernel,
        "strides": strides, "dilation": dilation, "padding": cut, "groups": layer.setting("groups", 1),
        "use_bias": "bias" in weights,
    }  # fmt: skip
    hub = builder.new(
        "conv_transpose", settings, [value], weights=weights, layer=layer.path, within=call.within or "",
        order=call.order, shape=out, raw={"padding": layer.setting("padding"), "meant": cut},
    )  # fmt: skip
    builder.put_hub(call, hub, layout, fused(builder, layer, call))


def _window(
    builder: Builder, layer: Layer, call: Call, value: Value, settings: dict[str, Any], layout: str
) -> tuple[dict[str, Any], Value, dict[str, Any]]:
    """Kernel size, strides, dilation, and the padding that is really reached; zeros that stand around the input
    already are padding too."""
    ones = (1,) * spatial_rank(layer.kind)
    kernel, strides = layer.setting("kernel_size"), layer.setting("strides") or ones
    dilation = layer.setting("dilation") or ones
    padding, size = layer.setting("padding"), spatial(value.shape, layout)
    out = spatial(tensor_leaves(call.outputs)[0].shape, layout)
    return window_settings(value, settings, kernel, strides, dilation, padding, size, out)


def window_settings(
    value: Value, settings: dict[str, Any], kernel: Any, strides: Any, dilation: Any, padding: Any, size: Any, out: Any
) -> tuple[dict[str, Any], Value, dict[str, Any]]:
    """See `_window`."""
    raw: dict[str, Any] = {"padding": padding, "size": size}
    pads = conventions.meant_padding(padding, kernel, strides, dilation, size)
    zeros = settings.get("pad_value") == 0 or pads is None or not any(map(any, pads))
    while zeros and pads is not None and value.edge.labels and _zeros_around(value.edge.labels[-1], len(kernel)):
        around: Any = value.edge.labels[-1].settings["padding"]
        pads = tuple((b + x, a + y) for (b, a), (x, y) in zip(pads, around, strict=True))
        size = tuple(None if n is None else n - x - y for n, (x, y) in zip(size, around, strict=True))
        raw.setdefault("pad_layers", []).append(value.edge.labels[-1])
        raw["pads"], raw["size"] = pads, size
        edge = type(value.edge)(value.edge.source, value.edge.port, value.edge.labels[:-1])
        value = Value(edge, value.shape, value.layout)
        settings["pad_value"] = 0
    reached = None if pads is None else conventions.effective_padding(pads, kernel, strides, dilation, size, out)
    if reached is not None and all(b <= 0 and a <= 0 for b, a in reached):
        settings["pad_value"] = None  # nothing is padded: what with does not matter
    raw["meant"] = pads
    settings |= {"kernel_size": kernel, "strides": strides, "dilation": dilation, "padding": reached or pads}
    return settings, value, raw


def _zeros_around(last: Label, rank: int) -> bool:
    """Whether the function before a window puts zeros around (a negative number of them: takes positions off)."""
    padding: Any = last.settings.get("padding")
    if last.word != "pad" or last.settings.get("pad_value") != 0 or padding is None or len(padding) != rank:
        return False
    return all(n >= 0 for pair in padding for n in pair)


def cut_behind(builder: Builder, value: Value, out: tuple[int | None, ...], key: Any) -> bool:
    """The last positions of a convolution's output taken off: as if less were padded behind."""
    hub = builder.graph.hubs[value.edge.source]
    first, last = (value.shape[2:], out[2:]) if value.layout == "first" else (value.shape[1:-1], out[1:-1])
    parts = key if isinstance(key, tuple) else (key,)
    behind = any(str(part).startswith("slice(None, -") for part in parts)
    if hub.word != "conv" or value.edge.labels or not behind or len(first) != 1 or len(out) != len(value.shape):
        return False
    less = ((first[0] or 0) - (last[0] or 0)) * hub.settings["strides"][0]
    (before, after), (said, then) = hub.settings["padding"][0], hub.raw["meant"][0]
    hub.settings["padding"], hub.raw["meant"] = ((before, after - less),), ((said, then - less),)
    hub.raw["padding"] = hub.raw["meant"]
    return True


def pool(builder: Builder, layer: Layer, call: Call) -> None:
    """A windowed pool."""
    value, layout = builder.tensors(call)[0], layout_of(layer)
    word = layer.kind[: -len("1d")]
    settings = {name: layer.setting(name) for name in ("count_include_pad", "divisor", "power")}
    ones = (1,) * spatial_rank(layer.kind)
    windowed(
        builder, call, value, word, settings, layer.setting("kernel_size"),
        layer.setting("strides") or layer.setting("kernel_size"), layer.setting("dilation") or ones,
        layer.setting("padding"), layout, layer.path, bool(layer.setting("ceil_mode")),
    )  # fmt: skip


def windowed(
    builder: Builder, call: Any, value: Value, word: str, settings: dict[str, Any], kernel: Any, strides: Any,
    dilation: Any, padding: Any, layout: str, path: str | None, rounds_up: bool = False,
) -> None:  # fmt: skip
    """The hub of a pool, a layer's or a function's; one over the whole map is the pool of all positions."""
    out = tensor_leaves(call.outputs)[0].shape
    size, out_size = spatial(value.shape, layout), spatial(out, layout)
    padded = padding not in ("valid", None) and any(
        map(any, conventions.meant_padding(padding, kernel, strides, dilation, size) or ())
    )
    # What pools put around is never looked at: as good as minus infinity for a maximum, not counted for a mean.
    settings["pad_value"] = "-inf" if word == "max_pool" else 0
    if word == "average_pool" and padded and not settings["count_include_pad"]:
        settings["pad_value"] = "outside"
    before = value.edge.labels
    settings, value, raw = window_settings(value, settings, kernel, strides, dilation, padding, size, out_size)
    if len(value.edge.labels) < len(before) and word == "average_pool":
        settings["count_include_pad"] = True
    reached: Any = settings["padding"]
    positive = bool(value.edge.labels) and value.edge.labels[-1].word in conventions.NOT_NEGATIVE
    raw["pad_value"] = settings["pad_value"]
    if word == "max_pool" and positive:  # no zero around is greater than what is there
        settings["pad_value"] = None
    if word == "average_pool":
        meant: Any = raw["meant"]
        beyond = [r is not None and r[1] > m[1] for r, m in zip(reached, meant or reached, strict=True)]
        if not any(r[0] > 0 or (r[1] > 0 and not b) for r, b in zip(reached, beyond, strict=True)):
            settings["count_include_pad"] = False if any(beyond) else None
        settings["pad_value"] = None
    whole = out_size and all(n == 1 for n in out_size) and tuple(kernel) == tuple(size) and not padded
    if whole and word in ("average_pool", "max_pool"):
        return whole_pool(builder, call, value, word, layout, path, tuple(kernel))
    raw["kernel"], raw["rounds_up"] = tuple(kernel), rounds_up
    hub = builder.new(
        word, settings, [value], layer=path, within=getattr(call, "within", "") or "", order=call.order, shape=out,
        raw=raw,
    )  # fmt: skip
    builder.put_hub(call, hub, layout)
    return None


def global_pool(builder: Builder, layer: Layer, call: Call) -> None:
    """The mean or maximum over all positions."""
    word = "average_pool" if "average" in layer.kind else "max_pool"
    whole_pool(builder, call, builder.tensors(call)[0], word, layout_of(layer), layer.path)


def whole_pool(
    builder: Builder, call: Any, value: Value, word: str, layout: str | None, path: str | None, kernel: Any = None
) -> None:
    """A pool whose window is the whole map, however large that is; `kernel` is the size that was said, if any."""
    if set(spatial(value.shape, layout)) == {1}:
        return builder.put(call, Value(value.edge, value.shape, layout))
    settings = {"kernel_size": "whole"}
    hub = builder.new(
        word, settings, [value], layer=path, within=getattr(call, "within", "") or "", order=call.order,
        shape=tensor_leaves(call.outputs)[0].shape, raw={"kernel": kernel},
    )  # fmt: skip
    builder.put_hub(call, hub, layout)
    return None


def adaptive_pool(builder: Builder, layer: Layer, call: Call) -> None:
    """A pool by its output size: nothing, all positions, or windows of equal size."""
    adapted(builder, call, layer.kind, builder.tensors(call)[0], layout_of(layer), layer.path)


def adapted(builder: Builder, call: Any, kind: str, value: Value, layout: str, path: str | None) -> None:
    """The same for a layer or a function."""
    size, out = spatial(value.shape, layout), spatial(tensor_leaves(call.outputs)[0].shape, layout)
    mean = "average" in kind
    within = getattr(call, "within", "") or ""
    if size == out:
        builder.put(call, Value(value.edge, value.shape, layout))
    elif set(out) == {1}:
        whole_pool(builder, call, value, "average_pool" if mean else "max_pool", layout, path)
    elif all(n is not None and o and n % o == 0 for n, o in zip(size, out, strict=True)):
        steps = tuple(n // o for n, o in zip(size, out, strict=True))  # type: ignore[operator]
        word = "average_pool" if mean else "max_pool"
        ones = (1,) * len(steps)
        windowed(builder, call, value, word, {}, steps, steps, ones, "valid", layout, path)
    else:
        uneven = Label("adaptive_pool", FrozenDict(mean=mean, output_size=out), path, within, call.order)
        builder.put(call, Value(value.edge.then(uneven), value.shape, layout))
