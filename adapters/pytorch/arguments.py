"""The tensors among the arguments of a function: found, told apart, replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

_LEAVES = frozenset(
    {type(None), bool, int, float, str, type(...), torch.dtype, torch.device, torch.Size, torch.memory_format}
)


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


class NotOutlinedError(Exception):
    """An argument by whose text or layout two calls can't be told apart."""


def outlined(value: Any, tensors: list[torch.Tensor]) -> Any:
    """The arguments, for each tensor its layout; numbers with their types, since 1 == True. The tensors are added to
    `tensors`, in order. Raises `NotOutlinedError`."""
    cls = type(value)
    if cls in _LEAVES:
        return cls, value
    if cls is torch.Tensor or isinstance(value, torch.Tensor):
        tensors.append(value)
        return value.shape, value.stride(), value.dtype
    if cls is tuple or cls is list:
        return cls, *[outlined(v, tensors) for v in value]
    if cls is dict:
        return cls, *value, *[outlined(v, tensors) for v in value.values()]
    if cls is slice:
        ends = (value.start, value.stop, value.step)
        if all(type(end) in _LEAVES for end in ends):
            return cls, *map(type, ends), *ends
    raise NotOutlinedError
