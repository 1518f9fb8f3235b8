"""Classes that are in no table, recognized by what they own and by what their `forward` computes. Names say nothing: a
`CohereLayerNorm` and a `LlamaRMSNorm` own the same tensors, and another `RMSNorm` multiplies by a gate as well."""

from __future__ import annotations

import weakref
from types import FunctionType
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from ..rows import Row, Tensor
from .algebra import Formula, formula_of
from .tables.common import fixed
from .tables.third_party import dropped_path, frozen_norm

_NORMS = {
    # formula → kind, whether there is a scale, what is added to it
    "norm(x)": ("rms_norm", False, 0),
    "norm(x)·w": ("rms_norm", True, 0),
    "norm(x)·(1+w)": ("rms_norm", True, 1),
    "norm(c)": ("layer_norm", False, 0),
    "norm(c)·w": ("layer_norm", True, 0),
    "norm(c)·(1+w)": ("layer_norm", True, 1),
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
    if len(parameters) > 1 or any(is_lazy(p) or p.dim() != 1 for p in parameters.values()) or (parameters and buffers):
        return None
    cache = _KNOWN.setdefault(type(module), {})
    flags = ((k, v) for k, v in vars(module).items() if type(v) in (bool, int, float) and k != "training")
    key = (tuple(parameters), frozenset(buffers), tuple(flags), "forward" in vars(module))
    if key not in cache:
        cache[key] = _row(module, next(iter(parameters), None), buffers)
    return cache[key]


def _row(module: Any, parameter: str | None, buffers: set[str]) -> Row | None:
    if buffers:
        return _frozen_norm(module) if buffers - {"num_batches_tracked"} == _STATISTICS else None
    names = _names(module)
    if parameter is None and {"drop_prob", "training"} <= names <= _DROPPED and names & {"drop_path", "ndim"}:
        return dropped_path("drop_prob")
    formula = formula_of(module, parameter) if parameter or names & {"rsqrt", "sqrt", "pow"} else None
    if formula is None or ("w" in formula.quantity) != (parameter is not None):
        return None
    if formula.quantity == "x·w":
        size = (None, lambda m: getattr(m, parameter or "").shape[0])
        return Row("scale", {"in_features": size, "axis": fixed((-1,))}, {str(parameter): Tensor("scale", "channel")})
    return _norm(formula, parameter) if formula.quantity in _NORMS and formula.eps is not None else None


def _norm(formula: Formula, parameter: str | None) -> Row:
    kind, scaled, offset = _NORMS[formula.quantity]
    shape: Any = fixed(None)
    if parameter is not None:
        shape = (None, lambda m: tuple(m._parameters[parameter].shape))
    settings: dict[str, Any] = {
        "axis": fixed((-1,)),
        "normalized_shape": shape,
        "eps": (formula.eps_name, lambda m: formula.eps),
        "use_scale": fixed(scaled),
    }
    if scaled:
        settings["scale_offset"] = fixed(offset)
    if kind == "layer_norm":
        settings["use_shift"] = fixed(False)
    return Row(kind, settings, {parameter: Tensor("scale", "norm")} if parameter else {})


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
