"""What the rows of the Keras tables are made of: settings that several classes share, and how they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..plain import setting
from ..rows import Row, Tensor

Read = tuple[str | None, Callable[[Any], Any]]

WINDOW = {1: "l", 2: "h w", 3: "d h w"}
DATA_FORMAT: dict[str, Any] = {"data_format": "data_format"}
# Some layers have no such choice, or only in later versions: then the channels come last.
CHANNELS: dict[str, Any] = {
    "data_format": ("data_format", lambda layer: getattr(layer, "data_format", None) or "channels_last")
}

# Where functions of Keras's names come from; a user's own `relu` may be anything.
_HOMES = ("keras.", "tf_keras.", "tensorflow.")
_WORDS = {"swish": "silu", "hard_swish": "hard_silu", "exponential": "exp"}
# Keras 2 means 0.2 x + 0.5 by this name, Keras 3 and torch x / 6 + 0.5.
_WORDS_OF_KERAS_2 = {**_WORDS, "hard_sigmoid": "hard_sigmoid_fifth"}


def fixed(value: Any) -> Read:
    """What all layers of a class have and none says."""
    return None, lambda layer: value


def function(name: str = "activation") -> Read:
    """An activation by its word."""
    return name, lambda layer: function_word(getattr(layer, name, None))


def function_word(value: Any) -> Any:
    """`keras.activations.swish` → `silu`; a layer by what its row says; another function by its qualified name."""
    if value is None:
        return "linear"
    if hasattr(value, "trainable_weights"):
        row = known_row(value)
        return setting(type(value)) if row is None else _function_of_layer(value, row)
    value = getattr(value, "func", value)  # of a `functools.partial`, whose arguments are settings of their own
    home, name = getattr(value, "__module__", None) or "", getattr(value, "__name__", None)
    if name is None or not home.startswith(_HOMES):
        return setting(value)
    return (_WORDS_OF_KERAS_2 if home.startswith("tf_keras.") else _WORDS).get(name, name)


def _function_of_layer(layer: Any, row: Row) -> Any:
    how = row.settings.get("function")
    return row.kind if how is None else read(layer, how)


def read(layer: Any, how: str | Read) -> Any:
    """The value that a row's way of reading gives."""
    return getattr(layer, how, None) if isinstance(how, str) else how[1](layer)


def axes(name: str = "axis", default: Any = None) -> Read:
    """One axis or several, always as a tuple."""

    def read_axes(layer: Any) -> Any:
        value = getattr(layer, name, default)
        return None if value is None else tuple(value) if isinstance(value, (tuple, list)) else (value,)

    return name, read_axes


def per_axis(name: str, rank: int) -> Read:
    """A setting that is also taken as one number for all axes, always as a tuple."""

    def read_sizes(layer: Any) -> Any:
        value = getattr(layer, name)
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank

    return name, read_sizes


def sides() -> Read:
    """Height and width of the images that a layer makes."""
    return None, lambda layer: (layer.height, layer.width)


def built_with(layer: Any, place: int = 0) -> tuple[Any, ...] | None:
    """The shape of an input that a layer was built with, where it tells."""
    shapes = getattr(layer, "_build_shapes_dict", None) if layer.built else None
    found = list(shapes.values()) if shapes else []
    if found and isinstance(found[0], (list, tuple)) and found[0] and isinstance(found[0][0], (list, tuple)):
        found = list(found[0])
    return tuple(found[place]) if place < len(found) and isinstance(found[place], (list, tuple)) else None


def known_row(layer: Any) -> Row | None:
    """The row of a layer inside another one, by the first class of its MRO that has one."""
    from . import ROWS

    return next((ROWS[cls.__name__] for cls in type(layer).__mro__ if cls.__name__ in ROWS), None)


def units_of(layer: Any) -> int | None:
    """The units of a layer that a wrapper holds."""
    row = known_row(layer)
    how = None if row is None else row.settings.get("units")
    return None if how is None else read(layer, how)


def stored(layer: Any, name: str = "kernel") -> tuple[int, ...] | None:
    """The shape of a tensor as the layer keeps it: with a low-rank addition `kernel` itself would be computed."""
    tensor = getattr(layer, f"_{name}", None)
    if tensor is None:
        tensor = getattr(layer, name, None) if layer.built else None
    return None if tensor is None else tuple(int(n) for n in tensor.shape)


# How a kernel may be kept: by what, and with which low-rank addition.
ADAPTED: dict[str, Any] = {"quantization": "quantization_mode", "rank": "lora_rank"}
QUANTIZERS = {
    r"(inputs|kernel|outputs_grad)_amax_history": Tensor("quantizer", "position"),
    r"(inputs|outputs_grad)_scale": Tensor("quantizer", ""),
}


def in_features(place: int = -2, name: str = "kernel") -> Read:
    """The features that a built layer takes: as its input spec says, else by an axis of its kernel."""

    def read_size(layer: Any) -> int | None:
        if not layer.built:
            return None
        spec = getattr(layer, "input_spec", None)
        said = list((getattr(spec, "axes", None) or {}).values())
        if len(said) == 1 and said[0] is not None:
            return int(said[0])
        shape = stored(layer, name)
        return None if shape is None else shape[place]

    return None, read_size
