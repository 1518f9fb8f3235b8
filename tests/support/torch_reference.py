"""What a PyTorch model really passes between its modules: a hooked forward pass.

The other side of every shape comparison, so it imports nothing from the library.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

import torch
from torch.nn import Module
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.parameter import is_lazy
from torch.utils.flop_counter import FlopCounterMode


class Tensor(NamedTuple):
    shape: tuple
    dtype: str


class Call(NamedTuple):
    inputs: list[Tensor]
    outputs: list[Tensor]


class Reference(NamedTuple):
    """The calls of each module, in the order in which they were entered.

    The paths stand in the order of their first call; a module that was never
    called has none. `macs` is half of what torch's own counter counts in FLOPs.
    """

    calls: dict[str, list[Call]]
    macs: int


def record(model: Module, *args, **kwargs) -> Reference:
    """Run `model(*args, **kwargs)` in eval mode and write down every module call.

    The pass is real: a lazy module is initialised by it, and the model's own hooks run.
    A call is written as those hooks leave it: the inputs `forward` received,
    the outputs the caller received.
    """
    paths = {module: path for path, module in model.named_modules()}
    entered: list[_Entry] = []
    running: list[_Entry] = []

    def enter(module, arguments, keywords):
        entry = _Entry(paths[module], _tensors((arguments, keywords)))
        entered.append(entry)
        running.append(entry)

    def leave(module, arguments, outputs):
        # Calls that raised, in a model that caught it, are still on the stack: drop them.
        entry = running.pop()
        while entry.path != paths[module]:
            entry = running.pop()
        entry.outputs = _tensors(outputs)

    # Flags are set one by one, since `eval()` may be overridden or refused.
    modes = {module: module.training for module in paths}
    # In eval mode the fused transformer kernels skip the sublayers' calls.
    fast_path = torch.backends.mha.get_fastpath_enabled()
    handles = []
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        for module in paths:
            module.training = False
            # Through the base class: a scripted module refuses hooks, yet runs them.
            handles.append(Module.register_forward_pre_hook(module, enter, with_kwargs=True))
            handles.append(Module.register_forward_hook(module, leave))
        with counted(model) as counter:
            model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
        torch.backends.mha.set_fastpath_enabled(fast_path)

    calls: dict[str, list[Call]] = {}
    for entry in entered:
        if entry.outputs is not None:
            calls.setdefault(entry.path, []).append(Call(entry.inputs, entry.outputs))
    return Reference(calls, counter.get_total_flops() // 2)


@contextmanager
def counted(model: Module) -> Iterator[FlopCounterMode]:
    """Count what torch's own counter counts: attention and recurrences as the matrix products that they are made of,
    since the counter does not know the fused kernels of the CPU."""
    gradients = [p for p in model.parameters() if p.requires_grad and not is_lazy(p)]
    onednn = torch._C._get_mkldnn_enabled()
    counter = FlopCounterMode(display=False)
    try:
        for parameter in gradients:  # the counter can't follow a parameter that is passed as an input
            parameter.requires_grad_(False)
        if any(isinstance(module, torch.nn.RNNBase) for module in model.modules()):
            torch._C._set_mkldnn_enabled(False)
        with sdpa_kernel(SDPBackend.MATH), torch.no_grad(), counter:
            yield counter
    finally:
        torch._C._set_mkldnn_enabled(onednn)
        for parameter in gradients:
            parameter.requires_grad_(True)


@dataclasses.dataclass
class _Entry:
    path: str
    inputs: list[Tensor]
    outputs: list[Tensor] | None = None


def _tensors(value) -> list[Tensor]:
    """The tensors in a nest of containers, in order; anything else is left out."""
    if isinstance(value, torch.Tensor):
        return [Tensor(_shape(value), str(value.dtype).removeprefix("torch."))]
    # Before dataclasses: a transformers ModelOutput is both.
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, (tuple, list)):
        parts = value
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = (getattr(value, field.name) for field in dataclasses.fields(value))
    else:
        parts = ()
    return [tensor for part in parts for tensor in _tensors(part)]


def _shape(tensor: torch.Tensor) -> tuple:
    if tensor.is_nested:  # its inner lengths differ from row to row
        return (tensor.size(0), *[None] * (tensor.dim() - 1))
    return tuple(int(length) for length in tensor.shape)
