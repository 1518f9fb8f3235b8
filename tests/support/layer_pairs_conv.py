"""Convolutions: padding as it falls on even and odd sizes, transposed, depthwise and separable ones, and pools."""

from __future__ import annotations

from typing import Any

import numpy as np
from support import carrying
from support.carrying import array, put
from support.layer_pairs import (
    DIFFERENT,
    EQUAL,
    REPAIRED,
    K,
    LayerCase,
    N,
    T,
    in_order,
    model,
    padded,
    run,
    setting,
    weighted,
)  # fmt: skip
from support.layer_pairs_dense import flattened
from torch import nn

ODD, EVEN, LINE, BLOCK = (2, 7, 9, 4), (2, 8, 6, 4), (2, 9, 4), (2, 4, 5, 6, 4)


def separable(keras_model: Any, torch_model: Any) -> None:
    (layer,), (first, second) = weighted(keras_model, torch_model)
    put(first.weight, carrying.depthwise_for(array(layer.depthwise_kernel)))
    put(second.weight, carrying.kernel_for(second, array(layer.pointwise_kernel)))
    carrying.carry_bias(layer, second)


def absorbed(keras_model: Any, torch_model: Any) -> None:
    """A bias in front of a batch normalization goes into its running mean."""
    (convolution, _), (_, norm) = weighted(keras_model, torch_model)
    in_order(keras_model, torch_model)
    put(norm.running_mean, norm.running_mean.numpy() - array(convolution.bias))


def cropped(*crops: tuple[int, int]) -> Any:
    """A repair: a transposed convolution without padding, cut as Keras cuts it."""

    def repair(module: Any) -> Any:
        child = module[0]
        child.padding = child.output_padding = (0,) * len(crops)
        pads = [-n for before, after in reversed(crops) for n in (before, after)]
        return nn.Sequential(child, nn.ConstantPad2d((pads[0], pads[1], pads[2], pads[3]), 0.0))

    return repair


def same(name: str, **said: Any) -> Any:
    return K(name, 5, 3, padding="same", **said)


