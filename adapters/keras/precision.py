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

from ..tensorflow_doubles import doubled_tensorflow


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
        with doubled_tensorflow().active("casts" if casts else "constants"):
            yield
    elif backend == "torch" and casts:
        with _torch():
            yield
    else:
        with doubles("float64"):
            yield


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
