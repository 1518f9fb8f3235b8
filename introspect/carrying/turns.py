"""Features that two models count in another order: behind a flatten, or a concatenation whose inputs are swapped."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..values import FrozenDict
from ..weight_map import Step

Sized = tuple[str, int]


@dataclass(frozen=True)
class Turn:
    """The source's number of each of the target's features.

    `pretty`: the axes that both have joined, in the source's order and in the target's; `blocks`: the sizes of the
    source's blocks, and which stands at each place of the target; `problem`: why there is no such order.
    """

    index: tuple[int, ...]
    pretty: tuple[tuple[Sized, ...], tuple[Sized, ...]] | None = None
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    problem: str = field(default="")

    def __len__(self) -> int:
        return len(self.index)

    def wider(self, times: int) -> Turn:
        """The same order of groups of so many features."""
        if times == 1:
            return self
        blocks = None if self.blocks is None else (tuple(n * times for n in self.blocks[0]), self.blocks[1])
        return Turn(tuple(i * times + n for i in self.index for n in range(times)), None, blocks)

    def step(self, axis: int) -> Step:
        """The step that puts an axis of the source into the target's order."""
        if self.blocks is not None:
            return Step("reorder", FrozenDict(axis=axis, sizes=self.blocks[0], order=self.blocks[1]))
        return Step("gather", FrozenDict(axis=axis, index=self.index))


def turn_of(index: Sequence[int], **said: object) -> Turn | None:
    """The turn of these numbers, `None` where nothing moves."""
    numbers = tuple(index)
    return None if numbers == tuple(range(len(numbers))) else Turn(numbers, **said)  # type: ignore[arg-type]


def flattened(inner: Turn | None, channels: int, positions: tuple[Sized, ...], first: tuple[bool, bool]) -> Turn | None:
    """Channels and positions joined to features, with the channels first or last on each side."""
    count = math.prod(size for _, size in positions)
    channel = ("c", channels)

    def order(channels_first: bool) -> tuple[Sized, ...]:
        return (channel, *positions) if channels_first else (*positions, channel)

    index = []
    for place in range(channels * count):
        c, p = divmod(place, count) if first[1] else divmod(place, channels)[::-1]
        c = c if inner is None else inner.index[c]
        index.append(c * count + p if first[0] else p * channels + c)
    pretty = (order(first[0]), order(first[1])) if inner is None else None
    return turn_of(index, pretty=pretty)


def joined(turns: list[Turn | None], sizes: list[int], order: Sequence[int]) -> Turn | None:
    """A concatenation: `turns` and `sizes` of the source's inputs, and at which place of the target each stands."""
    starts = [sum(sizes[:n]) for n in range(len(sizes))]
    at = sorted(range(len(order)), key=lambda n: order[n])
    index: list[int] = []
    for n in at:
        turn = turns[n]
        inner = range(sizes[n]) if turn is None else turn.index
        index += [starts[n] + i for i in inner]
    plain = all(turn is None for turn in turns)
    return turn_of(index, blocks=(tuple(sizes), tuple(at)) if plain else None)
