"""What the page of a comparison shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .. import vocabulary
from ..columns import structure
from ..comparison import EFFECTS, VERDICTS, Comparison, Held, Mapped, Repair
from ..comparison_lines import GRAVITY, Sides, repair_groups
from ..comparison_tables import comparison_table
from ..proof import Gap, Proof
from ..records import Report
from ..tables import Table, framework
from ..vocabulary import NATIVE_COUNTS
from ..weight_map import WAYS, Entry
from .pairs import (
    MARKS,
    cause_groups,
    difference_columns,
    match_columns,
    numbered,
    side_layers,
    tensor_numbers,
)
from .pool import Pool, whole

# How many rows the table for readers without scripts has at most.
_PLAIN_ROWS = 150


def title(comparison: Comparison) -> str:
    """`ResNet50 (keras 3.15.0 on tensorflow) and ResNet (torch 2.13.0)`."""
    return " and ".join(f"{report.model} ({framework(report)})" for report in (comparison.a, comparison.b))


def comparison_page(comparison: Comparison, proof: Proof | None = None) -> dict[str, Any]:
    """Everything that the page of a comparison shows, as lists, dicts, texts and numbers."""
    pool, reports = Pool(), (comparison.a, comparison.b)
    names = Sides(comparison).names
    page = {
        "verdict": [comparison.verdict, VERDICTS.get(comparison.verdict, "")],
        "sides": [_side(report, name) for report, name in zip(reports, names, strict=True)],
        "layers": [side_layers(report, pool) for report in reports],
        "matches": match_columns(comparison, numbered(comparison)),
        "differences": difference_columns(comparison, pool),
        "causes": cause_groups(comparison),
        "accounts": [[account.text, whole(account.count), list(account.paths)] for account in comparison.accounts],
        "repairs": _repairs(comparison),
        "inputs": [_mapped(entry) for entry in comparison.input_map],
        "outputs": [_mapped(entry) for entry in comparison.output_map],
        "notes": list(comparison.notes),
        "weights": _weights(comparison, pool),
        "values": [_held(held) for held in sorted(comparison.values, key=_closeness)],
        "proof": None if proof is None else _proof(proof),
        "words": _words(comparison),
    }
    return {**page, "pool": pool.values}


def plain_rows(comparison: Comparison) -> Table:
    """The table for readers without scripts: what differs, where there is too much of it."""
    only_differences = len(comparison.matches) > _PLAIN_ROWS
    table = comparison_table(comparison, only_differences)
    rest = len(table.rows) - _PLAIN_ROWS
    left_out = (f"… and {rest:,} more rows",) if rest > 0 else ()
    shown = {name: getattr(table, name)[:_PLAIN_ROWS] for name in ("rows", "marks", "styles")}
    return replace(table, **shown, footer=(*left_out, *table.footer))


def _side(report: Report, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "model": report.model,
        "framework": framework(report),
        "native name": NATIVE_COUNTS.get(report.framework, "its own count"),
        "native": whole(report.native_count),
        "notes": [*report.notes, *([] if report.complete else ["The pass through this model was not completed."])],
        "inputs": None if report.inputs is None else _named(report),
        "outputs": structure(report.outputs) if report.root.calls or report.outputs is not None else None,
        "totals": {
            "layers": len(report) - 1,
            "parameters": whole(report.parameter_count),
            "trainable": whole(report.trainable_count),
            "buffers": whole(report.buffer_count),
            "MACs": whole(report.macs),
            "bytes": whole(report.bytes),
            "activation bytes": whole(report.activation_bytes),
        },
    }


def _named(report: Report) -> str:
    assert report.inputs is not None
    shown = [structure(value) for value in report.inputs.args]
    return ", ".join(shown + [f"{name}={structure(value)}" for name, value in report.inputs.kwargs.items()])


def _repairs(comparison: Comparison) -> list[dict[str, Any]]:
    """Those together that are the same in several layers."""
    return [_repair(text, alike) for text, alike in repair_groups(comparison.repairs)]


def _repair(text: str, alike: list[Repair]) -> dict[str, Any]:
    return {
        "side": "ab".index(alike[0].side),
        "action": alike[0].action,
        "text": text,
        "paths": [repair.path for repair in alike],
        "code": [repair.code or f"# {repair.text}" for repair in alike],
    }


def _mapped(entry: Mapped) -> list[str | None]:
    return [entry.a, entry.b, entry.path]


def _weights(comparison: Comparison, pool: Pool) -> list[list[Any]]:
    """Per entry: the sources and the target by their numbers (a text where no layer has such a tensor), what is done
    on the way, the way, the reason, the part of the first source, the part of the target."""
    a, b = tensor_numbers(comparison.a), tensor_numbers(comparison.b)
    ways = list(WAYS)
    return [
        [
            [a.get(path, path) for path in entry.source],
            None if entry.target is None else b.get(entry.target, entry.target),
            pool(entry.way_there),
            ways.index(entry.way),
            entry.reason,
            _part(entry, "part"),
            _part(entry, "put"),
        ]
        for entry in comparison.weight_map
    ]


def _part(entry: Entry, word: str) -> str:
    """`:, 0:64`: which part of a tensor it is about; empty: all of it."""
    for step in entry.steps:
        if step.word == word:
            return f"{':, ' * step['axis']}{step['start']}:{step['stop']}"
    return ""


def _held(held: Held) -> list[Any]:
    equal = None if held.equal is None else int(held.equal)
    return [list(held.a), held.b, equal, _small(held.absolute), _small(held.relative), held.reason]


def _closeness(held: Held) -> tuple[int, float, float]:
    """The greatest differences first, then what is not carried, then what is equal."""
    place = 1 if held.equal is None else 2 if held.equal else 0
    sizes = [float(size) if isinstance(size, (int, float, str)) else 0.0 for size in (held.relative, held.absolute)]
    return place, *(-float("inf") if size != size else -size for size in sizes)  # type: ignore[return-value]


def _small(number: Any) -> str | None:
    return None if number is None else number if isinstance(number, str) else f"{number:.2g}"


def _proof(proof: Proof) -> dict[str, Any]:
    seeds = f"{proof.seeds} {'seed' if proof.seeds == 1 else 'seeds'}"
    return {
        "holds": proof.holds,
        "how": f"{proof.dtype}, {seeds}",
        "bar": f"{proof.bar:g}",
        "carried": [_gap(gap) for gap in proof.carried],
        "repaired": [_gap(gap) for gap in proof.repaired],
        "diverges at": None if proof.diverges_at is None else list(proof.diverges_at),
        "unrepaired": list(proof.unrepaired),
        "notes": list(proof.notes),
    }


def _gap(gap: Gap) -> list[Any]:
    return [gap.output, f"{gap.relative:.1e}", f"{gap.absolute:.1e}"]


def _words(comparison: Comparison) -> dict[str, Any]:
    """The words that the page shows, with their sentences."""
    settings = {s.name for report in (comparison.a, comparison.b) for layer in report for s in layer.settings}
    settings |= {d.field for d in comparison.differences}
    return {
        "effects": [(word, EFFECTS[word]) for word in GRAVITY],
        "ways": list(WAYS.items()),
        "marks": list(MARKS),
        "settings": {word: text for word, text in vocabulary.SETTINGS.items() if word in settings},
        "axes": {axis: text for axis, (_, text) in vocabulary.AXES.items()},
    }
