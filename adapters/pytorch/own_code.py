"""Repairs of functions that a module's own code calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from introspect.adapter import Change

from .functions import function_of
from .operations import word_for

# Functions by a setting of theirs that can be given another value.
_SET = {"count_include_pad": {functional.avg_pool1d, functional.avg_pool2d, functional.avg_pool3d}}


def change_inside(module: torch.nn.Module, change: Change) -> str | None:
    """Make a repair on a copy; a sentence that says why not, where it can't be made."""
    if change.called is not None and change.action in ("set", "remove"):
        function = (lambda x: x) if change.action == "remove" else function_of(change.word or "", change.settings)
        if function is None:
            return f"what {change.word} computes is not known here"
        others = module.__dict__.setdefault("_introspect_replaced", {})
        if not others:  # one for all, since what is replaced is not seen by another
            _run_under(module, lambda: _Replaced(module, others))
        others[change.called] = function
        return None
    functions = _SET.get(change.setting or "")
    if change.action != "set" or functions is None:
        return "it is done by a function in the module's own code"
    _run_under(module, lambda: _Other(functions, change.setting or "", change.value))
    return None


def _run_under(module: torch.nn.Module, mode: Callable[[], TorchFunctionMode]) -> None:
    forward = module.forward

    def changed(*args: Any, **kwargs: Any) -> Any:
        with mode():
            return forward(*args, **kwargs)

    module.forward = changed  # type: ignore[method-assign]


class _Other(TorchFunctionMode):
    """Some functions have another value of a setting."""

    def __init__(self, functions: set[Any], setting: str, value: Any) -> None:
        super().__init__()
        self._functions, self._setting, self._value = functions, setting, value

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in self._functions and len(args) < 6:
            kwargs[self._setting] = self._value
        return func(*args, **kwargs)


class _Replaced(TorchFunctionMode):
    """Calls of functions, each told by its name and number, are others'. What modules below call is not counted: it is
    not their own code's."""

    def __init__(self, module: torch.nn.Module, others: dict[tuple[str, int], Callable[[Any], Any]]) -> None:
        super().__init__()
        self._module, self._others = module, others
        self._times: Counter[str] = Counter()
        self._below = 0
        self._hooks: list[Any] = []

    def __enter__(self) -> Any:
        for part in self._module.modules():
            if part is not self._module:
                self._hooks.append(part.register_forward_pre_hook(lambda *_: self._step(1)))
                self._hooks.append(part.register_forward_hook(lambda *_: self._step(-1)))
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        for hook in self._hooks:
            hook.remove()

    def _step(self, way: int) -> None:
        self._below += way

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if not self._below:
            name = word_for(func)[1]
            self._times[name] += 1
            other = self._others.get((name, self._times[name]))
            if other is not None:
                return other(args[0])
        return func(*args, **(kwargs or {}))
