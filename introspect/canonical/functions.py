"""What most functions become: a label on the edge of their input, or a hub of several inputs."""

from __future__ import annotations

from typing import Any

from ..graph import Label
from ..records import Operation
from ..values import FrozenDict, tensor_leaves
from .builder import Builder, Value


def label(step: Operation, word: str, **settings: Any) -> Label:
    """The function as a label."""
    return Label(word, FrozenDict(settings), None, step.within, step.order)


def through(builder: Builder, step: Operation, value: Value, *labels: Label, layout: Any = "same") -> None:
    """The same for all outputs of the step."""
    for index, spec in enumerate(tensor_leaves(step.outputs)):
        kept = value.layout if layout == "same" and len(spec.shape) == len(value.shape) else None
        more = labels if index == 0 else (*labels, label(step, "output", number=index))
        builder.put(step, Value(value.edge.then(*more), spec.shape, kept), index)


def setting(step: Operation, *names: str) -> Any:
    """The first of these settings that is said."""
    return next((step.settings[name] for name in names if step.settings.get(name) is not None), None)


def other(builder: Builder, step: Operation, values: list[Value], data: list[Value]) -> None:
    """A function without a form of its own here: a label with its settings, or a hub of several inputs."""
    settings = {name: value for name, value in step.settings.items() if not isinstance(value, FrozenDict)}
    if step.kind == "matmul":
        settings = {}
    word = step.kind if step.kind != "unknown" else step.native_name
    if step.kind == "unknown":
        builder.unknown(f"What {step.native_name} in {step.within or 'the model'} computes is not known.")
    if len(data) == 1:
        unknown = {"unknown": True} if step.kind == "unknown" else {}
        return through(builder, step, data[0], label(step, word, **settings, **unknown))
    hub = builder.new(word, settings, data, within=step.within, order=step.order)
    hub.shape = tensor_leaves(step.outputs)[0].shape
    builder.put_hub(step, hub)
    return None
