"""Tensors that a module keeps in a form of its own: quantized weights packed for a kernel."""

from __future__ import annotations

from typing import Any

import torch

from introspect.values import TensorSpec

from ..rows import Row

_PER_BYTE = {torch.quint4x2: 2, torch.quint2x4: 4}


def unpacked(module: torch.nn.Module, row: Row) -> dict[str, torch.Tensor]:
    """The tensors by name, as torch itself unpacks them; none where it can't (on a machine without that kernel)."""
    if row.packed is None:
        return {}
    try:
        with torch.no_grad():
            return {name: tensor for name, tensor in row.packed(module).items() if tensor is not None}
    except (RuntimeError, NotImplementedError):
        return {}


def stored_form(tensor: Any) -> TensorSpec | None:
    """What lies in memory, where several elements share a byte; `None`: the tensor as it is."""
    per_byte = _PER_BYTE.get(tensor.dtype)
    return None if per_byte is None else TensorSpec((-(-tensor.numel() // per_byte),), "uint8")
