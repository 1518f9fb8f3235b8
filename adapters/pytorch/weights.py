"""Tensors of a live module, read and written by path."""

from __future__ import annotations

from typing import Any

import torch

from introspect.errors import TargetError
from introspect.values import TensorSpec

from ..arrays import Arrays
from .inputs import dtype_name

# Dtypes that NumPy lacks are read as float32, which holds all their values.
_WIDER = {torch.bfloat16, *(dtype for name, dtype in vars(torch).items() if name.startswith("float8_"))}


def wider(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor on the CPU, in a dtype that NumPy has."""
    held = tensor.detach().cpu()
    return held.float() if held.dtype in _WIDER else held


def save(module: torch.nn.Module, path: str) -> None:
    """Write the state dict as `name.pt` or `name.safetensors`. Raises `TargetError`."""
    if path.endswith((".pt", ".pth", ".bin")):
        torch.save(module.state_dict(), path)
    elif path.endswith(".safetensors"):
        try:
            from safetensors.torch import save_model
        except ImportError as error:
            raise TargetError("A .safetensors file needs the package safetensors: pip install safetensors.") from error
        save_model(module, path)
    else:
        raise TargetError(f"{path!r} is no file of torch: write name.pt or name.safetensors.")


class TorchArrays(Arrays):
    """See `introspect.adapter.Weights`."""

    def _spec(self, tensor: Any) -> TensorSpec:
        return TensorSpec(tuple(tensor.shape), dtype_name(tensor.dtype))

    def _read(self, tensor: Any) -> Any:
        return wider(tensor).contiguous().numpy().copy()

    def _write(self, tensor: Any, array: Any) -> None:
        given = array if isinstance(array, torch.Tensor) else torch.from_numpy(array.copy())
        with torch.no_grad():
            tensor.copy_(given)

    def _kept(self, tensor: Any) -> Any:
        return tensor.detach().clone()
