"""The tree of Keras's layers, and the variables that they hold, by path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from .. import tree
from ..tree import Place, unused
from .layers import own_variables


def walk(model: Any) -> list[Place]:
    """Every layer in definition pre-order, with all paths that lead to it."""
    return tree.walk(model, children_of)


def children_of(layer: Any) -> list[Any]:
    """The layers directly below: those of a functional graph in its order, and those held as attributes."""
    if not layer._layers and not isinstance(layer, keras.Model):
        return []  # most of them
    held = list(_flat(layer._layers))
    if isinstance(layer, keras.Model) and not isinstance(layer, keras.Sequential):
        graph = [
            operation for operation in getattr(layer, "_operations", ()) if isinstance(operation, keras.layers.Layer)
        ]
        held = [*graph, *held]
    return list({id(child): child for child in held}.values())


def _flat(held: Any) -> Iterator[Any]:
    for value in held.values() if isinstance(held, dict) else held:
        if isinstance(value, keras.layers.Layer):
            yield value
        elif isinstance(value, (list, tuple, dict, set)):
            yield from _flat(value)


def variable_paths(places: list[Place]) -> Iterator[tuple[Any, str]]:
    """Every weight with the path it has in the report."""
    for layer, paths, _ in places:
        taken: set[str] = set()
        for variable in own_variables(layer):
            name = unused(variable.name, taken)
            yield variable, f"{paths[0]}.{name}" if paths[0] else name
