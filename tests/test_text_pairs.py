"""The test bed of text models is itself right: all weighted layers have partners, and carried weights agree."""

from __future__ import annotations

import warnings
from typing import Any

import keras
import pytest
from support import carrying, text_carry
from support.text_pairs import PAIRS, TextPair, available
from support.text_partners import layers_by_path, own_weights

pytestmark = pytest.mark.skipif(not available(), reason="keras_hub or transformers is not installed")

# Two are run each time, the others in the sweep.
EVERY = [p if p.name in ("bert", "gpt2") else pytest.param(p, marks=pytest.mark.sweep) for p in PAIRS]


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    with warnings.catch_warnings():  # keras_hub's own, of packages that it lacks
        warnings.simplefilter("ignore")
        yield
    keras.utils.clear_session()


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_every_weighted_layer_has_its_partner(pair: TextPair) -> None:
    keras_model, torch_model = pair.build_keras(), pair.build_torch()
    layers, partners = layers_by_path(keras_model), pair.partners(keras_model)
    found = [path for paths, _ in partners for path in paths]
    owners = {id(layer): path for path, layer in layers.items() if own_weights(layer)}  # some are held twice
    assert {id(layers[path]) for path in found} == owners.keys()
    # Of modules that share a tensor the first stands for all.
    ours = {name.rpartition(".")[0] for name, _ in torch_model.named_parameters()}
    theirs = [other for _, other in partners]
    assert sorted([*theirs, *pair.torch_only]) == sorted(ours)


@pytest.mark.parametrize("as_it_comes", [False, pytest.param(True, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("pair", EVERY, ids=lambda pair: pair.name)
def test_the_listed_differences_are_all_there_are(pair: TextPair, as_it_comes: bool) -> None:
    keras_model = pair.build_keras("float64")
    torch_model = pair.build_torch(as_it_comes).double()
    carrying.randomize(keras_model, 1)
    text_carry.carry(pair, keras_model, torch_model)
    differs = any(expected.effect == "values" for expected in pair.expected_differences(as_it_comes))
    for a, b in text_carry.outputs(pair, keras_model, torch_model):
        assert (carrying.relative_difference(a, b) > pair.precision) == differs
