"""What is compared, read, carried from and proved is left as it was: models, frameworks, random generators."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch
from support.fingerprint import difference, keras_fingerprint, torch_fingerprint
from torch import nn
from torch.nn.utils import prune

from introspect import compare, prove, transfer
from introspect.errors import IntrospectError

layers = keras.layers
SEEN: list[Any] = []


class Uncopied(keras.Model):
    """One that can't be made anew, draws random numbers, counts its calls, and holds statistics of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = layers.Normalization()
        self.fc = layers.Dense(3)
        self.calls = [0]

    def call(self, x: Any, training: bool = False) -> Any:
        self.calls[0] += 1
        random.random()
        np.random.rand()
        return self.fc(self.norm(x))

    def get_config(self) -> Any:
        raise NotImplementedError("no configuration")


class Made(layers.Layer):
    """A layer whose own layers have no names: a copy of it takes numbers from Keras."""

    def __init__(self, **said: Any) -> None:
        super().__init__(**said)
        self.fc = layers.Dense(3)

    def build(self, shape: Any) -> None:
        self.fc.build(shape)
        super().build(shape)

    def call(self, x: Any) -> Any:
        return self.fc(x)


class Raising(nn.Module):
    """One that runs on a dummy pass and raises on real values, having drawn and kept something."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.calls = 0

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        torch.rand(1)
        if not x.is_meta and x.dtype == torch.float64:
            raise ValueError("not in double precision")
        return self.fc(x)


def uncopied() -> Any:
    model = Uncopied()
    model.norm.adapt(np.random.rand(20, 4).astype("float32"))
    model(np.zeros((2, 4), "float32"))
    return model


def sequential(*inner: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), *inner])


def watched() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    model[0].register_forward_hook(lambda module, args, output: SEEN.append(output))
    model[0].weight.grad = torch.ones(3, 4)
    return model.train()


def pruned() -> nn.Module:
    model = nn.Sequential(nn.Linear(4, 3))
    prune.l1_unstructured(model[0], "weight", 0.5)
    return model


Pair = tuple[Callable[[], Any], Callable[[], nn.Module]]
PAIRS: dict[str, Pair] = {
    "plain": (lambda: sequential(layers.Dense(3), layers.BatchNormalization(epsilon=1e-3)), watched),
    "dropout": (lambda: sequential(layers.Dense(3), layers.Dropout(0.5)), lambda: nn.Sequential(nn.Linear(4, 3))),
    "unnamed": (lambda: sequential(Made()), lambda: nn.Sequential(nn.Linear(4, 3))),
    "uncopied": (uncopied, lambda: nn.Sequential(nn.Linear(4, 3), nn.Dropout())),
    "pruned": (lambda: sequential(layers.Dense(3)), pruned),
    "raising": (lambda: sequential(layers.Dense(3)), Raising),
}


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_a_proof_leaves_both_models_as_they_were(name: str, back: bool) -> None:
    ours, port = PAIRS[name][0](), PAIRS[name][1]()
    inputs: Any = torch.zeros(2, 4) if back else np.zeros((2, 4), "float32")
    SEEN.clear()
    before = keras_fingerprint(ours), torch_fingerprint(port)
    try:
        prove(*((port, ours) if back else (ours, port)), inputs=inputs, seeds=2)
    except IntrospectError:
        assert name in ("raising", "pruned")
    assert difference(before[0], keras_fingerprint(ours)) == []
    assert difference(before[1], torch_fingerprint(port)) == []
    assert SEEN == []


@pytest.mark.parametrize("name", PAIRS)
def test_comparing_values_leaves_both_models_as_they_were(name: str) -> None:
    ours, port = PAIRS[name][0](), PAIRS[name][1]()
    before = keras_fingerprint(ours), torch_fingerprint(port)
    compare(ours, port, inputs_a=np.zeros((2, 4), "float32"), inputs_b=torch.zeros(2, 4), values=True)
    assert difference(before[0], keras_fingerprint(ours)) == []
    assert difference(before[1], torch_fingerprint(port)) == []


def test_a_transfer_changes_the_values_of_the_target_alone() -> None:
    ours, port = PAIRS["plain"][0](), PAIRS["plain"][1]()
    before = keras_fingerprint(ours), torch_fingerprint(port)
    transfer(ours, port)
    assert difference(before[0], keras_fingerprint(ours)) == []
    weights = {f"model/{path}" for path in ("0/_parameters/weight", "0/_parameters/bias")}
    weights |= {f"model/1/{path}" for path in ("_parameters/weight", "_parameters/bias")}
    statistics = {"model/1/_buffers/running_mean", "model/1/_buffers/running_var"}
    changed = {line.partition(": ")[0] for line in difference(before[1], torch_fingerprint(port))}
    written = {f"{path}/{what}" for path in weights | statistics for what in ("version, data_ptr", "bytes")}
    assert f"{min(weights)}/bytes" in changed
    assert changed <= written
    storage = [tensor.data_ptr() for tensor in (*port.parameters(), *port.buffers())]
    transfer(ours, port)
    assert storage == [tensor.data_ptr() for tensor in (*port.parameters(), *port.buffers())]
