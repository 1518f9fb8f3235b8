"""Weights carried from Keras layers to torch modules by hand, and outputs compared in float64.

Written without the library under test, which it is there to check.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np


@contextmanager
def policy(dtype: str = "float64") -> Iterator[None]:
    """Keras layers made within compute in this dtype."""
    import keras

    before, floats = keras.config.dtype_policy(), keras.config.floatx()
    keras.config.set_dtype_policy(dtype)
    keras.config.set_floatx(dtype)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
        keras.config.set_floatx(floats)


def find(keras_model: Any, path: str) -> Any:
    """The layer at a path of names."""
    for name in path.split("."):
        keras_model = keras_model.get_layer(name)
    return keras_model


def randomize(keras_model: Any, seed: int = 0) -> None:
    """Random weights that keep signals alive in a deep model, and statistics that do something."""
    rng = np.random.default_rng(seed)
    for weight in keras_model.weights:
        if "seed" in weight.name or not np.issubdtype(np.dtype(weight.dtype), np.floating):
            continue
        shape = tuple(weight.shape)
        if "var" in weight.name or weight.name in ("gamma", "scale"):
            weight.assign(rng.uniform(0.5, 1.5, shape))
        elif len(shape) > 1:
            fan_in = max(1, int(np.prod(shape[:-1])))
            weight.assign(rng.normal(0, np.sqrt(2 / fan_in), shape))
        else:
            weight.assign(rng.normal(0, 0.3, shape))


def put(tensor: Any, value: Any) -> None:
    """Assign an array to a torch tensor of that very shape."""
    import torch

    value = np.asarray(value)
    assert tuple(tensor.shape) == value.shape, (tuple(tensor.shape), value.shape)
    with torch.no_grad():
        tensor.copy_(torch.from_numpy(np.array(value)))


def array(value: Any) -> np.ndarray:
    """A Keras weight or tensor of any backend as an array."""
    value = getattr(value, "value", value)
    value = value.detach().cpu() if hasattr(value, "detach") else value
    return np.array(value.numpy() if hasattr(value, "numpy") else value)


def kernel_for(module: Any, kernel: np.ndarray, transposed: bool = False) -> np.ndarray:
    """A convolution's or dense layer's kernel in torch's order, whichever of both the module is."""
    rank = kernel.ndim - 2
    if transposed:  # stored out in, where torch stores in out
        return np.moveaxis(kernel, (-1, -2), (0, 1))
    moved = np.moveaxis(kernel, (-1, -2), (0, 1))
    wanted = module.weight.ndim - 2
    if rank > wanted:  # a 1 × 1 convolution against a Linear
        return moved.reshape(moved.shape[:2])
    return moved.reshape(moved.shape[:2] + (1,) * (wanted - rank) + moved.shape[2:])


def depthwise_for(kernel: np.ndarray) -> np.ndarray:
    """`*k in mult` becomes `(in mult) 1 *k`."""
    moved = np.moveaxis(kernel, (-2, -1), (0, 1))
    return moved.reshape(moved.shape[0] * moved.shape[1], 1, *moved.shape[2:])


def carry(layer: Any, module: Any) -> None:
    """The weights of one Keras layer into its torch partner."""
    kind = type(layer).__name__
    if kind == "BatchNormalization":
        put(module.weight, array(layer.gamma) if layer.scale else np.ones(module.weight.shape))
        put(module.bias, array(layer.beta) if layer.center else np.zeros(module.bias.shape))
        put(module.running_mean, array(layer.moving_mean))
        put(module.running_var, array(layer.moving_variance))
    elif kind in ("LayerNormalization", "GroupNormalization"):
        put(module.weight, array(layer.gamma))
        put(module.bias, array(layer.beta))
    elif kind == "LayerScale":
        put(module.layer_scale, array(layer.gamma)[:, None, None])
    elif kind == "Embedding":
        put(module.weight, array(layer.embeddings))
    elif kind.startswith("Depthwise"):
        put(module.weight, depthwise_for(array(layer.kernel)))
        carry_bias(layer, module)
    elif kind == "Dense" or kind.startswith("Conv"):
        put(module.weight, kernel_for(module, array(layer.kernel), kind.endswith("Transpose")))
        carry_bias(layer, module)
    else:
        raise TypeError(f"no rule for {kind}")


def carry_bias(layer: Any, module: Any) -> None:
    if module.bias is not None:
        put(module.bias, array(layer.bias) if layer.use_bias else np.zeros(module.bias.shape))


def carry_flattened(layer: Any, module: Any, shape: tuple[int, ...]) -> None:
    """A dense layer behind a Flatten of a map of this shape, channels last."""
    kernel = array(layer.kernel).reshape(*shape, -1)
    order = (kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))
    put(module.weight, kernel.transpose(order).reshape(kernel.shape[-1], -1))
    carry_bias(layer, module)


def to_torch_layout(images: np.ndarray) -> np.ndarray:
    """Channels last to channels first."""
    return np.moveaxis(images, -1, 1) if images.ndim > 2 else images


def relative_difference(a: np.ndarray, b: np.ndarray) -> float:
    """The greatest difference, by the spread of the outputs; infinite where shapes differ."""
    if a.shape != b.shape:
        return float("inf")
    spread = float(np.std(a)) or 1.0
    return float(np.max(np.abs(a - b), initial=0.0)) / spread


@contextmanager
def full_precision() -> Iterator[None]:
    """TensorFlow rounds some constants to float32 whatever it computes in, which shows at 1e-8.

    So does `tf.cast` of a Python number, in gelu too; the slope of its leaky relu is a float32 attribute.
    """
    import keras

    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow

    tf: Any = tensorflow

    def gelu(features: Any, approximate: bool = False, name: Any = None) -> Any:
        one, half = tf.constant(1, features.dtype), tf.constant(0.5, features.dtype)
        if approximate:
            inner = features + tf.constant(0.044715, features.dtype) * features**3
            return half * features * (one + tf.tanh(tf.constant(np.sqrt(2 / np.pi), features.dtype) * inner))
        return half * features * (one + tf.math.erf(features / tf.constant(np.sqrt(2), features.dtype)))

    def cast(x: Any, dtype: Any, name: Any = None) -> Any:
        exact = isinstance(x, float) and tf.as_dtype(dtype).is_floating
        return tf.constant(x, dtype) if exact else was[1](x, dtype, name)

    def leaky(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
        zero = tf.constant(0, features.dtype)
        return tf.maximum(features, zero) + tf.constant(alpha, features.dtype) * tf.minimum(features, zero)

    was = tf.nn.gelu, tf.cast, tf.nn.leaky_relu
    tf.nn.gelu, tf.cast, tf.nn.leaky_relu = gelu, cast, leaky
    try:
        yield
    finally:
        tf.nn.gelu, tf.cast, tf.nn.leaky_relu = was
