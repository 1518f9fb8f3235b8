"""The JSON Schemas: every report and comparison obeys them, and what is no report does not."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

import jsonschema
import keras
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from support import torchvision_zoo
from support.models import torch_models
from support.schemas import WORDS, refreshed
from support.torch_layers import torch_layers
from torch import nn

from introspect import Comparison, Report, compare, inspect
from introspect.comparison import VERDICTS, Account, Difference, Held, Mapped, Match, Repair
from introspect.errors import SchemaError
from introspect.parameter import Parameter
from introspect.records import Call, Layer, Operation, Setting, Source
from introspect.render.json import SCHEMAS, schema
from introspect.weight_map import Entry, Step, WeightMap


@cache
def validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(schema(name))


def errors(name: str, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator(name).iter_errors(data)]


def check(report: Report) -> None:
    data = json.loads(report.to_json())
    assert not errors("report", data)
    assert data == report.to_dict()


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_up_to_date(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert SCHEMAS[name].read_text(encoding="utf-8") == refreshed(name, SCHEMAS[name]), (
        "The words of the vocabulary are others: python tests/support/schemas.py writes them."
    )


@pytest.mark.parametrize(("name", "definition"), [(name, word) for name, words in WORDS.items() for word in words])
def test_closed_lists_are_those_of_the_vocabulary(name: str, definition: str) -> None:
    assert schema(name)["$defs"][definition]["enum"] == list(WORDS[name][definition])


def test_verdicts_are_closed() -> None:
    assert schema("comparison")["$defs"]["verdict"]["enum"] == list(VERDICTS)


RECORDS = {
    "report": [Setting, Source, Call, Operation, Parameter, Layer],
    "comparison": [Difference, Match, Account, Repair, Mapped, Held, Step, Entry, WeightMap],
}
RENAMED = {WeightMap: "weight_map"}


@pytest.mark.parametrize(
    ("name", "record", "definition"),
    [
        ("report", Report, None),
        ("comparison", Comparison, None),
        *((name, r, RENAMED.get(r, r.__name__.lower())) for name, records in RECORDS.items() for r in records),
    ],
)
def test_a_definition_has_the_fields_of_its_record(name: str, record: Any, definition: str | None) -> None:
    found = schema(name) if definition is None else schema(name)["$defs"][definition]
    names = {field.name for field in fields(record)}
    required = {f.name for f in fields(record) if f.default is MISSING and f.default_factory is MISSING}
    if record in (Report, Comparison):
        names, required = names | {"schema"}, required | {"schema"}
    if record is Match:
        required |= {"differences"}
    assert set(found["properties"]) == names
    assert set(found["required"]) == required
    assert found["additionalProperties"] is False


def test_another_schema_is_refused() -> None:
    with pytest.raises(SchemaError, match="did you mean 'report'"):
        schema("reports")


TORCH = torch_models()


@pytest.mark.parametrize("name", TORCH)
def test_a_report_of_a_torch_model_obeys(name: str) -> None:
    model, said = TORCH[name]()
    check(inspect(model, said))


def test_a_report_of_any_torch_layer_obeys() -> None:
    for case in torch_layers().values():
        if not case.warns:
            check(inspect(case.make(), case.said))


@pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "swin_t"])
def test_a_report_of_a_large_model_obeys(name: str) -> None:
    torchvision_zoo.prepare()
    import torchvision

    check(inspect(getattr(torchvision.models, name)(weights=None), (1, 3, 224, 224)))


class Failing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, 4), nn.Linear(5, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


KERAS: dict[str, tuple[Callable[[], Any], Any]] = {
    "sequential": (lambda: keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.Flatten()]), None),
    "unbuilt": (lambda: keras.Sequential([layers.Dense(3)]), None),
    "lstm": (lambda: layers.Bidirectional(layers.LSTM(4, return_state=True)), (1, 5, 3)),
    "gru": (lambda: layers.GRU(4), (1, 5, 3)),
    "attention": (lambda: layers.MultiHeadAttention(2, 4), [(1, 5, 8), (1, 5, 8)]),
    "norm": (lambda: layers.BatchNormalization(), (2, 3)),
}


@pytest.mark.parametrize("name", KERAS)
def test_a_report_of_a_keras_model_obeys(name: str) -> None:
    make, said = KERAS[name]
    check(inspect(make(), said))


@pytest.mark.parametrize(
    ("model", "said", "trace"),
    [
        (Failing(), (1, 3), "auto"),
        (Failing(), (1, 3), "eager"),
        (Failing(), None, None),
        (nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d()), None, None),
        (nn.Sequential(nn.LazyLinear(3), nn.LazyBatchNorm1d()), (2, 5), "auto"),
    ],
)
def test_a_partial_report_obeys(model: Any, said: Any, trace: str | None) -> None:
    check(inspect(model, said, trace=trace))


def norms(eps: float) -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, eps=eps), nn.ReLU())


def encoder(heads: int) -> nn.Module:
    return nn.TransformerEncoderLayer(8, heads, 16, batch_first=True)


IMAGE = (1, 3, 8, 8)
COMPARED: dict[str, Callable[[], Comparison]] = {
    "equal": lambda: compare(norms(1e-5), norms(1e-5), inputs_a=IMAGE, inputs_b=IMAGE, values=True),
    "equal after repairs": lambda: compare(norms(1e-5), norms(1e-3), inputs_a=IMAGE, inputs_b=IMAGE),
    "same weights, another function": lambda: compare(encoder(2), encoder(4), inputs_a=(1, 5, 8), inputs_b=(1, 5, 8)),
    "different": lambda: compare(nn.LSTM(3, 4), nn.LSTM(3, 5, 2), inputs_a=(5, 1, 3), inputs_b=(5, 1, 3)),
    "undecided": lambda: compare(inspect(nn.Linear(3, 4), trace=None), inspect(layers.Dense(4), (1, 3))),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_a_comparison_obeys_whatever_its_verdict(verdict: str) -> None:
    comparison = COMPARED[verdict]()
    assert comparison.verdict == verdict
    data = json.loads(comparison.to_json())
    assert not errors("comparison", data)
    assert data == comparison.to_dict()


def test_a_comparison_across_frameworks_obeys() -> None:
    a = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.Flatten(), layers.Dense(2)]
    )
    b = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(144, 2))
    data = compare(a, b).to_dict()
    assert data["repairs"]
    assert not errors("comparison", data)


@cache
def saved(name: str) -> dict[str, Any]:
    comparison = COMPARED["different" if name == "comparison" else "equal"]()
    return comparison.to_dict() if name == "comparison" else comparison.a.to_dict()


def walk(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The ways to all objects in it that are records or structures, none to a dict whose keys are free."""
    if isinstance(data, dict):
        if path[-1:] not in (("items",), ("kwargs",)):
            yield path
        for name, value in data.items():
            yield from walk(value, (*path, name))
    elif isinstance(data, list):
        for n, value in enumerate(data):
            yield from walk(value, (*path, n))


