"""The layers of a report as a page holds them: a list per column, and numbers of shared values instead of the values.

What a browser can tell by itself (paths, counts of calls, who feeds whom, what a container adds up to) is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..columns import COLUMNS, NONE, UNKNOWN, structure
from ..explanation import Explanation
from ..formulas import explain
from ..parameter import Parameter, split_axes
from ..records import Call, Layer, Operation, Report, Source
from ..values import Inputs, tensor_leaves
from .pool import Pool, whole

# The columns of the tree, beside the name. Numbers stand as they are: `None` is unknown, "-" does not apply.
_SHOWN = (
    "type",
    "kind",
    "units",
    "kernel",
    "bias",
    "input",
    "output",
    "feature map",
    "activations",
    "parameters",
    "own parameters",
    "trainable",
    "buffers",
    "macs",
    "bytes",
    "activation bytes",
)


def layer_columns(report: Report, pool: Pool, shown: Iterable[str] = _SHOWN) -> dict[str, list[Any]]:
    """A list per column, with an entry for every layer."""
    columns: dict[str, list[Any]] = {name: [_entry(name, layer, report, pool) for layer in report] for name in shown}
    columns["settings"] = [pool(_settings(layer)) for layer in report]
    columns["tensors"] = [pool(tuple(_tensor(p) for p in layer.parameters)) for layer in report]
    columns["calls"] = [[_call(call, pool) for call in layer.calls] for layer in report]
    columns["training"] = [None if layer.training is None else int(layer.training) for layer in report]
    return columns


def _entry(name: str, layer: Layer, report: Report, pool: Pool) -> Any:
    column = COLUMNS[name]
    text = column.text(layer, report)
    if not column.numeric:
        return pool(text)
    return NONE if text == NONE else None if text == UNKNOWN else whole(column.value(layer))


def _settings(layer: Layer) -> tuple:
    return tuple(
        (s.name, spelled(s.value), s.native_name, None if s.native_name is None else spelled(s.native_value))
        for s in layer.settings
    )


def spelled(value: Any) -> str:
    """A setting's value as it would be typed."""
    return repr(value) if isinstance(value, str) else str(value)


def _tensor(parameter: Parameter) -> tuple:
    """Name, role, dtype, state (0 trainable, 1 frozen, 2 a buffer), shape, axes, the named sizes of every dimension,
    labels, bytes, the tensor it is tied to, sharding, what is stored instead."""
    state = 2 if parameter.state == "buffer" else int(not parameter.trainable)
    labels = tuple((axis, tuple((word, size) for word, size in parts)) for axis, parts in parameter.labels.items())
    return (
        parameter.name,
        parameter.role,
        parameter.dtype,
        state,
        parameter.shape,
        parameter.axes,
        _dimensions(parameter),
        labels,
        parameter.bytes,
        parameter.same_as,
        parameter.sharding,
        None if parameter.stored is None else str(parameter.stored),
    )


def _dimensions(parameter: Parameter) -> tuple | None:
    """`(("gate", 4), ("units", 64)), (("in", 12),)`: what every dimension is joined of."""
    if parameter.axes is None:
        return None
    sizes = parameter.by_axis or {}
    return tuple(
        tuple((name, 1 if name == "1" else sizes.get(name)) for name in names) for names in split_axes(parameter.axes)
    )


def _call(call: Call, pool: Pool) -> list[Any]:
    entry = [call.order, pool(_arguments(call.inputs)), pool(_given(call.outputs)), _sources(call.sources)]
    return entry if call.seconds is None else [*entry, call.seconds]


def _arguments(inputs: Inputs) -> tuple[str, str]:
    shown = [structure(a) for a in inputs.args] + [f"{k}={structure(v)}" for k, v in inputs.kwargs.items()]
    return ", ".join(shown), _dtypes(inputs)


def _given(outputs: Any) -> tuple[str, str]:
    return structure(outputs), _dtypes(outputs)


def _dtypes(value: Any) -> str:
    return ", ".join(dict.fromkeys(spec.dtype for spec in tensor_leaves(value)))


def _sources(sources: tuple[Source | None, ...]) -> list[Any]:
    """Per tensor: the number of a step, or [step, which output]; a text `input:x`, `parameter:path`, `constant`; `None`
    where it could not be followed."""
    return [None if source is None else _source(source) for source in sources]


def _source(source: Source) -> Any:
    if source.kind == "step":
        return [source.step, source.index] if source.index else source.step
    name = source.path if source.path is not None else source.index
    return source.kind if name is None else f"{source.kind}:{name}"


def operation_rows(report: Report, numbers: dict[str, int], pool: Pool) -> list[list[Any]]:
    """Step, kind, native name, the layer whose code it is, settings, inputs, outputs, sources, multiply-accumulates."""
    return [_operation(operation, numbers, pool) for operation in report.operations]


def _operation(operation: Operation, numbers: dict[str, int], pool: Pool) -> list[Any]:
    settings = ", ".join(f"{name}={spelled(value)}" for name, value in operation.settings.items())
    return [
        operation.order,
        pool(operation.kind),
        pool(operation.native_name),
        numbers.get(operation.within),
        pool(settings),
        pool(_arguments(operation.inputs)),
        pool(_given(operation.outputs)),
        _sources(operation.sources),
        whole(operation.macs),
    ]


def explanation_columns(report: Report, pool: Pool) -> dict[str, Any]:
    """Why each layer has its parameters: those of its own in a formula; of what lies below, the browser makes a sum.
    `total` and `shared` only hold what that sum does not give: another total, and what was counted twice."""
    explanations = explain(report)
    found: dict[str, Any] = {"own": [], "agrees": [], "total": {}, "shared": {}}
    for number, layer in enumerate(report):
        explanation = explanations[layer.path]
        found["own"].append(pool((*_own_formula(explanation), explanation.remarks)))
        found["agrees"].append(None if explanation.agrees is None else int(explanation.agrees))
        if explanation.total != layer.parameter_count:
            found["total"][number] = whole(explanation.total)
        for term in explanation.terms:
            if term.child and term.formula == "−shared":
                found["shared"][number] = whole(term.count)
    return found


def _own_formula(explanation: Explanation) -> tuple[str, str]:
    own = [term for term in explanation.terms if not term.child]
    if len(own) == len(explanation.terms):
        return explanation.formula, explanation.substituted
    return " + ".join(term.formula for term in own), " + ".join(term.substituted for term in own)


def tree(report: Report) -> dict[str, list[Any]]:
    """Where every layer stands: `above` is the layer whose path begins its own (-1: none), `name` the rest of it.
    `others`: the further places of a layer that is held more than once, as [layer, above, name]."""
    numbers = {layer.path: number for number, layer in enumerate(report)}
    places = [_place(layer.path, numbers) for layer in report]
    others = [
        [number, *_place(alias, numbers)] for number, layer in enumerate(report) for alias in layer.aliases if alias
    ]
    return {"above": [above for above, _ in places], "name": [name for _, name in places], "others": others}


def _place(path: str, numbers: dict[str, int]) -> tuple[int, str]:
    if path == "":
        return -1, ""
    above = path.rpartition(".")[0]
    while above and above not in numbers:
        above = above.rpartition(".")[0]
    return numbers[above], path[len(above) + 1 :] if above else path
