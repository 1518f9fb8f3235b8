"""The test bed of comparisons of real models is itself right: partners by shape, settings by equal outputs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import torch
from support import carrying, torchvision_zoo
from support.model_pairs import BY_NAME, PAIRS, Pair
from support.model_repairs import carry_all, repaired

pytestmark = pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
QUICK = {"MobileNetV3Small", "ResNet50"}
PLAIN = [BY_NAME[name].plain() for name in ("MobileNetV3Small", "ConvNeXtTiny")]
EVERY = [*PLAIN, *PAIRS]
QUICKEST = {"MobileNetV2", "MobileNetV3Small", "ResNet50"}  # in float64 the others take longer than is worth each time


def quick(names: set[str]) -> list[Any]:
    return [p if p.keras in names else pytest.param(p, marks=pytest.mark.sweep) for p in EVERY]


@pytest.fixture
def freed() -> Iterator[None]:
    """Large models follow one another."""
    yield
    keras.utils.clear_session()
    gc.collect()


def weighted(model: torch.nn.Module) -> set[str]:
    return {name for name, module in model.named_modules() if list(module.parameters(recurse=False))}


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("pair", quick(QUICK), ids=lambda pair: pair.name)
def test_partners_cover_both_sides_and_have_the_same_sizes(pair: Pair) -> None:
    keras_model, torch_model = pair.build_keras(), pair.build_torch()
    partners = pair.partners(keras_model)
    paths = {path for path, layer in leaves(keras_model) if layer.weights}
    assert paths == partners.keys() | set(pair.unpartnered(keras_model))
    assert set(partners.values()) == weighted(torch_model)
    for path, other in partners.items():
        layer, module = carrying.find(keras_model, path), torch_model.get_submodule(other)
        parameters = dict(module.named_parameters(recurse=False))
        kept = {name: tensor for name, tensor in parameters.items() if name in ("weight", "layer_scale")}
        main = layer.weights[0]
        assert sorted(n for n in main.shape if n > 1) == sorted(n for n in next(iter(kept.values())).shape if n > 1)
    for expected in pair.expected_differences(keras_model):
        for path in expected.keras_layers:
            carrying.find(keras_model, path)
        for path in expected.torch_layers:
            torch_model.get_submodule(path)


def leaves(model: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from leaves(layer, f"{prefix}{layer.name}.")
        else:
            yield f"{prefix}{layer.name}", layer


def difference(pair: Pair, keras_model: Any, torch_model: Any, repair: bool) -> float:
    images = np.random.default_rng(1).uniform(0, 255, pair.keras_shape)
    with carrying.full_precision():
        a = carrying.array(keras_model(images, training=False))
    with torch.no_grad(), repaired(pair, keras_model, torch_model, repair) as run:
        b = run(torch.from_numpy(carrying.to_torch_layout(images).copy())).numpy()
    return carrying.relative_difference(a, b)


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("pair", quick(QUICKEST), ids=lambda pair: pair.name)
def test_the_listed_differences_are_all_there_are(pair: Pair) -> None:
    # In float64 TensorFlow takes minutes for a convolution in so many groups; ConvNeXt has no setting tied to the size.
    pair = replace(pair, side=32) if pair.family == "convnext" else pair
    keras_model, torch_model = pair.build_keras("float64"), pair.build_torch().double()
    carrying.randomize(keras_model)
    carry_all(pair, keras_model, torch_model)
    differ = any(expected.effect == "values" for expected in pair.expected_differences(keras_model))
    before = difference(pair, keras_model, torch_model, repair=False)
    assert (before > 1e-9) == differ, before
    assert difference(pair, keras_model, torch_model, repair=True) < 1e-9


def test_every_pair_is_there() -> None:
    assert len(PAIRS) == len(BY_NAME) == 27
