"""The dummy pass: every layer call and every operation between them, the model left as it was.

*Symbolic descent*: for this thread and the time of the pass, a layer that meets a `KerasTensor` runs its own `call` on
it, so that every operation inside is answered in Python; a built-in layer without layers inside answers with its own
shape rule. No backend graph is built, no node is added to a layer, and under `StatelessScope` no variable is written.
A layer whose `call` can't take a `KerasTensor` is traced by the backend instead, that layer alone.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import keras

from introspect.adapter import Description, Trace
from introspect.values import Inputs

from ..plain import one_line, structure
from ..recording import Recorder, stranger_notes
from .inputs import feed
from .steps import PATCH, Pass, spec_of
from .structure import variable_paths, walk
from .untouched import runs_only_keras, untouched, values_kept


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
        recorder.mark_parameters((path, variable) for variable, path in variable_paths(places))
        current = Pass(recorder, keep, method == "eager")
        stack.enter_context(PATCH.active(current))
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
