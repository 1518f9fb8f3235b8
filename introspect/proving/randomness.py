"""Random weights that keep signals alive, and random inputs that models accept."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..adapter import Weights
from ..parameter import Parameter, split_axes
from ..records import Layer, Report
from ..values import FrozenDict, Inputs, TensorSpec, tensor_leaves

_POSITIVE = frozenset({"variance", "scale", "deviation"})
_KEPT = frozenset({"seed", "counter", "quantizer", "singular_vector", "mask", "class_weight"})


def random_weights(report: Report, weights: Weights, rng: Any) -> dict[str, Any]:
    """Values for everything that is learned, and for running statistics."""
    # A rectifier halves what it is given. Norms whose statistics are random do not keep signals small: with shortcuts
    # they would grow until rounding is all that is seen.
    gain = 1.0 if any(layer.kind.endswith("_norm") for layer in report) else 2.0
    values = {}
    for p in report.parameters:
        kept = p.role in _KEPT or (p.state == "buffer" and p.role not in ("mean", "variance"))
        if kept or p.shape is None or p.stored is not None or not p.dtype.startswith(("float", "bfloat")):
            continue
        shape = weights.spec(p.path).shape
        if p.role in _POSITIVE:
            values[p.path] = rng.uniform(0.5, 1.5, shape)
        elif p.role == "slope":
            values[p.path] = rng.uniform(0.1, 0.4, shape)
        else:
            values[p.path] = rng.normal(0, _spread(p, gain), shape)
    return values


def _spread(p: Parameter, gain: float) -> float:
    """The deviation of a kernel that makes `gain` times the variance that it is given."""
    sizes = p.by_axis
    if len(p.shape or ()) < 2:
        return 0.3
    if sizes is None or p.axes is None:
        return math.sqrt(gain / max(1, math.prod((p.shape or (1,))[:-1])))
    if p.role in ("table", "value"):
        return 1.0
    made = ("out", "gate", "units", "tokens", "qkv", "mult")
    heads = "in" in sizes  # heads are made of the features, else they are summed over
    names = [name for dim in split_axes(p.axes) for name in dim if name in sizes]
    sums = [
        n for n in names if not n.startswith(made) and not (heads and n in ("head", "kv_head", "key_dim", "value_dim"))
    ]
    if "mult" in sizes:
        sums = [n for n in sums if n != "in"]
    return math.sqrt(gain / max(1, math.prod(sizes[n] for n in sums)))


class Leaves:
    """The tensors that a report's model is called with, by the names that its comparison calls them by."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.inputs: Inputs = report.inputs if report.inputs is not None else Inputs()
        self.specs = tensor_leaves(self.inputs)
        self.names = self._names()

    def _names(self) -> list[str]:
        names = []
        for number, value in enumerate(self.inputs.args):
            names += _named(str(number), value)
        for name, value in self.inputs.kwargs.items():
            names += _named(name, value)
        return names

    def spec(self, name: str) -> TensorSpec:
        """The shape and dtype of an input."""
        return self.specs[self.names.index(name)]

    def filled(self, arrays: Mapping[str, Any]) -> Inputs:
        """The inputs with arrays in the places of their specs."""
        given = iter([arrays[name] for name in self.names])
        args = tuple(_filled(value, given) for value in self.inputs.args)
        return Inputs(*args, **{name: _filled(value, given) for name, value in self.inputs.kwargs.items()})

    def random(self, name: str, rng: Any) -> Any:
        """A random array for one input: ids below the size of the table that they are looked up in; ones for integers
        that are not looked up, which are masks."""
        import numpy as np

        spec = self.spec(name)
        shape = tuple(1 if n is None else n for n in spec.shape)
        if spec.dtype.startswith(("float", "bfloat")):
            return rng.normal(0, 1, shape).astype("float32").astype("float64")
        if spec.dtype == "bool":
            return np.ones(shape, "bool")
        tables = self._tables(name)
        if not tables:
            return np.ones(shape, spec.dtype)
        tokens = min(layer.setting("tokens") for layer in tables)
        ids = [n for n in range(min(tokens, 100_000)) if n not in {layer.setting("padding_token") for layer in tables}]
        return rng.choice(ids, shape).astype(spec.dtype)

    def _tables(self, name: str) -> list[Layer]:
        """The layers in whose tables an input is looked up."""
        fed: set[tuple[Any, ...]] = set()
        root = self.report.root
        for own, source in zip(self.names, root.calls[0].sources if root.calls else (), strict=False):
            if own == name and source is not None:
                fed.add(("input", source.path, source.index or 0))
        found = []
        steps: list[tuple[Any, Any]] = [(layer, call) for layer in self.report for call in layer.calls]
        steps += [(None, operation) for operation in self.report.operations]
        for layer, step in sorted(steps, key=lambda s: s[1].order):
            sources = [s for s in step.sources if s is not None]
            keys = {(s.kind, s.path, s.index or 0) if s.kind == "input" else (s.kind, s.step) for s in sources}
            if not keys & fed:
                continue
            if layer is not None and layer.setting("tokens"):
                found.append(layer)
            elif layer is None or layer.kind in ("input", "identity"):
                fed.add(("step", step.order))
        return found


def _named(name: str, value: Any) -> Iterator[str]:
    """As the canonical graph names inputs: those of a dict by their keys, of others by their numbers."""
    count = len(tensor_leaves((value,)))
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from (key for _ in tensor_leaves((part,)))
    else:
        yield from (f"{name}[{index}]" if index else name for index in range(count))


def _filled(value: Any, given: Iterator[Any]) -> Any:
    if isinstance(value, TensorSpec):
        return next(given)
    if isinstance(value, Mapping):
        kind = value.type_name if isinstance(value, FrozenDict) else None
        return FrozenDict({name: _filled(part, given) for name, part in value.items()}, type_name=kind)
    if isinstance(value, (tuple, list)):
        return tuple(_filled(part, given) for part in value)
    return value
