"""What the page of a report shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import vocabulary
from ..columns import COLUMNS, structure
from ..records import Report
from ..tables import Table, framework, report_table
from ..vocabulary import NATIVE_COUNTS
from .layers import explanation_columns, layer_columns, operation_rows, tree
from .pool import Pool, whole

# How many rows the table for readers without scripts has at most, unless one level alone has more.
_PLAIN_ROWS = 150
_METHODS = {
    "abstract": "shapes without computing",
    "eager": "really run",
    "declared": "shapes as declared",
    "none": "not run: structure and weights only",
}


def title(report: Report) -> str:
    """`ResNet (torch 2.13.0)`."""
    return f"{report.model} ({framework(report)})"


def report_page(report: Report) -> dict[str, Any]:
    """Everything that the page of a report shows, as lists, dicts, texts and numbers."""
    pool = Pool()
    numbers = {path: number for number, layer in enumerate(report) for path in (*layer.aliases, layer.path)}
    page = {
        "model": report.model,
        "framework": framework(report),
        "method": [report.method, _METHODS.get(report.method, "")],
        "complete": report.complete,
        "notes": list(report.notes),
        "inputs": None if report.inputs is None else _named(report.inputs.args, report.inputs.kwargs),
        "outputs": None if _ended_early(report) else structure(report.outputs),
        "totals": _totals(report),
        "tree": tree(report),
        "parts": {n: numbers[layer.part_of] for n, layer in enumerate(report) if layer.part_of in numbers},
        "layers": layer_columns(report, pool),
        "explained": explanation_columns(report, pool),
        "operations": operation_rows(report, numbers, pool),
        "kinds": _by_kind(report),
        "words": _words(report),
    }
    return {**page, "pool": pool.values}


def plain_rows(report: Report) -> Table:
    """The table for readers without scripts: down to the level at which it would grow too long."""
    depths = [layer.depth for layer in report]
    depth = max(depths)
    while depth > 1 and sum(d <= depth for d in depths) > _PLAIN_ROWS:
        depth -= 1
    return report_table(report, None, depth)


def _ended_early(report: Report) -> bool:
    """Whether there are no outputs because the model was not run, or not to its end."""
    return report.outputs is None and not (report.complete and report.root.calls)


def _named(args: Iterable[Any], kwargs: dict[str, Any]) -> str:
    return ", ".join([structure(a) for a in args] + [f"{k}={structure(v)}" for k, v in kwargs.items()])


def _totals(report: Report) -> dict[str, Any]:
    return {
        "parameters": whole(report.parameter_count),
        "trainable": whole(report.trainable_count),
        "buffers": whole(report.buffer_count),
        "parameter bytes": whole(report.parameter_bytes),
        "buffer bytes": whole(report.buffer_bytes),
        "bytes": whole(report.bytes),
        "activation bytes": whole(report.activation_bytes),
        "macs": whole(report.macs),
        "native": whole(report.native_count),
        "native name": NATIVE_COUNTS.get(report.framework, "its own count"),
    }


def _by_kind(report: Report) -> dict[str, list[Any]]:
    """kind → (elements of the parameters, multiply-accumulates), each counted where it is; `None` where unknown."""
    found: dict[str, list[Any]] = {}
    for layer in report:
        entry = found.setdefault(layer.kind, [0, 0])
        if layer.part_of is None:
            _add(entry, 0, COLUMNS["own parameters"].value(layer))
            _add(entry, 1, layer.macs if layer.calls and not layer.opened else 0)
    for operation in report.operations:
        _add(found.setdefault(operation.kind, [0, 0]), 1, operation.macs)
    return {kind: [whole(n) for n in entry] for kind, entry in found.items()}


def _add(entry: list[Any], place: int, number: int | None) -> None:
    entry[place] = None if entry[place] is None or number is None else entry[place] + number


def _words(report: Report) -> dict[str, dict[str, Any]]:
    """The sentences of those words that this report uses."""
    kinds = {layer.kind for layer in report}
    settings = {s.name for layer in report for s in layer.settings}
    parameters = [p for layer in report for p in layer.parameters]
    axes = {name for p in parameters for name in (p.axes or "").replace("(", " ").replace(")", " ").split()}
    labels = {word for p in parameters for parts in p.labels.values() for word, _ in parts}
    return {
        "kinds": _used(vocabulary.KINDS, kinds),
        "settings": _used(vocabulary.SETTINGS, settings),
        "roles": _used(vocabulary.ROLES, {p.role for p in parameters}),
        "axes": {axis: text for axis, (_, text) in _used(vocabulary.AXES, axes).items()},
        "letters": _used(vocabulary.LABELS, labels),
        "operations": _used(vocabulary.OPERATIONS, {operation.kind for operation in report.operations}),
    }


def _used(words: dict[str, Any], used: set[str]) -> dict[str, Any]:
    return {word: text for word, text in words.items() if word in used}
