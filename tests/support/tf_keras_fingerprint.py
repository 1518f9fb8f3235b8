"""Everything about a Keras 2 model and its surroundings that an inspection must leave as it was.

As in `fingerprint`: one before, one after, and the `difference`; objects are compared by identity.
"""

from __future__ import annotations

import threading
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow.python.eager import context, execute
from tensorflow.python.ops import stateful_random_ops
from tf_keras.src import backend
from tf_keras.src.engine import base_layer

from .fingerprint import IS, ORDER, PLAIN, Same, _attempt, _functions, _hash, _random_generators

Layer = tf_keras.layers.Layer


def tf_keras_fingerprint(model: Any) -> dict:
    """The state of a Keras 2 model, of Keras and TensorFlow, and of the random generators."""
    seen: set[int] = set()
    layers = {"": model, **{f"{i} {layer.name}": layer for i, layer in enumerate(model._flatten_layers())}}
    seen |= {id(layer) for layer in layers.values()}
    return {
        "model": {path: _attributes(layer, seen) for path, layer in layers.items()},
        "classes": {str(base): _functions(base) for layer in layers.values() for base in type(layer).__mro__[:-1]},
        "keras": _keras(),
        "tensorflow": _tensorflow(),
        "random": _random_generators(),
    }


def _attributes(value: Any, seen: set[int]) -> dict:
    entries = {name: _describe(held, seen) for name, held in list(vars(value).items())}
    return {IS: Same(value), ORDER: list(vars(value)), **entries}


def _describe(value: Any, seen: set[int]) -> Any:
    if isinstance(value, PLAIN):
        return repr(value)
    if id(value) in seen or isinstance(value, type):
        return Same(value)
    seen.add(id(value))
    if isinstance(value, tf.Variable):
        return {IS: Same(value), "value": _attempt(lambda: _hash(value.numpy().tobytes()))}
    if isinstance(value, tf.__internal__.tracking.TrackableDataStructure):
        own = vars(value) if hasattr(value, "__dict__") else {}  # a wrapped tuple has none
        return {
            IS: Same(value),
            "held": _items(value, seen),
            "wrapper": {name: _describe(held, seen) for name, held in list(own.items())},
        }
    if isinstance(value, (list, tuple, set, dict)):
        return {IS: Same(value), "held": _items(value, seen)}
    home = type(value).__module__
    if isinstance(value, threading.local) or (home.startswith("tf_keras.") and hasattr(value, "__dict__")):
        return _attributes(value, seen)
    if hasattr(value, "_storage") and hasattr(value._storage, "keys"):  # TensorFlow's dicts by identity
        return {IS: Same(value), "held": {repr(key): count for key, count in value._storage.items()}}
    if isinstance(value, tf.random.Generator):
        return {IS: Same(value), "state": _describe(value.state, seen)}
    return Same(value)


def _items(value: Any, seen: set[int]) -> dict:
    if isinstance(value, dict):
        return {ORDER: [str(key) for key in value], **{str(k): _describe(held, seen) for k, held in value.items()}}
    if isinstance(value, set):
        return {"members": {repr(item) if isinstance(item, PLAIN) else Same(item) for item in value}}
    return {str(index): _describe(item, seen) for index, item in enumerate(value)}


def _keras() -> dict:
    caches = (backend._GRAPH_LEARNING_PHASES, backend._GRAPH_VARIABLES, backend._GRAPH_TF_OPTIMIZERS)
    generator = getattr(backend._SEED_GENERATOR, "generator", None)
    return {
        "names": {str(id(graph)): dict(uids) for graph, uids in backend.PER_GRAPH_OBJECT_NAME_UIDS.items()},
        "observed": sorted(backend.OBSERVED_NAMES),
        "graph": Same(getattr(backend._GRAPH, "graph", None)),
        "caches": [sorted(map(id, cache)) for cache in caches],
        "seed": None if generator is None else _hash(repr(generator.getstate()).encode()),
        "settings": [backend.floatx(), backend.epsilon(), backend.image_data_format()],
        "functions": {owner.__name__: _functions(owner) for owner in (base_layer, base_layer.Layer, backend)},
    }


def _tensorflow() -> dict:
    rng = vars(context.context()).get("_rng")
    graph = tf.compat.v1.get_default_graph()
    generator = stateful_random_ops.global_generator
    return {
        "eager": [tf.executing_eagerly(), Same(graph), len(graph.get_operations())],
        "rng": None if rng is None else [Same(rng), _hash(repr(rng.getstate()).encode())],
        "global generator": None if generator is None else [Same(generator), generator.state.numpy().tolist()],
        "callbacks": list(context.context().op_callbacks),
        "execute": Same(execute.execute),
        "function": _functions(type(tf.function(lambda: None))),
    }
