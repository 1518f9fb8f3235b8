"""The tensors among the arguments of a function: found, told apart, replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_LEAVES = frozenset({type(None), bool, int, float, str, torch.dtype, torch.device})


def tensors_in(value: Any) -> list[torch.Tensor]:
    """All of them, in order."""
    found: list[torch.Tensor] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[torch.Tensor]) -> None:
    if isinstance(value, torch.Tensor):
        found.append(value)
    elif type(value) in _LEAVES:
        pass
    elif isinstance(value, (tuple, list)):
        for v in value:
            _collect(v, found)
    elif type(value) is dict:
        for v in value.values():
            _collect(v, found)
    elif isinstance(value, slice):
        _collect((value.start, value.stop, value.step), found)


def has_tensor(value: Any) -> bool:
    """Whether there is one."""
    if isinstance(value, torch.Tensor):
        return True
    return type(value) not in _LEAVES and bool(tensors_in(value))


def swapped(value: Any, stand_in: Callable[[int], Any]) -> Any:
    """The same arguments with stand-ins for tensors, asked for by `id`."""
    if isinstance(value, torch.Tensor):
        return stand_in(id(value))
    if type(value) in (tuple, list):
        return type(value)(swapped(v, stand_in) for v in value)
    if type(value) is dict:
        return {k: swapped(v, stand_in) for k, v in value.items()}
    if isinstance(value, slice):
        return slice(*(swapped(v, stand_in) for v in (value.start, value.stop, value.step)))
    return value


def outlined(value: Any) -> Any:
    """The arguments, for each tensor its layout; numbers with their types, since 1 == True."""
    if isinstance(value, torch.Tensor):
        return value.shape, value.stride(), value.dtype
    if type(value) in (tuple, list):
        return type(value), tuple(map(outlined, value))
    if isinstance(value, slice):
        return slice, outlined((value.start, value.stop, value.step))
    return type(value), value
