"""Puts back everything about a model, about Keras 2 and TensorFlow, that running the model's code may have changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow.python.eager.context import context
from tensorflow.python.ops import stateful_random_ops
from tf_keras.src import backend
from tf_keras.src.engine import base_layer_utils

from ..restoring import Snapshot
from .structure import own_variables, seeds, walk

_Tracked = tf.__internal__.tracking.TrackableDataStructure
_Layer = tf_keras.layers.Layer
_SEEDED = ("_seed", "_rng")  # what TensorFlow draws the seeds of operations from


@contextmanager
def untouched(model: Any) -> Iterator[None]:
    """On leaving, every layer has the attributes it had, lists, dicts and sets of them their contents, Keras its names,
    and the random generators their states."""
    layers = [place.layer for place in walk(model)]
    scopes = (vars(backend._GRAPH), vars(backend._SEED_GENERATOR), vars(base_layer_utils._call_context))
    counts = [layer._obj_reference_counts_dict._storage for layer in layers if _counts_references(layer)]
    before = Snapshot([*layers, *_objects(layers)], [*counts, backend.OBSERVED_NAMES, *scopes])
    names = {graph: dict(uids) for graph, uids in backend.PER_GRAPH_OBJECT_NAME_UIDS.items()}
    caches = (backend._GRAPH_LEARNING_PHASES, backend._GRAPH_VARIABLES, backend._GRAPH_TF_OPTIMIZERS)
    known = [set(map(id, cache)) for cache in caches]
    generators = _random_states()
    try:
        yield
    finally:
        before.put_back()
        _restore_names(names)
        for cache, keys in zip(caches, known, strict=True):
            for graph in [graph for graph in cache if id(graph) not in keys]:
                del cache[graph]
        _restore_random(generators)


def continue_names(graph: Any) -> None:
    """Layers that are made in a graph get the names that they would get outside of it. (They are forgotten after.)"""
    uids = backend.PER_GRAPH_OBJECT_NAME_UIDS
    outside = uids.get(tf.compat.v1.get_default_graph())
    if outside is not None:
        uids[graph] = outside.copy()


@contextmanager
def values_kept(model: Any) -> Iterator[None]:
    """On leaving, every variable that exists now has the value it had: for a pass that really computes."""
    found = {id(v): v for place in walk(model) for v in _variables(place.layer)}
    if stateful_random_ops.global_generator is not None:
        found[0] = stateful_random_ops.global_generator.state
    before = [(variable, tf.identity(variable.read_value())) for variable in found.values()]
    try:
        yield
    finally:
        for variable, value in before:
            if not bool(tf.reduce_all(tf.equal(variable.read_value(), value))):
                variable.assign(value)


@contextmanager
def tracking_kept(model: Any) -> Iterator[None]:
    """On leaving, layers track the variables that they tracked: Keras takes up more whenever it is asked for them."""
    before = Snapshot([], [held for place in walk(model) for held in _tracked_variables(place.layer)])
    try:
        yield
    finally:
        before.put_back()


def _tracked_variables(layer: Any) -> Iterator[Any]:
    for name in ("_trainable_weights", "_non_trainable_weights"):
        if isinstance(held := getattr(layer, name, None), list):
            yield held


def _counts_references(layer: Any) -> bool:
    return "_obj_reference_counts_dict" in vars(layer)


def _objects(layers: list[Any]) -> list[Any]:
    """What layers hold that keeps state of its own: initializers, metrics, generators, and TensorFlow's wrappers of
    lists and dicts, which remember what was in them."""
    found: dict[int, Any] = {}
    for layer in layers:
        for value in vars(layer).values():
            for held in _below(value):
                found.setdefault(id(held), held)
    return list(found.values())


def _below(value: Any, depth: int = 0) -> Iterator[Any]:
    if depth > 8 or isinstance(value, (_Layer, tf.Variable, type)):
        return
    if isinstance(value, _Tracked) and hasattr(value, "__dict__"):  # a wrapped tuple has none
        yield value
    if isinstance(value, dict):
        inner: Iterable[Any] = list(value.values())
    elif isinstance(value, (list, tuple)):
        inner = list(value)
    elif type(value).__module__.startswith("tf_keras.") and hasattr(value, "__dict__"):
        yield value
        inner = list(vars(value).values())
    else:
        return
    for held in inner:
        yield from _below(held, depth + 1)


def _variables(layer: Any) -> list[Any]:
    """All variables that a layer can reach by itself: its weights, seeds, and the states of a stateful layer."""
    held = [*own_variables(layer), *seeds(layer)]
    waiting = list(vars(layer).values())
    while waiting:
        value = waiting.pop()
        if isinstance(value, tf.Variable):
            held.append(value)
        elif isinstance(value, tf_keras.metrics.Metric):
            held += value.variables
        elif isinstance(value, (list, tuple)):
            waiting += list(value)
        elif isinstance(value, dict):
            waiting += list(value.values())
    return held


def _restore_names(before: dict[Any, dict]) -> None:
    """The counters by which Keras makes names unique, for each graph."""
    uids = backend.PER_GRAPH_OBJECT_NAME_UIDS
    for graph in list(uids):
        if graph not in before:
            del uids[graph]
        elif dict(uids[graph]) != before[graph]:
            uids[graph].clear()
            uids[graph].update(before[graph])


def _random_states() -> dict[str, Any]:
    seeded = {name: value for name, value in vars(context()).items() if name in _SEEDED}
    generators = (seeded.get("_rng"), getattr(backend._SEED_GENERATOR, "generator", None))
    states: dict[str, Any] = {
        "python": random.getstate(),
        "global generator": stateful_random_ops.global_generator,
        "seed": seeded,
        "generators": [(generator, generator.getstate()) for generator in generators if generator is not None],
    }
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    return states


def _restore_random(before: dict[str, Any]) -> None:
    if random.getstate() != before["python"]:
        random.setstate(before["python"])
    for name in _SEEDED:
        if name in before["seed"]:
            setattr(context(), name, before["seed"][name])
        elif name in vars(context()):  # made by a first global seed
            delattr(context(), name)
    for generator, state in before["generators"]:
        generator.setstate(state)
    stateful_random_ops.global_generator = before["global generator"]
    if "numpy" in before:
        sys.modules["numpy"].random.set_state(before["numpy"])
