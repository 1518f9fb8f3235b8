"""prove(): it holds where two models are the same function, names what does not, and can fail."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import carrying, torchvision_zoo
from support.layer_pairs import EQUAL, REPAIRED, LayerCase, cases
from support.model_pairs import PAIRS, Pair
from support.mutants import MUTATIONS
from support.mutations import NONE, TRAINING
from support.text_pairs import PAIRS as TEXT_PAIRS
from support.text_pairs import TextPair, available
from support.twins import Description
from support.twins_bases import BASES
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch
from torch import nn

from introspect import TensorSpec, WeightMap, compare, errors, prove

K = keras.layers
few = settings(deadline=None, max_examples=8, derandomize=True, suppress_health_check=list(HealthCheck))
GOOD = ("equal", "equal after repairs")


@pytest.fixture(autouse=True, scope="module")
def _freed() -> Iterator[None]:
    yield
    keras.utils.clear_session()


@few
@given(descriptions(), st.sampled_from((None, 1)))
def test_twins_are_proved_in_both_directions(description: Description, seed: int | None) -> None:
    pair = build_keras(description), build_torch(description, seed)
    for a, b in (pair, pair[::-1]):
        proof = prove(a, b, seeds=1)
        assert proof.holds, str(proof)
        assert proof.bar == 1e-9 or "interpolates in float32" in str(proof)
    keras.utils.clear_session()


def comparison_of(case: LayerCase, keras_model: Any, torch_model: Any, back: bool) -> Any:
    fed = [TensorSpec(shape, case.dtype) for shape in case.shapes]
    other = [TensorSpec(shape, "int64" if case.tokens else "float32") for shape in case.torch_shapes]
    one, two = (given if len(given) > 1 else given[0] for given in (fed, other))
    if back:
        return compare(torch_model, keras_model, inputs_a=two, inputs_b=one)
    return compare(keras_model, torch_model, inputs_a=one, inputs_b=two)


CASES = cases()
# Keras moves the channels last before it flattens what only its own setting says to have them first.
UNSEEN = {"flatten-channels-first"}


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.filterwarnings("ignore:.*causal.*")
@pytest.mark.parametrize("back", [False, pytest.param(True, marks=pytest.mark.sweep)])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_pairs_of_layers_are_proved_where_they_are_one_function(case: LayerCase, back: bool) -> None:
    keras_model, torch_model = case.build_keras("float32"), case.build_torch("float32")
    comparison = comparison_of(case, keras_model, torch_model, back)
    a, b = (torch_model, keras_model) if back else (keras_model, torch_model)
    proof = prove(a, b, comparison, seeds=1)
    if case.truth not in (EQUAL, REPAIRED):
        # Two inputs that change places are another matter of names: the comparison says which is which.
        assert not proof.holds or [m.a for m in comparison.input_map] != [m.b for m in comparison.input_map]
    elif comparison.verdict in GOOD and case.name not in UNSEEN:
        assert proof.holds, str(proof)


MUTATED = [(base, name) for base in BASES for name in MUTATIONS]


@pytest.mark.sweep
@pytest.mark.parametrize(("base", "name"), MUTATED)
def test_mutants_are_proved_by_what_was_done_to_them(base: str, name: str) -> None:
    description = BASES[base]()
    mutated = MUTATIONS[name](description, random.Random(0))
    if mutated is None:
        pytest.skip("it has nothing that could be changed this way")
    pair = build_keras(description), build_torch(mutated.description)
    for a, b in (pair, pair[::-1]):
        comparison = compare(a, b)
        proof = prove(a, b, comparison, seeds=1)
        if mutated.effect in (NONE, TRAINING):
            assert proof.holds, str(proof)
        elif comparison.verdict not in GOOD:
            assert not proof.holds


QUICK = {"MobileNetV3Small"}
MODELS = [p if p.keras in QUICK else pytest.param(p, marks=pytest.mark.sweep) for p in PAIRS]


@pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("pair", MODELS, ids=lambda pair: pair.name)
def test_real_models_are_proved(pair: Pair, back: bool) -> None:
    pair = replace(pair, side=64) if pair.family == "convnext" else pair  # float64 takes minutes else
    keras_model, torch_model = pair.build_keras(), pair.build_torch()
    comparison = compare(keras_model, torch_model, inputs_a=pair.keras_shape, inputs_b=pair.torch_shape)
    a, b = keras_model, torch_model
    if back:
        comparison, a, b = compare(b, a, inputs_a=pair.torch_shape, inputs_b=pair.keras_shape), b, a
    assert comparison.verdict in GOOD
    proof = prove(a, b, comparison, seeds=1)
    assert proof.holds, str(proof)
    assert bool(comparison.repairs) == (max(gap.relative for gap in proof.carried) > 1e-9)
    keras.utils.clear_session()


TEXTS = [p if p.name in ("bert", "roberta") else pytest.param(p, marks=pytest.mark.sweep) for p in TEXT_PAIRS]


@pytest.mark.filterwarnings("ignore")  # keras_hub's own
@pytest.mark.skipif(not available(), reason="keras_hub or transformers is not installed")
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text.name)
def test_text_models_are_proved(text: TextPair) -> None:
    keras_model, torch_model = text.build_keras(), text.build_torch(False)
    fed = [
        {name: TensorSpec(v.shape, "float32" if v.dtype.kind == "f" else str(v.dtype)) for name, v in side.items()}
        for side in text.feed(0)
    ]
    given = fed[0].get("images", fed[0])
    for back in (False, True):
        a, b, one, two = (
            (torch_model, keras_model, fed[1], given) if back else (keras_model, torch_model, given, fed[1])
        )
        proof = prove(a, b, compare(a, b, inputs_a=one, inputs_b=two), seeds=1)
        assert proof.holds, str(proof)
        assert proof.bar == 1e-9 or "float32" in str(proof) or "can't be copied" in str(proof)


def pair(keras_layers: list[Any], *modules: nn.Module) -> tuple[Any, nn.Module]:
    return keras.Sequential(keras_layers), nn.Sequential(*modules).eval()


def test_it_fails_where_the_map_is_wrong() -> None:
    a, b = pair([keras.Input((4,)), K.Dense(4), K.Dense(4)], nn.Linear(4, 4), nn.Linear(4, 4))
    comparison = compare(a, b)
    assert prove(a, b, comparison).holds
    first, second, *rest = (entry for entry in comparison.weight_map if entry.steps)
    assert not rest
    crossed = tuple(
        replace(entry, source={first: second, second: first}[entry].source) if entry in (first, second) else entry
        for entry in comparison.weight_map
    )
    proof = prove(a, b, replace(comparison, weight_map=WeightMap(crossed, comparison.weight_map.back)))
    assert not proof.holds
    assert proof.diverges_at == (a.layers[0].name, "0")
    square = replace(first, steps=())  # a square kernel fits without its transposition
    entries = tuple(square if entry is first else entry for entry in comparison.weight_map)
    assert not prove(a, b, replace(comparison, weight_map=WeightMap(entries))).holds


def test_only_what_is_listed_is_repaired() -> None:
    layers = [keras.Input((6, 6, 3)), K.Conv2D(4, 3, strides=2, padding="same"), K.BatchNormalization(), K.ReLU()]
    a, b = pair(layers, nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.ReLU())
    comparison = compare(a, b)
    assert sorted(repair.setting for repair in comparison.repairs) == ["eps", "padding"]
    proof = prove(a, b, comparison, seeds=2)
    assert proof.holds
    assert proof.carried[0].relative > 1e-2
    for repair in comparison.repairs:
        assert not prove(a, b, replace(comparison, repairs=(repair,)), seeds=1).holds
    assert prove(a, b, comparison, seeds=1, repair=False).repaired[0].relative > 1e-2


class Inline(nn.Module):
    """Functions of its own code, some of them those that its parts call too."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.gate = nn.Sequential(nn.ReLU(), nn.Linear(4, 3, bias=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        one = torch.relu(self.fc(x))
        return one * self.gate(x).relu() + torch.relu(0.5 * x[:, :3])


