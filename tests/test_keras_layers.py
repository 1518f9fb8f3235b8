"""Every layer class of Keras: its row, against what was written down of it by hand and what Keras itself says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import pytest
from introspect.adapters.keras.layers import ROWS
from support.checks import check_report
from support.fingerprint import difference, keras_fingerprint
from support.keras_layers import Case, keras_layers

from introspect import Report, TensorSpec, explain, inspect
from introspect.values import tensor_leaves

CASES = keras_layers()


@pytest.fixture(autouse=True, scope="module")
def quick_compiler() -> Iterator[None]:
    """Nearly all the time on JAX goes into code that runs once."""
    if keras.config.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.fixture(autouse=True)
def plain_names() -> None:
    """Names without numbers, whatever was made before."""
    keras.utils.clear_session(free_memory=False)


def case_of(name: str) -> Case:
    case = CASES[name]
    if keras.config.backend() not in case.backends:
        pytest.skip(f"{name} works on {', '.join(case.backends)} only")
    for module in case.needs:
        pytest.importorskip(module)
    return case


def array(said: Any) -> Any:
    """Ones, or a text, where a shape or a spec is."""
    if isinstance(said, list):
        return [array(one) for one in said]
    spec = said if isinstance(said, TensorSpec) else TensorSpec(said, "float32")
    return np.full(spec.shape, "a") if spec.dtype == "string" else np.ones(spec.shape, spec.dtype)


def run(layer: Any, case: Case) -> Any:
    given = array(case.said)
    return layer(*given) if isinstance(given, list) and not case.as_list else layer(given)


def check_outputs(report: Report, case: Case, outputs: Any) -> None:
    """The output shapes are those of a real call."""
    real = [tuple(int(n) for n in t.shape) for t in keras.tree.flatten(outputs)]
    ours = [spec.shape for spec in tensor_leaves(report.outputs)]
    assert ours == real


def check_tensors(report: Report, case: Case) -> None:
    """Every tensor, with its axes, in the layer itself or in one below."""
    expected = case.tensors | case.below
    found = {p.path: p for p in report.parameters if p.role != "seed"}
    assert {path: (p.shape, p.axes) for path, p in found.items()} == expected
    assert {path for path, p in found.items() if p.state == "buffer"} == set(case.buffers)
    assert all(p.role != "other" for p in found.values()) or case.why
    assert {p.path for p in report.root.parameters if p.role != "seed"} == set(case.tensors)
    sizes = {path: int(np.prod(shape)) for path, (shape, _) in expected.items()}
    assert report.parameter_count == sum(n for path, n in sizes.items() if path not in case.buffers)


def check_words(report: Report, case: Case) -> None:
    assert report.root.kind == case.kind
    assert report.root.units == case.units
    assert {name: report.root.setting(name) for name in case.settings} == case.settings


def left_alone(layer: Any, case: Case) -> Report:
    """The report on a layer that is the same afterwards."""
    before = keras_fingerprint(layer)
    report = inspect(layer, case.said, trace=None if case.said is None else "auto")
    assert not difference(before, keras_fingerprint(layer))
    return report


@pytest.mark.filterwarnings("ignore:Tensor.T is deprecated:UserWarning")  # Keras's own on torch, as is the next on JAX
@pytest.mark.filterwarnings("ignore:Explicitly requested dtype:UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_what_was_written_down_of_it(name: str) -> None:
    case = case_of(name)
    layer = case.make()
    unbuilt = left_alone(layer, case)
    outputs = None if case.said is None else run(layer, case)
    built = left_alone(layer, case) if case.tensors or case.below else unbuilt  # without tensors there is no difference
    for report in (unbuilt, built):
        check_report(report)
        check_words(report, case)
        check_tensors(report, case)
        if case.said is not None:
            assert report.complete, report.notes
            assert (report.macs is None) == (case.kind == "foreign_model")
            check_outputs(report, case, outputs)
        explanation = explain(report, "")
        assert explanation.agrees is case.agrees, explanation
        assert explanation.total == report.parameter_count
        assert case.formula in (None, explanation.substituted)
    kept = sum(int(np.prod(v.shape)) for v in layer.weights)
    assert layer.count_params() == kept
    assert built.native_count == (None if built is unbuilt and built.native_count is None else kept)
    assert built.parameter_count + sum(p.size for p in built.parameters if p.path in case.buffers) == kept
    assert built.trainable_count == sum(int(np.prod(v.shape)) for v in layer.trainable_weights)


def classes() -> dict[str, type]:
    """The layer classes of `keras.layers` by their own names, without the one that all others derive from."""
    found = [value for value in vars(keras.layers).values() if isinstance(value, type)]
    return {cls.__name__: cls for cls in found if issubclass(cls, keras.layers.Layer) and cls is not keras.layers.Layer}


def test_every_class_has_a_row_and_a_case() -> None:
    """A new release of Keras fails here, and shows what to add."""
    assert len(classes()) >= 142
    cases = {name.partition(",")[0] for name in CASES}
    assert {name: (name in ROWS, name in cases) for name in classes() if name not in ROWS or name not in cases} == {}


def test_every_case_is_of_a_class() -> None:
    assert {name.partition(",")[0] for name in CASES} <= set(classes())


def test_gates_stand_in_the_order_of_keras() -> None:
    report = inspect(keras.layers.LSTM(3), (1, 5, 4))
    kernel = report.root.kernel
    assert kernel is not None
    assert [label for label, _ in kernel.labels["gate"]] == ["input", "forget", "cell", "output"]
    assert (kernel.part("f").start, kernel.part("f").stop) == (3, 6)
    report = inspect(keras.layers.GRU(3), (1, 5, 4))
    assert report.root.kernel is not None
    assert report.root.bias is not None
    assert [label for label, _ in report.root.kernel.labels["gate"]] == ["update", "reset", "new"]
    assert [label for label, _ in report.root.bias.labels["source"]] == ["input", "recurrent"]
    report = inspect(keras.layers.ConvLSTM1D(3, 2), (1, 5, 6, 4))
    assert report.root.kernel is not None
    assert [label for label, _ in report.root.kernel.labels["gate"]] == ["input", "forget", "cell", "output"]
