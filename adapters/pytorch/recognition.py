"""Classes that are in no table, recognized by what they own and by what their `forward` computes. Names say nothing: a
`CohereLayerNorm` and a `LlamaRMSNorm` own the same tensors, and another `RMSNorm` multiplies by a gate as well."""

from __future__ import annotations

import weakref
from itertools import permutations
from types import FunctionType
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from ..rows import Row, Tensor
from .algebra import Formula, formula_of
from .tables.common import fixed
from .tables.third_party import dropped_path, frozen_norm

_NORMS = {
    # formula, before what is added → kind, what is added to the scale (`None`: there is no scale)
    "norm(x)": ("rms_norm", None),
    "norm(x)·w": ("rms_norm", 0),
    "norm(x)·(1+w)": ("rms_norm", 1),
    "norm(c)": ("layer_norm", None),
    "norm(c)·w": ("layer_norm", 0),
    "norm(c)·(1+w)": ("layer_norm", 1),
}
_STATISTICS = {"weight", "bias", "running_mean", "running_var"}
# All that code which drops whole examples speaks of, whether it does so itself or calls a function that does.
_DROPPED = frozenset(
    [
        *("drop_prob", "training", "drop_path", "scale_by_keep", "shape", "ndim", "torch", "rand", "dtype", "device"),
        *("floor", "floor_", "div", "div_", "bernoulli_", "new_empty"),
    ]
)
# A formula depends on the class, and on the module's own flags and numbers.
_KNOWN: weakref.WeakKeyDictionary[type, dict[Any, Row | None]] = weakref.WeakKeyDictionary()


def recognized(module: Any) -> Row | None:
    """The row of a module of an unknown class, `None` where nothing is certain."""
    if isinstance(module, torch.jit.ScriptModule) or module._modules:
        return None
    if not isinstance(getattr(type(module), "forward", None), FunctionType):
        return None
    parameters = {name: p for name, p in module._parameters.items() if p is not None}
    buffers = {name for name, b in module._buffers.items() if b is not None}
    if len(parameters) > 2 or any(is_lazy(p) or p.dim() != 1 for p in parameters.values()) or (parameters and buffers):
        return None
    cache = _KNOWN.setdefault(type(module), {})
    flags = ((k, v) for k, v in vars(module).items() if type(v) in (bool, int, float) and k != "training")
    key = (tuple(parameters), frozenset(buffers), tuple(flags), "forward" in vars(module))
    if key not in cache:
        cache[key] = _row(module, tuple(parameters), buffers)
    return cache[key]


def _row(module: Any, parameters: tuple[str, ...], buffers: set[str]) -> Row | None:
    if buffers:
        return _frozen_norm(module) if buffers - {"num_batches_tracked"} == _STATISTICS else None
    names = _names(module)
    if not parameters and {"drop_prob", "training"} <= names <= _DROPPED and names & {"drop_path", "ndim"}:
        return dropped_path("drop_prob")
    if not parameters and not names & {"rsqrt", "sqrt", "pow"}:
        return None
    for order in permutations(parameters):  # which of two is the scale, only the formula tells
        letters = dict(zip(order, "wb", strict=False))
        formula = formula_of(module, letters)
        if formula is not None and all(letter in formula.quantity for letter in letters.values()):
            return _row_of_formula(formula, {letter: name for name, letter in letters.items()})
    return None


def _row_of_formula(formula: Formula, named: dict[str, str]) -> Row | None:
    """`named`: the names of the parameters w and b, as far as there are such."""
    quantity = formula.quantity.removesuffix("+b")
    if quantity == "x·w":
        size = (None, lambda m: m._parameters[named["w"]].shape[0])
        settings = {"in_features": size, "axis": fixed((-1,)), "use_shift": fixed("b" in named)}
        return Row("scale", settings, _tensors(named, "channel"))
    if quantity not in _NORMS or formula.eps is None:
        return None
    kind, offset = _NORMS[quantity]
    shape = (None, lambda m: tuple(m._parameters[named["w"]].shape)) if "w" in named else fixed(None)
    settings = {
        "axis": fixed((-1,)),
        "normalized_shape": shape,
        "eps": (formula.eps_name, lambda m: formula.eps),
        "use_scale": fixed("w" in named),
    }
    if offset is not None:
        settings["scale_offset"] = fixed(offset)
    if kind == "layer_norm" or "b" in named:
        settings["use_shift"] = fixed("b" in named)
    return Row(kind, settings, _tensors(named, "norm"))


def _tensors(named: dict[str, str], axis: str) -> dict[str, Tensor]:
    roles = {"w": "scale", "b": "shift"}
    return {name: Tensor(roles[letter], axis) for letter, name in named.items()}


def _frozen_norm(module: Any) -> Row | None:
    """Four fixed tensors of one length, all used; the eps is an attribute, or the one fraction in the code."""
    if not {"rsqrt", *_STATISTICS} <= _names(module) or len({module._buffers[n].shape for n in _STATISTICS}) > 1:
        return None
    if type(vars(module).get("eps")) is float:
        return frozen_norm("eps")
    fractions = [c for c in type(module).forward.__code__.co_consts if type(c) is float]
    return frozen_norm(fixed(fractions[0])) if len(fractions) == 1 and 0 < fractions[0] < 0.1 else None


def _names(module: Any) -> set[str]:
    """The names that its code uses, helpers on itself included."""
    names: set[str] = set()
    waiting = ["forward"]
    seen = set(waiting)
    while waiting:
        function = getattr(type(module), waiting.pop(), None)
        if isinstance(function, FunctionType):
            mine = {n for n in function.__code__.co_names if n not in seen}
            helpers = {n for n in mine if n[0] == "_" and isinstance(getattr(type(module), n, None), FunctionType)}
            names |= mine - helpers
            waiting += helpers
            seen |= helpers
    return names
