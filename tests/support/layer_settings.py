"""Hypothesis strategies: a layer of Keras with any settings, one of torch with settings that suit it or nearly do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import torch
from hypothesis import strategies as st
from torch import nn

L = keras.layers


@dataclass(frozen=True)
class Drawn:
    """How to make two models; `shape` is Keras's input with the batch, `plain`: torch's is laid out alike."""

    ours: Callable[[], Any]
    port: Callable[[], nn.Module]
    shape: tuple[int, ...]
    plain: bool = False
    tokens: bool = False

    @property
    def port_shape(self) -> tuple[int, ...]:
        return self.shape if self.plain else (self.shape[0], self.shape[-1], *self.shape[1:-1])


def nearly(draw: Any, value: Any, others: st.SearchStrategy) -> Any:
    """The same setting, or sometimes another."""
    return draw(others) if draw(st.integers(0, 3)) == 0 else value


class Lambda(nn.Module):
    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


ACTIVATIONS: dict[str | None, Callable[[], nn.Module]] = {
    None: nn.Identity, "relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "silu": nn.SiLU,
    "elu": nn.ELU, "selu": nn.SELU, "softplus": nn.Softplus, "softsign": nn.Softsign, "mish": nn.Mish,
    "hard_sigmoid": nn.Hardsigmoid, "relu6": nn.ReLU6, "leaky_relu": lambda: nn.LeakyReLU(0.2),
}  # fmt: skip
activations = st.sampled_from(sorted(ACTIVATIONS, key=str))
small = st.integers(1, 3)
sizes = st.integers(5, 9)


def sequential(shape: tuple[int, ...], *layers: Any, dtype: str = "float32") -> Any:
    return keras.Sequential([keras.Input(shape[1:], dtype=dtype), *layers])


@st.composite
def convolutions(draw: Any) -> Drawn:
    rank, kernel, stride, bias = draw(small), draw(st.integers(1, 4)), draw(small), draw(st.booleans())
    if rank == 3:  # TensorFlow skips positions of a volume wrongly, in float64 and by more than the kernel is wide
        stride = min(stride, kernel)
    dilation = draw(small) if stride == 1 else 1
    padding, word = draw(st.sampled_from(("valid", "same"))), draw(activations)
    shape = (2, *(draw(sizes) for _ in range(rank)), 3)
    layer = (L.Conv1D, L.Conv2D, L.Conv3D)[rank - 1]
    suits = 0 if padding == "valid" else "same" if stride == 1 else (kernel - 1) * dilation // 2
    around, steps = nearly(draw, suits, st.integers(0, 2)), nearly(draw, stride, small)
    spread, biased = nearly(draw, dilation, small), nearly(draw, bias, st.booleans())
    behind = ACTIVATIONS[nearly(draw, word, activations)]
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    said: dict[str, Any] = {"dilation_rate": dilation, "use_bias": bias, "activation": word}
    return Drawn(
        lambda: sequential(shape, layer(4, kernel, stride, padding, **said)),
        lambda: nn.Sequential(conv(3, 4, kernel, steps, around, spread, bias=biased), behind()),
        shape,
    )


@st.composite
def transposed(draw: Any) -> Drawn:
    rank, kernel, stride = draw(small), draw(st.integers(1, 5)), draw(small)
    padding = draw(st.sampled_from(("valid", "same")))
    shape = (2, *(draw(st.integers(3, 5)) for _ in range(rank)), 3)
    layer = (L.Conv1DTranspose, L.Conv2DTranspose, L.Conv3DTranspose)[rank - 1]
    around = nearly(draw, 0 if padding == "valid" else max(kernel - stride, 0) // 2, st.integers(0, 2))
    more = draw(st.integers(0, 1)) if padding == "same" and (kernel - stride) % 2 else 0
    steps = nearly(draw, stride, small)
    conv = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[rank - 1]
    return Drawn(
        lambda: sequential(shape, layer(4, kernel, stride, padding)),
        lambda: nn.Sequential(conv(3, 4, kernel, steps, around, more)),
        shape,
    )


@st.composite
def depthwise(draw: Any) -> Drawn:
    rank, kernel, multiplier, stride = draw(st.integers(1, 2)), draw(small), draw(st.integers(1, 2)), draw(small)
    padding, split = draw(st.sampled_from(("valid", "same"))), draw(st.booleans())
    shape = (2, *(draw(sizes) for _ in range(rank)), 3)
    around = nearly(draw, 0 if padding == "valid" else "same" if stride == 1 else kernel // 2, st.integers(0, 2))
    groups = nearly(draw, 3, st.just(1))
    conv = (nn.Conv1d, nn.Conv2d)[rank - 1]
    whole, alone = (L.SeparableConv1D, L.SeparableConv2D)[rank - 1], (L.DepthwiseConv1D, L.DepthwiseConv2D)[rank - 1]
    said: dict[str, Any] = {"strides": stride, "padding": padding, "depth_multiplier": multiplier}
    return Drawn(
        lambda: sequential(shape, whole(5, kernel, **said) if split else alone(kernel, **said)),
        lambda: nn.Sequential(
            conv(3, 3 * multiplier, kernel, stride, around, groups=groups, bias=not split),
            *([conv(3 * multiplier, 5, 1)] if split else []),
        ),
        shape,
    )


@st.composite
def dense(draw: Any) -> Drawn:
    units, bias, word = draw(small), draw(st.booleans()), draw(activations)
    shape = (2, *draw(st.lists(st.integers(1, 4), max_size=2)), 5)
    width, biased = nearly(draw, units, small), nearly(draw, bias, st.booleans())
    behind = ACTIVATIONS[nearly(draw, word, activations)]
    return Drawn(
        lambda: sequential(shape, L.Dense(units, use_bias=bias, activation=word)),
        lambda: nn.Sequential(nn.Linear(5, width, bias=biased), behind()),
        shape,
        plain=True,
    )


@st.composite
def flattened(draw: Any) -> Drawn:
    rank, units = draw(small), draw(small)
    shape = (2, *(draw(st.integers(1, 3)) for _ in range(rank)), draw(small))
    flat = draw(st.sampled_from((L.Flatten, lambda: L.Reshape((-1,)), lambda: L.Flatten("channels_first"))))
    ahead = (L.Conv1D, L.Conv2D, L.Conv3D)[rank - 1]
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    width = math.prod(shape[1:])
    return Drawn(
        lambda: sequential(shape, ahead(shape[-1], 1), flat(), L.Dense(units)),
        lambda: nn.Sequential(conv(shape[-1], shape[-1], 1), nn.Flatten(), nn.Linear(width, units)),
        shape,
    )


@st.composite
def normalized(draw: Any) -> Drawn:
    eps = draw(st.sampled_from((1e-3, 1e-5, 1e-6)))
    center, scale = draw(st.booleans()), draw(st.booleans())
    other = nearly(draw, eps, st.sampled_from((1e-3, 1e-5)))
    said: dict[str, Any] = {"epsilon": eps, "center": center, "scale": scale}
    if draw(st.booleans()):
        shape = (2, *draw(st.lists(st.integers(2, 4), max_size=2)), 4)
        if draw(st.booleans()):
            layer, norm = lambda: L.RMSNormalization(epsilon=eps), lambda: nn.RMSNorm(4, eps=other)
        else:
            layer = lambda: L.LayerNormalization(**said)  # noqa: E731
            norm = lambda: nn.LayerNorm(4, eps=other, elementwise_affine=center or scale, bias=center)  # noqa: E731
        return Drawn(lambda: sequential(shape, layer()), norm, shape, plain=True)
    rank, groups = draw(small), draw(st.sampled_from((1, 2, 4, -1)))
    shape = (2, *(draw(st.integers(2, 4)) for _ in range(rank)), 4)
    if draw(st.booleans()):
        batch = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)[rank - 1]
        return Drawn(
            lambda: sequential(shape, L.BatchNormalization(**said)),
            lambda: batch(4, eps=other, affine=center or scale),
            shape,
        )
    instance = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)[rank - 1]
    cut = nearly(draw, groups, st.sampled_from((1, 2)))
    return Drawn(
        lambda: sequential(shape, L.GroupNormalization(groups, **said)),
        lambda: (
            instance(4, eps=other, affine=center or scale)
            if cut == -1
            else nn.GroupNorm(cut, 4, eps=other, affine=center or scale)
        ),
        shape,
    )


class Last(nn.Module):
    """A recurrent network of batches first, of which the whole output, its last position or its last state is used."""

    def __init__(self, inner: nn.Module, what: str) -> None:
        super().__init__()
        self.inner, self.what = inner, what

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        outputs, state = self.inner(x)
        if self.what == "sequences":
            return outputs
        if self.what == "last":
            return outputs[:, -1]
        hidden = state[0] if isinstance(state, tuple) else state
        return torch.cat((hidden[-2], hidden[-1]), -1) if self.inner.bidirectional else hidden[-1]


@st.composite
def recurrent(draw: Any) -> Drawn:
    word, units, layers = draw(st.sampled_from(("rnn", "lstm", "gru"))), draw(small), draw(st.integers(1, 2))
    both, bias = draw(st.booleans()), draw(st.booleans())
    what = draw(st.sampled_from(("sequences", "last", "state")))
    function = draw(st.sampled_from(("tanh", "relu"))) if word == "rnn" else "tanh"
    shape = (2, draw(st.integers(2, 5)), 3)
    said: dict[str, Any] = {"use_bias": bias, "activation": function}
    more: dict[str, Any] = {"bias": bias, "batch_first": True, "bidirectional": nearly(draw, both, st.booleans())}
    if word == "gru":  # of a single unit, both are one function
        said["reset_after"] = draw(st.booleans()) or units == 1
    if word == "rnn":
        more["nonlinearity"] = nearly(draw, function, st.sampled_from(("tanh", "relu")))
    kind, made_of = {"rnn": (L.SimpleRNN, nn.RNN), "lstm": (L.LSTM, nn.LSTM), "gru": (L.GRU, nn.GRU)}[word]
    used = nearly(draw, what, st.sampled_from(("sequences", "last", "state")))

    def ours() -> Any:
        stack = [kind(units, return_sequences=n < layers - 1 or what == "sequences", **said) for n in range(layers)]
        return sequential(shape, *(L.Bidirectional(layer) if both else layer for layer in stack))

    return Drawn(ours, lambda: Last(made_of(3, units, layers, **more), used), shape, plain=True)


class Attending(nn.Module):
    def __init__(self, width: int, heads: int, bias: bool) -> None:
        super().__init__()
        self.attend = nn.MultiheadAttention(width, heads, bias=bias, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.attend(x, x, x, need_weights=False)[0]


@st.composite
def attending(draw: Any) -> Drawn:
    # Keras 3.15 on TensorFlow adds the bias of heads of size 1 along the time axis, where there are as many heads.
    heads, size, bias = draw(st.integers(1, 3)), draw(st.integers(2, 3)), draw(st.booleans())
    shape = (2, draw(st.integers(2, 4)), heads * size)
    cut, biased = nearly(draw, heads, st.integers(1, 3)), nearly(draw, bias, st.booleans())

    def ours() -> Any:
        x = keras.Input(shape[1:])
        return keras.Model(x, L.MultiHeadAttention(heads, size, use_bias=bias)(x, x))

    return Drawn(ours, lambda: Attending(heads * size, cut, biased), shape, plain=True)


@st.composite
def embedded(draw: Any) -> Drawn:
    rows, width = draw(st.integers(2, 6)), draw(small)
    shape = (2, draw(st.integers(1, 4)))
    others = nearly(draw, rows, st.integers(2, 8)), nearly(draw, width, small)
    return Drawn(
        lambda: sequential(shape, L.Embedding(rows, width), dtype="int32"),
        lambda: nn.Embedding(*others),
        shape,
        plain=True,
        tokens=True,
    )


@st.composite
def pooled(draw: Any) -> Drawn:
    rank, window, stride, mean = draw(small), draw(small), draw(small), draw(st.booleans())
    padding = draw(st.sampled_from(("valid", "same")))
    shape = (2, *(draw(sizes) for _ in range(rank)), 2)
    layers = (L.MaxPooling1D, L.MaxPooling2D, L.MaxPooling3D)
    modules: Any = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
    said: dict[str, Any] = {"ceil_mode": draw(st.booleans())}
    if mean:
        layers = (L.AveragePooling1D, L.AveragePooling2D, L.AveragePooling3D)
        modules = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
        said["count_include_pad"] = draw(st.booleans())
    around = nearly(draw, 0 if padding == "valid" else window // 2, st.integers(0, 1))
    steps = nearly(draw, stride, small)
    ahead = (L.Conv1D, L.Conv2D, L.Conv3D)[rank - 1]
    conv = (nn.Conv1d, nn.Conv2d, nn.Conv3d)[rank - 1]
    return Drawn(
        lambda: sequential(shape, ahead(2, 1), layers[rank - 1](window, stride, padding)),
        lambda: nn.Sequential(conv(2, 2, 1), modules[rank - 1](window, steps, around, **said)),
        shape,
    )


@st.composite
def resized(draw: Any) -> Drawn:
    shape = (2, draw(st.integers(3, 5)), draw(st.integers(3, 5)), 2)
    kind = draw(st.sampled_from(("nearest", "bilinear", "pad", "crop")))
    a, b, c, d = (draw(st.integers(0, 1)) for _ in range(4))
    if kind in ("pad", "crop"):
        sign = 1 if kind == "pad" else -1
        around = tuple(sign * n for n in nearly(draw, (c, d, a, b), st.just((a, b, c, d))))
        layer = L.ZeroPadding2D if kind == "pad" else L.Cropping2D
        return Drawn(
            lambda: sequential(shape, layer(((a, b), (c, d))), L.Conv2D(3, 1)),
            lambda: nn.Sequential(nn.ZeroPad2d(around), nn.Conv2d(2, 3, 1)),
            shape,
        )
    mode = nearly(draw, kind, st.sampled_from(("nearest", "bilinear")))
    corners = {"align_corners": draw(st.booleans())} if mode == "bilinear" else {}
    return Drawn(
        lambda: sequential(shape, L.UpSampling2D(2, interpolation=kind), L.Conv2D(3, 1)),
        lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode=mode, **corners), nn.Conv2d(2, 3, 1)),
        shape,
    )


KINDS = {
    "convolution": convolutions(), "transposed convolution": transposed(), "depthwise": depthwise(), "dense": dense(),
    "flatten": flattened(), "normalization": normalized(), "recurrent": recurrent(), "attention": attending(),
    "embedding": embedded(), "pool": pooled(), "size": resized(),
}  # fmt: skip
