"""Weights carried between Keras, on whatever backend it runs, and torch: both ways, bit by bit, and proved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

from introspect import compare, prove, transfer

L = keras.layers
# NumPy warns of the way in which Keras makes arrays of its variables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


def image() -> tuple[Any, nn.Module]:
    ours = keras.Sequential(
        [keras.Input((9, 9, 3)), L.Conv2D(4, 3, padding="same"), L.BatchNormalization(epsilon=1e-5), L.ReLU(),
         L.MaxPooling2D(), L.Flatten(), L.Dense(5, activation="softmax")]
    )  # fmt: skip
    head = [nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 5), nn.Softmax(-1)]
    return ours, nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), *head)


class Tagger(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(11, 6)
        self.rnn = nn.LSTM(6, 3, batch_first=True, bidirectional=True)
        self.attend = nn.MultiheadAttention(6, 2, batch_first=True)
        self.norm = nn.LayerNorm(6, eps=1e-3)
        self.out = nn.Linear(6, 4)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.rnn(self.table(ids))[0]
        return self.out(nn.functional.gelu(self.norm(x + self.attend(x, x, x, need_weights=False)[0])))


def sequence() -> tuple[Any, nn.Module]:
    ids = keras.Input((5,), dtype="int32")
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(L.Embedding(11, 6)(ids))
    x = L.LayerNormalization()(L.Add()([x, L.MultiHeadAttention(2, 3)(x, x)]))
    return keras.Model(ids, L.Dense(4)(L.Activation("gelu")(x))), Tagger()


PAIRS: dict[str, Callable[[], tuple[Any, nn.Module]]] = {"image": image, "sequence": sequence}


def fed(name: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    if name == "sequence":
        ids = rng.integers(0, 11, (2, 5))
        return ids.astype("int32"), torch.from_numpy(ids)
    x = rng.normal(size=(2, 9, 9, 3)).astype("float32")
    return x, torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))


def values(model: Any) -> list[Any]:
    return [keras.ops.convert_to_numpy(weight).copy() for weight in model.weights]


@pytest.mark.parametrize("name", PAIRS)
def test_outputs_agree_when_the_weights_are_carried_either_way(name: str) -> None:
    ours, port = PAIRS[name]()
    x, y = fed(name)
    for source, target in ((ours, port), (port, ours)):
        for weight in port.parameters():
            nn.init.normal_(weight, 0, 0.4)
        transfer(source, target)
        port.eval()
        with torch.no_grad():
            theirs = port(y).numpy()
        np.testing.assert_allclose(keras.ops.convert_to_numpy(ours(x, training=False)), theirs, atol=2e-5)


@pytest.mark.parametrize("name", PAIRS)
def test_there_and_back_gives_the_same_bits(name: str) -> None:
    ours, port = PAIRS[name]()
    before = values(ours)
    transfer(ours, port)
    for weight in ours.weights:
        if "seed" not in weight.path:
            weight.assign(np.full(weight.shape, 7.0, "float32"))
    transfer(port, ours)
    assert all(np.array_equal(x, y) for x, y in zip(before, values(ours), strict=True))


@pytest.mark.parametrize("name", PAIRS)
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_the_proof_holds(name: str, back: bool) -> None:
    ours, port = PAIRS[name]()
    given = {"inputs_b" if not back else "inputs_a": fed(name)[1][:1]}
    comparison = compare(*((port, ours) if back else (ours, port)), **given)
    assert comparison.verdict == "equal"
    proof = prove(*((port, ours) if back else (ours, port)), comparison, seeds=1)
    assert proof.holds, str(proof)
    assert proof.carried[0].relative <= proof.bar


def test_values_are_compared_tensor_by_tensor() -> None:
    ours, port = image()
    transfer(ours, port)
    assert all(held.equal for held in compare(ours, port, values=True).values if held.equal is not None)
    with torch.no_grad():
        port[0].weight[0, 0, 0, 0] += 0.5
    (apart,) = [held for held in compare(ours, port, values=True).values if held.equal is False]
    assert apart.b == "0.weight"
    assert apart.absolute == pytest.approx(0.5)
