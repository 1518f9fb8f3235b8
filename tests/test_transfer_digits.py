"""A model that learned to read scikit-learn's digits, carried into the other framework, which goes on training it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from introspect import compare, prove, transfer

K = keras.layers
LEARN = 1200
"""How many digits are to learn from; the others are for the test."""


@pytest.fixture(autouse=True)
def _seeded() -> Iterator[None]:
    keras.utils.set_random_seed(0)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so small a network, more would only wait for each other
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield
    torch.set_num_threads(threads)
    keras.utils.clear_session()


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    read = load_digits()
    order = np.random.default_rng(0).permutation(len(read.target))
    return (read.images[order] / 16).astype("float32"), read.target[order]


def torch_reader() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(256, 10),
    )


def keras_reader() -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 1), name="image"),
            K.Conv2D(8, 3, padding="same", name="conv1"),
            K.BatchNormalization(epsilon=1e-5, momentum=0.9, name="norm"),
            K.ReLU(name="relu"),
            K.MaxPooling2D(name="pool"),
            K.Conv2D(16, 3, padding="same", activation="relu", name="conv2"),
            K.Flatten(name="flatten"),
            K.Dense(10, name="classes"),
        ]
    )


def torch_logits(model: nn.Module, images: np.ndarray) -> np.ndarray:
    model.eval()
    with torch.no_grad():
        return model(torch.from_numpy(images[:, None])).numpy()


def keras_logits(model: Any, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images[..., None], training=False))


def train_torch(model: nn.Module, images: np.ndarray, labels: np.ndarray, steps: int) -> None:
    x, y = torch.from_numpy(images[:LEARN, None]), torch.from_numpy(labels[:LEARN])
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    model.train()
    for _ in range(steps):
        batch = torch.randint(0, LEARN, (64,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()


def train_keras(model: Any, images: np.ndarray, labels: np.ndarray, epochs: int) -> None:
    model.compile(keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images[:LEARN, ..., None], labels[:LEARN], epochs=epochs, batch_size=64, verbose=0)


def loss(logits: np.ndarray, labels: np.ndarray) -> float:
    return nn.functional.cross_entropy(torch.tensor(logits), torch.from_numpy(labels)).item()


def assert_the_same(a: np.ndarray, b: np.ndarray) -> None:
    assert np.array_equal(a.argmax(1), b.argmax(1))
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5 * float(np.abs(a).max()))


def test_a_torch_model_predicts_the_same_in_keras_and_goes_on_learning(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = digits
    unseen, truth = images[LEARN:], labels[LEARN:]
    source, target = torch_reader(), keras_reader()
    train_torch(source, images, labels, 40)
    learned = torch_logits(source, unseen)
    assert np.mean(learned.argmax(1) == truth) > 0.7  # it did learn
    assert not np.array_equal(keras_logits(target, unseen).argmax(1), learned.argmax(1))

    comparison = compare(source, target)
    assert comparison.equal
    done = transfer(source, target, comparison)
    assert (len(done.carried), done.absorbed, done.untouched, done.refused) == (10, (), (), ())
    assert [moved.source for moved in done.dropped] == [("1.num_batches_tracked",)]
    carried = keras_logits(target, unseen)
    assert_the_same(carried, learned)
    assert prove(source, target, comparison, weights="own")

    train_keras(target, images, labels, 3)
    assert loss(keras_logits(target, unseen), truth) < loss(carried, truth)
    assert np.array_equal(torch_logits(source, unseen), learned)  # the source is as it was


def test_a_keras_model_predicts_the_same_in_torch_and_goes_on_learning(digits: tuple[np.ndarray, np.ndarray]) -> None:
    images, labels = digits
    unseen, truth = images[LEARN:], labels[LEARN:]
    source, target = keras_reader(), torch_reader()
    train_keras(source, images, labels, 2)
    learned = keras_logits(source, unseen)
    assert np.mean(learned.argmax(1) == truth) > 0.7
    assert not np.array_equal(torch_logits(target, unseen).argmax(1), learned.argmax(1))

    comparison = compare(source, target)
    assert comparison.equal
    done = transfer(source, target, comparison)
    assert (len(done.carried), done.absorbed, done.dropped, done.refused) == (10, (), (), ())
    carried = torch_logits(target, unseen)
    assert_the_same(carried, learned)
    assert prove(source, target, comparison, weights="own")

    train_torch(target, images, labels, 60)
    assert loss(torch_logits(target, unseen), truth) < loss(carried, truth)
    assert np.array_equal(keras_logits(source, unseen), learned)


def test_a_trained_model_comes_home_with_the_same_bits(digits: tuple[np.ndarray, np.ndarray]) -> None:
    source, between, home = torch_reader(), keras_reader(), torch_reader()
    train_torch(source, *digits, 10)
    transfer(source, between)
    transfer(between, home)
    theirs = home.state_dict()
    for name, tensor in source.state_dict().items():
        if not name.endswith("num_batches_tracked"):  # Keras does not count
            assert torch.equal(tensor, theirs[name]), name