def test_functions_in_a_modules_own_code_are_repaired() -> None:
    a = keras.Input((4,))
    one = K.Dense(3, activation="tanh")(a)
    two = K.Dense(3, activation="sigmoid", use_bias=False)(K.ReLU()(a))
    model = keras.Model(a, K.Add()([K.Multiply()([one, two]), keras.ops.relu(0.5 * a[:, :3])]))
    comparison = compare(model, Inline())
    assert [(r.action, r.path, r.setting, r.value) for r in comparison.repairs] == [
        ("set", "", "function relu 1", "tanh"), ("set", "", "function relu 2", "sigmoid"),
    ]  # fmt: skip
    proof = prove(model, Inline(), seeds=1)
    assert proof.holds, str(proof)
    assert proof.carried[0].relative > 1e-3
    removed = compare(keras.Sequential([keras.Input((4,)), K.Dense(3)]), Plain())
    assert [(r.action, r.path, r.setting) for r in removed.repairs] == [("remove", "", "function relu_ 1")]
    assert prove(keras.Sequential([keras.Input((4,)), K.Dense(3)]), Plain(), seeds=1).holds


class Plain(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x).relu_()


def test_a_repair_that_cannot_be_made_is_said() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.fc = K.Dense(3)

        def call(self, x: Any) -> Any:
            return keras.ops.tanh(self.fc(x))

        def get_config(self) -> dict[str, Any]:
            return {}

    model = Own()
    model(np.zeros((1, 4), "float32"))
    proof = prove(model, other := keras.Sequential([keras.Input((4,)), K.Dense(3, activation="relu")]), seeds=1)
    assert proof.holds, str(proof)
    backwards = prove(other, model, seeds=1, inputs=(1, 4))
    assert not backwards.holds
    assert backwards.unrepaired == (": relu instead of tanh: it is done by a function in the layer's own code",)


