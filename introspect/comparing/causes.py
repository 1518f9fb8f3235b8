"""Causes before consequences: which difference follows from which."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from operator import itemgetter

from ..graph import ENDS, JOINS, Graph, Hub, Label
from .findings import Findings, Found
from .settings import FOLLOWING

_ELEMENTWISE = JOINS - {"concat", "matmul", "join"}
# Hubs that give as many channels as they are given.
_KEEPING = frozenset({
    "batch_norm", "layer_norm", "rms_norm", "group_norm", "prelu", "scale", "max_pool", "average_pool", "lp_pool",
    "normalization",
})  # fmt: skip
# What says how large something is, and so can follow from anything before it that changes sizes.
_SIZES = ("output_shape", "shape", "upsample", "reshape", "size", "start", "stop")
# Within one hub: a setting and what else then differs with it.
_ENTAILS = {
    "kernel_size": ("padding",), "strides": ("padding",), "dilation": ("padding",),
    "heads": ("key_dim", "scale", "kv_heads"), "key_dim": ("scale",),
}  # fmt: skip


def find_causes(findings: Findings) -> None:
    """Give every difference that follows from another its cause."""
    _regions(findings)
    _moved(findings)
    _rewired(findings)
    _exchanged(findings)
    _within_hubs(findings)
    _widths(findings)
    _policies(findings)
    _following(findings)


def _by_hub(findings: Findings) -> dict[tuple[int, int], list[Found]]:
    places: dict[tuple[int, int], list[Found]] = defaultdict(list)
    for found in findings.items:
        for side, index in enumerate(found.hubs):
            if index is not None:
                places[side, index].append(found)
    return places


def _regions(findings: Findings) -> None:
    """Hubs without partner that hang together are one difference, on both sides of one place too."""
    only = {(0 if f.hubs[0] is not None else 1, next(i for i in f.hubs if i is not None)): f for f in findings.items
            if f.field == "layer"}  # fmt: skip
    places: dict[frozenset[int], Found] = {}
    for side, graph in enumerate((findings.a, findings.b)):
        for region in _connected(graph, {i for s, i in only if s == side}):
            members = [only[side, i] for i in sorted(region)]
            root = members[0]
            for member in members:
                if member is not root:
                    member.follows(root)
            around = frozenset(_around(findings, graph, region, side))
            if side == 0:
                places.setdefault(around, root)
            elif around in places:
                root.follows(places[around])
    graphs = (findings.a, findings.b)
    _missing_inputs(findings)
    for found in findings.items:
        for side, crossed in enumerate(found.crossed):
            for index in crossed:
                if graphs[side].hubs[index].word == "normalization":
                    continue  # a scaling of the input: others beside it are as much a cause
                if found.cause is None and (side, index) in only and found is not only[side, index]:
                    found.follows(only[side, index])


def _missing_inputs(findings: Findings) -> None:
    """What comes from an input or a hub that only one model has follows from that."""
    missing = {(0 if f.hubs[0] is not None else 1, next(i for i in f.hubs if i is not None)): f for f in findings.items
               if f.field in ("input", "layer")}  # fmt: skip
    for found in findings.items if missing else ():
        ends = [missing[side, end] for side, end in enumerate(found.ends) if end is not None and (side, end) in missing]
        masks = [
            f for (side, _), f in (missing.items() if found.field == "mask" else ())
            if f.field == "input" and "given" in str((found.a, found.b)[side])
        ]  # fmt: skip
        cause = next(iter(ends), None) or next(iter(masks), None)
        if cause is not None:
            found.follows(cause)


def _connected(graph: Graph, indices: set[int]) -> list[set[int]]:
    parent = {i: i for i in indices}

    def top(i: int) -> int:
        while parent[i] != i:
            i = parent[i]
        return i

    for i in indices:
        for edge in graph.hubs[i].inputs:
            if edge.source in indices:
                parent[top(i)] = top(edge.source)
    groups: dict[int, set[int]] = defaultdict(set)
    for i in indices:
        groups[top(i)].add(i)
    return sorted(groups.values(), key=min)


def _around(findings: Findings, graph: Graph, region: set[int], side: int) -> Iterable[int]:
    """The hubs that feed a region, as indices of graph a."""
    partners = findings.alignment.back if side else {a: a for a in findings.alignment.partner}
    for i in region:
        for edge in graph.hubs[i].inputs:
            if edge.source in partners:
                yield partners[edge.source]


def _moved(findings: Findings) -> None:
    """A function that one model has a step earlier or later than the other."""
    gone = [f for f in findings.only_labels if f.labels[1] is None and f.cause is None]
    come: dict[int, list[tuple[int, Found]]] = defaultdict(list)  # by where it is, with its number among all of these
    for n, found in enumerate(findings.only_labels):
        if found.labels[0] is None and found.cause is None and found.hubs[0] is not None:
            come[found.hubs[0]].append((n, found))
    for one in gone:
        x = one.labels[0]
        near = [place for i in _around_of(findings, one) for place in come.get(i, ())] if come else []
        for _, other in sorted(near, key=itemgetter(0)):
            y = other.labels[1]
            alike = isinstance(x, Label) and isinstance(y, Label) and x.meaning == y.meaning
            if other.cause is None and alike:
                one.field = "order"
                one.b = f"{y} elsewhere"
                one.labels = (x, y)
                other.follows(one)
                break


def _around_of(findings: Findings, found: Found) -> set[int]:
    """The hubs that are at most two hubs apart from where something is."""
    if found.hubs[0] is None:
        return set()
    reached = edge = {found.hubs[0]}
    for _ in range(3):
        fed_by = {e.source for i in edge for e in findings.a.hubs[i].inputs}
        edge = fed_by | {j for i in edge for j, _ in findings.uses[0][i]}
        reached = reached | edge
    return reached


def _rewired(findings: Findings) -> None:
    """Edges that lead from elsewhere: those that share a hub are one change of order."""
    wired = [f for f in findings.items if f.field == "source" and f.cause is None]
    back = findings.alignment.back
    first: dict[int, int] = {}  # hub -> the first of these that touches it
    for n, found in enumerate(wired):
        sources = (found.ends[0], None if found.ends[1] is None else back.get(found.ends[1]))
        touched = {i for i in (found.hubs[0], *sources) if i is not None}
        before = min((first[i] for i in touched if i in first), default=None)
        if before is not None:
            found.follows(wired[before])
        for i in touched:
            first.setdefault(i, n)
    causes = {found.cause for found in wired}
    for found in wired:
        if found.cause is None and found in causes:
            found.field = "order"


def _exchanged(findings: Findings) -> None:
    """Two layers behind each other that differ in just what tells them apart have changed places."""
    own: dict[int, list[Found]] = defaultdict(list)
    functions: dict[int | None, list[Found]] = defaultdict(list)
    for found in findings.items:
        if any(found.labels):
            functions[found.hubs[0]].append(found)
        both = None not in found.hubs and found.cause is None and not any(found.labels)
        if both and found.hubs[0] is not None and found.field not in FOLLOWING:
            own[found.hubs[0]].append(found)
    for index, here in own.items():
        for edge in findings.a.hubs[index].inputs:
            before = own.get(edge.source, [])
            if before and _turned(before) == {(f.field, repr(f.b), repr(f.a)) for f in here}:
                first, (one, other) = before[0], (findings.a.hubs[edge.source], findings.a.hubs[index])
                if one.word != other.word or first.field == "order":
                    continue
                for found in (*before[1:], *here, *_beside(findings, functions, {edge.source, index})):
                    found.follows(first)
                first.field, first.effect = "order", "values"
                first.a, first.b = (one.path, other.path), (other.path, one.path)


def _beside(findings: Findings, functions: dict[int | None, list[Found]], hubs: set[int]) -> list[Found]:
    """Functions that moved with these hubs: in front of them or directly behind."""
    near = hubs | {i for hub in hubs for i, _ in findings.uses[0][hub]}
    return [f for i in sorted(near) for f in functions.get(i, ()) if f.cause is None]


def _turned(found: list[Found]) -> set[tuple[str, str, str]]:
    return {(f.field, repr(f.a), repr(f.b)) for f in found}


def _within_hubs(findings: Findings) -> None:
    for places in _by_hub(findings).values():
        by_field = {found.field: found for found in places if not any(found.labels)}
        for field, entailed in _ENTAILS.items():
            for name in entailed:
                if field in by_field and name in by_field and by_field[name].cause is None:
                    by_field[name].follows(by_field[field])


def _widths(findings: Findings) -> None:
    """Layers whose outputs are added must be equally wide: the first one that differs is the cause for the others."""
    classes = width_classes(findings.a)
    first: dict[tuple[int, str], Found] = {}
    for found in findings.items:
        index = found.hubs[0]
        if found.field != "units" or index is None or found.cause is not None:
            continue
        key = (classes[index], repr((found.a, found.b)))
        if key in first:
            found.follows(first[key])
        first.setdefault(key, found)


def _policies(findings: Findings) -> None:
    """Tensors of another dtype all over the model are one difference."""
    first: dict[str, Found] = {}
    for found in findings.items:
        if found.field == "dtype" and found.cause is None:
            key = repr((found.a, found.b))
            if key in first:
                found.follows(first[key])
            first.setdefault(key, found)


def width_classes(graph: Graph) -> list[int]:
    """A number per hub: those with equal numbers can't but have equally many channels."""
    parent = list(range(len(graph.hubs)))

    def top(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for hub in graph.hubs:
        if hub.word in _ELEMENTWISE or hub.word in _KEEPING or _is_depthwise(hub):
            for edge in hub.inputs:
                if edge.source and not any(label.word in ("flatten", "reshape") for label in edge.labels):
                    parent[top(hub.index)] = top(edge.source)
    return [top(i) for i in range(len(parent))]


def _is_depthwise(hub: Hub) -> bool:
    return hub.word == "conv" and hub.settings["groups"] == hub.settings["in_features"] == hub.settings["units"]


def _following(findings: Findings) -> None:
    """What only says what comes in follows from what stands before."""
    places = _by_hub(findings)
    for found in list(findings.items):
        if found.cause is None and _can_follow(findings, found):
            cause = _upstream(findings, found, places)
            if cause is not None:
                found.follows(cause)


def _can_follow(findings: Findings, found: Found) -> bool:
    if found.field in FOLLOWING or found.field in _SIZES:
        return True
    if found.field == "layer" and _is_whole_pool(findings, found):  # of a single position it is nothing
        return True
    if found.field == "flatten" and None in (found.a, found.b):  # of a single position there is nothing to flatten
        return True
    one = findings.a.hubs[found.hubs[0]] if found.hubs[0] is not None else None
    other = findings.b.hubs[found.hubs[1]] if found.hubs[1] is not None else None
    if one is None or other is None:
        return False
    if found.field in ("groups", "units"):
        return (_is_depthwise(one) and _is_depthwise(other)) or one.word in ("scale", "group_norm")
    if found.field == "key_dim" or (found.field == "scale" and one.word == "attention"):
        return True
    return found.field == "padding" and one.raw.get("size") != other.raw.get("size")


def _is_whole_pool(findings: Findings, found: Found) -> bool:
    side = 0 if found.hubs[0] is not None else 1
    hub = (findings.a, findings.b)[side].hubs[found.hubs[side] or 0]
    return hub.settings.get("kernel_size") == "whole"


def _upstream(findings: Findings, found: Found, places: dict[tuple[int, int], list[Found]]) -> Found | None:
    """The nearest difference before this one that changes sizes."""
    queue = deque((side, index) for side, index in enumerate(found.hubs) if index is not None)
    seen = set(queue)
    while queue:
        side, index = queue.popleft()
        here = [f for f in places[side, index] if f is not found and f.shaping and f.root() is not found]
        here = [f for f in here if f.cause is not None or not _can_follow(findings, f)]
        if index != found.hubs[side] or found.labels[0] is None:
            here = [f for f in here if index != found.hubs[side] or any(f.labels) or f.field in ("layer", "source")]
        if here:
            return next((f for f in here if f.field == "units"), here[0])
        graph = findings.b if side else findings.a
        for edge in graph.hubs[index].inputs:
            if (side, edge.source) not in seen and graph.hubs[edge.source].word not in ENDS:
                seen.add((side, edge.source))
                queue.append((side, edge.source))
    return None
