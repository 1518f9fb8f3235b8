"""The questions people ask, each answered by both frameworks. The numbers are arithmetic, written out by hand."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from keras import layers
from support.checks import array
from torch import nn

from introspect import explain, inspect


@pytest.mark.parametrize(
    ("model", "kernel"),
    [(lambda: layers.Dense(128), (10, 128)), (lambda: nn.Linear(10, 128), (128, 10))],
    ids=["keras", "torch"],
)
def test_how_many_neurons_has_a_dense_layer(model: Any, kernel: tuple[int, int]) -> None:
    root = inspect(model(), (1, 10)).root
    assert (root.kind, root.units) == ("dense", 128)
    assert root.kernel_shape == kernel
    assert root.bias_shape == (128,)
    assert root.output_shape == (1, 128)


def test_and_a_convolution() -> None:
    a = inspect(layers.Conv2D(32, 3, padding="same"), (1, 28, 28, 3)).root
    b = inspect(nn.Conv2d(3, 32, 3, padding="same"), (1, 3, 28, 28)).root
    assert a.units == b.units == 32
    assert a.kernel_shape == (3, 3, 3, 32)
    assert b.kernel_shape == (32, 3, 3, 3)
    assert a.spatial_shape == b.spatial_shape == (28, 28)
    assert a.output_shape == (1, 28, 28, 32)
    assert b.output_shape == (1, 32, 28, 28)
    assert a.kernel.by_axis == {"h": 3, "w": 3, "in": 3, "out": 32}
    assert dict(b.kernel.by_axis) == dict(a.kernel.by_axis)


@pytest.mark.parametrize(("sequences", "output"), [(True, (1, 10, 64)), (False, (1, 64))])
def test_and_an_lstm_of_keras(sequences: bool, output: tuple[int, ...]) -> None:
    lstm = inspect(layers.LSTM(64, return_sequences=sequences), (1, 10, 12)).root
    assert lstm.units == 64
    assert lstm.output_shape == output
    for gate in ("i", "f", "g", "o", "input", "forget", "cell", "output"):
        assert lstm.kernel.part(gate).shape == (12, 64)
        assert lstm.parameter("recurrent_kernel").part(gate).shape == (64, 64)
        assert lstm.bias.part(gate).shape == (64,)


def test_and_an_lstm_of_torch() -> None:
    lstm = inspect(nn.LSTM(12, 64, batch_first=True), (1, 10, 12)).root
    assert lstm.units == 64
    assert lstm.output_shape == (1, 10, 64)
    assert [spec.shape for spec in lstm.calls[0].outputs[1]] == [(1, 1, 64), (1, 1, 64)]
    for gate in "ifgo":
        assert lstm.kernel.part(gate).shape == (64, 12)
        assert lstm.parameter("recurrent_kernel").part(gate).shape == (64, 64)
        assert lstm.bias.part(gate).shape == (64,)


def test_gates_lie_where_the_frameworks_put_them() -> None:
    """Only the forget gate's bias is one: both frameworks must show it there (Keras starts with `unit_forget_bias`)."""
    keras_lstm = layers.LSTM(5)
    keras_lstm.build((None, 3, 2))
    part = inspect(keras_lstm, (1, 3, 2)).root.bias.part("forget")
    bias = array(keras_lstm.cell.bias.value)
    assert (bias[part.start : part.stop] == 1).all()
    assert bias.sum() == 5

    torch_lstm = nn.LSTM(2, 5)
    with torch.no_grad():  # a forget gate that is shut forgets: the cell state is i * g alone, whatever came before
        part = inspect(torch_lstm, (3, 1, 2)).root.bias.part("forget")
        for bias in (torch_lstm.bias_ih_l0, torch_lstm.bias_hh_l0):
            bias[part.start : part.stop] = -1e9
        x, h = torch.randn(1, 1, 2), torch.zeros(1, 1, 5)
        _, (_, once) = torch_lstm(x, (h, torch.zeros(1, 1, 5)))
        _, (_, other) = torch_lstm(x, (h, torch.full((1, 1, 5), 9.0)))
    assert torch.equal(once, other)


