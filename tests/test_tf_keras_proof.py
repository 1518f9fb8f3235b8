"""Models of Keras 2 are copied, proved against Keras 3 and torch, and left as they were."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tf_keras
import torch
from support.fingerprint import difference
from support.tf_keras_fingerprint import tf_keras_fingerprint
from torch import nn

from introspect import compare, prove, transfer
from introspect.errors import ProofError


def image(K: Any) -> Any:  # noqa: N803
    L = K.layers  # noqa: N806
    return K.Sequential(
        [L.Input((16, 16, 3)), L.Conv2D(8, 3, strides=2, padding="same", use_bias=False), L.BatchNormalization(),
         L.LeakyReLU(0.2), L.MaxPooling2D(), L.Flatten(), L.Dense(10, activation="gelu"),
         L.Dense(4, activation="softmax")]
    )  # fmt: skip


def separable(K: Any) -> Any:  # noqa: N803
    L = K.layers  # noqa: N806
    x = K.Input((12, 12, 4))
    y = L.SeparableConv2D(6, 3, activation="relu", padding="same")(x)
    y = L.Concatenate()([y, L.DepthwiseConv2D(3, padding="same")(x)])
    y = L.Conv2DTranspose(5, 3, strides=2, padding="same", activation="selu")(y)
    return K.Model(x, L.GlobalAveragePooling2D()(L.ReLU(6.0)(y)))


def sequence(K: Any) -> Any:  # noqa: N803
    L = K.layers  # noqa: N806
    x = K.Input((7,), dtype="int32")
    y = L.Bidirectional(L.LSTM(6, return_sequences=True))(L.Embedding(20, 5)(x))
    y = L.Add()([y, L.MultiHeadAttention(2, 4)(y, y)])
    return K.Model(x, L.GRU(4)(L.LayerNormalization(epsilon=1e-5)(y)))


def scaled(K: Any) -> Any:  # noqa: N803
    L = K.layers  # noqa: N806
    norm = L.Normalization()
    norm.adapt(np.random.default_rng(0).normal(3, 2, (50, 5)).astype("float32"))
    return K.Sequential([L.Input((5,)), norm, L.Dense(3, activation="elu"), L.Rescaling(0.5, 0.1), L.PReLU()])


def image_in_torch() -> nn.Module:
    convolution = nn.Conv2d(3, 8, 3, 2, 1, bias=False)
    head = [nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 10), nn.GELU(), nn.Linear(10, 4), nn.Softmax(-1)]
    return nn.Sequential(convolution, nn.BatchNorm2d(8, eps=1e-3), nn.LeakyReLU(0.2), *head)


@pytest.mark.parametrize("build", [image, separable, sequence, scaled])
@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_both_versions_are_the_same_function(build: Callable[[Any], Any], back: bool) -> None:
    pair = (build(tf_keras), build(keras))
    proof = prove(*(reversed(pair) if back else pair), seeds=2)
    assert proof.holds, str(proof)
    assert proof.bar == 1e-9
    assert proof.notes == ()


@pytest.mark.parametrize("back", [False, True], ids=["there", "back"])
def test_beside_torch_exactly_the_listed_repair_is_needed(back: bool) -> None:
    ours, port = image(tf_keras), image_in_torch()
    comparison = compare(port, ours) if back else compare(ours, port)
    assert [(repair.side, repair.path, repair.setting) for repair in comparison.repairs] == [
        ("a" if back else "b", "0", "padding")
    ]
    proof = prove(*((port, ours) if back else (ours, port)), comparison)
    assert proof.holds, str(proof)
    assert proof.carried[0].relative > 1e-3
    assert not prove(*((port, ours) if back else (ours, port)), comparison, repair=False).holds


def test_what_is_carried_predicts_alike() -> None:
    ours, theirs = image(tf_keras), image(keras)
    transfer(ours, theirs)
    x = np.random.default_rng(1).normal(size=(3, 16, 16, 3)).astype("float32")
    np.testing.assert_allclose(ours(x).numpy(), keras.ops.convert_to_numpy(theirs(x)), atol=1e-6)


def test_another_function_is_found_where_it_is() -> None:
    ours, port = image(tf_keras), image_in_torch()
    port[2] = nn.ReLU()
    proof = prove(ours, port, repair=False, seeds=1)
    assert not proof.holds
    assert proof.diverges_at is not None


class Own(tf_keras.Model):
    """Keras 2 keeps what such a model was made with, but not in which dtype its layers are to compute."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = tf_keras.layers.Dense(width)

    def call(self, x: Any) -> Any:
        return self.fc(x)


class Closed(Own):
    def get_config(self) -> Any:
        raise NotImplementedError("no configuration")


def test_a_users_model_computes_in_its_own_dtype() -> None:
    model = Own(3)
    model(np.zeros((1, 4), "float32"))
    proof = prove(model, nn.Linear(4, 3), inputs=(1, 4))
    assert proof.holds
    assert proof.bar == 1e-5
    assert "compute in float32 whatever they are told: the model itself, dense" in proof.notes[0]


def test_what_has_no_configuration_is_refused_in_a_sentence() -> None:
    model = Closed(3)
    model(np.zeros((1, 4), "float32"))
    with pytest.raises(ProofError, match=r"Closed can't be copied .*no configuration"):
        prove(model, nn.Linear(4, 3), inputs=(1, 4))


@pytest.mark.parametrize("build", [image, sequence, scaled])
def test_the_model_is_left_as_it_was(build: Callable[[Any], Any]) -> None:
    ours, theirs = build(tf_keras), build(keras)
    gc.collect()  # graphs of models that are gone leave Keras's caches at any time
    before = tf_keras_fingerprint(ours)
    prove(ours, theirs, seeds=1)
    prove(theirs, ours, seeds=1)
    assert difference(before, tf_keras_fingerprint(ours)) == []


def test_another_thread_makes_single_precision_meanwhile() -> None:
    assert torch.get_default_dtype() == torch.float32
    prove(image(tf_keras), image_in_torch(), seeds=1)
    assert tf_keras.backend.floatx() == keras.config.floatx() == "float32"
    assert tf_keras.layers.Dense(2).compute_dtype == "float32"
