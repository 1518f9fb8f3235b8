"""Functions between layers that pick, move or join elements → labels, or nothing."""

from __future__ import annotations

from typing import Any

from ..records import Operation
from ..values import tensor_leaves
from . import shaping, windows
from .builder import Builder, Value
from .functions import label, other, setting, through
from .layouts import axis_word
from .recurrent import picked_state


def view(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    out = tensor_leaves(step.outputs)[0].shape
    joined = shaping.heads_joined(builder, data[0], out)
    builder.put(step, joined or shaping.reshaped(data[0], out, None, step))


def transposition(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    value = data[0]
    builder.put(step, shaping.transposed(value, _order(step, len(value.shape)), None, step))


def _order(step: Operation, rank: int) -> tuple[int, ...]:
    """The order of axes that a transposition gives: of `permute(0, 2, 1)` as of `transpose(1, 2)`."""
    if "source" in step.settings and "destination" in step.settings:
        return _moved(step.settings["source"], step.settings["destination"], rank)
    said = setting(step, "axes", "axis", "dims")
    numbers = said if isinstance(said, tuple) else tuple(
        v for name, v in step.settings.items() if isinstance(v, int) and not isinstance(v, bool)
    )  # fmt: skip
    if len(numbers) == rank:
        return tuple(numbers)
    order = list(range(rank))
    if len(numbers) == 2:
        one, two = (n % rank for n in numbers)
        order[one], order[two] = order[two], order[one]
    elif not numbers:
        order.reverse()
    return tuple(order)


def _moved(source: Any, destination: Any, rank: int) -> tuple[int, ...]:
    """The order of axes after some were moved elsewhere, as `moveaxis` does."""
    pairs = [(source, destination)] if isinstance(source, int) else zip(source, destination, strict=True)
    places = {there % rank: here % rank for here, there in pairs}
    rest = iter([axis for axis in range(rank) if axis not in places.values()])
    return tuple(places[axis] if axis in places else next(rest) for axis in range(rank))


def expanded(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """An axis of length one added or removed, or repeated as arithmetic would repeat it: nothing."""
    out = tensor_leaves(step.outputs)[0].shape
    value = data[0]
    keeps = len(out) == len(value.shape)
    layout = value.layout if keeps else _layout_without_ones(value, out)
    _put(builder, step, Value(value.edge, out, layout))


def _layout_without_ones(value: Value, out: tuple[int | None, ...]) -> str | None:
    channel = value.shape[1] if value.layout == "first" and len(value.shape) > 1 else value.shape[-1:]
    return "first" if value.layout == "first" and len(out) > 2 and out[1] == channel else None


def _put(builder: Builder, step: Operation, value: Value) -> None:
    for index, _ in enumerate(tensor_leaves(step.outputs)):
        builder.put(step, value, index)


def sliced(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    value, out = data[0], tensor_leaves(step.outputs)[0].shape
    key = setting(step, "key")
    picked = picked_state(builder, value, key)
    if picked is not None:
        return builder.put(step, Value(picked, out))
    if windows.cut_behind(builder, value, out, key):
        return builder.put(step, value)
    if [n for n in value.shape if n != 1] == [n for n in out if n != 1]:
        return expanded(builder, step, values, data)
    if builder.graph.hubs[value.edge.source].word in ("parameter", "table") and not value.edge.labels:
        return through(builder, step, value)  # the first rows of a table of positions
    crop = _cropped(key, value, out)
    if crop is not None:
        return through(builder, step, value, label(step, "pad", padding=crop, pad_value=0))
    said = dict(step.settings) if key is None else _plain_key(key, value)
    through(builder, step, value, label(step, "slice", key=str(said)))
    return None


def _cropped(key: Any, value: Value, out: tuple[int | None, ...]) -> Any:
    """What an index takes off the borders of an image, as (before, after) per spatial axis; `None` where it does
    anything else."""
    if not isinstance(key, tuple) or len(out) != len(value.shape) or len(key) != len(out) or len(out) < 4:
        return None
    found = []
    for part, size, left in zip(key, value.shape, out, strict=True):
        bounds = str(part).removeprefix("slice(").removesuffix(")").split(", ")
        start = 0 if bounds[0] == "None" else int(bounds[0]) if bounds[0].isdigit() else None
        if start is None or bounds[-1] != "None" or size is None or left is None:
            return None
        found.append((-start, -(size - left - start)))
    spatial = found[2:] if value.layout == "first" else found[1:-1]
    rest = found[:2] if value.layout == "first" else [found[0], found[-1]]
    return tuple(spatial) if not any(map(any, rest)) else None


def _plain_key(key: Any, value: Value) -> Any:
    """An index in one spelling: slices that take all are left out at the end."""
    parts = list(key) if isinstance(key, tuple) else [key]
    while parts and parts[-1] in ("slice(None, None, None)", "Ellipsis", "..."):
        parts.pop()
    return tuple(parts)


def split_up(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """Parts of equal or given sizes: the slices `start:stop` along an axis."""
    value, specs = data[0], tensor_leaves(step.outputs)
    axis = next((i for i, (n, m) in enumerate(zip(value.shape, specs[0].shape, strict=False)) if n != m), None)
    if len(specs[0].shape) != len(value.shape) or axis is None:
        return other(builder, step, values, data)
    start = 0
    for index, spec in enumerate(specs):
        stop = start + (spec.shape[axis] or 0)
        part = label(step, "part", axis=axis_word(axis, len(value.shape), value.layout), start=start, stop=stop)
        builder.put(step, Value(value.edge.then(part), spec.shape, value.layout), index)
        start = stop
    return None
