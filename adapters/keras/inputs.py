"""What to feed a Keras model: what was said, else what the model itself declares, else what its first layers tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from introspect.adapter import Candidate, Said, Shape
from introspect.errors import InputsError
from introspect.values import Inputs, TensorSpec

from ..plain import map_leaves
from .layers import row_of

_TOKENS = "int32"
_SIDES = (224, 32, 64, 299)  # image sizes worth trying, the most usual first
_LENGTH = 10  # time steps or tokens


def candidates(model: Any, said: Said | None) -> tuple[Candidate, ...]:
    """Inputs worth trying, best first. Raises `InputsError` where their number or names can't be the model's."""
    declared = _declared(model)
    if said is None:
        return _known(model, declared) or _guessed(model)
    if said.form == "literal":
        return tuple(_typed(said.value, model))
    if declared is None:
        if said.form != "several":
            return tuple(_typed(Inputs(said.value), model))
        # A merging layer takes the list as its first argument.
        return tuple(_typed(Inputs(*said.value), model) + _typed(Inputs(list(said.value)), model))
    return tuple(_typed(Inputs(_arranged(said, declared, model)), model))


def _declared(model: Any) -> Any:
    """The input structure of a functional or built Sequential model, as KerasTensors; `None` for other models."""
    functional = getattr(model, "_functional", None) or model
    return getattr(functional, "_inputs_struct", None)


def _arranged(said: Said, declared: Any, model: Any) -> Any:
    """What was said, in the structure that the model declares."""
    tensors = keras.tree.flatten(declared)
    names = [tensor.name for tensor in tensors]
    if said.form == "named":
        given = dict(said.value)
        keys = list(declared) if isinstance(declared, Mapping) else names
        if set(given) != set(keys):
            raise InputsError(
                f"{type(model).__name__} has the inputs {', '.join(map(repr, keys))}; given were "
                f"{', '.join(map(repr, given))}."
            )
        if isinstance(declared, Mapping):  # in the order given, as a real call gets it
            return {key: _typed_as(declared[key], value) for key, value in given.items()}
        values = [given[key] for key in keys]
    else:
        values = _flat(said.value) if said.form == "several" else [said.value]
        if len(values) != len(names):
            raise InputsError(
                f"{type(model).__name__} has {len(names)} input{'s' * (len(names) > 1)} "
                f"({', '.join(map(repr, names))}); given {'was' if len(values) == 1 else 'were'} {len(values)}."
            )
    typed = [_typed_as(tensor, value) for value, tensor in zip(values, tensors, strict=True)]
    packed = keras.tree.pack_sequence_as(declared, typed)
    return packed[0] if isinstance(packed, (list, tuple)) and len(packed) == 1 else packed


def _typed_as(declared: Any, value: Any) -> Any:
    """A shape has the dtype that the model declares."""
    said = isinstance(value, Shape) and isinstance(declared, keras.KerasTensor)
    return TensorSpec(tuple(value), str(declared.dtype)) if said else value


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Shape) or not isinstance(value, (tuple, list)):
        return [value]
    return [leaf for v in value for leaf in _flat(v)]


def _typed(inputs: Inputs, model: Any) -> list[Candidate]:
    """A shape says no dtype: token ids where the first layer looks them up, else what the model computes in."""
    open_dtypes = []

    def with_dtype(value: Any, dtype: str) -> Any:
        if isinstance(value, Shape):
            open_dtypes.append(value)
            return TensorSpec(tuple(value), dtype)
        if isinstance(value, TensorSpec):
            _check_dtype(value.dtype)
        return value

    def typed(dtype: str) -> Candidate:
        return Candidate(map_leaves(lambda value: with_dtype(value, dtype), inputs))

    whole = typed(_TOKENS)
    return [typed(dtype) for dtype in _dtypes(model)] if open_dtypes else [whole]


def _check_dtype(name: str) -> None:
    try:
        keras.backend.standardize_dtype(name)
    except ValueError:
        raise InputsError(f"{name!r} is no dtype of Keras: use a name such as 'float32', 'int32' or 'bool'.") from None


def _dtypes(model: Any) -> tuple[str, str]:
    dtype = model.variable_dtype or keras.config.floatx()  # what users feed: a mixed policy casts by itself
    kinds = (row_of(layer).kind for layer in _layers(model))
    first = next((kind for kind in kinds if kind not in ("unknown", "container")), "")
    return (_TOKENS, dtype) if first == "embedding" else (dtype, _TOKENS)


def _layers(model: Any) -> list[Any]:
    return list(model._flatten_layers())


def _known(model: Any, declared: Any) -> tuple[Candidate, ...]:
    """What the model declares; sizes it leaves open are guessed, the batch apart."""
    if declared is None:
        return _built_with(model)
    tensors = keras.tree.flatten(declared)
    open_sizes = any(None in tensor.shape[1:] for tensor in tensors)
    note = "Inputs: sizes that the model leaves open are guessed; pass inputs= to be sure." if open_sizes else None

    def with_side(side: int) -> Candidate:
        specs = [
            TensorSpec(
                tuple(1 if i == 0 and n is None else side if n is None else n for i, n in enumerate(t.shape)),
                str(t.dtype),
            )
            for t in tensors
        ]
        packed = keras.tree.pack_sequence_as(declared, specs)
        return Candidate(Inputs(packed[0] if isinstance(packed, (list, tuple)) and len(packed) == 1 else packed), note)

    sides = _SIDES if any(len(t.shape) > 3 for t in tensors) else (_LENGTH, *_SIDES)
    return tuple(with_side(side) for side in (sides if open_sizes else sides[:1]))


def _built_with(model: Any) -> tuple[Candidate, ...]:
    """The shapes that a layer or a subclassed model was built with."""
    shapes = getattr(model, "_build_shapes_dict", None)
    if not model.built or not shapes or not all(_is_shape(s) for s in shapes.values()):
        return ()
    note = "Inputs: the shapes that the model was built with."
    dtype = _dtypes(model)
    specs = [
        {
            name.removesuffix("_shape"): TensorSpec(tuple(1 if n is None else n for n in s), d)
            for name, s in shapes.items()
        }
        for d in dtype
    ]
    if len(shapes) == 1:
        return tuple(Candidate(Inputs(*spec.values()), note) for spec in specs)
    return tuple(Candidate(Inputs(**spec), note) for spec in specs)


def _is_shape(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and all(n is None or isinstance(n, int) for n in value)


def _guessed(model: Any) -> tuple[Candidate, ...]:
    """What the first built layer that wants a rank takes."""
    for layer in _layers(model):
        spec = _wanted(layer)
        if spec is not None:
            note = f"Inputs: a guess from the first layer ({type(layer).__name__}); pass inputs= to be sure."
            return (Candidate(Inputs(spec), note),)
    return ()


def _wanted(layer: Any) -> TensorSpec | None:
    kind = row_of(layer).kind
    dtype = layer.variable_dtype or keras.config.floatx()
    if kind == "embedding":
        return TensorSpec((1, _LENGTH), _TOKENS)
    if not layer.built:
        return None
    if kind == "dense":
        return TensorSpec((1, int(layer.kernel.shape[0])), dtype)
    if kind in ("simple_rnn", "lstm", "gru"):
        return TensorSpec((1, _LENGTH, int(layer.cell.kernel.shape[0])), dtype)
    if kind in ("conv1d", "conv2d", "conv3d"):
        rank, channels = len(layer.kernel_size), int(layer.kernel.shape[-2]) * layer.groups
        sides = (_SIDES[0] if rank == 2 else 16,) * rank
        return TensorSpec(
            (1, channels, *sides) if layer.data_format == "channels_first" else (1, *sides, channels), dtype
        )
    return None


def array_dtype(value: Any) -> str:
    """The dtype of an array in Keras's words; texts are `string`. Raises `InputsError`."""
    if getattr(value.dtype, "kind", "") in ("U", "S"):
        return "string"
    try:
        return keras.backend.standardize_dtype(value.dtype)
    except ValueError:
        raise InputsError(f"An array of dtype {value.dtype} can't become a tensor of Keras.") from None


def feed(inputs: Inputs, abstract: bool) -> Inputs:
    """Live tensors for a pass: `KerasTensor`s where nothing is to be computed, else arrays of ones."""

    def live(value: Any) -> Any:
        if isinstance(value, TensorSpec):
            shape = tuple(1 if n is None else n for n in value.shape)
            if value.dtype == "string" and not abstract:
                return np.full(shape, "a")
            # Ones are valid tokens and say "not masked"; a mask of zeros would hide everything.
            return keras.KerasTensor(shape, value.dtype) if abstract else keras.ops.ones(shape, value.dtype)
        if hasattr(value, "shape") and hasattr(value, "dtype"):
            dtype = array_dtype(value)
            if abstract:
                return keras.KerasTensor(tuple(value.shape), dtype)
            return value if dtype == "string" else keras.ops.convert_to_tensor(value)
        return value

    return map_leaves(live, inputs)
