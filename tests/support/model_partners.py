"""Which layer of keras.applications is which module of torchvision, written from both frameworks' sources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Partners = Iterator[tuple[str, str]]


def of_type(keras_model: Any, name: str) -> list[Any]:
    return [layer for layer in keras_model.layers if type(layer).__name__ == name]


def in_creation_order(keras_model: Any, kind: str) -> list[str]:
    """Names that Keras numbers itself, in the order in which the layers were made: `model.layers` is another."""

    def number(name: str) -> int:
        last = name.rpartition("_")[2]
        return int(last) if last.isdigit() else 0

    return sorted((layer.name for layer in of_type(keras_model, kind)), key=number)


def vgg(pair: Any, _: Any) -> Partners:
    convolutions = {"VGG16": (2, 2, 3, 3, 3), "VGG19": (2, 2, 4, 4, 4)}[pair.keras]
    index = 0
    for block, count in enumerate(convolutions, 1):
        for position in range(1, count + 1):
            yield f"block{block}_conv{position}", f"features.{index}"
            index += 2  # a convolution and its ReLU
        index += 1  # the pool
    yield from (("fc1", "classifier.0"), ("fc2", "classifier.3"), ("predictions", "classifier.6"))


RESNET_BLOCKS = {"ResNet50": (3, 4, 6, 3), "ResNet101": (3, 4, 23, 3), "ResNet152": (3, 8, 36, 3)}


def resnet(pair: Any, _: Any) -> Partners:
    yield from (("conv1_conv", "conv1"), ("conv1_bn", "bn1"), ("predictions", "fc"))
    for stage, count in enumerate(RESNET_BLOCKS[pair.keras], 1):
        for block in range(count):
            keras, torch = f"conv{stage + 1}_block{block + 1}", f"layer{stage}.{block}"
            if block == 0:
                yield f"{keras}_0_conv", f"{torch}.downsample.0"
                yield f"{keras}_0_bn", f"{torch}.downsample.1"
            for number in (1, 2, 3):
                yield f"{keras}_{number}_conv", f"{torch}.conv{number}"
                yield f"{keras}_{number}_bn", f"{torch}.bn{number}"


DENSENET_BLOCKS = {"DenseNet121": (6, 12, 24, 16), "DenseNet169": (6, 12, 32, 32), "DenseNet201": (6, 12, 48, 32)}


def densenet(pair: Any, _: Any) -> Partners:
    yield from (("conv1_conv", "features.conv0"), ("conv1_bn", "features.norm0"))
    yield from (("bn", "features.norm5"), ("predictions", "classifier"))
    parts = (("0_bn", "norm1"), ("1_conv", "conv1"), ("1_bn", "norm2"), ("2_conv", "conv2"))
    for number, count in enumerate(DENSENET_BLOCKS[pair.keras], 1):
        for layer in range(1, count + 1):
            for keras, torch in parts:
                yield (
                    f"conv{number + 1}_block{layer}_{keras}",
                    f"features.denseblock{number}.denselayer{layer}.{torch}",
                )
        if number < 4:
            yield f"pool{number + 1}_bn", f"features.transition{number}.norm"
            yield f"pool{number + 1}_conv", f"features.transition{number}.conv"


def mobilenet_v2(pair: Any, _: Any) -> Partners:
    yield from (("Conv1", "features.0.0"), ("bn_Conv1", "features.0.1"))
    yield from (("Conv_1", "features.18.0"), ("Conv_1_bn", "features.18.1"), ("predictions", "classifier.1"))
    for block in range(17):
        keras, torch = f"block_{block}_" if block else "expanded_conv_", f"features.{block + 1}.conv"
        if block:
            yield f"{keras}expand", f"{torch}.0.0"
            yield f"{keras}expand_BN", f"{torch}.0.1"
        first = 1 if block else 0
        yield f"{keras}depthwise", f"{torch}.{first}.0"
        yield f"{keras}depthwise_BN", f"{torch}.{first}.1"
        yield f"{keras}project", f"{torch}.{first + 1}"
        yield f"{keras}project_BN", f"{torch}.{first + 2}"


SQUEEZED = {  # number of blocks, and those with squeeze and excitation
    "MobileNetV3Small": (11, {0, *range(3, 11)}),
    "MobileNetV3Large": (15, {3, 4, 5, *range(10, 15)}),
}


def mobilenet_v3(pair: Any, _: Any) -> Partners:
    count, squeezed = SQUEEZED[pair.keras]
    yield from (("conv", "features.0.0"), ("conv_bn", "features.0.1"))
    yield from (("conv_1", f"features.{count + 1}.0"), ("conv_1_bn", f"features.{count + 1}.1"))
    yield from (("conv_2", "classifier.0"), ("logits", "classifier.3"))
    for block in range(count):
        keras, torch = f"expanded_conv_{block}_" if block else "expanded_conv_", f"features.{block + 1}.block"
        position = 0
        for part in ("expand", "depthwise", "squeeze_excite", "project"):
            if (part == "expand" and block == 0) or (part == "squeeze_excite" and block not in squeezed):
                continue
            if part == "squeeze_excite":
                yield f"{keras}squeeze_excite_conv", f"{torch}.{position}.fc1"
                yield f"{keras}squeeze_excite_conv_1", f"{torch}.{position}.fc2"
            else:
                yield f"{keras}{part}", f"{torch}.{position}.0"
                yield f"{keras}{part}_bn", f"{torch}.{position}.1"
            position += 1


def _letters(keras_model: Any, stage: int) -> list[str]:
    """The blocks of a stage of an EfficientNet are lettered: a, b, c, and on through the characters behind z."""
    names = {layer.name for layer in keras_model.layers}
    letters = [chr(97 + i) for i in range(60)]
    return [letter for letter in letters if f"block{stage}{letter}_project_conv" in names]


def efficientnet(pair: Any, keras_model: Any) -> Partners:
    yield from (("stem_conv", "features.0.0"), ("stem_bn", "features.0.1"))
    yield from (("top_conv", "features.8.0"), ("top_bn", "features.8.1"), ("predictions", "classifier.1"))
    for stage in range(1, 8):
        for block, letter in enumerate(_letters(keras_model, stage)):
            yield from _mb_block(f"block{stage}{letter}_", f"features.{stage}.{block}.block", "dwconv", stage > 1)


def _mb_block(keras: str, torch: str, depthwise: str, expands: bool) -> Partners:
    if expands:
        yield f"{keras}expand_conv", f"{torch}.0.0"
        yield f"{keras}expand_bn", f"{torch}.0.1"
    first = int(expands)
    yield f"{keras}{depthwise}", f"{torch}.{first}.0"
    yield f"{keras}bn", f"{torch}.{first}.1"
    yield f"{keras}se_reduce", f"{torch}.{first + 1}.fc1"
    yield f"{keras}se_expand", f"{torch}.{first + 1}.fc2"
    yield f"{keras}project_conv", f"{torch}.{first + 2}.0"
    yield f"{keras}project_bn", f"{torch}.{first + 2}.1"


def efficientnet_v2(pair: Any, keras_model: Any) -> Partners:
    stages = 6 if pair.keras.endswith("S") else 7
    yield from (("stem_conv", "features.0.0"), ("stem_bn", "features.0.1"), ("predictions", "classifier.1"))
    yield from (("top_conv", f"features.{stages + 1}.0"), ("top_bn", f"features.{stages + 1}.1"))
    for stage in range(1, stages + 1):
        for block, letter in enumerate(_letters(keras_model, stage)):
            keras, torch = f"block{stage}{letter}_", f"features.{stage}.{block}.block"
            if stage > 3:
                yield from _mb_block(keras, torch, "dwconv2", True)
                continue
            # Fused blocks: the expansion is the windowed convolution; in the first stage there is only one.
            for position, part in enumerate(("project",) if stage == 1 else ("expand", "project")):
                yield f"{keras}{part}_conv", f"{torch}.{position}.0"
                yield f"{keras}{part}_bn", f"{torch}.{position}.1"


# In this order both frameworks make them.
INCEPTION_PARTS = {
    "A": "branch1x1 branch5x5_1 branch5x5_2 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3 branch_pool",
    "B": "branch3x3 branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3",
    "C": "branch1x1 branch7x7_1 branch7x7_2 branch7x7_3 branch7x7dbl_1 branch7x7dbl_2 branch7x7dbl_3 branch7x7dbl_4 "
    "branch7x7dbl_5 branch_pool",
    "D": "branch3x3_1 branch3x3_2 branch7x7x3_1 branch7x7x3_2 branch7x7x3_3 branch7x7x3_4",
    "E": "branch1x1 branch3x3_1 branch3x3_2a branch3x3_2b branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3a "
    "branch3x3dbl_3b branch_pool",
}
INCEPTION_BLOCKS = {
    "Mixed_5b": "A", "Mixed_5c": "A", "Mixed_5d": "A", "Mixed_6a": "B", "Mixed_6b": "C", "Mixed_6c": "C",
    "Mixed_6d": "C", "Mixed_6e": "C", "Mixed_7a": "D", "Mixed_7b": "E", "Mixed_7c": "E",
}  # fmt: skip
INCEPTION_STEM = "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 Conv2d_3b_1x1 Conv2d_4a_3x3"


def inception(pair: Any, keras_model: Any) -> Partners:
    units = INCEPTION_STEM.split()
    for block, kind in INCEPTION_BLOCKS.items():
        units += [f"{block}.{part}" for part in INCEPTION_PARTS[kind].split()]
    for kind, part in (("Conv2D", "conv"), ("BatchNormalization", "bn")):
        names = in_creation_order(keras_model, kind)
        yield from zip(names, (f"{unit}.{part}" for unit in units), strict=True)
    yield "predictions", "fc"


CONVNEXT_DEPTHS = {"Tiny": (3, 3, 9, 3), "Small": (3, 3, 27, 3), "Base": (3, 3, 27, 3), "Large": (3, 3, 27, 3)}


def convnext(pair: Any, _: Any) -> Partners:
    size = pair.keras.removeprefix("ConvNeXt")
    name = f"convnext_{size.lower()}"
    yield f"{name}_stem.{name}_stem_conv", "features.0.0"
    yield f"{name}_stem.{name}_stem_layernorm", "features.0.1"
    yield from ((f"{name}_head_layernorm", "classifier.0"), (f"{name}_head_dense", "classifier.2"))
    for step in range(3):
        block = f"{name}_downsampling_block_{step}.{name}_downsampling"
        yield f"{block}_layernorm_{step}", f"features.{2 * step + 2}.0"
        yield f"{block}_conv_{step}", f"features.{2 * step + 2}.1"
    for stage, count in enumerate(CONVNEXT_DEPTHS[size]):
        for block in range(count):
            keras, torch = f"{name}_stage_{stage}_block_{block}", f"features.{2 * stage + 1}.{block}"
            yield f"{keras}_depthwise_conv", f"{torch}.block.0"
            yield f"{keras}_layernorm", f"{torch}.block.2"
            yield f"{keras}_pointwise_conv_1", f"{torch}.block.3"
            yield f"{keras}_pointwise_conv_2", f"{torch}.block.5"
            yield f"{keras}_layer_scale", torch
