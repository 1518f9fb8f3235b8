"""The weights of a Keras application carried into torchvision's model, and the listed differences repaired there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from support import carrying
from support.expected import Expected
from support.model_pairs import Pair
from torch.nn import functional


def carry_all(pair: Pair, keras_model: Any, torch_model: Any) -> None:
    """Every weight of the Keras model into its place; biases that have none into the statistics behind them."""
    partners = pair.partners(keras_model)
    for path, other in partners.items():
        layer, module = carrying.find(keras_model, path), torch_model.get_submodule(other)
        if pair.family == "vgg" and path == "fc1":
            carrying.carry_flattened(layer, module, (7, 7, 512))
        else:
            carrying.carry(layer, module)
    if pair.family == "resnet":
        for path in (path for path in partners if path.endswith("_conv")):
            norm = torch_model.get_submodule(partners[path.removesuffix("conv") + "bn"])
            bias = carrying.array(carrying.find(keras_model, path).bias)
            carrying.put(norm.running_mean, norm.running_mean.numpy() - bias)


@contextmanager
def repaired(pair: Pair, keras_model: Any, torch_model: Any, repair: bool = True) -> Iterator[Callable[[Any], Any]]:
    """What runs the torch model with exactly the listed differences that change values repaired."""
    with ExitStack() as stack:
        before: list[Callable[[Any], Any]] = []
        for expected in pair.expected_differences(keras_model) if repair else ():
            if expected.effect != "values":
                continue
            if expected.field == "input":
                layer = carrying.find(keras_model, expected.keras_layers[0])
                before.append(_on_channels_last(layer))
            elif expected.field == "count_include_pad":
                stack.enter_context(_averages_without_padding())
            else:
                for path in expected.torch_layers:
                    stack.enter_context(_set(torch_model.get_submodule(path), expected))

        def run(images: Any) -> Any:
            for change in before:
                images = change(images)
            return torch_model(images)

        yield run


def _on_channels_last(layer: Any) -> Callable[[Any], Any]:
    def change(images: Any) -> Any:
        changed = carrying.array(layer(np.moveaxis(images.numpy(), 1, -1)))
        return torch.from_numpy(np.moveaxis(changed, -1, 1).copy())

    return change


@contextmanager
def _set(module: Any, expected: Expected) -> Iterator[None]:
    """One setting of one module as Keras has it."""
    name = {"eps": "eps", "strides": "stride", "padding": "padding"}[expected.field]
    was, hook = getattr(module, name), None
    if expected.field == "padding":
        (top, bottom), (left, right) = expected.keras
        hook = module.register_forward_pre_hook(lambda _, args: functional.pad(args[0], (left, right, top, bottom)))
        module.padding = (0, 0)
    else:
        setattr(module, name, expected.keras)
    try:
        yield
    finally:
        setattr(module, name, was)
        if hook is not None:
            hook.remove()


@contextmanager
def _averages_without_padding() -> Iterator[None]:
    was = functional.avg_pool2d
    functional.avg_pool2d = lambda *args, **settings: was(*args, **settings, count_include_pad=False)
    try:
        yield
    finally:
        functional.avg_pool2d = was
