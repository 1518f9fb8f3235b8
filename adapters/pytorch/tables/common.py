"""What the rows of the torch tables are made of: settings that several classes share, and how they are read.

No torch is imported in these tables: classes are known by the names of their modules, so that a table may speak of a
library that is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...rows import Row, Tensor

WINDOW = {1: "l", 2: "h w", 3: "d h w"}
RANKS = (1, 2, 3)


def fixed(value: Any) -> tuple[None, Any]:
    """What all modules of a class have and none says."""
    return None, lambda module: value


CHANNELS_FIRST: dict[str, Any] = {"data_format": fixed("channels_first")}


def parametrized(module: Any) -> Mapping[str, Any]:
    """The tensors that `torch.nn.utils.parametrize` makes from others, each with what makes it."""
    made = module._modules.get("parametrizations") if type(module).__module__ == "torch.nn.utils.parametrize" else None
    return {} if made is None else made._modules


def has(module: Any, name: str) -> bool:
    """Whether a module has this tensor: its own, or made from others. It is not asked for its value, since that would
    be computed then (and may change what it is computed from)."""
    if name in module._parameters:
        return module._parameters[name] is not None
    return (
        name in parametrized(module)
        or any(f"{name}_{end}" in module._parameters for end in ("orig", "g"))
        or name in module._buffers
        or module.__dict__.get(name) is not None
    )


def owns(name: str, native: str | None = None) -> tuple[str | None, Any]:
    """A setting that says whether there is a tensor of this name."""
    return native, lambda module: has(module, name)


USE_BIAS: dict[str, Any] = {"use_bias": owns("bias", "bias")}


def repeated(value: Any, rank: int) -> tuple[Any, ...]:
    """One number for all axes, or one for each, always as a tuple."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


def per_axis(name: str, rank: int) -> tuple[str, Any]:
    """A setting that torch also takes as one number for all axes."""

    def read(module: Any) -> Any:
        value = getattr(module, name)
        return None if value is None else repeated(value, rank)

    return name, read


def padding(value: Any) -> Any:
    """No padding is 'valid'; words stay words."""
    if isinstance(value, str):
        return value
    return "valid" if not any(repeated(value, 1)) else repeated(value, 1)


def axes(name: str = "dim") -> tuple[str, Any]:
    """One axis or several, always as a tuple."""

    def read(module: Any) -> Any:
        value = getattr(module, name)
        return None if value is None else repeated(value, 1)

    return name, read


def whole(value: Any) -> Any:
    """2.0 as 2: torch keeps whole factors as floating-point numbers."""
    if isinstance(value, tuple):
        return tuple(whole(one) for one in value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def extended(row: Row, settings: Mapping[str, Any] | None = None, tensors: Mapping[str, Tensor] | None = None) -> Row:
    """A row with more settings and tensors."""
    return replace(row, settings={**row.settings, **(settings or {})}, tensors={**row.tensors, **(tensors or {})})
