"""Copies of modules, on which they can be run, changed and given other weights."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch.nn.parameter import UninitializedBuffer, UninitializedTensorMixin  # type: ignore[attr-defined]


def copied(model: torch.nn.Module) -> torch.nn.Module:
    """A deep copy. torch can't copy the buffers of lazy modules, which are made anew, nor what modules have computed
    and kept (a pruned weight): of these the values are copied."""
    memo: dict[int, Any] = {}
    for module in model.modules():
        for value in (*vars(module).values(), *module._buffers.values()):
            if isinstance(value, UninitializedTensorMixin):
                memo[id(value)] = UninitializedBuffer(device=value.device, dtype=value.dtype)  # type: ignore[call-arg]
            elif isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return copy.deepcopy(model, memo)
