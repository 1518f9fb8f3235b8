"""Keras: awkward models, each against a real eager pass, and each the same before and after, on the active backend."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops
from support import keras_reference
from support.checks import array, check_report, shapes_differ
from support.fingerprint import difference, keras_fingerprint
from support.models import keras_models

from introspect import Inputs, TensorSpec, inspect
from introspect.errors import InputsError

NAMES = list(keras_models())
# Keras runs these inside another layer's call without calling them, or step by step: ours are given by rule.
BY_RULE = ("simple_rnn_cell", "lstm_cell", "gru_cell")


def feed(model: Any, said: Any) -> Any:
    """Real arrays for what is said about a model, or for what it declares."""
    if said is None:
        said = [tuple(1 if n is None else n for n in t.shape) for t in model.inputs]
        said = said[0] if len(said) == 1 else said
    if isinstance(said, dict):
        return ({name: np.ones(shape, "float32") for name, shape in said.items()},)
    return tuple(np.ones(shape, "float32") for shape in (said if isinstance(said, list) else [said]))


@pytest.mark.parametrize("name", NAMES)
def test_shapes_are_those_of_a_real_pass(name: str) -> None:
    model, said = keras_models()[name]()
    report = inspect(model, said)
    assert (report.complete, report.method) == (True, "abstract")
    check_report(report)
    arrays = feed(model, said)
    if name == "embedding with mask":
        arrays = (arrays[0].astype("int32"),)
    reference = keras_reference.record(model, *arrays)
    if name == "time distributed":
        assert report["dense"].output_shape == (2, 3)  # one step of five
        reference.calls["dense"] = []
        report = without_calls(report, "dense")
    assert not shapes_differ(report, reference, BY_RULE)


def without_calls(report: Any, path: str) -> Any:
    from dataclasses import replace

    return replace(report, layers=tuple(replace(x, calls=()) if x.path == path else x for x in report))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("trace", ["auto", "abstract", "eager", None])
def test_the_model_is_left_as_it_was(name: str, training: bool, trace: str | None) -> None:
    model, said = keras_models()[name]()
    before = keras_fingerprint(model)
    report = inspect(model, said, trace=trace, training=training)
    assert report.complete
    assert not difference(before, keras_fingerprint(model))
    assert report == inspect(model, said, trace=trace, training=training)


def test_both_methods_see_the_same_calls() -> None:
    for name, make in keras_models().items():
        model, said = make()
        abstract, eager = (inspect(model, said, trace=trace) for trace in ("abstract", "eager"))
        for a, b in zip(abstract, eager, strict=True):
            if a.kind not in BY_RULE and name != "time distributed":
                shapes = [[(c.inputs, c.outputs) for c in layer.calls] for layer in (a, b)]
                assert shapes[0] == shapes[1], (name, a.path)
            assert a.parameter_count == b.parameter_count


def test_counts_are_the_frameworks_own() -> None:
    """What Keras counts is our parameters and buffers, without seeds."""
    for name, make in keras_models().items():
        model, said = make()
        before = inspect(model, said)
        model(
            *[a.astype("int32") if name == "embedding with mask" else a for a in feed(model, said)]
        ) if not isinstance(said, dict) else model(*feed(model, said))
        report = inspect(model, said)
        if name == "unused layer":
            assert report.parameter_count is None
            assert report.native_count == model.count_params()
            continue
        weights = [p for p in report.parameters if p.role != "seed"]
        assert report.native_count == model.count_params() == sum(p.size for p in weights), name
        assert before.parameter_count == report.parameter_count, name
        trainable = sum(int(np.prod(v.shape)) for v in model.trainable_weights)
        assert report.trainable_count == trainable, name


def test_what_is_not_built_is_unknown() -> None:
    report = inspect(keras_models()["subclassed, not built"]()[0])
    assert report.parameter_count is None
    assert report.bytes is None
    assert report.native_count is None
    assert {layer.units for layer in report if layer.kind == "dense"} == {4, 2}
    assert "?" in str(report)
    assert any("not built" in note for note in report.notes)


def test_a_model_that_says_it_is_built_and_is_not() -> None:
    class Outer(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.inner = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.inner(x)

    model = Outer()
    with pytest.warns(UserWarning, match="was called on layer"):
        model.build((None, 4))
    assert model.built
    assert model.count_params() == 0
    assert inspect(model, trace=None).parameter_count is None
    assert inspect(model, (1, 4)).parameter_count == 15
    assert not model.inner.built


def test_frozen_layers_are_parameters_and_not_trainable() -> None:
    report = inspect(keras_models()["frozen"]()[0])
    first, norm = (layer for layer in report if layer.kind in ("dense", "batch_norm") and layer.units != 2)
    assert (first.parameter_count, first.trainable_count) == (15, 0)
    assert (norm.parameter_count, norm.buffer_count) == (6, 6)
    assert report.trainable_count == 6 + 8
    whole = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    whole.trainable = False
    whole.layers[0].trainable = True  # says so, and yet nothing trains
    assert whole.trainable_weights == []
    assert inspect(whole).trainable_count == 0


def test_siblings_of_one_name_are_numbered() -> None:
    report = inspect(keras_models()["same names"]()[0], (2, 4))
    assert [layer.path for layer in report] == ["", "d", "d#2"]
    assert report["d#2"].units == 3


def test_shared_layers_stand_once_and_are_called_twice() -> None:
    model, said = keras_models()["shared, two inputs, two outputs"]()
    report = inspect(model, said)
    assert len(report["twice"].calls) == 2 + 1
    assert report.parameter_count == 4 * 3 + 3
    assert [spec.shape for spec in report.outputs] == [(2, 6), (2, 3)]


def test_the_parts_of_a_built_in_layer_are_its_own() -> None:
    report = inspect(layers.LSTM(3), (1, 5, 4))
    cell = next(layer for layer in report if layer.part_of == "")
    assert report.root.kernel_shape == (4, 12)
    assert [p.name for p in report.root.parameters[:3]] == [
        f"{cell.path}.{n}" for n in ("kernel", "recurrent_kernel", "bias")
    ]
    assert cell.parameters == ()
    assert cell.parameter_count == report.parameter_count == 4 * 12 + 3 * 12 + 12
    attention = inspect(layers.MultiHeadAttention(2, 4), [(1, 5, 8), (1, 5, 8)])
    assert attention.root.kernel is None
    assert attention["query"].part_of == ""
    assert attention["query"].output_shape == (1, 5, 2, 4)
    assert attention.root.parameter("query_kernel").axes == "in head key_dim"


@pytest.mark.parametrize("trace", ["auto", "abstract", "eager"])
def test_a_model_that_raises_gives_the_report_up_to_there(trace: str) -> None:
    class Breaks(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = layers.Dense(3, name="first"), layers.Dense(3, name="second")
            self.second.build((None, 4))

        def call(self, x: Any) -> Any:
            self.seen = x
            return self.second(self.first(x))

    model = Breaks()
    before = keras_fingerprint(model)
    report = inspect(model, (2, 4), trace=trace)
    assert not difference(before, keras_fingerprint(model))
    assert not report.complete
    assert report["first"].output_shape == (2, 3)
    assert report["second"].output_shape is None
    note = next(note for note in report.notes if "raised" in note)
    assert "Layer 'second' raised on f32[2,3]" in note
    assert "ValueError" in note


def test_a_layer_that_can_not_be_followed_is_run() -> None:
    class Branches(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a = layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.a(x) if bool(ops.sum(x) > 0) else x

    model = Branches()
    before = keras_fingerprint(model)
    report = inspect(model, (2, 4))
    # On torch Keras's own symbolic pass turns to real tensors by itself, and so the method stays the same.
    assert (report.complete, report.method) == (True, "abstract" if keras.config.backend() == "torch" else "eager")
    assert report.outputs == TensorSpec((2, 3))
    assert report.parameter_count == 15
    assert not difference(before, keras_fingerprint(model))


def test_another_thread_runs_undisturbed() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    x = np.ones((3, 4), "float32")
    expected = array(model(x))
    wrong: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if not np.array_equal(array(model(x)), expected):
                wrong.append("an output was seen changed")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(20):
        assert inspect(model).complete
    stop.set()
    watcher.join()
    assert not wrong


def test_the_model_is_freed() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4)])
    report = inspect(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert report.parameter_count == 20


def test_inputs_of_every_form() -> None:
    model, _ = keras_models()["shared, two inputs, two outputs"]()
    spec = TensorSpec((2, 4))
    for said in ({"a": (2, 4), "b": (2, 4)}, [(2, 4), spec], [np.ones((2, 4), "float32")] * 2):
        given = inspect(model, said).inputs.args[0]
        assert given == {"a": spec, "b": spec}
    assert inspect(model).inputs.args[0] == {"a": TensorSpec((1, 4)), "b": TensorSpec((1, 4))}
    lookup = keras.Sequential([layers.Embedding(9, 4), layers.Dense(3)])
    assert inspect(lookup, (None, 5)).inputs == Inputs(TensorSpec((1, 5), "int32"))


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ((2, 4), "has 2 inputs ('a', 'b'); given was 1"),
        ([(2, 4)] * 3, "has 2 inputs ('a', 'b'); given were 3"),
        ({"a": (2, 4), "c": (2, 4)}, "has the inputs 'a', 'b'; given were 'a', 'c'"),
        ([TensorSpec((2, 4), "float33")] * 2, "'float33' is no dtype of Keras"),
    ],
)
def test_inputs_that_can_not_be_the_models_are_refused_in_a_sentence(said: Any, sentence: str) -> None:
    model, _ = keras_models()["shared, two inputs, two outputs"]()
    with pytest.raises(InputsError) as raised:
        inspect(model, said)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_sizes_that_a_model_leaves_open_are_guessed_and_said_to_be() -> None:
    x = keras.Input((None, None, 3))
    model = keras.Model(x, layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(x)))
    report = inspect(model)
    assert report.inputs == Inputs(TensorSpec((1, 224, 224, 3)))
    assert any("guess" in note for note in report.notes)
    built = layers.Dense(3)
    built.build((None, 7))
    assert inspect(built).inputs == Inputs(TensorSpec((1, 7)))
    assert any("built with" in note for note in inspect(built).notes)


def test_the_dataflow_names_the_steps_that_made_each_input() -> None:
    report = inspect(keras_models()["functional"]()[0])
    steps = {op.kind: op for op in report.operations}
    norm = next(layer for layer in report if layer.kind == "batch_norm").calls[0]
    relu = next(layer for layer in report if layer.kind == "activation").calls[0]
    convs = [layer.calls[0] for layer in report if layer.kind == "conv2d"]
    first = next(call for call in convs if call.order != norm.sources[0].step)
    assert set(steps) == {"tanh", "add"}
    assert steps["tanh"].sources[0].step == norm.order
    assert [s.step for s in steps["add"].sources] == [first.order, steps["tanh"].order]
    assert relu.sources[0].step == steps["add"].order
    assert first.sources[0].kind == "input"


def test_a_keras_model_on_the_torch_backend_is_read_as_keras() -> None:
    if keras.config.backend() != "torch":
        pytest.skip("the torch backend runs in test_backends.py")
    report = inspect(keras.Sequential([keras.Input((4,)), layers.Dense(3, name="dense")]))
    assert (report.framework, report.backend) == ("keras", "torch")
    assert report["dense"].kernel_shape == (4, 3)
