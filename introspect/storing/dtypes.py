"""Dtypes by name, those that NumPy lacks among them (bfloat16, the float8s)."""

from __future__ import annotations

from typing import Any

from ..errors import CheckpointError

_KINDS = {"f": "a float", "i": "an integer", "u": "an integer", "b": "a bool", "c": "a complex number", "V": "a float"}


def dtype_of(name: str) -> Any:
    """The dtype of this name. Raises `CheckpointError`."""
    import numpy as np

    try:
        return np.dtype(name)
    except TypeError:
        pass
    ml_dtypes = needed("ml_dtypes", f"values of the dtype {name}")
    found = getattr(ml_dtypes, name, None)
    if found is None:
        raise CheckpointError(f"Values of the dtype {name} can't be read.")
    return np.dtype(found)


def plain(array: Any) -> Any:
    """The values in a dtype that NumPy has: those of narrow floats as float32, which holds them all."""
    return array.astype("float32") if array.dtype.name.startswith(("bfloat", "float8", "float6_", "float4_")) else array


def cast(array: Any, dtype: str, name: str) -> Any:
    """The values as they are stored. Raises `CheckpointError` for a float where an integer is kept, and so on."""
    import numpy as np

    wanted = dtype_of(dtype)
    kinds = _KINDS.get(wanted.kind, dtype), _KINDS.get(array.dtype.kind, str(array.dtype))
    if kinds[0] != kinds[1]:
        raise CheckpointError(f"{name} is {kinds[0]} ({dtype}) and is given {kinds[1]} ({array.dtype}).")
    return np.ascontiguousarray(array).astype(wanted, copy=False).reshape(array.shape)


def needed(module: str, purpose: str) -> Any:
    """An optional module. Raises `CheckpointError` that says how to install it."""
    from importlib import import_module

    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise CheckpointError(
            f"{package} is needed for {purpose} and is not installed: pip install 'introspect-nn[checkpoints]'"
        ) from error
