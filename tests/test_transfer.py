"""transfer(): both ways, all or nothing, and the target keeps what is its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import carrying, text_carry, twins_carry
from support.text_pairs import PAIRS, TextPair, available
from support.twins import Description
from support.twins_bases import BASES
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch
from torch import nn

from introspect import TensorSpec, compare, errors, transfer
from introspect.registry import adapter_for

K = keras.layers
some = settings(deadline=None, max_examples=20, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.fixture(autouse=True)
def _freed() -> Iterator[None]:
    yield
    keras.utils.clear_session()


def dense(units: int = 3, **said: Any) -> Any:
    return keras.Sequential([keras.Input((4,), name="x"), K.Dense(units, name="fc", **said)])


def state(model: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def same(model: nn.Module, before: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())


@some
@given(descriptions(), st.sampled_from((None, 1, 2)))
def test_twins_agree_in_both_directions(description: Description, seed: int | None) -> None:
    with carrying.policy():
        keras_model = build_keras(description, sequential=bool(seed))
    torch_model = build_torch(description, seed).double()
    x, comparison = twins_carry.example(description), compare(keras_model, torch_model)
    for number, (source, target) in enumerate(((keras_model, torch_model), (torch_model, keras_model))):
        carrying.randomize(keras_model, number)
        transfer(source, target, comparison)
        a, b = twins_carry.outputs(keras_model, torch_model, x)
        assert np.max(np.abs(a - b)) <= twins_carry.precision(description) * max(1.0, float(np.max(np.abs(a))))
    keras.utils.clear_session()


QUICK = {"roberta", "gpt2", "vit"}  # rows in front, a kernel that is not transposed, bare parameters
TEXTS = [p if p.name in QUICK else pytest.param(p, marks=pytest.mark.sweep) for p in PAIRS]


@pytest.mark.filterwarnings("ignore")  # keras_hub's own
@pytest.mark.skipif(not available(), reason="keras_hub or transformers is not installed")
@pytest.mark.parametrize("pair", TEXTS, ids=lambda pair: pair.name)
def test_text_models_agree_in_both_directions(pair: TextPair) -> None:
    keras_model, torch_model = pair.build_keras("float64"), pair.build_torch(False).double()
    fed = [{name: TensorSpec(v.shape, str(v.dtype)) for name, v in side.items()} for side in pair.feed(0)]
    comparison = compare(keras_model, torch_model, inputs_a=fed[0].get("images", fed[0]), inputs_b=fed[1])
    for number, (source, target) in enumerate(((keras_model, torch_model), (torch_model, keras_model))):
        carrying.randomize(keras_model, number)
        transfer(source, target, comparison)
        for a, b in text_carry.outputs(pair, keras_model, torch_model):
            assert carrying.relative_difference(a, b) < pair.precision


@pytest.mark.parametrize("name", BASES)
def test_there_and_back_gives_the_same_bits_by_the_recipe_too(name: str) -> None:
    description = BASES[name]()
    keras_model, torch_model, twin = build_keras(description), build_torch(description, 1), build_torch(description, 1)
    carrying.randomize(keras_model, 1)
    before = [carrying.array(weight) for weight in keras_model.weights]
    there = transfer(keras_model, torch_model)
    run(there.recipe())(keras_model, twin)
    assert same(twin, state(torch_model))
    for recipe in (None, transfer(torch_model, keras_model).recipe()):
        carrying.randomize(keras_model, 2)
        if recipe is None:
            transfer(torch_model, keras_model)
        else:
            run(recipe)(torch_model, keras_model)
        for weight, bits in zip(keras_model.weights, before, strict=True):
            assert np.array_equal(carrying.array(weight), bits) or "seed" in weight.path


def run(recipe: str) -> Any:
    names: dict[str, Any] = {}
    exec(recipe, names)
    return names["carry"]


def test_a_recurrent_bias_is_the_sum_of_two_and_comes_back_as_one_and_zeros() -> None:
    keras_model = keras.Sequential([keras.Input((5, 3)), K.LSTM(4, return_sequences=True)])

    class First(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.rnn = nn.LSTM(3, 4, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.rnn(x)[0]

    torch_model = First()
    made = transfer(torch_model, keras_model)
    total = (torch_model.rnn.bias_ih_l0 + torch_model.rnn.bias_hh_l0).detach().numpy()
    assert np.allclose(carrying.array(keras_model.weights[2]), total, atol=1e-7)
    assert [moved.source for moved in made.absorbed] == [("rnn.bias_hh_l0",)]
    transfer(keras_model, torch_model)
    assert np.array_equal(torch_model.rnn.bias_ih_l0.detach(), carrying.array(keras_model.weights[2]))
    assert not torch_model.rnn.bias_hh_l0.any()
    run(made.recipe())(torch_model, keras_model)
    assert np.allclose(carrying.array(keras_model.weights[2]), total, atol=1e-7)


@pytest.mark.parametrize("said", [{"scale": False}, {"center": False}, {"scale": False, "center": False}])
def test_what_a_batch_norm_lacks_is_held_by_its_statistics(said: dict[str, bool]) -> None:
    with carrying.policy():
        keras_model = keras.Sequential([keras.Input((4,)), K.BatchNormalization(epsilon=1e-5, **said)])
    torch_model = nn.Sequential(nn.BatchNorm1d(4)).double().eval()
    for parameter, (low, high) in zip(
        torch_model.state_dict().values(), ((0.5, 1.5), (-1, 1), (-1, 1), (0.5, 1.5)), strict=False
    ):
        parameter.uniform_(low, high)
    transfer(torch_model, keras_model)
    x = np.random.default_rng(0).normal(0, 1, (5, 4))
    with torch.no_grad(), carrying.full_precision():
        a, b = carrying.array(keras_model(x, training=False)), torch_model(torch.from_numpy(x)).numpy()
    assert np.max(np.abs(a - b)) < 1e-12
    torch_model[0].weight.data[0] = -1.0  # no variance holds this
    if "scale" in said:
        with pytest.raises(errors.TransferError, match="not positive"):
            transfer(torch_model, keras_model)


def test_nothing_is_written_where_not_all_can_be() -> None:
    source = keras.Sequential([keras.Input((4,)), K.Dense(5, name="a"), K.Dense(3, name="b")])
    target = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    before = state(target)
    with pytest.raises(errors.TransferError, match=r"b\.kernel -> 1\.weight .*out is 3 here and 2 there"):
        transfer(source, target)
    assert same(target, before)
    made = transfer(source, target, partial=True)
    assert [moved.target for moved in made.refused] == ["1.weight", "1.bias"]
    assert np.array_equal(target[0].weight.detach().numpy(), carrying.array(source.weights[0]).T)
    assert torch.equal(target[1].weight, before["1.weight"])


@pytest.mark.parametrize("way", ["keras", "torch"])
def test_an_interrupted_transfer_leaves_the_target_as_it_was(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    description = BASES["transformer"]()
    pair = [build_keras(description), build_torch(description)]
    source, target = pair if way == "torch" else pair[::-1]
    arrays = type(adapter_for(target).weights(target))
    before = [adapter_for(target).weights(target).read(p) for p in sorted(adapter_for(target).weights(target)._tensors)]
    write, count = arrays._write, [0]

    def interrupted(self: Any, tensor: Any, array: Any) -> None:
        count[0] += 1
        if count[0] == 9:
            write(self, tensor, array)
            raise KeyboardInterrupt
        write(self, tensor, array)

    monkeypatch.setattr(arrays, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        transfer(source, target)
    assert count[0] > 9
    held = adapter_for(target).weights(target)
    assert all(np.array_equal(held.read(p), b) for p, b in zip(sorted(held._tensors), before, strict=True))


def test_the_target_keeps_dtypes_trainability_and_sharing() -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(4, 4, bias=False)
            self.two = nn.Linear(4, 4, bias=False)
            self.two.weight = self.one.weight

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.two(torch.relu(self.one(x)))

    target = Tied().to(torch.bfloat16)
    target.one.weight.requires_grad_(False)
    source = keras.Sequential(
        [keras.Input((4,)), K.Dense(4, use_bias=False, activation="relu"), K.Dense(4, use_bias=False)]
    )
    parameter, comparison = target.one.weight, compare(source, target, inputs_b=TensorSpec((1, 4), "bfloat16"))
    with pytest.raises(errors.TransferError, match="tied in the target"):
        transfer(source, target, comparison)
    source.weights[1].assign(source.weights[0])
    transfer(source, target, comparison)
    assert target.one.weight is target.two.weight is parameter
    assert parameter.dtype == torch.bfloat16
    assert not parameter.requires_grad
    assert np.allclose(parameter.float().numpy(), carrying.array(source.weights[0]).T, atol=0.01)
    frozen = dense(trainable=False)
    transfer(nn.Sequential(nn.Linear(4, 3)), frozen)
    assert frozen.trainable_variables == []


def test_a_choice_is_made_by_the_caller() -> None:
    source = keras.Sequential([keras.Input((2,), dtype="int32"), K.Embedding(6, 3, name="e")])
    target = nn.Sequential(nn.Embedding(8, 3))
    comparison = compare(source, target, inputs_b=TensorSpec((1, 2), "int64"))
    with pytest.raises(errors.TransferError, match="6 rows here and 8 there"):
        transfer(source, target, comparison)
    before = target[0].weight.detach().clone()
    made = transfer(source, target, comparison, choices={"0.weight": "overlap"})
    assert np.array_equal(target[0].weight[:6].detach().numpy(), carrying.array(source.weights[0]))
    assert torch.equal(target[0].weight[6:], before[6:])
    assert [moved.target for moved in made.untouched] == ["0.weight[6:8]"]
    with pytest.raises(errors.TransferError, match="'overlap'"):
        transfer(source, target, comparison, choices={"0.weight": "overlay"})
    with pytest.raises(errors.TransferError, match=r"did you mean '0\.weight'"):
        transfer(source, target, comparison, choices={"0.weigth": "keep"})


def test_what_has_no_place_may_be_dropped_where_it_changes_nothing() -> None:
    source, target = dense(), nn.Sequential(nn.Linear(4, 3, bias=False))
    made = transfer(source, target)  # a new bias is all zeros
    assert [moved.source for moved in made.dropped] == [("fc.bias",)]
    source.weights[1].assign([1.0, 0.0, 0.0])
    with pytest.raises(errors.TransferError, match=r"fc\.bias"):
        transfer(source, target)
    transfer(source, target, choices={"fc.bias": "drop"})
    transfer(nn.Sequential(nn.Linear(4, 3, bias=False)), source)
    assert not carrying.array(source.weights[1]).any()


def test_a_comparison_serves_both_directions_and_no_other_models() -> None:
    a, b = dense(), nn.Sequential(nn.Linear(4, 3))
    comparison = compare(a, b)
    transfer(b, a, comparison)
    assert np.array_equal(carrying.array(a.weights[0]).T, b[0].weight.detach().numpy())
    with pytest.raises(errors.TransferError, match="other models"):
        transfer(a, nn.Sequential(nn.Linear(4, 5)), comparison)
    with pytest.raises(errors.TransferError, match="holds no weights"):
        transfer(comparison.a, b)


def test_a_trained_model_predicts_the_same_and_trains_on() -> None:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 4 * 6, 3))
    x, y = torch.randn(32, 1, 6, 8), torch.randint(0, 3, (32,))
    optimizer = torch.optim.SGD(made.parameters(), 0.1)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(made(x), y).backward()
        optimizer.step()
    layers = [K.Conv2D(4, 3), K.BatchNormalization(epsilon=1e-5), K.ReLU(), K.Flatten(), K.Dense(3)]
    ported = keras.Sequential([keras.Input((6, 8, 1)), *layers])
    transfer(made.eval(), ported)
    images = carrying.array(x.permute(0, 2, 3, 1))
    with torch.no_grad():
        assert np.allclose(carrying.array(ported(images, training=False)), made(x).numpy(), atol=1e-5)
    ported.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    first, *_, last = ported.fit(images, y.numpy(), epochs=6, verbose=0).history["loss"]
    assert last < first
