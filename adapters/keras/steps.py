"""What layers and operations of Keras do on one thread while a pass is on: they are recorded, and answered without a
backend's graph wherever that can be.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import keras
from keras.src.backend import compute_output_spec, get_keras_mask
from keras.src.layers import layer as layer_module
from keras.src.models import functional as functional_module
from keras.src.ops import operation as operation_module
from keras.src.utils import naming

from introspect.values import TensorSpec

from ..recording import Recorder
from ..thread_patch import ThreadPatch
from .inputs import array_dtype
from .layers import is_unit, runs_users_function
from .macs import macs_for
from .operations import settings_for, word_for
from .torch_wrapper import run_torch_module

_Layer = layer_module.Layer
_Operation = operation_module.Operation
_NO_TENSORS = frozenset({type(None), bool, int, float, str, list, tuple, dict, slice, type(...)})
_WHOLE = frozenset({int})
_NAME = "keras_tensor"  # one that Keras would have to make up
# Built-in layers without layers inside whose shape rule may know less than their call does.
_OWN_CALL = frozenset({"EinsumDense", "Lambda"})
# Private layers whose `call` their owner runs, not `__call__`.
_RUN_BY_CALL = ("cell", "_lookup_layer")


def spec_of(value: Any) -> TensorSpec | None:
    """The shape and dtype of a tensor, an array or a `KerasTensor`; `None` for anything else."""
    if type(value) is keras.KerasTensor:
        return _spec(value.shape, value.dtype)
    if type(value) in _NO_TENSORS:
        return None
    if isinstance(value, TensorSpec):
        return value
    if isinstance(value, (keras.KerasTensor, keras.Variable)) or keras.ops.is_tensor(value):
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
        original = PATCH.original(_Layer, "__call__")
        if self.building:
            return original(layer, *args, **kwargs)
        unit = self._units.get(id(layer))
        if unit is None:
            unit = self._units[id(layer)] = is_unit(layer)
        ruled = len(args) == 1 and self.ruled(layer) and all(value is None for value in kwargs.values())
        if ruled and unit and (outputs := self.by_shape(layer, args[0])) is not None:
            self.recorder.unit(layer, args[0], outputs, kwargs)
            return outputs
        step = self.recorder.enter(layer, args, kwargs, unit)
        if self.eager and not _is_built_in(type(layer).call):
            self.unseen.append(layer)
        try:
            outputs = self.by_spec(layer, args[0]) if ruled else None
            if outputs is None:
                self.keep(layer)
                outputs = original(layer, *args, **kwargs)
        except Exception as error:
            self.recorder.fail(step, error)
            raise
        self.recorder.leave(step, outputs)
        return outputs

    def ruled(self, layer: Any) -> bool:
        """Whether a layer is built and answers by its rule: then nothing is to be built, cast or masked, and of all
        that Keras's `__call__` does only the check of the input is left."""
        ruled = self._ruled.get(id(layer))
        if ruled is None:
            plain = layer.built and not layer.quantization_mode and not _makes_masks(layer)
            ruled = self._ruled[id(layer)] = plain and _answers_by_rule(layer) and type(layer).__call__ is _call
        return ruled

    def by_shape(self, layer: Any, given: Any) -> Any:
        """What a layer makes of one tensor whose output shape is all that its rule tells, as Keras would ask for it,
        without taking the call apart. `None` where there is more to it, or something wrong."""
        if type(layer).compute_output_spec is not _Layer.compute_output_spec or type(given) is not keras.KerasTensor:
            return None
        if not _are_plain(given, layer.input_dtype if layer._convert_input_args else None):
            return None
        try:
            layer._assert_input_compatibility(given)
            shape = layer.compute_output_shape(given.shape)
        except Exception:  # it is called once more, and raises
            return None
        if type(shape) is not tuple or not _WHOLE.issuperset(map(type, shape)):
            return None
        return keras.KerasTensor(shape, dtype=layer.compute_dtype, name=_NAME)

    def by_spec(self, layer: Any, inputs: Any) -> Any:
        """The same for several tensors, and for rules that tell more than a shape."""
        if not _are_plain(inputs, layer.input_dtype if layer._convert_input_args else None):
            return None
        layer._assert_input_compatibility(inputs)
        outputs = layer.compute_output_spec(inputs)
        return outputs if type(outputs) is keras.KerasTensor and None not in outputs.shape else None

    def build(self, layer: Any, call_spec: Any) -> Any:
        """Build, unrecorded."""
        self.building += 1
        try:
            return PATCH.original(_Layer, "_maybe_build")(layer, call_spec)
        finally:
            self.building -= 1

    def descend(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What a layer makes of `KerasTensor`s: by its rule, by its own call, or traced by the backend."""
        if _answers_by_rule(layer):
            outputs = layer.compute_output_spec(*args, **kwargs)
            if type(outputs) is keras.KerasTensor and None not in outputs.shape:
                return outputs
            if all(None not in getattr(t, "shape", ()) for t in keras.tree.flatten(outputs)):
                return outputs
        if type(layer).__name__ == "TimeDistributed" and _is_built_in(type(layer).call):
            return self._time_distributed(layer, args, kwargs)
        if type(layer).__name__ == "TorchModuleWrapper":
            return run_torch_module(layer.module, args, kwargs)
        call = layer.quantized_call if layer.quantization_mode else layer.call
        position = self.recorder.position()
        try:
            outputs = call(*args, **kwargs)
            # Keras's own functions for structures take long.
            return outputs if type(outputs) is keras.KerasTensor else keras.tree.map_structure(_symbolic, outputs)
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
        macs = macs_for(operation, lambda: (_specs((args, kwargs)), _specs(outputs)))
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
        and not runs_users_function(layer)
        and _holds_only_parts(layer)
    )


def _holds_only_parts(layer: Any) -> bool:
    """A recurrent layer runs its cell step by step, a text layer its lookup, neither by `__call__`: their rules say
    the same."""
    parts = [part for name in _RUN_BY_CALL if (part := getattr(layer, name, None)) is not None]
    held = {id(child) for child in keras.tree.flatten(list(layer._layers))} if layer._layers else set()
    return held <= {id(part) for part in parts} and all(_is_built_in(type(part).call) for part in parts)


def _symbolic(value: Any) -> Any:
    """A concrete tensor that a layer returns (position embeddings, say) goes on as a `KerasTensor`."""
    if type(value) is not keras.KerasTensor and keras.ops.is_tensor(value) and not isinstance(value, keras.KerasTensor):
        return keras.KerasTensor(value.shape, dtype=keras.backend.standardize_dtype(value.dtype))
    return value


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    current = PATCH.current
    if current is None:
        return PATCH.original(_Layer, "__call__")(layer, *args, **kwargs)
    return current.call(layer, args, kwargs)


def _maybe_build(layer: Any, call_spec: Any) -> Any:
    current = PATCH.current
    if current is None:
        return PATCH.original(_Layer, "_maybe_build")(layer, call_spec)
    return current.build(layer, call_spec)


def _layer_symbolic_call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    current = PATCH.current
    if current is None or current.building:
        return PATCH.original(_Layer, "symbolic_call")(layer, *args, **kwargs)
    return current.descend(layer, args, kwargs)


def _operation_symbolic_call(operation: Any, *args: Any, **kwargs: Any) -> Any:
    current = PATCH.current
    if current is None or current.building:
        return PATCH.original(_Operation, "symbolic_call")(operation, *args, **kwargs)
    return current.operate(operation, args, kwargs)


def _layer_node(*args: Any, **kwargs: Any) -> Any:
    current = PATCH.current
    if current is None or current.building:
        return PATCH.original(layer_module, "Node")(*args, **kwargs)
    return None


_signature, _argspec = lru_cache(1024)(inspect.signature), lru_cache(1024)(inspect.getfullargspec)


def _is_kerass(function: Any) -> bool:
    """Others may come and go."""
    return getattr(function, "__module__", "").startswith("keras.src.")


class _Inspect:
    """The `inspect` module of Keras's operations, of which each one that is made asks for signatures: every time the
    same ones, on whichever thread."""

    def signature(self, function: Any, **how: Any) -> Any:
        return _signature(function) if _is_kerass(function) and not how else inspect.signature(function, **how)

    def getfullargspec(self, function: Any) -> Any:
        return _argspec(function) if _is_kerass(function) else inspect.getfullargspec(function)

    def __getattr__(self, name: str) -> Any:
        return getattr(inspect, name)


class _Warnings:
    """The `warnings` module of Keras's layers and models: what a model warns of is said when the user runs it."""

    def warn(self, message: Any, category: Any = None, stacklevel: int = 1) -> None:
        if PATCH.current is None:
            warnings.warn(message, category, stacklevel + 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(warnings, name)


PATCH = ThreadPatch(
    [
        (_Layer, "__call__", _call),
        (_Layer, "_maybe_build", _maybe_build),
        (_Layer, "symbolic_call", _layer_symbolic_call),
        (_Operation, "symbolic_call", _operation_symbolic_call),
        (operation_module, "inspect", _Inspect()),
        (naming, "to_snake_case", lru_cache(4096)(naming.to_snake_case)),
        (layer_module, "Node", _layer_node),
        (layer_module, "warnings", _Warnings()),
        (functional_module, "warnings", _Warnings()),
    ]
)
