"""Every setting in which keras.applications and torchvision differ, family by family, read in both frameworks' sources.

Momentum is the share of the old statistic that is kept; padding is what falls before and after each axis.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from support.expected import Expected
from support.model_partners import CONVNEXT_DEPTHS, in_creation_order, of_type

Found = Iterator[Expected]


def named(keras_model: Any, kind: str) -> tuple[str, ...]:
    return tuple(layer.name for layer in of_type(keras_model, kind))


def at(field: str, two: Any, effect: str, layers: Any, partners: dict[str, str], text: str = "") -> Expected:
    """A difference at matched layers: Keras's value and torch's."""
    keras, torch = two
    return Expected(field, keras, torch, effect, tuple(layers), tuple(partners[name] for name in layers), text)


def statistics(model: Any, partners: dict[str, str], *, eps: Any = None, momentum: Any = None) -> Found:
    """Of every batch normalization."""
    layers = named(model, "BatchNormalization")
    if eps:
        yield at("eps", eps, "values", layers, partners)
    if momentum:
        yield at("momentum", momentum, "training", layers, partners)


def paddings(side: int, strided: tuple[tuple[str, int], ...], partners: dict[str, str]) -> Found:
    """`same` with stride 2 pads less in front where the size is even; torchvision pads alike on both sides."""
    for name, kernel in strided:
        if side % 2 == 0:
            half = kernel // 2
            two = (((half - 1, half),) * 2, ((half, half),) * 2)
            yield at("padding", two, "values", (name,), partners, f"on {side} × {side}")
        side = (side + 1) // 2


def only_torch(field: str, value: Any, paths: tuple[str, ...]) -> Expected:
    return Expected(field, None, value, "training", (), paths)


def vgg(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield only_torch("rate", 0.5, ("classifier.2", "classifier.5"))


def _padded_pool(name: str, path: str) -> Expected:
    """Zeros are padded after a ReLU: no maximum changes."""
    return Expected("pad_value", 0, "-inf", "none", (name,), (path,), "behind a ReLU, where nothing is below 0")


def resnet(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from statistics(model, partners, eps=(1.001e-5, 1e-5), momentum=(0.99, 0.9))
    yield at("use_bias", (True, False), "none", named(model, "Conv2D"), partners, "absorbed in the running mean behind")
    for number, two in ((1, ((2, 2), (1, 1))), (2, ((1, 1), (2, 2)))):
        layers = [f"conv{stage}_block1_{number}_conv" for stage in (3, 4, 5)]
        yield at("strides", two, "values", layers, partners, "moved from the 1 × 1 to the 3 × 3 convolution")
    yield _padded_pool("pool1_pool", "maxpool")


def densenet(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from statistics(model, partners, eps=(1.001e-5, 1e-5), momentum=(0.99, 0.9))
    yield _padded_pool("pool1", "features.pool0")


def mobilenet_v2(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from statistics(model, partners, eps=(1e-3, 1e-5), momentum=(0.999, 0.9))
    strided = ("Conv1", *(f"block_{block}_depthwise" for block in (1, 3, 6, 13)))
    yield from paddings(pair.side, tuple((name, 3) for name in strided), partners)
    yield only_torch("rate", 0.2, ("classifier.0",))


def _scaled(model: Any, kind: str, text: str) -> Found:
    for layer in of_type(model, kind):
        yield Expected("input", kind, None, "values", (layer.name,), (), text)


MOBILE_STRIDES = {
    "MobileNetV3Small": (("conv", 3), ("expanded_conv_depthwise", 3), ("expanded_conv_1_depthwise", 3),
                         ("expanded_conv_3_depthwise", 5), ("expanded_conv_8_depthwise", 5)),
    "MobileNetV3Large": (("conv", 3), ("expanded_conv_1_depthwise", 3), ("expanded_conv_3_depthwise", 5),
                         ("expanded_conv_6_depthwise", 3), ("expanded_conv_12_depthwise", 5)),
}  # fmt: skip


def mobilenet_v3(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    # Keras spells the hard sigmoid of squeeze and excitation relu6(x + 3) / 6: the same function.
    yield from _scaled(model, "Rescaling", "x / 127.5 - 1")
    yield from statistics(model, partners, momentum=(0.999, 0.99))
    yield from paddings(pair.side, MOBILE_STRIDES[pair.keras], partners)


def efficientnet(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from _scaled(model, "Rescaling", "x / 255")
    yield from _scaled(model, "Normalization", "(x - mean) / √variance, with statistics that are weights")
    if pair.torch[-1] in "01234":  # the larger ones have Keras's settings
        yield from statistics(model, partners, eps=(1e-3, 1e-5), momentum=(0.99, 0.9))
    strided = (("stem_conv", 3), ("block2a_dwconv", 3), ("block3a_dwconv", 5), ("block4a_dwconv", 3))
    yield from paddings(pair.side, (*strided, ("block6a_dwconv", 5)), partners)


def efficientnet_v2(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from _scaled(model, "Rescaling", "x / 128 - 1")
    strided = "stem_conv block2a_expand_conv block3a_expand_conv block4a_dwconv2 block6a_dwconv2"
    yield from paddings(pair.side, tuple((name, 3) for name in strided.split()), partners)
    rate = {"s": 0.2, "m": 0.3, "l": 0.4}[pair.torch[-1]]
    if rate != 0.2:
        yield Expected("rate", 0.2, rate, "training", ("top_dropout",), ("classifier.0",))


def inception(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    yield from statistics(model, partners, momentum=(0.99, 0.9))
    layers = named(model, "BatchNormalization")
    yield at("use_scale", (False, True), "none", layers, partners, "torch's scale is 1")
    pools = in_creation_order(model, "AveragePooling2D")
    # In torch they are function calls within these blocks.
    blocks = [f"Mixed_{name}" for name in ["5b", "5c", "5d", "6b", "6c", "6d", "6e", "7b", "7c"]]
    yield Expected("count_include_pad", False, True, "values", tuple(pools), tuple(blocks))
    yield only_torch("rate", 0.5, ("dropout",))


def convnext(pair: Any, model: Any, partners: dict[str, str]) -> Found:
    size = pair.keras.removeprefix("ConvNeXt")
    yield from _scaled(model, "Normalization", "(x - mean) / √variance, with constants")
    depths = CONVNEXT_DEPTHS[size]
    blocks = [(stage, block) for stage, count in enumerate(depths) for block in range(count)]
    greatest = {"Tiny": 0.1, "Small": 0.4}.get(size, 0.5)
    for number, (stage, block) in enumerate(blocks):
        if number:
            path = f"features.{2 * stage + 1}.{block}.stochastic_depth"
            yield only_torch("rate", greatest * number / (len(blocks) - 1), (path,))