def at(data: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        data = data[step]
    return data


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_an_unknown_key_is_refused_wherever_it_stands(name: str, data: st.DataObject) -> None:
    mutated = copy.deepcopy(saved(name))
    path = data.draw(st.sampled_from(list(walk(mutated))))
    at(mutated, path)["another"] = 1
    assert errors(name, mutated)


@pytest.mark.parametrize("name", SCHEMAS)
@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_missing_key_is_refused_where_it_is_needed(name: str, data: st.DataObject) -> None:
    mutated = copy.deepcopy(saved(name))
    definitions = {"report": ["framework", "layers", "schema"], "comparison": ["a", "b", "verdict", "matches"]}
    del mutated[data.draw(st.sampled_from(definitions[name]))]
    assert errors(name, mutated)


def put(*path: Any, value: Any) -> Callable[[Any], None]:
    def change(data: Any) -> None:
        at(data, path[:-1])[path[-1]] = value

    return change


REFUSED: list[tuple[str, Callable[[Any], None]]] = [
    ("report", put("schema", value=2)),
    ("report", put("layers", value=[])),
    ("report", put("layers", 0, "kind", value="conv4d")),
    ("report", put("layers", 0, "depth", value=-1)),
    ("report", put("layers", 1, "parameters", 0, "role", value="weight")),
    ("report", put("layers", 1, "parameters", 0, "shape", value=[4, -3])),
    ("report", put("layers", 1, "parameters", 0, "shape", value="4, 3")),
    ("report", put("layers", 1, "parameters", 0, "state", value="learned")),
    ("report", put("layers", 1, "parameters", 0, "trainable", value=1)),
    ("report", put("layers", 1, "settings", 0, "name", value="filters")),
    ("report", put("layers", 1, "calls", 0, "order", value=0)),
    ("report", put("layers", 1, "parameter_count", value=1.5)),
    ("report", put("method", value="guessed")),
    ("report", put("inputs", value={"shape": [1], "dtype": "float32"})),
    ("report", put("outputs", value={"shape": [1]})),
    ("comparison", put("verdict", value="same")),
    ("comparison", put("differences", 0, "effect", value="bad")),
    ("comparison", put("differences", 0, "paths", value=["a"])),
    ("comparison", put("matches", 0, "differences", value=[-1])),
    ("comparison", put("accounts", value=[{"text": "x", "count": "3"}])),
    ("comparison", put("a", "framework", value=None)),
    ("comparison", put("a", "layers", 0, "kind", value="conv4d")),
    ("comparison", put("weight_map", "entries", 0, "way", value="lost")),
]


@pytest.mark.parametrize(("name", "change"), REFUSED)
def test_a_mutated_one_is_refused(name: str, change: Callable[[Any], None]) -> None:
    mutated = copy.deepcopy(saved(name))
    assert not errors(name, mutated)
    change(mutated)
    assert errors(name, mutated)
