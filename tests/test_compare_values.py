"""compare(values=True): whether two live models hold the same values, through the weight map."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from torch import nn

from introspect import Comparison, compare, inspect, transfer
from introspect.errors import TransferError


def pair() -> tuple[Any, nn.Module]:
    layers = keras.layers
    ours = keras.Sequential(
        [keras.Input((6, 6, 3)), layers.Conv2D(4, 3, name="conv"), layers.BatchNormalization(name="norm", epsilon=1e-5),
         layers.Flatten(), layers.Dense(5, name="head")]
    )  # fmt: skip
    port = nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(64, 5))
    return ours, port.eval()


def test_a_port_that_holds_the_weights() -> None:
    ours, port = pair()
    transfer(ours, port)
    comparison = compare(ours, port, values=True)
    assert {held.b: held.equal for held in comparison.values if held.b and held.equal is not None} == {
        "0.weight": True, "1.weight": True, "1.bias": True, "1.running_mean": True, "1.running_var": True,
        "3.weight": True, "3.bias": True,
    }  # fmt: skip
    assert Comparison.from_json(comparison.to_json()) == comparison
    assert "7 tensors are equal" in str(comparison)


def test_one_number_that_differs_is_found_and_measured() -> None:
    ours, port = pair()
    transfer(ours, port)
    with torch.no_grad():
        port[3].weight[2, 7] += 0.5
    (held,) = [held for held in compare(ours, port, values=True).values if held.equal is False]
    assert (held.a, held.b) == (("head.kernel",), "3.weight")
    assert held.absolute == pytest.approx(0.5, rel=1e-6)
    assert held.relative == pytest.approx(0.5 / port[3].weight.detach().abs().max().item(), rel=1e-6)


def test_two_models_as_they_were_made_differ_in_their_kernels_alone() -> None:
    ours, port = pair()
    apart = {held.b for held in compare(ours, port, values=True).values if held.equal is False}
    assert apart == {"0.weight", "3.weight", "3.bias"}


def test_what_is_not_asked_for_is_not_read() -> None:
    ours, port = pair()
    assert compare(ours, port).values == ()
    with pytest.raises(TransferError, match="A report holds no weights"):
        compare(inspect(ours), port, values=True)
