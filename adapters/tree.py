"""The tree of layers: every path that leads to a layer. The part of it that no framework is needed for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .rows import MOST_PATHS


class Place(NamedTuple):
    """A layer, its first path first, and how deep that lies."""

    layer: Any
    paths: list[str]
    depth: int


def walk(root: Any, children_of: Callable[[Any], list[Any]]) -> list[Place]:
    """Every layer in definition pre-order, with all paths that lead to it (not those that go round in a circle)."""
    places: dict[int, Place] = {}
    taken: set[str] = set()
    stack: list[tuple[Any, str, frozenset[int]]] = [(root, "", frozenset())]
    while stack:
        layer, path, above = stack.pop()
        path = unused(path, taken)  # a layer's own name may hold a dot or a number sign
        place = places.get(id(layer))
        if place is None:
            places[id(layer)] = Place(layer, [path], len(above))
        else:
            place.paths.append(path)
            if len(taken) > MOST_PATHS:
                continue
        children = children_of(layer)
        if children:
            above |= {id(layer)}
            below = list(_named(children, path))
            stack.extend((child, at, above) for child, at in reversed(below) if id(child) not in above)
    return list(places.values())


def _named(children: list[Any], path: str) -> Iterator[tuple[Any, str]]:
    """Siblings of one name become `d`, `d#2` in creation order."""
    times: dict[str, int] = {}
    for child in children:
        times[child.name] = number = times.get(child.name, 0) + 1
        name = child.name if number == 1 else f"{child.name}#{number}"
        yield child, f"{path}.{name}" if path else name


def unused(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken: `d`, `d#2`."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name}#{number}"
    taken.add(unique)
    return unique
