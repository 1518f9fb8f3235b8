"""Keras 2 (tf_keras): every layer class, awkward models, each against a real pass and the same before and after."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from typing import Any

import numpy as np
import pytest

with warnings.catch_warnings():  # tf_keras and TensorFlow warn of themselves while they are imported
    warnings.simplefilter("ignore")
    tf = pytest.importorskip("tensorflow")
    tf_keras = pytest.importorskip("tf_keras")

from support import tf_keras_reference
from support.checks import check_report, shapes_differ
from support.fingerprint import difference
from support.tf_keras_fingerprint import tf_keras_fingerprint
from support.tf_keras_layers import Case, tf_keras_layers
from support.tf_keras_models import tf_keras_models

from introspect import Inputs, TensorSpec, explain, inspect
from introspect.errors import InputsError, UnsupportedModelError
from introspect.values import tensor_leaves

layers = tf_keras.layers
CASES = tf_keras_layers()
MODELS = tf_keras_models()
# Classes that are no layers by themselves: to be subclassed, or to hold others.
ABSTRACT = {"Layer", "Wrapper", "AbstractRNNCell", "InputSpec", "PreprocessingLayer"}
# Keras 2 runs these step by step, or not at all where one kernel does it: ours are given by rule.
BY_RULE = ("simple_rnn_cell", "lstm_cell", "gru_cell", "stacked_cells", "conv_lstm_cell")


def live(said: Any) -> Inputs:
    """Real tensors for what is said."""
    if isinstance(said, Inputs):
        return Inputs(*(live(value).args[0] for value in said.args))
    if isinstance(said, dict):
        return Inputs({name: live(value).args[0] for name, value in said.items()})
    if isinstance(said, list):
        return Inputs([live(value).args[0] for value in said])
    spec = said if isinstance(said, TensorSpec) else TensorSpec(said)
    return Inputs(tf.fill(spec.shape, "a") if spec.dtype == "string" else tf.ones(spec.shape, spec.dtype))


def as_said(said: Any) -> Any:
    """A list is the first argument of these layers, and the fingerprint of a case is of `Inputs` alone."""
    return Inputs(_specs(said)) if isinstance(said, list) else said


def _specs(said: Any) -> Any:
    return [_specs(value) for value in said] if isinstance(said, list) else _spec(said)


def _spec(said: Any) -> TensorSpec:
    return said if isinstance(said, TensorSpec) else TensorSpec(said)


@pytest.fixture(autouse=True)
def _legacy(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """`SpectralNormalization` of tf_keras works where `tf.keras` is tf_keras, as it asks that for a class."""
    case = getattr(request.node, "callspec", None)
    if case is not None and getattr(CASES.get(case.params.get("name")), "legacy", False):
        monkeypatch.setattr(tf.keras.layers, "InputSpec", tf_keras.layers.InputSpec)


@pytest.mark.parametrize("name", list(CASES))
def test_a_layer_is_what_is_written_beside_it(name: str) -> None:
    case = CASES[name]
    layer = case.make()
    before = tf_keras_fingerprint(layer)
    unbuilt = inspect(layer, as_said(case.said))
    assert not difference(before, tf_keras_fingerprint(layer))
    assert (unbuilt.complete, unbuilt.method) == (True, case.method), unbuilt.notes
    check_case(case, unbuilt)
    infer = {"training": False} if layer._call_spec.default_training_arg else {}
    outputs = layer(*live(case.said).args, **infer)
    before = tf_keras_fingerprint(layer)
    built = inspect(layer, as_said(case.said))
    assert not difference(before, tf_keras_fingerprint(layer))
    check_case(case, built)
    assert built.native_count == layer.count_params()
    assert built.native_count == sum(p.size for p in built.parameters if p.role != "seed")
    assert built.trainable_count == sum(int(np.prod(v.shape)) for v in layer.trainable_weights)
    assert_outputs(built, outputs)
    assert [row.parameters for row in built] == [row.parameters for row in unbuilt]
    assert inspect(layer).complete


def check_case(case: Case, report: Any) -> None:
    check_report(report)
    root = report.root
    assert (root.kind, root.units) == (case.kind, case.units)
    assert {p.name: (p.shape, p.axes) for p in root.parameters} == case.tensors
    assert {p.path: (p.shape, p.axes) for layer in report.layers[1:] for p in layer.parameters} == case.below
    assert {p.name for p in root.parameters if p.state == "buffer"} == set(case.buffers)
    for setting, value in case.settings.items():
        assert root.setting(setting) == value, setting
    assert explain(report, "").agrees in (True, case.explained)


def assert_outputs(report: Any, outputs: Any) -> None:
    ours = [(spec.shape, spec.dtype) for spec in tensor_leaves(report.outputs)]
    real = [(tuple(t.shape), t.dtype.name) for t in tf.nest.flatten(outputs)]
    assert ours == real


@pytest.mark.parametrize("home", [layers, layers.experimental, layers.experimental.preprocessing])
def test_every_layer_class_has_a_row_and_a_case(home: Any) -> None:
    from introspect.adapters.tf_keras.layers import ROWS

    cases = {name.partition(",")[0] for name in CASES}
    classes = {value.__name__ for name in dir(home) if isinstance(value := getattr(home, name), type)} - ABSTRACT
    assert not classes - set(ROWS)
    assert not classes - cases - {"DynamicEmbedding"}  # which has a test of its own


@pytest.mark.parametrize("name", list(CASES))
def test_a_layer_is_left_as_it_was_by_the_other_methods(name: str) -> None:
    case = CASES[name]
    layer = case.make()
    for training in (False, True):
        before = tf_keras_fingerprint(layer)
        report = inspect(layer, as_said(case.said), trace="eager", training=training)
        assert report.complete, report.notes
        inspect(layer, trace=None)
        assert not difference(before, tf_keras_fingerprint(layer))
        layer(*live(case.said).args)


def arguments(model: Any, said: Any) -> tuple[Any, ...]:
    """Real tensors for what is said about a model, or for what it declares."""
    if said is None:
        specs = [TensorSpec(tuple(n or 1 for n in tensor.shape.as_list())) for tensor in model.inputs]
        said = specs[0] if len(specs) == 1 else specs
    return live(said).args


@pytest.mark.parametrize("name", list(MODELS))
def test_shapes_are_those_of_a_real_pass(name: str) -> None:
    model, said = MODELS[name]()
    abstract, eager = (inspect(model, said, trace=trace) for trace in ("abstract", "eager"))
    for report in (abstract, eager):
        assert report.complete, report.notes
        check_report(report)
    reference = tf_keras_reference.record(model, *arguments(model, said))
    if name == "wrapped":  # one step stands for all
        assert abstract["steps.each"].output_shape == (2, 4)
        for path in [path for path in reference.calls if path.startswith("steps.")]:
            reference.calls[path] = []
        abstract, eager = (without_calls(report, "steps.") for report in (abstract, eager))
    if name == "tf.function and tf.Module":
        return  # a layer inside a bare module has no path of Keras's, and a function hides the rest
    assert not shapes_differ(abstract, reference, BY_RULE)
    assert not shapes_differ(eager, reference, BY_RULE)


def without_calls(report: Any, start: str) -> Any:
    from dataclasses import replace

    return replace(report, layers=tuple(replace(x, calls=()) if x.path.startswith(start) else x for x in report.layers))


@pytest.mark.parametrize("name", list(MODELS))
def test_both_methods_see_the_same(name: str) -> None:
    model, said = MODELS[name]()
    abstract, eager = (inspect(model, said, trace=trace) for trace in ("abstract", "eager"))
    assert [layer.calls for layer in abstract] == [layer.calls for layer in eager]
    assert abstract.macs == eager.macs
    assert len(abstract.operations) == len(eager.operations)
    for a, b in zip(abstract.operations, eager.operations, strict=True):
        assert (a.kind, a.within, a.order, a.outputs) == (b.kind, b.within, b.order, b.outputs)


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize(("trace", "training"), [("auto", False), ("auto", True), ("eager", True), (None, False)])
def test_the_model_is_left_as_it_was(name: str, training: bool, trace: str | None) -> None:
    model, said = MODELS[name]()
    before = tf_keras_fingerprint(model)
    report = inspect(model, said, trace=trace, training=training)
    assert report.complete, report.notes
    assert not difference(before, tf_keras_fingerprint(model))
    assert report == inspect(model, said, trace=trace, training=training)
    model(*arguments(model, said))


@pytest.mark.parametrize("name", list(MODELS))
def test_counts_are_the_frameworks_own(name: str) -> None:
    model, said = MODELS[name]()
    before = inspect(model, said)
    model(*arguments(model, said))
    report = inspect(model, said)
    assert before.parameter_count == report.parameter_count
    assert report.native_count == sum(p.size for p in report.parameters if p.role != "seed")
    assert report.native_count == model.count_params()
    assert report.trainable_count == sum(int(np.prod(v.shape)) for v in model.trainable_weights)


@pytest.mark.parametrize("trace", ["auto", "abstract", "eager"])
def test_a_model_that_raises_gives_the_report_up_to_there(trace: str) -> None:
    class Breaks(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = layers.Dense(3, name="first"), layers.Dense(3, name="second")
            self.second.build((None, 4))

        def call(self, x: Any) -> Any:
            self.seen = x
            return self.second(self.first(x))

    model = Breaks()
    before = tf_keras_fingerprint(model)
    report = inspect(model, (2, 4), trace=trace)
    assert not difference(before, tf_keras_fingerprint(model))
    assert not report.complete
    assert report["first"].output_shape == (2, 3)
    assert report["second"].output_shape is None
    note = next(note for note in report.notes if "raised" in note)
    assert "Layer 'second' raised on f32[2,3]: ValueError" in note
    assert any("wants (batch, features) with 4 features" in note for note in report.notes)


def test_what_branches_on_values_is_run() -> None:
    class Branches(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(3, name="a"), layers.Dense(3, name="b")

        def call(self, x: Any) -> Any:
            return self.a(x) if tf.reduce_sum(x) > 0 else self.b(x)

    class Graph(Branches):
        def call(self, x: Any) -> Any:
            return tf.cond(tf.reduce_sum(x) > 0, lambda: self.a(x), lambda: self.b(x))

    for model in (Branches(), Graph()):
        before = tf_keras_fingerprint(model)
        report = inspect(model, (2, 4))
        assert not difference(before, tf_keras_fingerprint(model))
        assert (report.complete, report.method) == (True, "eager")
        assert (len(report["a"].calls), len(report["b"].calls)) == (1, 0)
        assert any("abstract pass ended" in note or "branches or loops" in note for note in report.notes)


def test_what_is_not_built_is_unknown() -> None:
    report = inspect(MODELS["subclassed, not built"]()[0])
    assert report.parameter_count is None
    assert report.native_count is None
    assert {layer.units for layer in report if layer.kind == "dense"} == {4, 2, 3}
    assert any("not built" in note for note in report.notes)


def test_the_tree_the_names_and_the_shared() -> None:
    report = inspect(*MODELS["same names"]())
    assert [layer.path for layer in report] == ["", "d", "d#2"]
    assert (report.framework, report.backend) == ("keras", "tensorflow")
    assert report.framework_version == tf_keras.__version__
    report = inspect(*MODELS["shared, two inputs, two outputs"]())
    assert len(report["twice"].calls) == 3
    assert report.parameter_count == 4 * 3 + 3
    assert [spec.shape for spec in report.outputs] == [(2, 6), (2, 3)]
    block = tf_keras.Sequential([layers.Dense(4, name="inner")], name="block")
    x = tf_keras.Input((4,))
    report = inspect(tf_keras.Model(x, tf_keras.Sequential([block], name="other")(block(x))))
    assert report["block.inner"].aliases == ("other.block.inner",)
    assert report["other.block"].path == "block"


def test_frozen_layers_and_tied_tensors() -> None:
    report = inspect(MODELS["frozen"]()[0])
    first, norm = (layer for layer in report if layer.kind in ("dense", "batch_norm") and layer.units != 2)
    assert (first.parameter_count, first.trainable_count) == (15, 0)
    assert (norm.parameter_count, norm.buffer_count) == (6, 6)
    assert report.trainable_count == 6 + 8

    class Tied(tf_keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(4, name="a"), layers.Dense(4, name="b")
            self.a.build((None, 4))
            self.b.build((None, 4))
            self.b.kernel = self.a.kernel

        def call(self, x: Any) -> Any:
            return self.b(self.a(x))

    model = Tied()
    model(tf.ones((1, 4)))
    report = inspect(model)
    assert report["b"].parameter("kernel").same_as == "a.kernel"
    assert report.parameter_count == model.count_params() == 16 + 4 + 4


def test_a_dynamic_embedding_holds_a_table_and_a_lookup() -> None:
    layer = layers.experimental.DynamicEmbedding(3, 4, tf.constant(["a", "b", "c"]))
    before = tf_keras_fingerprint(layer)
    report = inspect(layer, TensorSpec((2, 1), "string"))
    assert not difference(before, tf_keras_fingerprint(layer))
    assert (report.complete, report.root.units) == (True, 4)
    assert {child.kind for child in report.layers[1:]} == {"embedding", "lookup"}


def test_a_cell_of_the_users_is_followed_once() -> None:
    class Cell(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="cell")
            self.state_size = self.output_size = 3
            self.dense = layers.Dense(3, name="dense")

        def call(self, x: Any, states: Any) -> Any:
            output = tf.tanh(self.dense(tf.concat([x, states[0]], axis=-1)))
            return output, [output]

    for trace in ("abstract", "eager"):
        report = inspect(layers.RNN(Cell()), (2, 5, 4), trace=trace)
        assert (report.complete, report.outputs.shape) == (True, (2, 3))
        assert [len(report[path].calls) for path in ("cell", "cell.dense")] == [1, 1]
        assert report.macs is None  # how much a step takes is the cell's own affair


def test_inputs_of_every_form() -> None:
    model, _ = MODELS["shared, two inputs, two outputs"]()
    spec = TensorSpec((2, 4))
    for said in ({"a": (2, 4), "b": (2, 4)}, [(2, 4), spec], [np.ones((2, 4), "float32")] * 2):
        assert inspect(model, said).inputs.args[0] == {"a": spec, "b": spec}
    assert inspect(model).inputs.args[0] == {"a": TensorSpec((1, 4)), "b": TensorSpec((1, 4))}
    assert inspect(layers.Embedding(9, 4), (None, 5)).inputs == Inputs(TensorSpec((1, 5), "int32"))
    assert inspect(layers.Add(), [(1, 3), (1, 3)]).outputs == TensorSpec((1, 3))
    two = inspect(layers.MultiHeadAttention(2, 4), [(2, 5, 8), (2, 6, 8)])
    assert (two.complete, two["query"].part_of, two["query"].output_shape) == (True, "", (2, 5, 2, 4))
    called = layers.Dense(3)
    called(tf.ones((2, 5)))
    assert inspect(called).inputs == Inputs(TensorSpec((2, 5)))
    built = layers.Conv2D(3, 3)
    built.build((None, 16, 16, 2))
    assert inspect(built).inputs == Inputs(TensorSpec((1, 16, 16, 2)))
    x = tf_keras.Input((None, None, 3))
    open_sizes = inspect(tf_keras.Model(x, layers.Conv2D(4, 3)(x)))
    assert open_sizes.inputs == Inputs(TensorSpec((1, 224, 224, 3)))
    assert any("guess" in note for note in open_sizes.notes)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ((2, 4), "has 2 inputs ('a', 'b'); given was 1"),
        ([(2, 4)] * 3, "has 2 inputs ('a', 'b'); given were 3"),
        ({"a": (2, 4), "c": (2, 4)}, "has the inputs 'a', 'b'; given were 'a', 'c'"),
        ([TensorSpec((2, 4), "float33")] * 2, "'float33' is no dtype of Keras"),
        ([np.array([None, 2], dtype=object)] * 2, "can't become a tensor of Keras"),
    ],
)
def test_inputs_that_can_not_be_the_models_are_refused_in_a_sentence(said: Any, sentence: str) -> None:
    model, _ = MODELS["shared, two inputs, two outputs"]()
    with pytest.raises(InputsError) as raised:
        inspect(model, said)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_dataflow_names_the_steps_that_made_each_input() -> None:
    report = inspect(MODELS["functional"]()[0])
    steps = {op.kind: op for op in report.operations}
    norm = next(layer for layer in report if layer.kind == "batch_norm").calls[0]
    relu = next(layer for layer in report if layer.kind == "activation").calls[0]
    assert set(steps) == {"tanh", "slice", "multiply", "add", "mean"}
    assert steps["tanh"].sources[0].step == norm.order
    assert steps["slice"].sources[0].step == steps["tanh"].order
    assert steps["multiply"].settings["argument_1"] == 2.0
    assert steps["add"].sources[1].step == steps["multiply"].order
    assert relu.sources[0].step == steps["add"].order
    assert dict(steps["mean"].settings)["axis"] == (1, 2)
    gain = next(op for op in inspect(*MODELS["tf.function and tf.Module"]()).operations if op.kind == "multiply")
    assert gain.within == ""


def test_another_thread_runs_undisturbed() -> None:
    model = tf_keras.Sequential([tf_keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    x = tf.ones((3, 4))
    expected = model(x).numpy()
    wrong: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if not np.array_equal(model(x).numpy(), expected):
                wrong.append("an output was seen changed")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for trace in ("abstract", "eager") * 5:
        assert inspect(model, trace=trace).complete
    stop.set()
    watcher.join()
    assert not wrong


def test_the_model_is_freed() -> None:
    model = tf_keras.Sequential([tf_keras.Input((4,)), layers.Dense(4)])
    report = inspect(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert report.parameter_count == 20


def test_a_saved_model_is_saved_as_before(tmp_path: Any) -> None:
    """TensorFlow refuses to save lists that were changed behind its back."""
    model, said = MODELS["keeps what it sees"]()
    inspect(model, said)
    model(tf.ones(said))
    tf.train.Checkpoint(model=model).write(str(tmp_path / "checkpoint"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # while Keras saves
def test_what_is_only_there_as_a_graph_is_one_step(tmp_path: Any) -> None:
    class Doubles(layers.Layer):
        def __init__(self) -> None:
            super().__init__(name="doubles")
            self.dense = layers.Dense(4, name="dense")

        def call(self, x: Any) -> Any:
            return self.dense(x) * 2.0

        def get_config(self) -> Any:
            raise NotImplementedError

    tf_keras.Sequential([tf_keras.Input((4,)), Doubles(), layers.ReLU()]).save(str(tmp_path), save_format="tf")
    loaded = tf_keras.models.load_model(str(tmp_path), compile=False)
    for trace in ("abstract", "eager"):
        before = tf_keras_fingerprint(loaded)
        report = inspect(loaded, trace=trace)
        assert not difference(before, tf_keras_fingerprint(loaded))
        assert (report.complete, report.outputs.shape, report.parameter_count) == (True, (1, 4), 20)
        (step,) = report.operations
        assert (step.kind, step.within, step.sources[0].kind) == ("unknown", "doubles", "input")
        assert report.macs is None


def test_a_layer_without_its_beginning_is_refused() -> None:
    class Half(layers.Layer):
        def __init__(self) -> None:
            pass

    with pytest.raises(UnsupportedModelError, match="does not call super"):
        inspect(Half())


@pytest.mark.parametrize("name", ["ResNet50", "MobileNetV2", "EfficientNetB0"])
def test_applications_have_the_shapes_that_keras_declares(name: str) -> None:
    model = getattr(tf_keras.applications, name)(weights=None)
    report = inspect(model)
    assert (report.complete, report.method) == (True, "abstract")
    assert report.native_count == model.count_params() == sum(p.size for p in report.parameters)
    assert explain(report).agrees
    for layer in report.layers[1:]:
        if layer.kind == "input":
            continue
        declared = model.get_layer(layer.path).output_shape
        assert (None, *layer.output_shape[1:]) == declared, layer.path
    assert report.macs == {"ResNet50": 3857973248}.get(name, report.macs)
    assert report.macs
