"""Double precision all the way: what Keras's backends round to float32, whatever they are told, is not rounded.

On TensorFlow some constants pass through float32 (in `tf.cast` of a Python number, in gelu, in the slope of a leaky
relu), and a model's own code may cast to it. Other threads keep the functions as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from ..thread_patch import ThreadPatch

_PATCHES: dict[str, ThreadPatch] = {}


@contextmanager
def doubles(dtype: str) -> Iterator[None]:
    """JAX makes float32 of all doubles where it is not told to keep them."""
    if keras.config.backend() == "jax" and dtype == "float64":
        with sys.modules["jax"].enable_x64(True):
            yield
    else:
        yield


@contextmanager
def wide(casts: bool = True) -> Iterator[None]:
    """What is computed on this thread is computed in float64; `casts`: also what the models' own code casts to less."""
    backend = keras.config.backend()
    if backend == "tensorflow":
        with _tensorflow().active("casts" if casts else "constants"):
            yield
    elif backend == "torch" and casts:
        with _torch():
            yield
    else:
        with doubles("float64"):
            yield


def _tensorflow() -> ThreadPatch:
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

    patch = ThreadPatch([(tf.nn, "gelu", gelu), (tf, "cast", cast), (tf.nn, "leaky_relu", leaky)])
    _PATCHES["tensorflow"] = patch
    return patch


_PI = 3.141592653589793


def _torch() -> Any:
    torch = sys.modules["torch"]
    narrow = (torch.float32, torch.float16, torch.bfloat16)

    class Wide(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if func in (torch.Tensor.float, torch.Tensor.half, torch.Tensor.bfloat16):
                return args[0].double()
            args = tuple(torch.float64 if isinstance(a, torch.dtype) and a in narrow else a for a in args)
            kwargs = {
                name: torch.float64 if isinstance(v, torch.dtype) and v in narrow else v
                for name, v in (kwargs or {}).items()
            }
            return func(*args, **kwargs)

    return Wide()
