"""Rows: what an adapter's table knows of a layer class, and how a live layer is read by its row."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from introspect.parameter import Parameter, split_axes
from introspect.records import Setting
from introspect.values import FrozenDict, TensorSpec, maker

from .plain import setting

# Layers held twice inside layers held twice have twice as many paths at every level: beyond this many, what stands
# below a layer that was met before is known by its first path alone.
MOST_PATHS = 20_000

Labels = tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Tensor:
    """A tensor of a layer: its role; its axes, or how to read them off the layer; what a packed axis holds; and the
    attributes, or functions of the layer, that size those joined axes which neither shape nor labels tell."""

    role: str
    axes: str | Callable[[Any], str | None] | None = None
    labels: Mapping[str, Labels] = field(default_factory=dict)
    sizes: Mapping[str, str | Callable[[Any], int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """What we know of a class.

    `settings`: canonical name → attribute, or (native name or `None`, function of the layer). `tensors`: name (a
    regular expression) → `Tensor`. `parts`: the attributes that hold private sublayers, whose tensors the layer owns.
    `unit`: the layer is one step, what happens inside is not followed. `borrowed`: tensors that it also holds, and that
    stand in the layer below that owns them. `packed`: how tensors are read that the layer keeps in a form of its own,
    by name.
    """

    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    unit: bool = True
    parts: tuple[str, ...] = ()
    borrowed: tuple[str, ...] = ()
    packed: Callable[[Any], Mapping[str, Any]] | None = None

    def tensor(self, name: str) -> Tensor | None:
        """The row of one tensor."""
        name = name.removesuffix("_orig")  # what pruning has made of it
        if name in self.tensors:
            return self.tensors[name]
        return next((tensor for pattern, tensor in self.tensors.items() if re.fullmatch(pattern, name)), None)


UNKNOWN = Row("unknown", unit=False)


def labels(*words: str) -> Labels:
    """Equal parts of a packed axis, in their order."""
    return tuple((word, 1) for word in words)


def find(
    layer: Any, rows: Mapping[str, Row], homes: tuple[str, ...], own_tensors: Callable[[Any], Iterable[str]], run: str
) -> Row:
    """The row of the first class in the MRO, among those of the modules in `homes`, that has one.

    A subclass that adds tensors which its parent's row does not know is something else: `UNKNOWN`; one with a method
    `run` of its own (`forward`, `call`) is opened.
    """
    for cls in type(layer).__mro__:
        row = rows.get(cls.__name__) if cls.__module__.startswith(homes) else None
        if row is not None:
            if cls is type(layer) or row.kind == "container":
                return row
            if not all(row.tensor(name) or name in row.borrowed for name in own_tensors(layer)):
                return UNKNOWN
            return row if getattr(type(layer), run) is getattr(cls, run) else replace(row, unit=False)
    return UNKNOWN


def read_settings(layer: Any, row: Row) -> tuple[Setting, ...]:
    """The settings of a layer in common words, each beside its native name and value."""
    settings = []
    for name, how in row.settings.items():
        if type(how) is str:
            native, value = how, getattr(layer, how, None)
            if type(value) not in _SCALARS:
                value = setting(value)
            said = value
        else:
            native, read = how
            value = setting(read(layer))
            said = None if native is None else _native(layer, native, value)
        make = _made if _is_plain(value) and (said is value or _is_plain(said)) else Setting
        settings.append(make(name, value, native, said))
    return tuple(settings)


_SCALARS = frozenset({type(None), bool, int, float, str})
_INTEGER = frozenset({int})
_made = lru_cache(8192, typed=True)(Setting)  # a model has thousands of settings, and few different ones


def _is_plain(value: Any) -> bool:
    """Whether a value is told from another that equals it (1, True) by its type."""
    return type(value) in _SCALARS or (type(value) is tuple and _INTEGER.issuperset(map(type, value)))


def _native(layer: Any, name: str, canonical: Any) -> Any:
    """The constructor's value. It may be kept as a tensor or as None (`bias`), or not at all: then it was ours."""
    if type(layer).__module__ == "torch.nn.utils.parametrize" and hasattr(type(layer), name):
        return canonical  # a tensor that would be computed to be read
    value = getattr(layer, name, None)
    return canonical if value is None or hasattr(value, "dtype") else setting(value)


_parameter = maker(Parameter)
_OTHER = Tensor("other")
_NONE = FrozenDict()


def read_tensor(
    layer: Any,
    known: Tensor | None,
    shape: tuple[int, ...] | None,
    *,
    name: str,
    path: str,
    dtype: str,
    trainable: bool,
    state: str,
    same_as: str | None,
    stored: TensorSpec | None = None,
) -> Parameter:
    """The record of one tensor. One that the row does not know has role `other` and no axes."""
    known = known or _OTHER
    axes = known.axes
    if callable(axes):
        axes = axes(layer)
    if axes is not None and shape is not None and _rank(axes) != len(shape):
        axes = None  # not laid out as the row says
    labels = sizes = _NONE
    if known.labels or known.sizes:
        labels = FrozenDict({axis: parts for axis, parts in known.labels.items() if axis in (axes or "")})
        sizes = FrozenDict({axis: _size(layer, how) for axis, how in known.sizes.items()})
    return _parameter(
        name, path, known.role, shape, axes, labels, sizes, dtype, trainable, state, same_as, None, stored
    )


@lru_cache(1024)
def _rank(axes: str) -> int:
    return len(split_axes(axes))


def _size(layer: Any, how: str | Callable[[Any], int]) -> int:
    return getattr(layer, how) if isinstance(how, str) else how(layer)


def parts(layer: Any, row: Row, kind: type) -> Iterator[tuple[str, Any]]:
    """The private sublayers of a layer, by attribute: those that are of this kind."""
    for attribute in row.parts:
        part = getattr(layer, attribute, None)
        if isinstance(part, kind):
            yield attribute, part


def unbuilt_notes(unbuilt: int, layers: int) -> tuple[str, ...]:
    """What is said of layers that have no tensors yet."""
    if not unbuilt:
        return ()
    which = "The model is" if unbuilt == layers else f"{unbuilt} of {layers} layers are"
    return (f"{which} not built: tensors that do not exist yet are unknown.",)
