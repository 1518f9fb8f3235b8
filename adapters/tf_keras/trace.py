"""The dummy pass: every layer call and every TensorFlow operation between them, the model left as it was.

Abstract: the model's own code runs inside a scratch graph on placeholders, so that TensorFlow says every shape and
computes nothing; what is built there gets variables without values. Eager: it really runs, everything restored.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import UninitializedVariable

from introspect.adapter import Description, Trace
from introspect.records import Source
from introspect.values import Inputs, tensor_leaves

from ..plain import one_line, structure
from ..recording import Recorder, stranger_notes
from .inputs import feed, spec_of
from .steps import Pass, watched
from .structure import variable_paths, walk
from .untouched import continue_names, untouched, values_kept

_SMALL = 1024  # elements of a variable that may as well have a value


def trace(model: Any, inputs: Inputs, method: str, training: bool, describe: Callable[[Any], Description]) -> Trace:
    """One dummy pass by the first method that works: in a graph, then eager on real tensors, everything restored."""
    if method == "eager":
        result, _ = _run(model, inputs, training, "eager", describe)
        return replace(result, notes=("Method eager: asked for.", *result.notes))
    attempt, lack = _run(model, inputs, training, "abstract", describe)
    if lack is None:
        return attempt
    if method == "abstract":
        return (
            attempt
            if not attempt.complete
            else replace(attempt, notes=(*attempt.notes, f"{lack[0].upper()}{lack[1:]}."))
        )
    result, _ = _run(model, inputs, training, "eager", describe)
    if result.complete:
        return replace(result, notes=(f"Method eager: {lack}.", *result.notes))
    # Where the model raises either way, its own error says more than the method.
    return attempt if attempt.complete else result


def _lack(trace: Trace, current: Pass) -> str | None:
    """Why a real pass would tell more than this one."""
    if not trace.complete:
        return f"the abstract pass ended ({trace.notes[0]})"
    if current.branches:
        return "the model branches or loops on values, and what is inside is seen once in the abstract pass"
    specs = tensor_leaves([call.outputs for calls in trace.calls.values() for call in calls])
    if current.graph is not None and any(None in spec.shape for spec in specs):
        return "the abstract pass leaves sizes open"
    return None


def _run(
    model: Any, inputs: Inputs, training: bool, method: str, describe: Callable[[Any], Description]
) -> tuple[Trace, str | None]:
    paths: dict[int, str] = {}

    def path_of(layer: Any) -> str | None:
        if id(layer) not in paths:  # layers may be created while the model runs
            paths.update({id(place.layer): place.paths[0] for place in walk(model)})
        return paths.get(id(layer))

    recorder = Recorder(spec_of, path_of)
    built = all(place.layer.built for place in walk(model))
    graph = tf.__internal__.FuncGraph("introspect") if method == "abstract" else None
    current = Pass(recorder, graph, _reader(model, built))
    outputs, error = None, None
    with ExitStack() as stack:
        stack.enter_context(untouched(model))
        if graph is None:
            stack.enter_context(values_kept(model))
        else:
            continue_names(graph)
            stack.enter_context(graph.as_default())
            stack.enter_context(tf.variable_creator_scope(_without_value))
        live = feed(inputs, method == "abstract")
        live = _with_training(model, live, training)
        _mark(current, model, live)
        stack.enter_context(watched(current))
        try:
            outputs = model(*live.args, **live.kwargs)
        except Exception as raised:
            error = one_line(raised)
        trace = _trace(recorder, inputs, outputs, error, method)
        description = None if built else describe(model)
    lack = _lack(trace, current)
    if description is None or not trace.complete:
        return trace, lack
    before = describe(model)
    if (description.layers, description.unbuilt) == (before.layers, before.unbuilt):  # nothing was built in the pass
        return trace, lack
    note = "The model is not built: its tensors are shown as these inputs make them."
    description = replace(description, native_count=before.native_count)
    return replace(trace, description=description, notes=(note, *trace.notes)), lack


def _with_training(model: Any, live: Inputs, training: bool) -> Inputs:
    """Keras infers by default, but for some layers of images, which have to be told."""
    spec = model._call_spec
    if not spec.expects_training_arg or not (training or spec.default_training_arg) or "training" in live.kwargs:
        return live
    return Inputs(*live.args, **live.kwargs, training=training)


def _trace(recorder: Recorder, inputs: Inputs, outputs: Any, error: str | None, method: str) -> Trace:
    return Trace(
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
        unseen=recorder.around_strangers(),
    )


def _mark(current: Pass, model: Any, live: Inputs) -> None:
    """Say which tensors are inputs and which the model's own."""
    current.recorder.mark_inputs(live)
    for variable, path in variable_paths(model):
        current.recorder.mark(variable, Source("parameter", path=path))
        if (handle := _handle(variable)) is not None:
            current.recorder.mark(handle, Source("parameter", path=path))
            current.variables[id(handle)] = variable


def _handle(variable: Any) -> Any:
    try:
        return variable.handle
    except (AttributeError, ValueError, NotImplementedError):  # spread over several devices
        return None


def _reader(model: Any, built: bool) -> Callable[[Any], Source | None]:
    """Where an eager tensor comes from that no operation is known to have made. TensorFlow reads a variable that is
    given to an operation without saying so: such a tensor is told by its value. Else it is a constant."""
    variables: dict[tuple[Any, Any], list[tuple[Any, str]]] = {}
    for variable, path in variable_paths(model):
        variables.setdefault((tuple(variable.shape), variable.dtype.base_dtype), []).append((variable, path))

    def read(tensor: Any) -> Source | None:
        for variable, path in variables.get((tuple(tensor.shape), tensor.dtype), ()):
            if tensor.dtype.is_floating and bool(tf.reduce_all(tf.equal(variable.read_value(), tensor))):
                return Source("parameter", path=path)
        return Source("constant") if built or not tensor.shape.rank or not tensor.dtype.is_floating else None

    return read


def _without_value(make: Callable[..., Any], **kwargs: Any) -> Any:
    """A variable of a given shape, whose initial value is not computed. Small ones are zeros: layers may read them."""
    shape = kwargs.get("shape")
    if not callable(kwargs.get("initial_value")) or shape is None or not tf.TensorShape(shape).is_fully_defined():
        return make(**kwargs)
    if tf.TensorShape(shape).num_elements() <= _SMALL:
        with tf.init_scope():
            zeros = tf.zeros(shape, kwargs.get("dtype") or tf.float32)
        return make(**{**kwargs, "initial_value": zeros})
    names = ("trainable", "caching_device", "name", "shape", "dtype", "constraint", "synchronization", "aggregation")
    return UninitializedVariable(**{name: kwargs.get(name) for name in names})
