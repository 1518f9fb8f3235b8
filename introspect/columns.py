"""What can stand in a column of a report, each cell in two forms: the text that is shown, and the value behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from .errors import UnknownColumnError, near_names
from .parameter import Parameter
from .records import Call, Layer, Report
from .values import FrozenDict, Inputs, TensorSpec

UNKNOWN = "?"
NONE = "-"


def count(number: int | None) -> str:
    """A number with separators, `?` where it is unknown."""
    return UNKNOWN if number is None else f"{number:,}"


def shape(sizes: Sequence[int | None] | None) -> str:
    """`(1, 28, 28, 3)`, `?` where it is unknown; a size that is unknown is `?` too."""
    if sizes is None:
        return UNKNOWN
    inner = ", ".join(UNKNOWN if n is None else str(n) for n in sizes)
    return f"({inner},)" if len(sizes) == 1 else f"({inner})"


def structure(value: Any) -> str:
    """Everything that goes into or comes out of a call: `(1, 10, 64)`, or `[(1, 10, 64), [(1, 1, 64), …]]`."""
    if isinstance(value, TensorSpec):
        return shape(value.shape)
    if isinstance(value, FrozenDict):
        inner = ", ".join(f"{name}: {structure(v)}" for name, v in value.items())
        return f"{value.type_name or ''}{{{inner}}}"
    if isinstance(value, tuple):
        return f"[{', '.join(structure(v) for v in value)}]"
    return str(value)


def _arguments(call: Call) -> str:
    shown = [structure(a) for a in call.inputs.args] + [f"{k}={structure(v)}" for k, v in call.inputs.kwargs.items()]
    return ", ".join(shown)


def _called(show: Callable[[Call], str]) -> Callable[[Layer, Report], str]:
    """Of the first call; a layer that the pass did not call is no unknown one."""

    def cell(layer: Layer, report: Report) -> str:
        if layer.calls:
            return show(layer.calls[0])
        if layer.kind == "input":  # never called: what it declares, with the sizes it leaves open
            return str(layer.setting("shape"))
        if layer.part_of is not None:  # runs inside its owner
            return NONE
        return "not called" if report.complete and report.method != "none" else UNKNOWN

    return cell


def _shapes(layer: Layer, show: Callable[[Call], Any]) -> Any:
    """The shape of the one tensor of the first call, or else the structure with a shape for every tensor."""
    if layer.calls:
        return _as_shapes(show(layer.calls[0]))
    return layer.setting("shape") if layer.kind == "input" else None


def _as_shapes(value: Any) -> Any:
    if isinstance(value, Inputs):
        args, kwargs = _as_shapes(value.args), {k: _as_shapes(v) for k, v in value.kwargs.items()}
        return {**dict(enumerate(args)), **kwargs} if kwargs else args[0] if len(args) == 1 else args
    if isinstance(value, TensorSpec):
        return value.shape
    if isinstance(value, dict):
        return {k: _as_shapes(v) for k, v in value.items()}
    return tuple(_as_shapes(v) for v in value) if isinstance(value, tuple) else value


def _tensor(parameter: Parameter | None, layer: Layer, report: Report) -> str:
    if parameter is not None:
        return shape(parameter.shape)
    others = any(report[child].part_of != layer.path for child in layer.children)
    return UNKNOWN if layer.parameter_count is None and not others else NONE


def _own(layer: Layer) -> int | None:
    """The elements of the parameters that this layer itself holds, so that all layers together have the model's."""
    sizes = [p.size for p in layer.parameters if p.state == "parameter" and p.same_as is None]
    return None if None in sizes else sum(sizes)  # type: ignore[arg-type]


class Column(NamedTuple):
    """What a column holds: `numeric` ones are right-aligned whole numbers; `text` is what a reader sees, `value` what a
    program wants, `None` where there is nothing or it is not known."""

    numeric: bool
    text: Callable[[Layer, Report], str]
    value: Callable[[Layer], Any]


