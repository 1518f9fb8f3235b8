"""What is shown, decided once: a report, an explanation or two reports become a `Table`; renderers only print it.

(`comparison_tables` does the same for a comparison.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from .errors import UnknownColumnError, near_names
from .explanation import Explanations
from .parameter import Parameter
from .records import Call, Layer, Report
from .values import FrozenDict, TensorSpec
from .vocabulary import NATIVE_COUNTS

UNKNOWN = "?"
NONE = "-"


@dataclass(frozen=True)
class Table:
    """Cells of text. `numeric` says which columns are right-aligned; `footer` is lines below, `title` one above."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    title: str = ""
    footer: tuple[str, ...] = ()


class Code(str):
    """A line of a footer that is a line of Python."""


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


def _tensor(parameter: Parameter | None, layer: Layer, report: Report) -> str:
    if parameter is not None:
        return shape(parameter.shape)
    others = any(report[child].part_of != layer.path for child in layer.children)
    return UNKNOWN if layer.parameter_count is None and not others else NONE


_COLUMNS: dict[str, tuple[bool, Callable[[Layer, Report], str]]] = {
    # column: (right-aligned, what stands in it)
    "path": (False, lambda layer, _: "  " * layer.depth + (layer.path or "(root)")),
    "name": (False, lambda layer, _: "  " * layer.depth + (layer.name or "(root)")),
    "type": (False, lambda layer, _: layer.type),
    "kind": (False, lambda layer, _: layer.kind),
    "units": (True, lambda layer, _: NONE if layer.units is None else count(layer.units)),
    "kernel": (False, lambda layer, report: _tensor(layer.kernel, layer, report)),
    "bias": (False, lambda layer, report: _tensor(layer.bias, layer, report)),
    "input": (False, _called(_arguments)),
    "output": (False, _called(lambda call: structure(call.outputs))),
    "feature map": (False, lambda layer, _: "×".join(map(str, layer.spatial_shape)) if layer.spatial_shape else NONE),
    "activations": (True, lambda layer, _: NONE if layer.kind == "input" else count(layer.activations)),
    "parameters": (True, lambda layer, _: count(layer.parameter_count)),
    "trainable": (True, lambda layer, _: count(layer.trainable_count)),
    "buffers": (True, lambda layer, _: count(layer.buffer_count)),
    "macs": (True, lambda layer, _: NONE if layer.kind == "input" or layer.part_of else count(layer.macs)),
    "bytes": (True, lambda layer, _: count(layer.bytes)),
    "activation bytes": (True, lambda layer, _: count(layer.activation_bytes) if layer.calls else NONE),
    "calls": (True, lambda layer, _: str(len(layer.calls))),
    "wants": (False, lambda layer, _: f"({', '.join(layer.input_axes)})" if layer.input_axes else NONE),
    "axes": (False, lambda layer, _: "; ".join(f"{p.name}: {p.axes or UNKNOWN}" for p in layer.parameters) or NONE),
    "settings": (False, lambda layer, _: ", ".join(f"{s.name}={s.value}" for s in layer.settings) or NONE),
}
COLUMNS: tuple[str, ...] = tuple(_COLUMNS)
DEFAULT_COLUMNS = ("path", "type", "units", "kernel", "bias", "output", "parameters")


def report_table(report: Report, columns: Sequence[str] | None = None, depth: int | None = None) -> Table:
    """A row per layer down to `depth`, then the totals, then the notes. Raises `UnknownColumnError`."""
    columns = DEFAULT_COLUMNS if columns is None else tuple(columns)
    for name in columns:
        if name not in _COLUMNS:
            raise UnknownColumnError(f"There is no column {name!r}: {near_names(name, _COLUMNS)}")
    layers = [layer for layer in report if depth is None or layer.depth <= depth]
    return Table(
        columns=columns,
        rows=tuple(tuple(_COLUMNS[name][1](layer, report) for name in columns) for layer in layers),
        numeric=tuple(_COLUMNS[name][0] for name in columns),
        title=f"{report.model} ({framework(report)})",
        footer=("", *totals(report), *_notes(report)),
    )


