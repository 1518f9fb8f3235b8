"""What the caller said about the inputs, in one form that adapters read."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

from .adapter import Said, Shape
from .errors import InputsError
from .values import FrozenDict, Inputs, TensorSpec

_FORMS = "a shape, a TensorSpec, an array or tensor, a list or dict of these, or Inputs(...)"


def understand(inputs: Any) -> Said | None:
    """One form for everything that `inspect(model, inputs)` takes. Raises `InputsError`."""
    if inputs is None:
        return None
    if isinstance(inputs, Inputs):
        return Said("literal", inputs)
    if isinstance(inputs, Mapping):
        return Said("named", FrozenDict({str(name): _structure(value) for name, value in inputs.items()}))
    if is_shape(inputs) or is_tensor(inputs) or not isinstance(inputs, (list, tuple)):
        return Said("one", _structure(inputs))
    several = tuple(_structure(value, inside=True) for value in inputs)
    if not any(isinstance(value, (tuple, FrozenDict)) or is_tensor(value) for value in several):
        raise _unreadable(inputs)
    return Said("several", several)


def is_shape(value: Any) -> bool:
    """A list or tuple of whole numbers or None: `(None, 28, 28, 3)`; `()` is a scalar."""
    return (isinstance(value, (list, tuple)) or type(value).__name__ == "TensorShape") and all(
        n is None or (isinstance(n, Integral) and not isinstance(n, bool)) for n in value
    )


def is_tensor(value: Any) -> bool:
    """Something with a shape and a dtype: an array, a tensor, a `TensorSpec`."""
    return hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, type)


def _structure(value: Any, inside: bool = False) -> Any:
    """Shapes become `Shape`; what is inside a list may also be a plain value that the model takes (None, a flag)."""
    if is_tensor(value):
        if not isinstance(value, TensorSpec) and None not in tuple(value.shape):
            return value
        dtype = value.dtype if isinstance(value.dtype, str) else value.dtype.name  # a KerasTensor, a tf.TensorSpec
        return TensorSpec(tuple(1 if n is None else n for n in value.shape), dtype)
    if is_shape(value):
        return Shape(TensorSpec(tuple(1 if n is None else n for n in value)).shape)
    if isinstance(value, Mapping):
        return FrozenDict({str(name): _structure(v, inside=True) for name, v in value.items()})
    if isinstance(value, (list, tuple)):
        return tuple(_structure(v, inside=True) for v in value)
    if inside and (value is None or isinstance(value, (bool, int, float))):
        return value
    raise _unreadable(value)


def _unreadable(value: Any) -> InputsError:
    return InputsError(f"These inputs can't be read: {value!r} of type {type(value).__name__}; expected {_FORMS}.")
