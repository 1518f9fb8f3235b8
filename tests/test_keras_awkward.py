"""Keras: what once came out wrong, or would be easy to get wrong."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from support.checks import check_report
from support.fingerprint import difference, keras_fingerprint

from introspect import Inputs, TensorSpec, explain, inspect
from introspect.errors import InputsError, UnsupportedModelError


class Holds(keras.Model):
    def __init__(self, *held: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self.held = list(held)

    def call(self, x: Any) -> Any:
        for layer in self.held:
            x = layer(x)
        return x


def test_paths_are_unique_whatever_layers_are_called() -> None:
    named = Holds(layers.Dense(2, name="a"), layers.Dense(3, name="a"), layers.Dense(4, name="a#2"))
    dotted = Holds(Holds(layers.Dense(2, name="b"), name="a"), layers.Dense(3, name="a.b"))
    # On torch Keras itself refuses a dot.
    for model in (named, dotted) if keras.config.backend() != "torch" else (named,):
        model(np.ones((1, 4), "float32"))
        report = inspect(model)
        assert len({layer.path for layer in report}) == len(report) == 4
        assert report.parameter_count == model.count_params()
        check_report(report)
    if keras.config.backend() != "torch":
        assert inspect(Holds(layers.Dense(2, name="model.dense")), (1, 4))["model.dense"].depth == 1


@pytest.mark.parametrize(
    ("layer", "spatial"),
    [
        (lambda: layers.UpSampling2D(2, data_format="channels_first"), (16, 12)),
        (lambda: layers.ZeroPadding2D(1, data_format="channels_first"), (10, 8)),
        (lambda: layers.Cropping2D(1, data_format="channels_first"), (6, 4)),
        (lambda: layers.SpatialDropout2D(0.5, data_format="channels_first"), (8, 6)),
    ],
)
def test_feature_maps_follow_the_layout(layer: Any, spatial: tuple[int, int]) -> None:
    assert inspect(layer(), (1, 3, 8, 6)).root.spatial_shape == spatial


def test_wrappers_have_the_units_of_their_layer() -> None:
    assert inspect(layers.TimeDistributed(layers.Dense(4)), (1, 5, 3)).root.units == 4
    assert inspect(layers.Bidirectional(layers.LSTM(3)), (1, 5, 3)).root.units == 3


def test_einsum_has_the_units_of_its_new_axes() -> None:
    einsum = inspect(layers.EinsumDense("btd,dnh->btnh", output_shape=(None, 2, 4), bias_axes="nh"), (1, 5, 8)).root
    assert einsum.units == 2 * 4
    assert einsum.kernel.axes == "in out_1 out_2"
    assert einsum.bias.axes == "out_1 out_2"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras's own, while it quantizes
@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_a_quantized_kernel_stays_a_parameter(mode: str) -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")])
    model.get_layer("d").quantize(mode)
    report = inspect(model)
    kernel = report["d"].kernel
    assert (kernel.state, kernel.trainable, kernel.dtype) == ("parameter", False, mode)
    assert (kernel.shape, kernel.axes) == ((4, 3), "in out")
    assert kernel.bytes == int(np.prod(model.get_layer("d")._kernel.shape))  # one int8 each, also where two are packed
    assert report.parameter_count == 4 * 3 + 3
    assert report["d"].output_shape == (1, 3)


def test_preprocessing_without_weights_leaves_the_totals_known() -> None:
    pytest.importorskip("tensorflow")  # this layer runs on it whatever the backend
    words = layers.TextVectorization(output_sequence_length=4, vocabulary=["a", "b"])
    model = keras.Sequential([keras.Input((), dtype="string"), words, layers.Embedding(10, 3)])
    report = inspect(model)
    assert report.parameter_count == model.count_params() == 30
    assert not any("not built" in note for note in report.notes)
    assert inspect(words, np.array(["a b", "c"])).complete


def test_what_fitting_leaves_behind_is_no_parameter() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((8, 4), "float32"), np.ones((8, 1), "float32"), verbose=0)
    before = keras_fingerprint(model)
    report = inspect(model)
    assert not difference(before, keras_fingerprint(model))
    assert report.parameter_count == report.native_count == 4 * 3 + 3 + 3 + 1
    assert report.buffer_count == 0


def test_state_below_the_first_level_is_put_back() -> None:
    class Caches(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.cache = {"k": [], "v": {"deep": []}}

        def call(self, x: Any) -> Any:
            self.cache["k"].append(x)
            self.cache["v"]["deep"].append(1)
            return x

    layer = Caches()
    before = keras_fingerprint(layer)
    assert inspect(layer, (2, 4)).complete
    assert not difference(before, keras_fingerprint(layer))
    assert list(layer.cache["k"]) == []
    assert list(layer.cache["v"]["deep"]) == []


def test_a_wrong_shape_of_the_callers_makes_no_formula_wrong() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")])
    explanations = explain(model, inputs=(2, 5))
    assert str(explanations["d"]) == "4 in × 3 out + 3 out = 15"
    assert explanations["d"].agrees is not False


@pytest.mark.parametrize(
    "inputs",
    [keras.KerasTensor((None, 4)), (None, 4), [None, 4], TensorSpec((None, 4))],
)
def test_a_size_that_nobody_said_becomes_one(inputs: Any) -> None:
    report = inspect(layers.Dense(3), inputs)
    assert report.inputs == Inputs(TensorSpec((1, 4)))
    assert report.outputs == TensorSpec((1, 3))


def test_a_merging_layer_takes_the_natural_list() -> None:
    report = inspect(layers.Add(), [(1, 3), (1, 3)])
    assert report.complete
    assert report.outputs == TensorSpec((1, 3))


def test_what_is_no_tensor_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputsError, match="can't become a tensor of Keras"):
        inspect(layers.Dense(3), np.array([None, 2], dtype=object))


def test_sources_name_parameters_by_the_reports_own_paths() -> None:
    class Gain(layers.Layer):
        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), name="gain")

        def call(self, x: Any) -> Any:
            return (x * self.gain) * 2

    model = keras.Sequential([keras.Input((4,)), Gain(name="g")])
    report = inspect(model)
    first, second = report.operations
    assert [s.path for s in first.sources if s.kind == "parameter"] == ["g.gain"]
    assert report["g"].parameters[0].path == "g.gain"
    assert 2 in second.settings.values()
    assert first.within == "g"


def test_a_subclass_with_its_own_call_is_opened() -> None:
    class Twice(layers.Dense):
        def call(self, x: Any) -> Any:
            return keras.ops.concatenate([super().call(x)] * 2, axis=-1)

    report = inspect(Twice(3), (1, 4))
    assert report.root.kind == "dense"
    assert report.root.output_shape == (1, 6)
    assert [op.kind for op in report.operations][-1] == "concat"


def test_layers_in_lists_and_dicts_and_twice_in_one_model() -> None:
    class Deep(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = {"a": [layers.Dense(4, name="x")], "b": (layers.Dense(4, name="y"),)}
            self.again = self.blocks["a"][0]

        def call(self, x: Any) -> Any:
            return self.again(self.blocks["b"][0](self.blocks["a"][0](x)))

    report = inspect(Deep(), (1, 4))
    assert [layer.path for layer in report] == ["", "x", "y"]
    assert len(report["x"].calls) == 2
    assert report.parameter_count == 2 * 20


@pytest.mark.skipif(keras.config.backend() != "torch", reason="a torch module inside Keras needs its torch backend")
def test_a_torch_module_inside_keras_is_left_as_it_was() -> None:
    import torch

    module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).train()
    layer = layers.TorchModuleWrapper(module)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    report = inspect(layer, (2, 4))
    assert (report.complete, report.root.output_shape) == (True, (2, 3))
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())


def test_a_model_that_holds_itself_is_refused_in_a_sentence() -> None:
    model = Holds(layers.Dense(2))
    model.held[0].parent = model
    with pytest.raises(RecursionError):
        _ = model.weights
    with pytest.raises(UnsupportedModelError, match="holds itself"):
        inspect(model, (1, 2))


def test_a_call_that_was_replaced_on_one_layer_is_what_runs() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="d")])
    model.get_layer("d").call = lambda x: keras.ops.concatenate([x, x], axis=-1)
    report = inspect(model)
    assert report["d"].output_shape == tuple(model(np.ones((1, 4), "float32")).shape)
