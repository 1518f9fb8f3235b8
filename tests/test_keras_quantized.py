"""Quantized kernels and low-rank additions: the logical tensor counts, what lies in memory is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from support.checks import check_report
from support.fingerprint import difference, keras_fingerprint

from introspect import Report, TensorSpec, explain, inspect

# What Keras and NumPy say of each other while Keras quantizes.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize` method implemented:UserWarning"),
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"),
]


def two_dense(mode: str | None, rank: int | None = None) -> Any:
    """8 × 16 + 16 + 16 × 4 + 4 = 212 parameters."""
    model = keras.Sequential([keras.Input((8,)), layers.Dense(16, name="a"), layers.Dense(4, name="b")])
    if mode:
        model.quantize(mode)
    for layer in model.layers if rank else ():
        layer.enable_lora(rank)
    return model


def untouched_report(model: Any, said: Any = None) -> Report:
    before = keras_fingerprint(model)
    report = inspect(model, said)
    assert not difference(before, keras_fingerprint(model))
    assert report.complete, report.notes
    assert report.native_count == model.count_params()
    check_report(report)
    return report


BIASES, KERNELS = 16 + 4, 8 * 16 + 16 * 4
LOW_RANK = 2 * (8 + 16) + 2 * (16 + 4)
HISTORIES = 2 * 3 * (1024 + 1)


@pytest.mark.parametrize(
    ("mode", "rank", "count", "trainable", "buffers", "native", "stored_bytes"),
    [
        (None, None, 212, 212, 0, 212, 212 * 4),
        ("int8", None, 212, BIASES, 16 + 4, 232, KERNELS + BIASES * 4 + (16 + 4) * 4),
        # Blocks of 128 inputs: a scale and a zero for each block and output, the block of each input; two in a byte.
        ("int4", None, 212, BIASES, 2 * 20 + 8 + 16, 180, KERNELS // 2 + BIASES * 4 + 20 * 4 + 20 + (8 + 16) * 4),
        ("float8", None, 212, 212, HISTORIES, 6362, (212 + HISTORIES) * 4),
        (None, 2, 212 + LOW_RANK, BIASES + LOW_RANK, 0, 300, (212 + LOW_RANK) * 4),
        ("int8", 2, 212 + LOW_RANK, BIASES + LOW_RANK, 20, 320, KERNELS + (BIASES + LOW_RANK + 20) * 4),
    ],
)
def test_a_model_of_212_parameters_stays_one(
    mode: str | None, rank: int | None, count: int, trainable: int, buffers: int, native: int, stored_bytes: int
) -> None:
    report = untouched_report(two_dense(mode, rank))
    assert (report.parameter_count, report.trainable_count, report.buffer_count) == (count, trainable, buffers)
    assert (report.native_count, report.bytes) == (native, stored_bytes)
    assert explain(report)[""].agrees is True
    kernel = report["a"].kernel
    assert kernel is not None
    assert (kernel.shape, kernel.axes, kernel.state) == ((8, 16), "in out", "parameter")
    assert kernel.dtype == {"int8": "int8", "int4": "int4"}.get(mode or "", "float32")
    assert kernel.stored == (TensorSpec((8, 8), "int8") if mode == "int4" else None)
    assert (report["a"].setting("quantization"), report["a"].setting("rank")) == (mode, rank)
    assert report["a"].parameters[0].name == "kernel"
    helpers = [p for p in report.parameters if p.role == "quantizer"]
    assert sum(p.size for p in helpers) == buffers
    assert all((p.state, p.trainable, p.axes is None) == ("buffer", False, False) for p in helpers)


# name → (the layer, its inputs, what is done to it, {parameter: (shape, axes, dtype, stored)}, quantizers' elements)
Expected = dict[str, tuple[tuple[int, ...], str, str, TensorSpec | None]]
Change = Callable[[Any], None]
TOKENS = TensorSpec((2, 5), "int32")


def quantize(mode: str) -> Change:
    return lambda layer: layer.quantize(mode)


def low_rank(layer: Any) -> None:
    layer.enable_lora(2)


def heads() -> Any:
    return layers.EinsumDense("abc,cde->abde", output_shape=(None, 2, 5), bias_axes="de")


def pair(tied: bool) -> Any:
    return layers.ReversibleEmbedding(10, 5, tie_weights=tied)


CASES: dict[str, tuple[Callable[[], Any], Any, Change, Expected, int]] = {
    "dense, int4, an odd width": (
        lambda: layers.Dense(5),
        (2, 7),
        quantize("int4"),
        {
            "kernel": ((7, 5), "in out", "int4", TensorSpec((7, 3), "int8")),
            "bias": ((5,), "out", "float32", None),
        },
        5 + 5 + 7,
    ),
    "einsum, int8": (
        heads,
        (2, 3, 4),
        quantize("int8"),
        {
            "kernel": ((4, 2, 5), "in out_1 out_2", "int8", None),
            "bias": ((2, 5), "out_1 out_2", "float32", None),
        },
        10,
    ),
    "einsum, int4": (
        heads,
        (2, 3, 4),
        quantize("int4"),
        {
            "kernel": ((4, 2, 5), "in out_1 out_2", "int4", TensorSpec((4, 5), "int8")),
            "bias": ((2, 5), "out_1 out_2", "float32", None),
        },
        10 + 10 + 4,
    ),
    "einsum, low rank": (
        heads,
        (2, 3, 4),
        low_rank,
        {
            "kernel": ((4, 2, 5), "in out_1 out_2", "float32", None),
            "bias": ((2, 5), "out_1 out_2", "float32", None),
            "lora_kernel_a": ((4, 2, 2), "in out_1 rank", "float32", None),
            "lora_kernel_b": ((2, 5), "rank out_2", "float32", None),
        },
        0,
    ),
    "embedding, int8": (
        lambda: layers.Embedding(10, 5),
        TOKENS,
        quantize("int8"),
        {"embeddings": ((10, 5), "tokens features", "int8", None)},
        10,
    ),
    "embedding, int4": (
        lambda: layers.Embedding(10, 5),
        TOKENS,
        quantize("int4"),
        {"embeddings": ((10, 5), "tokens features", "int4", TensorSpec((10, 3), "int8"))},
        10 + 10 + 5,
    ),
    "embedding, low rank": (
        lambda: layers.Embedding(10, 5),
        TOKENS,
        low_rank,
        {
            "embeddings": ((10, 5), "tokens features", "float32", None),
            "lora_embeddings_a": ((10, 2), "tokens rank", "float32", None),
            "lora_embeddings_b": ((2, 5), "rank features", "float32", None),
        },
        0,
    ),
    "reversible embedding, int8": (
        lambda: pair(True),
        TOKENS,
        quantize("int8"),
        {"embeddings": ((10, 5), "tokens features", "int8", None)},
        10,
    ),
    "reversible embedding, not tied, int4": (
        lambda: pair(False),
        TOKENS,
        quantize("int4"),
        {
            "embeddings": ((10, 5), "tokens features", "int4", TensorSpec((10, 3), "int8")),
            "reverse_embeddings": ((5, 10), "features tokens", "int4", TensorSpec((3, 10), "int8")),
        },
        10 + 10 + 5 + 10 + 10,
    ),
    "convolution, low rank": (
        lambda: layers.Conv2D(5, 3),
        (1, 8, 8, 4),
        low_rank,
        {
            "kernel": ((3, 3, 4, 5), "h w in out", "float32", None),
            "bias": ((5,), "out", "float32", None),
            "lora_kernel_a": ((3, 3, 4, 2), "h w in rank", "float32", None),
            "lora_kernel_b": ((2, 5), "rank out", "float32", None),
        },
        0,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_every_layer_that_can_be_quantized_or_adapted(name: str) -> None:
    make, said, change, expected, helpers = CASES[name]
    layer = make()
    layer(np.ones(said.shape, said.dtype) if isinstance(said, TensorSpec) else np.ones(said, "float32"))
    change(layer)
    report = untouched_report(layer, said)
    learned = {p.name: (p.shape, p.axes, p.dtype, p.stored) for p in report.parameters if p.state == "parameter"}
    assert learned == expected
    assert report.parameter_count == sum(int(np.prod(shape)) for shape, *_ in expected.values())
    assert report.buffer_count == helpers == sum(p.size for p in report.parameters if p.role == "quantizer")
    assert explain(report, "").agrees is True


def test_the_projections_of_attention_are_quantized_and_adapted() -> None:
    attention = layers.MultiHeadAttention(2, 4, name="attention")
    attention(np.ones((1, 5, 8), "float32"), np.ones((1, 5, 8), "float32"))
    plain = attention.count_params()
    attention.query_dense.enable_lora(2)
    attention.value_dense.quantize("int8")
    report = untouched_report(attention, [(1, 5, 8), (1, 5, 8)])
    assert report.parameter_count == plain + 8 * 2 * 2 + 2 * 4
    assert report.root.parameter("lora_down").axes == "in head rank"
    kernel = report.root.parameter("value_kernel")
    assert (kernel.axes, kernel.dtype, kernel.state) == ("in head value_dim", "int8", "parameter")
    assert report.root.parameter("value.kernel_scale").role == "quantizer"


def calibrated(mode: str, bits: int) -> Any:
    """A layer as calibration leaves it, without its long search: the kernel gone, the quantized one in its place."""
    config = {
        "gptq": lambda: keras.quantizers.GPTQConfig(dataset=["a"], tokenizer=None, weight_bits=bits, group_size=4),
        "awq": lambda: keras.quantizers.AWQConfig(dataset=["a"], tokenizer=None, group_size=4),
    }[mode]()
    layer = layers.Dense(5)
    layer.build((None, 8))
    layer.quantize(mode, config=config)
    return layer


@pytest.mark.parametrize(("mode", "bits", "rows"), [("gptq", 4, 3), ("gptq", 8, 5), ("awq", 4, 3)])
def test_a_calibrated_kernel_stands_for_the_one_it_replaced(mode: str, bits: int, rows: int) -> None:
    layer = calibrated(mode, bits)
    before = inspect(layer, (1, 8), trace=None)
    assert before.parameter_count == 8 * 5 + 5  # the kernel that is still used; the other one waits among the buffers
    assert before.root.parameter("kernel#2").role == "quantizer"
    layer._tracker.unlock()
    del layer._kernel
    layer._tracker.lock()
    setattr(layer, f"is_{mode}_calibrated", True)
    report = untouched_report(layer, (1, 8))
    kernel = report.root.kernel
    assert kernel is not None
    assert (kernel.shape, kernel.axes, kernel.stored) == ((8, 5), "in out", TensorSpec((rows, 8), "uint8"))
    assert kernel.dtype == ("uint4" if bits == 4 else "uint8")
    assert report.parameter_count == 8 * 5 + 5
    assert report.root.parameter("kernel_scale").axes == "out block"