def cell(column: str, layer: Layer, report: Report) -> str:
    """What stands in a column of `COLUMNS` for one layer."""
    return _COLUMNS[column][1](layer, report)


def framework(report: Report) -> str:
    """`keras 3.15.0 on tensorflow`."""
    backend = f" on {report.backend}" if report.backend != report.framework else ""
    return f"{report.framework} {report.framework_version}{backend}"


def totals(report: Report) -> tuple[str, ...]:
    """The lines below a table: parameters, buffers, the framework's own number, multiply-accumulates, bytes."""
    lines = {
        "parameters": count(report.parameter_count),
        "trainable": count(report.trainable_count),
        "buffers": count(report.buffer_count),
        report.framework: _native(report),
        "MACs": count(report.macs),
        "bytes": _bytes(report.bytes),
        "activations": _bytes(report.activation_bytes, " bytes"),
    }
    return tuple(f"{name:<11} {text}" for name, text in lines.items())


def _bytes(size: int | None, unit: str = "") -> str:
    return f"{count(size)}{unit}{f' ({_scaled(size)})' if size and size >= 1024 else ''}"


def _native(report: Report) -> str:
    how = NATIVE_COUNTS.get(report.framework, "its own count")
    return f"{count(report.native_count)} ({how}{' raises' if report.native_count is None else ''})"


def _scaled(size: float) -> str:
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        size /= 1024
        if size < 1024 or unit == "TiB":
            return f"{size:.1f} {unit}"
    raise AssertionError


def _notes(report: Report) -> tuple[str, ...]:
    return ("", *(f"note: {note}" for note in report.notes)) if report.notes else ()


def explanations_table(explanations: Explanations) -> Table:
    """A row per layer that has parameters of its own, and the total."""
    own = [e for e in explanations.values() if any(not term.child for term in e.terms)]
    rows = [(e.path or "(root)", e.type, count(e.total), "; ".join((e.substituted, *e.remarks))) for e in own]
    rows.append(("total", "", count(explanations.total), ""))
    return Table(("path", "type", "parameters", "why"), tuple(rows), (False, False, True, False))


_PAIRED = ("units", "kernel", "output", "parameters")


def side_by_side(a: Report, b: Report) -> Table:
    """Two reports in one table: layers of equal kinds on one line, the others in their place."""
    rows: list[tuple[str, ...]] = []
    kinds = [[layer.kind for layer in report] for report in (a, b)]
    for _, a1, a2, b1, b2 in SequenceMatcher(None, *kinds, autojunk=False).get_opcodes():
        for offset in range(max(a2 - a1, b2 - b1)):
            left = a.layers[a1 + offset] if a1 + offset < a2 else None
            right = b.layers[b1 + offset] if b1 + offset < b2 else None
            rows.append(_pair(left, right, a, b))
    numeric = tuple(_COLUMNS[name][0] for name in _PAIRED for _ in "ab")
    names = [f"{name}\n{report.framework}" for name in _PAIRED for report in (a, b)]
    width = max(map(len, totals(a))) + 4
    return Table(
        columns=("layer", "kind", *names),
        rows=tuple(rows),
        numeric=(False, False, *numeric),
        title=f"{a.model} ({framework(a)}) and {b.model} ({framework(b)})",
        footer=("", *(f"{x:<{width}}{y}" for x, y in zip(totals(a), totals(b), strict=True))),
    )


def _pair(left: Layer | None, right: Layer | None, a: Report, b: Report) -> tuple[str, ...]:
    names = dict.fromkeys(cell("name", layer, a) for layer in (left, right) if layer)
    cells = []
    for column in _PAIRED:
        for layer, report in ((left, a), (right, b)):
            cells.append(cell(column, layer, report) if layer else "")
    return " / ".join(names), (left or right).kind, *cells  # type: ignore[union-attr]
