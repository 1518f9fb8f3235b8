"""The dummy pass: every layer call and every operation between them, the model left as it was.

*Symbolic descent*: for this thread and the time of the pass, a layer that meets a `KerasTensor` runs its own `call` on
it, so that every operation inside is answered in Python; a built-in layer without layers inside answers with its own
shape rule. No backend graph is built, no node is added to a layer, and under `StatelessScope` no variable is written.
A layer whose `call` can't take a `KerasTensor` is traced by the backend instead, that layer alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import lru_cache
from typing import Any

import keras
from keras.src.backend import compute_output_spec, get_keras_mask
from keras.src.layers import layer as layer_module
from keras.src.models import functional as functional_module
from keras.src.ops import operation as operation_module

from introspect.adapter import Description, Trace
from introspect.records import Source
from introspect.values import Inputs, TensorSpec

from ..plain import one_line, structure
from ..recording import Recorder, stranger_notes
from ..thread_patch import ThreadPatch
from .inputs import array_dtype, feed
from .layers import is_unit
from .macs import macs_for
from .operations import settings_for, word_for
from .structure import variable_paths, walk
from .torch_wrapper import run_torch_module
from .untouched import runs_only_keras, untouched, values_kept

_Layer = layer_module.Layer
_Operation = operation_module.Operation
_NO_TENSORS = frozenset({type(None), bool, int, float, str, list, tuple, dict})
# Built-in layers without layers inside whose shape rule may know less than their call does.
_OWN_CALL = frozenset({"EinsumDense", "Lambda"})
# Private layers whose `call` their owner runs, not `__call__`.
_RUN_BY_CALL = ("cell", "_lookup_layer")


def trace(model: Any, inputs: Inputs, method: str, training: bool, describe: Callable[[Any], Description]) -> Trace:
    """One dummy pass by the first method that works: symbolic, then eager on real arrays, with everything restored."""
    attempt = None
    if method != "eager":
        attempt = _run(model, inputs, training, "abstract", describe)
        if attempt.complete or method == "abstract":
            return attempt
    result = _run(model, inputs, training, "eager", describe)
    if not result.complete and attempt is not None:
        return result  # the model raises either way: its own error says more than the method
    why = "asked for" if attempt is None else f"the abstract pass ended ({attempt.notes[0]})"
    note = f"Method eager: {why}. Operations between layers are not seen this way."
    return replace(result, notes=(note, *result.notes))


def spec_of(value: Any) -> TensorSpec | None:
    """The shape and dtype of a tensor, an array or a `KerasTensor`; `None` for anything else."""
    if isinstance(value, TensorSpec):
        return value
    if type(value) is keras.KerasTensor:
        return _spec(value.shape, value.dtype)
    if type(value) in _NO_TENSORS:
        return None
    if isinstance(value, keras.KerasTensor) or keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
        shape = tuple(None if n is None else int(n) for n in value.shape)
        return TensorSpec(shape, keras.backend.standardize_dtype(value.dtype))
    if hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype"):
        return TensorSpec(tuple(int(n) for n in value.shape), array_dtype(value))
    return None


@lru_cache(4096)
def _spec(shape: tuple[int | None, ...], dtype: str) -> TensorSpec:
    return TensorSpec(shape, dtype)


class Pass:
    """What layers and operations do on this thread while a pass is on."""

    def __init__(self, recorder: Recorder, keep: Callable[[Any], None], eager: bool) -> None:
        self.recorder = recorder
        self.keep = keep
        self.eager = eager
        self.building = 0
        self._units: dict[int, bool] = {}
        self._ruled: dict[int, bool] = {}
        self.unseen: list[Any] = []  # layers whose own code ran where no operation of it is seen

    def call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record the call. Those made only while building are none of the model's."""
        original = _PATCH.original(_Layer, "__call__")
        if self.building:
            return original(layer, *args, **kwargs)
        unit = self._units.get(id(layer))
        if unit is None:
            unit = self._units[id(layer)] = is_unit(layer)
        step = self.recorder.enter(layer, args, kwargs, unit)
        if self.eager and not _is_built_in(type(layer).call):
            self.unseen.append(layer)
        try:
            said = any(value is not None for value in kwargs.values())  # Keras itself adds `mask=None`
            outputs = self.at_once(layer, *args) if len(args) == 1 and not said else None
            if outputs is None:
                self.keep(layer)
                outputs = original(layer, *args, **kwargs)
        except Exception as error:
            self.recorder.fail(step, error)
            raise
        self.recorder.leave(step, outputs)
        return outputs

    def at_once(self, layer: Any, inputs: Any) -> Any:
        """What a built layer answers by its rule to plain `KerasTensor`s: nothing is to be built, cast or masked, so
        that of all that Keras's `__call__` does only the check of the input is left. `None` where there is more."""
        ruled = self._ruled.get(id(layer))
        if ruled is None:
            plain = layer.built and not layer.quantization_mode and not _makes_masks(layer)
            ruled = self._ruled[id(layer)] = plain and _answers_by_rule(layer) and type(layer).__call__ is _call
        if not ruled or not _are_plain(inputs, layer.input_dtype if layer._convert_input_args else None):
            return None
        layer._assert_input_compatibility(inputs)
        if type(layer).compute_output_spec is _Layer.compute_output_spec and type(inputs) is keras.KerasTensor:
            shape = layer.compute_output_shape(inputs.shape)  # as that method does, without taking the call apart
            if type(shape) is not tuple or not all(type(n) is int for n in shape):
                return None
            return keras.KerasTensor(shape, dtype=layer.compute_dtype)
        outputs = layer.compute_output_spec(inputs)
        return outputs if type(outputs) is keras.KerasTensor and None not in outputs.shape else None

    def build(self, layer: Any, call_spec: Any) -> Any:
        """Build, unrecorded."""
        self.building += 1
        try:
            return _PATCH.original(_Layer, "_maybe_build")(layer, call_spec)
        finally:
            self.building -= 1

    def descend(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a layer makes of `KerasTensor`s: by its rule, by its own call, or traced by the backend."""
        if _answers_by_rule(layer):
            outputs = layer.compute_output_spec(*args, **kwargs)
            if all(None not in getattr(t, "shape", ()) for t in keras.tree.flatten(outputs)):
                return outputs
        if type(layer).__name__ == "TimeDistributed" and _is_built_in(type(layer).call):
            return self._time_distributed(layer, args, kwargs)
        if type(layer).__name__ == "TorchModuleWrapper":
            return run_torch_module(layer.module, args, kwargs)
        call = layer.quantized_call if layer.quantization_mode else layer.call
        position = self.recorder.position()
        try:
            return keras.tree.map_structure(_symbolic, call(*args, **kwargs))
        except RecursionError:
            raise  # another way would take as many frames at every level
        except Exception:

            def traced(*args: Any, **kwargs: Any) -> Any:
                self.recorder.back_to(position)  # the backend may try more than once
                if not _is_built_in(type(layer).call):
                    self.unseen.append(layer)
                return call(*args, **kwargs)

            return compute_output_spec(traced, *args, **kwargs)

    def _time_distributed(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """It runs its child's `call` on every time step; one of them stands for all."""
        sequence = args[0] if args else kwargs["inputs"]
        child = layer.layer(keras.KerasTensor((sequence.shape[0], *sequence.shape[2:]), sequence.dtype))
        return keras.tree.map_structure(
            lambda t: keras.KerasTensor((t.shape[0], sequence.shape[1], *t.shape[1:]), t.dtype), child
        )

    def operate(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """An operation on `KerasTensor`s, without the node that Keras would add to its graph."""
        outputs = operation.compute_output_spec(*args, **kwargs)
        word, native = word_for(operation)
        if native == "ConvertToTensor" and spec_of(outputs) == spec_of(args[0]):
            return args[0]  # what is a tensor already stays itself
        settings = settings_for(operation, args, kwargs, spec_of)
        macs = macs_for(operation, _specs((args, kwargs)), _specs(outputs))
        self.recorder.operation(word, native, settings, args, kwargs, outputs, macs)
        return outputs


def _are_plain(inputs: Any, dtype: str | None) -> bool:
    """Symbolic tensors (one, or a list for a merging layer) of a dtype, without a mask."""
    return all(
        type(x) is keras.KerasTensor and (dtype is None or x.dtype == dtype) and get_keras_mask(x) is None
        for x in (inputs if type(inputs) in (list, tuple) else (inputs,))
    )


def _makes_masks(layer: Any) -> bool:
    return type(layer).__name__ == "Masking" or bool(getattr(layer, "mask_zero", False))


def _specs(structure: Any) -> list[TensorSpec]:
    return [spec for leaf in keras.tree.flatten(structure) if (spec := spec_of(leaf)) is not None]


def _is_built_in(function: Any) -> bool:
    return function.__module__.startswith("keras.src.layers.")


def _answers_by_rule(layer: Any) -> bool:
    """A built-in layer without layers inside, none of whose methods that matter is the user's (or was replaced)."""
    cls = type(layer)
    rule = (
        cls.compute_output_shape if cls.compute_output_spec is _Layer.compute_output_spec else cls.compute_output_spec
    )
    return (
        _is_built_in(cls.call)
        and _is_built_in(rule)
        and rule is not _Layer.compute_output_shape
        and cls.__name__ not in _OWN_CALL
        and "call" not in vars(layer)
        and _holds_only_parts(layer)
    )


def _holds_only_parts(layer: Any) -> bool:
    """A recurrent layer runs its cell step by step, a text layer its lookup, neither by `__call__`: their rules say
    the same."""
    parts = [part for name in _RUN_BY_CALL if (part := getattr(layer, name, None)) is not None]
    held = {id(child) for child in keras.tree.flatten(list(layer._layers))}
    return held <= {id(part) for part in parts} and all(_is_built_in(type(part).call) for part in parts)


def _symbolic(value: Any) -> Any:
    """A concrete tensor that a layer returns (position embeddings, say) goes on as a `KerasTensor`."""
    if type(value) is not keras.KerasTensor and keras.ops.is_tensor(value) and not isinstance(value, keras.KerasTensor):
        return keras.KerasTensor(value.shape, dtype=keras.backend.standardize_dtype(value.dtype))
    return value


def _run(model: Any, inputs: Inputs, training: bool, method: str, describe: Callable[[Any], Description]) -> Trace:
    places = walk(model)
    paths = {id(place.layer): place.paths[0] for place in places}

    def path_of(layer: Any) -> str | None:
        if id(layer) not in paths:  # layers may be created while the model runs
            paths.update({id(place.layer): place.paths[0] for place in walk(model)})
        return paths.get(id(layer))

    recorder = Recorder(spec_of, path_of)
    layers = [place.layer for place in places]
    built = all(layer.built for layer in layers)
    outputs, error = None, None
    with ExitStack() as stack:
        keep = stack.enter_context(untouched(layers, later=built and runs_only_keras(layers)))
        if built or method == "abstract":
            stack.enter_context(keras.StatelessScope(initialize_variables=False))
        else:  # what is built in the pass needs real values
            stack.enter_context(values_kept(model))
        live = feed(inputs, method == "abstract")
        if training and model._call_has_training_arg:
            live = Inputs(*live.args, **live.kwargs, training=True)
        recorder.mark_inputs(live)
        for variable, path in variable_paths(places):
            recorder.mark(variable, Source("parameter", path=path))
        current = Pass(recorder, keep, method == "eager")
        stack.enter_context(_PATCH.active(current))
        try:
            outputs = model(*live.args, **live.kwargs)
        except Exception as raised:
            error = one_line(raised)
        trace = Trace(
            inputs=Inputs(
                *(structure(v, spec_of) for v in inputs.args),
                **{k: structure(v, spec_of) for k, v in inputs.kwargs.items()},
            ),
            outputs=structure(outputs, spec_of),
            calls=recorder.calls(),
            operations=recorder.operations(),
            output_sources=recorder.output_sources,
            notes=(
                *([recorder.failure or f"The model raised {error}"] if error else ()),
                *stranger_notes(recorder.strangers()),
            ),
            complete=error is None,
            method=method,
            failed_at=recorder.failed_at if error else None,
            unseen=frozenset(path for layer in current.unseen if (path := path_of(layer)) is not None)
            | recorder.around_strangers(),
        )
        description = None if built else describe(model)
    if description is None or not trace.complete:
        return trace
    before = describe(model)
    if description.unbuilt == before.unbuilt:  # nothing was built in the pass
        return trace
    note = "The model is not built: its tensors are shown as these inputs make them."
    return replace(
        trace, description=replace(description, native_count=before.native_count), notes=(note, *trace.notes)
    )


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None:
        return _PATCH.original(_Layer, "__call__")(layer, *args, **kwargs)
    return current.call(layer, args, kwargs)


def _maybe_build(layer: Any, call_spec: Any) -> Any:
    current = _PATCH.current
    if current is None:
        return _PATCH.original(_Layer, "_maybe_build")(layer, call_spec)
    return current.build(layer, call_spec)


def _layer_symbolic_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None or current.building:
        return _PATCH.original(_Layer, "symbolic_call")(layer, *args, **kwargs)
    return current.descend(layer, args, kwargs)


def _operation_symbolic_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None or current.building:
        return _PATCH.original(_Operation, "symbolic_call")(operation, *args, **kwargs)
    return current.operate(operation, args, kwargs)


def _layer_node(*args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None or current.building:
        return _PATCH.original(layer_module, "Node")(*args, **kwargs)
    return None


class _Warnings:
    """The `warnings` module of Keras's layers and models: what a model warns of is said when the user runs it."""

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1) -> None:
        if _PATCH.current is None:
            warnings.warn(message, category, stacklevel + 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)


_PATCH = ThreadPatch(
    [
        (_Layer, "__call__", _call),
        (_Layer, "_maybe_build", _maybe_build),
        (_Layer, "symbolic_call", _layer_symbolic_call),
        (_Operation, "symbolic_call", _operation_symbolic_call),
        (layer_module, "Node", _layer_node),
        (layer_module, "warnings", _Warnings()),
        (functional_module, "warnings", _Warnings()),
    ]
)
