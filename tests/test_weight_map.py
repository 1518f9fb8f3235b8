"""The weight map: read off the axes of both sides, plain data, and every tensor in it once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.twins import Description
from support.twins_bases import BASES
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch
from torch import nn

from introspect import Comparison, WeightMap, compare
from introspect.carrying import turns
from introspect.weight_map import STEPS, WAYS

few = settings(deadline=None, max_examples=15, derandomize=True, suppress_health_check=list(HealthCheck))


def lines(keras_layers: list[Any], *modules: nn.Module) -> list[str]:
    """The map of a small pair, as text: without names that say nothing."""
    model = keras.Sequential(keras_layers)
    text = str(compare(model, nn.Sequential(*modules)).weight_map)
    for number, layer in enumerate(model.layers):
        text = text.replace(f"{layer.name}.", f"k{number}.")
    return text.splitlines()


K = keras.layers


def test_a_convolution_is_one_pattern() -> None:
    found = lines([keras.Input((8, 8, 3)), K.Conv2D(4, 3)], nn.Conv2d(3, 4, 3))
    assert found == ['k0.kernel "h w in out -> out in h w" 0.weight', "k0.bias as it is 0.bias"]


def test_a_depthwise_kernel_joins_what_comes_in_and_its_multiplier() -> None:
    found = lines([keras.Input((8, 8, 3)), K.DepthwiseConv2D(3, depth_multiplier=2)], nn.Conv2d(3, 6, 3, groups=3))
    assert found[0] == 'k0.kernel "h w in mult -> (in mult) 1 h w" 0.weight'


def test_a_flatten_permutes_the_rows_behind_it() -> None:
    modules = nn.Conv2d(3, 5, 3), nn.Flatten(), nn.Linear(5 * 2 * 4, 7)
    found = lines([keras.Input((4, 6, 3)), K.Conv2D(5, 3), K.Flatten(), K.Dense(7)], *modules)
    assert found[2] == 'k2.kernel "(h w c) out -> out (c h w)" 2.weight'


def test_a_bias_in_front_of_statistics_is_absorbed_and_comes_back_as_zero() -> None:
    model = keras.Sequential([keras.Input((8, 8, 3)), K.Conv2D(4, 3, name="c"), K.BatchNormalization(name="n")])
    found = compare(model, nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4))).weight_map
    assert "n.moving_mean minus c.bias 1.running_mean" in str(found)
    back = {entry.target: entry for entry in found.reversed()}
    assert str(back["c.bias"]).startswith("all 0 c.bias")
    assert back["n.moving_mean"].source == ("1.running_mean",)


def test_gates_are_reordered_by_their_names() -> None:
    model = keras.Sequential([keras.Input((5, 3)), K.GRU(4, return_sequences=True, name="g")])
    found = compare(model, _First(nn.GRU(3, 4, batch_first=True))).weight_map
    (kernel,) = found.to("rnn.weight_ih_l0")
    assert [step.word for step in kernel.steps] == ["rearrange", "reorder"]
    assert kernel.steps[1]["order"] == (1, 0, 2)  # update reset new → reset update new


class _First(nn.Module):
    def __init__(self, rnn: nn.Module) -> None:
        super().__init__()
        self.rnn = rnn

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.rnn(x)[0]


@pytest.mark.parametrize("name", BASES)
def test_it_survives_json(name: str) -> None:
    description = BASES[name]()
    comparison = compare(build_keras(description), build_torch(description, 1))
    again = Comparison.from_json(comparison.to_json())
    assert again == comparison
    assert isinstance(again.weight_map, WeightMap)
    assert str(again.weight_map) == str(comparison.weight_map)
    keras.utils.clear_session()


@few
@given(descriptions(), st.sampled_from((None, 1)))
def test_every_tensor_of_both_sides_stands_in_it_once(description: Description, seed: int | None) -> None:
    comparison = compare(build_keras(description), build_torch(description, seed))
    ways = comparison.weight_map, comparison.weight_map.reversed()
    for found, source, target in zip(ways, (comparison.a, comparison.b), (comparison.b, comparison.a), strict=True):
        targets = Counter((entry.target, entry.place) for entry in found if entry.target is not None)
        assert set(targets.values()) == {1}
        assert {path for path, _ in targets} == {p.path for p in target.parameters}
        assert {path for entry in found for path in entry.source} == {p.path for p in source.parameters}
        assert {entry.way for entry in found} <= WAYS.keys() - {"refused"}
        assert {step.word for entry in found for step in entry.steps} <= STEPS.keys()
    keras.utils.clear_session()


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 3), st.booleans(), st.booleans(), st.randoms())
def test_flattened_features_are_counted_as_numpy_counts_them(
    c: int, h: int, w: int, x: bool, y: bool, draw: Any
) -> None:
    order = list(range(c))
    draw.shuffle(order)
    inner = turns.turn_of(order)
    found = turns.flattened(inner, c, (("h", h), ("w", w)), (x, y))
    numbers = np.arange(c * h * w)
    source = numbers.reshape((c, h, w)) if x else np.moveaxis(numbers.reshape((h, w, c)), -1, 0)
    turned = source[order]
    target = turned if y else np.moveaxis(turned, 0, -1)
    assert (list(numbers) if found is None else list(found.index)) == target.ravel().tolist()


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.randoms())
def test_concatenated_features_are_counted_as_numpy_counts_them(sizes: list[int], draw: Any) -> None:
    order = list(range(len(sizes)))
    draw.shuffle(order)  # at which place of the target each block stands
    blocks = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    target = np.concatenate([blocks[order.index(place)] for place in range(len(sizes))])
    found = turns.joined([None] * len(sizes), sizes, order)
    assert (list(range(sum(sizes))) if found is None else list(found.index)) == target.tolist()
