"""A copy of a Keras 2 model, in another dtype, on which weights and settings are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
import tf_keras
from tf_keras.src.engine.functional import Functional

from introspect.adapter import Change, Ran
from introspect.errors import ProofError
from introspect.values import Inputs

from ..changing import Tools, give_weights, narrow_note, retyped, tensors_of
from ..plain import map_leaves, one_line
from ..tensorflow_doubles import doubled_tensorflow
from .functions import function_of
from .structure import children_of, own_variables, walk
from .untouched import untouched
from .weights import TfKerasArrays

_TOOLS = Tools(function_of, tf.pad, lambda layer: bool(own_variables(layer) or children_of(layer)))
# What Keras 2 rounds to float32 when a layer is made.
_ROUNDED = ("alpha", "theta", "threshold", "negative_slope", "max_value")


class TfKerasStage:
    """See `introspect.adapter.Stage`."""

    def __init__(self, model: Any, dtype: str, arrays: Callable[[Any], TfKerasArrays]) -> None:
        self.notes: list[str] = []
        self.exact = True
        self._dtype, self._casts = dtype, True
        try:
            with untouched(model):
                self._model = copied(model, dtype)
        except Exception as error:  # the user's own get_config and from_config
            raise ProofError(f"{type(model).__name__} can't be copied ({one_line(error)}).") from error
        pairs = zip(walk(model), walk(self._model), strict=True)
        self._layers = {path: copy.layer for place, copy in pairs for path in place.paths}
        self._arrays = arrays(model).like(arrays(self._model))
        narrow = [path for path, layer in self._layers.items() if _is_narrow(layer, dtype)]
        if narrow and dtype == "float64":
            self.exact = False
            self.notes.append(narrow_note(narrow))

    def weights(self) -> Any:
        """The copy's variables, by the model's paths."""
        return self._arrays

    def change(self, change: Change) -> str | None:
        """Make a repair on the copy."""
        layer = self._model if change.path is None else self._layers.get(change.path)
        return f"no layer has the path {change.path}" if layer is None else _TOOLS.change(layer, change)

    def run(self, inputs: Inputs, record: bool = False) -> Ran:
        """What the copy gives. Code that casts to float32, and then counts on it, runs once more with its casts."""
        if self._dtype != "float64":
            return self._run(inputs, record, None)
        if self._casts:
            try:
                return self._run(inputs, record, "casts")
            except Exception:  # the model's own code
                self._casts = False
        ran = self._run(inputs, record, "constants")
        if self.exact:
            self.exact = False
            self.notes.append("The model's own code casts to float32, and counts on it.")
        return ran

    def _run(self, inputs: Inputs, record: bool, wide: str | None) -> Ran:
        recorded: dict[str, Any] = {}
        live = map_leaves(self._tensor, inputs)
        training = {"training": False} if self._model._call_spec.expects_training_arg else {}
        with untouched(self._model), doubled_tensorflow().active(wide):
            for layer in self._layers.values():
                if getattr(layer, "adapt_mean", None) is not None:  # what it subtracts was made of what it had before
                    layer.finalize_state()
            with _recording(self._layers if record else {}, recorded):
                outputs = self._model(*live.args, **live.kwargs, **training)
        return Ran(tuple(tensor.numpy() for tensor in tensors_of(outputs)), recorded)

    def _tensor(self, value: Any) -> Any:
        if not hasattr(value, "dtype") or not hasattr(value, "shape"):
            return value
        return tf.constant(value, self._dtype if value.dtype.kind == "f" else None)


def copied(model: Any, dtype: str) -> Any:
    """The model made anew from its configuration, with the same weights, in another dtype. Raises `ProofError`."""
    layers = [place.layer for place in walk(model)]
    classes = {type(layer).__name__: type(layer) for layer in layers if not _is_own(layer)}
    with tf_keras.utils.custom_object_scope(classes):
        copy = type(model).from_config(retyped(model.get_config(), dtype))
        if not copy.built and model.built:
            copy.build_from_config(model.get_build_config())
    theirs = [place.layer for place in walk(copy)]
    give_weights(layers, theirs, own_variables, lambda to, value: to.assign(tf.cast(value, to.dtype)))
    for layer in theirs:
        for name in _ROUNDED:
            held: Any = vars(layer).get(name)
            if getattr(held, "dtype", None) == "float32" and getattr(held, "ndim", 1) == 0:
                setattr(layer, name, float(str(held)))  # as it was written
    return copy


def _is_own(layer: Any) -> bool:
    return type(layer).__module__.startswith("tf_keras.src.")


def _is_narrow(layer: Any, dtype: str) -> bool:
    if isinstance(
        layer, (tf_keras.Sequential, Functional, tf_keras.layers.InputLayer)
    ):  # these compute nothing themselves
        return False
    kept = [v for v in own_variables(layer) if v.dtype.is_floating]
    return any(v.dtype.base_dtype.name != dtype for v in kept) or layer.compute_dtype not in (dtype, None)


@contextmanager
def _recording(layers: Mapping[str, Any], recorded: dict[str, Any]) -> Iterator[None]:
    """Keeps what every layer of a copy gives at its first call."""
    before: list[tuple[Any, Any]] = []

    def keep(path: str, call: Any) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            output = call(*args, **kwargs)
            tensors = tensors_of(output)
            if path not in recorded and tensors and hasattr(tensors[0], "numpy"):
                recorded[path] = tensors[0].numpy()
            return output

        return run

    try:
        for path, layer in layers.items():
            if not any(layer is one for one, _ in before):
                before.append((layer, vars(layer).get("call")))
                vars(layer)["call"] = keep(path, layer.call)
        yield
    finally:
        for layer, call in reversed(before):
            del vars(layer)["call"]
            if call is not None:
                vars(layer)["call"] = call
