"""Multiply-accumulates: arithmetic written out by hand, both frameworks, and functions between layers.

Over whole models they are compared with torch's own counter in test_zoo.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import keras
import pytest
import torch
from keras import layers
from support import torch_reference, torchvision_zoo
from support.models import torch_models
from torch import nn
from torch.nn import functional

from introspect import inspect
from introspect.costs import FREE, OPEN, RULES
from introspect.vocabulary import KINDS


def with_lora(layer: Any) -> Any:
    layer.build((1, 5))
    layer.enable_lora(2)
    return layer


# name → Keras layer and input, torch module and input, multiply-accumulates.
TWINS: dict[str, tuple[Callable[[], Any], Any, Callable[[], Any] | None, Any, int]] = {
    "dense": (lambda: layers.Dense(5), (2, 3), lambda: nn.Linear(3, 5), (2, 3), 2 * 3 * 5),
    "dense of sequences": (lambda: layers.Dense(5), (2, 7, 3), lambda: nn.Linear(3, 5), (2, 7, 3), 2 * 7 * 3 * 5),
    "conv1d": (lambda: layers.Conv1D(5, 3), (2, 9, 4), lambda: nn.Conv1d(4, 5, 3), (2, 4, 9), 2 * 7 * 5 * 4 * 3),
    "conv2d": (
        lambda: layers.Conv2D(8, 3, strides=2, padding="same"),
        (1, 8, 8, 3),
        lambda: nn.Conv2d(3, 8, 3, stride=2, padding=1),
        (1, 3, 8, 8),
        4 * 4 * 8 * 3 * 3 * 3,
    ),
    "grouped": (
        lambda: layers.Conv2D(8, 3, groups=2, dilation_rate=2),
        (1, 9, 9, 4),
        lambda: nn.Conv2d(4, 8, 3, groups=2, dilation=2),
        (1, 4, 9, 9),
        5 * 5 * 8 * 2 * 3 * 3,
    ),
    "conv3d": (
        lambda: layers.Conv3D(4, 2),
        (1, 3, 3, 3, 2),
        lambda: nn.Conv3d(2, 4, 2),
        (1, 2, 3, 3, 3),
        8 * 4 * 2 * 8,
    ),
    "transposed": (
        lambda: layers.Conv2DTranspose(6, 3, strides=2),
        (2, 4, 4, 5),
        lambda: nn.ConvTranspose2d(5, 6, 3, stride=2),
        (2, 5, 4, 4),
        2 * 4 * 4 * 5 * 6 * 3 * 3,
    ),
    "transposed, grouped": (
        lambda: layers.Conv1DTranspose(6, 3),
        (2, 4, 4),
        lambda: nn.ConvTranspose1d(4, 6, 3),
        (2, 4, 4),
        2 * 4 * 4 * 6 * 3,
    ),
    "depthwise": (
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
        (1, 6, 6, 4),
        lambda: nn.Conv2d(4, 8, 3, groups=4),
        (1, 4, 6, 6),
        4 * 4 * 8 * 3 * 3,
    ),
    "separable": (
        lambda: layers.SeparableConv2D(5, 3, depth_multiplier=2),
        (1, 6, 6, 4),
        lambda: nn.Sequential(nn.Conv2d(4, 8, 3, groups=4), nn.Conv2d(8, 5, 1)),
        (1, 4, 6, 6),
        4 * 4 * 8 * 3 * 3 + 4 * 4 * 8 * 5,
    ),
    "simple rnn": (
        lambda: layers.SimpleRNN(5),
        (2, 7, 3),
        lambda: nn.RNN(3, 5, batch_first=True),
        (2, 7, 3),
        2 * 7 * (3 * 5 + 5 * 5),
    ),
    "lstm": (
        lambda: layers.LSTM(5),
        (2, 7, 3),
        lambda: nn.LSTM(3, 5, batch_first=True),
        (2, 7, 3),
        2 * 7 * 4 * (3 + 5) * 5,
    ),
    "gru": (
        lambda: layers.GRU(5),
        (2, 7, 3),
        lambda: nn.GRU(3, 5, batch_first=True),
        (2, 7, 3),
        2 * 7 * 3 * (3 + 5) * 5,
    ),
    "two directions": (
        lambda: layers.Bidirectional(layers.LSTM(5)),
        (2, 7, 3),
        lambda: nn.LSTM(3, 5, bidirectional=True, batch_first=True),
        (2, 7, 3),
        2 * 2 * 7 * 4 * (3 + 5) * 5,
    ),
    "two layers": (
        lambda: keras.Sequential([layers.GRU(5, return_sequences=True), layers.GRU(5)]),
        (2, 7, 3),
        lambda: nn.GRU(3, 5, num_layers=2, batch_first=True),
        (2, 7, 3),
        2 * 7 * 3 * ((3 + 5) * 5 + (5 + 5) * 5),
    ),
    "cell": (lambda: layers.LSTMCell(5), None, lambda: nn.LSTMCell(3, 5), (2, 3), 2 * 4 * (3 + 5) * 5),
    "self-attention": (
        lambda: layers.MultiHeadAttention(2, 4),
        [(3, 7, 8), (3, 7, 8)],
        lambda: nn.MultiheadAttention(8, 2, batch_first=True),
        [(3, 7, 8)] * 3,
        3 * 7 * 4 * 8 * 8 + 3 * 2 * 7 * 7 * (4 + 4),
    ),
    "cross-attention": (
        lambda: layers.MultiHeadAttention(2, 4),
        [(3, 7, 8), (3, 5, 8)],
        lambda: nn.MultiheadAttention(8, 2),
        [(7, 3, 8), (5, 3, 8), (5, 3, 8)],
        3 * 2 * (7 + 5) * 8 * 8 + 3 * 2 * 7 * 5 * (4 + 4),
    ),
    "attention without a projection": (
        lambda: layers.Attention(),
        [(3, 7, 8), (3, 5, 8)],
        None,
        None,
        3 * 7 * 5 * (8 + 8),
    ),
    "grouped queries": (
        lambda: layers.GroupQueryAttention(4, 4, 2),
        [(3, 7, 8), (3, 7, 8)],
        None,
        None,
        3 * 7 * (8 * 16 + 2 * 8 * 8 + 16 * 8) + 3 * 4 * 7 * 7 * (4 + 4),
    ),
    "einsum dense": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 4, 5)),
        (2, 7, 3),
        lambda: nn.Linear(3, 20),
        (2, 7, 3),
        2 * 7 * 3 * 20,
    ),
    "embedding": (lambda: layers.Embedding(9, 4), (2, 5), lambda: nn.Embedding(9, 4), (2, 5), 0),
    "norm and pool": (
        lambda: keras.Sequential([layers.BatchNormalization(), layers.MaxPooling2D(), layers.ReLU()]),
        (1, 4, 4, 3),
        lambda: nn.Sequential(nn.BatchNorm2d(3), nn.MaxPool2d(2), nn.ReLU()),
        (1, 3, 4, 4),
        0,
    ),
    "every time step": (
        lambda: layers.TimeDistributed(layers.Conv2D(5, 3)),
        (2, 7, 6, 6, 3),
        None,
        None,
        2 * 7 * 4 * 4 * 5 * 3 * 3 * 3,
    ),
    "convolutional lstm": (
        lambda: layers.ConvLSTM2D(5, 3),
        (2, 7, 6, 6, 3),
        None,
        None,
        2 * 7 * 4 * 4 * 4 * 5 * (3 + 5) * 3 * 3,
    ),
    "any cells": (
        lambda: layers.RNN([layers.LSTMCell(3), layers.GRUCell(4)]),
        (2, 6, 5),
        None,
        None,
        2 * 6 * (4 * (5 + 3) * 3 + 3 * (3 + 4) * 4),
    ),
    "short-time Fourier transform": (
        lambda: layers.STFTSpectrogram(frame_length=16, frame_step=8, fft_length=16),
        (2, 100, 3),
        None,
        None,
        2 * 11 * 3 * 2 * 16 * 9,  # 11 frames, real and imaginary, 9 frequencies
    ),
    "mel spectrogram": (
        lambda: layers.MelSpectrogram(num_mel_bins=8, sequence_length=64, sequence_stride=16, fft_length=64),
        (2, 400),
        None,
        None,
        2 * 26 * 33 * 8,
    ),
    "low-rank addition": (lambda: with_lora(layers.Dense(6)), (2, 5), None, None, 2 * 5 * 6 + 5 * 2 * 6),
    "dot": (lambda: layers.Dot(axes=(2, 2)), [(2, 3, 5), (2, 4, 5)], None, None, 2 * 3 * 4 * 5),
}


@pytest.mark.parametrize("name", TWINS)
def test_both_frameworks_take_what_arithmetic_says(name: str) -> None:
    make_keras, keras_said, make_torch, torch_said, macs = TWINS[name]
    if keras_said is not None:
        assert inspect(make_keras(), keras_said).macs == macs
    if make_torch is not None:
        module = make_torch()
        report = inspect(module, torch_said)
        assert report.macs == macs
        shapes = torch_said if isinstance(torch_said, list) else [torch_said]
        dtype = torch.int64 if name == "embedding" else torch.float32
        assert torch_reference.record(module, *(torch.ones(s, dtype=dtype) for s in shapes)).macs == macs


def test_every_kind_has_a_rule_or_is_said_to_have_none() -> None:
    groups = (set(RULES), set(FREE), set(OPEN))
    assert set.union(*groups) == set(KINDS)
    assert sum(map(len, groups)) == len(KINDS)


class Function(nn.Module):
    """A module of one function, with what it needs."""

    def __init__(self, run: Callable[..., Any], **children: Any) -> None:
        super().__init__()
        for name, child in children.items():
            setattr(self, name, child)
        self.run = run

    def forward(self, *args: Any) -> Any:
        return self.run(self, *args)


LINEAR = nn.Linear(4, 6)
FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "matmul": (lambda m, x, y: x @ y, [(2, 3, 4), (4, 5)]),
    "batched matmul": (lambda m, x, y: torch.matmul(x, y), [(2, 1, 3, 4), (7, 4, 5)]),
    "reflected": (lambda m, x, y: torch.Tensor.__rmatmul__(x, y), [(4, 5), (3, 4)]),
    "bmm": (lambda m, x, y: x.bmm(y), [(2, 3, 4), (2, 4, 5)]),
    "addmm": (lambda m, b, x, y: torch.addmm(b, x, y), [(5,), (3, 4), (4, 5)]),
    "baddbmm": (lambda m, b, x, y: b.baddbmm(x, y), [(2, 3, 5), (2, 3, 4), (2, 4, 5)]),
    "linear": (lambda m, x, w: functional.linear(x, w), [(2, 3, 4), (5, 4)]),
    "tensordot": (lambda m, x, y: torch.tensordot(x, y, dims=([1, 2], [0, 1])), [(2, 3, 4), (3, 4, 5)]),
    "einsum": (lambda m, x, y: torch.einsum("bij,bjk->bik", x, y), [(2, 3, 4), (2, 4, 5)]),
    "einsum with letters summed beforehand": (
        lambda m, x, y: torch.einsum("bij,jk->bk", x, y),
        [(2, 3, 4), (4, 5)],
    ),
    "einsum with dots": (lambda m, x, y: torch.einsum("...ij,...kj->...ik", x, y), [(2, 7, 3, 4), (2, 7, 5, 4)]),
    "einsum without a sum": (lambda m, x, y: torch.einsum("bi,bj->bij", x, y), [(2, 3), (2, 4)]),
    "einsum of one": (lambda m, x: torch.einsum("bij->bji", x), [(2, 3, 4)]),
    "conv2d": (lambda m, x, w: functional.conv2d(x, w, groups=2, padding=1), [(1, 4, 8, 8), (6, 2, 3, 3)]),
    "conv_transpose1d": (lambda m, x, w: functional.conv_transpose1d(x, w, stride=2), [(2, 4, 8), (4, 3, 5)]),
    "scaled dot product": (
        lambda m, q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        [(2, 3, 5, 8), (2, 3, 5, 8), (2, 3, 5, 6)],
    ),
    "elementwise": (lambda m, x: (x * x + x).softmax(-1).sum(), [(2, 3)]),
    "a layer in a plain list": (lambda m, x: m.held[0](x), [(2, 4)]),
    "a parameter times a table of positions": (
        lambda m, x: x + m.inner.weight @ torch.arange(4, dtype=torch.float32)[:, None].T.expand(5, 4).T,
        [(6, 5)],
    ),
    "constants alone": (lambda m, x: x + torch.ones(3, 4) @ torch.ones(4, 5), [(3, 5)]),
    "a layer called twice": (lambda m, x: m.inner(x)[:, :4] + m.inner(m.inner(x)[:, :4])[:, :4], [(2, 4)]),
}


@pytest.mark.parametrize("trace", ["abstract", "eager"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_between_layers_take_what_torch_counts(name: str, trace: str) -> None:
    run, shapes = FUNCTIONS[name]
    module = Function(run, inner=nn.Linear(4, 6), held=[LINEAR])
    counted = torch_reference.record(module, *(torch.ones(shape) for shape in shapes)).macs
    assert inspect(module, shapes, trace=trace).macs == counted
    assert counted or name in ("elementwise", "einsum without a sum", "einsum of one")


def test_keras_operations_between_layers_count_too() -> None:
    class Between(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            y = keras.ops.einsum("bij,bkj->bik", x, x)  # 2 · 3 · 3 · 4
            z = keras.ops.matmul(y, x)  # 2 · 3 · 4 · 3
            kernel = keras.ops.ones((2, 4, 5))
            return keras.ops.conv(z, kernel, padding="valid")  # 2 · 2 · 5 · 2 · 4

    report = inspect(Between(), (2, 3, 4))
    assert report.macs == 2 * 3 * 3 * 4 + 2 * 3 * 4 * 3 + 2 * 2 * 5 * 2 * 4
    assert Counter(o.kind for o in report.operations if o.macs)["einsum"] == 1


def test_a_container_has_what_happens_in_it_and_a_shared_layer_all_its_calls() -> None:
    shared = nn.Linear(4, 4)
    model = nn.Sequential(nn.Sequential(shared, nn.ReLU()), nn.Sequential(nn.Linear(4, 4), shared, shared))
    report = inspect(model, (2, 4))
    assert report["0.0"].macs == 3 * 2 * 4 * 4
    assert report["0"].macs == 2 * 4 * 4
    assert report["1"].macs == 3 * 2 * 4 * 4
    assert report.macs == 4 * 2 * 4 * 4


def test_what_torch_itself_does_not_count() -> None:
    """Its counter has no formula for these."""
    assert inspect(nn.Bilinear(3, 4, 5), [(2, 3), (2, 4)]).macs == 2 * 5 * 3 * 4
    assert inspect(Function(lambda m, x, y: x @ y), [(3, 4), (4,)]).macs == 3 * 4
    assert inspect(Function(lambda m, x, y: x.dot(y)), [(4,), (4,)]).macs == 4


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")
def test_what_is_not_seen_is_unknown_and_what_is_not_called_takes_nothing() -> None:
    scripted = nn.Sequential(nn.Linear(4, 4), torch.jit.script(nn.Linear(4, 4)))
    report = inspect(scripted, (2, 4))
    assert (report["0"].macs, report["1"].macs, report.macs) == (32, None, None)
    model, said = torch_models()["never called"]()
    report = inspect(model, said)
    assert (report["unused"].macs, report.macs) == (0, 16)
    assert inspect(model, said, trace=None).macs is None


def test_a_model_that_raises_half_way_says_what_was_done_until_then() -> None:
    report = inspect(nn.Sequential(nn.Linear(4, 4), nn.Linear(5, 5)), (2, 4))
    assert not report.complete
    assert (report["0"].macs, report["1"].macs, report.macs) == (32, None, None)


# Keras application → torchvision's twin; the multiply-accumulates of pairs without a true difference are equal.
MODELS = {
    "VGG16": "vgg16",
    "ResNet50": "resnet50",
    "DenseNet121": "densenet121",
    "MobileNetV2": "mobilenet_v2",
    "EfficientNetB0": "efficientnet_b0",
    "ConvNeXtTiny": "convnext_tiny",
}
# Where one framework has its stride on the first 1×1 convolution of a block and the other on the 3×3 behind it.
MOVED_STRIDES = {
    ("conv3_block1_1_conv", "layer2.0.conv1"),
    ("conv4_block1_1_conv", "layer3.0.conv1"),
    ("conv5_block1_1_conv", "layer4.0.conv1"),
}


@pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
@pytest.mark.parametrize("name", MODELS)
def test_twins_take_the_same_except_where_their_strides_differ(name: str) -> None:
    a = inspect(getattr(keras.applications, name)(weights=None))
    b = inspect(torchvision_zoo.build(MODELS[name]), (1, 3, 224, 224))
    moved = MOVED_STRIDES if name == "ResNet50" else set()
    assert b.macs - a.macs == sum(b[torch_path].macs - a[keras_path].macs for keras_path, torch_path in moved)
    for keras_path, torch_path in moved:
        assert a[keras_path].kernel.by_axis["out"] == b[torch_path].kernel.by_axis["out"]
        assert (a[keras_path].setting("strides"), b[torch_path].setting("strides")) == ((2, 2), (1, 1))
    if moved:
        assert (a.macs, b.macs) == (3_857_973_248, 4_089_184_256)


def test_bytes_are_by_real_dtype() -> None:
    model = nn.Sequential(nn.Linear(4, 5).to(torch.bfloat16), nn.BatchNorm1d(5).to(torch.bfloat16))
    model.register_buffer("table", torch.zeros(3, dtype=torch.int8))
    report = inspect(model, (2, 4))
    assert report.parameter_bytes == (4 * 5 + 5 + 5 + 5) * 2
    assert report.buffer_bytes == (5 + 5) * 2 + 8 + 3
    assert report.bytes == report.parameter_bytes + report.buffer_bytes
    assert report["0"].activation_bytes == report["1"].activation_bytes == 2 * 5 * 2
    assert report.activation_bytes == 2 * (2 * 5 * 2)
    between = inspect(Function(lambda m, x: (m.inner(x) * 2).reshape(-1), inner=nn.Linear(4, 6)), (2, 4))
    assert between.activation_bytes == 2 * (2 * 6 * 4)
    assert report["1"].buffer_bytes == (5 + 5) * 2 + 8
