"""What is crossed between two hubs: functions without weights, hubs without a partner, and where an edge comes from."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any

from ..graph import COMMUTATIVE, TRAINING_ONLY, Edge, Graph, Hub, Label
from ..hashing import meaning
from .findings import Findings, Found
from .settings import covers, same

# Functions that move elements without changing any.
MOVING = frozenset({"flatten", "reshape", "permute", "positions", "part", "slice", "final", "flip"})
Chain = tuple[Edge, list[Label], list[int]]


def compare_edges(findings: Findings) -> None:
    """Every input of every pair of hubs, then what has no partner at all."""
    seen: set[tuple[int | None, int | None]] = set()
    for one, other in findings.pairs():
        for left, right in _slots(findings, one, other):
            _edge(findings, one, other, left, right, seen)
    _without_partner(findings)


def _slots(findings: Findings, one: Hub, other: Hub) -> Iterator[tuple[Edge | None, Edge | None]]:
    """Which input of one hub is which of the other: by place; where order means nothing, by where they come from."""
    if one.word not in COMMUTATIVE and len(one.inputs) == len(other.inputs):
        crossed = _crossed(findings, one, other) if one.word == "concat" else None
        yield from crossed or zip(one.inputs, other.inputs, strict=True)
        return
    rest = list(other.inputs)
    unmatched = []
    for edge in one.inputs:
        found = next((e for e in rest if _meet(findings, edge, e)), None)
        if found is None:
            unmatched.append(edge)
        else:
            rest.remove(found)
            yield edge, found
    for n in range(max(len(unmatched), len(rest))):
        yield unmatched[n] if n < len(unmatched) else None, rest[n] if n < len(rest) else None


def _crossed(findings: Findings, one: Hub, other: Hub) -> list[tuple[Edge, Edge]] | None:
    """The inputs of two concatenations, paired by where they come from, if they are the same in another order."""
    if all(_meet(findings, x, y) for x, y in zip(one.inputs, other.inputs, strict=True)):
        return None
    rest, pairs = list(other.inputs), []
    for edge in one.inputs:
        found = next((e for e in rest if _meet(findings, edge, e)), None)
        if found is None:
            return None
        rest.remove(found)
        pairs.append((edge, found))
    before = tuple(range(len(pairs)))
    after = tuple(other.inputs.index(y) for _, y in pairs)
    findings.add(Found("order", before, after, "values", (one.index, other.index)))
    return pairs


def _meet(findings: Findings, left: Edge, right: Edge) -> bool:
    """Whether two edges can be followed back to hubs that are partners."""
    ends = {(edge.source, edge.port) for edge, _, _ in _chains(findings, 0, left)}
    partner = findings.alignment.back
    return any((partner.get(e.source), e.port) in ends for e, _, _ in _chains(findings, 1, right))


def _chains(findings: Findings, side: int, edge: Edge) -> list[Chain]:
    """The ways back from an edge to hubs that have a partner, through those that have none: where it comes from, the
    functions on the way in order, the hubs crossed."""
    graph = findings.b if side else findings.a
    partners = findings.alignment.back if side else findings.alignment.partner
    found: list[Chain] = []
    stack: list[Chain] = [(edge, list(edge.labels), [])]
    visited: set[int] = set()
    while stack and len(found) < 8:
        current, labels, crossed = stack.pop()
        if current.source in partners or not graph.hubs[current.source].inputs:
            found.append((current, labels, crossed))
        elif current.source not in visited:
            visited.add(current.source)
            for back in reversed(graph.hubs[current.source].inputs):
                stack.append((back, [*back.labels, *labels], [current.source, *crossed]))
    return found


def _edge(findings: Findings, one: Hub, other: Hub, left: Edge | None, right: Edge | None, seen: set[Any]) -> None:
    hubs = (one.index, other.index)
    if left is None or right is None:
        _input_missing(findings, one, other, left, right)
        return
    ways_a, ways_b = _chains(findings, 0, left), _chains(findings, 1, right)
    back = findings.alignment.back
    both = [(x, y) for x in ways_a for y in ways_b if back.get(y[0].source) == x[0].source and x[0].port == y[0].port]
    if both:
        one_way, other_way = min(both, key=lambda w: len(w[0][2]) + len(w[1][2]) + abs(len(w[0][1]) - len(w[1][1])))
    else:
        one_way, other_way = ways_a[0], ways_b[0]
        sources = _source(findings.a, one_way[0]), _source(findings.b, other_way[0])
        ends = one_way[0].source, other_way[0].source
        found = findings.add(Found("source", sources[0], sources[1], "values", hubs))
        found.crossed, found.ends = (tuple(one_way[2]), tuple(other_way[2])), ends
        return
    _labels(findings, hubs, one_way, other_way, seen)


def _source(graph: Graph, edge: Edge) -> str:
    hub = graph.hubs[edge.source]
    return hub.path or hub.word


def _input_missing(findings: Findings, one: Hub, other: Hub, left: Edge | None, right: Edge | None) -> None:
    """A join has an input more than the other."""
    graph, edge = (findings.a, left) if left is not None else (findings.b, right)
    assert edge is not None
    side = 0 if left is not None else 1
    way = _chains(findings, side, edge)[0]
    said = _source(graph, way[0])
    a, b = (said, None) if side == 0 else (None, said)
    found = findings.add(Found("source", a, b, "values", (one.index, other.index)))
    found.crossed = (tuple(way[2]), ()) if side == 0 else ((), tuple(way[2]))
    found.ends = (way[0].source, None) if side == 0 else (None, way[0].source)


def _labels(findings: Findings, hubs: tuple[int, int], one: Chain, other: Chain, seen: set[Any]) -> None:
    """Two runs of functions, aligned: first those that act, then those that only act while training."""
    one, other = _without_joining(findings, hubs, one, other)
    before = len(findings.items)
    for training in (False, True):
        left = [label for label in one[1] if (label.word in TRAINING_ONLY) == training]
        right = [label for label in other[1] if (label.word in TRAINING_ONLY) == training]
        for x, y in _paired(left, right):
            place = (x.order if x else None, y.order if y else None, (x or y).word)  # type: ignore[union-attr]
            if place in seen:
                continue
            seen.add(place)
            if x is not None and y is not None and x.word == y.word:
                findings.label_pairs.append((x, y))
                _label_settings(findings, hubs, x, y, training)
                continue
            if training:
                _rate(findings, hubs, x, y)
                continue
            unknown = any("." in label.word or label.settings.get("unknown") for label in (*left, *right))
            effect = "unknown" if unknown else "values"
            if x is not None and y is not None:
                findings.label_pairs.append((x, y))
                a, b = str(x), str(y)
                findings.add(Found(_field(x, y), a, b, effect, hubs, (x, y)))
            else:
                a, b = (None if label is None else str(label) for label in (x, y))
                effect = "shape" if (x or y).word == "final" else effect  # type: ignore[union-attr]
                found = Found(_field(x, y), a, b, effect, hubs, (x, y))
                _moved_rows(findings, found)
                findings.only_labels.append(findings.add(found))
    for found in findings.items[before:]:
        found.crossed = (tuple(one[2]), tuple(other[2]))
        found.sources = one[0].source, other[0].source


def _without_joining(findings: Findings, hubs: tuple[int, int], one: Chain, other: Chain) -> tuple[Chain, Chain]:
    """In front of a layer that sums over several axes, these need not be joined to one first."""
    chains = [one, other]
    for side, chain in enumerate(chains):
        hub = (findings.a, findings.b)[1 - side].hubs[hubs[1 - side]]
        last = chain[1][-1].word if chain[1] else ""
        theirs = chains[1 - side][1]
        sums = hub.raw.get("in_axes", 1) > 1 or covers(hub)
        if sums and last in ("reshape", "flatten") and not (theirs and theirs[-1].word == last):
            chains[side] = (chain[0], chain[1][:-1], chain[2])
    return chains[0], chains[1]


def _moved_rows(findings: Findings, found: Found) -> None:
    """Ids that are counted from a later row on, in a table with so many rows more in front."""
    label = found.labels[0] or found.labels[1]
    if label is None or label.word != "rescaling" or label.settings["scale"] != 1:
        return
    tokens = next((f for f in findings.items if f.field == "tokens" and f.hubs == found.hubs), None)
    if tokens is None or None in (tokens.a, tokens.b):
        return
    more = tokens.b - tokens.a if found.labels[0] is None else tokens.a - tokens.b
    if label.settings["shift"] == more:
        for each in (tokens, found):
            each.effect, each.text = "none", "rows in front that no id reaches"


def _rate(findings: Findings, hubs: tuple[int, int], x: Label | None, y: Label | None) -> None:
    """A dropout that one side has alone."""
    rates = [None if label is None else label.settings.get("rate") for label in (x, y)]
    findings.add(Found("rate", rates[0], rates[1], "training", hubs, (x, y)))


def _field(x: Label | None, y: Label | None) -> str:
    word = (x or y).word  # type: ignore[union-attr]
    if word in MOVING or word in ("pad", "upsample", "dropout", "softmax", "rescaling"):
        return word
    return "activation"


def _label_settings(findings: Findings, hubs: tuple[int, int], x: Label, y: Label, training: bool) -> None:
    for name in dict.fromkeys((*x.settings, *y.settings)):
        p, q = x.settings.get(name), y.settings.get(name)
        if same(p, q) or name == "kind":
            continue
        effect = "training" if training else "values"
        if x.word == "flatten":  # another order of the features: the next weights are permuted
            effect = "none" if _absorbs_order(findings, hubs) else "values"
        field = x.word if x.word in ("flatten", "reshape", "permute") else name
        findings.add(Found(field, p, q, effect, hubs, (x, y)))


def _absorbs_order(findings: Findings, hubs: tuple[int, int]) -> bool:
    """Whether what comes next has weights that can be carried in another order."""
    per_feature = ("linear", "batch_norm", "layer_norm", "rms_norm", "scale")
    words = findings.a.hubs[hubs[0]].word, findings.b.hubs[hubs[1]].word
    return all(word in per_feature for word in words)


def _paired(left: list[Label], right: list[Label]) -> Iterator[tuple[Label | None, Label | None]]:
    """Functions in order: equal ones first, then those of one word, then what stands in the same place."""
    if [x.word for x in left] == [y.word for y in right]:
        yield from zip(left, right, strict=True)
        return
    exact = SequenceMatcher(None, [meaning(x) for x in left], [meaning(y) for y in right], autojunk=False)
    for tag, i1, i2, j1, j2 in exact.get_opcodes():
        if tag == "equal":
            yield from zip(left[i1:i2], right[j1:j2], strict=True)
            continue
        words = SequenceMatcher(None, [x.word for x in left[i1:i2]], [y.word for y in right[j1:j2]], autojunk=False)
        for inner, p1, p2, q1, q2 in words.get_opcodes():
            ones, others = left[i1 + p1 : i1 + p2], right[j1 + q1 : j1 + q2]
            if inner == "equal" or len(ones) == len(others):
                yield from zip(ones, others, strict=True)
            else:
                yield from ((x, None) for x in ones)
                yield from ((None, y) for y in others)


def _without_partner(findings: Findings) -> None:
    for side, graph, partners in (
        (0, findings.a, findings.alignment.partner),
        (1, findings.b, findings.alignment.back),
    ):
        for hub in graph.hubs:
            if hub.index in partners:
                continue
            effect = "count" if hub.learned else "values"
            if hub.word in ("input", "output", "constant"):
                effect = "values"
            said = (hub.word, None) if side == 0 else (None, hub.word)
            hubs = (hub.index, None) if side == 0 else (None, hub.index)
            name = hub.word if hub.word in ("input", "output") else "layer"
            found = findings.add(Found(name, said[0], said[1], effect, hubs))
            if hub.word == "parameter" and (table := _table_beside(findings, side, hub, partners)) is not None:
                found.effect, found.text = "none", f"added to every row of {table}, which can hold it"


def _table_beside(findings: Findings, side: int, hub: Hub, partners: dict[int, int]) -> str | None:
    """A vector that is added to the rows of a table is part of these."""
    graph, uses = (findings.a, findings.b)[side], findings.uses[side][hub.index]
    sums = [graph.hubs[i] for i in dict.fromkeys(i for i, slot in uses if not graph.hubs[i].inputs[slot].acting)]
    if len(sums) != 1 or sums[0].word != "add" or sums[0].index not in partners:
        return None
    beside = [graph.hubs[e.source] for e in sums[0].inputs if not e.acting]
    return next((h.path for h in beside if h.word in ("table", "embedding") and h.index in partners), None)
