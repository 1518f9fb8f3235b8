"""What a Keras 3 model really passes between its layers: an eager call on real arrays.

The other side of every shape comparison, so it imports nothing from the library.
Works on whichever backend Keras runs on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from keras import Layer, Sequential
from keras.src.models.functional import Functional


class Tensor(NamedTuple):
    shape: tuple
    dtype: str


class Call(NamedTuple):
    inputs: list[Tensor]
    outputs: list[Tensor]


class Reference(NamedTuple):
    """The calls of each layer, in the order in which they were entered.

    The paths stand in the order of their first call; a layer that was never called
    has none. `unplaced` names the layers that were called but are not in the model's tree.
    """

    calls: dict[str, list[Call]]
    unplaced: list[str]


def record(model: Layer, *args, **kwargs) -> Reference:
    """Run `model(*args, **kwargs)` eagerly and write down every layer call.

    The pass is real: an unbuilt model is built by it, and seeds and states advance.
    """
    entered: list[_Entry] = []
    builds_running = 0
    original_call = Layer.__call__
    original_build = Layer._maybe_build

    def call(layer, *arguments, **keywords):
        if builds_running:
            return original_call(layer, *arguments, **keywords)
        entry = _Entry(layer, _tensors((arguments, keywords)))
        entered.append(entry)
        outputs = original_call(layer, *arguments, **keywords)
        entry.outputs = _tensors(outputs)
        return outputs

    def maybe_build(layer, *arguments, **keywords):
        # To build itself a layer may run its own `call` on symbols: not a call of the model.
        nonlocal builds_running
        builds_running += 1
        try:
            return original_build(layer, *arguments, **keywords)
        finally:
            builds_running -= 1

    try:
        Layer.__call__ = call
        Layer._maybe_build = maybe_build
        model(*args, **kwargs)
    finally:
        Layer.__call__ = original_call
        Layer._maybe_build = original_build

    # Only now: layers may have been created during the call.
    paths = {id(layer): path for path, layer in layers_by_path(model).items()}
    calls: dict[str, list[Call]] = {}
    unplaced: list[str] = []
    for entry in entered:
        if entry.outputs is None:  # it raised, and the model caught that
            continue
        path = paths.get(id(entry.layer))
        if path is not None:
            calls.setdefault(path, []).append(Call(entry.inputs, entry.outputs))
        elif entry.layer.name not in unplaced:
            unplaced.append(entry.layer.name)
    return Reference(calls, unplaced)


def layers_by_path(model: Layer) -> dict[str, Layer]:
    """Every layer at its first path, in definition pre-order; the model itself is ""."""
    found: dict[str, Layer] = {}
    seen: set[int] = set()

    def visit(layer, path):
        if id(layer) in seen:
            return
        seen.add(id(layer))
        found[path] = layer
        times: dict[str, int] = {}
        for child in _children(layer):
            # A shared layer still takes its number among its siblings here.
            times[child.name] = times.get(child.name, 0) + 1
            name = child.name if times[child.name] == 1 else f"{child.name}#{times[child.name]}"
            visit(child, f"{path}.{name}" if path else name)

    visit(model, "")
    return found


def _children(layer: Layer) -> list[Layer]:
    if isinstance(layer, (Functional, Sequential)):
        return list(layer.layers)
    return _flatten_layers(layer._layers)


def _flatten_layers(value) -> list[Layer]:
    if isinstance(value, Layer):
        return [value]
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return []
    return [layer for part in value for layer in _flatten_layers(part)]


@dataclasses.dataclass
class _Entry:
    layer: Layer
    inputs: list[Tensor]
    outputs: list[Tensor] | None = None


def _tensors(value) -> list[Tensor]:
    """The tensors in a nest of containers, in order; anything else is left out."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return [Tensor(_shape(value), _dtype(value))]
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, (tuple, list)):
        parts = value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = (getattr(value, field.name) for field in dataclasses.fields(value))
    else:
        parts = ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _shape(tensor) -> tuple:
    # A length is None where a backend really works on symbols, as in a loop it compiles.
    return tuple(None if length is None else int(length) for length in tensor.shape)


def _dtype(tensor) -> str:
    name = getattr(tensor.dtype, "name", None) or str(tensor.dtype)
    # NumPy spells strings by their length, TensorFlow does not.
    if getattr(tensor.dtype, "kind", None) in ("U", "S", "O"):
        return "string"
    return name.removeprefix("torch.")
