"""What to feed a Keras 2 model: what was said, else what the model itself declares, else what its first layers tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf
import tf_keras

from introspect.adapter import Candidate, Said, Shape
from introspect.errors import InputsError
from introspect.values import Inputs, TensorSpec

from ..plain import map_leaves
from .layers import row_of
from .structure import walk

_TOKENS = "int32"
_SIDES = (224, 32, 64, 299)  # image sizes worth trying, the most usual first
_LENGTH = 10  # time steps or tokens


def spec_of(value: Any) -> TensorSpec | None:
    """The shape and dtype of a tensor or array; `None` for anything else, or where not even the rank is known."""
    if isinstance(value, TensorSpec):
        return value
    shape: Any = getattr(value, "shape", None)
    if isinstance(shape, tf.TensorShape) and hasattr(value, "dtype"):
        return None if shape.rank is None else TensorSpec(tuple(shape.as_list()), value.dtype.base_dtype.name)
    if hasattr(value, "__array__") and shape is not None and hasattr(value, "dtype"):
        return TensorSpec(tuple(shape), array_dtype(value))
    return None


def candidates(model: Any, said: Said | None) -> tuple[Candidate, ...]:
    """Inputs worth trying, best first. Raises `InputsError` where their number or names can't be the model's."""
    declared = _declared(model)
    if said is None:
        return _known(declared) or _called_with(model) or _guessed(model)
    if said.form == "literal":
        return tuple(_typed(said.value, model))
    if declared is None:
        if said.form != "several":
            return tuple(_typed(Inputs(said.value), model))
        # A merging layer takes the list as its first argument, others several arguments.
        one, several = _typed(Inputs(list(said.value)), model), _typed(Inputs(*said.value), model)
        return tuple(several + one if isinstance(model, tf_keras.Model) else one + several)
    return tuple(_typed(Inputs(_arranged(said, declared, model)), model))


def _declared(model: Any) -> Any:
    """The input structure of a functional or built Sequential model, as KerasTensors; `None` for other models."""
    if not getattr(model, "_is_graph_network", False):
        return None
    return getattr(model, "_nested_inputs", None)


def _arranged(said: Said, declared: Any, model: Any) -> Any:
    """What was said, in the structure that the model declares."""
    tensors = tf.nest.flatten(declared)
    names = [tensor.name for tensor in tensors]
    if said.form == "named":
        given = dict(said.value)
        keys = sorted(declared) if isinstance(declared, Mapping) else names
        if set(given) != set(keys):
            raise InputsError(
                f"{type(model).__name__} has the inputs {', '.join(map(repr, keys))}; given were "
                f"{', '.join(map(repr, given))}."
            )
        values = [given[key] for key in keys]
    else:
        values = _flat(said.value) if said.form == "several" else [said.value]
        if len(values) != len(names):
            raise InputsError(
                f"{type(model).__name__} has {len(names)} input{'s' * (len(names) > 1)} "
                f"({', '.join(map(repr, names))}); given {'was' if len(values) == 1 else 'were'} {len(values)}."
            )
    typed = [
        TensorSpec(tuple(value), tensor.dtype.name) if isinstance(value, Shape) else value
        for value, tensor in zip(values, tensors, strict=True)
    ]
    return _packed(declared, typed)


def _packed(declared: Any, values: list[Any]) -> Any:
    if isinstance(declared, Mapping):  # TensorFlow takes a dict in the order of its sorted keys
        return dict(zip(sorted(declared), values, strict=True))
    return values[0] if len(values) == 1 else tf.nest.pack_sequence_as(declared, values)


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Shape) or not isinstance(value, (tuple, list)):
        return [value]
    return [leaf for v in value for leaf in _flat(v)]


def _typed(inputs: Inputs, model: Any) -> list[Candidate]:
    """A shape says no dtype: token ids or texts where the first layer looks them up, else what the model takes."""
    open_dtypes = []

    def with_dtype(value: Any, dtype: str) -> Any:
        if isinstance(value, Shape):
            open_dtypes.append(value)
            return TensorSpec(tuple(value), dtype)
        if isinstance(value, TensorSpec):
            _check_dtype(value.dtype)
        return value

    found = []
    for dtype in _dtypes(model):
        found.append(Candidate(map_leaves(lambda value, dtype=dtype: with_dtype(value, dtype), inputs)))
        if not open_dtypes:
            break
    return found


def _check_dtype(name: str) -> None:
    try:
        tf.as_dtype(name)
    except TypeError:
        raise InputsError(f"{name!r} is no dtype of Keras: use a name such as 'float32', 'int32' or 'bool'.") from None


def _dtypes(model: Any) -> tuple[str, ...]:
    dtype = _variable_dtype(model)
    kinds = (row_of(place.layer).kind for place in walk(model))
    first = next((kind for kind in kinds if kind not in ("unknown", "container", "input")), "")
    return {
        "embedding": (_TOKENS, dtype),
        "lookup": ("string", "int64"),
        "text_vectorization": ("string", dtype),
        "hashing": ("string", "int64"),
    }.get(first, (dtype, _TOKENS))


def _variable_dtype(layer: Any) -> str:
    """What users feed: a mixed policy casts by itself. A layer of texts or integers has none worth feeding."""
    dtype = layer.dtype or tf_keras.backend.floatx()
    return dtype if tf.as_dtype(dtype).is_floating else tf_keras.backend.floatx()


def _known(declared: Any) -> tuple[Candidate, ...]:
    """What the model declares; sizes it leaves open are guessed, the batch apart."""
    tensors = [] if declared is None else tf.nest.flatten(declared)
    if not tensors or any(tensor.shape.rank is None for tensor in tensors):
        return ()
    shapes = [tuple(tensor.shape.as_list()) for tensor in tensors]
    open_sizes = any(None in shape[1:] for shape in shapes)
    note = "Inputs: sizes that the model leaves open are guessed; pass inputs= to be sure." if open_sizes else None

    def with_side(side: int) -> Candidate:
        specs = [
            TensorSpec(_filled(shape, side), tensor.dtype.name) for shape, tensor in zip(shapes, tensors, strict=True)
        ]
        return Candidate(Inputs(_packed(declared, specs)), note)

    sides = _SIDES if any(len(shape) > 3 for shape in shapes) else (_LENGTH, *_SIDES)
    return tuple(with_side(side) for side in (sides if open_sizes else sides[:1]))


def _filled(shape: tuple[int | None, ...], side: int) -> tuple[int, ...]:
    return tuple(1 if i == 0 and n is None else side if n is None else n for i, n in enumerate(shape))


def _called_with(model: Any) -> tuple[Candidate, ...]:
    """What a layer or subclassed model was first called with, which Keras keeps for saving it; its other arguments
    too. A shape that it was only built with is tried by the usual dtypes."""
    called = getattr(model, "_saved_model_arg_spec", None)
    if called is not None and all(spec.shape.rank is not None for spec in tf.nest.flatten(called) if spec is not None):
        args, kwargs = _plain(called)
        note = "Inputs: the shapes that the model was first called with."
        return (Candidate(Inputs(*args, **{k: v for k, v in kwargs.items() if k != "training"}), note),)
    shape = getattr(model, "_build_input_shape", None)
    if not model.built or shape is None:
        return ()
    try:
        shapes = tf.nest.map_structure(lambda s: Shape(_filled(tuple(tf.TensorShape(s).as_list()), 1)), _shapes(shape))
    except (TypeError, ValueError):  # of unknown rank, or no shape
        return ()
    note = "Inputs: the shapes that the model was built with."
    return tuple(Candidate(found.inputs, note) for found in _typed(Inputs(shapes), model))


def _shapes(value: Any) -> Any:
    if isinstance(value, tf.TensorShape) or (
        isinstance(value, (tuple, list)) and all(n is None or isinstance(n, int) for n in value)
    ):
        return tf.TensorShape(value)
    if isinstance(value, Mapping):
        return {name: _shapes(inner) for name, inner in value.items()}
    return [_shapes(inner) for inner in value]


def _plain(value: Any) -> Any:
    """Keras's specs, in TensorFlow's wrappers of lists and dicts, as ours in plain ones."""
    if isinstance(value, tf.TypeSpec):
        shape: Any = value.shape  # type: ignore[attr-defined]
        return TensorSpec(_filled(tuple(shape.as_list()), 1), value.dtype.base_dtype.name)  # type: ignore[attr-defined]
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        inner = [_plain(v) for v in value]
        return tuple(inner) if isinstance(value, tuple) else inner
    return value


def _guessed(model: Any) -> tuple[Candidate, ...]:
    """What the first layer takes that says which rank it wants."""
    for place in walk(model):
        spec = _wanted(place.layer)
        if spec is not None:
            note = f"Inputs: a guess from the first layer ({type(place.layer).__name__}); pass inputs= to be sure."
            return (Candidate(Inputs(spec), note),)
    return ()


def _wanted(layer: Any) -> TensorSpec | None:
    """By what the layer asks of its input: a rank, and the sizes of some axes."""
    if row_of(layer).kind == "embedding":
        return TensorSpec((1, _LENGTH), _TOKENS)
    specs = tf.nest.flatten(layer.input_spec)
    if not layer.built or not specs or specs[0] is None:
        return None
    spec = specs[0]
    rank = spec.ndim or (len(spec.axes) and spec.min_ndim)
    if not rank:
        return None
    sizes = list(spec.shape) if spec.shape is not None else [None] * rank
    for axis, size in spec.axes.items():
        sizes[int(axis)] = size
    side = {4: _SIDES[0], 5: 16}.get(rank, _LENGTH)
    shape = tuple(1 if i == 0 else side if n is None else int(n) for i, n in enumerate(sizes))
    return TensorSpec(shape, _variable_dtype(layer))


def array_dtype(value: Any) -> str:
    """The dtype of an array in TensorFlow's words; texts are `string`. Raises `InputsError`."""
    if getattr(value.dtype, "kind", "") in ("U", "S"):
        return "string"
    name = getattr(value.dtype, "name", None) or str(value.dtype).rpartition(".")[2]
    try:
        found = tf.as_dtype(name)
    except TypeError:
        found = None
    if found is None or getattr(value.dtype, "kind", "") == "O":
        raise InputsError(f"An array of dtype {value.dtype} can't become a tensor of Keras.")
    return found.name


def feed(inputs: Inputs, abstract: bool) -> Inputs:
    """Live tensors for a pass: placeholders where nothing is to be computed, else tensors of ones."""

    def live(value: Any) -> Any:
        if isinstance(value, TensorSpec):
            shape = tuple(1 if n is None else n for n in value.shape)
            if abstract:
                return tf.compat.v1.placeholder(value.dtype, shape)
            # Ones are valid tokens and say "not masked"; a mask of zeros would hide everything.
            return tf.fill(shape, "a") if value.dtype == "string" else tf.ones(shape, value.dtype)
        is_array = hasattr(value, "shape") and hasattr(value, "dtype")
        if is_array and not isinstance(value, tf.__internal__.CompositeTensor):
            dtype = array_dtype(value)
            if abstract:
                return tf.compat.v1.placeholder(dtype, tuple(value.shape))
            return value if tf.is_tensor(value) else tf.convert_to_tensor(np.asarray(value), dtype)
        return value

    return map_leaves(live, inputs)
