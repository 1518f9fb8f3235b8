"""What layers give while a model runs for a proof, and statistics of the data as they are now: nothing is hung on or
written to a layer, since it may be the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import keras
from keras.src.layers.layer import Layer

from ..changing import tensors_of
from ..thread_patch import ThreadPatch
from .steps import PATCH
from .weights import array_of


@contextmanager
def recording(layers: Mapping[str, Any], recorded: dict[str, Any]) -> Iterator[None]:
    """Keeps in `recorded` what every layer gives at its first call on this thread, by its first path."""
    paths: dict[int, str] = {}
    for path, layer in layers.items():
        paths.setdefault(id(layer), path)
    with PATCH.active(_Watch(paths, recorded)):
        yield


class _Watch:
    """Stands where a pass does, and lets Keras do what it does."""

    building = True

    def __init__(self, paths: Mapping[int, str], recorded: dict[str, Any]) -> None:
        self._paths, self._recorded = paths, recorded

    def call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the layer, and keep its first output."""
        output = PATCH.original(Layer, "__call__")(layer, *args, **kwargs)
        path = self._paths.get(id(layer))
        tensors = tensors_of(output)
        if path is not None and path not in self._recorded and tensors:
            self._recorded[path] = array_of(tensors[0])
        return output

    def build(self, layer: Any, call_spec: Any) -> Any:
        """Build it as Keras would."""
        return PATCH.original(Layer, "_maybe_build")(layer, call_spec)


@contextmanager
def fresh_statistics() -> Iterator[None]:
    """A `Normalization` subtracts what it made of its statistics when it was built: on this thread it makes it anew of
    those that it has now."""
    with _NORMALIZATION.active(True):
        yield


def _convert_weight(layer: Any, weight: Any) -> Any:
    if _NORMALIZATION.current and getattr(layer, "adapt_mean", None) is not None:
        held = layer.adapt_mean if weight is layer.mean else layer.adapt_variance if weight is layer.variance else None
        if held is not None:
            weight = keras.ops.cast(keras.ops.reshape(held, layer._broadcast_shape), layer.compute_dtype)
    return super(keras.layers.Normalization, layer).convert_weight(weight)


_NORMALIZATION = ThreadPatch([(keras.layers.Normalization, "convert_weight", _convert_weight)])
