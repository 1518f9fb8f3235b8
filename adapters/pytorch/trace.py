"""The dummy pass: every module call and every tensor function between them, the model left as it was.

For this thread and the time of the pass, calling a module records a call and runs `forward` (so that the user's own
watching hooks do not run), `training` answers what was asked for (so that no flag is written), and a
`TorchFunctionMode` sees every tensor function.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import torch
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from introspect.adapter import Description, Trace
from introspect.values import Inputs, TensorSpec

from ..plain import one_line, structure
from ..recording import Recorder, stranger_notes
from ..thread_patch import ThreadPatch
from .copying import copied
from .hooks import run_forward, skipped_hooks
from .inputs import can_run, dtype_name, feed
from .layers import row_of
from .leaves import Leaf, are_torchs_own, leaf_of
from .modes import AbstractMode, EagerMode
from .untouched import random_state_kept, untouched

_Unseen = torch._C.DisableTorchFunction  # our own reading of tensors is no step of the model's


def trace(
    model: torch.nn.Module,
    inputs: Inputs,
    method: str,
    training: bool,
    describe: Callable[[torch.nn.Module], Description],
) -> Trace:
    """One dummy pass by the first method that works: abstract, then eager on a copy."""
    if not can_run(model):
        return Trace(None, notes=(f"{type(model).__name__} has no forward: it is not run, and has no shapes.",))
    held = _Held(model)
    lazy = any(isinstance(t, UninitializedTensorMixin) for t in held.tensors.values())
    why_not = _why_not_abstract(held, lazy)
    attempt = None
    if method != "eager" and not why_not:
        attempt = _run(model, held, inputs, training, "abstract")
        if attempt.complete or method == "abstract":
            return attempt
    if method == "abstract":
        return Trace(spec(inputs), notes=(f"No abstract pass: {why_not}; use trace='eager'.",), complete=False)
    why = why_not or ("asked for" if attempt is None else _reason(attempt))
    try:
        twin = copied(model)
    except Exception as error:
        note = f"The model can't be copied to be run: {one_line(error)}."
        return replace(
            attempt or Trace(spec(inputs)), complete=False, notes=(*(attempt.notes if attempt else ()), note)
        )
    result = _run(twin, _Held(twin), inputs, training, "eager")
    if not result.complete and attempt is not None:
        return result  # the model raises either way: its own error says more than the method
    note = f"Method eager, run on a copy: {why}."
    if lazy:
        result = replace(result, description=replace(describe(twin), native_count=describe(model).native_count))
        note += " The lazy modules are shown as these inputs make them."
    return replace(result, notes=(note, *result.notes))


class _Held:
    """What a model holds, by its first path: every module, and every parameter and buffer."""

    def __init__(self, model: torch.nn.Module) -> None:
        self.modules = _modules(model)
        self.tensors: dict[str, torch.Tensor] = {}
        seen: set[int] = set()
        for path, module in self.modules.items():
            for name, tensor in (*module._parameters.items(), *module._buffers.items()):
                if tensor is not None and id(tensor) not in seen:
                    seen.add(id(tensor))
                    self.tensors[f"{path}.{name}" if path else name] = tensor

    def scripted(self) -> dict[str, torch.nn.Module]:
        """The modules that TorchScript runs by itself."""
        return {path: m for path, m in self.modules.items() if isinstance(m, torch.jit.ScriptModule)}


def _modules(model: torch.nn.Module) -> dict[str, torch.nn.Module]:
    """As `named_modules`, without a generator at every level."""
    modules: dict[str, torch.nn.Module] = {}
    met: set[int] = set()
    stack = [("", model)]
    while stack:
        path, module = stack.pop()
        if id(module) in met:
            continue
        met.add(id(module))
        modules[path] = module
        if module._modules:
            before = path and f"{path}."
            below = [(before + name, child) for name, child in module._modules.items() if child is not None]
            stack.extend(reversed(below))
    return modules


def _why_not_abstract(held: _Held, lazy: bool) -> str | None:
    """What only a real run can see, or what would be written to for real in an abstract one."""
    if lazy:
        return "the model has lazy modules"
    for kind in dict.fromkeys(map(type, held.modules.values())):
        if issubclass(kind, torch.jit.ScriptModule):
            return "the model has a ScriptModule, which TorchScript runs by itself"
        if any(cls.__module__.startswith("keras.src.") for cls in kind.__mro__):
            return "the model holds a Keras layer"
    return None


def spec(inputs: Inputs) -> Inputs:
    """The inputs as specs and plain values."""
    args = tuple(structure(v, spec_of) for v in inputs.args)
    return Inputs(*args, **{name: structure(v, spec_of) for name, v in inputs.kwargs.items()})


def spec_of(value: Any) -> TensorSpec | None:
    """The shape and dtype of a tensor (or an array); `None` for anything else."""
    if isinstance(value, torch.Tensor):
        return _spec((None,) * value.dim() if value.is_nested else value.shape, value.dtype)
    if isinstance(value, TensorSpec):
        return value
    if hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype"):
        return TensorSpec(tuple(value.shape), str(value.dtype))
    return None


@lru_cache(4096)
def _spec(shape: tuple[int | None, ...], dtype: torch.dtype) -> TensorSpec:
    return TensorSpec(tuple(shape), dtype_name(dtype))


class Pass:
    """What calling a module does on this thread while a pass is on."""

    def __init__(
        self, recorder: Recorder, registered: Container[int], training: bool, abstract: bool, casts_on: str = "cpu"
    ) -> None:
        self.recorder = recorder
        self._casts_on = casts_on
        self.registered = registered
        self.training = training
        self.by_rule = abstract and are_torchs_own()
        self._how: dict[int, tuple[bool, Leaf | None]] = {}

    def casts(self) -> bool:
        """Whether autocast is on: then dtypes are not those that a rule gives."""
        return torch.is_autocast_enabled(self._casts_on)

    def how(self, module: torch.nn.Module) -> tuple[bool, Leaf | None]:
        """Whether the module is a unit, and how it answers at once. What is not registered in the model is in no table
        of ours: what it does is followed instead."""
        unit = row_of(module).unit and id(module) in self.registered
        leaf = leaf_of(module, self.training) if unit and self.by_rule else None
        self._how[id(module)] = unit, leaf
        return unit, leaf

    def call(self, module: torch.nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record the call and run `forward`."""
        with _Unseen():
            unit, leaf = self._how.get(id(module)) or self.how(module)
            bare = not module._forward_pre_hooks and not module._forward_hooks
            plain = len(args) == 1 and not kwargs and type(args[0]) is torch.Tensor
            if leaf is not None and bare and plain and not self.casts():
                try:
                    outputs = leaf(module, args[0])
                except (TypeError, AttributeError, KeyError):  # something was put where such a layer has its own
                    outputs = None
                if outputs is not None:
                    self.recorder.unit(module, args[0], outputs)
                    return outputs
            step = self.recorder.enter(module, args, kwargs, unit)
            # Every frame here is one at each level of a deep model.
            run: Any = module.forward if bare else partial(run_forward, module)
            if type(module).__module__.startswith("torch._dynamo."):
                run = module._orig_mod  # `torch.compile` stands aside for what it wraps
        try:
            outputs = run(*args, **kwargs)
        except Exception as error:
            with _Unseen():
                self.recorder.fail(step, error)
            raise
        with _Unseen():
            self.recorder.leave(step, outputs)
        return outputs


