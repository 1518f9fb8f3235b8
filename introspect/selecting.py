"""Which layers of a report have these properties: `report.select(kind="conv2d", trainable=True, strides=2)`.

- `kind`, `type`, `path`, `name`: a word, or a pattern with `*` and `?` (`path="encoder.*"`), or a collection of them,
  of which one has to fit. `path` finds a layer by its aliases too.
- `trainable`: `True`, layers with a trainable parameter of their own; `False`, layers all of whose own parameters are
  frozen. Layers without parameters of their own are neither.
- `calls`: how often the pass called the layer.
- Any other property of a layer (`units`, `depth`, `output_shape`, `parameter_count`, …) and any setting by its common
  name (`kernel_size`, `activation`, `rate`, …): the value itself, or a set, list or range of values, of which it has to
  be one. A tuple is one value; a number also stands for a tuple of nothing but this number (`strides=2`). A layer that
  lacks a setting has no value for it, not even `None`.
- `where`: a function that takes the layer and says yes or no.

All that is said has to hold; with nothing said, all layers are given, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from .errors import UnknownFilterError, near_names
from .records import Layer, Report
from .vocabulary import KINDS, SETTINGS

_WORDS = ("kind", "type", "path", "name")
_PROPERTIES = (
    "depth", "training", "part_of", "opened", "units", "kernel_shape", "bias_shape", "input_shape", "output_shape",
    "spatial_shape", "input_axes", "activations", "parameter_count", "trainable_count", "buffer_count", "macs", "bytes",
)  # fmt: skip
_MISSING = object()
Test = Callable[[Layer], bool]


def select(report: Report, where: Test | None, filters: Mapping[str, Any]) -> tuple[Layer, ...]:
    """The layers of a report for which all of it holds. Raises `UnknownFilterError`."""
    tests = [_test(name, wanted) for name, wanted in filters.items()]
    if where is not None:
        if not callable(where):
            raise UnknownFilterError(f"where={where!r} is no function: pass one that takes a layer and says yes or no.")
        tests.append(where)
    return tuple(layer for layer in report if all(test(layer) for test in tests))


def _test(name: str, wanted: Any) -> Test:
    if name in _WORDS:
        patterns = _patterns(name, wanted)
        return lambda layer: any(_fits(word, patterns) for word in _words(name, layer))
    if name == "trainable":
        if not isinstance(wanted, bool):
            raise UnknownFilterError(f"trainable={wanted!r} is neither True nor False.")
        return lambda layer: _trainable(layer) is wanted
    if name == "calls":
        return lambda layer: _is(len(layer.calls), wanted)
    if name in _PROPERTIES:
        return lambda layer: _is(getattr(layer, name), wanted)
    if name in SETTINGS:
        return lambda layer: _is(layer.setting(name, _MISSING), wanted)
    known = (*_WORDS, "trainable", "calls", *_PROPERTIES, *SETTINGS, "where")
    raise UnknownFilterError(f"Layers have no property or setting {name!r} to select by: {near_names(name, known)}")


def _patterns(name: str, wanted: Any) -> tuple[str, ...]:
    patterns = (wanted,) if isinstance(wanted, str) else tuple(wanted) if isinstance(wanted, Iterable) else ()
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise UnknownFilterError(f"{name}={wanted!r} is neither a word nor several.")
    for pattern in patterns if name == "kind" else ():
        if not any(fnmatchcase(kind, pattern) for kind in KINDS):
            raise UnknownFilterError(f"There is no kind {pattern!r}: {near_names(pattern, KINDS)}")
    return patterns


def _words(name: str, layer: Layer) -> tuple[str, ...]:
    return (layer.path, *layer.aliases) if name == "path" else (getattr(layer, name),)


def _fits(word: str, patterns: tuple[str, ...]) -> bool:
    return any(word == pattern or fnmatchcase(word, pattern) for pattern in patterns)


def _trainable(layer: Layer) -> bool | None:
    own = [parameter.trainable for parameter in layer.parameters if parameter.state == "parameter"]
    return any(own) if own else None


def _is(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, (set, frozenset, list, range)):
        return any(_is(value, one) for one in wanted)
    if isinstance(wanted, bool) or isinstance(value, bool) or wanted is None:
        return value is wanted
    if isinstance(value, tuple) and isinstance(wanted, (int, float)):
        return bool(value) and all(_is(inner, wanted) for inner in value)
    return value == wanted