# fmt: off
PLAIN = (
    LayerCase("conv1d", model(LINE, K("Conv1D", 5, 3)), T(N("Conv1d", 4, 5, 3)), LINE, EQUAL),
    LayerCase("conv1d-same", model(LINE, K("Conv1D", 5, 3, padding="same")), T(N("Conv1d", 4, 5, 3, padding=1)), LINE,
              EQUAL),
    LayerCase("conv2d", model(ODD, K("Conv2D", 5, (3, 2), activation="relu")),
              T(N("Conv2d", 4, 5, (3, 2)), N("ReLU")), ODD, EQUAL),
    LayerCase("conv2d-same", model(EVEN, same("Conv2D")), T(N("Conv2d", 4, 5, 3, padding=1)), EVEN, EQUAL),
    LayerCase("conv2d-same-word", model(EVEN, same("Conv2D")), T(N("Conv2d", 4, 5, 3, padding="same")), EVEN, EQUAL),
    LayerCase("conv2d-same-even-kernel", model(EVEN, K("Conv2D", 5, 4, padding="same")),
              T(N("Conv2d", 4, 5, 4, padding="same")), EVEN, EQUAL),
    LayerCase("conv2d-same-even-kernel-number", model(EVEN, K("Conv2D", 5, 2, padding="same")),
              T(N("Conv2d", 4, 5, 2, padding=1)), EVEN, REPAIRED, repair=padded(0, 0, 1, 0, 1),
              repairs=("padding: ((0, 1), (0, 1))",)),
    LayerCase("conv2d-groups", model(EVEN, K("Conv2D", 6, 3, groups=2)), T(N("Conv2d", 4, 6, 3, groups=2)), EVEN,
              EQUAL),
    LayerCase("conv2d-channelwise", model(EVEN, K("Conv2D", 4, 3, groups=4)), T(N("Conv2d", 4, 4, 3, groups=4)), EVEN,
              EQUAL),
    LayerCase("conv2d-dilation", model(ODD, same("Conv2D", dilation_rate=2)),
              T(N("Conv2d", 4, 5, 3, padding=2, dilation=2)), ODD, EQUAL),
    LayerCase("conv2d-other-dilation", model(ODD, same("Conv2D", dilation_rate=2)),
              T(N("Conv2d", 4, 5, 3, padding=1)), ODD, REPAIRED, repair=setting(0, dilation=(2, 2), padding=(2, 2)),
              repairs=("dilation: (2, 2)", "padding: ((2, 2), (2, 2))")),
    LayerCase("conv2d-other-stride", model(ODD, K("Conv2D", 5, 3, strides=2)), T(N("Conv2d", 4, 5, 3)), ODD, REPAIRED,
              repair=setting(0, stride=(2, 2)), repairs=("strides: (2, 2)",)),
    LayerCase("conv3d", model(BLOCK, same("Conv3D")), T(N("Conv3d", 4, 5, 3, padding=1)), BLOCK, EQUAL),
    LayerCase("conv1d-causal", model(LINE, K("Conv1D", 5, 3, padding="causal")),
              T(N("ConstantPad1d", (2, 0), 0.0), N("Conv1d", 4, 5, 3)), LINE, EQUAL),
    LayerCase("conv1d-causal-dilated", model(LINE, K("Conv1D", 5, 3, padding="causal", dilation_rate=2)),
              T(N("ConstantPad1d", (4, 0), 0.0), N("Conv1d", 4, 5, 3, dilation=2)), LINE, EQUAL),
    LayerCase("conv1d-causal-cut", model(LINE, K("Conv1D", 5, 3, padding="causal")),
              run(lambda m, x: m.conv(x)[..., :-2], conv=N("Conv1d", 4, 5, 3, padding=2)), LINE, EQUAL),
    LayerCase("conv1d-causal-as-same", model(LINE, K("Conv1D", 5, 3, padding="causal")),
              T(N("Conv1d", 4, 5, 3, padding=1)), LINE, REPAIRED, repair=padded(0, 2, 0), repairs=("padding: (2, 0)",)),
    LayerCase("zeros-and-valid", model(EVEN, K("ZeroPadding2D", 1), K("Conv2D", 5, 3)),
              T(N("Conv2d", 4, 5, 3, padding=1)), EVEN, EQUAL),
    LayerCase("zeros-both", model(EVEN, K("ZeroPadding2D", ((0, 1), (2, 3))), K("Conv2D", 5, 3)),
              T(N("ZeroPad2d", (2, 3, 0, 1)), N("Conv2d", 4, 5, 3)), EVEN, EQUAL),
    LayerCase("zeros-order", model(EVEN, K("ZeroPadding2D", ((0, 1), (1, 0))), K("Conv2D", 5, 3)),
              T(N("ZeroPad2d", (0, 1, 1, 0)), N("Conv2d", 4, 5, 3)), EVEN, REPAIRED,
              repair=lambda m: nn.Sequential(nn.ZeroPad2d((1, 0, 0, 1)), m[1]), repairs=("padding: ((0, 1), (1, 0))",)),
    LayerCase("zeros-and-strides", model(EVEN, K("ZeroPadding2D", 3), K("Conv2D", 5, 7, strides=2)),
              T(N("Conv2d", 4, 5, 7, 2, 3)), EVEN, EQUAL),
    LayerCase("conv-norm-bias", model(EVEN, K("Conv2D", 5, 3), K("BatchNormalization", epsilon=1e-5)),
              T(N("Conv2d", 4, 5, 3, bias=False), N("BatchNorm2d", 5)), EVEN, EQUAL, absorbed),
    LayerCase("conv-norm-bias-back", model(EVEN, K("Conv2D", 5, 3, use_bias=False),
                                           K("BatchNormalization", epsilon=1e-5)),
              T(N("Conv2d", 4, 5, 3), N("BatchNorm2d", 5)), EVEN, EQUAL),
    LayerCase("conv-relu-norm-bias", model(EVEN, K("Conv2D", 5, 3, activation="relu"),
                                           K("BatchNormalization", epsilon=1e-5)),
              T(N("Conv2d", 4, 5, 3, bias=False), N("ReLU"), N("BatchNorm2d", 5)), EVEN, DIFFERENT, absorbed),
)