def _run(model: torch.nn.Module, held: _Held, inputs: Inputs, training: bool, method: str) -> Trace:
    paths = {id(module): path for path, module in held.modules.items()}
    recorder = Recorder(spec_of, lambda layer: paths.get(id(layer)))
    abstract = method == "abstract"
    device = next((t.device for t in held.tensors.values()), torch.device("cpu"))
    mode = (
        AbstractMode(recorder, device, held.tensors.values())
        if abstract
        else EagerMode(recorder, held.tensors.values())
    )
    casts_on = device.type if device.type != "meta" else "cpu"
    current = Pass(recorder, paths, training, abstract, casts_on)
    outputs, error = None, None
    with ExitStack() as stack:
        stack.enter_context(random_state_kept())
        if abstract:  # else it is a copy, and what lazy modules become on it is to be described
            stack.enter_context(untouched(held.modules.values()))
        else:
            for scripted in held.scripted().values():
                scripted.train(training)  # TorchScript reads its own flag, and this is a copy
        live = feed(inputs, device, abstract)
        recorder.mark_inputs(live)
        recorder.mark_parameters(held.tensors.items())
        if abstract:  # a copy that really runs may want to differentiate
            stack.enter_context(torch.no_grad())
        stack.enter_context(_PATCH.active(current))
        stack.enter_context(mode)
        try:
            outputs = model(*live.args, **live.kwargs)
        except Exception as raised:
            error = one_line(raised)
        with _Unseen():
            shown = structure(outputs, spec_of)
    del outputs, live
    notes = [recorder.failure or f"The model raised {error}"] if error else []
    return Trace(
        inputs=spec(inputs),
        outputs=shown,
        calls=recorder.calls(),
        operations=recorder.operations(),
        output_sources=recorder.output_sources,
        notes=(*notes, *stranger_notes(recorder.strangers()), *skipped_hooks(held.modules.values())),
        complete=error is None,
        method=method,
        failed_at=recorder.failed_at if error else None,
        unseen=frozenset(held.scripted()),
    )


def _reason(attempt: Trace) -> str:
    return f"the abstract pass ended ({attempt.notes[0]})" if attempt.notes else "the abstract pass ended"


def _call(module: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None:
        return _PATCH.original(torch.nn.Module, "_call_impl")(module, *args, **kwargs)
    return current.call(module, args, kwargs)


def _get_training(module: torch.nn.Module) -> bool:
    current = _PATCH.current
    if current is not None:
        return current.training
    if "training" in module.__dict__:
        return module.__dict__["training"]
    return bool(module.__getattr__("training"))  # ScriptModules keep it elsewhere


def _set_training(module: torch.nn.Module, value: bool) -> None:
    module.__dict__["training"] = value


def _get_compiled(module: torch.nn.Module) -> Any:
    """What `module.compile()` has made stands aside for the module itself."""
    return None if _PATCH.current is not None else module.__dict__.get("_compiled_call_impl")


def _set_compiled(module: torch.nn.Module, value: Any) -> None:
    module.__dict__["_compiled_call_impl"] = value


# `__call__` itself does no more than to choose between these two; to put another one there takes ten times as long,
# since it stands in a slot of every subclass.
_PATCH = ThreadPatch(
    [
        (torch.nn.Module, "_call_impl", _call),
        (torch.nn.Module, "_compiled_call_impl", property(_get_compiled, _set_compiled)),
        (torch.nn.Module, "training", property(_get_training, _set_training)),
    ]
)
