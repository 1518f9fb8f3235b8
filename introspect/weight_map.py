"""The records that say how the tensors of one model become those of another, both ways: entries and their steps.

Plain data: read off two reports, written as JSON, replayed on live models or checkpoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .values import FrozenDict

# step: what it does to the tensor (and, of several sources, with the others)
STEPS: dict[str, str] = {
    "part": "start:stop of an axis is taken",
    "rearrange": "the axes in another order, joined or taken apart: an einops pattern",
    "reorder": "blocks of an axis in another order",
    "gather": "the elements of an axis by their numbers",
    "reshape": "the same elements in another shape",
    "add": "another tensor is added",
    "subtract": "another tensor is subtracted",
    "without_scale": "a variance that holds a learned scale as well",
    "without_shift": "a mean that holds a learned shift as well",
    "fill": "one value everywhere",
    "put": "it fills start:stop of an axis of the target",
    "only": "nothing is lost only where all its elements have this value",
}
# entry: what becomes of its tensors
WAYS: dict[str, str] = {
    "carried": "into the target, by its steps",
    "filled": "the source has no such tensor: the value that changes nothing",
    "same": "a tensor that the target ties to one that it gets already: carried only where both have the same values",
    "dropped": "nothing of the target takes it, and no output depends on that",
    "untouched": "stays as it is, and no output depends on that",
    "refused": "has no place, or nothing to come from",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing done on the way; `word` is one of `STEPS`."""

    word: str
    settings: FrozenDict = field(default_factory=FrozenDict)

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]


@dataclass(frozen=True, slots=True)
class Entry:
    """One tensor (or part) of the target and where it comes from: `steps` lead from the first of `source`; the others
    are named by the steps that take them. Without `target`: what becomes of a tensor of the source; without `source`:
    of one of the target. `way` is one of `WAYS`, `reason` says why in words."""

    source: tuple[str, ...] = ()
    target: str | None = None
    steps: tuple[Step, ...] = ()
    way: str = "carried"
    reason: str = ""

    @property
    def place(self) -> tuple[int, int, int] | None:
        """The part of the target that it fills: axis, start, stop; `None`: all of it."""
        step = next((step for step in self.steps if step.word == "put"), None)
        return None if step is None else (step["axis"], step["start"], step["stop"])

    def __str__(self) -> str:
        source = _sliced(self.source[0], self.steps, "part") if self.source else ""
        reason = f"  ({self.reason})" if self.reason else ""
        if self.target is None:
            return f"{source} -> nothing{reason}"
        target = _sliced(self.target, self.steps, "put")
        if self.way in ("untouched", "refused"):
            return f"{source or 'nothing'} -> {target}: {self.way}{reason}"
        return " ".join(part for part in (source, *self.way_there, target) if part) + reason

    @property
    def way_there(self) -> tuple[str, ...]:
        """What its steps do, in words."""
        return tuple(text for step in self.steps if (text := _said(step))) or ("as it is",)


def _said(step: Step) -> str:
    if step.word == "rearrange":
        return f'"{step["pattern"]}"'
    if step.word == "reorder":
        return f"blocks {', '.join(map(str, step['order']))} of axis {step['axis']}"
    if step.word == "gather":
        return f"axis {step['axis']} by number"
    if step.word == "reshape":
        return f"reshaped to {step['shape']}"
    if step.word in ("add", "subtract"):
        return f"{'plus' if step.word == 'add' else 'minus'} {step['source']}"
    if step.word == "without_scale":
        return f"with {step['scale']} in it"
    if step.word == "without_shift":
        return f"with {step['shift']} in it"
    return f"all {step['value']:g}" if step.word == "fill" else ""


def _sliced(path: str, steps: tuple[Step, ...], word: str) -> str:
    for step in steps:
        if step.word == word:
            return f"{path}[{':, ' * step['axis']}{step['start']}:{step['stop']}]"
    return path


@dataclass(frozen=True, slots=True)
class WeightMap:
    """How the tensors of `a` become those of `b` (`entries`), and the other way round (`back`)."""

    entries: tuple[Entry, ...] = ()
    back: tuple[Entry, ...] = ()

    def reversed(self) -> WeightMap:
        """The map from `b` to `a`."""
        return WeightMap(self.back, self.entries)

    def to(self, path: str) -> tuple[Entry, ...]:
        """The entries that fill a tensor of `b`."""
        return tuple(entry for entry in self.entries if entry.target == path)

    def of(self, path: str) -> tuple[Entry, ...]:
        """The entries that take a tensor of `a`."""
        return tuple(entry for entry in self.entries if path in entry.source)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __str__(self) -> str:
        return "\n".join(map(str, self.entries))
