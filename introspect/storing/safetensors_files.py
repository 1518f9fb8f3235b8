"""`.safetensors`, one file or several with an index: tensors by name, read one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..values import TensorSpec
from .dtypes import cast, dtype_of, needed, plain

# What the format calls the dtypes.
_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2", "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu", "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U64": "uint64",
    "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool", "C64": "complex64", "F4": "float4_e2m1fn",
    "F6_E2M3": "float6_e2m3fn", "F6_E3M2": "float6_e3m2fn",
}  # fmt: skip


class SafetensorsFile:
    """See `introspect.adapter.Store`."""

    layout = "names"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self.specs: Mapping[str, TensorSpec] = {}
        self.metadata: dict[str, str] = {}
        self._places: dict[str, tuple[int, int]] = {}
        found: dict[str, TensorSpec] = {}
        with self._opened() as file:
            self.metadata = dict(file.metadata() or {})
            for name in list(file.keys()):
                held = file.get_slice(name)
                dtype = str(held.get_dtype())
                found[name] = TensorSpec(tuple(held.get_shape()), _DTYPES.get(dtype, dtype.lower()))
        self.specs = found
        self._places = _places(path)

    def read(self, name: str) -> Any:
        """A copy of a tensor's values; those of dtypes that NumPy lacks as float32."""
        return plain(self.raw(name))

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """A copy of the file with these values, in the dtypes that it has."""
        dtypes = {name: self.specs[name].dtype if name in self.specs else str(v.dtype) for name, v in values.items()}
        arrays = {name: cast(value, dtypes[name], name) for name, value in values.items()}
        write_new(path, {**{n: self.raw(n) for n in self.specs if n not in arrays}, **arrays}, self.metadata)

    def raw(self, name: str) -> Any:
        """A copy of a tensor's values in the dtype that the file has."""
        import numpy as np

        spec, (start, stop) = self.specs[name], self._places[name]
        if spec.dtype.startswith(("float4_", "float6_")):
            raise CheckpointError(f"{name} is {spec.dtype}, several values to a byte, which is not read.")
        with open(self.path, "rb") as file:
            file.seek(start)
            data = bytearray(stop - start)
            file.readinto(data)
        shape: Any = spec.shape
        return np.frombuffer(data, dtype_of(spec.dtype)).reshape(shape)

    @contextmanager
    def _opened(self) -> Any:
        safetensors = needed("safetensors", "a .safetensors file")
        try:
            with safetensors.safe_open(str(self.path), framework="numpy") as file:
                yield file
        except (safetensors.SafetensorError, ValueError, OSError) as error:
            raise CheckpointError(f"{str(self.path)!r} is no whole .safetensors file: {error}.") from error


def _places(path: Path) -> dict[str, tuple[int, int]]:
    """Where the bytes of each tensor lie: the library hands out no dtype that NumPy lacks."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    header.pop("__metadata__", None)
    return {name: tuple(8 + size + at for at in held["data_offsets"]) for name, held in header.items()}


class ShardedFile:
    """Several files under an index, `model.safetensors.index.json`; see `introspect.adapter.Store`."""

    layout = "names"

    def __init__(self, path: Path, opener: Any) -> None:
        self.path = path
        try:
            held = json.loads(path.read_bytes())["weight_map"]
            if not all(Path(name).name == name for name in held.values()):
                raise ValueError("it names files in other folders")
            if not held or any(name.endswith(".index.json") for name in held.values()):
                raise ValueError("it names no files of tensors")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError, OSError) as error:
            raise CheckpointError(f"{str(path)!r} is no index of a checkpoint: {error}.") from error
        missing = sorted({name for name in held.values() if not (path.parent / name).is_file()})
        if missing:
            raise CheckpointError(f"{str(path)!r} names {', '.join(missing[:3])}, which is not there.")
        self._files = {name: opener(path.parent / name) for name in sorted(set(held.values()))}
        lost = [name for name, file in held.items() if name not in self._files[file].specs]
        if lost:
            raise CheckpointError(f"{str(path)!r} says that {lost[0]!r} is in {held[lost[0]]}, where it is not.")
        self._home = {name: file for file, store in self._files.items() for name in store.specs}
        self.specs: Mapping[str, TensorSpec] = {
            name: self._files[file].specs[name] for name, file in self._home.items()
        }
        self.notes = [f"It lies in {len(self._files)} files."]

    def read(self, name: str) -> Any:
        """A copy of a tensor's values."""
        return self._files[self._home[name]].read(name)

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """One new file: several can't be changed at one stroke. Raises `CheckpointError`."""
        files = [file for file in self._files.values() if isinstance(file, SafetensorsFile)]
        if path.name.endswith(".json") or len(files) < len(self._files):
            raise CheckpointError(f"{str(self.path)!r} lies in several files: write to one new .safetensors.")
        made = {name: cast(value, self.specs[name].dtype, name) for name, value in values.items()}
        kept = {name: file.raw(name) for file in files for name in file.specs if name not in made}
        write_new(path, {**kept, **made}, files[0].metadata)


def write_new(path: Path, arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> None:
    """A file of these arrays."""
    import numpy as np

    writer = needed("safetensors.numpy", "a .safetensors file")
    held = {name: np.ascontiguousarray(array).reshape(array.shape) for name, array in arrays.items()}
    writer.save_file(held, str(path), metadata=dict(metadata) or None)
