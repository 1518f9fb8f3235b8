"""Repeated blocks as one: neighbours that are alike in types, settings, shapes and inner wiring, each fed by the one
before as the first is by what stands in front of it.

A block is one node (with all inside of it) or several in a row; what is left out is said as ×N. Only the last of the
blocks may feed anything behind them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from .graph import ROOT, Arrow, Graph, Node
from .runs import Runs

# With so many titles a block of several is named by them.
_NAMED = 3


@dataclass
class Item:
    """A node of the folded graph: what stands inside of it, and how many times it is there."""

    node: Node
    items: list[Item] = field(default_factory=list)
    times: int = 1
    shared: bool = False
    """Whether the repeated block is one and the same, called again."""

    @property
    def key(self) -> str:
        """The key of its node."""
        return self.node.key

    @property
    def leaves(self) -> int:
        """The boxes that it has when everything is unfolded."""
        return sum(item.leaves for item in self.items) if self.items else 1

    def walk(self) -> Iterator[Item]:
        """Itself and all below, each before what it holds."""
        stack: list[Item] = [self]
        while stack:
            item = stack.pop()
            yield item
            stack.extend(reversed(item.items))


@dataclass
class Folded:
    """The items, the root first, and the arrows between those that are left."""

    root: Item
    arrows: list[Arrow]
    parent: dict[str, str]


def folded(graph: Graph, repeats: bool = True) -> Folded:
    """A graph with its repeated blocks as one; with `repeats=False` every block stands for itself."""
    return _Folding(graph, repeats).result()


class _Folding:
    def __init__(self, graph: Graph, repeats: bool) -> None:
        self._graph, self._repeats = graph, repeats
        self._reads: dict[str, list[Arrow]] = {}
        self._feeds: dict[str, list[Arrow]] = {}
        for arrow in graph.arrows:
            self._reads.setdefault(arrow.target, []).append(arrow)
            self._feeds.setdefault(arrow.source, []).append(arrow)
        self._leaves: dict[str, list[str]] = {}
        self._signs: dict[str, int] = {}
        self._known: dict[tuple, int] = {}
        # A leaf of a last block that is left out, and its twin in the first, which stands for it.
        self._stands: dict[str, str] = {}
        for key in reversed(graph.nodes):
            self._measure(key)

    def _measure(self, key: str) -> None:
        """The leaves inside a node in order, and its sign: what it is and how it is wired inside."""
        children = self._graph.children.get(key, [])
        leaves = [leaf for child in children for leaf in self._leaves[child]] or [key]
        place = {leaf: n for n, leaf in enumerate(leaves)}
        wired = tuple(
            (place[arrow.source], arrow.index, place[arrow.target])
            for leaf in (leaves if children else ())
            for arrow in self._reads.get(leaf, ())
            if arrow.source in place
        )
        sign = (self._graph.nodes[key].sign, tuple(self._signs[child] for child in children), wired)
        self._leaves[key] = leaves
        self._signs[key] = self._known.setdefault(sign, len(self._known))

    def result(self) -> Folded:
        """The items and the arrows that are left."""
        root = self._item(ROOT)
        kept = list(root.walk())
        parent = {child.key: item.key for item in kept for child in item.items}
        return Folded(root, self._arrows({item.key for item in kept}), parent)

    def _item(self, key: str) -> Item:
        children = self._graph.children.get(key, [])
        item, place = Item(self._graph.nodes[key]), 0
        runs = Runs(self._graph, children, self._signs, self._leaves, self._reads, self._feeds)
        while place < len(children):
            length, times = runs.at(place) if self._repeats else (1, 1)
            block = [self._item(child) for child in children[place : place + length]]
            if times > 1:
                self._stand(children[place : place + length * times], length)
                paths = {self._graph.nodes[child].path for child in children[place : place + length * times : length]}
                block = block if length == 1 else [Item(_group(key, block, times), block)]
                block[0].times, block[0].shared = times, len(paths) == 1 and None not in paths
            item.items += block
            place += length * times
        return item

    def _stand(self, children: list[str], length: int) -> None:
        first, last = children[:length], children[-length:]
        for one, other in zip(first, last, strict=True):
            self._stands |= dict(zip(self._leaves[other], self._leaves[one], strict=True))

    def _arrows(self, kept: set[str]) -> list[Arrow]:
        found: dict[Arrow, None] = {}
        for arrow in self._graph.arrows:
            source = arrow.source
            while source not in kept and source in self._stands:
                source = self._stands[source]
            if source in kept and arrow.target in kept:
                found[Arrow(source, arrow.target, arrow.index)] = None
        return list(found)


def _group(parent: str, block: list[Item], times: int) -> Node:
    """A node for several in a row that are repeated together."""
    titles = [item.node.title for item in block if item.node.family != "tensor"]
    known = [item.node.parameters for item in block if item.node.parameters is not None]
    return Node(
        f"{block[0].key}×{times}",
        parent,
        block[0].node.order,
        form="container",
        family="container",
        title=" · ".join(titles) if len(titles) <= _NAMED else f"{len(titles)} steps",
        tip=f"Repeated together: {', '.join(titles)}",
        parameters=sum(known) if known else None,
    )
