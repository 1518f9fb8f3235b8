"""What torch's functions give is the same in every pass: remembered are the layouts of results, and how calls are
recorded, by what the shapes of a result depend on once nothing is computed.
"""

from __future__ import annotations

from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodWrapperType, WrapperDescriptorType
from typing import Any

import torch

from ..recording import Kind

LAYOUTS: dict[Any, Any] = {}
KINDS: dict[Any, Kind] = {}
_MOST = 5000
_NOTHING = "nothing"  # a part of a result that is None
_META = torch.device("meta")


def remember(memo: dict[Any, Any], key: Any, value: Any) -> None:
    if len(memo) >= _MOST:
        memo.clear()
    memo[key] = value


@lru_cache(4096)
def is_torchs(func: Any) -> bool:
    """Whether this is a function of torch itself: another one may give something else the next time."""
    if isinstance(func, (BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType, MethodWrapperType)):
        return True
    if isinstance(func, FunctionType):
        return func.__module__.partition(".")[0] == "torch"
    return getattr(func, "namespace", None) == "aten"  # an operator of an exported program


def outline(outputs: Any, inputs: list[torch.Tensor]) -> Any:
    """The layout of what a function gave, or the place of the input that it gave back; `None` for anything but tensors.
    (What a view is a view of does not matter where nothing has a value.)"""
    if type(outputs) is torch.Tensor and outputs.is_meta:
        place = next((place for place, t in enumerate(inputs) if outputs is t), None)
        return (outputs.shape, outputs.stride(), outputs.dtype) if place is None else place
    if type(outputs) is tuple and outputs:
        parts = [_NOTHING if part is None else outline(part, inputs) for part in outputs]
        return None if any(part is None or type(part) is int for part in parts) else parts
    return None


def made_again(layout: Any) -> Any:
    if layout is _NOTHING:
        return None
    if isinstance(layout, list):
        return tuple(map(made_again, layout))
    shape, stride, dtype = layout
    return torch.empty_strided(shape, stride, dtype=dtype, device=_META)
