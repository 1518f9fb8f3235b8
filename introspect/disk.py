"""Models on disk: what a path leads to, without running code that lies in the file unless that is allowed."""

from __future__ import annotations

import re
import zipfile
from importlib import util
from os import PathLike
from pathlib import Path
from typing import Any

from .checkpoints import Checkpoint
from .errors import CheckpointError, SchemaError, WouldRunCodeError
from .records import Report
from .registry import adapter_for, adapter_named
from .storing.formats import INDEX, KERAS, SAFETENSORS, TORCH
from .storing.keras_config import check_config, config_of

ENDINGS = (".json", ".pt2", *KERAS, SAFETENSORS, *TORCH)
_ALLOW = "if you trust the file, allow it: from_disk(path, allow_code=True), or --allow-code on the command line"


def from_disk(path: str | PathLike[str], allow_code: bool = False) -> Any:
    """What `inspect` and `compare` take, from a file or folder.

    A live model of a `.keras` or whole `.h5` of Keras; a saved report (`.json`); a `Checkpoint` of what holds tensors
    alone (`.weights.h5`, `.safetensors`, state dicts of torch, a SavedModel). What else there is runs code while it is
    loaded, a program of `torch.export` (`.pt2`) or TorchScript, a pickled module, a Keras model with a `Lambda`:
    `allow_code` says that it may.

    Raises:
        CheckpointError: the file can't be read, or runs code; the sentence says how to allow it.
        SchemaError: a JSON file that is no saved report.
        UnsupportedModelError: this is no path to a model.
        MissingFrameworkError: the framework is not installed.
    """
    place = Path(path)
    if not place.exists():
        if not place.name.endswith(ENDINGS):
            adapter_for(path)  # which says what it is instead
        raise CheckpointError(f"{str(path)!r} is no file.")
    if place.is_dir():
        return _folder(place, allow_code)
    if place.name.endswith(".json") and not place.name.endswith(INDEX):
        return _report(place)
    if place.name.endswith(".pt2"):
        return _program(place, allow_code)
    if place.name.endswith(KERAS):
        return _of_keras(place, allow_code)
    if place.name.endswith(TORCH):
        return _of_torch(place, allow_code)
    return _tensors(place)


def _report(path: Path) -> Report:
    try:
        return Report.from_json(path.read_bytes())
    except SchemaError as error:
        raise SchemaError(f"{path}: {error}") from error
    except OSError as error:
        raise CheckpointError(f"{str(path)!r} can't be read: {error.strerror or error}.") from error


def _tensors(path: Path) -> Checkpoint:
    """A file of tensors, read once to see that it is one."""
    found = Checkpoint(path)
    found.described()
    return found


def _of_keras(path: Path, allow_code: bool) -> Any:
    """A whole model by its configuration, or its weights."""
    if path.name.endswith(".weights.h5"):
        return _tensors(path)
    config, version = config_of(path)
    if config is None:
        return _tensors(path)
    keras_2 = version.startswith("2.") and util.find_spec("tf_keras") is not None
    adapter: Any = adapter_named("tf_keras" if keras_2 else "keras")
    if not allow_code and (found := check_config(config, getattr(adapter, "registered", None))) is not None:
        raise WouldRunCodeError(f"{str(path)!r} holds {found}, and loading it runs code: {_ALLOW}.")
    try:
        return adapter.load(path, allow_code)
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"Keras can't load {str(path)!r}: {_in_short(error)}") from error


def _of_torch(path: Path, allow_code: bool) -> Any:
    """A state dict, or whatever else lies there, if that may run."""
    try:
        return _tensors(path)
    except WouldRunCodeError as error:
        if not allow_code:
            raise WouldRunCodeError(f"{str(error).partition(': ')[0]}: {_ALLOW}.") from None
    return _run(path)


def _program(path: Path, allow_code: bool) -> Any:
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{str(path)!r} is no whole file of torch.export.save.")
    if not allow_code:
        raise WouldRunCodeError(
            f"{str(path)!r} is a program of torch.export, and loading it runs what is pickled in it: {_ALLOW}."
        )
    return _run(path)


def _run(path: Path) -> Any:
    try:
        return adapter_named("torch").load(path)  # type: ignore[attr-defined]
    except CheckpointError:
        raise
    except Exception as error:
        raise CheckpointError(f"torch can't load {str(path)!r}: {_in_short(error)}") from error


def _folder(path: Path, allow_code: bool) -> Any:
    """A SavedModel, or a folder with one checkpoint in it, as model hubs have them."""
    if (path / "saved_model.pb").is_file():
        if allow_code and (path / "keras_metadata.pb").is_file():
            return adapter_named("tf_keras").load(path, allow_code)  # type: ignore[attr-defined]
        return Checkpoint(path)
    names = ("model.safetensors.index.json", "model.safetensors", "pytorch_model.bin.index.json", "pytorch_model.bin")
    for name in names:
        if (path / name).is_file():
            return from_disk(path / name, allow_code)
    raise CheckpointError(f"{str(path)!r} is a folder without saved_model.pb, and without {', '.join(names[:2])}.")


def _in_short(error: BaseException) -> str:
    """What a framework says in pages, in one line: its last word is the cause."""
    said = " ".join(str(error).split("Exception encountered:")[-1].split())
    if lacking := re.search(r"[Cc]ould not locate (\w+ '[^']+')|[Uu]nknown (\w+: '?[\w>]+'?)", said):
        what = (lacking[1] or lacking[2]).replace(": ", " ")
        return (
            f"it holds the {what}, which is not registered: import what registers it first, or build the model in code."
        )
    return f"{type(error).__name__}: {said[:300]}"
