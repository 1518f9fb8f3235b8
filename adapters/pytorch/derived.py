"""Tensors that others make: what weight and spectral normalization, parametrizations and pruning leave in a module.

The module's `weight` is then computed at every call, from tensors of other names: these are the ones that it owns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from introspect.parameter import split_axes

from ..plain import setting
from ..rows import Row, Tensor
from .tables.common import parametrized

_PARTS = re.compile(r"parametrizations\.(?P<tensor>.+?)\.(?P<name>original\d*|\d+\..+)")
_WORDS = {"_WeightNorm": "weight_norm", "_SpectralNorm": "spectral_norm", "_Orthogonal": "orthogonal"}
_TORCH = "torch.nn.utils.parametrizations"


def row_of_tensor(module: Any, row: Row, name: str) -> Tensor | None:
    """The row of a tensor by its name, whatever made it."""
    known = row.tensor(name)
    if known is not None and not name.endswith("_orig"):
        return known
    inner = _PARTS.fullmatch(name)
    if inner is not None:
        return _of_parametrization(module, row, inner["tensor"], inner["name"])
    for tensor, hook in _hooks(module):
        if name.startswith(f"{tensor}_") and (base := row.tensor(tensor)) is not None:
            return _of_hook(module, base, name.removeprefix(f"{tensor}_"), tensor, hook)
    return known


def made_by(module: Any) -> tuple[str, ...]:
    """What a module's tensors are made by: 'weight_norm', 'pruned', or the name of a user's class."""
    words = [
        _WORDS[type(step).__name__] if type(step).__module__ == _TORCH else setting(type(step))
        for steps in parametrized(module).values()
        for step in steps
    ]
    words += [_hook_word(hook) for _, hook in _hooks(module)]
    return tuple(dict.fromkeys(words))


def place_of(row: Row, name: str) -> tuple[str, int, bool]:
    """Where a tensor stands among the others: one that is made from others has lost its place. Lengths come last."""
    inner = _PARTS.fullmatch(name)
    base = inner["tensor"] if inner else re.sub(r"_(orig|mask|[guv])$", "", name)
    places = [place for place, pattern in enumerate(row.tensors) if re.fullmatch(pattern, base)]
    return base.partition("_l")[2], places[0] if places else len(row.tensors), name.endswith(("original0", "_g"))


def _of_parametrization(module: Any, row: Row, tensor: str, name: str) -> Tensor:
    base, steps = row.tensor(tensor), parametrized(module).get(tensor)
    if base is None or steps is None:
        return Tensor("other")
    place, _, inner = name.partition(".")
    if place.isdecimal():
        step = steps[int(place)]
        if type(step).__module__ == _TORCH and inner in ("_u", "_v"):
            return _singular_vector(module, base, inner == "_u", step.dim, tuple(steps.original.shape))
        return Tensor("other")
    first = steps[0] if len(steps) else None
    if first is not None and type(first).__name__ == "_WeightNorm" and type(first).__module__ == _TORCH:
        if len(steps) == 1:
            return base if name == "original1" else _magnitude(module, base, first.dim, steps.original0)
        return Tensor("other")
    if name != "original":
        return Tensor("other")
    # What a user's own `right_inverse` gives may be laid out in another way.
    foreign = any(type(s).__module__ != _TORCH and hasattr(s, "right_inverse") for s in steps)
    return replace(base, axes=None) if foreign else base


def _hooks(module: Any) -> Iterator[tuple[str, Any]]:
    """The tensors that torch's older utilities make in a hook, each with that hook."""
    for hook in module._forward_pre_hooks.values():
        home = type(hook).__module__
        if home in ("torch.nn.utils.weight_norm", "torch.nn.utils.spectral_norm"):
            yield hook.name, hook
        elif hasattr(hook, "_tensor_name") and hasattr(hook, "compute_mask"):
            yield hook._tensor_name, hook


def _hook_word(hook: Any) -> str:
    return {"WeightNorm": "weight_norm", "SpectralNorm": "spectral_norm"}.get(type(hook).__name__, "pruned")


def _of_hook(module: Any, base: Tensor, end: str, tensor: str, hook: Any) -> Tensor | None:
    word = _hook_word(hook)
    if word == "pruned":
        return {"orig": base, "mask": replace(base, role="mask")}.get(end)
    if word == "weight_norm":
        magnitude = module._parameters.get(f"{tensor}_g")
        return base if end == "v" else _magnitude(module, base, hook.dim, magnitude) if end == "g" else None
    if end in ("u", "v"):
        return _singular_vector(module, base, end == "u", hook.dim, tuple(module._parameters[f"{tensor}_orig"].shape))
    return base if end == "orig" else None


def _axes(module: Any, base: Tensor) -> list[str]:
    """The pattern of the tensor that is made, by dimension."""
    axes = base.axes(module) if callable(base.axes) else base.axes
    return [f"({' '.join(names)})" if len(names) > 1 else names[0] for names in split_axes(axes or "")]


def _magnitude(module: Any, base: Tensor, dim: int | None, tensor: Any) -> Tensor:
    """One length for each slice along an axis, or one for all."""
    axes = _axes(module, base)
    if tensor is None or tensor.dim() not in (0, len(axes)):
        return Tensor("magnitude")
    kept = ["1"] * tensor.dim()
    if kept and dim is not None:
        kept[dim] = axes[dim]
    return replace(base, role="magnitude", axes=" ".join(kept))


def _singular_vector(module: Any, base: Tensor, left: bool, dim: int, shape: tuple[int, ...]) -> Tensor:
    """Of the matrix whose rows run along one axis, and whose columns along all others."""
    axes = _axes(module, base)
    if len(axes) != len(shape):
        return Tensor("singular_vector")
    if left:
        return replace(base, role="singular_vector", axes=axes[dim])
    others = [place for place in range(len(axes)) if place != dim % len(axes)]
    names = " ".join(axes[place].strip("()") for place in others)
    sizes: Mapping[str, Any] = {axes[place]: (lambda m, n=shape[place]: n) for place in others if axes[place][0] != "("}
    pattern = f"({names})" if " " in names else names
    return replace(base, role="singular_vector", axes=pattern, sizes={**base.sizes, **sizes})
