"""Records are plain, frozen, comparable data that survive JSON and pickle."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from introspect import Inputs, IntrospectError, Report, TensorSpec
from introspect.errors import InputsError, SchemaError, UnknownColumnError, UnknownPathError
from introspect.parameter import Parameter, split_axes
from introspect.records import Call, Layer, Operation, Setting, Source
from introspect.values import FrozenDict, Opaque, itemsize, leaves, tensor_leaves

SHAPES = st.lists(st.none() | st.integers(0, 9), max_size=4).map(tuple)
SPECS = st.builds(TensorSpec, SHAPES, st.sampled_from(["float32", "int64", "bool", "bfloat16", "string"]))
PLAIN = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=5)
LEAVES = SPECS | PLAIN | st.builds(Opaque, st.text(max_size=4), st.text(max_size=4))
NAMES = st.text(max_size=6)
STRUCTURES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.builds(
            lambda items, name: FrozenDict(items, type_name=name),
            st.dictionaries(NAMES, inner, max_size=3),
            st.none() | NAMES,
        )
    ),
    max_leaves=6,
)
ARGUMENTS = st.builds(
    lambda args, kwargs: Inputs(*args, **kwargs),
    st.lists(STRUCTURES, max_size=2),
    st.dictionaries(NAMES, STRUCTURES, max_size=2),
)
SOURCES = st.lists(
    st.none() | st.builds(Source, st.sampled_from(["step", "input"]), st.none() | st.integers(1, 9)), max_size=2
).map(tuple)
CALLS = st.builds(Call, st.integers(1, 9), ARGUMENTS, STRUCTURES, SOURCES)
PARAMETERS = st.builds(
    Parameter,
    NAMES,
    NAMES,
    st.just("kernel"),
    st.none() | st.lists(st.integers(0, 9), max_size=3).map(tuple),
    st.none() | st.just("in out"),
    st.just(FrozenDict(gate=(("input", 1), ("forget", 1)))) | st.just(FrozenDict()),
    trainable=st.booleans(),
    same_as=st.none() | NAMES,
)
COUNTS = st.none() | st.integers(0, 10**12)
LAYERS = st.builds(
    Layer,
    NAMES,
    NAMES,
    st.sampled_from(["dense", "unknown"]),
    settings=st.lists(st.builds(Setting, NAMES, STRUCTURES, st.none() | NAMES, STRUCTURES), max_size=2).map(tuple),
    parameters=st.lists(PARAMETERS, max_size=2).map(tuple),
    calls=st.lists(CALLS, max_size=2).map(tuple),
    training=st.none() | st.booleans(),
    parameter_count=COUNTS,
)
SETTINGS = st.just(FrozenDict(axis=1))
OPERATIONS = st.builds(
    Operation, st.integers(1, 9), st.just("add"), NAMES, NAMES, SETTINGS, ARGUMENTS, STRUCTURES, SOURCES
)
REPORTS = st.builds(
    Report,
    st.sampled_from(["keras", "torch"]),
    NAMES,
    NAMES,
    NAMES,
    st.none() | ARGUMENTS,
    STRUCTURES,
    st.lists(LAYERS, min_size=1, max_size=3).map(tuple),
    operations=st.lists(OPERATIONS, max_size=2).map(tuple),
    notes=st.lists(NAMES, max_size=2).map(tuple),
    complete=st.booleans(),
    native_count=COUNTS,
)


@settings(max_examples=60, deadline=None)
@given(REPORTS)
def test_a_report_survives_json_and_pickle(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report
    assert Report.from_json(report.to_json(indent=1)) == report
    assert Report.from_dict(json.loads(json.dumps(report.to_dict()))) == report
    assert pickle.loads(pickle.dumps(report)) == report
    assert copy.deepcopy(report) == report


def test_a_report_can_not_be_changed() -> None:
    layer = Layer("a", "Dense", settings=(Setting("x", FrozenDict(a=1)),))
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer.kind = "dense"  # type: ignore[misc]
    with pytest.raises(TypeError, match="can't be changed"):
        layer.setting("x")["a"] = 2
    with pytest.raises(TypeError, match="can't be changed"):
        layer.setting("x").update(a=2)
    with pytest.raises(TypeError, match="can't be changed"):
        Inputs(1).args = ()  # type: ignore[misc]
    hash(layer)


def test_seconds_are_outside_equality() -> None:
    assert Call(1, Inputs(), None, seconds=1.0) == Call(1, Inputs(), None, seconds=2.0)


@pytest.mark.parametrize(
    ("spec", "text", "size", "nbytes"),
    [
        (TensorSpec((1, 3, 224, 224)), "f32[1,3,224,224]", 150528, 602112),
        (TensorSpec((), "int64"), "i64[]", 1, 8),
        (TensorSpec((None, 4), "bfloat16"), "bf16[?,4]", None, None),
        (TensorSpec((0, 3), "bool"), "bool[0,3]", 0, 0),
        (TensorSpec((2,), "string"), "string[2]", 2, None),
        (TensorSpec((2,), "complex64"), "c64[2]", 2, 16),
        (TensorSpec((2,), "uint8"), "u8[2]", 2, 2),
        (TensorSpec((8,), "float8_e4m3fn"), "f8_e4m3fn[8]", 8, 8),
    ],
)
def test_a_spec_prints_and_counts(spec: TensorSpec, text: str, size: int | None, nbytes: int | None) -> None:
    assert (str(spec), spec.size, spec.bytes) == (text, size, nbytes)


@pytest.mark.parametrize("shape", [(-1, 3), (1.5,), "ab", 3, (True, "x")])
def test_a_spec_refuses_what_is_no_shape(shape: object) -> None:
    with pytest.raises(InputsError, match="shape"):
        TensorSpec(shape)  # type: ignore[arg-type]


@pytest.mark.parametrize("dtype", ["", None, 3])
def test_a_spec_refuses_what_is_no_dtype(dtype: object) -> None:
    with pytest.raises(InputsError, match="dtype"):
        TensorSpec((1,), dtype)  # type: ignore[arg-type]


LSTM = FrozenDict(gate=(("input", 1), ("forget", 1), ("cell", 1), ("output", 1)))


@pytest.mark.parametrize(
    ("shape", "axes", "labels", "sizes", "by_axis"),
    [
        ((3, 3, 8, 16), "h w in out", {}, {}, {"h": 3, "w": 3, "in": 8, "out": 16}),
        ((12, 256), "in (gate units)", LSTM, {}, {"in": 12, "gate": 4, "units": 64}),
        ((24, 8), "(qkv head key_dim) in", {"qkv": (("query", 1), ("key", 1), ("value", 1))}, {"head": 2},
         {"qkv": 3, "head": 2, "key_dim": 4, "in": 8}),
        ((6, 1, 3, 3), "(in mult) 1 h w", {}, {"mult": 2}, {"in": 3, "mult": 2, "h": 3, "w": 3}),
        ((6, 4), "(in mult) out", {}, {}, None),
        ((), "", {}, {}, {}),
    ],
)  # fmt: skip
def test_axes_name_every_dimension(shape, axes, labels, sizes, by_axis) -> None:
    p = Parameter("w", "a.w", "kernel", shape, axes, FrozenDict(labels), FrozenDict(sizes))
    assert p.by_axis == by_axis
    if by_axis is not None:
        assert math.prod(by_axis.values()) == p.size


def test_a_packed_tensor_is_unpacked_by_word_or_letter() -> None:
    p = Parameter("kernel", "lstm.kernel", "kernel", (12, 256), "in (gate units)", LSTM)
    part = p.part("forget")
    assert (part.shape, part.axis, part.start, part.stop) == ((12, 64), 1, 64, 128)
    assert p.part("f") == part
    assert [p.part(letter).start for letter in "ifgo"] == [0, 64, 128, 192]
    with pytest.raises(UnknownPathError, match="did you mean 'forget'"):
        p.part("forge")


def test_parts_may_differ_in_size() -> None:
    labels = FrozenDict(qkv=(("query", 8), ("key", 2), ("value", 2)))
    p = Parameter("w", "w", "kernel", (48, 5), "(qkv key_dim) in", labels)
    assert p.by_axis == {"qkv": 12, "key_dim": 4, "in": 5}
    assert [(x.start, x.stop) for x in (p.part("q"), p.part("k"), p.part("v"))] == [(0, 32), (32, 40), (40, 48)]


def test_patterns_are_split_by_dimension() -> None:
    assert split_axes("h w (in mult) 1") == [["h"], ["w"], ["in", "mult"], ["1"]]
    assert split_axes("") == []


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        ("float32", 4),
        ("float64", 8),
        ("bfloat16", 2),
        ("int8", 1),
        ("bool", 1),
        ("complex128", 16),
        ("quint8", 1),
        ("string", None),
    ],
)
def test_itemsize(dtype: str, size: int | None) -> None:
    assert itemsize(dtype) == size


def test_leaves_come_in_order() -> None:
    a, b, c = TensorSpec((1,)), TensorSpec((2,)), TensorSpec((3,))
    structure = (a, FrozenDict(x=b, y=(1, c)))
    assert list(leaves(structure)) == [a, b, 1, c]
    assert tensor_leaves(Inputs(*structure)) == [a, b, c]


def small_report() -> Report:
    spec = TensorSpec((2, 3))
    dense = Layer(
        "net.dense", "Dense", "dense", aliases=("other",), calls=(Call(2, Inputs(spec), (spec, spec)),), depth=2
    )
    return Report("keras", "3", "jax", "Net", None, None, (Layer("", "Net", children=("net.dense",)), dense))


def test_layers_are_found_by_path_and_alias() -> None:
    report = small_report()
    assert report["net.dense"] is report["other"] is report.layers[1]
    assert report[""] is report.root
    assert "other" in report
    assert "nothing" not in report
    assert list(report) == list(report.layers)
    assert len(report) == 2
    with pytest.raises(KeyError, match=r"did you mean 'net\.dense'"):
        report["net.dens"]
    with pytest.raises(IntrospectError):
        report[3]  # type: ignore[index]


def test_shapes_are_those_of_the_first_tensor_of_the_first_call() -> None:
    dense = small_report()["other"]
    assert dense.input_shape == dense.output_shape == (2, 3)
    assert dense.activations == 6  # two outputs of six elements, two examples
    assert Layer("a", "Dense").output_shape is None
    assert Layer("a", "Dense").activations is None


@pytest.mark.parametrize(
    "data",
    [
        "[]",
        "{}",
        "not json",
        '{"schema": 999}',
        '{"schema": 1}',
        '{"schema": 1, "framework": "keras", "layers": [{"nonsense": 1}]}',
        b"\xff",
    ],
)
def test_what_is_no_report_is_refused_in_a_sentence(data: str) -> None:
    with pytest.raises(SchemaError) as raised:
        Report.from_json(data)
    assert "\n" not in str(raised.value)


def test_an_unknown_column_is_refused_with_near_names() -> None:
    with pytest.raises(UnknownColumnError, match="did you mean 'kernel'"):
        small_report().to_text(columns=["kernl"])
