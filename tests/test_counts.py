"""The true number of parameters where others count wrong: tied, shared, quantized, low-rank and pruned tensors."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from keras import layers
from support import torchvision_zoo, transformers_zoo
from torch import nn
from torch.nn.utils import parametrizations, prune

from introspect import explain, inspect

# Models of transformers at their default sizes: the class, its parameters as published, those that are tied.
TIED = {
    "T5ForConditionalGeneration": ("T5Config", 60_506_624),
    "BartForConditionalGeneration": ("BartConfig", 406_291_456),
}


@pytest.mark.parametrize("name", TIED)
def test_tied_tensors_count_once(name: str) -> None:
    config, published = TIED[name]
    torchvision_zoo.prepare()  # transformers imports torchvision wherever it is installed
    transformers = pytest.importorskip("transformers")
    with torch.device("meta"):
        model = getattr(transformers, name)(getattr(transformers, config)())
    model.tie_weights()
    report = inspect(model, trace=None)
    assert report.parameter_count == report.native_count == sum(p.numel() for p in model.parameters())
    assert report.parameter_count == published
    tied = [p for layer in report for p in layer.parameters if p.same_as]
    assert tied
    naive = sum(p.size for layer in report for p in layer.parameters if p.state == "parameter")
    assert naive - sum(p.size for p in tied) == report.parameter_count
    assert f"{tied[0].name} is {tied[0].same_as}, counted once" in str(explain(report, tied[0].path.rpartition(".")[0]))


@pytest.mark.parametrize("name", ["t5", "mt5", "bart"])
def test_tied_tensors_of_small_models_too(name: str) -> None:
    model = next(case for case in transformers_zoo.CASES if case.name == name).build()
    report = inspect(model, trace=None)
    assert report.parameter_count == len(torch.cat([p.flatten() for p in model.parameters()]))
    assert any("counted once" in note for note in report.notes)
    assert explain(report).total == report.parameter_count
    assert explain(report).agrees


def test_a_shared_layer_counts_once() -> None:
    inputs = keras.Input((4,))
    shared = layers.Dense(4, name="shared")
    model = keras.Model(inputs, layers.Add()([shared(inputs), shared(shared(inputs))]))
    report = inspect(model)
    assert report.parameter_count == model.count_params() == 4 * 4 + 4
    assert len(report["shared"].calls) == 3
    inner = nn.Linear(4, 4)
    module = nn.Sequential(inner, nn.Sequential(inner, nn.ReLU()))
    report = inspect(module, (1, 4))
    assert report.parameter_count == report["1"].parameter_count == 4 * 4 + 4
    assert "shared" in str(explain(report, ""))


def two_dense_layers() -> Any:
    """8 × 16 + 16 + 16 × 4 + 4 = 212 parameters."""
    return keras.Sequential([keras.Input((8,)), layers.Dense(16, name="a"), layers.Dense(4, name="b")])


# How it is quantized → bytes of the two kernels.
KERNEL_BYTES = {"int8": 8 * 16 + 16 * 4, "int4": (8 * 16 + 16 * 4) // 2, "float8": (8 * 16 + 16 * 4) * 4}


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, while it quantizes
@pytest.mark.parametrize("mode", KERNEL_BYTES)
def test_a_quantized_model_has_as_many_parameters_as_before(mode: str) -> None:
    model = two_dense_layers()
    assert inspect(model).parameter_count == 212
    for layer in model.layers:
        layer.quantize(mode)
    report = inspect(model)
    assert report.parameter_count == 212
    kernels = [report[name].kernel for name in "ab"]
    assert [p.shape for p in kernels] == [(8, 16), (16, 4)]
    assert sum(p.bytes for p in kernels) == KERNEL_BYTES[mode]
    assert all(p.state == "buffer" for p in report.parameters if p.role == "quantizer")
    assert report.native_count == model.count_params()
    explanation = explain(report, "a")
    assert explanation.agrees
    assert explanation.total == 8 * 16 + 16
    assert f"quantized: {mode}" in str(explanation)
    assert ("kernel is packed: stored as i8[8,8]" in str(explanation)) == (mode == "int4")


def test_a_low_rank_addition_is_told_apart() -> None:
    model = two_dense_layers()
    model.get_layer("a").enable_lora(2)
    report = inspect(model)
    assert report.parameter_count == 212 + 8 * 2 + 2 * 16
    assert report.trainable_count == 16 + (16 * 4 + 4) + 8 * 2 + 2 * 16
    text = str(explain(report, "a"))
    assert "8 in × 2 rank (lora_kernel_a)" in text
    assert "48 of them in a low-rank addition to the kernel (LoRA)" in text
    assert "frozen: kernel" in text
    assert explain(report, "a").agrees


def test_a_weight_that_is_made_from_others_says_how() -> None:
    weight_norm = parametrizations.weight_norm(nn.Linear(4, 3))
    explanation = explain(inspect(weight_norm, (1, 4)), "")
    assert explanation.total == 3 * 4 + 3 + 3
    assert explanation.agrees
    assert "parametrization: weight_norm" in str(explanation)
    pruned = nn.Linear(4, 3)
    prune.random_unstructured(pruned, "weight", 0.5)
    explanation = explain(inspect(pruned, (1, 4)), "")
    assert explanation.total == 3 * 4 + 3
    assert explanation.agrees
    assert "pruned: weight_mask tells which elements are kept" in str(explanation)


def test_a_scalar_that_nothing_is_known_of_is_not_called_checked() -> None:
    class Gain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(()))

        def forward(self, x: Any) -> Any:
            return x * self.gain + 1

    explanation = explain(Gain(), "", inputs=(2, 3))
    assert (explanation.total, explanation.agrees) == (1, None)


def test_a_layer_that_was_cut_down_disagrees_with_its_settings() -> None:
    cut = nn.Linear(4, 3)
    cut.weight = nn.Parameter(cut.weight[:2])
    explanation = explain(inspect(cut, trace=None), "")
    assert explanation.agrees is False
    assert "the tensors disagree: weight has the shape (2, 4)" in str(explanation)
