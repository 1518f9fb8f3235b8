"""Where Keras 2 stores the variables of a live model: its own walk over the attributes, without writing anything."""

from __future__ import annotations

from typing import Any

import tf_keras
from tf_keras.src.saving import saving_lib
from tf_keras.src.utils.generic_utils import to_snake_case

_OWN = tf_keras.layers.Layer.save_own_variables


def stored(model: Any, paths: dict[int, str]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The names in a `.weights.h5` by the paths of variables (which are given by their ids), and what the layers of
    groups are called. A variable of a layer that saves in its own way is left out."""
    places: dict[str, list[str]] = {}
    apart = (getattr(model, "optimizer", None), *getattr(model, "metrics", ()))
    _walk(model, "", {id(one) for one in apart if one is not None}, places, paths)
    return {path: tuple(names) for path, names in places.items()}, {}


def _walk(held: Any, at: str, met: set[int], places: dict[str, list[str]], paths: dict[int, str]) -> None:
    """As `saving_lib._save_state` goes."""
    if id(held) in met:
        return
    met.add(id(held))
    before = f"{at}/" if at else ""
    if getattr(type(held), "save_own_variables", None) is _OWN:
        for number, variable in enumerate((*held._trainable_weights, *held._non_trainable_weights)):
            if (path := paths.get(id(variable))) is not None:
                places.setdefault(path, []).append(f"{before}vars/{number}")
    for attribute, child in saving_lib._walk_trackable(held):
        if saving_lib._is_keras_trackable(child):
            _walk(child, before + attribute, met, places, paths)
        elif isinstance(child, (list, dict, tuple, set)):
            _container(child, before + attribute, met, places, paths)


def _container(held: Any, at: str, met: set[int], places: dict[str, list[str]], paths: dict[int, str]) -> None:
    """As `saving_lib._save_container_state` numbers what it has not met."""
    times: dict[str, int] = {}
    for child in list(held.values()) if isinstance(held, dict) else held:
        if saving_lib._is_keras_trackable(child) and id(child) not in met:
            name = to_snake_case(type(child).__name__)
            number = times[name] = times.get(name, -1) + 1
            _walk(child, f"{at}/{name}_{number}" if number else f"{at}/{name}", met, places, paths)