def a_network(framework: str, functional: bool = False) -> Any:
    if framework == "torch":
        return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 4), nn.Linear(4, 1))
    if not functional:
        return keras.Sequential([keras.Input((3,)), layers.Dense(4), layers.Dense(4), layers.Dense(1)])
    x = keras.Input((3,))
    return keras.Model(x, layers.Dense(1)(layers.Dense(4)(layers.Dense(4)(x))))


@pytest.mark.parametrize(
    "model",
    [lambda: a_network("keras"), lambda: a_network("keras", functional=True), lambda: a_network("torch")],
    ids=["keras sequential", "keras functional", "torch"],
)
def test_units_shapes_weights_and_ndim_of_a_network(model: Any) -> None:
    report = inspect(model(), (1, 3))
    dense = [layer for layer in report if layer.kind == "dense"]
    assert [layer.units for layer in dense] == [4, 4, 1]
    assert [layer.input_shape for layer in dense] == [(1, 3), (1, 4), (1, 4)]
    assert [layer.output_shape for layer in dense] == [(1, 4), (1, 4), (1, 1)]
    assert [sorted(layer.kernel_shape) for layer in dense] == [[3, 4], [4, 4], [1, 4]]
    assert [[len(p.shape) for p in layer.parameters] for layer in dense] == [[2, 1]] * 3
    assert [layer.parameter_count for layer in dense] == [16, 20, 5]
    assert report.parameter_count == 41
    if report.framework == "keras":
        inputs = [layer for layer in report if layer.kind == "input"]
        assert [layer.setting("shape") for layer in inputs] == [(None, 3)]
        assert inputs[0].units is None
        assert inputs[0].parameter_count == 0


RANKS = [
    (lambda: layers.Dense(2), lambda: nn.Linear(5, 2), ("batch", "features"), ("batch", "features")),
    (
        lambda: layers.Conv2D(2, 3, data_format="channels_last"),
        lambda: nn.Conv2d(5, 2, 3),
        ("batch", "height", "width", "channels"),
        ("batch", "channels", "height", "width"),
    ),
    (
        lambda: layers.Conv1D(2, 3),
        lambda: nn.Conv1d(5, 2, 3),
        ("batch", "length", "channels"),
        ("batch", "channels", "length"),
    ),
    (
        lambda: layers.LSTM(2),
        lambda: nn.LSTM(5, 2, batch_first=True),
        ("batch", "time", "features"),
        ("batch", "time", "features"),
    ),
    (lambda: layers.GRU(2), lambda: nn.GRU(5, 2), ("batch", "time", "features"), ("time", "batch", "features")),
]


@pytest.mark.parametrize(("a", "b", "a_axes", "b_axes"), RANKS)
def test_what_rank_does_a_layer_want(a: Any, b: Any, a_axes: tuple[str, ...], b_axes: tuple[str, ...]) -> None:
    assert inspect(a(), trace=None).root.input_axes == a_axes
    assert inspect(b(), trace=None).root.input_axes == b_axes


def test_channels_first_turns_the_axes() -> None:
    conv = layers.Conv2D(2, 3, data_format="channels_first")
    assert inspect(conv, trace=None).root.input_axes == ("batch", "channels", "height", "width")


@pytest.mark.parametrize(
    ("model", "wrong", "sentence"),
    [
        (lambda: layers.Conv2D(2, 3), (1, 5), "Conv2D wants (batch, height, width, channels), a tensor of rank 4"),
        (lambda: nn.Conv2d(3, 2, 3), (1, 5), "Conv2d wants (batch, channels, height, width), a tensor of rank 4"),
        (lambda: layers.LSTM(2), (1, 5), "LSTM wants (batch, time, features), a tensor of rank 3"),
        (lambda: nn.Linear(3, 2), (1, 5), "Linear wants (batch, features) with 3 features"),
    ],
)
def test_a_wrong_rank_gets_a_sentence(model: Any, wrong: tuple[int, ...], sentence: str) -> None:
    report = inspect(model(), wrong)
    assert not report.complete
    assert any(note.startswith(sentence) and f"{wrong}" in note for note in report.notes)


