"""Where a row of nodes repeats itself: blocks of one or more that are alike, each fed by the one before it as the first
is fed by what stands in front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .graph import Arrow, Graph

# The longest block that is looked for, and how many boxes folding has to save.
_LONGEST, _SAVED = 64, 4
# A block of several does not begin with one of these: they follow a layer and belong to it.
_FOLLOWERS = frozenset({"activation", "dropout", "pool"})


class Runs:
    """The repetitions among the children of one container."""

    def __init__(
        self,
        graph: Graph,
        children: Sequence[str],
        signs: Mapping[str, int],
        leaves: Mapping[str, list[str]],
        reads: Mapping[str, list[Arrow]],
        feeds: Mapping[str, list[Arrow]],
    ) -> None:
        self._families = [graph.nodes[child].family for child in children]
        self._signs = [signs[child] for child in children]
        self._sizes = [len(leaves[child]) for child in children]
        # Which child a leaf is in, and its number there.
        where = {leaf: (n, m) for n, child in enumerate(children) for m, leaf in enumerate(leaves[child])}
        self._reads: list[list[tuple]] = []
        self._feeds: list[set[int | None]] = []
        for n, child in enumerate(children):
            entries, fed = [], set()
            for m, leaf in enumerate(leaves[child]):
                for arrow in reads.get(leaf, ()):
                    source = where.get(arrow.source)
                    if source is None or source[0] != n:
                        entries.append((m, arrow.index, source or arrow.source))
                fed |= {where.get(arrow.target, (None,))[0] for arrow in feeds.get(leaf, ())}
            self._reads.append(entries)
            self._feeds.append(fed - {n})

    def at(self, start: int) -> tuple[int, int]:
        """The length of the block that begins here and how many times it is there, (1, 1) where it does not repeat."""
        best, covered = (1, 1), 1
        for length in range(1, min(_LONGEST, (len(self._signs) - start) // 2) + 1):
            if self._signs[start] != self._signs[start + length]:
                continue
            if length > 1 and (self._families[start] in _FOLLOWERS or self._repeats(start, length)):
                continue
            times, _ = self._times(start, length)
            saved = (times - 1) * sum(self._sizes[start : start + length])
            if saved >= _SAVED and times * length > covered:
                best, covered = (length, times), times * length
        return (1, 1) if self._better_behind(start, *best) else best

    def _better_behind(self, start: int, length: int, times: int) -> bool:
        """Whether the same repetition begins a little further on with fewer tensors handed from block to block."""
        if times == 1:
            return False
        carried = self._times(start, length)[1]
        for later in range(start + 1, min(start + length, len(self._signs) - length)):
            again, fewer = self._times(later, length)
            if again >= times and fewer < carried:
                return True
        return False

    def _repeats(self, start: int, length: int) -> bool:
        """Whether a block is a shorter one several times."""
        block = self._signs[start : start + length]
        return any(block == block[:part] * (length // part) for part in range(1, length // 2 + 1) if length % part == 0)

    def _times(self, start: int, length: int) -> tuple[int, int]:
        """How many times a block is there, and how many tensors each hands to the next."""
        entries: dict[tuple[int, int], object] = {}
        behind: dict[object, object] = {}
        times = 1
        while start + (times + 1) * length <= len(self._signs):
            here = start + (times - 1) * length
            if any(
                n is None or not here <= n < here + 2 * length for k in range(length) for n in self._feeds[here + k]
            ):
                break
            if not all(self._alike(start, length, times, k, entries, behind) for k in range(length)):
                break
            times += 1
        return times, len(behind)

    def _alike(self, start: int, length: int, number: int, k: int, entries: dict, behind: dict) -> bool:
        """Whether child `k` of block `number` is what it is in the first one, and fed in the same way."""
        first, other = start + k, start + number * length + k
        if self._signs[first] != self._signs[other] or len(self._reads[first]) != len(self._reads[other]):
            return False
        before = start + (number - 1) * length
        for slot, (a, b) in enumerate(zip(self._reads[first], self._reads[other], strict=True)):
            if a[:2] != b[:2]:
                return False
            if isinstance(a[2], tuple) and a[2][0] >= start:
                inner = isinstance(b[2], tuple) and b[2] == (a[2][0] + number * length, a[2][1])
                if not inner:
                    return False
                continue
            if a[2] == b[2]:
                told: object = "the same for all"
            elif isinstance(b[2], tuple) and before <= b[2][0] < before + length:
                told = (b[2][0] - before, b[2][1], b[1])
                if behind.setdefault(told, a[2]) != a[2]:
                    return False
            else:
                return False
            if entries.setdefault((k, slot), told) != told:
                return False
        return True
