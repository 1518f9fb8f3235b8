"""Variables of a live Keras model, read and written by path."""

from __future__ import annotations

from typing import Any

import keras

from introspect.values import TensorSpec

from ..arrays import Arrays
from .layers import own_variables
from .packed import shape_of


def seed_states(layer: Any) -> list[Any]:
    """The states of a layer's random generators."""
    return [generator.state for generator in getattr(layer, "_seed_generators", ())]


def all_variables(layer: Any) -> list[Any]:
    """What a layer itself holds, seeds included."""
    return [*own_variables(layer), *seed_states(layer)]


def array_of(tensor: Any) -> Any:
    """A copy of a tensor of any backend as an array."""
    backend = keras.config.backend()
    if backend == "tensorflow":  # NumPy warns of the way that Keras itself takes
        return tensor.numpy().copy()
    if backend == "torch" and "bfloat16" not in str(tensor.dtype):
        return tensor.detach().cpu().numpy().copy()
    array: Any = keras.ops.convert_to_numpy(tensor)
    return array.copy()


class KerasArrays(Arrays):
    """See `introspect.adapter.Weights`."""

    def _spec(self, tensor: Any) -> TensorSpec:
        return TensorSpec(shape_of(tensor), str(tensor.dtype))

    def _read(self, tensor: Any) -> Any:
        array = array_of(tensor.value)
        return array.astype("float32") if "bfloat" in str(array.dtype) else array

    def _write(self, tensor: Any, array: Any) -> None:
        tensor.assign(array)

    def _kept(self, tensor: Any) -> Any:
        return self._read(tensor)
