"""`introspect demo`: one small CNN in Keras, the same in PyTorch, both reports, and in what they differ."""

from __future__ import annotations

from collections import OrderedDict
from importlib import import_module
from typing import Any

from .comparing import compare
from .comparison_tables import comparison_table
from .inspection import inspect
from .registry import missing_framework
from .tables import Table, side_by_side


def shown() -> tuple[Table, Table]:
    """What the demo shows: both reports, and their comparison. Raises `MissingFrameworkError` where one of the two is
    not installed."""
    a, b = inspect(keras_model(), (1, 28, 28, 1)), inspect(torch_model(), (1, 1, 28, 28))
    return side_by_side(a, b), comparison_table(compare(a, b))


def keras_model() -> Any:
    """Two convolutions, two dense layers, 28×28 grey images, ten classes."""
    keras = _framework("keras")
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, padding="same", name="conv1"),
            layers.BatchNormalization(name="norm1"),
            layers.ReLU(name="relu1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(32, 3, padding="same", name="conv2"),
            layers.ReLU(name="relu2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(64, name="dense"),
            layers.ReLU(name="relu3"),
            layers.Dense(10, name="classes"),
        ]
    )


def torch_model() -> Any:
    """The same in PyTorch."""
    nn = _framework("torch").nn
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(1, 16, 3, padding=1),
            norm1=nn.BatchNorm2d(16),
            relu1=nn.ReLU(),
            pool1=nn.MaxPool2d(2),
            conv2=nn.Conv2d(16, 32, 3, padding=1),
            relu2=nn.ReLU(),
            pool2=nn.MaxPool2d(2),
            flatten=nn.Flatten(),
            dense=nn.Linear(32 * 7 * 7, 64),
            relu3=nn.ReLU(),
            classes=nn.Linear(64, 10),
        )
    )


def _framework(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise missing_framework(name, error) from error