def test_both_models_stay_as_they_are() -> None:
    a, b = pair([keras.Input((4,)), K.Dense(3), K.BatchNormalization()], nn.Linear(4, 3), nn.BatchNorm1d(3))
    b.train()
    before = [carrying.array(w) for w in a.weights], {n: t.clone() for n, t in b.state_dict().items()}
    random_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    assert prove(a, b).holds
    assert all(np.array_equal(carrying.array(w), x) for w, x in zip(a.weights, before[0], strict=True))
    assert all(torch.equal(t, before[1][n]) for n, t in b.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random_state[0])
    assert np.array_equal(np.random.get_state()[1], random_state[1])
    assert b.training
    assert b[1].eps == 1e-5
    assert str(a.layers[0].dtype_policy.name) == "float32"
    assert keras.config.floatx() == "float32"


class Uncopied(keras.Model):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc = K.Dense(width)

    def call(self, x: Any) -> Any:
        return keras.ops.relu(self.fc(x))

    def get_config(self) -> Any:
        raise NotImplementedError("no configuration")


def test_a_model_that_cannot_be_copied_runs_under_a_scope() -> None:
    a, b = Uncopied(3), nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    a(np.zeros((1, 4), "float32"))
    before = [carrying.array(w) for w in a.weights]
    proof = prove(a, b, compare(a, b, inputs_a=(1, 4)))
    assert proof.holds
    assert proof.bar == 1e-5
    assert "can't be copied" in str(proof)
    assert all(np.array_equal(carrying.array(w), x) for w, x in zip(a.weights, before, strict=True))
    back = prove(b, a, compare(b, a, inputs_b=(1, 4)))
    assert back.holds, str(back)
    assert all(np.array_equal(carrying.array(w), x) for w, x in zip(a.weights, before, strict=True))


def test_own_weights_and_given_inputs_are_used() -> None:
    a, b = pair([keras.Input((4,)), K.Dense(3, kernel_initializer="zeros")], nn.Linear(4, 3))
    x = np.full((2, 4), 7.0, "float32")
    assert prove(a, b, inputs=x, weights="own").carried[0].absolute == 0
    with pytest.raises(errors.ProofError, match="neither"):
        prove(a, b, weights="mine")
    with pytest.raises(errors.TransferError, match="other models"):
        prove(a, nn.Linear(4, 5), compare(a, b))