def strided(name: str, shape: tuple[int, ...], kernel: int, padding: int, equal: bool, pad: Any = ()) -> LayerCase:
    """Stride 2, `same` in Keras and a number in torch."""
    words = str(((pad[2], pad[3]), (pad[0], pad[1]))) if pad else ""
    return LayerCase(
        name, model(shape, K("Conv2D", 5, kernel, strides=2, padding="same")),
        T(N("Conv2d", 4, 5, kernel, 2, padding)), shape, EQUAL if equal else REPAIRED,
        repair=None if equal else padded(0, *pad), repairs=() if equal else (f"padding: {words}",),
    )


STRIDED = (
    strided("same-2-odd", ODD, 3, 1, True),
    strided("same-2-even", EVEN, 3, 1, False, (0, 1, 0, 1)),
    strided("same-2-mixed", (2, 7, 8, 4), 3, 1, False, (0, 1, 1, 1)),
    strided("same-2-odd-5", ODD, 5, 2, True),
    strided("same-2-even-5", EVEN, 5, 2, False, (1, 2, 1, 2)),
    strided("same-2-even-1", EVEN, 1, 0, True),
    strided("same-2-even-2", EVEN, 2, 0, True),
    strided("same-2-odd-2", ODD, 2, 0, False, (0, 1, 0, 1)),
    strided("same-2-even-4", EVEN, 4, 1, True),
    LayerCase("same-2-even-zeros", model(EVEN, K("Conv2D", 5, 3, strides=2, padding="same")),
              T(N("ZeroPad2d", (0, 1, 0, 1)), N("Conv2d", 4, 5, 3, 2)), EVEN, EQUAL),
    LayerCase("same-3-1d", model(LINE, K("Conv1D", 5, 3, strides=3, padding="same")), T(N("Conv1d", 4, 5, 3, 3)), LINE,
              EQUAL),
)


def transposed(name: str, kernel: int, stride: int, word: str, padding: int, more: int = 0, **said: Any) -> LayerCase:
    return LayerCase(
        name, model(ODD, K("Conv2DTranspose", 5, kernel, strides=stride, padding=word)),
        T(N("ConvTranspose2d", 4, 5, kernel, stride, padding, output_padding=more)), ODD,
        REPAIRED if said else EQUAL, **said,
    )


