"""Where only one of two models says what it is called with, the other is called with the same in its own layout."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..canonical.layouts import input_layouts
from ..errors import InputsError
from ..inspection import inspect
from ..records import Report
from ..values import Inputs, TensorSpec, tensor_leaves


def inspected(a: Any, b: Any, inputs_a: Any, inputs_b: Any) -> tuple[Report, Report]:
    """Both reports, the inputs of one derived from the other's where only that one knows its own."""
    one, other = inspect(a, inputs_a), inspect(b, inputs_b)
    if _knows(one, inputs_a) and _may_be_told(b, other, inputs_b):
        other = _derived(one, b, other)
    elif _knows(other, inputs_b) and _may_be_told(a, one, inputs_a):
        one = _derived(other, a, one)
    return one, other


def images_of(report: Report, other: Report) -> bool | str:
    """How images are laid out that no layer of a model tells: as in the other, if both are given the same shapes; else
    as its framework has them."""
    shapes = [[spec.shape for spec in tensor_leaves(r.inputs)] for r in (report, other)]
    if shapes[0] != shapes[1]:
        return True
    return next((layout for layout in input_layouts(other).values() if layout), False)


def _knows(report: Report, said: Any) -> bool:
    return report.complete and report.inputs is not None and (said is not None or not _guessed(report))


def _may_be_told(model: Any, report: Report, said: Any) -> bool:
    return said is None and not isinstance(model, Report) and (_guessed(report) or not report.complete)


def _guessed(report: Report) -> bool:
    return any(note.startswith("Inputs: ") for note in report.notes)


def _derived(known: Report, model: Any, report: Report) -> Report:
    """The model inspected once more with the other's inputs; as it was, if it refuses them."""
    specs = tensor_leaves(known.inputs)
    layouts = list(input_layouts(known).values()) or [None]
    wanted = _layout(report)
    inputs = Inputs(*(_rearranged(spec, layouts[0], wanted) for spec in specs))
    try:
        again = inspect(model, inputs)
    except InputsError:
        return report
    if not again.complete:
        return report
    return replace(again, notes=("Inputs: a guess, those of the other model; pass inputs_a= or inputs_b= to be sure.",
                                 *again.notes))  # fmt: skip


def _layout(report: Report) -> str | None:
    """The order of axes that a model wants: that of the first layer that says so."""
    for layer in report:
        if layer.setting("data_format"):
            return layer.setting("data_format").removeprefix("channels_")
        if layer.setting("batch_first") is False and layer.kind in ("lstm", "gru", "simple_rnn", "attention"):
            return "time"
    return None


def _rearranged(spec: TensorSpec, layout: str | None, wanted: str | None) -> TensorSpec:
    shape = spec.shape
    if len(shape) > 2 and layout == "last" and wanted == "first":
        shape = (shape[0], shape[-1], *shape[1:-1])
    elif len(shape) > 2 and layout == "first" and wanted == "last":
        shape = (shape[0], *shape[2:], shape[1])
    elif len(shape) == 3 and wanted == "time":
        shape = (shape[1], shape[0], shape[2])
    return TensorSpec(shape, "int64" if spec.dtype.startswith("int") else spec.dtype)
