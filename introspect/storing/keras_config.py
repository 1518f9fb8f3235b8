"""The configuration in a whole model of Keras, read as JSON: whether building it runs code that lies in the file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from .hdf5 import attributes

# Layers that unpickle, or load a program, from what their configuration says.
_RUN = {
    "Lambda": "a Lambda layer",
    "__lambda__": "a lambda",
    "TFSMLayer": "a TFSMLayer, which loads a SavedModel",
    "TorchModuleWrapper": "a TorchModuleWrapper, which unpickles a module",
    "JaxLayer": "a JaxLayer",
    "FlaxLayer": "a FlaxLayer",
}
# Where functions come from that a layer may be given: nothing in there writes files or fetches them.
_FUNCTIONS = ("activations", "initializers", "regularizers", "constraints", "losses", "metrics", "ops")


def config_of(path: Path) -> tuple[Any, str]:
    """The configuration and the version of Keras that wrote it; `None` for a file of weights alone. Raises
    `CheckpointError`."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if "config.json" not in names:
                    return None, ""
                said = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
                return json.loads(archive.read("config.json")), str(said.get("keras_version", ""))
        held = attributes(path, ("model_config", "keras_version"))
        config = held["model_config"]
        return (None if config is None else json.loads(config)), str(held["keras_version"] or "")
    except (ValueError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{str(path)!r} is no whole model of Keras: {error}.") from error


def check_config(config: Any) -> str | None:
    """What in a configuration would run code of the file's choice; `None`: nothing that we know of."""
    for one in _objects(config):
        name = one.get("class_name")
        if isinstance(name, str) and name.rpartition(">")[2] in _RUN:
            return _RUN[name.rpartition(">")[2]]
        if name == "function" and not _is_harmless(str(one.get("module"))):
            return f"the function {one.get('config')} of {one.get('module')}"
    return None


def _is_harmless(module: str) -> bool:
    """Whether a function is not one of Keras's own that do more than mathematics. Those of other packages Keras takes
    only if the caller has registered them."""
    parts = module.split(".")
    return parts[0] != "keras" or any(part in _FUNCTIONS for part in parts[1:3])


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    waiting = [config]
    while waiting:
        held = waiting.pop()
        if isinstance(held, dict):
            yield held
            waiting += held.values()
        elif isinstance(held, list):
            waiting += held
