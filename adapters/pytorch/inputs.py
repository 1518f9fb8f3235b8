"""What to feed a module: what was said, else what the module itself knows, else what its first layers tell."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from introspect.adapter import Candidate, Said, Shape
from introspect.errors import InputsError
from introspect.values import FrozenDict, Inputs, TensorSpec

from ..plain import map_leaves
from ..rows import read_settings
from .layers import row_of

_TOKENS = "int64"
_SIDES = (224, 32, 28, 64, 299, 8)  # image sizes worth trying, the most usual first
_LENGTH = 10  # time steps or tokens


def candidates(model: torch.nn.Module, said: Said | None) -> tuple[Candidate, ...]:
    """Inputs worth trying, best first. Raises `InputsError` for what can't be a tensor."""
    if not can_run(model):
        return (Candidate(Inputs()),)
    if said is None:
        return _known(model) or _guessed(model)
    inputs = {
        "literal": lambda: said.value,
        "named": lambda: Inputs(**said.value),
        "several": lambda: Inputs(*said.value),
        "one": lambda: Inputs(said.value),
    }[said.form]()
    _check(inputs)
    if not any(isinstance(leaf, Shape) for leaf in _all_leaves(inputs)):
        return (Candidate(inputs),)
    # A shape says no dtype: token ids where the first layer looks them up, else the model's own.
    first, second = _dtypes(model)
    known = {name: spec.dtype for name, spec in _own_specs(model).items()}
    return tuple(Candidate(_with_dtype(inputs, dtype, known)) for dtype in (first, second))


def can_run(model: torch.nn.Module) -> bool:
    """Whether it has a `forward`; lists and dicts of modules have none."""
    return getattr(getattr(model, "forward", None), "__func__", None) is not torch.nn.Module.forward


def _all_leaves(value: Any) -> list[Any]:
    """Leaves, where a `Shape` is one leaf although it is a tuple."""
    if isinstance(value, Inputs):
        return _all_leaves((value.args, dict(value.kwargs)))
    if isinstance(value, Shape):
        return [value]
    if isinstance(value, Mapping):
        return [leaf for v in value.values() for leaf in _all_leaves(v)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in _all_leaves(v)]
    return [value]


def _with_dtype(value: Any, dtype: str, known: Mapping[str, str], name: str = "") -> Any:
    """Every `Shape` as a `TensorSpec`: of the dtype that the model itself gives an input of this name, or this one."""
    if isinstance(value, Inputs):
        args = tuple(_with_dtype(v, dtype, known) for v in value.args)
        return Inputs(*args, **{k: _with_dtype(v, dtype, known, k) for k, v in value.kwargs.items()})
    if isinstance(value, Shape):
        return TensorSpec(tuple(value), known.get(name) or (_TOKENS if name.endswith("_ids") else dtype))
    if isinstance(value, FrozenDict):
        return FrozenDict({k: _with_dtype(v, dtype, known, k) for k, v in value.items()}, type_name=value.type_name)
    return tuple(_with_dtype(v, dtype, known) for v in value) if isinstance(value, tuple) else value


def _check(inputs: Inputs) -> None:
    for leaf in _all_leaves(inputs):
        if isinstance(leaf, TensorSpec):
            torch_dtype(leaf.dtype)


def torch_dtype(name: str) -> torch.dtype:
    """`torch.float32` for `float32`. Raises `InputsError`."""
    dtype = getattr(torch, name.removeprefix("torch."), None)
    if not isinstance(dtype, torch.dtype):
        raise InputsError(f"{name!r} is no dtype of torch: use a name such as 'float32', 'int64' or 'bool'.")
    return dtype


@cache
def dtype_name(dtype: torch.dtype) -> str:
    """`float32` for `torch.float32`."""
    return str(dtype).removeprefix("torch.")


def _float_dtype(model: torch.nn.Module) -> str:
    """The dtype of the first floating-point parameter: what the model computes in."""
    floating = (p.dtype for p in model.parameters() if p.dtype.is_floating_point and p.dtype.itemsize > 1)
    return dtype_name(next(floating, torch.get_default_dtype()))


def _dtypes(model: torch.nn.Module) -> tuple[str, str]:
    first = next((row_of(m).kind for m in model.modules() if row_of(m).kind not in ("unknown", "container")), "")
    tokens = first in ("embedding", "embedding_bag")
    return (_TOKENS, _float_dtype(model)) if tokens else (_float_dtype(model), _TOKENS)


def _own_specs(model: torch.nn.Module) -> dict[str, TensorSpec]:
    """The inputs by name that a transformers model gives in `dummy_inputs`."""
    own = _read(model, "dummy_inputs")
    if not isinstance(own, Mapping):
        return {}
    return {str(name): TensorSpec(tuple(t.shape), dtype_name(t.dtype)) for name, t in own.items() if torch.is_tensor(t)}


