"""Functions that only move elements: most of them are another order of the same, and vanish."""

from __future__ import annotations

from typing import Any

from ..graph import Label
from ..records import Call, Layer
from ..values import FrozenDict, tensor_leaves
from .builder import Builder, Value, label
from .layouts import permuted
from .windows import product


def flatten(builder: Builder, layer: Layer, call: Call) -> None:
    """All axes but the batch as one. Keras joins them channels last: what is said to have them first is turned before,
    whether it has or not."""
    value = builder.tensors(call)[0]
    if layer.setting("data_format") == "channels_first" and len(value.shape) > 2:
        value = transposed(value, (0, *range(2, len(value.shape)), 1), layer.path, call)
    order = value.layout or "last"
    builder.put(call, joined(value, tensor_leaves(call.outputs)[0].shape, order, layer.path, call))


def joined(value: Value, out: tuple[int | None, ...], order: str, path: str | None, step: Any) -> Value:
    """A tensor whose axes were joined: the order of the elements matters where more than one of them has a length."""
    real = [n for n in value.shape[1:] if n != 1]
    if len(real) < 2 or len(out) == len(value.shape):
        return Value(value.edge, out, None)
    if len(out) == 3 and value.layout == "first":  # (b, c, h, w) → (b, c, positions): the channels stay apart
        return Value(
            value.edge.then(Label("positions", FrozenDict(), path, step.within or "", step.order)), out, "first"
        )
    said = FrozenDict(order=f"channels_{order}") if len(out) == 2 else FrozenDict(shape=out[1:])
    name = "flatten" if len(out) == 2 else "reshape"
    return Value(value.edge.then(Label(name, said, path, step.within or "", step.order)), out, None)


def reshape(builder: Builder, layer: Layer, call: Call) -> None:
    """The same elements in another shape."""
    value, out = builder.tensors(call)[0], tensor_leaves(call.outputs)[0].shape
    builder.put(call, heads_joined(builder, value, out) or reshaped(value, out, layer.path, call))


def heads_joined(builder: Builder, value: Value, out: tuple[int | None, ...]) -> Value | None:
    """What a layer gives along several axes, joined to one: the features that it gives."""
    axes = builder.graph.hubs[value.edge.source].raw.get("out_axes", 1)
    whole = product(value.shape[-axes:])
    if axes > 1 and not value.edge.acting and out == (*value.shape[:-axes], whole):
        return Value(value.edge, out)
    return None


def reshaped(value: Value, out: tuple[int | None, ...], path: str | None, step: Any) -> Value:
    """A reshape that only adds or removes axes of length one is nothing; one that leaves the batch alone is a
    flatten."""
    before, after = [n for n in value.shape if n != 1], [n for n in out if n != 1]
    if before == after:
        channels_last = len(out) > 1 and value.shape[-1:] == out[-1:]
        return Value(
            value.edge, out, value.layout if len(out) == len(value.shape) else "last" if channels_last else None
        )
    if len(out) == 2 and out[:1] == value.shape[:1]:
        return joined(value, out, value.layout or "last", path, step)
    if len(out) == 3 and len(value.shape) > 3 and out[:1] == value.shape[:1]:
        if value.layout == "first" and out[1] == value.shape[1]:
            return joined(value, out, "first", path, step)
        if value.layout != "first" and out[-1] == value.shape[-1]:
            positions = Label("positions", FrozenDict(), path, step.within or "", step.order)
            return Value(value.edge.then(positions), out, "last")
    shaped = Label("reshape", FrozenDict(shape=out[1:]), path, step.within or "", step.order)
    return Value(value.edge.then(shaped), out, None)


def permute(builder: Builder, layer: Layer, call: Call) -> None:
    """The axes in another order (Keras's axes count without the batch)."""
    value = builder.tensors(call)[0]
    axes: Any = layer.setting("axis") or ()
    order = axes if len(axes) == len(value.shape) else (0, *axes)
    builder.put(call, transposed(value, order, layer.path, call))


def transposed(value: Value, order: Any, path: str | None, step: Any) -> Value:
    """Axes that moved from first to last, or back, are the same tensor in another layout."""
    rank = len(value.shape)
    out = tuple(value.shape[axis % rank] for axis in order) if len(order) == rank else value.shape
    layout, same = permuted(order, rank, value.layout) if len(order) == rank else (None, False)
    real = [axis % rank for axis in order if value.shape[axis % rank] != 1]
    if same or (len(order) == rank and real == sorted(real)):
        return Value(value.edge, out, layout)
    moved = Label("permute", FrozenDict(axis=tuple(order)), path, step.within or "", step.order)
    return Value(value.edge.then(moved), out, None)


def pad(builder: Builder, layer: Layer, call: Call) -> None:
    """Positions put around, or taken off."""
    value = builder.tensors(call)[0]
    layout = "first" if layer.setting("data_format") == "channels_first" else "last"
    padding: Any = layer.setting("padding")
    pairs = tuple(p if isinstance(p, tuple) else (p, p) for p in padding) if isinstance(padding, tuple) else padding
    if layer.kind.startswith("crop"):
        pairs = tuple((-before, -after) for before, after in pairs)
    settings = {"padding": pairs, "pad_value": layer.setting("pad_value") or 0}
    builder.put(call, Value(value.edge.then(label(layer, call, "pad", **settings)), value.shape, layout))


def interpolation(builder: Builder, name: Any) -> Any:
    """How values between positions are found; bicubic has another kernel in every framework."""
    return f"{name} of {builder.report.framework}" if name == "bicubic" else name


def upsample(builder: Builder, layer: Layer, call: Call) -> None:
    """Positions repeated or interpolated, by how much larger the map becomes."""
    value = builder.tensors(call)[0]
    out = tensor_leaves(call.outputs)[0].shape
    layout = "first" if layer.setting("data_format") == "channels_first" else "last"
    settings = {
        "size": out[2:] if layout == "first" else out[1:-1],
        "interpolation": interpolation(builder, layer.setting("interpolation")),
        "align_corners": bool(layer.setting("align_corners")),
    }
    builder.put(call, Value(value.edge.then(label(layer, call, "upsample", **settings)), value.shape, layout))
