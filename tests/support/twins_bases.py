"""Four networks as people build them, small, to be mutated one thing at a time."""

from __future__ import annotations

from typing import Any

from support.twins import INPUT, Description, Sketch


def _unit(sketch: Sketch, name: str, last: str, filters: int, kind: str = "relu", **settings: Any) -> str:
    """A convolution without bias, its normalization and its activation."""
    last = sketch("conv2d", last, name=f"{name}_conv", filters=filters, bias=False, **settings)
    last = sketch("batch_norm", last, name=f"{name}_norm", eps=1e-5, momentum=0.9)
    return sketch("activation", last, name=f"{name}_act", kind=kind) if kind else last


def _residual(sketch: Sketch, name: str, last: str, filters: int, stride: int) -> str:
    """Two units with a shortcut, which is a unit itself where sizes change."""
    inner = _unit(sketch, f"{name}_first", last, filters, stride=stride, padding=1)
    inner = _unit(sketch, f"{name}_second", inner, filters, "", padding=1)
    shortcut = last
    if stride > 1:
        shortcut = _unit(sketch, f"{name}_shortcut", last, filters, "", kernel=1, stride=stride, padding=0)
    last = sketch("add", inner, shortcut, name=f"{name}_add")
    return sketch("activation", last, name=f"{name}_out", kind="relu")


def resnet() -> Description:
    """Three stages, of which two begin with a convolution as shortcut."""
    sketch = Sketch(16, 16, 3)
    last = _unit(sketch, "stem", INPUT, 8, padding=1)
    for name in ("mix_a", "mix_b"):  # two equal neighbours
        last = sketch("conv2d", last, name=name, filters=8, activation="relu")
    last = sketch("max_pool", last, name="stem_pool")
    for stage, (filters, stride) in enumerate(((8, 1), (12, 2), (16, 2)), 1):
        last = _residual(sketch, f"stage{stage}_a", last, filters, stride)
        last = _residual(sketch, f"stage{stage}_b", last, filters, 1)
    last = sketch("global_average_pool", last, name="pool")
    last = sketch("dropout", last, name="dropout", rate=0.3)
    sketch("dense", last, name="head", units=5)
    return sketch.done()


def inception() -> Description:
    """Branches of several depths, joined, two of them alike."""
    sketch = Sketch(14, 14, 3)
    last = sketch("conv2d", INPUT, name="stem_a", filters=6, padding=0, activation="relu")
    last = sketch("conv2d", last, name="stem_b", filters=8, padding=0, activation="relu")
    last = sketch("max_pool", last, name="stem_pool")
    for block in ("mixed_a", "mixed_b"):
        one = _unit(sketch, f"{block}_one", last, 4, kernel=1)
        three = _unit(sketch, f"{block}_three_a", last, 3, kernel=1)
        three = _unit(sketch, f"{block}_three_b", three, 5)
        five = _unit(sketch, f"{block}_five_a", last, 2, kernel=1)
        five = _unit(sketch, f"{block}_five_b", five, 3, kernel=5)
        pooled = sketch("average_pool", last, name=f"{block}_pool", kernel=3, stride=1, padding="same")
        pooled = _unit(sketch, f"{block}_pooled", pooled, 3, kernel=1)
        last = sketch("concat", one, three, five, pooled, name=f"{block}_concat")
    left = sketch("conv2d", last, name="left", filters=4, activation="relu")
    right = sketch("conv2d", last, name="right", filters=4, activation="relu")
    last = sketch("concat", left, right, name="alike")
    last = sketch("conv2d", last, name="joined", filters=8, kernel=1, activation="relu")
    last = sketch("average_pool", last, name="shrink")
    last = sketch("flatten", last, name="flatten")
    last = sketch("dropout", last, name="dropout", rate=0.5)
    last = sketch("dense", last, name="hidden", units=10, activation="relu")
    last = sketch("dense", last, name="head", units=4)
    sketch("softmax", last, name="softmax")
    return sketch.done()


def mobilenet() -> Description:
    """Inverted residuals with depthwise convolutions, squeeze and excitation, and separable convolutions."""
    sketch = Sketch(16, 16, 3)
    last = _unit(sketch, "stem", INPUT, 6, "hard_swish", stride=2, padding=1)
    for name, filters, stride in (("first", 6, 1), ("second", 8, 2), ("third", 8, 1)):
        start = last
        last = _unit(sketch, f"{name}_expand", last, 12, "relu6", kernel=1)
        last = sketch("depthwise", last, name=f"{name}_depthwise", stride=stride, padding=1, bias=False)
        last = sketch("batch_norm", last, name=f"{name}_depthwise_norm", eps=1e-3, momentum=0.99)
        last = sketch("activation", last, name=f"{name}_depthwise_act", kind="relu6")
        gate = sketch("global_average_pool", last, name=f"{name}_squeeze", keep=True)
        gate = sketch("conv2d", gate, name=f"{name}_reduce", filters=4, kernel=1, activation="relu")
        gate = sketch("conv2d", gate, name=f"{name}_excite", filters=12, kernel=1, activation="sigmoid")
        last = sketch("multiply", last, gate, name=f"{name}_scale")
        last = _unit(sketch, f"{name}_project", last, filters, "", kernel=1)
        if stride == 1:
            last = sketch("add", start, last, name=f"{name}_add")
    last = sketch("activation", last, name="leaky", kind="leaky_relu", slope=0.2)
    for name in ("separable_a", "separable_b"):
        last = sketch("separable", last, name=name, filters=8, activation="relu")
    last = sketch("max_pool", last, name="shrink")
    last = sketch("global_average_pool", last, name="pool")
    last = sketch("dropout", last, name="dropout", rate=0.2)
    sketch("dense", last, name="head", units=6)
    return sketch.done()


def transformer() -> Description:
    """A text classifier: embedding, three encoder blocks of two heads, the mean over the tokens."""
    sketch = Sketch(7, tokens=30)
    last = sketch("embedding", INPUT, name="tokens", tokens=30, units=8)
    last = sketch("layer_norm", last, name="embedding_norm", eps=1e-5)
    last = sketch("dropout", last, name="embedding_dropout", rate=0.1)
    for number in (1, 2, 3):
        name = f"block{number}"
        mixed = sketch("attention", last, name=f"{name}_attention", heads=2)
        last = sketch("add", last, mixed, name=f"{name}_mixed")
        last = sketch("layer_norm", last, name=f"{name}_norm_a", eps=1e-5)
        inner = sketch("dense", last, name=f"{name}_up", units=16, activation="gelu")
        inner = sketch("dense", inner, name=f"{name}_down", units=8)
        last = sketch("add", last, inner, name=f"{name}_fed")
        last = sketch("layer_norm", last, name=f"{name}_norm_b", eps=1e-5)
    for name in ("mix_a", "mix_b"):
        last = sketch("dense", last, name=name, units=8, activation="relu")
    left = sketch("dense", last, name="left", units=6, activation="tanh")
    right = sketch("dense", last, name="right", units=6, activation="tanh")
    last = sketch("concat", left, right, name="alike")
    last = sketch("global_average_pool", last, name="pool")
    last = sketch("dense", last, name="hidden", units=12, activation="relu")
    last = sketch("dropout", last, name="dropout", rate=0.1)
    sketch("dense", last, name="head", units=3)
    return sketch.done()


BASES = {"resnet": resnet, "inception": inception, "mobilenet": mobilenet, "transformer": transformer}
