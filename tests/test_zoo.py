"""Real models: every total is the framework's own, every shape that of a real pass, and nothing changes."""

from __future__ import annotations

import gc
import inspect as python_inspect
from collections.abc import Iterable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
import torch
from support import keras_reference, torch_reference, torchvision_zoo, transformers_zoo
from support.checks import check_report, shapes_differ
from support.fingerprint import difference, keras_fingerprint, torch_fingerprint

from introspect import Inputs, inspect

APPLICATIONS = sorted(
    name
    for name, made_by in vars(keras.applications).items()
    if python_inspect.isfunction(made_by) and name[0].isupper()
)


# Matrix products that torch's own counter has no formula for.
NOT_COUNTED = ("_grouped_mm",)
LARGE = 60_000_000  # parameters above which fingerprints take longer than all the rest


@pytest.fixture
def freed() -> Iterator[None]:
    """Large models follow one another."""
    yield
    keras.utils.clear_session()
    gc.collect()


def difference_made(fingerprint: Any, model: Any, size: int, said: Any) -> tuple[Any, list[str]]:
    """The report, and what making it has changed in the model."""
    if size > LARGE:
        return inspect(model, said), []
    before = fingerprint(model)
    report = inspect(model, said)
    return report, difference(before, fingerprint(model))


def check_torch(model: Any, said: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    size = sum(p.numel() for p in model.parameters())
    report, changed = difference_made(torch_fingerprint, model, size, said)
    assert not changed
    assert report.complete, report.notes
    assert report.parameter_count == report.native_count == size
    reference = torch_reference.record(model, *arguments, **keywords)
    assert not shapes_differ(report, reference)
    assert report.macs == reference.macs + sum(o.macs for o in report.operations if o.native_name in NOT_COUNTED)
    check_report(report)
    return report


@pytest.mark.parametrize("case", transformers_zoo.CASES, ids=lambda case: case.name)
def test_transformers(case: Any) -> None:
    keywords = case.feed()
    check_torch(case.build(), keywords, (), keywords)


def test_there_are_enough_transformers_and_enough_of_them_tied() -> None:
    assert len({case.name for case in transformers_zoo.CASES}) >= 40
    tied = [
        c.name for c in transformers_zoo.CASES if any("counted once" in n for n in inspect(c.build(), trace=None).notes)
    ]
    assert {"bert", "gpt2", "t5", "mt5", "bart"} <= set(tied)


# The largest of their families: their real passes take as long as those of all others.
LARGEST = """
regnet_y_128gf regnet_y_32gf regnet_x_32gf regnet_y_16gf regnet_x_16gf vit_h_14 vit_l_16 vit_l_32
efficientnet_v2_l efficientnet_v2_m efficientnet_b7 efficientnet_b6 swin_b swin_s swin_v2_b swin_v2_s
convnext_large convnext_base resnext101_32x8d resnext101_64x4d vgg19 vgg19_bn vgg16_bn wide_resnet101_2
resnet152 densenet161 densenet201 EfficientNetV2L EfficientNetV2M EfficientNetB7 EfficientNetB6 NASNetLarge
ConvNeXtXLarge ConvNeXtLarge ConvNeXtBase ConvNeXtSmall ResNet152 ResNet152V2 ResNet101 ResNet101V2 DenseNet201
DenseNet169 EfficientNetB5 EfficientNetB4 EfficientNetB3 EfficientNetV2S EfficientNetV2B3 EfficientNetV2B2 VGG19
efficientnet_b5 efficientnet_b4 regnet_y_8gf regnet_x_8gf resnet101 wide_resnet50_2 densenet169 swin_v2_t convnext_small
"""


def marked(names: Iterable[str]) -> list[Any]:
    """The largest belong to the sweep."""
    return [pytest.param(name, marks=[pytest.mark.sweep] if name in LARGEST.split() else []) for name in names]


@pytest.mark.usefixtures("freed")
@pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
@pytest.mark.parametrize("name", marked(torchvision_zoo.CLASSIFIERS))
def test_torchvision_classifiers(name: str) -> None:
    model = torchvision_zoo.build(name)
    image = torch.ones(torchvision_zoo.input_shape(name))
    report = check_torch(model, tuple(image.shape), (image,), {})
    assert report.method == "abstract"


def test_all_of_keras_applications_are_here() -> None:
    assert len(APPLICATIONS) >= 38


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("name", marked(APPLICATIONS))
def test_keras_applications(name: str) -> None:
    model = getattr(keras.applications, name)(weights=None)
    report, changed = difference_made(keras_fingerprint, model, model.count_params(), None)
    assert not changed
    assert (report.complete, report.method) == (True, "abstract")
    assert report.native_count == model.count_params()
    assert report.native_count == sum(p.size for p in report.parameters if p.role != "seed")
    assert report.trainable_count == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    image = np.ones([224 if n is None else n for n in (1, *model.inputs[0].shape[1:])], "float32")
    assert not shapes_differ(report, keras_reference.record(model, image))
    check_report(report)


# Those whose real pass takes long; the others run every time.
SLOW = ("detection", "video", "quantization")


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize(
    ("family", "name"),
    [
        pytest.param(family, name, marks=[pytest.mark.sweep] if family in SLOW else [])
        for family, name in torchvision_zoo.OTHER_MODELS
    ],
)
def test_torchvision_models_for_other_tasks(family: str, name: str) -> None:
    model, arguments = torchvision_zoo.build_other(family, name)
    report = check_torch(model, Inputs(*arguments), arguments, {})
    assert report.method == ("eager" if family == "detection" else "abstract")
