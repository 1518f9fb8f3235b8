"""Puts back everything about a model, and about Keras, that running the model's code may have changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.common import global_state


@contextmanager
def untouched(model: Any) -> Iterator[None]:
    """On leaving, every layer has the attributes it had, lists, dicts and sets of them their contents, the trackers
    what they tracked, Keras its names and scopes, and the random generators their states."""
    layers = _everything(model)
    saved = [(layer, dict(vars(layer)), [(c, _copy(c)) for c in _containers(layer)]) for layer in layers]
    locks = [(layer._tracker, layer._tracker.locked, layer._tracker._lock_violation_msg) for layer in layers]
    tracker = global_state.GLOBAL_STATE_TRACKER  # looked up each time: clear_session makes a new one
    state = dict(vars(tracker))
    inner = [(value, _copy(value)) for value in state.values() if isinstance(value, (dict, list, set))]
    generators = _random_states()
    try:
        yield
    finally:
        for layer, attributes, contents in saved:
            for live, before in contents:
                _put_back(live, before)
            _put_back(vars(layer), attributes)
        for layer_tracker, locked, message in locks:
            layer_tracker.locked, layer_tracker._lock_violation_msg = locked, message
        for live, before in inner:
            _put_back(live, before)
        _put_back(vars(tracker), state)
        _restore_random(generators)


@contextmanager
def values_kept(model: Any) -> Iterator[None]:
    """On leaving, every variable that exists now has the value it had: for a pass that really computes."""
    before = [(v, v._value, keras.ops.copy(v.value)) for v in model.variables if v._value is not None]
    try:
        yield
    finally:
        for variable, held, value in before:
            variable._value = held
            if not bool(keras.ops.all(keras.ops.equal(variable.value, value))):
                variable.assign(value)


def _everything(model: Any) -> list[Any]:
    """All layers below, and the functional model that a Sequential keeps to itself."""
    layers = {id(layer): layer for layer in model._flatten_layers()}
    hidden = [layer._functional for layer in layers.values() if getattr(layer, "_functional", None) is not None]
    return list((layers | {id(layer): layer for layer in hidden}).values())


def _containers(layer: Any) -> list[Any]:
    tracker = layer._tracker
    stores = [store for _, store in tracker.config.values()]
    values = [*vars(layer).values(), *stores, tracker.stored_ids, *tracker.stored_ids.values()]
    plain = [p for v in values if isinstance(v, (list, dict, set)) for p in _unwrapped(v)]
    return list({id(p): p for p in plain}.values())


def _unwrapped(container: Any) -> list[Any]:
    """TensorFlow wraps some containers: a dict in a proxy, a list in a list that keeps its items twice."""
    if not issubclass(type(container), (list, dict, set)):
        return [container.__wrapped__]
    return [container._storage, container] if hasattr(container, "_storage") else [container]


def _copy(container: Any) -> Any:
    if isinstance(container, list):
        return list.copy(container)  # TensorFlow's wrapper would iterate over its other copy
    return dict(container) if isinstance(container, dict) else set(container)


def _put_back(live: Any, before: Any) -> None:
    """Write only where something changed; with the plain methods, since Keras's containers track what is added."""
    if isinstance(live, dict):
        if list(live) != list(before) or any(dict.__getitem__(live, k) is not v for k, v in before.items()):
            dict.clear(live)
            dict.update(live, before)
    elif isinstance(live, list):
        now = list.copy(live)
        if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
            list.__setitem__(live, slice(None), before)
    elif {id(v) for v in live} != {id(v) for v in before} and live != before:
        set.clear(live)
        set.update(live, before)


def _random_states() -> dict[str, Any]:
    states: dict[str, Any] = {"python": random.getstate()}
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    if keras.config.backend() == "torch":
        states["torch"] = sys.modules["torch"].get_rng_state()
    return states


def _restore_random(before: dict[str, Any]) -> None:
    if random.getstate() != before["python"]:
        random.setstate(before["python"])
    if "numpy" in before:
        sys.modules["numpy"].random.set_state(before["numpy"])
    if "torch" in before:
        sys.modules["torch"].set_rng_state(before["torch"])