def test_the_size_of_a_layer_in_a_cnn_is_three_numbers() -> None:
    a = inspect(layers.Conv2D(16, 3, padding="same"), (1, 28, 28, 3)).root
    b = inspect(nn.Conv2d(3, 16, 3, padding=1), (1, 3, 28, 28)).root
    for conv in (a, b):
        assert (conv.units, conv.spatial_shape, conv.parameter_count) == (16, (28, 28), 448)
        assert conv.activations == 16 * 28 * 28


@pytest.mark.parametrize(
    "model",
    [
        lambda: nn.Sequential(nn.Linear(256, 2), nn.Linear(2, 3), nn.Linear(3, 4)),
        lambda: keras.Sequential([keras.Input((256,)), layers.Dense(2), layers.Dense(3), layers.Dense(4)]),
    ],
    ids=["torch", "keras"],
)
def test_why_514_and_9_and_16_parameters(model: Any) -> None:
    explanations = explain(model())
    dense = [e for e in explanations.values() if e.terms and e.path]
    assert [str(e) for e in dense] == [
        "256 in × 2 out + 2 out = 514",
        "2 in × 3 out + 3 out = 9",
        "3 in × 4 out + 4 out = 16",
    ]
    assert [e.formula for e in dense] == ["in × out + out"] * 3
    assert explanations.total == 539
    assert explanations.agrees
    assert str(explanations).splitlines()[-1].split() == ["total", "539"]
    assert explanations[""].total == 539


WHY = [
    # layer, inputs, the line, the total
    (lambda: layers.Conv2D(16, 3), (1, 9, 9, 3), "3 h × 3 w × 3 in × 16 out + 16 out = 448"),
    (lambda: nn.Conv2d(3, 16, 3), (1, 3, 9, 9), "3 h × 3 w × 3 in × 16 out + 16 out = 448"),
    (lambda: nn.Conv2d(8, 16, 3, groups=4), (1, 8, 9, 9), "3 h × 3 w × 2 in × 16 out + 16 out = 304"),
    (lambda: layers.Conv2D(16, 3, groups=4), (1, 9, 9, 8), "3 h × 3 w × 2 in × 16 out + 16 out = 304"),
    (
        lambda: layers.LSTM(64),
        (1, 10, 12),
        "4 gates × (12 in + 64 hidden + 1) × 64 units = 19,712; buffers: 2 lstm_cell.seed_generator_state = 2",
    ),
    (
        lambda: nn.LSTM(12, 64),
        (10, 1, 12),
        "4 gates × (12 in + 64 hidden + 1 + 1 recurrent bias) × 64 units = 19,968",
    ),
    (
        lambda: layers.GRU(5),
        (1, 10, 12),
        "3 gates × (12 in + 5 hidden + 2 biases) × 5 units = 285; buffers: 2 gru_cell.seed_generator_state = 2",
    ),
    (
        lambda: layers.GRU(5, reset_after=False),
        (1, 10, 12),
        "3 gates × (12 in + 5 hidden + 1) × 5 units = 270; buffers: 2 gru_cell.seed_generator_state = 2",
    ),
    (lambda: nn.GRU(12, 5), (10, 1, 12), "3 gates × (12 in + 5 hidden + 1 + 1 recurrent bias) × 5 units = 285"),
    (lambda: nn.RNN(12, 5), (10, 1, 12), "(12 in + 5 hidden + 1 + 1 recurrent bias) × 5 units = 95"),
    (
        lambda: nn.GRU(12, 5, num_layers=2),
        (10, 1, 12),
        "3 gates × (12 in + 5 hidden + 1 + 1 recurrent bias) × 5 units + "
        "3 gates × (5 in + 5 hidden + 1 + 1 recurrent bias) × 5 units = 465",
    ),
    (
        lambda: layers.BatchNormalization(),
        (1, 7),
        "7 channels (gamma) + 7 channels (beta) = 14; buffers: 7 moving_mean + 7 moving_variance = 14",
    ),
    (
        lambda: nn.BatchNorm1d(7),
        (2, 7),
        "7 channels (weight) + 7 channels (bias) = 14; "
        "buffers: 7 running_mean + 7 running_var + 1 num_batches_tracked = 15",
    ),
    (lambda: layers.Embedding(1000, 16), (1, 5), "1,000 tokens × 16 features = 16,000"),
    (lambda: nn.Embedding(1000, 16), (1, 5), "1,000 tokens × 16 features = 16,000"),
]


