"""Dense layers against Linears and convolutions, behind a flatten or not; embeddings."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from support import carrying
from support.carrying import array, put
from support.layer_pairs import ANOTHER, EQUAL, REPAIRED, K, LayerCase, N, T, inserted, model, run, weighted
from torch import nn

V, S, I = (2, 5), (2, 4, 5), (2, 4, 6, 3)  # noqa: E741 - a vector, a sequence, an image


def flattened(*shape: int) -> Any:
    """The first dense layer is behind a Flatten of this shape."""

    def carry(keras_model: Any, torch_model: Any) -> None:
        (first, *layers), (target, *modules) = weighted(keras_model, torch_model)
        carrying.carry_flattened(first, target, shape)
        for layer, module in zip(layers, modules, strict=True):
            carrying.carry(layer, module)

    return carry


def behind_convolution(*shape: int) -> Any:
    def carry(keras_model: Any, torch_model: Any) -> None:
        (first, second), (target, last) = weighted(keras_model, torch_model)
        carrying.carry(first, target)
        carrying.carry_flattened(second, last, shape)

    return carry


def normalized(keras_model: Any, torch_model: Any) -> None:
    """A batch normalization between the flatten and the dense layer: its features are permuted too."""
    (norm, dense), (target, last) = weighted(keras_model, torch_model)
    order = np.moveaxis(np.arange(72).reshape(I[1:]), -1, 0).ravel()
    carrying.carry(norm, target)
    for tensor in (target.weight, target.bias, target.running_mean, target.running_var):
        put(tensor, tensor.detach().numpy()[order])
    put(last.weight, array(dense.kernel)[order].T)
    put(last.bias, array(dense.bias))


def covering(keras_model: Any, torch_model: Any) -> None:
    """A convolution that covers its input."""
    (dense,), (convolution,) = weighted(keras_model, torch_model)
    kernel = array(dense.kernel).reshape(*I[1:], -1)
    put(convolution.weight, kernel.transpose(3, 2, 0, 1))
    put(convolution.bias, array(dense.bias))


def untransposed(keras_model: Any, torch_model: Any) -> None:
    (dense,), (module,) = weighted(keras_model, torch_model)
    put(module.weight, array(dense.kernel))
    put(module.bias, array(dense.bias))


def gpt2_linear(width: int, units: int) -> Any:
    def make() -> nn.Module:
        from support import torchvision_zoo

        torchvision_zoo.prepare()
        from transformers.pytorch_utils import Conv1D

        return Conv1D(units, width)

    return make


def einsum(order: tuple[int, ...] | None = None) -> Any:
    """Contracted axes become `in`, new ones `out`, after the kernel's axes are permuted where they stand otherwise."""

    def carry(keras_model: Any, torch_model: Any) -> None:
        (layer,), (linear,) = weighted(keras_model, torch_model)
        kernel = array(layer.kernel)
        kernel = kernel if order is None else kernel.transpose(order)
        put(linear.weight, kernel.reshape(linear.weight.shape[::-1]).T)
        if linear.bias is not None:
            put(linear.bias, array(layer.bias).ravel())

    return carry


def tied(keras_model: Any, torch_model: Any) -> None:
    table = next(layer for layer in keras_model.layers if layer.weights)
    put(torch_model.table.weight, array(table.embeddings))


def _reversible() -> Any:
    x = keras.Input((4,), dtype="int32")
    table = keras.layers.ReversibleEmbedding(20, 6)
    return keras.Model(x, table(keras.ops.tanh(table(x)), reverse=True))


def _tied() -> nn.Module:
    head: Any = nn.Linear(6, 20, bias=False)
    module: Any = run(lambda m, x: m.head(m.table(x).tanh()), table=N("Embedding", 20, 6))()
    head.weight = module.table.weight
    module.head = head
    return module


def longer(keras_model: Any, torch_model: Any) -> None:
    """A table with two rows more in front."""
    (layer,), (table,) = weighted(keras_model, torch_model)
    put(table.weight, np.concatenate([np.zeros((2, 6)), array(layer.embeddings)]))


