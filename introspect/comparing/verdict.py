"""What it comes to: the verdict, and what could not be seen."""

from __future__ import annotations

from ..canonical import has_trace
from ..records import Report
from .findings import Findings, Found
from .repairs import Repairs


def verdict_of(findings: Findings, a: Report, b: Report, repairs: Repairs) -> str:
    """One of `VERDICTS`. A tensor without a partner is no matter where it is absorbed or changes nothing."""
    wrong = [f for f in findings.items if f.effect not in ("none", "training")]
    roots = {f.root(): None for f in wrong if f.root() not in repairs.mended}
    roots = {f: None for f in roots if f.effect not in ("none", "training")}
    if any(_leaves_a_tensor(f) for f in wrong):  # also where it follows from what can be repaired
        return "different"
    if any(f.effect != "unknown" for f in roots):
        return "same weights, another function"
    if (a.layers, a.operations) == (b.layers, b.operations) and a.complete and findings.a.traced:
        return "equal"  # what was not seen is the same in both: they are one model
    if roots:
        return "undecided"
    unseen = not findings.a.traced or not a.complete or not b.complete
    if unseen or findings.a.unknown or findings.b.unknown:
        return "undecided"
    return "equal after repairs" if wrong else "equal"


def _leaves_a_tensor(found: Found) -> bool:
    return found.effect == "count"


def notes_of(findings: Findings, a: Report, b: Report) -> tuple[str, ...]:
    """What was not understood, and what was not seen."""
    notes = []
    for side, report, graph in (("a", a, findings.a), ("b", b, findings.b)):
        if not has_trace(report):
            notes.append(
                f"{side} has no trace: layers are compared by their tensors alone, in the order of definition."
            )
        elif not report.complete:
            notes.append(f"{side} is incomplete: its dummy pass ended early.")
        notes += [f"{side}: {sentence}" for sentence in graph.unknown]
    return tuple(notes)
