"""Puts back everything about a model, and about Keras, that running the model's code may have changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.backend.common import global_state
from keras.src.models.functional import Functional

from ..restoring import Snapshot

# Keras's own layers that run a function or a module of the user's.
_RUNS_OTHERS = frozenset({"Lambda", "JaxLayer", "FlaxLayer", "TFSMLayer", "TorchModuleWrapper"})


@contextmanager
def untouched(layers: list[Any], later: bool) -> Iterator[Callable[[Any], None]]:
    """On leaving, every layer has the attributes it had, lists, dicts and sets of them their contents, the trackers
    what they tracked, Keras its names and scopes, and the random generators their states.

    `later`: a layer is kept only once what is yielded has been called with it, before its code runs.
    """
    # Looked up each time: clear_session makes a new one.
    before = Snapshot((), [vars(global_state.GLOBAL_STATE_TRACKER)])
    kept: set[int] = set()

    def keep(layer: Any) -> None:
        if id(layer) not in kept:
            kept.add(id(layer))
            runs_by_call = isinstance(layer, (keras.Sequential, Functional))  # so each one below is kept in its turn
            _keep(before, _everything([layer] if runs_by_call else layer._flatten_layers()))

    if not later:
        _keep(before, _everything(layers))
    generators = _random_states()
    try:
        yield keep if later else _already_kept
    finally:
        before.put_back()
        _restore_random(generators)


def _already_kept(layer: Any) -> None:
    pass


def _keep(before: Snapshot, layers: list[Any]) -> None:
    trackers = [layer._tracker for layer in layers]
    before.add([*layers, *trackers], [store for tracker in trackers for _, store in tracker.config.values()])


@contextmanager
def values_kept(model: Any) -> Iterator[None]:
    """Every variable that exists now has a copy of its value for the time of a pass that really computes."""
    before = [(variable, dict(vars(variable))) for variable in model.variables if variable._value is not None]
    try:
        for variable, _ in before:
            variable._initialize(keras.ops.copy(variable.value))
        yield
    finally:
        for variable, held in before:
            for name in [name for name, value in vars(variable).items() if held.get(name) is not value]:
                if name in held:
                    vars(variable)[name] = held[name]
                else:
                    del vars(variable)[name]


def runs_only_keras(layers: list[Any]) -> bool:
    """Whether no code but Keras's own runs in a pass: in layers, and in the operations of functional graphs."""
    return not any(
        not type(step).__module__.startswith("keras.src.")
        or type(step).__name__ in _RUNS_OTHERS
        or "call" in vars(step)
        for layer in layers
        for step in (layer, *getattr(layer, "_operations", ()))
    )


def _everything(held: Iterable[Any]) -> list[Any]:
    """These layers, and the functional model that a Sequential keeps to itself."""
    layers = {id(layer): layer for layer in held}
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
