"""The configuration in a whole model of Keras, read as JSON: whether building it runs code that lies in the file."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import CheckpointError
from .hdf5 import DAMAGED, attributes

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
# Layers of Keras 2 that call what they name of TensorFlow, already while the model is built; and where that only
# computes. Of what is named without a dot, some reads and writes files, loads libraries or calls Python.
_CALLS = {"TFOpLambda": "function", "SlicingOpLambda": "function", "ClassMethod": "cls_symbol"}
_COMPUTING = frozenset(
    {"__operators__", "math", "nn", "linalg", "signal", "image", "bitwise", "sets", "strings", "ragged", "sparse"}
    | {"random", "dtypes", "quantization", "RaggedTensor", "SparseTensor"}
)
_ACTING = re.compile(r"load|file|func|print|graph|logger|regist")
_KERAS = ("", "keras", "tf_keras", "builtins")


def config_of(path: Path) -> tuple[Any, str]:
    """The configuration and the version of Keras that wrote it; `None` for a file of weights alone. Raises
    `CheckpointError`."""
    try:
        if zipfile.is_zipfile(path):
            if not path.name.endswith(".keras"):  # Keras would read another configuration, of an HDF5 file in front
                raise CheckpointError(
                    f"{str(path)!r} is a zip archive, which a whole model of Keras is as .keras only."
                )
            with zipfile.ZipFile(path) as archive:
                names = archive.namelist()
                if "config.json" not in names:
                    return None, ""
                said = json.loads(archive.read("metadata.json")) if "metadata.json" in names else {}
                return json.loads(archive.read("config.json")), str(said.get("keras_version", ""))
        held = attributes(path, ("model_config", "keras_version"))
        config = held["model_config"]
        return (None if config is None else json.loads(config)), str(held["keras_version"] or "")
    except (ValueError, TypeError, AttributeError, RuntimeError, OSError, *DAMAGED) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{str(path)!r} is no whole model of Keras: {error}.") from error


def check_config(config: Any, is_known: Callable[[str], bool] | None = None) -> str | None:
    """What in a configuration would run code of the file's choice; `None`: nothing that we know of. `is_known`: whether
    a class or function is registered, for a Keras that imports any module that a file names."""
    for one in _objects(config):
        name = one.get("class_name")
        if not isinstance(name, str):
            continue
        short = name.rpartition(">")[2]
        if short in _RUN:
            return _RUN[short]
        module, function = str(one.get("module") or ""), str(one.get("config"))
        if name == "function" and not _is_harmless(module):
            return f"the function {function} of {module}"
        if short in _CALLS and not _only_computes(one.get("config"), _CALLS[short]):
            return f"a {short} of {_named(one['config'], _CALLS[short])}, which does more than compute"
        ours = (*_KERAS, "tensorflow") if name == "__typespec__" else _KERAS
        if is_known is not None and module.partition(".")[0] not in ours:
            said = function if name == "function" else name
            if not is_known(said) and not is_known(str(one.get("registered_name"))):
                return f"{said} of {module}, which is not registered"
    return None


def _is_harmless(module: str) -> bool:
    """Whether a function is not one of Keras's own that do more than mathematics."""
    parts = module.split(".")
    return parts[0] not in ("keras", "tf_keras") or any(part in _FUNCTIONS for part in parts[1:3])


def _only_computes(config: Any, key: str) -> bool:
    """Whether a symbol of TensorFlow, `math.multiply` or `concat`, writes no files and calls no other code."""
    name = _named(config, key).removeprefix("compat.v1.")
    first, dot, _ = name.partition(".")
    return first in _COMPUTING if dot or not name[:1].islower() else _ACTING.search(name) is None


def _named(config: Any, key: str) -> str:
    return str(config.get(key)) if isinstance(config, dict) else "?"


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """All objects in it, also those in a text that is JSON again."""
    waiting = [config]
    while waiting:
        held = waiting.pop()
        if isinstance(held, dict):
            yield held
            waiting += held.values()
        elif isinstance(held, list):
            waiting += held
        elif isinstance(held, str) and "class_name" in held:
            with suppress(ValueError, RecursionError):
                waiting.append(json.loads(held))
