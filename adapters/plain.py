"""Live values as plain data: what the adapters share on the way into a report."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from introspect.values import FrozenDict, Inputs, Opaque, TensorSpec

SpecOf = Callable[[Any], TensorSpec | None]
_DEEPEST = 12  # structures that hold themselves end here
_LONGEST = 60
_PLAIN = frozenset({type(None), bool, int, str})
_ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
_TERMINAL_CODE = re.compile(r"\x1b\[[0-9;]*m")


def structure(value: Any, spec_of: SpecOf, found: list[Any] | None = None, depth: int = 0) -> Any:
    """Tuples and dicts of `TensorSpec`, `Opaque` and plain values; the live tensors are added to `found`, in order."""
    if value is None or (isinstance(value, (bool, int, str)) and type(value) in (bool, int, str)):
        return value
    spec = spec_of(value)
    if spec is not None:
        if found is not None:
            found.append(value)
        return spec
    if type(value) is float:
        return value if math.isfinite(value) else str(value)
    if depth > _DEEPEST:
        return opaque(value)
    if isinstance(value, Mapping):
        names = [str(k) for k in value]
        if len(set(names)) < len(names):  # 1 and "1"
            names = [repr(k) for k in value]
        inner = [structure(v, spec_of, found, depth + 1) for v in value.values()]
        items = dict(zip(names, inner, strict=True))
        return FrozenDict(items, type_name=None if type(value) in (dict, FrozenDict) else type(value).__name__)
    if isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)
        inner = tuple(structure(v, spec_of, found, depth + 1) for v in value)
        return FrozenDict(zip(names, inner, strict=True), type_name=type(value).__name__) if names else inner
    if is_dataclass(value) and not isinstance(value, type):
        items = {f.name: structure(getattr(value, f.name, None), spec_of, found, depth + 1) for f in fields(value)}
        return FrozenDict(items, type_name=type(value).__name__)
    return opaque(value)


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """The same `Inputs`, dicts, tuples and lists with their leaves changed; subclasses of these are leaves."""
    if isinstance(value, Inputs):
        args = tuple(map_leaves(function, v) for v in value.args)
        return Inputs(*args, **{name: map_leaves(function, v) for name, v in value.kwargs.items()})
    if isinstance(value, Mapping):
        return {name: map_leaves(function, v) for name, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(map_leaves(function, v) for v in value)
    return function(value)


def setting(value: Any) -> Any:
    """A hyper-parameter as plain data: None, bool, int, float, str, tuples and dicts of them, else a qualified name."""
    if type(value) in _PLAIN or (type(value) is tuple and all(type(v) in _PLAIN for v in value)):
        return value  # nearly all of them
    return _without_opaque(structure(value, lambda _: None))


def opaque(value: Any) -> Opaque:
    """What can't be plain data: its class, and its text where that is short and holds no address."""
    cls = value if isinstance(value, type) else type(value)
    if hasattr(value, "__qualname__"):
        home = getattr(value, "__module__", None)
        name = f"{home}.{value.__qualname__}" if home else str(value.__qualname__)
        return Opaque(f"{cls.__module__}.{cls.__qualname__}", name)
    try:
        text = " ".join(str(value).split())
    except Exception:  # a third party's __str__ may do anything
        text = ""
    usable = len(text) <= _LONGEST and not _ADDRESS.search(text)
    return Opaque(f"{cls.__module__}.{cls.__qualname__}", text if usable else "")


def _without_opaque(value: Any) -> Any:
    if isinstance(value, Opaque):
        return value.text or value.type
    if isinstance(value, FrozenDict):
        return FrozenDict({k: _without_opaque(v) for k, v in value.items()}, type_name=value.type_name)
    if isinstance(value, tuple):
        return tuple(_without_opaque(v) for v in value)
    return value


def one_line(error: BaseException, longest: int = 300) -> str:
    """An exception as one line: its class and the start of its text."""
    try:
        text = " ".join(_TERMINAL_CODE.sub("", str(error)).split())
    except Exception:  # a third party's __str__ may do anything
        text = ""
    text = _ADDRESS.sub("0x…", text)
    text = text if len(text) <= longest else text[: longest - 1] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
