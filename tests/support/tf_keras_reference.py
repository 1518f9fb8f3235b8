"""What a Keras 2 model really passes between its layers: an eager call on real tensors.

The other side of every shape comparison, so it imports nothing from the library.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf
from tf_keras.src.engine.base_layer import Layer
from tf_keras.src.engine.keras_tensor import KerasTensor


class Tensor(NamedTuple):
    shape: tuple
    dtype: str


class Call(NamedTuple):
    inputs: list[Tensor]
    outputs: list[Tensor]


class Reference(NamedTuple):
    """The calls of each layer, in the order in which they were entered, by path."""

    calls: dict[str, list[Call]]


def record(model: Layer, *args: Any, **kwargs: Any) -> Reference:
    """Run `model(*args, **kwargs)` eagerly and write down every layer call. The pass is real."""
    entered: list[list[Any]] = []
    original = Layer.__call__

    def call(layer: Any, *arguments: Any, **keywords: Any) -> Any:
        if any(isinstance(leaf, KerasTensor) for leaf in tf.nest.flatten([arguments, keywords])):
            return original(layer, *arguments, **keywords)  # a functional model is being built
        entry = [layer, _tensors((arguments, keywords)), None]
        entered.append(entry)
        outputs = original(layer, *arguments, **keywords)
        entry[2] = _tensors(outputs)
        return outputs

    try:
        Layer.__call__ = call
        model(*args, **kwargs)
    finally:
        Layer.__call__ = original
    paths = {id(layer): path for path, layer in layers_by_path(model).items()}
    calls: dict[str, list[Call]] = {}
    for layer, inputs, outputs in entered:
        if outputs is not None and id(layer) in paths:
            calls.setdefault(paths[id(layer)], []).append(Call(inputs, outputs))
    return Reference(calls)


def layers_by_path(model: Layer) -> dict[str, Layer]:
    """Every layer at its first path; the model itself is ""."""
    found: dict[str, Layer] = {}
    seen: set[int] = set()

    def visit(layer: Any, path: str) -> None:
        if id(layer) in seen:
            return
        seen.add(id(layer))
        found[path] = layer
        times: dict[str, int] = {}
        for child in layer._flatten_layers(recursive=False, include_self=False):
            times[child.name] = times.get(child.name, 0) + 1
            name = child.name if times[child.name] == 1 else f"{child.name}#{times[child.name]}"
            visit(child, f"{path}.{name}" if path else name)

    visit(model, "")
    return found


def _tensors(value: Any) -> list[Tensor]:
    """The tensors of a structure, a dict in its own order."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return [Tensor(tuple(value.shape.as_list()), value.dtype.base_dtype.name)]
    if isinstance(value, dict):
        value = list(value.values())
    return [tensor for inner in value for tensor in _tensors(inner)] if isinstance(value, (list, tuple)) else []
