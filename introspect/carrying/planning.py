"""A weight map on live tensors: what is to be written and what becomes of everything else, before any is written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..adapter import Weights
from ..errors import TransferError, near_names
from ..progress import through
from ..records import Report
from ..values import FrozenDict
from ..weight_map import Entry, Step, WeightMap
from .arrays import assembled, carried

CHOICES = ("keep", "overlap", "drop")
Said = tuple[tuple[str, ...], str | None, str]


@dataclass
class Plan:
    """The arrays by path of the target, the entries that gave them, and every tensor with what becomes of it."""

    values: dict[str, Any] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    carried: list[Said] = field(default_factory=list)
    absorbed: list[Said] = field(default_factory=list)
    dropped: list[Said] = field(default_factory=list)
    untouched: list[Said] = field(default_factory=list)
    refused: list[Said] = field(default_factory=list)


def plan(
    mapping: WeightMap, reports: tuple[Report, Report], source: Weights, target: Weights, choices: dict[str, str]
) -> Plan:
    """What a transfer does. Raises `TransferError` for a choice that there is not."""
    _check(choices, reports)
    made = Plan()
    by_target: dict[str, list[Entry]] = defaultdict(list)
    later: list[Entry] = []
    for entry in mapping.entries:
        entry = _chosen(entry, choices, source, target)
        if entry.target is None:
            _without_place(made, entry, source, choices)
        elif entry.way in ("carried", "filled"):
            by_target[entry.target].append(entry)
        elif entry.way == "same":
            later.append(entry)
        elif entry.way == "untouched":
            made.untouched.append((entry.source, entry.target, entry.reason))
        else:
            made.refused.append((entry.source, entry.target, entry.reason))
    for path, entries in through(list(by_target.items()), "carrying tensors"):
        _fill(made, path, entries, source, target)
    for entry in later:
        _tied(made, entry, source, target)
    return made


def _check(choices: dict[str, str], reports: tuple[Report, Report]) -> None:
    known = [p.path for report in reports for p in report.parameters]
    for path, choice in choices.items():
        if path not in known:
            raise TransferError(f"No tensor has the path {path!r} that a choice is made for: {near_names(path, known)}")
        if choice not in CHOICES:
            raise TransferError(f"{choice!r} is no choice for {path}: {near_names(choice, CHOICES)}")


def _chosen(entry: Entry, choices: dict[str, str], source: Weights, target: Weights) -> Entry:
    """The entry as the caller wants it."""
    choice = choices.get(entry.target or "")
    if choice == "keep":
        return Entry((), entry.target, (), "untouched", "kept, as chosen")
    if choice == "overlap" and entry.way == "refused" and entry.source:
        return _overlap(entry, source, target)
    return entry


def _overlap(entry: Entry, source: Weights, target: Weights) -> Entry:
    """The rows that two tables both have."""
    assert entry.target is not None
    shapes = source.spec(entry.source[0]).shape, target.spec(entry.target).shape
    if len(shapes[0]) != len(shapes[1]) or shapes[0][1:] != shapes[1][1:]:
        raise TransferError(f"{entry.source[0]} {shapes[0]} and {entry.target} {shapes[1]} have no rows in common.")
    count = min(shapes[0][0] or 0, shapes[1][0] or 0)
    span = FrozenDict(axis=0, start=0, stop=count)
    steps = (Step("part", span), Step("put", span))
    return Entry(entry.source, entry.target, steps, reason=f"the first {count} rows, as chosen")


def _without_place(made: Plan, entry: Entry, source: Weights, choices: dict[str, str]) -> None:
    """A tensor of the source that nothing takes: no matter, if it changes nothing."""
    said = (entry.source, None, entry.reason)
    if entry.way == "dropped":
        made.dropped.append(said)
    elif choices.get(entry.source[0]) == "drop":
        made.dropped.append((entry.source, None, "dropped, as chosen"))
    elif not getattr(source, "holds", lambda path: True)(entry.source[0]):
        made.dropped.append((entry.source, None, "the file has no such tensor"))
    elif any(step.word == "only" and (source.read(entry.source[0]) == step["value"]).all() for step in entry.steps):
        value = entry.steps[0]["value"]
        made.dropped.append((entry.source, None, f"{entry.reason}, and all of it is {value:g}"))
    else:
        made.refused.append(said)


def _fill(made: Plan, path: str, entries: list[Entry], source: Weights, target: Weights) -> None:
    """One tensor of the target, from all that goes into it."""
    shape = target.spec(path).shape
    try:
        array = assembled(entries, source.read, lambda: target.read(path), shape)  # type: ignore[arg-type]
    except ValueError as error:
        made.refused.append((tuple(s for e in entries for s in e.source), path, str(error)))
        return
    made.values[path] = array
    made.entries += entries
    for entry in entries:
        if entry.source or not entry.reason:
            made.carried.append((entry.source[:1], path, entry.reason))
        else:
            value = next(step["value"] for step in entry.steps if step.word == "fill")
            made.carried.append(((), path, f"all {value:g}: {entry.reason}"))
        made.absorbed += [((other,), path, entry.reason) for other in entry.source[1:]]
    _gaps(made, path, entries, shape)


def _gaps(made: Plan, path: str, entries: list[Entry], shape: Any) -> None:
    """Rows that nothing fills stay."""
    places = sorted(entry.place for entry in entries if entry.place is not None)
    if not places:
        return
    axis, at = places[0][0], 0
    for _, start, stop in [*places, (axis, shape[axis], shape[axis])]:
        if start > at:
            made.untouched.append(((), f"{path}[{':, ' * axis}{at}:{start}]", "nothing of the source goes there"))
        at = max(at, stop)


def _tied(made: Plan, entry: Entry, source: Weights, target: Weights) -> None:
    """What the target ties to a tensor that it gets already has to be the same in the source."""
    assert entry.target is not None
    given = made.values.get(entry.target)
    shape = target.spec(entry.target).shape
    try:
        array = carried(entry, source.read, shape)  # type: ignore[arg-type]
    except ValueError as error:
        made.refused.append((entry.source, entry.target, str(error)))
        return
    if entry.place is not None and given is not None:
        axis, start, stop = entry.place
        given = given[(slice(None),) * axis + (slice(start, stop),)]
    if given is not None and array.shape == given.shape and (array == given).all():
        made.carried.append((entry.source, entry.target, "tied in the target, and the same in the source"))
    else:
        made.refused.append((entry.source, entry.target, "tied in the target, with other values in the source"))