TRANSPOSED = (
    transposed("transposed-valid", 3, 2, "valid", 0),
    transposed("transposed-valid-2", 2, 2, "valid", 0),
    transposed("transposed-valid-1", 3, 1, "valid", 0),
    transposed("transposed-valid-short", 2, 3, "valid", 0, repair=setting(0, output_padding=(1, 1)),
               repairs=("output_padding: (1, 1)",)),
    transposed("transposed-same-4", 4, 2, "same", 1),
    transposed("transposed-same-3-1", 3, 1, "same", 1),
    transposed("transposed-same-2", 2, 2, "same", 0),
    transposed("transposed-same-3", 3, 2, "same", 1, 1, repair=cropped((0, 1), (0, 1)), repairs=("crop: (0, 1)",)),
    transposed("transposed-same-5", 5, 2, "same", 2, 1, repair=cropped((1, 2), (1, 2)), repairs=("crop: (1, 2)",)),
    LayerCase("transposed-1d", model(LINE, K("Conv1DTranspose", 5, 3, strides=2)), T(N("ConvTranspose1d", 4, 5, 3, 2)),
              LINE, EQUAL),
    LayerCase("transposed-3d", model(BLOCK, K("Conv3DTranspose", 5, 2, strides=2)),
              T(N("ConvTranspose3d", 4, 5, 2, 2)), BLOCK, EQUAL),
)
DEPTHWISE = (
    LayerCase("depthwise", model(EVEN, K("DepthwiseConv2D", 3)), T(N("Conv2d", 4, 4, 3, groups=4)), EVEN, EQUAL),
    LayerCase("depthwise-2", model(EVEN, K("DepthwiseConv2D", 3, depth_multiplier=2)),
              T(N("Conv2d", 4, 8, 3, groups=4)), EVEN, EQUAL),
    LayerCase("depthwise-1d", model(LINE, K("DepthwiseConv1D", 3, padding="same")),
              T(N("Conv1d", 4, 4, 3, padding=1, groups=4)), LINE, EQUAL),
    LayerCase("depthwise-odd", model((2, 7, 7, 4), K("DepthwiseConv2D", 3, strides=2, padding="same")),
              T(N("Conv2d", 4, 4, 3, 2, 1, groups=4)), (2, 7, 7, 4), EQUAL),
    LayerCase("depthwise-even", model((2, 6, 6, 4), K("DepthwiseConv2D", 3, strides=2, padding="same")),
              T(N("Conv2d", 4, 4, 3, 2, 1, groups=4)), (2, 6, 6, 4), REPAIRED, repair=padded(0, 0, 1, 0, 1),
              repairs=("padding: ((0, 1), (0, 1))",)),
    LayerCase("separable", model(EVEN, K("SeparableConv2D", 5, 3)),
              T(N("Conv2d", 4, 4, 3, groups=4, bias=False), N("Conv2d", 4, 5, 1)), EVEN, EQUAL, separable),
    LayerCase("separable-2", model(EVEN, K("SeparableConv2D", 5, 3, depth_multiplier=2, padding="same")),
              T(N("Conv2d", 4, 8, 3, padding=1, groups=4, bias=False), N("Conv2d", 8, 5, 1)), EVEN, EQUAL, separable),
    LayerCase("separable-1d", model(LINE, K("SeparableConv1D", 5, 3)),
              T(N("Conv1d", 4, 4, 3, groups=4, bias=False), N("Conv1d", 4, 5, 1)), LINE, EQUAL, separable),
)
POOLS = (
    LayerCase("max-pool", model(ODD, K("MaxPooling2D")), T(N("MaxPool2d", 2)), ODD, EQUAL),
    LayerCase("max-pool-same-1", model(EVEN, K("MaxPooling2D", 3, strides=1, padding="same")),
              T(N("MaxPool2d", 3, 1, 1)), EVEN, EQUAL),
    LayerCase("max-pool-same-odd", model(ODD, K("MaxPooling2D", 3, strides=2, padding="same")),
              T(N("MaxPool2d", 3, 2, 1)), ODD, EQUAL),
    LayerCase("max-pool-same-even", model(EVEN, K("MaxPooling2D", 3, strides=2, padding="same")),
              T(N("MaxPool2d", 3, 2, 1)), EVEN, REPAIRED, repair=padded(0, 0, 1, 0, 1, value=-np.inf),
              repairs=("padding: ((0, 1), (0, 1))",)),
    LayerCase("max-pool-zeros", model(EVEN, K("ZeroPadding2D", 1), K("MaxPooling2D", 3, strides=2)),
              T(N("MaxPool2d", 3, 2, 1)), EVEN, REPAIRED, repair=padded(0, 1, 1, 1, 1), repairs=("pad_value: 0",)),
    LayerCase("max-pool-zeros-behind-relu", model(EVEN, K("ReLU"), K("ZeroPadding2D", 1),
                                                  K("MaxPooling2D", 3, strides=2)),
              T(N("ReLU"), N("MaxPool2d", 3, 2, 1)), EVEN, EQUAL),
    LayerCase("max-pool-zeros-behind-leaky", model(EVEN, K("LeakyReLU", 0.1), K("ZeroPadding2D", 1),
                                                   K("MaxPooling2D", 3, strides=2)),
              T(N("LeakyReLU", 0.1), N("MaxPool2d", 3, 2, 1)), EVEN, REPAIRED, repair=padded(1, 1, 1, 1, 1),
              repairs=("pad_value: 0",)),
    LayerCase("max-pool-ceil", model(ODD, K("MaxPooling2D")), T(N("MaxPool2d", 2, ceil_mode=True)), ODD, REPAIRED,
              repair=setting(0, ceil_mode=False), repairs=("ceil_mode: False",)),
    LayerCase("max-pool-same-as-ceil", model(ODD, K("MaxPooling2D", padding="same")),
              T(N("MaxPool2d", 2, ceil_mode=True)), ODD, EQUAL),
    LayerCase("average-pool", model(EVEN, K("AveragePooling2D", 2)), T(N("AvgPool2d", 2)), EVEN, EQUAL),
    LayerCase("average-pool-same", model(EVEN, K("AveragePooling2D", 3, strides=1, padding="same")),
              T(N("AvgPool2d", 3, 1, 1)), EVEN, REPAIRED, repair=setting(0, count_include_pad=False),
              repairs=("count_include_pad: False",)),
    LayerCase("average-pool-same-uncounted", model(EVEN, K("AveragePooling2D", 3, strides=1, padding="same")),
              T(N("AvgPool2d", 3, 1, 1, count_include_pad=False)), EVEN, EQUAL),
    LayerCase("average-pool-zeros", model(EVEN, K("ZeroPadding2D", 1), K("AveragePooling2D", 3, strides=1)),
              T(N("AvgPool2d", 3, 1, 1)), EVEN, EQUAL),
    LayerCase("average-pool-same-as-ceil", model(ODD, K("AveragePooling2D", 2, padding="same")),
              T(N("AvgPool2d", 2, ceil_mode=True)), ODD, EQUAL),
    LayerCase("average-pool-divisor", model(EVEN, K("AveragePooling2D", 2)), T(N("AvgPool2d", 2, divisor_override=3)),
              EVEN, REPAIRED, repair=setting(0, divisor_override=None), repairs=("divisor: none",)),
    LayerCase("max-pool-1d", model(LINE, K("MaxPooling1D", 3)), T(N("MaxPool1d", 3)), LINE, EQUAL),
    # TensorFlow has no pools of blocks in float64.
    LayerCase("average-pool-3d", model(BLOCK, K("AveragePooling3D", 2, dtype="float32")), T(N("AvgPool3d", 2)), BLOCK,
              EQUAL, precision=1e-5),
    LayerCase("max-pool-3d", model(BLOCK, K("MaxPooling3D", 2, dtype="float32")), T(N("MaxPool3d", 2)), BLOCK, EQUAL,
              precision=1e-5),
    LayerCase("average-pool-1d", model(LINE, K("AveragePooling1D", 2)), T(N("AvgPool1d", 2)), LINE, EQUAL),
    LayerCase("max-as-average", model(EVEN, K("MaxPooling2D")), T(N("AvgPool2d", 2)), EVEN, REPAIRED,
              repair=lambda m: nn.Sequential(nn.MaxPool2d(2)), repairs=("kind: max_pool2d",)),
    LayerCase("global-average", model(ODD, K("GlobalAveragePooling2D")), T(N("AdaptiveAvgPool2d", 1), N("Flatten")),
              ODD, EQUAL),
    LayerCase("global-average-mean", model(ODD, K("GlobalAveragePooling2D")), run(lambda m, x: x.mean((2, 3))), ODD,
              EQUAL),
    LayerCase("global-max", model(ODD, K("GlobalMaxPooling2D")), T(N("AdaptiveMaxPool2d", 1), N("Flatten")), ODD,
              EQUAL),
    LayerCase("adaptive-identity", model(ODD, K("Flatten"), K("Dense", 3)),
              T(N("AdaptiveAvgPool2d", (7, 9)), N("Flatten"), N("Linear", 252, 3)), ODD, EQUAL, flattened(7, 9, 4)),
)
# fmt: on
CASES = (*PLAIN, *STRIDED, *TRANSPOSED, *DEPTHWISE, *POOLS)
