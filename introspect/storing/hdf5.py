"""Keras's HDF5 files, read without Keras: `.weights.h5` (by object), the older `.h5` (by layer), those in `.keras`."""

from __future__ import annotations

import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from ..values import TensorSpec
from .dtypes import cast, dtype_of, needed, plain

MEMBER = "model.weights.h5"
"""What the weights are called in a `.keras` file."""
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError)
"""What reading a damaged archive raises."""

_OLD_LAYERS = "_layer_checkpoint_dependencies"
"""What Keras 2.12 and 2.13 call `layers`."""


@dataclass(frozen=True)
class Group:
    """What one object of Keras keeps: the names of its tensors in the file, in its order. `name`: what the layer is
    called, where the file says so."""

    names: tuple[str, ...]
    name: str | None = None


class KerasFile:
    """See `introspect.adapter.Store`. `layout`: "objects", or "layers" for the older one; `groups` by their path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._specs: dict[str, TensorSpec] = {}
        self.specs: Mapping[str, TensorSpec] = self._specs
        self.groups: dict[str, Group] = {}
        with _opened(path) as file:
            weights = file
            if "model_weights" in file:
                _check_links(file, "model_weights")
                weights = file["model_weights"]
            self.version = _attribute(weights, "keras_version")
            self.layout = "layers" if _attribute(weights, "layer_names") is not None else "objects"
            if self.layout == "layers":
                self._read_layers(file, weights)
            else:
                self._read_objects(file)
        if not self.groups:
            raise CheckpointError(f"{str(path)!r} is an HDF5 file without weights of Keras.")

    def read(self, name: str) -> Any:
        """A copy of a tensor's values; those of dtypes that NumPy lacks as float32."""
        import numpy as np

        with _opened(self.path) as file:
            array = np.asarray(_dataset(file, name)[()])
        dtype = self.specs[name].dtype
        return plain(array.view(dtype_of(dtype)) if dtype == "bfloat16" else array)

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """A copy of the file with these values, in the dtypes that it has. Raises `CheckpointError` for new names."""
        arrays = {name: cast(value, self.specs[name].dtype, name) for name, value in values.items()}
        if zipfile.is_zipfile(self.path):
            inner = path.with_name(path.name + ".h5")
            try:
                with zipfile.ZipFile(self.path) as old:
                    with old.open(MEMBER) as member, open(inner, "wb") as copy:
                        shutil.copyfileobj(member, copy)
                    self._put(inner, arrays)
                    with zipfile.ZipFile(path, "w") as new:
                        for one in old.infolist():
                            if one.filename == MEMBER:
                                new.write(inner, MEMBER)
                            else:
                                new.writestr(one, old.read(one))
            finally:
                inner.unlink(missing_ok=True)
        else:
            shutil.copyfile(self.path, path)
            self._put(path, arrays)

    def _put(self, path: Path, arrays: Mapping[str, Any]) -> None:
        with needed("h5py", "an HDF5 file").File(path, "r+") as file:
            for name, array in arrays.items():
                file[name][()] = array.view("V2") if self.specs[name].dtype == "bfloat16" else array

    def _read_objects(self, file: Any) -> None:
        """`layers/dense/vars/0`: whatever has a group `vars`."""
        for path in _groups(file):
            if path != "vars" and not path.endswith("/vars"):
                continue
            held = file[path]
            numbers = sorted((name for name in held if name.isdigit()), key=int)
            names = tuple(f"{path}/{name}" for name in numbers)
            self._take(file, names)
            said = _attribute(held, "name")
            place = path.removesuffix("vars").rstrip("/").replace(_OLD_LAYERS, "layers")
            self.groups[place] = Group(names, said if isinstance(said, str) else None)

    def _read_layers(self, file: Any, weights: Any) -> None:
        """`dense/dense/kernel:0`: what each layer lists."""
        at = "" if weights.name == "/" else weights.name.strip("/") + "/"
        for layer in [*_texts(weights, "layer_names"), "top_level_model_weights"]:
            if layer not in weights:
                continue
            _check_links(file, at + layer)
            held = tuple(f"{at}{layer}/{name}" for name in _texts(weights[layer], "weight_names"))
            self._take(file, held)
            self.groups[layer] = Group(held, layer)

    def _take(self, file: Any, names: tuple[str, ...]) -> None:
        for name in names:
            held = _dataset(file, name)
            marked = _attribute(held, "dtype") == "bfloat16"
            self._specs[name] = TensorSpec(held.shape, "bfloat16" if marked else held.dtype.name)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The HDF5 file, or the one in the archive. Raises `CheckpointError`."""
    h5py = needed("h5py", "an HDF5 file")
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(MEMBER) as member, h5py.File(member, "r") as file:
                yield file
        else:
            with h5py.File(path, "r") as file:
                yield file
    except (OSError, LookupError, TypeError, ValueError, RuntimeError, *DAMAGED) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{str(path)!r} can't be read as weights of Keras: {' '.join(str(error).split())}."
        ) from None


def _groups(file: Any, path: str = "", met: set[Any] | None = None) -> Iterator[str]:
    """The paths of all groups, each once, those that a link leads to apart."""
    here = file[path] if path else file
    met = set() if met is None else met
    if here.id in met:
        return
    met.add(here.id)
    for name in here:
        at = f"{path}/{name}" if path else name
        kind = here.get(name, getclass=True, getlink=True).__name__
        if kind == "HardLink" and here.get(name, getclass=True).__name__ == "Group":
            yield at
            yield from _groups(file, at, met)


def _dataset(file: Any, name: str) -> Any:
    """A dataset of this file. Raises `CheckpointError` for one that leads into another file."""
    _check_links(file, name)
    held = file[name]
    if getattr(held, "shape", None) is None:
        raise CheckpointError(f"{name!r} is no tensor.")
    if held.external or held.is_virtual:
        raise CheckpointError(f"{name!r} lies in another file, which is not opened.")
    return held


def _check_links(file: Any, name: str) -> None:
    """Raises `CheckpointError` for what is not there, or lies behind a link."""
    at = ""
    for part in name.strip("/").split("/"):
        at = f"{at}/{part}" if at else part
        kind = file.get(at, getclass=True, getlink=True)
        if kind is None:
            raise CheckpointError(f"{name!r} is named in the file, and is not in it.")
        if kind.__name__ != "HardLink":
            raise CheckpointError(f"{name!r} is a link, which may lead into another file: it is not followed.")


def _texts(held: Any, name: str) -> list[str]:
    """An attribute that lists names. Raises `ValueError`."""
    found = _attribute(held, name)
    if isinstance(found, str):
        raise ValueError(f"its {name} is no list")
    return found or []


def _attribute(held: Any, name: str) -> Any:
    """An attribute as text or a list of texts, also one that was cut in pieces for its length."""
    if name in held.attrs:
        value = held.attrs[name]
    elif f"{name}0" in held.attrs:
        pieces: list[Any] = []
        while f"{name}{len(pieces)}" in held.attrs:
            pieces.append(list(held.attrs[f"{name}{len(pieces)}"]))
        value = [text for piece in pieces for text in piece]
    else:
        return None
    decoded = [one.decode() if isinstance(one, bytes) else str(one) for one in ([value] if _is_one(value) else value)]
    return decoded[0] if _is_one(value) else decoded


def _is_one(value: Any) -> bool:
    return isinstance(value, (str, bytes))


def write_new(path: Path, arrays: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """A file of these arrays by their names, `layers/dense/vars/0`; `names`: what the layers of groups are called."""
    with needed("h5py", "an HDF5 file").File(os.fspath(path), "w") as file:
        for name, array in arrays.items():
            narrow = array.dtype.name == "bfloat16"
            made = file.create_dataset(name, data=array.view("V2") if narrow else array)
            if narrow:
                made.attrs["dtype"] = "bfloat16"
        for group, name in names.items():
            at = f"{group}/vars" if group else "vars"
            if at in file:
                file[at].attrs["name"] = name


def attributes(path: Path, names: tuple[str, ...]) -> dict[str, Any]:
    """What the file says about itself; `None` where it does not. Raises `CheckpointError`."""
    with _opened(path) as file:
        return {name: _attribute(file, name) for name in names}
