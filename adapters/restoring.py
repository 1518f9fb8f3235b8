"""Putting back what running a model's code has changed in its objects: attributes, lists, dicts, sets, at any depth."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable
from operator import is_
from typing import Any

_CONTAINERS = (list, dict, set, deque)
_PLAIN = frozenset({dict, OrderedDict, list, set, deque, tuple})
_DICTS = frozenset({dict, OrderedDict})
_ATOMS = frozenset({type(None), bool, int, float, complex, str, bytes})
# Objects of these packages are not looked into: their own attributes are the frameworks' affair.
_CLOSED = frozenset({"torch", "keras", "tensorflow", "jax", "jaxlib", "numpy", "builtins", "optree"})
_MOST = 50_000  # containers looked into below those that layers hold themselves: more of them is data, not state


class Snapshot:
    """What objects and containers hold now, to be put back later. Nothing is written where nothing has changed."""

    def __init__(self, owners: Iterable[Any], containers: Iterable[Any] = ()) -> None:
        self._saved: list[tuple[Any, Any]] = []
        self._empty: list[Any] = []  # most of what a layer holds
        self._how: dict[type, str] = {}  # how objects of a class are looked into
        self._seen: set[int] = set()
        self.add(owners, containers)

    def add(self, owners: Iterable[Any], containers: Iterable[Any] = ()) -> None:
        """Keep the state of these too, as it is now."""
        seen = self._seen
        # Level by level: the attributes of every layer and what they hold come first, and without a limit.
        level, depth = [*map(vars, owners), *containers], 0
        while level:
            below: list[Any] = []
            for value in level:
                for live in (value,) if type(value) in _PLAIN else _unwrapped(value):
                    if id(live) in seen or (depth > 1 and len(seen) >= _MOST):
                        continue
                    seen.add(id(live))
                    self._save(live, below)
            level, depth = below, depth + 1

    def _save(self, live: Any, below: list[Any]) -> None:
        """Keep what a container holds, and add what has to be looked into to `below`."""
        if isinstance(live, tuple):
            held: Iterable[Any] = live
        else:
            before = _copy(live)
            self._saved.append((live, before))
            held = before.values() if type(before) is dict else before
        how_of, empty = self._how, self._empty
        for value in held:
            cls = type(value)
            if cls in _ATOMS:
                continue
            if cls in _PLAIN:
                if not value:
                    empty.append(value)
                elif cls is not tuple or not _ATOMS.issuperset(map(type, value)):
                    below.append(value)
                continue
            how = how_of.get(cls) or how_of.setdefault(cls, _how_to_look(cls, value))
            if how == "itself":
                below.append(value)
            elif how == "attributes" and (inner := getattr(value, "__dict__", None)) is not None:
                below.append(inner)

    def put_back(self) -> None:
        """Give every object and container what it held."""
        for live, before in self._saved:
            # Most have not changed.
            if not _is_as_before(live, before) if type(live) in _DICTS else live or before:
                _put_back(live, before)
        for live in filter(None, self._empty):
            live.clear()


def _is_as_before(live: dict[Any, Any], before: dict[Any, Any]) -> bool:
    """Whether a dict holds the same things under the same keys, in the same order."""
    return len(live) == len(before) and all(map(is_, live.values(), before.values())) and all(map(is_, live, before))


def _how_to_look(cls: type, value: Any) -> str:
    if issubclass(cls, (*_CONTAINERS, tuple)):
        return "itself"
    if cls.__module__.partition(".")[0] in _CLOSED or issubclass(cls, type) or callable(value):
        return "no"
    if any(c.__module__.partition(".")[0] in ("torch", "keras", "tf_keras") for c in cls.__mro__):
        return "no"  # a module or layer: it is saved as an owner, or is none of this model's
    return "attributes"


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
        same = len(live) == len(before) and all(map(is_, dict.values(live), before.values()))
        if not same or list(live) != list(before):
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
