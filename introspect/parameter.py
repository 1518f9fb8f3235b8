"""The record of one tensor that a layer owns: its named axes, what a packed axis holds, and where a part lies."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

from .errors import UnknownPathError, near_names
from .values import FrozenDict, TensorSpec, itemsize
from .vocabulary import LABELS


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part of a packed tensor: its shape, and that it lies at `start:stop` of dimension `axis`."""

    shape: tuple[int, ...]
    axis: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that a layer owns: learned (`state="parameter"`) or kept (`"buffer"`: running statistics, seeds).

    `axes` names its dimensions, `"in (gate units)"`; `labels` what a packed axis holds, in order, each with its size
    along that axis; `sizes` the lengths of joined axes that neither the shape nor the labels tell. `shape` and `dtype`
    are those of the logical tensor; `stored` says what lies in memory, where that is another (packed int4).
    """

    name: str
    path: str
    role: str
    shape: tuple[int, ...] | None
    axes: str | None = None
    labels: FrozenDict = field(default_factory=FrozenDict)
    sizes: FrozenDict = field(default_factory=FrozenDict)
    dtype: str = "float32"
    trainable: bool = True
    state: str = "parameter"
    same_as: str | None = None
    sharding: str | None = None
    stored: TensorSpec | None = None

    @property
    def size(self) -> int | None:
        """Its number of elements; `None` where the shape is not known yet."""
        return None if self.shape is None else math.prod(self.shape)

    @property
    def ndim(self) -> int | None:
        """Its number of dimensions."""
        return None if self.shape is None else len(self.shape)

    @property
    def bytes(self) -> int | None:
        """The bytes it takes in memory."""
        if self.stored is not None:
            return self.stored.bytes
        item = itemsize(self.dtype)
        return None if item is None or self.size is None else self.size * item

    @property
    def by_axis(self) -> FrozenDict | None:
        """The size of every named axis, in storage order: `{"in": 12, "gate": 4, "units": 64}`."""
        if self.axes is None or self.shape is None:
            return None
        sizes: dict[str, int] = {}
        for names, length in zip(split_axes(self.axes), self.shape, strict=True):
            known = {name: self._known_size(name) for name in names}
            free = [name for name, size in known.items() if size is None]
            if len(free) > 1:  # a join of axes that nothing here can take apart
                return None
            rest = length // max(1, math.prod(size for size in known.values() if size is not None))
            sizes |= {name: rest if size is None else size for name, size in known.items() if name != "1"}
        return FrozenDict(sizes)

    def _known_size(self, axis: str) -> int | None:
        if axis in self.labels:
            return sum(size for _, size in self.labels[axis])
        return 1 if axis == "1" else self.sizes.get(axis)

    def part(self, label: str) -> Part:
        """Where a labelled part lies: `lstm.kernel.part("forget")` or `.part("f")`. Raises `UnknownPathError`."""
        for axis, names in enumerate(split_axes(self.axes or "")):
            for name in names:
                start = 0
                for word, size in self.labels.get(name, ()):
                    if label in (word, LABELS.get(word)) and self.shape is not None:
                        block = self.shape[axis] // sum(n for _, n in self.labels[name])
                        span = (start * block, (start + size) * block)
                        shape = (*self.shape[:axis], span[1] - span[0], *self.shape[axis + 1 :])
                        return Part(shape, axis, *span)
                    start += size
        known = [word for labels in self.labels.values() for word, _ in labels]
        raise UnknownPathError(f"{self.path} has no part {label!r}: {near_names(label, known)}")


def split_axes(axes: str) -> list[list[str]]:
    """A pattern by dimension: `"in (gate units)"` → `[["in"], ["gate", "units"]]`."""
    return [group.strip("()").split() for group in re.findall(r"\([^)]*\)|[^\s()]+", axes)]
