"""Small pairs of a Keras model and a torch model, one for each way in which their layers correspond or seem to.

Each case says what is true of its pair, and carries the weights by hand; tests/test_layer_pairs.py finds by numbers
that it is so. `cases()` gives them all. Where the truth is ANOTHER, a repair that makes both equal would be right too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from support import carrying
from torch import nn

EQUAL, REPAIRED, ANOTHER, DIFFERENT = (
    "equal",
    "equal after repairs",
    "same weights, another function",
    "different",
)
Carry = Callable[[Any, Any], None]


@dataclass(frozen=True)
class LayerCase:
    name: str
    keras: Callable[[], Any]
    torch: Callable[[], nn.Module]
    shape: Any  # of Keras's input with the batch, or of each of several
    truth: str
    carry: Carry | None = None  # None: the weighted layers of both sides in order
    repair: Callable[[Any], Any] | None = None  # what makes the torch model equal, by hand; may return another
    repairs: tuple[str, ...] = ()  # the same in words: field and value
    plain: bool = False  # the arrays are laid out alike in both, else channels are last in Keras and first in torch
    tokens: int | None = None  # ids below this instead of numbers
    precision: float = 1e-9

    def build_keras(self, dtype: str = "float64") -> Any:
        with carrying.policy(dtype):
            return self.keras()

    def build_torch(self, dtype: str = "float64") -> Any:
        torch.manual_seed(0)
        return self.torch().to(getattr(torch, dtype)).eval()

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        return self.shape if isinstance(self.shape[0], tuple) else (self.shape,)

    @property
    def torch_shapes(self) -> tuple[tuple[int, ...], ...]:
        if self.plain:
            return self.shapes
        return tuple((s[0], s[-1], *s[1:-1]) if len(s) > 2 else s for s in self.shapes)

    @property
    def dtype(self) -> str:
        return "int32" if self.tokens else "float32"


def difference(case: LayerCase, keras_model: Any, torch_model: Any, seed: int) -> float:
    """The relative difference of the outputs, with random weights in the Keras model that are carried."""
    carrying.randomize(keras_model, seed)
    (case.carry or in_order)(keras_model, torch_model)
    rng = np.random.default_rng(seed + 100)
    inputs = [rng.integers(0, case.tokens, s) if case.tokens else rng.normal(0, 1, s) for s in case.shapes]
    with carrying.full_precision():
        a = carrying.array(keras_model(inputs if len(inputs) > 1 else inputs[0], training=False))
    laid_out = [x if case.plain else carrying.to_torch_layout(x) for x in inputs]
    with torch.no_grad():
        b = torch_model(*(torch.from_numpy(np.ascontiguousarray(x)) for x in laid_out)).numpy()
    if not case.plain and b.ndim > 2:
        b = np.moveaxis(b, 1, -1)
    return carrying.relative_difference(a, b)


def same_function(case: LayerCase, keras_model: Any, torch_model: Any, seeds: int = 3) -> bool:
    """Whether carried weights give the same outputs, whatever the weights."""
    return all(difference(case, keras_model, torch_model, seed) < case.precision for seed in range(seeds))


def in_order(keras_model: Any, torch_model: Any) -> None:
    layers, modules = weighted(keras_model, torch_model)
    for layer, module in zip(layers, modules, strict=True):
        carrying.carry(layer, module)


def weighted(keras_model: Any, torch_model: Any) -> tuple[list[Any], list[Any]]:
    layers = [layer for layer in keras_model.layers if layer.weights]
    modules = [m for m in torch_model.modules() if list(m.parameters(recurse=False))]
    return layers, modules


def model(shape: tuple[int, ...], *layers: Callable[[], Any], dtype: str | None = None) -> Callable[[], Any]:
    """A Sequential model of layers that are made when it is built."""
    return lambda: keras.Sequential([keras.Input(shape[1:], dtype=dtype), *(make() for make in layers)])


def K(name: str, *args: Any, **settings: Any) -> Callable[[], Any]:  # noqa: N802 - short, as it stands everywhere
    """A Keras layer, made later: under the dtype policy of the test."""
    return lambda: getattr(keras.layers, name)(*args, **settings)


def T(*makers: Callable[[], nn.Module]) -> Callable[[], nn.Module]:  # noqa: N802
    return lambda: nn.Sequential(*(make() for make in makers))


def N(name: str, *args: Any, **settings: Any) -> Callable[[], nn.Module]:  # noqa: N802
    return lambda: getattr(nn, name)(*args, **settings)


class Run(nn.Module):
    """A module of children and one function over them and the inputs."""

    def __init__(self, function: Callable[..., Any], **children: nn.Module) -> None:
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)
        self.function = function

    def forward(self, *inputs: Any) -> Any:
        return self.function(self, *inputs)


def run(function: Callable[..., Any], **makers: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: Run(function, **{name: make() for name, make in makers.items()})


def setting(index: int, **values: Any) -> Callable[[Any], Any]:
    """A repair: other values for settings of one child of a Sequential."""

    def repair(module: Any) -> Any:
        for name, value in values.items():
            setattr(module[index], name, value)
        return module

    return repair


def padded(index: int, *pad: int, value: float = 0.0) -> Callable[[Any], Any]:
    """A repair: what a child pads itself is padded in front of it, as Keras does."""

    def repair(module: Any) -> Any:
        child: Any = module[index]
        if hasattr(child, "padding"):
            convolution = isinstance(child, nn.modules.conv._ConvNd)
            setattr(child, "padding", (0,) * (len(pad) // 2) if convolution else 0)  # noqa: B010
        kind = {2: nn.ConstantPad1d, 4: nn.ConstantPad2d, 6: nn.ConstantPad3d}[len(pad)]
        return nn.Sequential(*module[:index], kind(pad, value), *module[index:])

    return repair


def inserted(index: int, make: Callable[[], nn.Module]) -> Callable[[Any], Any]:
    """A repair: a module more."""
    return lambda module: nn.Sequential(*module[:index], make(), *module[index:])


def cases() -> tuple[LayerCase, ...]:
    from support import layer_pairs_conv, layer_pairs_dense, layer_pairs_rest, layer_pairs_sequence

    found = (layer_pairs_dense, layer_pairs_conv, layer_pairs_sequence, layer_pairs_rest)
    return tuple(case for module in found for case in module.CASES)
