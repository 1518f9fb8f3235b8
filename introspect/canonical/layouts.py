"""Which axis is which: channels first or last, followed through the functions that move axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..records import Call, Layer, Operation, Report
from ..values import tensor_leaves

Layout = str | None  # "first", "last" or not known
_KEEP = frozenset({
    "activation", "dropout", "identity", "add", "multiply", "subtract", "maximum", "minimum", "average", "rescaling",
    "normalization", "cast", "copy", "divide", "relu", "gelu", "silu", "zero_pad2d", "stack", "concat", "assign",
    "augmentation", "slice", "clip", "pad", "batch_norm",
})  # fmt: skip


def wanted_layout(layer: Layer, rank: int) -> Layout:
    """The layout that a layer takes its input in, where its settings say so."""
    data_format = layer.setting("data_format") if layer.kind != "flatten" or rank > 3 else None
    if data_format == "channels_first" or (data_format == "channels_last" and layer.kind != "flatten"):
        return data_format.removeprefix("channels_")
    axis = layer.setting("axis")
    if layer.kind in ("batch_norm", "group_norm", "instance_norm") and axis and rank > 2:
        return "first" if axis[0] == 1 else "last"
    return "last" if rank > 3 and _acts_on_last(layer, rank) else None


def _acts_on_last(layer: Layer, rank: int) -> bool:
    """Whether a layer's features are those of the last axis, also in a framework that has channels first."""
    if layer.kind not in ("layer_norm", "rms_norm"):
        return layer.kind == "dense"
    axis, sizes = layer.setting("axis"), layer.setting("normalized_shape")
    return axis in ((-1,), (rank - 1,)) or (axis is None and isinstance(sizes, tuple) and len(sizes) == 1)


def input_layouts(report: Report) -> dict[tuple[str, int], Layout]:
    """The layout of each input: that which the first layer wants that cares."""
    steps: list[tuple[Layer | None, Call | Operation]] = [(None, operation) for operation in report.operations]
    steps += [(layer, call) for layer in report if not layer.opened for call in layer.calls]
    found: dict[tuple[str, int], Layout] = {}
    comes_of: dict[int, tuple[str, int]] = {}
    for layer, step in sorted(steps, key=lambda s: s[1].order):
        for source, spec in zip(step.sources, tensor_leaves(step.inputs), strict=False):
            key = None
            if source is not None and source.kind == "input":
                key = (str(source.path), source.index or 0)
            elif source is not None and source.kind == "step":
                key = comes_of.get(source.step or 0)
            if key is None or key in found:
                continue
            wanted = wanted_layout(layer, len(spec.shape)) if layer is not None else None
            kind = layer.kind if layer is not None else step.kind  # type: ignore[union-attr]
            if wanted is not None:
                found[key] = wanted
            elif kind in _KEEP:
                comes_of[step.order] = key
    return found


def axis_word(axis: int, rank: int, layout: Layout) -> Any:
    """The axis by its meaning: `"batch"`, `"channel"`, or the number of the spatial or time axis."""
    axis %= max(rank, 1)
    if axis == 0 and rank > 1:
        return "batch"
    channel = 1 if layout == "first" else rank - 1
    if axis == channel:
        return "channel"
    return axis - 1 if axis > channel else axis


def permuted(order: Sequence[int], rank: int, layout: Layout) -> tuple[Layout, bool]:
    """The layout after axes were put in this order, and whether that is all it did: output axis i is axis order[i]."""
    order = [axis % rank for axis in order]
    if order == list(range(rank)):
        return layout, True
    to_last = [0, *range(2, rank), 1]
    to_first = [0, rank - 1, *range(1, rank - 1)]
    if rank == 3 and order == [0, 2, 1]:
        return ("last" if layout == "first" else "first"), True
    if order == to_last and layout in ("first", None):
        return "last", True
    if order == to_first and layout in ("last", None):
        return "first", True
    return None, False
