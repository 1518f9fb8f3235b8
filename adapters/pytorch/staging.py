"""A copy of a module on which weights and settings are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from introspect.adapter import Change, Ran
from introspect.errors import ProofError
from introspect.values import Inputs

from ..plain import map_leaves
from .copying import copied
from .functions import function_of
from .hooks import without_watchers
from .own_code import change_inside
from .untouched import random_state_kept, untouched
from .weights import TorchArrays

# A setting in common words -> the attributes that may hold it.
_ATTRIBUTES = {
    "eps": ("eps", "variance_epsilon", "epsilon"),
    "strides": ("stride",),
    "dilation": ("dilation",),
    "count_include_pad": ("count_include_pad",),
    "slope": ("negative_slope",),
    "groups": ("num_groups",),
    "max_norm": ("max_norm",),
    "divisor": ("divisor_override",),
}
_NARROW = (torch.float32, torch.float16, torch.bfloat16)


class TorchStage:
    """See `introspect.adapter.Stage`."""

    def __init__(self, module: torch.nn.Module, dtype: str, arrays: Callable[[torch.nn.Module], TorchArrays]) -> None:
        try:
            with random_state_kept(), untouched(module.modules()):
                self._module = without_watchers(copied(module))
        except Exception as error:  # what a module holds may be anything
            raise ProofError(f"{type(module).__name__} can't be copied ({type(error).__name__}: {error}).") from error
        self._dtype = getattr(torch, dtype)
        self._module.to(self._dtype).eval().requires_grad_(False)
        self._arrays = arrays
        self.notes: list[str] = []
        self.exact = True

    def weights(self) -> TorchArrays:
        """The copy's tensors."""
        return self._arrays(self._module)

    def run(self, inputs: Inputs, record: bool = False) -> Ran:
        """What the copy gives."""
        live = map_leaves(self._tensor, inputs)
        recorded: dict[str, Any] = {}
        recording = _recording(self._module, recorded if record else None)
        with random_state_kept(), torch.no_grad(), recording, _Wide(self._dtype):
            outputs = self._module(*live.args, **live.kwargs)
        return Ran(tuple(_array(tensor) for tensor in _tensors(outputs)), recorded)

    def _tensor(self, value: Any) -> Any:
        if not hasattr(value, "dtype") or not hasattr(value, "shape"):
            return value
        device = next((p.device for p in self._module.parameters()), torch.device("cpu"))
        tensor = torch.from_numpy(value.copy()).to(device)
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor

    def change(self, change: Change) -> str | None:
        """Make a repair on the copy."""
        try:
            module = self._module if change.path is None else self._module.get_submodule(change.path)
        except AttributeError:
            return f"no module has the path {change.path}"
        if change.path is not None and (change.called or any(True for _ in module.children())):
            return change_inside(module, change)
        if change.action == "set" and change.setting in ("padding", "pad_value"):
            return _pad(module, change)
        if change.action == "set" and change.setting == "activation" and isinstance(module, torch.nn.RNN):
            module.mode, module.nonlinearity = f"RNN_{str(change.value).upper()}", str(change.value)
            return None
        if change.action == "set" and change.setting == "kind":
            return _pool_by(module, str(change.value))
        if change.action == "set" and change.setting != "function":
            return _set(module, change)
        return self._function(module, change)

    def _function(self, module: torch.nn.Module, change: Change) -> str | None:
        if change.action == "remove":
            return _forget(module)
        behind = change.action == "insert" and (change.path is None or change.setting == "output")
        function = function_of(change.word or "", change.settings)
        if function is None:
            return f"what {change.word} computes is not known here"
        if change.action == "set":
            module.forward = lambda x, *args, **kwargs: function(x)  # type: ignore[method-assign]
        elif behind:
            module.register_forward_hook(lambda _, args, output: _first_changed(output, function))
        else:
            module.register_forward_pre_hook(lambda _, args: (function(args[0]), *args[1:]))
        return None


def _set(module: torch.nn.Module, change: Change) -> str | None:
    names = _ATTRIBUTES.get(change.setting or "", ())
    name = next((name for name in names if hasattr(module, name)), None)
    if name is None:
        return f"{type(module).__name__} has no attribute for {change.setting}"
    setattr(module, name, change.value)
    return None


