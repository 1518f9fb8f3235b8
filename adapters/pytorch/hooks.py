"""Hooks that are part of a model's computation, told from those that the user hung on to watch it.

Weight normalization computes its weight in a hook, lazy modules initialize in one, and transformers collects hidden
states in some: without them the model computes something else. A user's hook, run on made-up data, would only spoil
what it watches.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import Any

import torch

_LIBRARIES = ("torch", "transformers", "accelerate")


def run_forward(module: torch.nn.Module, /, *args: Any, **kwargs: Any) -> Any:
    """`forward` with the libraries' hooks around it, as `nn.Module.__call__` would run them."""
    for number, hook in tuple(module._forward_pre_hooks.items()):
        if not _is_part_of_model(hook):
            continue
        if number in module._forward_pre_hooks_with_kwargs:
            changed = hook(module, args, kwargs)
            args, kwargs = changed if changed is not None else (args, kwargs)
        else:
            changed = hook(module, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
    outputs = module.forward(*args, **kwargs)
    for number, hook in tuple(module._forward_hooks.items()):
        if not _is_part_of_model(hook):
            continue
        with_kwargs = number in module._forward_hooks_with_kwargs
        changed = hook(module, args, kwargs, outputs) if with_kwargs else hook(module, args, outputs)
        outputs = outputs if changed is None else changed
    return outputs


def skipped_hooks(modules: Iterable[torch.nn.Module]) -> list[str]:
    """A note where hooks were not run that might change what they see."""
    hooked = [m for m in modules if m._forward_pre_hooks or m._forward_hooks]
    hooks = [h for m in hooked for held in (m._forward_pre_hooks, m._forward_hooks) for h in held.values()]
    number = sum(not _is_part_of_model(hook) for hook in hooks)
    if not number:
        return []
    return [f"Hooks on the model were not run ({number}): if one of them changes what it sees, that is not shown."]


def without_watchers(module: torch.nn.Module) -> torch.nn.Module:
    """A copy, from which the hooks that watch the original are taken off."""
    for part in module.modules():
        for hooks in (part._forward_pre_hooks, part._forward_hooks):
            for number in [number for number, hook in hooks.items() if not _is_part_of_model(hook)]:
                del hooks[number]
    return module


def _is_part_of_model(hook: Any) -> bool:
    while isinstance(hook, functools.partial):
        hook = hook.func
    where = getattr(hook, "__module__", None) or type(hook).__module__
    return where.partition(".")[0] in _LIBRARIES