def _known(model: torch.nn.Module) -> tuple[Candidate, ...]:
    own = _read(model, "dummy_inputs")
    main = _read(model, "main_input_name")
    if main == "pixel_values" and isinstance(own, Mapping) and main not in own:
        return _images(model)  # transformers gives token ids to every model, those of images too
    if isinstance(own, Mapping) and own:
        return (Candidate(Inputs(**own), "Inputs: the model's own dummy_inputs."),)
    example = _read(model, "example_input_array")
    if example is not None:
        note = "Inputs: the model's own example_input_array."
        if isinstance(example, Mapping):
            return (Candidate(Inputs(**example), note),)
        return (Candidate(Inputs(*(example if isinstance(example, (tuple, list)) else (example,))), note),)
    config = _read(model, "pretrained_cfg") or _read(model, "default_cfg")
    size = config.get("input_size") if isinstance(config, Mapping) else None
    if size:
        spec = TensorSpec((1, *size), _float_dtype(model))
        return (Candidate(Inputs(spec), "Inputs: the size in the model's own pretrained_cfg."),)
    return ()


def _images(model: torch.nn.Module) -> tuple[Candidate, ...]:
    """One image of the size that a transformers config tells."""
    config = _read(model, "config")
    size, channels = getattr(config, "image_size", None), getattr(config, "num_channels", 3)
    sides = (size, size) if isinstance(size, int) else tuple(size) if isinstance(size, (tuple, list)) else ()
    if len(sides) != 2 or not all(isinstance(side, int) for side in sides):
        return ()
    spec = TensorSpec((1, channels, *sides), _float_dtype(model))
    return (Candidate(Inputs(pixel_values=spec), "Inputs: the image size in the model's own config."),)


def _read(model: torch.nn.Module, name: str) -> Any:
    """An attribute of the user's, which may raise or be missing."""
    try:
        return getattr(model, name, None)
    except Exception:
        return None


def _guessed(model: torch.nn.Module) -> tuple[Candidate, ...]:
    """What the first layer that wants a rank takes, in a few usual sizes."""
    if row_of(model).kind == "attention":
        width: Any = _said(model, "in_features")
        shape = (1, _LENGTH, width) if _said(model, "batch_first") else (_LENGTH, 1, width)
        spec = TensorSpec(shape, _float_dtype(model))
        return (Candidate(Inputs(spec, spec, spec), "Inputs: a guess, query = key = value; pass inputs= to be sure."),)
    for module in model.modules():
        specs = _wanted(module, _float_dtype(model))
        if specs:
            note = f"Inputs: a guess from the first layer ({type(module).__name__}); pass inputs= to be sure."
            return tuple(Candidate(Inputs(spec), note) for spec in specs)
    return ()


def _wanted(module: torch.nn.Module, dtype: str) -> list[TensorSpec]:
    row = row_of(module)
    if row.kind == "embedding":
        return [TensorSpec((1, _LENGTH), _TOKENS)]
    if row.kind.startswith("conv"):
        rank = len(module.kernel_size)  # type: ignore[arg-type]
        channels = getattr(module, "in_channels", 0)
        sides = (16,) if rank == 3 else _SIDES
        return [TensorSpec((1, channels, *(side,) * rank), dtype) for side in sides] if channels else []
    if row.kind in ("simple_rnn", "lstm", "gru"):
        batch_first, features = module.batch_first, module.input_size  # type: ignore[attr-defined]
        return [TensorSpec((1, _LENGTH, features) if batch_first else (_LENGTH, 1, features), dtype)]  # type: ignore[arg-type]
    if row.kind == "dense":
        features = _said(module, "in_features")
        return [TensorSpec((1, features), dtype), TensorSpec((1, _LENGTH, features), dtype)] if features else []
    if row.kind == "attention":
        return [TensorSpec((1, _LENGTH, _said(module, "in_features")), dtype)]
    if row.kind == "layer_norm" and (shape := _said(module, "normalized_shape")):
        return [TensorSpec((1, _LENGTH, *shape), dtype)]
    return []


def _said(module: torch.nn.Module, name: str) -> Any:
    """A setting, by whatever name this class has for it."""
    return next((s.value for s in read_settings(module, row_of(module)) if s.name == name), None)


def feed(inputs: Inputs, device: torch.device, abstract: bool) -> Inputs:
    """Live tensors for a pass: meta ones where nothing is to be computed, except small integers, which masks need."""

    def live(value: Any) -> Any:
        if isinstance(value, TensorSpec):
            dtype, shape = torch_dtype(value.dtype), tuple(1 if n is None else n for n in value.shape)
            whole = not dtype.is_floating_point and not dtype.is_complex
            if abstract and not whole:
                return torch.empty(shape, dtype=dtype, device="meta")
            # Ones are valid tokens and say "not masked"; a mask of zeros would hide everything.
            return torch.ones(shape, dtype=dtype, device="cpu" if abstract else device)
        if isinstance(value, torch.Tensor):
            whole = not value.dtype.is_floating_point and not value.dtype.is_complex
            if not abstract:
                return value.detach().clone().to(device)
            return value.detach().to("cpu", copy=True) if whole else torch.empty_like(value, device="meta")
        if _is_array(value):
            return live(_as_tensor(value).clone())
        return value

    return map_leaves(live, inputs)


def _as_tensor(value: Any) -> torch.Tensor:
    try:
        return torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise InputsError(f"An array of dtype {value.dtype} can't become a tensor of torch: {error}") from None


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") and hasattr(value, "shape") and hasattr(value, "dtype")
