"""`compare`: two models in, every difference out, each accounted for."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from typing import Any

from ..alignment import align
from ..canonical import canonical, has_trace
from ..carrying.mapping import weight_map
from ..checkpoints import Checkpoint
from ..comparison import Comparison
from ..disk import from_disk
from ..inspection import inspect
from ..progress import during
from ..records import Report
from ..storing.descriptions import is_tensors
from .accounts import ledger
from .causes import find_causes
from .edges import compare_edges
from .findings import Findings
from .inputs import images_of, inspected
from .maps import input_map, output_map
from .matches import differences_of, matches_of
from .orders import judge_orders
from .repairs import repairs_of
from .settings import compare_hubs
from .stored import compare_stored
from .tensors import held_values
from .verdict import notes_of, verdict_of


def compare(a: Any, b: Any, *, inputs_a: Any = None, inputs_b: Any = None, values: bool = False) -> Comparison:
    """Set two models side by side: which layer is which, every difference, and what it does.

    Args:
        a, b: models of any framework that `inspect` reads, their files, or reports, in any mixture.
        inputs_a, inputs_b: what each is called with, as for `inspect`.
        values: whether to read the tensors of both, which must be live models or `Checkpoint`s then, and to say which
            are equal.

    Raises:
        UnsupportedModelError, InputsError: as `inspect`.
        TransferError: `values` of a report, which holds none.
        CheckpointError: a file can't be read, or belongs to another model.
    """
    a, b = (from_disk(one) if isinstance(one, (str, PathLike)) else one for one in (a, b))
    ours, theirs = (_model_of(one) for one in (a, b))
    reports = inspected(ours, theirs, inputs_a, inputs_b)
    with during("comparing layers"):
        comparison = compare_reports(*reports)
    if not values:
        return comparison
    held, notes = held_values(a, b, comparison)
    return replace(comparison, values=held, notes=(*comparison.notes, *notes))


def _model_of(one: Any) -> Any:
    if not isinstance(one, Checkpoint):
        return one
    return inspect(one) if one.model is None else one.model


def compare_reports(a: Report, b: Report) -> Comparison:
    """The same for two reports."""
    if is_tensors(a) or is_tensors(b):
        return compare_stored(a, b)
    traced = has_trace(a) and has_trace(b)
    findings = Findings(align(canonical(a, traced, images_of(a, b)), canonical(b, traced, images_of(b, a))))
    compare_hubs(findings)
    compare_edges(findings)
    judge_orders(findings)
    find_causes(findings)
    differences = differences_of(findings)
    repairs = repairs_of(findings, a, b)
    return Comparison(
        a=a,
        b=b,
        matches=matches_of(findings, a, b, differences),
        differences=tuple(differences.values()),
        accounts=ledger(findings, a, b),
        repairs=repairs.repairs,
        verdict=verdict_of(findings, a, b, repairs),
        input_map=input_map(findings),
        output_map=output_map(findings),
        notes=notes_of(findings, a, b),
        weight_map=weight_map(findings, a, b),
    )
