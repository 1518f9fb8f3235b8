"""Normalizations, and layers without weights that decide all the same: activations, resampling, order, arithmetic."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import torch
from support.carrying import array, put
from support.layer_pairs import (
    ANOTHER,
    DIFFERENT,
    EQUAL,
    REPAIRED,
    K,
    LayerCase,
    N,
    T,
    model,
    run,
    setting,
    weighted,
)  # fmt: skip
from torch import nn
from torch.nn import functional

V, S, I = (2, 5), (2, 4, 5), (2, 6, 4, 8)  # noqa: E741 - a vector, a sequence, an image


def scaled(keras_model: Any, torch_model: Any) -> None:
    (layer,), (module,) = weighted(keras_model, torch_model)
    put(module.weight, array(layer.scale))


def sloped(keras_model: Any, torch_model: Any) -> None:
    """One slope per channel; of one per position the mean."""
    (layer,), (module,) = weighted(keras_model, torch_model)
    slopes = array(layer.alpha)
    put(module.weight, slopes.mean(tuple(range(slopes.ndim - 1))))


def spatial(keras_model: Any, torch_model: Any) -> None:
    """A norm over the whole map: its parameters in the other layout."""
    (layer,), (module,) = weighted(keras_model, torch_model)
    put(module.weight, np.moveaxis(array(layer.gamma), -1, 0))
    put(module.bias, np.moveaxis(array(layer.beta), -1, 0))


def affine(keras_model: Any, torch_model: Any) -> None:
    (layer,), (module,) = weighted(keras_model, torch_model)
    put(module.weight, array(layer.gamma))
    put(module.bias, array(layer.beta))


def channels(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def steps(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.norm(x.transpose(1, 2)).transpose(1, 2)


def bn(**said: Any) -> Any:
    return K("BatchNormalization", **said)


def joined(*parts: Any) -> Any:
    """A functional model of two images and what is done with them."""

    def build() -> Any:
        a, b = keras.Input(I[1:]), keras.Input(I[1:])
        return keras.Model([a, b], parts[0](a, b))

    return build


def function(name: str, keras_layer: Any, torch_module: Any, shape: tuple[int, ...] = I, truth: str = EQUAL,
             **said: Any) -> LayerCase:  # fmt: skip
    return LayerCase(name, model(shape, keras_layer), torch_module, shape, truth, **said)


def inward(m: Any, x: torch.Tensor) -> torch.Tensor:
    """Keras takes the channels of a block before those of its place in it: the places come first in torch."""
    return functional.pixel_shuffle(x.unflatten(1, (4, 2)).transpose(1, 2).flatten(1, 2), 2)


def deep() -> Any:
    x = keras.Input(I[1:])
    return keras.Model(x, keras.ops.depth_to_space(x, 2))


# fmt: off
NORMS = (
    function("norm-batch", bn(), T(N("BatchNorm2d", 8, eps=1e-3))),
    function("norm-batch-eps", bn(), T(N("BatchNorm2d", 8)), truth=REPAIRED, repair=setting(0, eps=1e-3),
             repairs=("eps: 0.001",)),
    function("norm-batch-near-eps", bn(epsilon=1.001e-5), T(N("BatchNorm2d", 8)), truth=REPAIRED,
             repair=setting(0, eps=1.001e-5), repairs=("eps: 1.001e-05",)),
    function("norm-batch-momentum", bn(epsilon=1e-5, momentum=0.5), T(N("BatchNorm2d", 8))),
    function("norm-batch-no-scale", bn(epsilon=1e-5, scale=False), T(N("BatchNorm2d", 8))),
    function("norm-batch-no-shift", bn(epsilon=1e-5, center=False), T(N("BatchNorm2d", 8))),
    function("norm-batch-vector", bn(epsilon=1e-5), T(N("BatchNorm1d", 5)), V),
    function("norm-batch-steps", bn(epsilon=1e-5), run(steps, norm=N("BatchNorm1d", 5)), S, plain=True),
    LayerCase("norm-batch-no-statistics", model(I, bn(epsilon=1e-5)),
              T(N("BatchNorm2d", 8, track_running_stats=False)), I, DIFFERENT,
              carry=affine),
    function("norm-layer", K("LayerNormalization", epsilon=1e-5), T(N("LayerNorm", 5)), S, plain=True),
    function("norm-layer-eps", K("LayerNormalization"), T(N("LayerNorm", 5)), S, REPAIRED, plain=True,
             repair=setting(0, eps=1e-3), repairs=("eps: 0.001",)),
    function("norm-layer-channels", K("LayerNormalization", epsilon=1e-6), run(channels, norm=N("LayerNorm", 8, 1e-6))),
    function("norm-layer-map", K("LayerNormalization", axis=[1, 2, 3], epsilon=1e-5), T(N("LayerNorm", (8, 6, 4))),
             carry=spatial),
    function("norm-group", K("GroupNormalization", 4, epsilon=1e-5), T(N("GroupNorm", 4, 8))),
    function("norm-group-other", K("GroupNormalization", 4, epsilon=1e-5), T(N("GroupNorm", 2, 8)), truth=REPAIRED,
             repair=setting(0, num_groups=4), repairs=("groups: 4",)),
    function("norm-group-eps", K("GroupNormalization", 4), T(N("GroupNorm", 4, 8)), truth=REPAIRED,
             repair=setting(0, eps=1e-3), repairs=("eps: 0.001",)),
    function("norm-instance", K("GroupNormalization", -1, epsilon=1e-5), T(N("InstanceNorm2d", 8, affine=True))),
    function("norm-rms", K("RMSNormalization"), T(N("RMSNorm", 5, eps=1e-6)), S, carry=scaled, plain=True),
    function("norm-rms-eps", K("RMSNormalization"), T(N("RMSNorm", 5)), S, REPAIRED, carry=scaled, plain=True,
             repair=setting(0, eps=1e-6), repairs=("eps: 1e-06",)),
    function("prelu", K("PReLU", shared_axes=[1, 2]), T(N("PReLU", 8)), carry=sloped),
    function("prelu-vector", K("PReLU"), T(N("PReLU", 5)), V, carry=sloped),
    function("prelu-positions", K("PReLU"), T(N("PReLU", 8)), truth=DIFFERENT, carry=sloped),
)
ACTIVATIONS = (
    *(function(f"activation-{word}", K("Activation", word), T(N(other)), V)
      for word, other in (("relu", "ReLU"), ("relu6", "ReLU6"), ("silu", "SiLU"), ("tanh", "Tanh"), ("elu", "ELU"),
                          ("selu", "SELU"), ("softplus", "Softplus"), ("softsign", "Softsign"), ("mish", "Mish"),
                          ("hard_sigmoid", "Hardsigmoid"), ("hard_swish", "Hardswish"), ("gelu", "GELU"),
                          ("log_sigmoid", "LogSigmoid"), ("tanh_shrink", "Tanhshrink"), ("celu", "CELU"))),
    function("relu6-layer", K("ReLU", 6.0), T(N("Hardtanh", 0.0, 6.0)), V),
    function("relu-slope", K("ReLU", negative_slope=0.1), T(N("LeakyReLU", 0.1)), V),
    function("gelu-tanh", K("Activation", "gelu"), T(N("GELU", "tanh")), V, REPAIRED,
             repair=lambda m: nn.Sequential(nn.GELU()), repairs=("approximate: none",)),
    function("leaky-layer", K("LeakyReLU"), T(N("LeakyReLU")), V, REPAIRED, repair=setting(0, negative_slope=0.3),
             repairs=("slope: 0.3",)),
    function("leaky-word", K("Activation", "leaky_relu"), T(N("LeakyReLU")), V, REPAIRED,
             repair=setting(0, negative_slope=0.2), repairs=("slope: 0.2",)),
    function("leaky-same", K("LeakyReLU", 0.01), T(N("LeakyReLU")), V),
    function("elu-alpha", K("ELU", 0.5), T(N("ELU")), V, REPAIRED, repair=setting(0, alpha=0.5),
             repairs=("slope: 0.5",)),
    function("swish-as-hard", K("Activation", "silu"), T(N("Hardswish")), V, REPAIRED,
             repair=lambda m: nn.Sequential(nn.SiLU()), repairs=("function: silu",)),
    function("softmax", K("Softmax"), T(N("Softmax", 1))),
    function("softmax-axis", K("Softmax"), T(N("Softmax", 2)), truth=REPAIRED, repair=setting(0, dim=1),
             repairs=("axis: channels",)),
    function("softmax-log", K("Softmax"), T(N("LogSoftmax", 1)), truth=REPAIRED,
             repair=lambda m: nn.Sequential(nn.Softmax(1)), repairs=("kind: softmax",)),
    function("dropout", K("Dropout", 0.5), T(N("Dropout", 0.1)), V),
)
PLACES = (
    function("upsample-nearest", K("UpSampling2D"), T(N("Upsample", scale_factor=2))),
    # TensorFlow interpolates in float32.
    function("upsample-bilinear", K("UpSampling2D", interpolation="bilinear"),
             T(N("Upsample", scale_factor=2, mode="bilinear")), precision=1e-5),
    function("upsample-corners", K("UpSampling2D", interpolation="bilinear"),
             T(N("Upsample", scale_factor=2, mode="bilinear", align_corners=True)), truth=REPAIRED, precision=1e-5,
             repair=setting(0, align_corners=False), repairs=("align_corners: False",)),
    function("upsample-as-nearest", K("UpSampling2D", interpolation="bilinear"), T(N("Upsample", scale_factor=2)),
             truth=REPAIRED, precision=1e-5, repair=setting(0, mode="bilinear"), repairs=("interpolation: bilinear",)),
    function("upsample-bicubic", K("UpSampling2D", interpolation="bicubic"),
             T(N("Upsample", scale_factor=2, mode="bicubic")), truth=ANOTHER, precision=1e-5),
    LayerCase("pixel-shuffle", deep, T(N("PixelShuffle", 2)), I, ANOTHER),
    LayerCase("pixel-shuffle-ordered", deep, run(inward), I, EQUAL),
    function("crop", K("Cropping2D", ((1, 0), (0, 2))), T(N("ZeroPad2d", (0, -2, -1, 0)))),
    function("crop-slice", K("Cropping2D", ((1, 0), (0, 2))), run(lambda m, x: x[:, :, 1:, :-2])),
    function("permute", K("Permute", (2, 1)), run(lambda m, x: x.transpose(1, 2)), S, plain=True),
    function("reshape-steps", K("Reshape", (2, 10)), T(N("Unflatten", 1, (2, 2)), N("Flatten", 2)), S, plain=True),
    function("reshape-map", K("Reshape", (24, 8)), run(lambda m, x: x.flatten(2))),
    function("reshape-map-unordered", K("Reshape", (8, 24)), run(lambda m, x: x.flatten(2)), truth=ANOTHER),
    function("rescale", K("Rescaling", 1 / 127.5, offset=-1.0), run(lambda m, x: x / 127.5 - 1)),
    function("rescale-missing", K("Rescaling", 0.5, offset=-1.0), T(N("Identity")), truth=REPAIRED,
             repair=lambda m: halved(), repairs=("input: x * 0.5 - 1",)),
    LayerCase("add", joined(lambda a, b: keras.layers.Add()([a, b])), run(lambda m, a, b: b + a), (I, I), EQUAL),
    LayerCase("subtract", joined(lambda a, b: keras.layers.Subtract()([a, b])), run(lambda m, a, b: a - b), (I, I),
              EQUAL),
    LayerCase("subtract-turned", joined(lambda a, b: keras.layers.Subtract()([a, b])), run(lambda m, a, b: b - a),
              (I, I), ANOTHER),
    LayerCase("multiply-as-add", joined(lambda a, b: keras.layers.Multiply()([a, b])), run(lambda m, a, b: a + b),
              (I, I), ANOTHER),
    LayerCase("concat", joined(lambda a, b: keras.layers.Concatenate()([a, b])),
              run(lambda m, a, b: torch.cat((a, b), 1)), (I, I), EQUAL),
    LayerCase("concat-turned", joined(lambda a, b: keras.layers.Concatenate()([a, b])),
              run(lambda m, a, b: torch.cat((b, a), 1)), (I, I), ANOTHER),
    LayerCase("concat-axis", joined(lambda a, b: keras.layers.Concatenate(1)([a, b])),
              run(lambda m, a, b: torch.cat((a, b), 2)), (I, I), EQUAL),
    LayerCase("mean", joined(lambda a, b: keras.layers.Average()([a, b])), run(lambda m, a, b: (a + b) / 2), (I, I),
              EQUAL),
    LayerCase("maximum", joined(lambda a, b: keras.layers.Maximum()([a, b])), run(lambda m, a, b: torch.maximum(a, b)),
              (I, I), EQUAL),
)
# fmt: on


def halved() -> nn.Module:
    return run(lambda m, x: x * 0.5 - 1)()


CASES = (*NORMS, *ACTIVATIONS, *PLACES)
