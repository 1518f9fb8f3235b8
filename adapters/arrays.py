"""Tensors of a live model by path, read and written as arrays: all of them, or none."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from introspect.errors import TransferError, near_names
from introspect.values import TensorSpec

_KINDS = {"f": "a float", "i": "an integer", "u": "an integer", "b": "a bool", "c": "a complex number", "V": "a float"}


class Arrays(ABC):
    """See `introspect.adapter.Weights`; a framework says how one tensor is read and written."""

    def __init__(self, tensors: Mapping[str, Any]) -> None:
        self._tensors = dict(tensors)

    def __contains__(self, path: object) -> bool:
        return path in self._tensors

    @abstractmethod
    def _spec(self, tensor: Any) -> TensorSpec: ...

    @abstractmethod
    def _read(self, tensor: Any) -> Any: ...

    @abstractmethod
    def _write(self, tensor: Any, array: Any) -> None: ...

    @abstractmethod
    def _kept(self, tensor: Any) -> Any:
        """What `_write` puts back exactly."""

    def spec(self, path: str) -> TensorSpec:
        """The shape and dtype of a tensor. Raises `TransferError`."""
        return self._spec(self.tensor(path))

    def read(self, path: str) -> Any:
        """A copy of a tensor's values. Raises `TransferError`."""
        return self._read(self.tensor(path))

    def assign(self, values: Mapping[str, Any]) -> None:
        """Write arrays, all or none. Raises `TransferError` before the first is written where one does not fit."""
        self.check(values)
        before: list[tuple[Any, Any]] = []
        try:
            for path, array in values.items():
                tensor = self._tensors[path]
                before.append((tensor, self._kept(tensor)))
                self._write(tensor, array)
        except BaseException:  # interrupted too
            for tensor, array in reversed(before):
                self._write(tensor, array)
            raise

    def check(self, values: Mapping[str, Any]) -> None:
        """Whether every array fits its tensor. Raises `TransferError`."""
        for path, array in values.items():
            self._check(path, array)

    def like(self, other: Self) -> Self:
        """The tensors of `other`, a copy of the same model, by the paths here."""
        return type(self)(dict(zip(self._tensors, other._tensors.values(), strict=True)))

    def tensor(self, path: str) -> Any:
        """The live tensor. Raises `TransferError`."""
        if path not in self._tensors:
            raise TransferError(f"The model has no tensor {path!r}: {near_names(path, self._tensors)}")
        return self._tensors[path]

    def _check(self, path: str, array: Any) -> None:
        spec = self.spec(path)
        if tuple(array.shape) != spec.shape:
            raise TransferError(f"{path} has the shape {spec.shape} and is given {tuple(array.shape)}.")
        wanted, given = _kind_of(spec.dtype), _KINDS.get(array.dtype.kind, str(array.dtype))
        if wanted != given:
            raise TransferError(f"{path} is {wanted} ({spec.dtype}) and is given {given} ({array.dtype}).")


def _kind_of(dtype: str) -> str:
    if dtype.startswith(("float", "bfloat")):
        return "a float"
    if dtype.startswith(("int", "uint")):
        return "an integer"
    return {"bool": "a bool"}.get(dtype, "a complex number" if dtype.startswith("complex") else dtype)
