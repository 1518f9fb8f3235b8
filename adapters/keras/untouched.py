"""Puts back everything about a model, and about Keras, that running the model's code may have changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.common import global_state

from ..restoring import Snapshot


@contextmanager
def untouched(model: Any) -> Iterator[None]:
    """On leaving, every layer has the attributes it had, lists, dicts and sets of them their contents, the trackers
    what they tracked, Keras its names and scopes, and the random generators their states."""
    layers = _everything(model)
    trackers = [layer._tracker for layer in layers]
    stores = [store for tracker in trackers for _, store in tracker.config.values()]
    state = vars(global_state.GLOBAL_STATE_TRACKER)  # looked up each time: clear_session makes a new one
    before = Snapshot([*layers, *trackers], [*stores, state])
    generators = _random_states()
    try:
        yield
    finally:
        before.put_back()
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
