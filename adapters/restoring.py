"""Putting back what running a model's code has changed in its objects: attributes, lists, dicts, sets, at any depth."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from typing import Any

_CONTAINERS = (list, dict, set, deque)
# Objects of these packages are not looked into: their own attributes are the frameworks' affair.
_CLOSED = frozenset({"torch", "keras", "tensorflow", "jax", "jaxlib", "numpy", "builtins", "optree"})
_MOST = 50_000  # containers looked into below those that layers hold themselves: more of them is data, not state


class Snapshot:
    """What objects and containers hold now, to be put back later. Nothing is written where nothing has changed."""

    def __init__(self, owners: Iterable[Any], containers: Iterable[Any] = ()) -> None:
        self._saved: list[tuple[Any, Any]] = []
        seen: set[int] = set()
        # Level by level: the attributes of every layer and what they hold come first, and without a limit.
        waiting = deque((value, 0) for value in (*map(vars, owners), *containers))
        while waiting:
            value, depth = waiting.popleft()
            for live in _unwrapped(value):
                if id(live) in seen or (depth > 1 and len(seen) >= _MOST):
                    continue
                seen.add(id(live))
                if not isinstance(live, tuple):
                    self._saved.append((live, _copy(live)))
                held = dict.values(live) if isinstance(live, dict) else _items(live)
                waiting.extend((inner, depth + 1) for v in held if (inner := _inside(v)) is not None)

    def put_back(self) -> None:
        """Give every object and container what it held."""
        for live, before in self._saved:
            _put_back(live, before)


def _inside(value: Any) -> Any:
    """The container that a value is, or that holds its attributes; `None` for what is not looked into."""
    if isinstance(value, (*_CONTAINERS, tuple)):
        return value
    home = type(value).__module__.partition(".")[0]
    if home in _CLOSED or isinstance(value, type) or callable(value):
        return None
    if any(cls.__module__.partition(".")[0] in ("torch", "keras") for cls in type(value).__mro__):
        return None  # a module or layer: it is saved as an owner, or is none of this model's
    return getattr(value, "__dict__", None)


def _unwrapped(container: Any) -> list[Any]:
    """TensorFlow wraps some containers: a dict in a proxy, a list in a list that keeps its items twice."""
    if not issubclass(type(container), (*_CONTAINERS, tuple)):
        return [container.__wrapped__] if hasattr(container, "__wrapped__") else []
    return [container._storage, container] if hasattr(container, "_storage") else [container]


def _items(live: Any) -> list[Any]:
    return list.copy(live) if isinstance(live, list) else list(live)


def _copy(container: Any) -> Any:
    if isinstance(container, list):
        return list.copy(container)  # TensorFlow's wrapper would iterate over its other copy
    if isinstance(container, dict):
        return dict(container)
    return set(container) if isinstance(container, set) else deque(container)


def _put_back(live: Any, before: Any) -> None:
    """With the plain methods, since Keras's containers track what is added to them."""
    if isinstance(live, dict):
        if list(live) != list(before) or any(dict.__getitem__(live, k) is not v for k, v in before.items()):
            plain: Any = OrderedDict if isinstance(live, OrderedDict) else dict  # an OrderedDict keeps its order apart
            plain.clear(live)
            for key, value in before.items():
                plain.__setitem__(live, key, value)
    elif isinstance(live, set):
        if {id(v) for v in live} != {id(v) for v in before} and live != before:
            set.clear(live)
            set.update(live, before)
    else:
        now = _items(live)
        if len(now) != len(before) or any(a is not b for a, b in zip(now, before, strict=True)):
            live.clear() if isinstance(live, deque) else list.clear(live)
            live.extend(before) if isinstance(live, deque) else list.extend(live, before)
