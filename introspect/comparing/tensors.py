"""Whether two models hold the same values, read through the weight map."""

from __future__ import annotations

from typing import Any

from ..adapter import Weights
from ..comparison import Comparison, Held
from ..errors import CheckpointError
from ..progress import through


def held_values(a: Any, b: Any, comparison: Comparison) -> tuple[tuple[Held, ...], tuple[str, ...]]:
    """For every tensor of `b`: what it would hold if `a` were carried into it, against what it holds; and what is odd
    about files that were read.

    Raises:
        TransferError: one of the two is no live model, and no file.
        CheckpointError: a file can't be read, or belongs to another model.
    """
    from ..carrying.planning import plan
    from ..transferring import weights_of

    ours, theirs = weights_of(a), weights_of(b)
    made = plan(comparison.weight_map, (comparison.a, comparison.b), ours, theirs, {})
    sources: dict[str, list[str]] = {}
    for entry in made.entries:
        if entry.target is not None:
            sources.setdefault(entry.target, []).extend(entry.source)
    carried = through(list(made.values.items()), "comparing values")
    found = [_compared(tuple(sources.get(path, ())), path, value, theirs) for path, value in carried]
    left = (*made.absorbed, *made.dropped, *made.untouched, *made.refused)
    seen = {one.b for one in found}
    notes = tuple(note for held in (ours, theirs) for note in getattr(held, "notes", ()))
    return (*found, *(Held(s, t, reason=why) for s, t, why in left if t is None or t not in seen)), notes


def _compared(sources: tuple[str, ...], path: str, carried: Any, theirs: Weights) -> Held:
    try:
        return _held(sources, path, carried, theirs.read(path))
    except CheckpointError as error:  # a file may lack a tensor
        return Held(sources, path, reason=str(error))


def _held(sources: tuple[str, ...], path: str, carried: Any, real: Any) -> Held:
    import numpy as np

    one, other = (np.asarray(array, "float64") for array in (carried, real))
    if one.shape != other.shape:
        return Held(sources, path, reason=f"shapes {one.shape} and {other.shape}")
    if not one.size:
        return Held(sources, path, True, 0.0, 0.0)
    gap = np.abs(one - other)
    size = float(np.max(np.abs(other)))
    absolute = float(np.max(gap))
    relative = 0.0 if absolute == 0 else absolute / size if size else float("inf")
    same = bool(np.array_equal(one, other, equal_nan=True))
    return Held(sources, path, same, _plain(absolute), _plain(relative))


def _plain(number: float) -> float | str:
    """Numbers that JSON has no word for are words."""
    return number if number - number == 0 else str(number)
