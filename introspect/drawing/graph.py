"""The graph that is drawn, in plain records: nodes inside of nodes, and arrows between them."""

from __future__ import annotations

from dataclasses import dataclass, field

ROOT = ""


@dataclass(frozen=True)
class Node:
    """One box of the picture: a step, a call of a layer that holds others, an input, an output, or a tensor that is
    read as it is. `sign` is what makes two nodes alike, wherever they stand."""

    key: str
    parent: str | None
    order: float
    form: str
    family: str
    title: str
    name: str = ""
    detail: str = ""
    tip: str = ""
    path: str | None = None
    sign: tuple = ()
    units: int | None = None
    channels: int | None = None
    positions: int | None = None
    parameters: int | None = None
    shape: str = ""


@dataclass(frozen=True)
class Arrow:
    """Output `index` of a node, fed to another."""

    source: str
    target: str
    index: int = 0


@dataclass
class Graph:
    """The nodes by key, parents first; the keys inside each container in the order in which they ran."""

    nodes: dict[str, Node] = field(default_factory=dict)
    children: dict[str, list[str]] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    traced: bool = True

    def add(self, node: Node) -> None:
        """A node, as the last one inside its parent."""
        self.nodes[node.key] = node
        if node.parent is not None:
            self.children.setdefault(node.parent, []).append(node.key)
