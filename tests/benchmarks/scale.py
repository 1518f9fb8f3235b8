"""The time per layer of models that are large in one way: many layers in a row, or layers within layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import torch
from timing import Target, say, show, side_by_side

import introspect

LINEAR = 1.5  # a layer of the largest model may take so many times what one of the smallest takes


def run(quick: bool) -> list[Target]:
    """Print the table and return the targets."""
    torch.set_num_threads(1)
    most = 4000 if quick else 10_000
    sweeps: dict[str, tuple[Callable[[int], Any], tuple[int, ...]]] = {
        "torch, layers in a row": (torch_row, (1000, most)),
        "torch, levels of nesting": (torch_nest, (10, 100)),
        "Keras, layers in a row": (keras_row, (100, 1000)),
        "Keras, levels of nesting": (keras_nest, (10, 100)),
    }
    rows, targets = [], []
    for name, (build, sizes) in sweeps.items():
        say(f"scale: {name}")
        found = _sweep(name, build, sizes)
        rows += found
        growth = found[-1]["µs a layer"] / found[0]["µs a layer"]
        targets.append(Target(f"time a layer, {sizes[-1]:,} / {sizes[0]:,}: {name}", growth, LINEAR, "at most"))
    show("Scale: a layer's share of inspect's time", rows)
    return targets


def _sweep(name: str, build: Callable[[int], Any], sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    models = {size: build(size) for size in sizes}
    # On 10 layers most of the time is the call's own, whatever the model: it is measured apart and taken off.
    times = side_by_side({str(size): _inspecting(model) for size, model in {**models, 0: build(0)}.items()})
    rows = []
    for size, model in models.items():
        layers = len(introspect.inspect(model, (1, 8)))
        share = 1000 * (times[str(size)] - times["0"]) / layers
        rows.append({"model": name, "size": size, "layers": layers, "ms": times[str(size)], "µs a layer": share})
    return rows


def _inspecting(model: Any) -> Callable[[], introspect.Report]:
    def run() -> introspect.Report:
        report = introspect.inspect(model, (1, 8))
        if not report.complete:
            raise RuntimeError(str(report.notes))
        return report

    return run


def torch_row(size: int) -> torch.nn.Module:
    return torch.nn.Sequential(*(torch.nn.Linear(8, 8) for _ in range(size)))


class Nest(torch.nn.Module):
    """A layer, then the next level."""

    def __init__(self, inner: torch.nn.Module) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(8, 8)
        self.inner = inner

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(self.layer(x))


def torch_nest(levels: int) -> torch.nn.Module:
    model: torch.nn.Module = torch.nn.Sequential()
    for _ in range(levels):
        model = Nest(model)
    return model


class KerasRow(keras.layers.Layer):
    """Layers one after another, in no graph: Keras itself fails on a graph of 1,000 layers in a row."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.steps = [keras.layers.Dense(8) for _ in range(size)]

    def build(self, shape: Any) -> None:
        for step in self.steps:
            step.build(shape)

    def call(self, x: Any) -> Any:
        for step in self.steps:
            x = step(x)
        return x


def keras_row(size: int) -> Any:
    return _built(KerasRow(size))


class KerasNest(keras.layers.Layer):
    """A layer, then the next level."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.layer = keras.layers.Dense(8)
        self.inner = inner

    def build(self, shape: Any) -> None:
        self.layer.build(shape)
        self.inner.build(shape)

    def call(self, x: Any) -> Any:
        return self.inner(self.layer(x))


def keras_nest(levels: int) -> Any:
    model: Any = keras.layers.Identity()
    for _ in range(levels):
        model = KerasNest(model)
    return _built(model)


def _built(layer: Any) -> Any:
    layer.build((1, 8))
    return layer
