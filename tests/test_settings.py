"""The same settings in both frameworks are the same canonical settings: a table of pairs, the values by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers
from torch import nn

from introspect import inspect
from introspect.records import Layer

Make = Callable[[], Any]
_RECURRENT = {"units": 5, "in_features": 3, "use_bias": True}
# name → Keras layer and its input, torch module and its input, what both say.
PAIRS: dict[str, tuple[Make, Any, Make, Any, dict[str, Any]]] = {
    "dense": (
        lambda: layers.Dense(5),
        (1, 3),
        lambda: nn.Linear(3, 5),
        (1, 3),
        {"units": 5, "in_features": 3, "use_bias": True},
    ),
    "dense without bias": (
        lambda: layers.Dense(5, use_bias=False),
        (1, 3),
        lambda: nn.Linear(3, 5, bias=False),
        (1, 3),
        {"units": 5, "in_features": 3, "use_bias": False},
    ),
    **{
        f"conv{rank}d": (
            lambda rank=rank: getattr(layers, f"Conv{rank}D")(6, 3, groups=2, dilation_rate=2),
            (1, *(9,) * rank, 4),
            lambda rank=rank: getattr(nn, f"Conv{rank}d")(4, 6, 3, groups=2, dilation=2),
            (1, 4, *(9,) * rank),
            {
                "units": 6,
                "in_features": 4,
                "kernel_size": (3,) * rank,
                "strides": (1,) * rank,
                "padding": "valid",
                "dilation": (2,) * rank,
                "groups": 2,
                "use_bias": True,
            },
        )
        for rank in (1, 2, 3)
    },
    "conv2d same": (
        lambda: layers.Conv2D(6, (3, 5), padding="same", use_bias=False),
        (1, 9, 9, 4),
        lambda: nn.Conv2d(4, 6, (3, 5), padding="same", bias=False),
        (1, 4, 9, 9),
        {"units": 6, "kernel_size": (3, 5), "strides": (1, 1), "padding": "same", "groups": 1, "use_bias": False},
    ),
    "strided": (
        lambda: layers.Conv2D(6, 3, strides=2),
        (1, 9, 9, 4),
        lambda: nn.Conv2d(4, 6, 3, stride=2),
        (1, 4, 9, 9),
        {"strides": (2, 2), "padding": "valid"},
    ),
    **{
        f"conv{rank}d_transpose": (
            lambda rank=rank: getattr(layers, f"Conv{rank}DTranspose")(6, 3, strides=2),
            (1, *(4,) * rank, 5),
            lambda rank=rank: getattr(nn, f"ConvTranspose{rank}d")(5, 6, 3, stride=2),
            (1, 5, *(4,) * rank),
            {
                "units": 6,
                "in_features": 5,
                "kernel_size": (3,) * rank,
                "strides": (2,) * rank,
                "padding": "valid",
                "dilation": (1,) * rank,
                "use_bias": True,
            },
        )
        for rank in (1, 2, 3)
    },
    "embedding": (
        lambda: layers.Embedding(9, 4),
        (1, 5),
        lambda: nn.Embedding(9, 4),
        (1, 5),
        {"units": 4, "tokens": 9},
    ),
    "simple rnn": (
        lambda: layers.SimpleRNN(5, return_sequences=True, return_state=True),
        (1, 7, 3),
        lambda: nn.RNN(3, 5, batch_first=True),
        (1, 7, 3),
        {**_RECURRENT, "activation": "tanh", "batch_first": True, "return_sequences": True},
    ),
    "lstm": (
        lambda: layers.LSTM(5, return_sequences=True, return_state=True),
        (1, 7, 3),
        lambda: nn.LSTM(3, 5, batch_first=True),
        (1, 7, 3),
        {
            **_RECURRENT,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "batch_first": True,
            "return_sequences": True,
            "return_state": True,
        },
    ),
    "gru": (
        lambda: layers.GRU(5, return_sequences=True, return_state=True),
        (1, 7, 3),
        lambda: nn.GRU(3, 5, batch_first=True),
        (1, 7, 3),
        {**_RECURRENT, "activation": "tanh", "recurrent_activation": "sigmoid", "reset_after": True},
    ),
    "lstm cell": (lambda: layers.LSTMCell(5), None, lambda: nn.LSTMCell(3, 5), (1, 3), {"units": 5, "use_bias": True}),
    "attention": (
        lambda: layers.MultiHeadAttention(2, 4, dropout=0.25),
        [(1, 7, 8), (1, 7, 8)],
        lambda: nn.MultiheadAttention(8, 2, dropout=0.25, batch_first=True),
        [(1, 7, 8)] * 3,
        {"units": 8, "heads": 2, "key_dim": 4, "value_dim": 4, "use_bias": True, "rate": 0.25, "batch_first": True},
    ),
    "batch norm": (
        lambda: layers.BatchNormalization(momentum=0.75, epsilon=1e-4),
        (1, 4, 4, 3),
        lambda: nn.BatchNorm2d(3, momentum=0.25, eps=1e-4),
        (1, 3, 4, 4),
        {"in_features": 3, "eps": 1e-4, "momentum": 0.75, "use_scale": True, "use_shift": True},
    ),
    "batch norm, plain": (
        lambda: layers.BatchNormalization(scale=False, center=False, epsilon=1e-5, momentum=0.9),
        (1, 4, 4, 3),
        lambda: nn.BatchNorm2d(3, affine=False),
        (1, 3, 4, 4),
        {"use_scale": False, "use_shift": False},
    ),
    "layer norm": (
        lambda: layers.LayerNormalization(epsilon=1e-5),
        (1, 4, 3),
        lambda: nn.LayerNorm(3),
        (1, 4, 3),
        {"axis": (-1,), "normalized_shape": (3,), "eps": 1e-5, "use_scale": True, "use_shift": True},
    ),
    "group norm": (
        lambda: layers.GroupNormalization(2, epsilon=1e-5),
        (1, 4, 4, 6),
        lambda: nn.GroupNorm(2, 6),
        (1, 6, 4, 4),
        {"groups": 2, "in_features": 6, "eps": 1e-5, "use_scale": True, "use_shift": True},
    ),
    "rms norm": (
        lambda: layers.RMSNormalization(epsilon=1e-6),
        (1, 4, 3),
        lambda: nn.RMSNorm(3, eps=1e-6),
        (1, 4, 3),
        {"axis": (-1,), "normalized_shape": (3,), "eps": 1e-6, "use_scale": True},
    ),
    "prelu per channel": (
        lambda: layers.PReLU(shared_axes=[1, 2]),
        (1, 4, 4, 3),
        lambda: nn.PReLU(3),
        (1, 3, 4, 4),
        {},
    ),
    **{
        f"max_pool{rank}d": (
            lambda rank=rank: getattr(layers, f"MaxPooling{rank}D")(3, 2),
            (1, *(9,) * rank, 4),
            lambda rank=rank: getattr(nn, f"MaxPool{rank}d")(3, 2),
            (1, 4, *(9,) * rank),
            {"kernel_size": (3,) * rank, "strides": (2,) * rank, "padding": "valid"},
        )
        for rank in (1, 2, 3)
    },
    **{
        f"average_pool{rank}d": (
            lambda rank=rank: getattr(layers, f"AveragePooling{rank}D")(2),
            (1, *(8,) * rank, 4),
            lambda rank=rank: getattr(nn, f"AvgPool{rank}d")(2),
            (1, 4, *(8,) * rank),
            {"kernel_size": (2,) * rank, "strides": (2,) * rank, "padding": "valid"},
        )
        for rank in (1, 2, 3)
    },
    "adaptive_average_pool2d": (
        lambda: layers.AdaptiveAveragePooling2D((3, 2)),
        (1, 9, 8, 4),
        lambda: nn.AdaptiveAvgPool2d((3, 2)),
        (1, 4, 9, 8),
        {"output_size": (3, 2)},
    ),
    "zero_pad2d": (
        lambda: layers.ZeroPadding2D(((1, 2), (3, 4))),
        (1, 4, 4, 3),
        lambda: nn.ZeroPad2d((3, 4, 1, 2)),
        (1, 3, 4, 4),
        {"padding": ((1, 2), (3, 4))},
    ),
    "zero_pad1d": (
        lambda: layers.ZeroPadding1D((1, 2)),
        (1, 4, 3),
        lambda: nn.ZeroPad1d((1, 2)),
        (1, 3, 4),
        {"padding": ((1, 2),)},
    ),
    "upsample2d": (
        lambda: layers.UpSampling2D(2, interpolation="bilinear"),
        (1, 4, 4, 3),
        lambda: nn.UpsamplingBilinear2d(scale_factor=2),
        (1, 3, 4, 4),
        {"factor": (2, 2), "interpolation": "bilinear"},
    ),
    "dropout": (lambda: layers.Dropout(0.25), (1, 3), lambda: nn.Dropout(0.25), (1, 3), {"rate": 0.25}),
    "spatial_dropout2d": (
        lambda: layers.SpatialDropout2D(0.25),
        (1, 4, 4, 3),
        lambda: nn.Dropout2d(0.25),
        (1, 3, 4, 4),
        {"rate": 0.25},
    ),
    **{
        function: (
            lambda function=function: layers.Activation(function),
            (1, 4),
            lambda torch_name=torch_name: getattr(nn, torch_name)(),
            (1, 4),
            {"function": function},
        )
        for function, torch_name in {
            "relu": "ReLU",
            "relu6": "ReLU6",
            "silu": "SiLU",
            "mish": "Mish",
            "sigmoid": "Sigmoid",
            "tanh": "Tanh",
            "softplus": "Softplus",
            "softsign": "Softsign",
            "elu": "ELU",
            "selu": "SELU",
            "celu": "CELU",
            "hard_sigmoid": "Hardsigmoid",
            "hard_silu": "Hardswish",
            "hard_tanh": "Hardtanh",
            "hard_shrink": "Hardshrink",
            "soft_shrink": "Softshrink",
            "tanh_shrink": "Tanhshrink",
            "log_sigmoid": "LogSigmoid",
        }.items()
    },
    "gelu": (
        lambda: layers.Activation("gelu"),
        (1, 4),
        lambda: nn.GELU(),
        (1, 4),
        {"function": "gelu", "approximate": None},
    ),
    "leaky relu": (
        lambda: layers.LeakyReLU(0.1),
        (1, 4),
        lambda: nn.LeakyReLU(0.1),
        (1, 4),
        {"function": "leaky_relu", "slope": 0.1},
    ),
    "softmax": (
        lambda: layers.Softmax(axis=-1),
        (1, 4),
        lambda: nn.Softmax(dim=-1),
        (1, 4),
        {"axis": (-1,)},
    ),
}
# Keras layer, torch module → the settings of both that mean the same although the kinds differ.
ACROSS: dict[str, tuple[Make, Any, Make, Any, dict[str, Any]]] = {
    "depthwise": (
        lambda: layers.DepthwiseConv2D(3, depth_multiplier=2),
        (1, 6, 6, 4),
        lambda: nn.Conv2d(4, 8, 3, groups=4),
        (1, 4, 6, 6),
        {"units": 8, "in_features": 4, "kernel_size": (3, 3), "strides": (1, 1), "padding": "valid", "use_bias": True},
    ),
    "einsum dense": (
        lambda: layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d"),
        (1, 7, 3),
        lambda: nn.Linear(3, 5),
        (1, 7, 3),
        {"units": 5, "in_features": 3, "use_bias": True},
    ),
    "two directions": (
        lambda: layers.Bidirectional(layers.LSTM(5)),
        (1, 7, 3),
        lambda: nn.LSTM(3, 5, bidirectional=True, batch_first=True),
        (1, 7, 3),
        {"units": 5, "batch_first": True},
    ),
    "activation layer": (lambda: layers.ReLU(6.0), (1, 4), lambda: nn.ReLU6(), (1, 4), {"function": "relu6"}),
    "instance norm": (
        lambda: layers.GroupNormalization(-1, epsilon=1e-5),
        (1, 4, 4, 6),
        lambda: nn.InstanceNorm2d(6, affine=True),
        (1, 6, 4, 4),
        {"in_features": 6, "eps": 1e-5, "use_scale": True, "use_shift": True},
    ),
}


def both(make_keras: Make, keras_said: Any, make_torch: Make, torch_said: Any) -> tuple[Layer, Layer]:
    layer = make_keras()
    if keras_said is None:
        layer.build((1, 3))
    return inspect(layer, keras_said, trace="auto" if keras_said else None).root, inspect(make_torch(), torch_said).root


@pytest.mark.parametrize("name", [*PAIRS, *ACROSS])
def test_the_same_settings_are_the_same_words_and_values(name: str) -> None:
    *makers, said = (PAIRS | ACROSS)[name]
    a, b = both(*makers)
    for layer in (a, b):
        settings = {s.name: s.value for s in layer.settings}
        assert {word: settings.get(word, "missing") for word in said} == said, layer.type
    if name in PAIRS:
        assert a.kind == b.kind


# What a framework lays out in its own way: these say how a layer is built, not what it computes.
LAYOUT = {"data_format", "batch_first", "axis", "dtype_policy"}


@pytest.mark.parametrize("name", PAIRS)
def test_no_setting_of_both_says_two_things(name: str) -> None:
    a, b = both(*PAIRS[name][:4])
    values = [{s.name: s.value for s in layer.settings} for layer in (a, b)]
    shared = (set(values[0]) & set(values[1])) - LAYOUT
    assert {word: values[0][word] for word in shared} == {word: values[1][word] for word in shared}


def test_a_setting_keeps_what_its_framework_calls_it() -> None:
    keras_momentum, torch_momentum = (
        next(s for s in layer.settings if s.name == "momentum") for layer in both(*PAIRS["batch norm"][:4])
    )
    assert (keras_momentum.native_name, keras_momentum.native_value) == ("momentum", 0.75)
    assert (torch_momentum.native_name, torch_momentum.native_value) == ("momentum", 0.25)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    units = next(s for s in inspect(model)[model.layers[0].name].settings if s.name == "units")
    assert (units.native_name, units.native_value) == ("units", 4)
    assert next(s for s in inspect(nn.Linear(3, 4)).root.settings if s.name == "units").native_name == "out_features"
