"""compare(): any two models or reports, in any order, and what it says where there is little to say."""

from __future__ import annotations

import dataclasses
from typing import Any

import keras
import pytest
import torch
from torch import nn

from introspect import Comparison, Report, TensorSpec, compare, inspect
from introspect.errors import InputsError

layers = keras.layers


def keras_cnn(units: int = 10, side: int = 9) -> Any:
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.Conv2D(4, 3, padding="same", activation="relu", name="conv"),
            layers.MaxPooling2D(2, name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(units, name="head"),
        ]
    )


def torch_cnn(units: int = 10, side: int = 9) -> nn.Sequential:
    size = (side // 2) ** 2 * 4
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(size, units)
    )


def assert_adds_up(comparison: Comparison) -> None:
    first = comparison.a.native_count
    assert first is not None
    assert first + sum(account.count for account in comparison.accounts) == comparison.b.native_count


def mirrored(comparison: Comparison) -> set[tuple[Any, ...]]:
    return {(d.field.partition("#")[0], str(d.b), str(d.a), d.effect, d.paths[::-1]) for d in comparison.differences}


def told(comparison: Comparison) -> set[tuple[Any, ...]]:
    return {(d.field.partition("#")[0], str(d.a), str(d.b), d.effect, d.paths) for d in comparison.differences}


def test_a_model_and_its_port_are_equal() -> None:
    comparison = compare(keras_cnn(), torch_cnn())
    assert comparison.verdict == "equal"
    assert comparison.equal
    assert comparison.repairs == ()
    assert [(len(m.a), len(m.b)) for m in comparison.matches if m.a and m.b] == [(1, 2), (1, 1), (1, 1), (1, 1)] or all(
        m.a and m.b for m in comparison.matches
    )
    assert [str(mapped) for mapped in comparison.input_map] == ["0 = 0  'b h w c -> b c h w'"]
    assert_adds_up(comparison)


def test_the_order_of_features_behind_a_flatten_is_told() -> None:
    (flatten,) = [d for d in compare(keras_cnn(), torch_cnn()).differences if d.field == "flatten"]
    assert (flatten.a, flatten.b, flatten.effect) == ("channels_last", "channels_first", "none")


@pytest.mark.parametrize(
    "other", [lambda: torch_cnn(7), lambda: torch_cnn()[:-1], lambda: nn.Sequential(*torch_cnn(), nn.ReLU())]
)
def test_the_other_way_round_is_the_mirror_image(other: Any) -> None:
    one, two = inspect(keras_cnn()), inspect(other(), (1, 3, 9, 9))
    there, back = compare(one, two), compare(two, one)
    assert told(there) == mirrored(back)
    assert there.verdict == back.verdict
    assert sorted(a.count for a in there.accounts) == sorted(-a.count for a in back.accounts)
    assert [(m.a, m.b) for m in there.input_map] == [(m.b, m.a) for m in back.input_map]


@pytest.mark.parametrize("model", [keras_cnn(), torch_cnn()], ids=["keras", "torch"])
def test_a_model_is_equal_to_itself(model: Any) -> None:
    comparison = compare(model, model)
    assert comparison.verdict == "equal"
    assert comparison.differences == ()
    assert comparison.accounts == ()
    assert all(m.a == m.b for m in comparison.matches)


def test_saved_reports_are_compared_as_the_models_are() -> None:
    one, two = inspect(keras_cnn()), inspect(torch_cnn(), (1, 3, 9, 9))
    saved = [Report.from_json(report.to_json()) for report in (one, two)]
    assert told(compare(*saved)) == told(compare(one, two))
    older = dataclasses.replace(saved[0], framework_version="3.0.0", notes=())
    assert compare(older, saved[1]).verdict == "equal"


def test_the_inputs_that_only_one_model_knows_are_given_to_the_other() -> None:
    comparison = compare(keras_cnn(side=12), torch_cnn(side=12))
    assert comparison.b.inputs is not None
    assert comparison.b.inputs.args == (TensorSpec((1, 3, 12, 12)),)
    assert any("those of the other model" in note for note in comparison.b.notes)
    assert comparison.equal


def test_what_is_said_of_the_inputs_holds() -> None:
    comparison = compare(torch_cnn(), torch_cnn(), inputs_a=(2, 3, 9, 9), inputs_b=TensorSpec((5, 3, 9, 9)))
    assert comparison.equal
    with pytest.raises(InputsError):
        compare(torch_cnn(), torch_cnn(), inputs_a=(-1, 3))


def test_two_models_with_nothing_in_common() -> None:
    comparison = compare(
        keras.Sequential([keras.Input((5,), dtype="int32"), layers.Embedding(7, 3), layers.LSTM(4)]), torch_cnn(),
        inputs_b=(1, 3, 9, 9),
    )  # fmt: skip
    assert comparison.verdict == "different"
    assert not [m for m in comparison.matches if any(x.parameters for x in m.a) and any(y.parameters for y in m.b)]
    assert_adds_up(comparison)


def test_an_empty_model() -> None:
    empty = nn.Sequential()
    assert compare(empty, empty, inputs_a=(1, 3), inputs_b=(1, 3)).verdict == "equal"
    comparison = compare(empty, torch_cnn(), inputs_a=(1, 3, 9, 9), inputs_b=(1, 3, 9, 9))
    assert comparison.verdict == "different"
    assert_adds_up(comparison)


