"""A torch module inside a Keras layer (`TorchModuleWrapper`), which Keras itself would really run."""

from __future__ import annotations

import copy
import sys
from typing import Any

import keras


def run_torch_module(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What it makes of `KerasTensor`s: a copy on torch's meta device, where nothing is computed, runs in its place."""
    torch = sys.modules["torch"]  # such a layer can't exist without it
    twin = copy.deepcopy(module).to("meta").train(bool(kwargs.pop("training", False)))

    def meta(value: Any) -> Any:
        if isinstance(value, keras.KerasTensor):
            return torch.empty(value.shape, dtype=getattr(torch, value.dtype), device="meta")
        return value

    outputs = twin(*_mapped(meta, args), **_mapped(meta, kwargs))
    return keras.tree.map_structure(
        lambda t: keras.KerasTensor(tuple(t.shape), str(t.dtype).removeprefix("torch.")) if torch.is_tensor(t) else t,
        outputs,
    )


def _mapped(function: Any, value: Any) -> Any:
    return keras.tree.map_structure(function, value)
