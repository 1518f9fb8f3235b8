"""What a hub is, and what leads to it and away from it, as numbers: equal numbers mean equal structure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from .conventions import COMPARED
from .graph import COMMUTATIVE, Edge, Graph, Hub, Label

LEVELS = ("strict", "functions", "weights", "skeleton")
# Settings that leave the tensors as they are, but tell a layer from its neighbours least of all.
_LOOSE = frozenset({"use_bias", "use_scale", "use_shift", "reset_after", "axis"})


class Numbers:
    """Gives every structure a number, the same one to equal structures of both graphs."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, structure: Hashable) -> int:
        """Its number."""
        return self._known.setdefault(structure, len(self._known))


def signature(hub: Hub, level: str) -> Hashable:
    """What a hub is by itself: everything that changes its outputs ("strict"), the tensors it has ("weights", and
    "functions", where what is crossed on edges counts too), or only what kind of step it is ("skeleton")."""
    level = "weights" if level == "functions" else level
    if hub.word in ("input", "output", "constant"):
        kind = str(hub.settings.get("dtype", "")).rstrip("0123456789") if level == "strict" else ""
        return hub.word, "float" if kind in ("float", "bfloat") else kind
    if hub.word in ("table", "embedding") and level != "strict":  # a table: an embedding whose ids no input decides
        return "embedding", _tokens(hub) if level == "weights" else ()
    compared = COMPARED.get(hub.word)
    if compared is None:
        return hub.word, _frozen(hub.settings) if level == "strict" else ()
    if level == "skeleton":
        return hub.word, _window(hub)
    said = [
        (name, _frozen(hub.settings.get(name)))
        for name, effect in compared.items()
        if (level == "strict" and effect != "training") or (effect == "count" and name not in _LOOSE)
    ]
    return hub.word, tuple((name, value) for name, value in said if not (name == "kernel_size" and _is_ones(value)))


def _tokens(hub: Hub) -> Any:
    return hub.settings.get("tokens"), hub.settings.get("units")


def _window(hub: Hub) -> Any:
    sizes = hub.settings.get("kernel_size") or ()
    if hub.word.endswith("_pool"):
        return ()
    return () if _is_ones(sizes) else tuple(sizes)


def _is_ones(sizes: Any) -> bool:
    return isinstance(sizes, tuple) and set(sizes) <= {1}


def _frozen(value: Any) -> Hashable:
    """A value that can be hashed, and in which 1 is 1.0."""
    if isinstance(value, dict):
        return tuple(sorted((name, _frozen(v)) for name, v in value.items()))
    if isinstance(value, (tuple, list)):
        return tuple(_frozen(v) for v in value)
    return value


def meaning(label: Label) -> Hashable:
    """What a function on an edge computes."""
    return label.word, _frozen(dict(label.settings))


def forward(graph: Graph, own: Sequence[int], level: str, numbers: Numbers) -> list[int]:
    """Of every hub: a number for it and everything that leads to it. `own`: the numbers of their signatures."""
    found: list[int] = []
    for hub in graph.hubs:
        fed = [(found[edge.source], edge.port, _labels(edge, level)) for edge in hub.inputs]
        inputs = tuple(sorted(fed, key=repr)) if hub.word in COMMUTATIVE else tuple(fed)
        found.append(numbers.of(("forward", own[hub.index], inputs)))
    return found


def backward(graph: Graph, own: Sequence[int], level: str, numbers: Numbers) -> list[int]:
    """Of every hub: a number for it and everything that it leads to. `own`: the numbers of their signatures."""
    found = [0] * len(graph.hubs)
    consumers = graph.consumers()
    for hub in reversed(graph.hubs):
        fed = []
        for index, slot in consumers[hub.index]:
            consumer = graph.hubs[index]
            edge = consumer.inputs[slot]
            place = -1 if consumer.word in COMMUTATIVE else slot
            fed.append((found[index], place, edge.port, _labels(edge, level)))
        found[hub.index] = numbers.of(("backward", own[hub.index], tuple(sorted(fed, key=repr))))
    return found


def _labels(edge: Edge, level: str) -> Hashable:
    if level == "strict":
        return tuple(meaning(label) for label in edge.acting)
    return tuple(label.word for label in edge.acting) if level == "functions" else ()
