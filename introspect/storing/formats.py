"""Which file is read and written how."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..adapter import Store
from ..errors import CheckpointError
from ..registry import adapter_named, saved_model
from . import hdf5, safetensors_files
from .dtypes import cast
from .hdf5 import KerasFile
from .safetensors_files import SafetensorsFile, ShardedFile

TORCH = (".pt", ".pth", ".bin", ".ckpt")
KERAS = (".weights.h5", ".h5", ".hdf5", ".keras")
SAFETENSORS = ".safetensors"
INDEX = ".index.json"
WRITTEN = (SAFETENSORS, *TORCH, ".weights.h5")
"""What new files may be."""


def check_format(path: Path) -> None:
    """Raises `CheckpointError` for a name that tells no format."""
    if not path.name.endswith((*TORCH, *KERAS, SAFETENSORS, INDEX)):
        raise CheckpointError(
            f"{path.name!r} is no checkpoint by its name: .safetensors, {', '.join(TORCH)}, {', '.join(KERAS)} "
            "or an .index.json is expected."
        )


def ending_of(path: Path) -> str:
    """The ending that tells the format: `.weights.h5` is not `.h5`."""
    return next((ending for ending in (*KERAS, INDEX) if path.name.endswith(ending)), path.suffix)


def open_store(path: Path) -> Store:
    """The tensors in a file. Raises `CheckpointError`, `MissingFrameworkError`."""
    if (path / "saved_model.pb").is_file():
        return saved_model(path)
    check_format(path)
    if not path.is_file():
        raise CheckpointError(f"{str(path)!r} is no file.")
    if path.name.endswith(INDEX):
        return ShardedFile(path, open_store)
    if path.name.endswith(SAFETENSORS):
        return SafetensorsFile(path)
    if path.name.endswith(KERAS):
        return KerasFile(path)
    return adapter_named("torch").open(path)  # type: ignore[attr-defined]


def write_new(path: Path, arrays: Mapping[str, Any], dtypes: Mapping[str, str], said: Mapping[str, str]) -> None:
    """A file with these arrays by name, in these dtypes. `said`: what else is written, as metadata of a
    `.safetensors`, as names of layers by the groups of a `.weights.h5`. Raises `CheckpointError`."""
    if not path.name.endswith(WRITTEN):
        raise CheckpointError(f"A new file is {', '.join(WRITTEN)}: {path.suffix!r} is only changed where it is there.")
    if path.name.endswith(TORCH):
        adapter_named("torch").write(path, arrays, dtypes)  # type: ignore[attr-defined]
        return
    made = {name: cast(array, dtypes[name], name) for name, array in arrays.items()}
    if path.name.endswith(SAFETENSORS):
        safetensors_files.write_new(path, made, said)
    else:
        hdf5.write_new(path, made, said)
