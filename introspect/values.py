"""Plain values that can't be changed: specs of tensors, structures of them, and what a model is called with.

A structure is a tuple or `FrozenDict` whose leaves are `TensorSpec`, `Opaque` or plain values (None, bool, int, float,
str). Unknown is `None`, never 0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, make_dataclass
from functools import lru_cache
from typing import Any

from .errors import InputsError

# The short names that shapes are printed with: f32[1,3,224,224].
_SHORT = {"float": "f", "bfloat": "bf", "complex": "c", "int": "i", "uint": "u"}
_BITS = re.compile(r"^([a-z]+)(\d+)")


def maker(record: type[Any]) -> Callable[..., Any]:
    """A function that makes records of a frozen class with slots, of all fields in their order.

    An open twin of the same layout is filled, and then becomes one: a quarter of the time that `__init__` takes, which
    asks `object.__setattr__` for every field; and reports have thousands.
    """
    twin = make_dataclass(record.__name__, [field.name for field in fields(record)], slots=True)

    def make(*values: Any) -> Any:
        made = twin(*values)
        made.__class__ = record
        return made

    return make


class FrozenDict(dict):
    """A dict that can't be changed; `type_name` keeps the class that a structure had (`BaseModelOutput`)."""

    type_name: str | None = None

    def __init__(self, *args: Any, type_name: str | None = None, **kwargs: Any) -> None:
        dict.__init__(self, *args, **kwargs)
        if type_name is not None:
            object.__setattr__(self, "type_name", type_name)

    def _refuse(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("A report can't be changed.")

    __setitem__ = __delitem__ = __setattr__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]

    def __hash__(self) -> int:  # type: ignore[override]
        return hash((frozenset(self.items()), self.type_name))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, dict):
            return NotImplemented
        return dict.__eq__(self, other) and self.type_name == getattr(other, "type_name", self.type_name)

    __ne__ = object.__ne__

    def __reduce__(self) -> Any:
        return _frozen_dict, (dict(self), self.type_name)


def _frozen_dict(items: dict, type_name: str | None) -> FrozenDict:
    return FrozenDict(items, type_name=type_name)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """The shape and dtype of a tensor; a dimension that isn't known is `None`."""

    shape: tuple[int | None, ...]
    dtype: str = "float32"

    def __post_init__(self) -> None:
        try:
            shape = tuple(None if n is None else n.__index__() for n in self.shape)
        except (TypeError, AttributeError):
            raise InputsError(f"A shape is a sequence of whole numbers or None, not {self.shape!r}.") from None
        if any(n is not None and n < 0 for n in shape):
            raise InputsError(f"The shape {self.shape!r} has a negative size; write None for a size that is not known.")
        object.__setattr__(self, "shape", shape)
        if not isinstance(self.dtype, str) or not self.dtype:
            raise InputsError(f"A dtype is a name such as 'float32' or 'int64', not {self.dtype!r}.")

    @property
    def size(self) -> int | None:
        """The number of elements."""
        return None if None in self.shape else math.prod(self.shape)  # type: ignore[arg-type]

    @property
    def bytes(self) -> int | None:
        """The bytes its elements take; `None` for dtypes without a fixed size (strings)."""
        item = itemsize(self.dtype)
        return None if item is None or self.size is None else self.size * item

    def __str__(self) -> str:
        bits = _BITS.match(self.dtype)
        dtype = _SHORT[bits[1]] + self.dtype[len(bits[1]) :] if bits and bits[1] in _SHORT else self.dtype
        return f"{dtype}[{','.join('?' if n is None else str(n) for n in self.shape)}]"


@lru_cache(1024)
def itemsize(dtype: str) -> int | None:
    """Bytes of one element: 4 for `float32`, 1 for `bool` and `float8_e4m3fn`, `None` for strings."""
    if dtype == "bool":
        return 1
    bits = _BITS.match(dtype)
    return max(1, int(bits[2]) // 8) if bits and bits[1] in (*_SHORT, "qint", "quint") else None


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value that is no tensor and no plain data: its class and a short text without addresses."""

    type: str
    text: str = ""

    def __str__(self) -> str:
        return self.text or self.type


_NOTHING = FrozenDict()


class Inputs:
    """What a model is called with: positional arguments and keyword arguments, taken literally.

    `Inputs(TensorSpec((1, 3, 8, 8)), size=(4, 4))` calls a model with one tensor and the tuple (4, 4): only
    `TensorSpec`s and arrays are tensors here. Inside a report the leaves are `TensorSpec`, `Opaque` or plain values.
    """

    __slots__ = ("args", "kwargs")
    args: tuple
    kwargs: FrozenDict

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        object.__setattr__(self, "args", args)
        object.__setattr__(self, "kwargs", FrozenDict(kwargs) if kwargs else _NOTHING)

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError("A report can't be changed.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Inputs) and (self.args, self.kwargs) == (other.args, other.kwargs)

    def __hash__(self) -> int:
        return hash((self.args, self.kwargs))

    def __reduce__(self) -> Any:
        return _inputs, (self.args, dict(self.kwargs))

    def __repr__(self) -> str:
        arguments = [repr(a) for a in self.args] + [f"{k}={v!r}" for k, v in self.kwargs.items()]
        return f"Inputs({', '.join(arguments)})"

    def leaves(self) -> Iterator[Any]:
        """Every leaf, in order."""
        return leaves((self.args, self.kwargs))


def _inputs(args: tuple, kwargs: dict) -> Inputs:
    return Inputs(*args, **kwargs)


def leaves(structure: Any) -> Iterator[Any]:
    """The leaves of a structure of tuples, dicts and `Inputs`, in order."""
    if isinstance(structure, Inputs):
        yield from structure.leaves()
    elif isinstance(structure, Mapping):
        for value in structure.values():
            yield from leaves(value)
    elif isinstance(structure, (tuple, list)):
        for value in structure:
            yield from leaves(value)
    else:
        yield structure


_PLAIN = frozenset({type(None), bool, int, float, str})


def tensor_leaves(structure: Any) -> list[TensorSpec]:
    """The tensors of a structure, in order."""
    found: list[TensorSpec] = []
    _gather(structure, found)
    return found


def _gather(structure: Any, found: list[TensorSpec]) -> None:
    if type(structure) is TensorSpec:
        found.append(structure)
    elif type(structure) in _PLAIN:
        return  # most of what is no tensor
    elif isinstance(structure, (tuple, list)):
        for value in structure:
            _gather(value, found)
    elif isinstance(structure, Inputs):
        _gather(structure.args, found)
        _gather(structure.kwargs, found)
    elif isinstance(structure, Mapping):
        for value in structure.values():
            _gather(value, found)
    elif isinstance(structure, TensorSpec):
        found.append(structure)
