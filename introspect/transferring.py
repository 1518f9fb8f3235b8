"""`transfer`: the weights of one model into another, all that was asked for or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

from .adapter import Weights
from .carrying.planning import Plan, plan
from .checkpoints import Checkpoint
from .comparing import compare
from .comparison import Comparison
from .disk import from_disk
from .errors import TransferError
from .progress import during
from .proof_tables import transfer_table
from .records import Report
from .registry import adapter_for
from .weight_map import Entry, WeightMap


@dataclass(frozen=True)
class Moved:
    """What became of a tensor, and why: `source` is empty where the value came from nowhere, `target` is `None` where
    it went nowhere."""

    source: tuple[str, ...]
    target: str | None
    reason: str = ""

    def __str__(self) -> str:
        into = "" if self.target is None else f" -> {self.target}"
        return f"{', '.join(self.source)}{into}{f'  ({self.reason})' if self.reason else ''}".strip()


@dataclass(frozen=True)
class Transfer:
    """What a transfer did: which tensors were `carried`, `absorbed` in others, `dropped` because no output depends on
    them, left `untouched` in the target, or `refused` (only with `partial=True`). `notes` say what is odd about a file
    that was read or written."""

    carried: tuple[Moved, ...] = ()
    absorbed: tuple[Moved, ...] = ()
    dropped: tuple[Moved, ...] = ()
    untouched: tuple[Moved, ...] = ()
    refused: tuple[Moved, ...] = ()
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    frameworks: tuple[str, str] = ("", "")
    notes: tuple[str, ...] = ()

    def recipe(self) -> str:
        """A plain Python function that does this very transfer, with NumPy, einops and the frameworks only."""
        from .carrying.recipe import recipe

        return recipe(self.entries, self.frameworks)

    def __str__(self) -> str:
        from .render import text

        return text.render(transfer_table(self))

    def __rich__(self) -> Any:
        from .render import terminal

        return terminal.Shown(transfer_table(self))


def transfer(
    source: Any,
    target: Any,
    comparison: Comparison | None = None,
    *,
    partial: bool = False,
    choices: Mapping[str, str] | None = None,
) -> Transfer:
    """Carry the weights of one model into another, whose devices, dtypes, sharing and trainability stay.

    Args:
        source, target: live models of any framework that `inspect` reads; or a `Checkpoint`, which says in which file
            the tensors of a model lie, or are to lie. The source may be the path of a file as well.
        comparison: what `compare` gave for the two, in either order; made here if left out.
        partial: carry what can be carried, where something can't.
        choices: by the path of a tensor of the target, "keep" (leave it as it is) or "overlap" (of two tables of
            different lengths, the rows that both have); by the path of one of the source, "drop".

    Raises:
        TransferError: a tensor has no place, or nothing to come from, and `partial` is not said; or the comparison is
            one of other models. The target is then as it was.
        CheckpointError: a file can't be read or written, or belongs to another model; likewise.
    """
    if isinstance(target, (str, PathLike)):
        raise TransferError(f"{str(target)!r} does not say what it holds: pass Checkpoint(path, model) as the target.")
    source = from_disk(source) if isinstance(source, (str, PathLike)) else source
    comparison = compare(source, target) if comparison is None else comparison
    weights = weights_of(source), weights_of(target, new=True)
    mapping, reports = directed(comparison, weights)
    made = plan(mapping, reports, weights[0], weights[1], dict(choices or {}))
    if made.refused and not partial:
        raise TransferError(_refusal(made))
    with during("writing"):
        weights[1].assign(made.values)
    notes = tuple(note for held in dict.fromkeys(weights) for note in getattr(held, "notes", ()))
    return _said(made, reports, notes)


def weights_of(model: Any, new: bool = False) -> Weights:
    """The tensors of a live model, or of a file; `new`: it need not be there yet. Raises `CheckpointError`, and
    `TransferError` for a report and for models that can't be written to."""
    if isinstance(model, Checkpoint):
        return model.weights(new)
    if isinstance(model, Report):
        raise TransferError("A report holds no weights: pass the live model that it was made of, or a Checkpoint.")
    adapter = adapter_for(model)
    if not hasattr(adapter, "weights"):
        raise TransferError(f"The adapter {adapter.name!r} does not give access to weights.")
    return adapter.weights(model)


def directed(comparison: Comparison, weights: tuple[Weights, Weights]) -> tuple[WeightMap, tuple[Report, Report]]:
    """The map from the first to the second, whichever the comparison calls `a`. Raises `TransferError`."""
    a, b = comparison.a, comparison.b
    if _belongs(a, weights[0]) and _belongs(b, weights[1]):
        return comparison.weight_map, (a, b)
    if _belongs(b, weights[0]) and _belongs(a, weights[1]):
        return comparison.weight_map.reversed(), (b, a)
    raise TransferError("The comparison is one of other models than these two: pass compare(source, target).")


def _belongs(report: Report, weights: Weights) -> bool:
    """Whether a report is that of a model with these tensors."""
    known = [p for p in report.parameters if p.stored is None]
    return all(p.path in weights and (p.shape is None or weights.spec(p.path).shape == p.shape) for p in known)


def _refusal(made: Plan) -> str:
    shown = "; ".join(str(Moved(*one)) for one in made.refused[:3])
    more = f" and {len(made.refused) - 3} more" if len(made.refused) > 3 else ""
    return f"Not all weights can be carried: {shown}{more}. Pass partial=True to carry the others."


def _said(made: Plan, reports: tuple[Report, Report], notes: tuple[str, ...]) -> Transfer:
    moved = {
        name: tuple(Moved(*one) for one in getattr(made, name))
        for name in ("carried", "absorbed", "dropped", "untouched", "refused")
    }
    frameworks = reports[0].framework, reports[1].framework
    return Transfer(**moved, entries=tuple(made.entries), frameworks=frameworks, notes=notes)