def test_without_a_trace_it_claims_less_and_says_so() -> None:
    one, two = inspect(keras_cnn(), trace=None), inspect(torch_cnn(), trace=None)
    comparison = compare(one, two)
    assert comparison.verdict == "undecided"
    assert any("no trace" in note for note in comparison.notes)
    assert {(m.a[0].path, m.b[0].path) for m in comparison.matches if m.a and m.b} == {("conv", "0"), ("head", "4")}
    assert_adds_up(comparison)
    assert compare(one, inspect(torch_cnn(7), trace=None)).verdict == "different"
    assert compare(one, one).verdict == "undecided"


def test_a_model_that_raises_is_compared_up_to_there() -> None:
    comparison = compare(keras_cnn(), torch_cnn(side=11), inputs_b=(1, 3, 9, 9))
    assert comparison.verdict != "equal"
    assert any("incomplete" in note for note in comparison.notes)
    assert_adds_up(comparison)


def test_an_extra_head_is_one_difference() -> None:
    entry = keras.Input((9, 9, 3))
    pooled = layers.MaxPooling2D(2)(layers.Conv2D(4, 3, padding="same", activation="relu", name="conv")(entry))
    flat = layers.Flatten(name="flat")(pooled)
    two = keras.Model(entry, [layers.Dense(10, name="head")(flat), layers.Dense(3, name="extra")(flat)])
    comparison = compare(two, torch_cnn())
    assert {d.paths[0] for d in comparison.causes if d.effect == "count"} == {"extra"}
    assert {m.a[0].path for m in comparison.matches if m.a and not m.b} >= {"extra"}
    assert comparison.verdict == "different"
    assert_adds_up(comparison)


def test_one_layer_against_several() -> None:
    separable = keras.Sequential([keras.Input((8, 8, 3)), layers.SeparableConv2D(5, 3, name="separable")])
    two = nn.Sequential(nn.Conv2d(3, 3, 3, groups=3, bias=False), nn.Conv2d(3, 5, 1))
    comparison = compare(separable, two)
    assert comparison.equal
    (match,) = comparison.matches
    assert ([x.path for x in match.a], [y.path for y in match.b]) == (["separable"], ["0", "1"])


def test_two_bidirectional_layers_against_one_module() -> None:
    stack = keras.Sequential(
        [keras.Input((7, 3))] + [layers.Bidirectional(layers.LSTM(4, return_sequences=True)) for _ in "ab"]
    )

    class Module(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(x)[0]

    comparison = compare(stack, Module())
    assert comparison.equal
    (match,) = [m for m in comparison.matches if m.b]
    assert (len(match.a), len(match.b)) == (4, 1)
    assert_adds_up(comparison)


def test_a_shared_layer_against_two_of_its_kind() -> None:
    entry = keras.Input((4,))
    shared = layers.Dense(4, name="shared")
    once = keras.Model(entry, shared(shared(entry)))
    apart = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    comparison = compare(once, apart)
    assert comparison.verdict == "different"
    assert {d.field.partition("#")[0] for d in comparison.causes} == {"shared"}
    assert_adds_up(comparison)

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.one(self.one(x))

    assert compare(once, Shared()).equal


def test_a_difference_names_its_cause() -> None:
    comparison = compare(
        torch_cnn(), nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), *list(torch_cnn())[1:4], nn.Linear(96, 10))
    )
    (cause,) = comparison.causes
    assert (cause.field, cause.a, cause.b, cause.effect) == ("units", 4, 6, "count")
    assert {d.because_of for d in comparison.differences if d is not cause} == {cause.key}
    assert_adds_up(comparison)


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        (nn.GELU(approximate="tanh"), "x = torch.relu(x)  # instead of gelu_tanh in 1"),
        (nn.Identity(), "x = torch.relu(x)  # behind 0"),
    ],
)
def test_a_repair_is_a_line_of_code(wrong: nn.Module, line: str) -> None:
    port = torch_cnn()
    port[1] = wrong
    comparison = compare(keras_cnn(), port)
    (repair,) = comparison.repairs
    assert (repair.side, repair.code) == ("b", line)
    assert comparison.verdict == "equal after repairs"


def test_a_setting_is_repaired_where_it_is_read() -> None:
    port = torch_cnn()
    port[0].padding = (2, 1)
    (repair,) = compare(torch_cnn(), port, inputs_a=(1, 3, 9, 9), inputs_b=(1, 3, 9, 9)).repairs
    assert (repair.side, repair.path, repair.action, repair.setting) == ("b", "0", "set", "padding")
    assert repair.value == ((1, 1), (1, 1))


def test_another_precision_is_one_difference() -> None:
    half = torch_cnn().to(torch.bfloat16)
    comparison = compare(torch_cnn(), half, inputs_a=(1, 3, 9, 9), inputs_b=(1, 3, 9, 9))
    assert [(d.field, d.a, d.b, d.effect) for d in comparison.causes] == [("dtype", "float32", "bfloat16", "values")]
    mixed = keras.Sequential([keras.Input((4,)), layers.Dense(3, dtype="mixed_bfloat16"), layers.Dense(2)])
    plain = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    assert [(d.a, d.b) for d in compare(mixed, plain).causes] == [("bfloat16", "float32")]
