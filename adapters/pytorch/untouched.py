"""Puts back everything about a model that running its code may have changed."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from ..restoring import Snapshot


@contextmanager
def untouched(modules: Iterable[torch.nn.Module]) -> Iterator[None]:
    """On leaving, every module has the attributes it had, and what they hold its contents."""
    before = Snapshot(modules)
    dtype = torch.get_default_dtype()
    try:
        yield
    finally:
        before.put_back()
        if torch.get_default_dtype() != dtype:
            torch.set_default_dtype(dtype)


@contextmanager
def random_state_kept() -> Iterator[None]:
    """On leaving, the random generators of Python, NumPy and torch have the states they had."""
    before = _random_states()
    try:
        yield
    finally:
        _restore_random(before)


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
