"""Variables of a live Keras 2 model, read and written by path."""

from __future__ import annotations

from typing import Any

from introspect.values import TensorSpec

from ..arrays import Arrays


class TfKerasArrays(Arrays):
    """See `introspect.adapter.Weights`."""

    def _spec(self, tensor: Any) -> TensorSpec:
        return TensorSpec(tuple(int(n) for n in tensor.shape), tensor.dtype.base_dtype.name)

    def _read(self, tensor: Any) -> Any:
        array = tensor.numpy()
        return array.astype("float32") if "bfloat" in str(array.dtype) else array.copy()

    def _write(self, tensor: Any, array: Any) -> None:
        tensor.assign(array.astype(tensor.dtype.as_numpy_dtype))

    def _kept(self, tensor: Any) -> Any:
        return tensor.numpy().copy()
