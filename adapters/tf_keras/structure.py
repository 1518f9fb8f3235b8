"""What a Keras 2 layer holds: layers, tensors, generators. (Keras's own properties write while they are read.)"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow as tf
import tf_keras

from ..tree import Place, unused
from ..tree import walk as walk_tree

Layer = tf_keras.layers.Layer
Metric = tf_keras.metrics.Metric


def walk(model: Any) -> list[Place]:
    """Every layer in definition pre-order, with its paths."""
    return walk_tree(model, children_of)


def children_of(layer: Any) -> list[Any]:
    """The layers directly below, as Keras tracks them; those that a bare `tf.Module` holds as well."""
    found: dict[int, Any] = {}
    for held in _tracked(layer):
        below = [held] if isinstance(held, Layer) else _layers_of_module(held)
        found.update((id(child), child) for child in below)
    return list(found.values())


def _tracked(layer: Any) -> Iterator[Any]:
    """The modules that a layer holds by itself, in lists and dicts too, in their order."""
    waiting = list(getattr(layer, "_self_tracked_trackables", ()))
    seen: set[int] = set()
    while waiting:
        held = waiting.pop(0)
        if id(held) in seen:
            continue
        seen.add(id(held))
        if isinstance(held, tf.Module):
            yield held
        elif isinstance(held, tf.__internal__.tracking.TrackableDataStructure):
            waiting[:0] = list(held._values)


def _layers_of_module(module: Any) -> list[Any]:
    if isinstance(module, Metric):
        return []
    found = [inner for inner in module.submodules if isinstance(inner, Layer)]
    nested = {id(inner) for outer in found for inner in outer.submodules}
    return [layer for layer in found if id(layer) not in nested]


def own_variables(layer: Any) -> list[Any]:
    """The weights that a layer itself holds, each once, trainable ones first."""
    held = [*_list(layer, "_trainable_weights"), *_list(layer, "_non_trainable_weights")]
    for tracked in getattr(layer, "_self_tracked_trackables", ()):
        if isinstance(tracked, tf.__internal__.tracking.TrackableDataStructure):
            # What a list has been given since, Keras takes up when it is next asked for its weights.
            held += [v for v in tf.nest.flatten(tracked) if isinstance(v, tf.Variable)]
    for module in _tracked(layer):
        held += _variables_of_module(layer, module)
    return list({id(variable): variable for variable in held}.values())


def _variables_of_module(layer: Any, module: Any) -> list[Any]:
    """What a bare `tf.Module` holds, without the layers in it. A model counts its metrics as well."""
    if isinstance(module, Layer):
        return []
    if isinstance(module, Metric):
        return list(module.variables) if isinstance(layer, tf_keras.Model) else []
    of_layers = {id(v) for inner in _layers_of_module(module) for v in inner.variables}
    return [v for v in module.variables if id(v) not in of_layers]


def is_learned(layer: Any, variable: Any) -> bool:
    """Whether gradients may change it, frozen or not."""
    if any(variable is held for held in _list(layer, "_non_trainable_weights")):
        return False
    return any(variable is held for held in _list(layer, "_trainable_weights")) or bool(variable.trainable)


def trainable_ids(model: Any) -> set[int]:
    """The ids of what training changes: no layer above it is frozen."""
    found: set[int] = set()
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        layer = waiting.pop()
        if id(layer) in seen or not layer._trainable:
            continue
        seen.add(id(layer))
        found |= {id(v) for v in own_variables(layer) if is_learned(layer, v)}
        waiting += children_of(layer)
    return found


def _list(layer: Any, name: str) -> list[Any]:
    return list(getattr(layer, name, ()))


def seeds(layer: Any) -> list[Any]:
    """The states of the random generators that a layer keeps as variables."""
    generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
    return [generator.state] if isinstance(generator, tf.random.Generator) else []


def local_name(variable: Any) -> str:
    """`dense/kernel:0` → `kernel`."""
    return variable.name.rpartition("/")[2].partition(":")[0]


def variable_paths(model: Any) -> Iterator[tuple[Any, str]]:
    """Every weight with the path that it has in the report."""
    for layer, paths, _ in walk(model):
        taken: set[str] = set()
        for variable in own_variables(layer):
            name = unused(local_name(variable), taken)
            yield variable, f"{paths[0]}.{name}" if paths[0] else name
