"""A copy of a Keras model, in another dtype, on which weights and settings are tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras

from introspect.adapter import Change, Ran
from introspect.errors import ProofError
from introspect.values import Inputs

from ..plain import map_leaves
from ..tree import Place
from .functions import function_of
from .layers import own_variables
from .precision import doubles, wide
from .structure import walk
from .substituted import Doubles, Scope
from .untouched import untouched
from .watching import fresh_statistics, recording
from .weights import KerasArrays, array_of, tensors_of

_FLOATS = ("float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_ATTRIBUTES = {
    "eps": "epsilon", "strides": "strides", "dilation": "dilation_rate", "slope": "negative_slope",
    "count_include_pad": "count_include_pad",
}  # fmt: skip


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
            shown = ", ".join(narrow[:3]) + (f" and {len(narrow) - 3} more" if len(narrow) > 3 else "")
            self.notes.append(f"These compute in float32 whatever they are told: {shown}.")

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
        if change.action == "set" and change.setting != "function":
            return _set(layer, change)
        if change.action == "insert":
            function = function_of(change.word or "", change.settings)
            if function is None:
                return f"what {change.word} computes is not known here"
            call = layer.call
            if change.path is None or change.setting == "output":
                layer.call = lambda *args, **kwargs: function(call(*args, **kwargs))
            else:
                layer.call = lambda x, *args, **kwargs: call(function(x), *args, **kwargs)
            return None
        return _function(layer, change)


def copied(model: Any, dtype: str, places: list[Place]) -> Any:
    """The model made anew from its configuration, with the same weights, in another dtype."""
    config = _retyped(model.get_config(), dtype)
    classes = {type(place.layer).__name__: type(place.layer) for place in places if not _is_own(place.layer)}
    with keras.saving.custom_object_scope(classes), _policy(dtype):
        copy = type(model).from_config(config)
        if not copy.built and model.built and (built := model.get_build_config()):
            copy.build_from_config(built)
    theirs, ours = walk(copy), places
    if [type(place.layer) for place in theirs] != [type(place.layer) for place in ours]:
        raise ProofError("its configuration makes other layers")
    for (mine, _, _), (other, _, _) in zip(ours, theirs, strict=True):
        before, after = own_variables(mine), own_variables(other)
        if [tuple(v.shape) for v in before] != [tuple(v.shape) for v in after]:
            raise ProofError(f"its configuration makes other weights in {mine.name}")
        for variable, value in zip(after, before, strict=True):
            variable.assign(value)
        if getattr(other, "input_mean", None) is not None:  # what Keras makes of plain numbers is rounded to float32
            other.mean, other.variance = (
                keras.ops.broadcast_to(_aligned(said, before, dtype), before.shape)
                for said, before in ((other.input_mean, other.mean), (other.input_variance, other.variance))
            )
    return copy


def _aligned(said: Any, before: Any, dtype: str) -> Any:
    """Numbers in the shape of the statistics, where there is one for each."""
    tensor = keras.ops.convert_to_tensor(said, dtype)
    return keras.ops.reshape(tensor, before.shape) if keras.ops.size(tensor) == keras.ops.size(before) else tensor


def _is_own(layer: Any) -> bool:
    return type(layer).__module__.startswith("keras.src.")


def _retyped(value: Any, dtype: str, key: str = "") -> Any:
    """A configuration in which every dtype policy, and every float dtype, is another."""
    if isinstance(value, dict):
        if value.get("class_name") in ("DTypePolicy", "DTypePolicyMap"):
            return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": dtype}, "registered_name": None}
        return {name: _retyped(part, dtype, name) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_retyped(part, dtype) for part in value) if type(value) in (list, tuple) else value
    return dtype if "dtype" in key and value in _FLOATS else value


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


def _set(layer: Any, change: Change) -> str | None:
    name = _ATTRIBUTES.get(change.setting or "")
    if (
        change.setting == "padding"
        and getattr(layer, "padding", None) in ("valid", "same")
        and hasattr(layer, "kernel")
    ):
        return _pad(layer, change.value)
    if name is None or not hasattr(layer, name):
        return f"{type(layer).__name__} has no attribute for {change.setting}"
    setattr(layer, name, change.value)
    return None


def _pad(layer: Any, value: Any) -> str | None:
    if any(n < 0 for pair in value for n in pair):
        return "positions would have to be taken off in front of it"
    around = [tuple(pair) for pair in value]
    first = getattr(layer, "data_format", None) == "channels_first"
    pads = [(0, 0), (0, 0), *around] if first else [(0, 0), *around, (0, 0)]
    call, layer.padding = layer.call, "valid"
    layer.call = lambda x, *args, **kwargs: call(keras.ops.pad(x, pads), *args, **kwargs)
    return None


def _function(layer: Any, change: Change) -> str | None:
    """Another function, or none, in the place of one: fused into a layer with weights, or a layer by itself."""
    function = (lambda x: x) if change.action == "remove" else function_of(change.word or "", change.settings)
    if function is None:
        return f"what {change.word} computes is not known here"
    if own_variables(layer) or getattr(layer, "_layers", None):
        if not hasattr(layer, "activation"):
            return "it is done by a function in the layer's own code"
        layer.activation = function
    else:
        layer.call = lambda x, *args, **kwargs: function(x)
    return None
