"""The checks that the other tests lean on can fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras
import pytest
import torch
from keras import layers
from support import torch_reference
from support.checks import check_report, shapes_differ
from support.fingerprint import difference, keras_fingerprint, torch_fingerprint
from torch import nn

from introspect import TensorSpec, inspect
from introspect.values import FrozenDict


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m[0].train(not m[0].training),
        lambda m: m[0].weight.data.add_(1),
        lambda m: m[1].running_mean.add_(1),
        lambda m: m[0].weight.requires_grad_(False),
        lambda m: m.register_forward_hook(lambda *_: None),
        lambda m: setattr(m[0], "extra", 1),
        lambda m: torch.rand(1),
        lambda m: setattr(m[0].weight, "grad", torch.zeros(3, 4)),
    ],
)
def test_a_change_of_a_torch_model_is_seen(change: Any) -> None:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    before = torch_fingerprint(model)
    assert not difference(before, torch_fingerprint(model))
    change(model)
    assert difference(before, torch_fingerprint(model))


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.layers[0].kernel.assign(m.layers[0].kernel + 1),
        lambda m: setattr(m.layers[0], "extra", 1),
        lambda m: setattr(m.layers[0], "trainable", False),
        lambda m: m(keras.KerasTensor((1, 4))),
        lambda m: layers.Dense(2),
    ],
)
def test_a_change_of_a_keras_model_is_seen(change: Any) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    before = keras_fingerprint(model)
    assert not difference(before, keras_fingerprint(model))
    change(model)
    assert difference(before, keras_fingerprint(model))


def test_a_wrong_shape_in_a_report_is_seen() -> None:
    model = nn.Sequential(nn.Linear(4, 3))
    report, reference = inspect(model, (1, 4)), torch_reference.record(model, torch.ones(1, 4))
    assert not shapes_differ(report, reference)
    call = replace(report["0"].calls[0], outputs=TensorSpec((1, 5)))
    layers_ = tuple(replace(layer, calls=(call,)) if layer.path == "0" else layer for layer in report)
    assert shapes_differ(replace(report, layers=layers_), reference)
    assert shapes_differ(replace(report, layers=report.layers[:1]), reference)


def test_a_wrong_axis_in_a_report_is_seen() -> None:
    report = inspect(nn.Linear(4, 3), (1, 4))
    check_report(report)
    kernel = report.root.kernel
    wrong = replace(report.root, parameters=(replace(kernel, axes="(in mult) out", sizes=FrozenDict()),))
    with pytest.raises(AssertionError):
        check_report(replace(report, layers=(wrong,)))
