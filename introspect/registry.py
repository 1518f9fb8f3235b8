"""Which adapter reads this object: a table of strings, so that no framework is imported to answer.

Third parties add theirs through the entry-point group `introspect.adapters`: an entry point is named by the class that
its adapter reads (`mlx.nn.layers.base.Module`) and points to a function that returns an `Adapter`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, cast

from .adapter import Adapter
from .errors import MissingFrameworkError, UnsupportedModelError


class Framework(NamedTuple):
    """A framework we read: the qualified names its models have in their MRO, our module, the extra that installs it."""

    classes: tuple[str, ...]
    adapter: str
    extra: str


# Keras before torch: with the torch backend a Keras model is an nn.Module as well.
FRAMEWORKS: dict[str, Framework] = {
    "keras": Framework(("keras.src.layers.layer.Layer",), "introspect.adapters.keras", "tensorflow"),
    "tf_keras": Framework(("tf_keras.src.engine.base_layer.Layer",), "introspect.adapters.tf_keras", "tf_keras"),
    "torch": Framework(
        ("torch.nn.modules.module.Module", "torch.export.exported_program.ExportedProgram"),
        "introspect.adapters.pytorch",
        "torch",
    ),
}

# Objects that people hand in and that we don't read: qualified name (in the MRO) → what to do instead.
_HINTS: dict[str, str] = {
    "builtins.NoneType": "pass a live Keras model or torch.nn.Module",
    "builtins.str": "load the model first and pass the live object, or the path of a file that is there",
    "builtins.bytes": "load the model first and pass the live object",
    "pathlib.PurePath": "load the model first and pass the live object, or the path of a file that is there",
    "introspect.checkpoints.Checkpoint": "a checkpoint has tensors and no calls; pass the model that it is one of",
    "onnx.onnx_ml_pb2.ModelProto": "ONNX models are not read; pass the Keras or PyTorch model it was exported from",
    "keras.src.engine.base_layer.Layer": "this Keras 2 is not read; load the model with Keras 3, or with tf_keras",
    "keras.engine.base_layer.Layer": "this Keras 2 is not read; load the model with Keras 3, or with tf_keras",
    "tensorflow.python.module.module.Module": "a bare tf.Module has no layers; pass a Keras model",
    "builtins.dict": "if it is a state dict, load it into its model and pass the model",
    "torch.Tensor": "pass the model, and tensors as inputs=",
    "numpy.ndarray": "pass the model, and arrays as inputs=",
}


def adapter_for(obj: object) -> Adapter:
    """The adapter that reads this object. Raises `UnsupportedModelError` with a hint where there is none."""
    names = qualified_names(type(obj))
    for framework in FRAMEWORKS.values():
        if not names.isdisjoint(framework.classes) and (adapter := _load(framework.adapter)).owns(obj):
            return adapter
    if not names & _entry_points().keys():  # one may have been installed since
        _entry_points.cache_clear()
    for name, load in _entry_points().items():
        if name in names:
            return cast(Adapter, load())
    raise UnsupportedModelError(_refusal(obj, names))


def adapter_named(name: str) -> Adapter:
    """The adapter of a framework that is wanted by name. Raises `MissingFrameworkError`."""
    try:
        return _load(FRAMEWORKS[name].adapter)
    except ImportError as error:
        raise missing_framework(name, error) from error


def saved_model(path: Any) -> Any:
    """The variables of a SavedModel. Raises `MissingFrameworkError`, `CheckpointError`."""
    try:
        return import_module("introspect.adapters.saved_model").SavedModel(path)
    except ImportError as error:
        said = "tensorflow is needed for a SavedModel and can't be imported: pip install 'introspect-nn[tensorflow]'"
        raise MissingFrameworkError(said, name="tensorflow") from error


def qualified_names(cls: type) -> set[str]:
    """The qualified names of a class and all its parents."""
    return {f"{c.__module__}.{c.__qualname__}" for c in cls.__mro__}


def missing_framework(name: str, error: ImportError | None = None) -> MissingFrameworkError:
    """The error to raise where a framework is asked for by name and can't be imported, or lacks what it runs on."""
    extra = FRAMEWORKS[name].extra
    lacks = error.name.partition(".")[0] if error is not None and error.name else name
    why = "is not installed" if lacks == name else f"can't be imported without {lacks}"
    other = "" if lacks == name else ", or choose another backend with KERAS_BACKEND"
    return MissingFrameworkError(
        f"{name} is needed for this and {why}: pip install 'introspect-nn[{extra}]'{other}", name=name
    )


@cache
def _load(module: str) -> Adapter:
    return cast(Adapter, import_module(module).ADAPTER)


@cache
def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points  # slow to import, and only needed for objects of a third party

    return {point.name: point.load() for point in entry_points(group="introspect.adapters")}


def _refusal(obj: object, names: set[str]) -> str:
    wanted = "a live Keras model or layer, or a torch.nn.Module, is expected"
    if isinstance(obj, type):
        return f"This is the class {obj.__name__}, not a model: {wanted}; pass an instance, {obj.__name__}(...)."
    hint = next((hint for name, hint in _HINTS.items() if name in names), None)
    what = "None" if obj is None else f"an object of type {type(obj).__module__}.{type(obj).__qualname__}"
    return f"This is {what}: {wanted}{'; ' + hint if hint else ''}."
