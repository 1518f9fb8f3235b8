"""The part of the layout that does not depend on sizes: which arrows run inside each container, through which places
of its border they come in and go out, and its rows with the order in them (igraph, Sugiyama's method).

An arrow from one container into another leaves through a place at the end of the first (`Port`), runs inside the one
that holds both, and enters at a place at the beginning of the second. So every container is laid out by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..errors import missing_package
from .folding import Folded, Item


@dataclass(frozen=True)
class End:
    """Where a line begins or ends: a child, and through which of its ports where it is a container; or a port of the
    container itself (`key` is empty)."""

    key: str
    port: str = ""


@dataclass(frozen=True)
class Link:
    """A line inside one container. `via` are the places that it passes in the rows between."""

    source: End
    target: End
    label: str = ""
    via: tuple[str, ...] = ()
    shown: bool = True

    @property
    def chain(self) -> tuple[str, ...]:
        """Every vertex that it runs through, by row."""
        return (vertex(self.source, "in"), *self.via, vertex(self.target, "out"))


@dataclass(frozen=True)
class Plan:
    """The rows of a container, in order, and its lines."""

    rows: tuple[tuple[str, ...], ...]
    links: tuple[Link, ...]


def vertex(end: End, way: str) -> str:
    """What stands in a row for an end of a line: the key of a child, or a port of the container."""
    return end.key or f"{way}>{end.port}"


def plans(folded: Folded, traced: bool = True) -> dict[str, Plan]:
    """The plan of every container, by key."""
    links = _links(folded)
    found = {}
    for item in folded.root.walk():
        if item.items:
            own = links.get(item.key, {})
            if not traced:
                own = {(End(a.key), End(b.key)): "" for a, b in pairwise(item.items)}
            found[item.key] = _plan(item, own, traced)
    return found


def _links(folded: Folded) -> dict[str, dict[tuple[End, End], str]]:
    """The lines in each container."""
    found: dict[str, dict[tuple[End, End], str]] = {}
    labels = _labels(folded)
    for arrow in folded.arrows:
        port, label = f"{arrow.source}.{arrow.index}", labels[arrow.source]
        up, down = _above(folded, arrow.source), _above(folded, arrow.target)
        while up[-1] == down[-1]:
            up.pop()
            down.pop()
        common = folded.parent[up[-1]]
        for inner, outer in pairwise(up):
            source = End(inner, port if inner != arrow.source else "")
            found.setdefault(outer, {})[source, End("", port)] = label
        for inner, outer in pairwise(down):
            target = End(inner, port if inner != arrow.target else "")
            found.setdefault(outer, {})[End("", port), target] = label
        source = End(up[-1], port if up[-1] != arrow.source else "")
        target = End(down[-1], port if down[-1] != arrow.target else "")
        found.setdefault(common, {})[source, target] = label
    return found


def _labels(folded: Folded) -> dict[str, str]:
    """The shape that a node gives on, where that is not the shape that it was given."""
    nodes = {item.key: item.node for item in folded.root.walk()}
    given: dict[str, set[str]] = {}
    for arrow in folded.arrows:
        given.setdefault(arrow.target, set()).add(nodes[arrow.source].shape)
    same = {key for key, shapes in given.items() if nodes[key].shape in shapes}
    return {key: "" if key in same or node.family == "input" else node.shape for key, node in nodes.items()}


def _above(folded: Folded, key: str) -> list[str]:
    """A key and the containers that it is in, up to what stands in the root."""
    found = [key]
    while folded.parent[found[-1]] in folded.parent:
        found.append(folded.parent[found[-1]])
    return found


def _plan(item: Item, ends: dict[tuple[End, End], str], shown: bool) -> Plan:
    children = [child.key for child in item.items]
    place = {key: n for n, key in enumerate(children)}
    # A line that runs against the order of the calls can't be: a step is fed by earlier ones.
    pairs = [(s, t, label) for (s, t), label in ends.items() if not (s.key and t.key) or place[s.key] < place[t.key]]
    row = _rows(children, [(s.key, t.key) for s, t, _ in pairs])
    depth = max(row.values(), default=0)
    for source, target, _ in pairs:
        if not source.key:
            row[vertex(source, "in")] = -1
        if not target.key:
            row[vertex(target, "out")] = depth + 1
    links, number = [], 0
    for source, target, label in pairs:
        via = []
        for n in range(row[vertex(source, "in")] + 1, row[vertex(target, "out")]):
            via.append(f"via>{number}")
            row[via[-1]] = n
            number += 1
        links.append(Link(source, target, label, tuple(via), shown))
    return Plan(_ordered(row, links), tuple(links))


def _rows(children: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The row of each child: behind all that feed it, and right before what it feeds where nothing feeds it."""
    row = dict.fromkeys(children, 0)
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for source, target in pairs:
        into.setdefault(target, []).append(source)
        out.setdefault(source, []).append(target)
    for key in children:
        row[key] = max((row[source] + 1 for source in into.get(key, ()) if source), default=0)
    for key in reversed(children):
        if key not in into and any(out.get(key, ())):
            row[key] = max(0, min(row[target] for target in out[key] if target) - 1)
    return row


def _ordered(row: dict[str, int], links: Sequence[Link]) -> tuple[tuple[str, ...], ...]:
    """The vertices by row, in an order with few crossings, long lines rather on the right."""
    names = list(row)
    first = min(row.values(), default=0)
    rows: list[list[str]] = [[] for _ in range(max(row.values(), default=0) - first + 1)]
    for name in names:
        rows[row[name] - first].append(name)
    rows = [names for names in rows if names]
    if all(len(names) == 1 for names in rows):
        return tuple(tuple(names) for names in rows)
    across = _across(names, [row[name] - first for name in names], links)
    rows = [sorted(names, key=lambda name: across[name]) for names in rows]
    lean = 0.0
    for names in rows:
        middle = (len(names) - 1) / 2
        lean += sum(place - middle for place, name in enumerate(names) if name.startswith("via>"))
    return tuple(tuple(reversed(names) if lean < 0 else names) for names in rows)


def _across(names: list[str], rows: list[int], links: Sequence[Link]) -> dict[str, Any]:
    """Where igraph puts each vertex across."""
    try:
        import igraph
    except ImportError as error:
        raise missing_package("igraph", "draw", error) from error
    number = {name: n for n, name in enumerate(names)}
    pairs = dict.fromkeys(
        (number[a], number[b]) for link in links for a, b in zip(link.chain, link.chain[1:], strict=False)
    )
    graph = igraph.Graph(n=len(names), edges=list(pairs), directed=True)
    layout = graph.layout_sugiyama(layers=rows, maxiter=100)
    return {name: (layout[n][0], n) for name, n in number.items()}