@pytest.mark.parametrize(("model", "inputs", "line"), WHY)
def test_why_that_many_parameters(model: Any, inputs: Any, line: str) -> None:
    live = model()
    explanation = explain(live, "", inputs=inputs)
    assert str(explanation) == line
    assert explanation.agrees is True
    assert explanation.total == inspect(live, inputs).parameter_count


def test_why_attention_has_that_many() -> None:
    """q, k, v: 8 × 8 + 8 each, output: 8 × 8 + 8; Keras's heads may have a free size: 3 instead of 4."""
    a = explain(layers.MultiHeadAttention(2, 4), "", inputs=[(1, 5, 8), (1, 5, 8)])
    b = explain(nn.MultiheadAttention(8, 2), "", inputs=[(5, 1, 8)] * 3)
    c = explain(layers.MultiHeadAttention(2, 3), "", inputs=[(1, 5, 8), (1, 5, 8)])
    assert a.total == b.total == 4 * (8 * 8 + 8)
    assert c.total == 3 * (8 * 6 + 6) + 6 * 8 + 8
    assert a.agrees
    assert b.agrees
    assert c.agrees
    assert "8 in × 2 heads × 4 key dim (query.kernel)" in str(a)
    assert "3 q/k/v × 8 in × 2 heads × 4 key dim (in_proj_weight)" in str(b)


def test_my_own_layer_and_my_own_module() -> None:
    class MyLayer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(3)

        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), name="gain")
            self.inner.build(shape)

        def call(self, x: Any) -> Any:
            return self.inner(x * self.gain)

    class MyModule(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gain = nn.Parameter(torch.ones(4))
            self.inner = nn.Linear(4, 3)

        def forward(self, x: Any) -> Any:
            return self.inner(x * self.gain)

    class MyDense(layers.Dense):
        pass

    class MyLinear(nn.Linear):
        pass

    class Gated(nn.Linear):
        def __init__(self) -> None:
            super().__init__(4, 3)
            self.gate = nn.Parameter(torch.ones(3))

    for model in (MyLayer(), MyModule()):
        report = inspect(model, (1, 4))
        assert report.root.kind == "unknown"
        assert [p.name for p in report.root.parameters] == ["gain"]
        assert report.root.output_shape == (1, 3)
        assert len(report) == 2
        assert report.layers[1].kind == "dense"
        assert report.layers[1].output_shape == (1, 3)
        assert report.parameter_count == 4 + 4 * 3 + 3
        assert explain(report, "").total == 19
        assert [op.kind for op in report.operations] == ["multiply"]
    assert inspect(MyDense(3), (1, 4)).root.kind == inspect(MyLinear(4, 3)).root.kind == "dense"
    assert inspect(Gated(), (1, 4)).root.kind == "unknown"  # it owns what a dense layer does not
    assert inspect(Gated(), (1, 4)).parameter_count == 18
