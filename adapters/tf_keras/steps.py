"""What layers and operations of Keras 2 do on one thread while a pass is on: they are recorded.

Layers are wrapped; TensorFlow itself tells this thread of each operation that is made or run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tf_keras
from tensorflow.python.eager import execute
from tensorflow.python.eager.context import context
from tensorflow.python.eager.polymorphic_function.concrete_function import ConcreteFunction
from tf_keras.src.engine.keras_tensor import KerasTensor

from introspect.records import Source

from ..recording import Recorder
from ..thread_patch import ThreadPatch
from .inputs import spec_of
from .layers import is_unit, row_of
from .operations import (
    CONTROL_FLOW,
    FROM_SHAPE,
    PASSED_ON,
    RANDOM,
    argument_names,
    attributes,
    macs_for,
    word_for,
)

_Layer = tf_keras.layers.Layer
_Function = type(tf.function(lambda: None))
_LARGEST = 16  # elements of a constant that is told as a value


class Pass:
    """What layers and operations do on this thread while a pass is on."""

    def __init__(self, recorder: Recorder, graph: Any, read: Callable[[Any], Source | None]) -> None:
        self.recorder = recorder
        self.graph = graph
        self.silent = 0  # calls that are none of the model's own: while building, or step by step
        self.branches = False
        self._hidden: dict[int, Any] = {}  # tensors made inside units: they come from somewhere, and are no constants
        self._captured: dict[int, Any] = {}
        self._cells: list[list[Any]] = []  # the cells of the recurrent layers that run, and whether they have run
        self.variables: dict[int, Any] = {}  # by the id of their handle
        self._read = read  # what a variable's value may be told by, where TensorFlow does not tell that it was read

    def call(self, layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record the call. Those made only while building are none of the model's."""
        original = _PATCH.original(_Layer, "__call__")
        if self.silent or _is_symbolic((args, kwargs)) or self._again(layer):
            with self.unrecorded():
                return original(layer, *args, **kwargs)
        for tensor in _flat((args, kwargs)):
            self._explain(tensor)
        step = self.recorder.enter(layer, args, kwargs, is_unit(layer))
        try:
            outputs = self._outputs(layer, original, args, kwargs)
        except Exception as error:
            self.recorder.fail(step, error)
            raise
        self.recorder.leave(step, outputs)
        return outputs

    def _outputs(self, layer: Any, original: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if _runs_steps(layer):
            with self.unrecorded():
                return original(layer, *args, **kwargs)
        if isinstance(getattr(layer, "cell", None), _Layer):
            self._cells.append([layer.cell, False])
            try:
                return original(layer, *args, **kwargs)
            finally:
                self._cells.pop()
        if row_of(layer).kind == "time_distributed" and _is_built_in(layer):
            # It runs its layer on every time step, or on all at once; one of them stands for all.
            sequence = args[0] if args else kwargs["inputs"]
            with self.unrecorded():
                outputs = original(layer, *args, **kwargs)
                first = tf.nest.map_structure(self._first_step, sequence)
            layer.layer(first)
            return outputs
        return original(layer, *args, **kwargs)

    def _again(self, layer: Any) -> bool:
        """Whether this is a cell of the user's at its second time step or later: the first one stands for all."""
        if not self._cells or self._cells[-1][0] is not layer:
            return False
        before, self._cells[-1][1] = self._cells[-1][1], True
        return before

    def _first_step(self, tensor: Any) -> Any:
        first = tensor[:, 0]
        self._pass_on(tensor, first)
        return first

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """Nothing that happens here is a step of the model."""
        self.silent += 1
        try:
            yield
        finally:
            self.silent -= 1

    def saw(self, name: Any, inputs: Any, given: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        """TensorFlow has made or run an operation."""
        name = name.decode() if isinstance(name, bytes) else name
        if self.silent or self.recorder.inside_unit:
            if not self.silent:
                self._hide(outputs)
            return
        if graph is not self.graph:
            self.branches |= graph is not None  # the body of a loop or branch
            return
        self.branches |= name in CONTROL_FLOW
        for tensor in inputs:
            self._explain(tensor)
        if name in PASSED_ON and inputs:
            self._pass_on(inputs[0], outputs[0])
        elif name in FROM_SHAPE:
            for tensor in outputs:
                self.recorder.mark(tensor, Source("constant"))
        elif name.startswith(RANDOM):
            self._hide(outputs)
        elif inputs and outputs:
            self._operation(name, list(inputs), given, list(outputs))

    def _hide(self, tensors: Any) -> None:
        self._hidden.update((id(tensor), tensor) for tensor in tensors)

    def _operation(self, name: str, inputs: list[Any], given: Any, outputs: list[Any]) -> None:
        settings = attributes(given, outputs, self.graph is not None)
        specs = [spec for tensor in inputs if (spec := spec_of(tensor)) is not None]
        macs = macs_for(name, settings, specs, spec_of(outputs[0]))
        arguments = argument_names(name, len(inputs))
        inputs = [self._variable(tensor) for tensor in inputs]
        args: list[Any] = []
        for place, tensor in enumerate(inputs):
            value = self._constant(tensor)
            if value is None:
                args.append(tensor)
            elif place in arguments:
                settings[arguments[place]] = value
            else:
                args.append(value)
                settings[f"argument_{place}"] = value
        self.recorder.operation(
            word_for(name), name, settings, args, {}, outputs[0] if len(outputs) == 1 else outputs, macs
        )

    def _variable(self, tensor: Any) -> Any:
        """The variable that a handle leads to, where an operation takes it as a whole; any other tensor itself."""
        if tensor.dtype != tf.resource:
            return tensor
        return self.variables.get(id(tensor if self.graph is None else self._outside(tensor)), tensor)

    def _constant(self, tensor: Any) -> Any:
        """The value of a small constant, `None` for any other tensor."""
        source = self.recorder.source_of(tensor)
        if (
            source is None
            or source.kind != "constant"
            or isinstance(tensor, tf.Variable)
            or (tensor.shape.num_elements() or 99) > _LARGEST
        ):
            return None
        value = tf.get_static_value(tensor)
        return None if value is None or tensor.dtype == tf.string else value.tolist()

    def _pass_on(self, tensor: Any, output: Any) -> None:
        source = self.recorder.source_of(tensor)
        if source is not None:
            self.recorder.mark(output, source)

    def _explain(self, tensor: Any) -> None:
        """Say where a tensor comes from that no step of the pass has made: a parameter, or a constant."""
        if not isinstance(tensor, (tf.Tensor, tf.Variable)) or self.recorder.source_of(tensor) is not None:
            return
        if isinstance(tensor, tf.Variable):
            return
        if tensor.dtype == tf.resource and self.graph is None:
            return  # a variable made in this pass
        if self.graph is not None and hasattr(tensor, "graph"):
            outside = self._outside(tensor)
            source = None if outside is None else self.recorder.source_of(outside)
            if source is not None:
                self.recorder.mark(tensor, source)
            if outside is None or outside.dtype == tf.resource:
                return
        if self._hidden.get(id(tensor)) is tensor:
            return
        with self.unrecorded():
            source = self._read(tensor) if self.graph is None else Source("constant")
        if source is not None:
            self.recorder.mark(tensor, source)

    def _outside(self, tensor: Any) -> Any:
        """What a placeholder of the graph stands for, outside of it."""
        if id(tensor) not in self._captured:
            self._captured.update((id(inside), outside) for outside, inside in self.graph.captures)
        return self._captured.get(id(tensor))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for inner in value:
            yield from _flat(inner)
    else:
        yield value


def _is_symbolic(value: Any) -> bool:
    """Whether a functional model is being built, which runs nothing."""
    return any(isinstance(leaf, KerasTensor) for leaf in _flat(value))


def _is_built_in(layer: Any) -> bool:
    return type(layer).call.__module__.startswith("tf_keras.src.layers.")


def _runs_steps(layer: Any) -> bool:
    """A recurrent layer runs its cell step by step, or not at all where there is a kernel for the whole."""
    cell = getattr(layer, "cell", None)
    cells = getattr(cell, "cells", [cell])
    return isinstance(cell, _Layer) and all(_is_built_in(each) for each in (layer, cell, *cells))


@contextmanager
def watched(current: Pass) -> Iterator[None]:
    """On this thread, layers and operations are told to the pass."""
    callbacks: Any = context()
    with _PATCH.active(current):
        callbacks.add_op_callback(current.saw)
        try:
            yield
        finally:
            callbacks.remove_op_callback(current.saw)


def _call(layer: Any, *args: Any, **kwargs: Any) -> Any:
    current = _PATCH.current
    if current is None:
        return _PATCH.original(_Layer, "__call__")(layer, *args, **kwargs)
    return current.call(layer, args, kwargs)


def _maybe_build(layer: Any, inputs: Any) -> Any:
    current = _PATCH.current
    if current is None:
        return _PATCH.original(_Layer, "_maybe_build")(layer, inputs)
    with current.unrecorded():
        return _PATCH.original(_Layer, "_maybe_build")(layer, inputs)


def _autographed_call(layer: Any) -> Any:
    """Python as it is written: what branches on values is run eagerly instead."""
    return layer.call if _PATCH.current else _PATCH.original(_Layer, "_autographed_call")(layer)


def _function_call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """A `tf.function` of the user's is run as the Python function that it is made of."""
    current = _PATCH.current
    if current is None or current.silent or current.recorder.inside_unit:
        return _PATCH.original(_Function, "__call__")(function, *args, **kwargs)
    return function.python_function(*args, **kwargs)


def _traced_call(function: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of which there is only the graph, as in a model that was loaded: one step, not seen into."""
    current = _PATCH.current
    original = _PATCH.original(ConcreteFunction, "_call_flat")
    if current is None or current.silent or current.recorder.inside_unit:
        return original(function, inputs, *args, **kwargs)
    with current.unrecorded():
        outputs = original(function, inputs, *args, **kwargs)
    given = [tensor for tensor in inputs if isinstance(tensor, tf.Tensor) and tensor.dtype != tf.resource]
    current.recorder.operation("unknown", "function", {}, given, {}, outputs, None)
    return outputs


_PATCH = ThreadPatch(
    [
        (_Layer, "__call__", _call),
        (_Layer, "_maybe_build", _maybe_build),
        (_Layer, "_autographed_call", _autographed_call),
        (_Function, "__call__", _function_call),
        (ConcreteFunction, "_call_flat", _traced_call),
        (execute, "execute", execute.execute_with_callbacks),
    ]
)
