"""TensorFlow's functions in double precision: some of their constants pass through float32 (in `tf.cast` of a Python
number, in gelu, in the slope of a leaky relu), and a model's own code may cast to it."""

from __future__ import annotations

import sys
from typing import Any

from .thread_patch import ThreadPatch

_PATCHES: dict[str, ThreadPatch] = {}


def doubled_tensorflow() -> ThreadPatch:
    """The patch to be active with "casts" (what is cast to less stays as wide) or "constants" alone."""
    if "tensorflow" in _PATCHES:
        return _PATCHES["tensorflow"]
    tf = sys.modules["tensorflow"]
    narrow = (tf.float32, tf.float16, tf.bfloat16)

    def gelu(features: Any, approximate: bool = False, name: Any = None) -> Any:
        if patch.current is None or features.dtype != tf.float64:
            return patch.original(tf.nn, "gelu")(features, approximate, name)
        one, half = tf.constant(1, features.dtype), tf.constant(0.5, features.dtype)
        if approximate:
            inner = features + tf.constant(0.044715, features.dtype) * features**3
            return half * features * (one + tf.tanh(tf.constant((2 / _PI) ** 0.5, features.dtype) * inner))
        return half * features * (one + tf.math.erf(features / tf.constant(2**0.5, features.dtype)))

    def cast(x: Any, dtype: Any, name: Any = None) -> Any:
        if patch.current is not None:
            wanted = tf.as_dtype(dtype)
            wanted = tf.float64 if wanted in narrow and patch.current == "casts" else wanted
            if isinstance(x, float) and wanted.is_floating:
                return tf.constant(x, wanted)
            dtype = wanted
        return patch.original(tf, "cast")(x, dtype, name)

    def leaky(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
        if patch.current is None or features.dtype != tf.float64:
            return patch.original(tf.nn, "leaky_relu")(features, alpha, name)
        zero = tf.constant(0, features.dtype)
        return tf.maximum(features, zero) + tf.constant(alpha, features.dtype) * tf.minimum(features, zero)

    functions = {"gelu": gelu, "leaky_relu": leaky}
    names = (tf, tf.compat.v2)  # Keras 2 calls them by the latter
    patch = ThreadPatch(
        [(module, "cast", cast) for module in names]
        + [(module.nn, name, function) for module in names for name, function in functions.items()]
    )
    _PATCHES["tensorflow"] = patch
    return patch


_PI = 3.141592653589793
