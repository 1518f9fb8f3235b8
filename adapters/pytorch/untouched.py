"""Puts back everything about a model that running its code may have changed."""

from __future__ import annotations

import random
import sys
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

_CONTAINERS = (list, dict, OrderedDict, set, deque)


@contextmanager
def untouched(model: torch.nn.Module) -> Iterator[None]:
    """On leaving, every module has the attributes it had, and lists, dicts and sets of them their contents. Nothing is
    written where nothing changed."""
    saved = [(module, dict(vars(module)), _contents(vars(module))) for module in model.modules()]
    try:
        yield
    finally:
        for module, attributes, contents in saved:
            _restore_contents(contents)
            _restore_dict(vars(module), attributes)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """On leaving, the random generators of Python, NumPy and torch have the states they had."""
    before = _random_states()
    try:
        yield
    finally:
        _restore_random(before)


def _contents(attributes: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(value, value.copy()) for value in attributes.values() if type(value) in _CONTAINERS]


def _restore_contents(contents: list[tuple[Any, Any]]) -> None:
    for live, before in contents:
        if isinstance(live, dict):
            _restore_dict(live, before)
        elif isinstance(live, set):
            if {id(v) for v in live} != {id(v) for v in before}:
                live.clear()
                live.update(before)
        elif len(live) != len(before) or any(a is not b for a, b in zip(live, before, strict=True)):
            live.clear()
            live.extend(before)


def _restore_dict(live: dict[str, Any], before: dict[str, Any]) -> None:
    if list(live) != list(before) or any(live[key] is not value for key, value in before.items()):
        live.clear()
        live.update(before)


def _random_states() -> dict[str, Any]:
    states: dict[str, Any] = {"python": random.getstate(), "torch": torch.get_rng_state()}
    if "numpy" in sys.modules:
        states["numpy"] = sys.modules["numpy"].random.get_state()
    if torch.cuda.is_initialized():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def _restore_random(before: dict[str, Any]) -> None:
    now = _random_states()
    if now["python"] != before["python"]:
        random.setstate(before["python"])
    if not torch.equal(now["torch"], before["torch"]):
        torch.set_rng_state(before["torch"])
    if "numpy" in before and any(not _same(a, b) for a, b in zip(now["numpy"], before["numpy"], strict=True)):
        sys.modules["numpy"].random.set_state(before["numpy"])
    if "cuda" in before and any(not torch.equal(a, b) for a, b in zip(now["cuda"], before["cuda"], strict=True)):
        torch.cuda.set_rng_state_all(before["cuda"])


def _same(a: Any, b: Any) -> bool:
    return bool((a == b).all()) if hasattr(a, "all") else a == b