def _pad(module: Any, change: Change) -> str | None:
    """The padding in front of a window, by hand: so far as it is reached, and with what a pool is to see there."""
    if isinstance(module, torch.nn.modules.conv._ConvTransposeNd):
        return _crop(module, change.value)
    lowest = float("-inf") if isinstance(module, torch.nn.modules.pooling._MaxPoolNd) else 0.0
    plan = module.__dict__.setdefault("_introspect_padding", {"around": None, "value": lowest})
    if change.setting == "pad_value":
        plan["value"] = float("-inf") if change.value == "-inf" else change.value or 0.0
        if change.value == "outside":
            return "what lies outside can't be left out of a mean that is padded"
    else:
        plan["around"] = tuple(n for pair in reversed(change.value) for n in pair)
    if plan.get("hooked"):
        return None
    own = getattr(module, "padding", None)
    if own is None or (isinstance(own, str) and plan["around"] is None):
        return f"{type(module).__name__} has no padding of its own"
    around = own if isinstance(own, tuple) else (own,) * _rank(module)
    plan["around"] = plan["around"] or tuple(n for size in reversed(around) for n in (size, size))
    plan["hooked"] = True
    module.padding = (0,) * _rank(module)
    if getattr(module, "ceil_mode", False):  # the padding is that which windows reach
        module.ceil_mode = False
    if getattr(module, "count_include_pad", True) is False:
        _count_what_is_there(module, plan)
        return None
    module.register_forward_pre_hook(lambda _, args: (functional.pad(args[0], plan["around"], value=plan["value"]),))
    return None


def _count_what_is_there(module: Any, plan: dict[str, Any]) -> None:
    """A mean that is padded by hand and does not count what is padded."""
    forward, module.count_include_pad = module.forward, True

    def counted(x: Any) -> Any:
        share = forward(functional.pad(torch.ones_like(x), plan["around"]))
        return forward(functional.pad(x, plan["around"])) / share

    module.forward = counted


def _pool_by(module: Any, kind: str) -> str | None:
    """The mean of each window in the place of its maximum, or the other way round."""
    rank, window = _rank(module), {"stride": module.stride, "padding": module.padding, "ceil_mode": module.ceil_mode}
    if kind == "max_pool":
        made: Any = (torch.nn.MaxPool1d, torch.nn.MaxPool2d, torch.nn.MaxPool3d)[rank - 1]
    elif kind == "average_pool":
        made = (torch.nn.AvgPool1d, torch.nn.AvgPool2d, torch.nn.AvgPool3d)[rank - 1]
    else:
        return f"there is no {kind} to put in its place"
    module.forward = made(module.kernel_size, **window).forward
    return None


def _crop(module: Any, value: Any) -> str | None:
    """What a transposed convolution cuts off its full output."""
    more = tuple(max(0, -after) for _, after in value)
    if any(before < 0 for before, _ in value) or any(n >= s for n, s in zip(more, module.stride, strict=True)):
        return "more than the full output of a transposed convolution is wanted"
    module.padding, module.output_padding = (0,) * len(value), more
    cuts = tuple(-max(0, n) for pair in reversed(value) for n in pair)
    module.register_forward_hook(lambda _, args, output: functional.pad(output, cuts))
    return None


def _rank(module: Any) -> int:
    return next((rank for rank in (1, 2, 3) if type(module).__name__.endswith(f"{rank}d")), 2)


def _forget(module: torch.nn.Module) -> str | None:
    if any(True for _ in module.parameters(recurse=False)):
        return f"{type(module).__name__} holds weights"
    module.forward = lambda x, *args, **kwargs: x  # type: ignore[method-assign]
    return None


class _Wide(TorchFunctionMode):
    """Casts to narrower floats in a module's own code keep the dtype that was asked for."""

    def __init__(self, dtype: torch.dtype) -> None:
        super().__init__()
        self._dtype = dtype

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func in (torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16):
            return args[0].to(self._dtype)
        args = tuple(self._dtype if isinstance(a, torch.dtype) and a in _NARROW else a for a in args)
        kwargs = {
            name: self._dtype if isinstance(v, torch.dtype) and v in _NARROW else v
            for name, v in (kwargs or {}).items()
        }
        return func(*args, **kwargs)


@contextmanager
def _recording(module: torch.nn.Module, recorded: dict[str, Any] | None) -> Iterator[None]:
    """Keeps what every module gives at its first call (a copy: a function in place would overwrite it)."""
    hooks = []

    def keep(path: str) -> Callable[..., None]:
        def hook(_: Any, args: Any, output: Any) -> None:
            tensors = _tensors(output)
            if recorded is not None and path not in recorded and tensors:
                recorded[path] = _array(tensors[0]).copy()

        return hook

    if recorded is not None:
        hooks = [part.register_forward_hook(keep(path)) for path, part in module.named_modules()]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _first_changed(output: Any, function: Callable[[Any], Any]) -> Any:
    if isinstance(output, torch.Tensor):
        return function(output)
    return (function(output[0]), *output[1:]) if isinstance(output, tuple) else output


def _tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [t for part in value.values() for t in _tensors(part)]
    if isinstance(value, (tuple, list)):
        return [t for part in value for t in _tensors(part)]
    return []


def _array(tensor: torch.Tensor) -> Any:
    return tensor.detach().cpu().numpy()
