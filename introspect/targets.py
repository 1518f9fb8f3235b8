"""What is named on the command line: models, files with saved reports, inputs, arguments."""

from __future__ import annotations

import importlib
import json
import sys
from os import PathLike
from pathlib import Path
from typing import Any

from .disk import ENDINGS, from_disk
from .errors import InputsError, IntrospectError, TargetError, near_names
from .registry import FRAMEWORKS, adapter_for, missing_framework
from .values import Inputs, TensorSpec


def load_target(target: str, arguments: dict[str, Any], allow_code: bool = False) -> Any:
    """The model that `package.module:name` is, or makes; what a file or folder holds, as `from_disk` reads it. Raises
    `TargetError`, `CheckpointError`, `MissingFrameworkError`, `SchemaError`."""
    if _is_on_disk(target):
        if arguments:
            raise TargetError(f"{target} is a file: --with is for a callable that makes a model.")
        return from_disk(target, allow_code)
    module_name, colon, name = target.partition(":")
    if not colon or not module_name or not name:
        raise TargetError(
            f"{target!r} is no target: write package.module:name, such as keras.applications:ResNet50, "
            "or a file: a report.json that to_json() was written to, model.keras, weights.safetensors and so on."
        )
    found = _imported(module_name)
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise TargetError(f"{module_name!r} has no {name!r}: {near_names(part, dir(found))}") from None
        except (Exception, SystemExit) as error:  # a package that imports what it offers only when asked
            raise TargetError(f"{name!r} of {module_name!r} can't be had: {_one_line(error)}") from error
    if not callable(found) or _is_model(found):
        if arguments:
            raise TargetError(f"{target} is a model already: --with is for a callable that makes one.")
        return _no_path(found)
    try:
        made = found(**arguments)
    except (Exception, SystemExit) as error:
        raise TargetError(f"{target} could not be called with {_shown(arguments)}: {_one_line(error)}") from error
    return _no_path(made)


def _no_path(found: Any) -> Any:
    """Only what is named on the command line itself is a path. Raises `UnsupportedModelError`."""
    if isinstance(found, (str, PathLike)):
        adapter_for(found)  # which says what it is instead
    return found


def _is_on_disk(target: str) -> bool:
    """Whether a target is a file or folder."""
    return Path(target).exists() or (target.endswith(ENDINGS) and ":" not in target)


def _imported(module_name: str) -> Any:
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: the user's own module lies in the current folder
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        framework = module_name.partition(".")[0]
        if framework in FRAMEWORKS and (missing := _import_error(framework)) is not None:
            raise missing_framework(framework, missing) from error
        raise TargetError(f"{module_name!r} can't be imported: {error}.") from error
    except (Exception, SystemExit) as error:
        raise TargetError(f"{module_name!r} can't be imported: {_one_line(error)}") from error


def _import_error(name: str) -> ImportError | None:
    try:
        importlib.import_module(name)
    except ImportError as error:
        return error
    return None


def _is_model(found: object) -> bool:
    try:
        return adapter_for(found) is not None
    except IntrospectError:
        return False


def parse_inputs(texts: list[str]) -> Any:
    """`--input` values: one is one input, several are several, named ones are keyword arguments."""
    parsed = [_parse_input(text) for text in texts]
    if not parsed:
        return None
    if any(name for name, _ in parsed):
        positional = [
            value if isinstance(value, TensorSpec) else TensorSpec(value) for name, value in parsed if not name
        ]
        named = {name: value for name, value in parsed if name}
        if positional:
            named = {name: v if isinstance(v, TensorSpec) else TensorSpec(v) for name, v in named.items()}
        return Inputs(*positional, **named) if positional else named
    return parsed[0][1] if len(parsed) == 1 else [value for _, value in parsed]


def _parse_input(text: str) -> tuple[str, Any]:
    name, equals, rest = text.partition("=")
    name, rest = (name.strip(), rest) if equals else ("", text)
    sizes, _, dtype = rest.partition(":")
    try:
        shape = tuple(None if s.strip() in ("None", "?") else int(s) for s in sizes.split(",") if s.strip())
    except ValueError:
        raise InputsError(f"--input {text!r} is no shape: write sizes separated by commas, 1,3,224,224.") from None
    return name, TensorSpec(shape, dtype.strip()) if dtype else shape


def parse_arguments(texts: list[str]) -> dict[str, Any]:
    """`--with` values as keyword arguments."""
    return dict(_argument(text) for text in texts)


def _argument(text: str) -> tuple[str, Any]:
    """`weights=null` → None, `units=3` → 3, `name=resnet` → 'resnet'."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise TargetError(f"--with {text!r} is no keyword argument: write name=value, such as weights=null.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _shown(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items()) or "no arguments"


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
