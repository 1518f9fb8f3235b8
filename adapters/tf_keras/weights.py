"""Variables of a live Keras 2 model, read and written by path."""

from __future__ import annotations

from typing import Any

from introspect.errors import TargetError
from introspect.values import TensorSpec

from ..arrays import Arrays


def save(model: Any, path: str) -> None:
    """Write `name.weights.h5` or `name.keras`. Raises `TargetError`."""
    if path.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.endswith(".keras"):
        model.save(path)
    else:
        raise TargetError(f"{path!r} is no file of Keras: write name.weights.h5 or name.keras.")


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
