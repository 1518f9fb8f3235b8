"""Weights of a copy, and other values in the place of weights of a model that can't be copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from .precision import doubles
from .weights import KerasArrays


class Doubles:
    """The weights of a copy, whose numbers stay as wide as they are while they are written."""

    def __init__(self, arrays: KerasArrays, dtype: str) -> None:
        self._arrays, self._dtype = arrays, dtype

    def __contains__(self, path: object) -> bool:
        return path in self._arrays

    def spec(self, path: str) -> Any:
        """The shape and dtype of a tensor."""
        return self._arrays.spec(path)

    def read(self, path: str) -> Any:
        """Its value."""
        return self._arrays.read(path)

    def assign(self, values: Mapping[str, Any]) -> None:
        """Write values."""
        with doubles(self._dtype):
            self._arrays.assign(values)


class Scope:
    """The weights of a model that can't be copied: what they are to be while it runs."""

    def __init__(self, arrays: KerasArrays) -> None:
        self._arrays = arrays
        self._values: dict[str, Any] = {}

    def __contains__(self, path: object) -> bool:
        return path in self._arrays

    def spec(self, path: str) -> Any:
        """The shape and dtype of a tensor."""
        return self._arrays.spec(path)

    def read(self, path: str) -> Any:
        """Its value, the other one where it was given one."""
        return self._values[path].copy() if path in self._values else self._arrays.read(path)

    def assign(self, values: Mapping[str, Any]) -> None:
        """Other values, for the time of a run."""
        self._arrays.check(values)
        self._values |= values

    def active(self) -> Any:
        """The scope in which the variables have these values."""
        held = [(self._arrays.tensor(path), array) for path, array in self._values.items()]
        return keras.StatelessScope(
            state_mapping=[(v, keras.ops.convert_to_tensor(array, v.dtype)) for v, array in held]
        )