COLUMNS: dict[str, Column] = {
    "path": Column(False, lambda layer, _: "  " * layer.depth + (layer.path or "(root)"), lambda layer: layer.path),
    "name": Column(False, lambda layer, _: "  " * layer.depth + (layer.name or "(root)"), lambda layer: layer.name),
    "type": Column(False, lambda layer, _: layer.type, lambda layer: layer.type),
    "kind": Column(False, lambda layer, _: layer.kind, lambda layer: layer.kind),
    "depth": Column(True, lambda layer, _: str(layer.depth), lambda layer: layer.depth),
    "units": Column(
        True, lambda layer, _: NONE if layer.units is None else count(layer.units), lambda layer: layer.units
    ),
    "kernel": Column(
        False, lambda layer, report: _tensor(layer.kernel, layer, report), lambda layer: layer.kernel_shape
    ),
    "bias": Column(False, lambda layer, report: _tensor(layer.bias, layer, report), lambda layer: layer.bias_shape),
    "input": Column(False, _called(_arguments), lambda layer: _shapes(layer, lambda call: call.inputs)),
    "output": Column(
        False,
        _called(lambda call: structure(call.outputs)),
        lambda layer: _shapes(layer, lambda call: call.outputs),
    ),
    "feature map": Column(
        False,
        lambda layer, _: "×".join(map(str, layer.spatial_shape)) if layer.spatial_shape else NONE,
        lambda layer: layer.spatial_shape,
    ),
    "activations": Column(
        True,
        lambda layer, _: NONE if layer.kind == "input" else count(layer.activations),
        lambda layer: layer.activations,
    ),
    "own parameters": Column(True, lambda layer, _: count(_own(layer)), lambda layer: _own(layer)),
    "parameters": Column(True, lambda layer, _: count(layer.parameter_count), lambda layer: layer.parameter_count),
    "trainable": Column(True, lambda layer, _: count(layer.trainable_count), lambda layer: layer.trainable_count),
    "buffers": Column(True, lambda layer, _: count(layer.buffer_count), lambda layer: layer.buffer_count),
    "macs": Column(
        True,
        lambda layer, _: NONE if layer.kind == "input" or layer.part_of else count(layer.macs),
        lambda layer: layer.macs,
    ),
    "bytes": Column(True, lambda layer, _: count(layer.bytes), lambda layer: layer.bytes),
    "activation bytes": Column(
        True,
        lambda layer, _: count(layer.activation_bytes) if layer.calls else NONE,
        lambda layer: layer.activation_bytes,
    ),
    "calls": Column(True, lambda layer, _: str(len(layer.calls)), lambda layer: len(layer.calls)),
    "wants": Column(
        False,
        lambda layer, _: f"({', '.join(layer.input_axes)})" if layer.input_axes else NONE,
        lambda layer: layer.input_axes,
    ),
    "axes": Column(
        False,
        lambda layer, _: "; ".join(f"{p.name}: {p.axes or UNKNOWN}" for p in layer.parameters) or NONE,
        lambda layer: {p.name: p.axes for p in layer.parameters},
    ),
    "settings": Column(
        False,
        lambda layer, _: ", ".join(f"{s.name}={s.value}" for s in layer.settings) or NONE,
        lambda layer: {s.name: s.value for s in layer.settings},
    ),
}
DEFAULT_COLUMNS = ("path", "type", "units", "kernel", "bias", "output", "parameters")


def cell(column: str, layer: Layer, report: Report) -> str:
    """What stands in a column of `COLUMNS` for one layer."""
    return COLUMNS[column].text(layer, report)


def known(columns: Iterable[str]) -> tuple[str, ...]:
    """The columns themselves. Raises `UnknownColumnError`."""
    columns = tuple(columns)
    for name in columns:
        if name not in COLUMNS:
            raise UnknownColumnError(f"There is no column {name!r}: {near_names(name, COLUMNS)}")
    return columns
