"""Copies of Keras models, of either version, and repairs on them: a setting, a function, what stands before or behind
a layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from introspect.adapter import Change
from introspect.errors import ProofError, TargetError

Function = Callable[[Any], Any]
_ATTRIBUTES = {
    "eps": "epsilon", "strides": "strides", "dilation": "dilation_rate", "slope": "negative_slope",
    "count_include_pad": "count_include_pad",
}  # fmt: skip


def function_of(
    word: str,
    settings: Mapping[str, Any],
    plain: Mapping[str, Function],
    made: Mapping[str, Callable[[Mapping[str, Any]], Function]],
) -> Function | None:
    """What a function computes, from a table of functions and one of those that need settings; `None` where that is
    not known."""
    if word in plain:
        return plain[word]
    make = made.get(word)
    try:
        return None if make is None else make(settings)
    except (KeyError, TypeError):
        return None


@dataclass(frozen=True)
class Tools:
    """What a version of Keras brings: functions by their words, padding by (before, after) of every axis, and whether a
    layer has weights or layers of its own."""

    function_of: Callable[[str, Mapping[str, Any]], Function | None]
    pad: Callable[[Any, list[tuple[int, int]]], Any]
    holds: Callable[[Any], bool]

    def change(self, layer: Any, change: Change) -> str | None:
        """Make a repair; a sentence that says why not, where it can't be made."""
        if change.action == "set" and change.setting != "function":
            return self._set(layer, change)
        if change.action != "insert":
            return self._replace(layer, change)
        function = self.function_of(change.word or "", change.settings)
        if function is None:
            return f"what {change.word} computes is not known here"
        call = layer.call
        if change.path is None or change.setting == "output":
            layer.call = lambda *args, **kwargs: function(call(*args, **kwargs))
        else:
            layer.call = lambda x, *args, **kwargs: call(function(x), *args, **kwargs)
        return None

    def _set(self, layer: Any, change: Change) -> str | None:
        name = _ATTRIBUTES.get(change.setting or "")
        windowed = getattr(layer, "padding", None) in ("valid", "same") and hasattr(layer, "kernel")
        if change.setting == "padding" and windowed:
            return self._pad(layer, change.value)
        if name == "negative_slope" and not hasattr(layer, name):
            name = "alpha"  # of Keras 2
        if name is None or not hasattr(layer, name):
            return f"{type(layer).__name__} has no attribute for {change.setting}"
        setattr(layer, name, change.value)
        return None

    def _pad(self, layer: Any, value: Any) -> str | None:
        if any(n < 0 for pair in value for n in pair):
            return "positions would have to be taken off in front of it"
        around = [tuple(pair) for pair in value]
        first = getattr(layer, "data_format", None) == "channels_first"
        pads = [(0, 0), (0, 0), *around] if first else [(0, 0), *around, (0, 0)]
        call, layer.padding = layer.call, "valid"
        layer.call = lambda x, *args, **kwargs: call(self.pad(x, pads), *args, **kwargs)
        return None

    def _replace(self, layer: Any, change: Change) -> str | None:
        """Another function, or none, in the place of one: fused into a layer with weights, or a layer by itself."""
        removed = change.action == "remove"
        function = (lambda x: x) if removed else self.function_of(change.word or "", change.settings)
        if function is None:
            return f"what {change.word} computes is not known here"
        if not self.holds(layer):
            layer.call = lambda x, *args, **kwargs: function(x)
        elif hasattr(layer, "activation"):
            layer.activation = function
        else:
            return "it is done by a function in the layer's own code"
        return None


_FLOATS = ("float32", "float16", "bfloat16", "mixed_float16", "mixed_bfloat16")
_POLICIES = ("DTypePolicy", "DTypePolicyMap", "Policy")


def retyped(value: Any, dtype: str, key: str = "") -> Any:
    """A configuration in which every dtype policy, and every float dtype, is another."""
    if isinstance(value, dict):
        if value.get("class_name") in _POLICIES:
            return dtype
        return {name: retyped(part, dtype, name) for name, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(retyped(part, dtype) for part in value)
    return dtype if "dtype" in key and value in _FLOATS else value


def give_weights(
    ours: list[Any],
    theirs: list[Any],
    variables_of: Callable[[Any], list[Any]],
    assign: Callable[[Any, Any], Any] = lambda variable, value: variable.assign(value),
) -> None:
    """The weights of layers in those made of their configurations. Raises `ProofError` where these are others."""
    if [type(layer) for layer in theirs] != [type(layer) for layer in ours]:
        raise ProofError("its configuration makes other layers")
    for mine, other in zip(ours, theirs, strict=True):
        before, after = variables_of(mine), variables_of(other)
        if [tuple(v.shape) for v in before] != [tuple(v.shape) for v in after]:
            raise ProofError(f"its configuration makes other weights in {mine.name}")
        for variable, value in zip(after, before, strict=True):
            assign(variable, value)


def narrow_note(paths: list[str]) -> str:
    """Layers that compute in less than their model is told."""
    shown = ", ".join(path or "the model itself" for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return f"These compute in float32 whatever they are told: {shown}{more}."


def tensors_of(value: Any) -> list[Any]:
    """In the order in which they stand (`keras.tree` sorts the keys of dicts)."""
    if isinstance(value, Mapping):
        return [leaf for part in value.values() for leaf in tensors_of(part)]
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in tensors_of(part)]
    return [value] if hasattr(value, "shape") and hasattr(value, "dtype") else []


def save(model: Any, path: str) -> None:
    """Write `name.weights.h5` or `name.keras`. Raises `TargetError`."""
    if path.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.endswith(".keras"):
        model.save(path)
    else:
        raise TargetError(f"{path!r} is no file of Keras: write name.weights.h5 or name.keras.")
