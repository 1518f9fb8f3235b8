"""Two canonical graphs → which hub of one is which of the other.

By structure, never by order or names: hubs to which the same leads and which lead to the same are partners, first by
all that changes outputs, then by their tensors only, then by their kind. From such anchors the matching spreads along
the edges; what is left between two anchors is aligned as a sequence. Names only decide between equals.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from difflib import SequenceMatcher
from functools import lru_cache

from .graph import COMMUTATIVE, ENDS, Edge, Graph, Hub
from .hashing import LEVELS, Numbers, backward, forward, signature

_TOKENS = re.compile(r"[A-Za-z]+|\d+")


class Alignment:
    """`partner[a]` is the hub of b that a hub of a is matched to; `back` is the other way round. `uses` says of either
    graph, for every hub, which (hub, input) it feeds."""

    def __init__(self, a: Graph, b: Graph) -> None:
        self.a, self.b = a, b
        self.partner: dict[int, int] = {}
        self.back: dict[int, int] = {}
        self.uses = a.consumers(), b.consumers()
        self._numbers = Numbers()
        self._signatures: dict[tuple[str, int, int], int] = {}

    def match(self, a: int, b: int) -> None:
        """Two hubs are partners."""
        self.partner[a], self.back[b] = b, a

    def free(self, a: int, b: int) -> bool:
        """Whether neither has a partner yet."""
        return a not in self.partner and b not in self.back

    def alike(self, a: int, b: int, level: str) -> bool:
        """Whether two hubs are the same by themselves."""
        return self._signature(0, a, level) == self._signature(1, b, level)

    def signatures(self, side: int, level: str) -> list[int]:
        """What every hub of a graph is by itself: equal numbers for what is the same."""
        return [self._signature(side, hub.index, level) for hub in (self.b if side else self.a).hubs]

    def _signature(self, side: int, index: int, level: str) -> int:
        key = (level, side, index)
        number = self._signatures.get(key)
        if number is None:
            number = self._numbers.of(signature((self.b if side else self.a).hubs[index], level))
            self._signatures[key] = number
        return number

    def agreement(self, a: int, b: int, way: str) -> int:
        """How well the steps behind ("ahead") or before two hubs go together: 3 where there is one of the same kind, or
        none to compare; 2 where the same functions are crossed; 1 where none are."""
        one, other = (self._steps(side, index, way) for side, index in enumerate((a, b)))
        if not one or not other or one & other:
            return 3
        words = {labels for _, labels in one} & {labels for _, labels in other}
        return 2 if any(words) else 1 if words else 0

    def _steps(self, side: int, index: int, way: str) -> set[tuple[Hashable, tuple[str, ...]]]:
        graph = self.b if side else self.a
        if way == "ahead":
            edges = [(i, graph.hubs[i].inputs[slot]) for i, slot in self.uses[side][index]]
        else:
            edges = [(edge.source, edge) for edge in graph.hubs[index].inputs]
        return {(self._signature(side, i, "skeleton"), tuple(label.word for label in edge.labels)) for i, edge in edges}

    def spread(self, start: list[tuple[int, int]], level: str) -> None:
        """From partners to those that feed them and those that they feed, where these are alike and no other is."""
        queue = list(start)
        while queue:
            a, b = queue.pop()
            for x, y in (*self._fed_by(a, b, level), *self._feeding(a, b, level)):
                if self.free(x, y):
                    self.match(x, y)
                    queue.append((x, y))

    def _fed_by(self, a: int, b: int, level: str) -> Iterator[tuple[int, int]]:
        first, second = self.a.hubs[a], self.b.hubs[b]
        left, right = first.inputs, second.inputs
        if first.word not in COMMUTATIVE and len(left) == len(right):
            for one, other in zip(left, right, strict=True):
                same = level == "skeleton" or _words(one) == _words(other)
                if same and one.port == other.port and self.alike(one.source, other.source, level):
                    yield one.source, other.source
            return
        yield from self._only_ones([e.source for e in left], [e.source for e in right], level)

    def _feeding(self, a: int, b: int, level: str) -> Iterator[tuple[int, int]]:
        fed = [i for i, _ in self.uses[0][a]], [i for i, _ in self.uses[1][b]]
        yield from self._only_ones(*fed, level, with_uses=True)
        if level in ("weights", "skeleton"):
            yield from self._only_ones(*fed, level)

    def _only_ones(
        self, left: list[int], right: list[int], level: str, with_uses: bool = False
    ) -> Iterator[tuple[int, int]]:
        """Those that are alike, where there is one such on each side only; alike in what is done with their outputs
        too (`with_uses`), so that two layers are told apart that differ in the activation behind them only."""
        groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for side, indices in enumerate((left, right)):
            for index in dict.fromkeys(indices):
                if index not in (self.back if side else self.partner):
                    uses = frozenset(labels for _, labels in self._steps(side, index, "ahead")) if with_uses else None
                    groups[self._signature(side, index, level), uses][side].append(index)
        for one, other in groups.values():
            if len(one) == len(other) == 1:
                yield one[0], other[0]


def _words(edge: Edge) -> tuple[str, ...]:
    return tuple(label.word for label in edge.acting)


def align(a: Graph, b: Graph) -> Alignment:
    """The partners of two graphs."""
    found = Alignment(a, b)
    found.match(0, 0)  # what no input decides
    if not a.traced:
        _in_sequence(found)
        return found
    _by_position(found)
    for level in LEVELS:
        _by_hashes(found, level)
        found.spread(list(found.partner.items()), level)
    _between_anchors(found)
    found.spread(list(found.partner.items()), "skeleton")
    _moved(found)
    _ends(found)
    return found


def _by_position(found: Alignment) -> None:
    """Inputs that nothing but their places tells apart are those of equal places."""
    inputs = [[hub for hub in graph.hubs if hub.word == "input"] for graph in (found.a, found.b)]
    alike = [len({(hub.shape, hub.settings["dtype"]) for hub in side}) == 1 for side in inputs]
    named = any(not str(hub.settings["name"])[:1].isdigit() for side in inputs for hub in side)
    if len(inputs[0]) == len(inputs[1]) > 1 and all(alike) and not named:
        for one, other in zip(*inputs, strict=True):
            found.match(one.index, other.index)


def _in_sequence(found: Alignment) -> None:
    """Without edges: in the order of definition, by tensors, then by kind; names only for what is left over."""
    left, right = [h.index for h in found.a.hubs[1:]], [h.index for h in found.b.hubs[1:]]
    for level in ("weights", "skeleton"):
        left, right = _aligned(found, left, right, level)
    for a in left:
        alike = [b for b in right if found.free(a, b) and found.alike(a, b, "skeleton")]
        if alike:
            found.match(a, max(alike, key=lambda b: _likeness(found.a.hubs[a], found.b.hubs[b])))


def _by_hashes(found: Alignment, level: str) -> None:
    """By what leads to a hub and what it leads to; then by the one or the other alone."""
    numbers = Numbers()
    graphs = [(graph, found.signatures(side, level)) for side, graph in enumerate((found.a, found.b))]
    ahead = [forward(graph, own, level, numbers) for graph, own in graphs]
    behind = [backward(graph, own, level, numbers) for graph, own in graphs]
    both = [list(zip(f, b, strict=True)) for f, b in zip(ahead, behind, strict=True)]
    tied = []
    for left, right in _groups(found, both):
        if len(left) == len(right) == 1:
            found.match(left[0], right[0])
        elif len(left) == len(right):
            tied.append((left, right))
    for left, right in tied:
        _by_names(found, left, right, level)
    _by_one_way(found, ahead, behind)


def _groups(found: Alignment, keys: list[list]) -> list[tuple[list[int], list[int]]]:
    """The hubs without partner that have equal keys, of both sides."""
    groups: dict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for side in (0, 1):
        taken = found.back if side else found.partner
        for index, key in enumerate(keys[side]):
            if index not in taken:
                groups[key][side].append(index)
    return [group for group in groups.values() if all(group)]


def _by_names(found: Alignment, left: list[int], right: list[int], level: str) -> None:
    """Hubs that nothing but their names tells apart: the likest names, then the order."""
    for at, a in enumerate(left):
        likeness = {
            b: (_likeness(found.a.hubs[a], found.b.hubs[b]), -abs(at - place))
            for place, b in enumerate(right)
            if found.free(a, b)
        }
        if likeness:
            b = max(likeness, key=likeness.__getitem__)
            found.match(a, b)
            found.spread([(a, b)], level)


def _by_one_way(found: Alignment, ahead: list[list], behind: list[list]) -> None:
    """By what leads to a hub alone, or what it leads to alone. The next step of the other way must go with it: else a
    layer that was inserted would be taken for the one that it stands before. Of two claims the better one holds."""
    claims = []
    for rank, (way, keys) in enumerate((("ahead", ahead), ("behind", behind))):
        for left, right in _groups(found, keys):
            if len(left) == len(right) == 1:
                a, b = left[0], right[0]
                claims.append((-found.agreement(a, b, way), rank, a, b))
    partners: dict[tuple[int, int], set[int]] = defaultdict(set)
    for _, _, a, b in claims:
        partners[0, a].add(b)
        partners[1, b].add(a)
    for agreement, _, a, b in sorted(claims):
        contested = len(partners[0, a]) > 1 or len(partners[1, b]) > 1
        if found.free(a, b) and (agreement <= -2 or (agreement == -1 and contested)):
            found.match(a, b)


def _likeness(one: Hub, other: Hub) -> float:
    """How many words two names share."""
    left, right = _words_of(one.path), _words_of(other.path)
    return len(left & right) / max(1, len(left | right))


@lru_cache(maxsize=1 << 14)
def _words_of(path: str) -> frozenset[str]:
    return frozenset(_TOKENS.findall(path.lower()))


def _between_anchors(found: Alignment) -> None:
    """What is left between the same two anchors, in order: the same tensors, the same kind, then one for one."""
    left, right = _gaps(found, 0), _gaps(found, 1)
    for place, ones in left.items():
        others = right.get(place, [])
        for level in ("weights", "skeleton"):
            ones, others = _aligned(found, ones, others, level)
        _substituted(found, left[place], right.get(place, []))


def _moved(found: Alignment) -> None:
    """Layers of one kind and width without a partner near the same hub: one layer that changed its place."""
    near = [_neighbours(graph) for graph in (found.a, found.b)]
    for hub in found.a.hubs:
        if hub.index in found.partner or not hub.weighted:
            continue
        here = [found.partner[i] for i in near[0][hub.index] if i in found.partner]
        beside = {j for i in here for j in near[1][i]}
        for index in sorted(beside.union(*(near[1][j] for j in beside))):
            alike = found.free(hub.index, index) and found.alike(hub.index, index, "skeleton")
            if alike and hub.settings.get("units") == found.b.hubs[index].settings.get("units"):
                found.match(hub.index, index)
                break


def _neighbours(graph: Graph) -> list[set[int]]:
    """The hubs directly before and behind each (inputs, outputs and constants apart)."""
    found: list[set[int]] = [set() for _ in graph.hubs]
    for hub in graph.hubs:
        for edge in hub.inputs:
            if hub.word not in ENDS and graph.hubs[edge.source].word not in ENDS:
                found[hub.index].add(edge.source)
                found[edge.source].add(hub.index)
    return found


def _gaps(found: Alignment, side: int) -> dict[Hashable, list[int]]:
    """The hubs without partner by the anchors before and behind them, as indices of graph a."""
    graph, partners = (found.b, found.back) if side else (found.a, {a: a for a in found.partner})
    before: list[int | None] = []
    for hub in graph.hubs:
        above = min((n for edge in hub.inputs if (n := before[edge.source]) is not None), default=None)
        before.append(partners.get(hub.index, above))
    behind: list[int | None] = [None] * len(graph.hubs)
    uses = found.uses[side]
    for hub in reversed(graph.hubs):
        below = min((n for i, _ in uses[hub.index] if (n := behind[i]) is not None), default=None)
        behind[hub.index] = partners.get(hub.index, below)
    gaps: dict[Hashable, list[int]] = defaultdict(list)
    for hub in graph.hubs:
        if hub.index not in partners:
            gaps[before[hub.index], behind[hub.index]].append(hub.index)
    return gaps


def _aligned(found: Alignment, ones: list[int], others: list[int], level: str) -> tuple[list[int], list[int]]:
    """Matches the longest common sequence; gives back what is left."""
    if ones and others:
        sides = [[found._signature(side, i, level) for i in indices] for side, indices in enumerate((ones, others))]
        for block in SequenceMatcher(None, *sides, autojunk=False).get_matching_blocks():
            for offset in range(block.size):
                found.match(ones[block.a + offset], others[block.b + offset])
    return [i for i in ones if i not in found.partner], [i for i in others if i not in found.back]


def _substituted(found: Alignment, ones: list[int], others: list[int]) -> None:
    """Runs of equal length between matched neighbours: another layer in the same place."""
    place_of = {b: n for n, b in enumerate(others)}
    runs: list[tuple[list[int], list[int]]] = [([], [])]
    done = 0
    for a in ones:
        if a in found.partner and found.partner[a] in place_of:
            stop = place_of[found.partner[a]]
            runs[-1][1].extend(b for b in others[done:stop] if b not in found.back)
            done = max(done, stop)
            runs.append(([], []))
        elif a not in found.partner:
            runs[-1][0].append(a)
    runs[-1][1].extend(b for b in others[done:] if b not in found.back)
    for left, right in runs:
        if len(left) == len(right) <= 3:
            for a, b in zip(left, right, strict=True):
                if _same_class(found.a.hubs[a], found.b.hubs[b]):
                    found.match(a, b)


def _same_class(one: Hub, other: Hub) -> bool:
    """Whether one could stand in the place of the other."""
    if one.word in ENDS or other.word in ENDS:
        return False
    return one.weighted == other.weighted and len(one.inputs) == len(other.inputs)


def _ends(found: Alignment) -> None:
    """Inputs and outputs that nothing told apart: by their names, then by their order."""
    for word in ("input", "output"):
        left = [h for h in found.a.hubs if h.word == word and h.index not in found.partner]
        right = [h for h in found.b.hubs if h.word == word and h.index not in found.back]
        for hub in left:
            same = [h for h in right if h.settings.get("name", "") == hub.settings.get("name", "")]
            if same and word == "input":
                found.match(hub.index, same[0].index)
                right.remove(same[0])
        left = [h for h in left if h.index not in found.partner]
        if len(left) == len(right):
            for one, other in zip(left, right, strict=True):
                found.match(one.index, other.index)
