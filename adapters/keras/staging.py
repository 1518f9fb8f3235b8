"""A copy of a Keras model, in another dtype, on which weights and settings are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from introspect.adapter import Change, Ran
from introspect.values import Inputs

from ..changing import Tools, give_weights, narrow_note, retyped, tensors_of
from ..plain import map_leaves
from ..tree import Place
from .functions import function_of
from .layers import own_variables
from .precision import doubles, wide
from .structure import walk
from .substituted import Doubles, Scope
from .untouched import untouched
from .watching import fresh_statistics, recording
from .weights import KerasArrays, array_of

_TOOLS = Tools(function_of, keras.ops.pad, lambda layer: bool(own_variables(layer) or getattr(layer, "_layers", None)))


class KerasStage:
    """See `introspect.adapter.Stage`."""

    def __init__(self, model: Any, dtype: str, arrays: Callable[[Any], KerasArrays]) -> None:
        self.notes: list[str] = []
        self.exact = True
        self._dtype, self._scope, self._casts = dtype, None, True
        places = walk(model)
        self._lent: list[Any] = []  # layers of the user's that run here
        try:
            with untouched([place.layer for place in places], later=False), doubles(dtype):
                self._model = copied(model, dtype, places)
        except Exception as error:  # the user's own get_config and from_config
            why = " ".join(str(error).split())[:160]
            name = type(model).__name__
            self.notes.append(f"{name} can't be copied ({type(error).__name__}: {why}): its own layers run with other "
                              "values under a scope, in their own dtype.")  # fmt: skip
            self._model, self._scope = model, Scope(arrays(model))
            self._lent = [place.layer for place in places]
            self.exact = dtype == "float32"
        self._layers = {
            path: copy.layer
            for place, copy in zip(places, walk(self._model), strict=True) for path in place.paths
        }  # fmt: skip
        self._arrays: Any = self._scope or Doubles(arrays(model).like(arrays(self._model)), dtype)
        if self._scope is None:
            self._note_narrow(dtype)

    def _note_narrow(self, dtype: str) -> None:
        """Layers that compute in less whatever their model is told."""
        narrow = [path for path, layer in self._layers.items() if _is_narrow(layer, dtype)]
        if narrow and dtype == "float64":
            self.exact = False
            self.notes.append(narrow_note(narrow))

        if dtype == "float64" and keras.backend.result_type("float64", "float32") != "float64":
            self.exact = False
            self.notes.append(f"On {keras.config.backend()}, Keras's own layers make float32 of doubles.")
        if dtype == "float64" and keras.config.backend() == "tensorflow":
            resized = [path for path, layer in self._layers.items() if _is_interpolated(layer)]
            if resized:
                self.exact = False
                self.notes.append(f"TensorFlow interpolates in float32: {', '.join(resized[:3])}.")

    def weights(self) -> Any:
        """The copy's variables, by the model's paths."""
        return self._arrays

    def run(self, inputs: Inputs, record: bool = False) -> Ran:
        """What the copy gives. Code that casts to float32, and then counts on it, runs once more with its casts."""
        if self._dtype != "float64" or self._scope is not None or not self._casts:
            return self._run(inputs, record)
        try:
            return self._run(inputs, record)
        except Exception:  # the model's own code
            self._casts = False
            ran = self._run(inputs, record)
        if self.exact:
            self.exact = False
            self.notes.append("The model's own code casts to float32, and counts on it.")
        return ran

    def _run(self, inputs: Inputs, record: bool) -> Ran:
        recorded: dict[str, Any] = {}
        with ExitStack() as stack:
            stack.enter_context(untouched(self._lent, later=False))
            stack.enter_context(doubles(self._dtype))
            live = map_leaves(self._tensor, inputs)
            if self._scope is not None:
                stack.enter_context(self._scope.active())
            if self._dtype == "float64" and self._scope is None:
                stack.enter_context(wide(self._casts))
            if record:
                stack.enter_context(recording(self._layers, recorded))
            stack.enter_context(fresh_statistics())
            outputs = self._model(*live.args, **live.kwargs, training=False)
        return Ran(tuple(array_of(tensor) for tensor in tensors_of(outputs)), recorded)

    def _tensor(self, value: Any) -> Any:
        if not hasattr(value, "dtype") or not hasattr(value, "shape"):
            return value
        array = value.copy()
        narrow = self._dtype if self._scope is None else None
        return keras.ops.convert_to_tensor(array, narrow if array.dtype.kind == "f" else None)

    def change(self, change: Change) -> str | None:
        """Make a repair on the copy."""
        if self._scope is not None:
            return "the model can't be copied, and its own layers are left as they are"
        layer = self._model if change.path is None else self._layers.get(change.path)
        if layer is None:
            return f"no layer has the path {change.path}"
        return _TOOLS.change(layer, change)


def copied(model: Any, dtype: str, places: list[Place]) -> Any:
    """The model made anew from its configuration, with the same weights, in another dtype."""
    config = retyped(model.get_config(), dtype)
    classes = {type(place.layer).__name__: type(place.layer) for place in places if not _is_own(place.layer)}
    with keras.saving.custom_object_scope(classes), _policy(dtype):
        copy = type(model).from_config(config)
        if not copy.built and model.built and (built := model.get_build_config()):
            copy.build_from_config(built)
    ours, theirs = ([place.layer for place in found] for found in (places, walk(copy)))
    give_weights(ours, theirs, own_variables)
    for mine, other in zip(ours, theirs, strict=True):
        if getattr(other, "input_mean", None) is not None:  # what Keras makes of plain numbers is rounded to float32
            other.mean, other.variance = (
                keras.ops.broadcast_to(_aligned(said, before, dtype), before.shape)
                for said, before in ((other.input_mean, mine.mean), (other.input_variance, mine.variance))
            )
    return copy


def _aligned(said: Any, before: Any, dtype: str) -> Any:
    """Numbers in the shape of the statistics, where there is one for each."""
    tensor = keras.ops.convert_to_tensor(said, dtype)
    return keras.ops.reshape(tensor, before.shape) if keras.ops.size(tensor) == keras.ops.size(before) else tensor


def _is_own(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.src.")


def _is_narrow(layer: Any, dtype: str) -> bool:
    kept = [v for v in own_variables(layer) if "float" in str(v.dtype)]
    return any(str(v.dtype) != dtype for v in kept) or layer.compute_dtype not in (dtype, None)


def _is_interpolated(layer: Any) -> bool:
    return type(layer).__name__ in ("UpSampling2D", "Resizing") and layer.interpolation != "nearest"


@contextmanager
def _policy(dtype: str) -> Iterator[None]:
    """Layers made within, on this thread, compute in this dtype."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