F = K("Flatten")
MASKED = ((K("Embedding", 20, 6, mask_zero=True), K("GlobalAveragePooling1D")), (2, 4))
CASES = (
    LayerCase("dense", model(V, K("Dense", 3)), T(N("Linear", 5, 3)), V, EQUAL),
    LayerCase("dense-no-bias", model(V, K("Dense", 3, use_bias=False)), T(N("Linear", 5, 3, bias=False)), V, EQUAL),
    LayerCase("dense-relu", model(V, K("Dense", 3, activation="relu")), T(N("Linear", 5, 3), N("ReLU")), V, EQUAL),
    LayerCase("dense-relu-function", model(V, K("Dense", 3, activation="relu")),
              run(lambda m, x: m.fc(x).relu(), fc=N("Linear", 5, 3)), V, EQUAL),
    LayerCase("dense-relu-missing", model(V, K("Dense", 3, activation="relu")), T(N("Linear", 5, 3)), V, REPAIRED,
              repair=inserted(1, nn.ReLU), repairs=("activation: relu",)),
    LayerCase("dense-softmax-missing", model(V, K("Dense", 3, activation="softmax")), T(N("Linear", 5, 3)), V, REPAIRED,
              repair=inserted(1, N("Softmax", -1)), repairs=("activation: softmax",)),
    LayerCase("dense-gelu", model(V, K("Dense", 3, activation="gelu")), T(N("Linear", 5, 3), N("GELU")), V, EQUAL),
    LayerCase("dense-gelu-tanh", model(V, K("Dense", 3, activation="gelu")), T(N("Linear", 5, 3), N("GELU", "tanh")), V,
              REPAIRED, repair=lambda m: nn.Sequential(m[0], nn.GELU()), repairs=("approximate: none",)),
    LayerCase("dense-on-sequence", model(S, K("Dense", 3)), T(N("Linear", 5, 3)), S, EQUAL, plain=True),
    LayerCase("dense-two", model(V, K("Dense", 4, activation="tanh"), K("Dense", 4)),
              T(N("Linear", 5, 4), N("Tanh"), N("Linear", 4, 4)), V, EQUAL),
    LayerCase("flatten-dense", model(I, F, K("Dense", 3)), T(N("Flatten"), N("Linear", 72, 3)), I, EQUAL,
              flattened(4, 6, 3)),
    LayerCase("flatten-square", model((2, 3, 3, 3), F, K("Dense", 3)), T(N("Flatten"), N("Linear", 27, 3)),
              (2, 3, 3, 3), EQUAL, flattened(3, 3, 3)),
    LayerCase("flatten-dropout-dense", model(I, F, K("Dropout", 0.5), K("Dense", 3)),
              T(N("Flatten"), N("Dropout"), N("Linear", 72, 3)), I, EQUAL, flattened(4, 6, 3)),
    LayerCase("flatten-two-dense", model(I, F, K("Dense", 3), K("Dense", 3)),
              T(N("Flatten"), N("Linear", 72, 3), N("Linear", 3, 3)), I, EQUAL, flattened(4, 6, 3)),
    LayerCase("flatten-norm-dense", model(I, F, K("BatchNormalization", epsilon=1e-5), K("Dense", 3)),
              T(N("Flatten"), N("BatchNorm1d", 72), N("Linear", 72, 3)), I, EQUAL, normalized),
    LayerCase("flatten-behind-conv", model(I, K("Conv2D", 5, 3), F, K("Dense", 3)),
              T(N("Conv2d", 3, 5, 3), N("Flatten"), N("Linear", 40, 3)), I, EQUAL, behind_convolution(2, 4, 5)),
    # Moves the channels last before it flattens what it takes for channels first: (h w c) of what comes as c h w.
    LayerCase("flatten-channels-first", model((2, 3, 4, 6), K("Flatten", data_format="channels_first"), K("Dense", 3)),
              T(N("Flatten"), N("Linear", 72, 3)), (2, 3, 4, 6), EQUAL, flattened(4, 6, 3), plain=True),
    LayerCase("flatten-permuted", model(I, F, K("Dense", 3)),
              run(lambda m, x: m.fc(x.permute(0, 2, 3, 1).flatten(1)), fc=N("Linear", 72, 3)), I, EQUAL),
    LayerCase("flatten-sequence", model(S, F, K("Dense", 3)), T(N("Flatten"), N("Linear", 20, 3)), S, EQUAL,
              plain=True),
    LayerCase("dense-as-1x1", model(I, K("Dense", 5)), T(N("Conv2d", 3, 5, 1)), I, EQUAL),
    LayerCase("1x1-as-dense", model((2, 1, 1, 5), K("Conv2D", 3, 1), F), T(N("Flatten"), N("Linear", 5, 3)),
              (2, 1, 1, 5), EQUAL),
    LayerCase("pooled-1x1", model(I, K("GlobalAveragePooling2D", keepdims=True), K("Conv2D", 4, 1), F),
              T(N("AdaptiveAvgPool2d", 1), N("Flatten"), N("Linear", 3, 4)), I, EQUAL),
    LayerCase("dense-as-covering-conv", model(I, F, K("Dense", 5)), T(N("Conv2d", 3, 5, (4, 6)), N("Flatten")), I,
              EQUAL, covering),
    LayerCase("gpt2-conv1d", model(S, K("Dense", 3)), gpt2_linear(5, 3), S, EQUAL, untransposed, plain=True),
    LayerCase("gpt2-conv1d-square", model(S, K("Dense", 5)), gpt2_linear(5, 5), S, EQUAL, untransposed, plain=True),
    LayerCase("einsum", model(S, K("EinsumDense", "abc,cd->abd", (None, 3), bias_axes="d")), T(N("Linear", 5, 3)), S,
              EQUAL, einsum(), plain=True),
    LayerCase("einsum-heads", model(S, K("EinsumDense", "btd,dnh->btnh", (None, 2, 3), bias_axes="nh"),
                                    K("Reshape", (4, 6))), T(N("Linear", 5, 6)), S, EQUAL, einsum(), plain=True),
    LayerCase("einsum-heads-first", model(S, K("EinsumDense", "btd,ndh->btnh", (None, 2, 3)), K("Reshape", (4, 6))),
              T(N("Linear", 5, 6, bias=False)), S, EQUAL, einsum((1, 0, 2)), plain=True),
    LayerCase("einsum-joining", model((2, 4, 2, 3), K("EinsumDense", "btnh,nhd->btd", (None, 5), bias_axes="d")),
              run(lambda m, x: m.fc(x.flatten(2)), fc=N("Linear", 6, 5)), (2, 4, 2, 3), EQUAL, einsum(), plain=True),
    LayerCase("embedding", model((2, 4), K("Embedding", 20, 6), dtype="int32"), T(N("Embedding", 20, 6)), (2, 4), EQUAL,
              plain=True, tokens=20),
    LayerCase("embedding-padding-index", model((2, 4), K("Embedding", 20, 6), dtype="int32"),
              T(N("Embedding", 20, 6, padding_idx=0)), (2, 4), EQUAL, plain=True, tokens=20),
    LayerCase("embedding-masked-mean", model((2, 4), *MASKED[0], dtype="int32"),
              run(lambda m, x: m.table(x).mean(1), table=N("Embedding", 20, 6)), (2, 4), ANOTHER, plain=True, tokens=3),
    LayerCase("embedding-max-norm", model((2, 4), K("Embedding", 20, 6), dtype="int32"),
              T(N("Embedding", 20, 6, max_norm=0.5)), (2, 4), REPAIRED, plain=True, tokens=20,
              repair=lambda m: (setattr(m[0], "max_norm", None), m)[1], repairs=("max_norm: none",)),
    LayerCase("embedding-extra-rows", model((2, 4), K("Embedding", 20, 6), dtype="int32"),
              run(lambda m, x: m.table(x + 2), table=N("Embedding", 22, 6)), (2, 4), EQUAL, longer, plain=True,
              tokens=20),
    LayerCase("embedding-tied", _reversible, _tied, (2, 4), EQUAL, tied, plain=True, tokens=20),
)  # fmt: skip
