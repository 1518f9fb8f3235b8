"""Random descriptions for hypothesis: small, of many kinds of layers, with shortcuts and branches."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from support.twins import ACTIVATIONS, INPUT, Description, Sketch, shapes

KINDS = st.sampled_from((*ACTIVATIONS, "leaky_relu"))
STYLES = st.integers(0, 7)
EPS = st.sampled_from((1e-3, 1e-5, 1.001e-5, 1e-6))
FUSED = st.sampled_from((None, None, "relu", "silu", "tanh", "gelu"))


class _Drawn(Sketch):
    """A sketch whose nodes take settings as they are drawn; what does not fit is left out."""

    def __init__(self, draw: Any, *shape: int, tokens: int | None = None) -> None:
        super().__init__(*shape, tokens=tokens)
        self.draw = draw

    def shape_of(self, name: str) -> tuple[int, ...]:
        return shapes(Description(self.shape, tuple(self.nodes), name, self.tokens))[name]

    def attempt(self, op: str, *inputs: str, **settings: Any) -> str:
        """The node added, or its input where it does not fit."""
        name = self(op, *inputs, style=self.draw(STYLES), **settings)
        try:
            self.shape_of(name)
        except ValueError:
            self.nodes.pop()
            return inputs[0]
        return name


@st.composite
def descriptions(draw: Any, kinds: tuple[str, ...] = ("image", "sequence", "text", "vector")) -> Description:
    """A network of up to about a dozen nodes."""
    kind = draw(st.sampled_from(kinds))
    if kind == "image":
        return _image(draw)
    if kind == "vector":
        sketch = _Drawn(draw, draw(st.integers(3, 8)))
        last = sketch.attempt("dense", INPUT, units=draw(st.integers(3, 8)))
        for _ in range(draw(st.integers(1, 5))):
            last = _vector_step(sketch, last)
        return _ended(sketch, last)
    return _sequence(draw, kind == "text")


def _image(draw: Any) -> Description:
    side = draw(st.integers(8, 16))
    sketch = _Drawn(draw, side, draw(st.integers(8, 16)), draw(st.integers(1, 4)))
    last = sketch.attempt("conv2d", INPUT, filters=draw(st.integers(3, 8)), bias=draw(st.booleans()))
    for _ in range(draw(st.integers(1, 4))):
        last = draw(st.sampled_from((_plain, _plain, _residual, _branches, _squeeze, _downsample)))(sketch, last)
    if draw(st.booleans()):
        last = sketch.attempt("flatten", last)
        if draw(st.booleans()):
            last = _normalized(sketch, last)
        # A sum with what comes flattened would ask for the order of its features in the layers beside it too.
        last = sketch.attempt("dense", last, units=draw(st.integers(3, 8)), activation=draw(FUSED))
    else:
        last = sketch.attempt(draw(st.sampled_from(("global_average_pool", "global_max_pool"))), last)
    for _ in range(draw(st.integers(0, 2))):
        last = _vector_step(sketch, last)
    return _ended(sketch, last)


def _ended(sketch: _Drawn, last: str) -> Description:
    last = sketch.attempt("dense", last, units=sketch.draw(st.integers(2, 6)))
    if sketch.draw(st.booleans()):
        last = sketch.attempt("softmax", last)
    return sketch.done(last)


def _plain(sketch: _Drawn, last: str) -> str:
    """A layer, maybe normalized, maybe activated."""
    draw = sketch.draw
    channels = sketch.shape_of(last)[-1]
    op = draw(st.sampled_from(("conv2d", "conv2d", "depthwise", "separable", "upsample", "group_norm", "dropout")))
    settings: dict[str, Any] = {}
    if op in ("conv2d", "depthwise", "separable"):
        settings = {"kernel": draw(st.sampled_from((1, 3, 5))), "bias": draw(st.booleans()), "activation": draw(FUSED)}
    if op == "conv2d":
        groups = draw(st.sampled_from([n for n in (1, 1, 2, 3) if channels % n == 0]))
        settings |= {"filters": groups * draw(st.integers(1, 3)) + groups, "groups": groups}
        settings["dilation"] = draw(st.sampled_from((1, 1, 2)))
    if op == "depthwise":
        settings["multiplier"] = draw(st.integers(1, 2)) if channels < 6 else 1
    if op == "separable":
        settings["filters"] = draw(st.integers(3, 8))
    if op == "upsample":
        if max(sketch.shape_of(last)[:2]) > 8:
            return _normalized(sketch, last)
        settings["mode"] = draw(st.sampled_from(("nearest", "bilinear")))
    if op == "group_norm":
        settings = {"groups": draw(st.sampled_from([n for n in (1, 2, 3) if channels % n == 0])), "eps": draw(EPS)}
    if op == "dropout":
        settings["rate"] = draw(st.sampled_from((0.1, 0.5)))
    return _normalized(sketch, sketch.attempt(op, last, **settings))


def _normalized(sketch: _Drawn, last: str) -> str:
    draw = sketch.draw
    if draw(st.booleans()):
        op = draw(st.sampled_from(("batch_norm", "batch_norm", "layer_norm")))
        settings = {"momentum": draw(st.sampled_from((0.9, 0.99)))} if op == "batch_norm" else {}
        last = sketch.attempt(op, last, eps=draw(EPS), **settings)
    if draw(st.booleans()):
        last = _activated(sketch, last)
    return last


def _activated(sketch: _Drawn, last: str) -> str:
    kind = sketch.draw(KINDS)
    slope = sketch.draw(st.sampled_from((0.01, 0.2, 0.3))) if kind == "leaky_relu" else None
    return sketch.attempt("activation", last, kind=kind, slope=slope)


def _residual(sketch: _Drawn, last: str) -> str:
    """A block with a shortcut, itself a convolution where sizes change."""
    draw = sketch.draw
    height, width, channels = sketch.shape_of(last)
    stride = draw(st.sampled_from((1, 1, 2))) if min(height, width) >= 4 else 1
    filters = draw(st.integers(3, 8)) if stride > 1 or draw(st.booleans()) else channels
    inner = sketch.attempt("conv2d", last, filters=filters, stride=stride, padding=1, bias=draw(st.booleans()))
    inner = sketch.attempt("batch_norm", inner, eps=draw(EPS))
    inner = _activated(sketch, inner)
    shortcut = last
    if stride > 1 or filters != channels:
        shortcut = sketch.attempt("conv2d", last, filters=filters, kernel=1, stride=stride, padding=0)
    order = (inner, shortcut) if draw(st.booleans()) else (shortcut, inner)
    last = sketch.attempt("add", *order)
    return _activated(sketch, last) if draw(st.booleans()) else last


def _branches(sketch: _Drawn, last: str) -> str:
    """Two or three branches, joined."""
    draw = sketch.draw
    ends = []
    for _ in range(draw(st.integers(2, 3))):
        end = last
        if draw(st.integers(0, 4)) == 0:
            end = sketch.attempt("average_pool", end, kernel=3, stride=1, padding="same")
        kernel = draw(st.sampled_from((1, 3)))
        end = sketch.attempt("conv2d", end, filters=draw(st.integers(2, 4)), kernel=kernel, activation=draw(FUSED))
        ends.append(end)
    return sketch.attempt("concat", *ends)


def _squeeze(sketch: _Drawn, last: str) -> str:
    """A gate of one number per channel."""
    draw = sketch.draw
    channels = sketch.shape_of(last)[-1]
    gate = sketch.attempt("global_average_pool", last, keep=True)
    gate = sketch.attempt("conv2d", gate, filters=draw(st.integers(2, 3)), kernel=1, activation="relu")
    gate = sketch.attempt("conv2d", gate, filters=channels, kernel=1, activation="sigmoid")
    return sketch.attempt("multiply", last, gate)


def _downsample(sketch: _Drawn, last: str) -> str:
    draw = sketch.draw
    if min(sketch.shape_of(last)[:2]) < 4:
        return last
    op = draw(st.sampled_from(("max_pool", "average_pool", "conv2d", "depthwise")))
    if op == "conv2d":
        return sketch.attempt(op, last, filters=draw(st.integers(3, 8)), stride=2, padding=draw(st.integers(0, 1)))
    if op == "depthwise":
        return sketch.attempt(op, last, stride=2, padding=1)
    return sketch.attempt(op, last, kernel=draw(st.sampled_from((2, 3))))


def _vector_step(sketch: _Drawn, last: str) -> str:
    draw = sketch.draw
    op = draw(st.sampled_from(("dense", "dense", "dropout", "residual", "concat", "norm")))
    width = sketch.shape_of(last)[-1]
    if op == "dropout":
        return sketch.attempt("dropout", last, rate=0.3)
    if op == "residual":
        inner = sketch.attempt("dense", last, units=width, activation=draw(FUSED))
        return sketch.attempt("add", last, inner)
    if op == "concat":
        ends = [sketch.attempt("dense", last, units=draw(st.integers(2, 5)), activation=draw(FUSED)) for _ in "ab"]
        return sketch.attempt("concat", *ends)
    if op == "norm":
        return _normalized(sketch, last)
    return sketch.attempt(
        "dense", last, units=draw(st.integers(3, 8)), activation=draw(FUSED), bias=draw(st.booleans())
    )


def _sequence(draw: Any, text: bool) -> Description:
    length, width = draw(st.integers(4, 8)), draw(st.sampled_from((4, 6, 8)))
    if text:
        sketch = _Drawn(draw, length, tokens=20)
        last = sketch.attempt("embedding", INPUT, tokens=20, units=width)
    else:
        sketch = _Drawn(draw, length, draw(st.integers(3, 6)))
        last = sketch.attempt("dense", INPUT, units=width)
    for _ in range(draw(st.integers(1, 3))):
        last = draw(st.sampled_from((_encoder, _recurrent, _vector_step)))(sketch, last)
    if draw(st.integers(0, 2)) == 0:
        last = sketch.attempt("flatten", last)
    elif draw(st.booleans()):
        last = sketch.attempt("global_average_pool", last)
    else:
        op = draw(st.sampled_from(("lstm", "gru", "rnn")))
        last = sketch.attempt(
            op, last, units=draw(st.integers(3, 6)), sequences=False, bidirectional=draw(st.booleans())
        )
    return _ended(sketch, last)


def _encoder(sketch: _Drawn, last: str) -> str:
    """Attention and a feed-forward network, each with a shortcut and a norm."""
    draw = sketch.draw
    width = sketch.shape_of(last)[-1]
    mixed = sketch.attempt("attention", last, heads=draw(st.sampled_from([n for n in (1, 2, 3) if width % n == 0])))
    last = sketch.attempt("layer_norm", sketch.attempt("add", last, mixed), eps=draw(EPS))
    inner = sketch.attempt(
        "dense", last, units=draw(st.integers(4, 12)), activation=draw(st.sampled_from(("gelu", "relu")))
    )
    inner = sketch.attempt("dense", inner, units=width)
    return sketch.attempt("layer_norm", sketch.attempt("add", last, inner), eps=draw(EPS))


def _recurrent(sketch: _Drawn, last: str) -> str:
    draw = sketch.draw
    op = draw(st.sampled_from(("lstm", "gru", "rnn")))
    return sketch.attempt(op, last, units=draw(st.integers(3, 6)), bidirectional=draw(st.booleans()))
