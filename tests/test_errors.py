"""Bad input gets one sentence, from one exception tree."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import introspect
from introspect import IntrospectError, TensorSpec, errors, explain, inspect
from introspect.registry import missing_framework


class ModelProto:
    """Has the qualified name of an ONNX model, which is all that the registry reads."""


ModelProto.__module__, ModelProto.__qualname__ = "onnx.onnx_ml_pb2", "ModelProto"


class OldLayer:
    """Has the qualified name of a layer of the package `keras` when it was Keras 2."""


OldLayer.__module__, OldLayer.__qualname__ = "keras.src.engine.base_layer", "Layer"

NO_MODELS = [
    (None, "This is None"),
    (nn.Linear, "the class Linear, not a model"),
    (nn.Linear(2, 3).state_dict(), "if it is a state dict, load it"),
    ("resnet50", "load the model first"),
    (b"resnet50", "load the model first"),
    (Path("resnet50"), "load the model first"),
    (ModelProto(), "ONNX models are not read"),
    (OldLayer(), "this Keras 2 is not read; load the model with Keras 3, or with tf_keras"),
    (3, "builtins.int"),
    (torch.ones(2), "pass the model, and tensors as inputs="),
    (np.ones(2), "pass the model, and arrays as inputs="),
    (lambda x: x, "builtins.function"),
    ([nn.Linear(2, 3)], "builtins.list"),
]


@pytest.mark.parametrize(("thing", "sentence"), NO_MODELS, ids=lambda value: type(value).__name__)
def test_what_is_no_model_is_refused(thing: Any, sentence: str) -> None:
    for ask in (inspect, explain):
        with pytest.raises(errors.UnsupportedModelError) as raised:
            ask(thing)
        text = str(raised.value)
        assert sentence in text
        assert "expected" in text
        assert "\n" not in text
        assert text.endswith(".")
        assert isinstance(raised.value, (IntrospectError, TypeError))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("1,3,224,224", "These inputs can't be read: '1,3,224,224' of type str"),
        (object, "can't be read"),
        (3, "can't be read"),
        ((-1, 3), "negative"),
        ([(1, 3), "x"], "can't be read: 'x'"),
        ((1.5, 2), "can't be read"),
        (TensorSpec((1, 3), "float33"), "is no dtype of torch"),
        ({"x": object()}, "can't be read"),
    ],
)
def test_inputs_that_can_not_be_read_are_refused(said: Any, sentence: str) -> None:
    with pytest.raises(errors.InputsError) as raised:
        inspect(nn.Linear(3, 2), said)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(errors.InputsError, match="trace='fast' is no method"):
        inspect(nn.Linear(3, 2), trace="fast")


def test_an_unknown_path_is_refused_with_near_names() -> None:
    report = inspect(nn.Sequential(nn.Linear(3, 2)), trace=None)
    for ask in (lambda: report["O"], lambda: explain(report, "O"), lambda: explain(report)["O"]):
        with pytest.raises(errors.UnknownPathError, match="No layer has the path 'O'"):
            ask()
    with pytest.raises(errors.UnknownPathError, match="has no parameter 'wieght': did you mean 'weight'"):
        report["0"].parameter("wieght")


def test_one_tree() -> None:
    ours = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert all(issubclass(e, IntrospectError) for e in ours)
    assert all(e.__name__ in (errors.__doc__ or "") for e in ours)
    error = errors.UnknownPathError("a sentence")
    assert str(pickle.loads(pickle.dumps(error))) == "a sentence"


def test_a_missing_framework_says_which_extra_to_install() -> None:
    assert "pip install 'introspect-nn[torch]'" in str(missing_framework("torch"))
    assert "pip install 'introspect-nn[tensorflow]'" in str(missing_framework("keras"))
    assert "pip install 'introspect-nn[tf_keras]'" in str(missing_framework("tf_keras"))


def test_third_parties_register_through_entry_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from introspect import registry
    from introspect.adapter import Description, Trace
    from introspect.records import Layer

    class Model:
        pass

    class Adapter:
        name = "other"

        def owns(self, obj: object) -> bool:
            return isinstance(obj, Model)

        def describe(self, model: Any) -> Description:
            return Description("other", "1", "other", "Model", (Layer("", "Model"),), 0)

        def inputs_for(self, model: Any, said: Any) -> tuple[Any, ...]:
            return ()

        def trace(self, model: Any, inputs: Any, method: str, training: bool) -> Trace:
            return Trace(inputs)

    name = f"{Model.__module__}.{Model.__qualname__}"
    monkeypatch.setattr(registry, "_entry_points", lambda: {name: Adapter})
    report = introspect.inspect(Model())
    assert (report.framework, report.model, len(report)) == ("other", "Model", 1)


def test_a_report_is_returned_as_it_is() -> None:
    report = inspect(nn.Linear(3, 2))
    assert inspect(report) is report


def test_a_class_that_only_looks_like_one_of_keras() -> None:
    """Frameworks are told by the qualified names in the MRO, not by the bare ones."""
    with pytest.raises(errors.UnsupportedModelError):
        inspect(type("Layer", (), {})())
