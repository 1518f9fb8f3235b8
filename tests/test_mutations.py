"""The mutations of twins do what they say: to the outputs, and to the number of parameters."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import carrying, twins_carry
from support.mutants import MUTATIONS
from support.mutations import COUNT, NONE, TRAINING, VALUES, Mutated, consequences, parameter_count
from support.twins import Description, shapes
from support.twins_bases import BASES
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch

BASE = {name: made() for name, made in BASES.items()}
CASES = [
    (base, name)
    for base, description in BASE.items()
    for name, mutate in MUTATIONS.items()
    if mutate(description, random.Random(0)) is not None
]


# One base is tried each time, the others in the sweep.
EVERY = [case if case[0] == "mobilenet" else pytest.param(*case, marks=pytest.mark.sweep) for case in CASES]


@cache
def keras_base(name: str) -> Any:
    with carrying.policy():
        model = build_keras(BASE[name])
    carrying.randomize(model, 1)
    return model


def turned(base: Description, mutated: Mutated) -> dict[str, np.ndarray]:
    """Where the inputs of a concat came in another order: the base's number of each channel of the mutant."""
    found, sizes = {}, shapes(base)
    for name in mutated.at:
        node = base[name]
        starts = dict(zip(node.inputs, np.cumsum([0, *(sizes[given][-1] for given in node.inputs)]), strict=False))
        new = mutated.description[name].inputs
        found[name] = np.concatenate([starts[given] + np.arange(sizes[given][-1]) for given in new])
    return found


def distance(name: str, mutated: Mutated, **said: Any) -> float:
    torch_model = build_torch(mutated.description).double()
    twins_carry.carry(mutated.description, keras_base(name), torch_model, mutated.source_of, **said)
    a, b = twins_carry.outputs(keras_base(name), torch_model, twins_carry.example(BASE[name]))
    return carrying.relative_difference(a, b)


@pytest.mark.parametrize(("base", "mutation"), EVERY)
def test_a_mutation_does_what_it_says(base: str, mutation: str) -> None:
    mutated = MUTATIONS[mutation](BASE[base], random.Random(0))
    assert mutated is not None
    if mutation == "concat_inputs_swapped":
        assert distance(base, mutated) > 1e-6
        assert (distance(base, mutated, turned=turned(BASE[base], mutated)) < 1e-9) == (mutated.effect == NONE)
    elif mutated.effect in (NONE, TRAINING):
        assert distance(base, mutated) < 1e-9
    elif mutated.effect == VALUES and mutation != "norm_kind":  # another kind takes no statistics
        assert distance(base, mutated) > 1e-9
    before, after = build_torch(BASE[base]), build_torch(mutated.description)
    difference = parameter_count(after) - parameter_count(before)
    if mutated.effect == COUNT:
        with carrying.policy("float32"):
            assert parameter_count(build_keras(mutated.description)) - parameter_count(keras_base(base)) == difference
        assert difference
    elif mutation not in ("stride", "padding", "neighbours_swapped"):
        assert difference == 0
        assert not consequences(before, after, mutated.at)
    check_sizes(mutated.description, after)


def check_sizes(description: Description, model: torch.nn.Module) -> None:
    """The mutant runs, and gives what it says."""
    x = twins_carry.example(description).astype("int64" if description.tokens else "float32")
    with torch.no_grad():
        y = model(torch.from_numpy(np.ascontiguousarray(carrying.to_torch_layout(x) if x.ndim == 4 else x)))
    shape = shapes(description)[description.output]
    assert tuple(y.shape) == (2, *(np.roll(shape, 1) if len(shape) == 3 else shape))


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(descriptions(), st.sampled_from(sorted(MUTATIONS)), st.randoms(use_true_random=False))
def test_what_is_drawn_can_be_mutated_too(base: Description, mutation: str, rng: random.Random) -> None:
    mutated = MUTATIONS[mutation](base, rng)
    if mutated is None:
        return
    model = build_torch(mutated.description).double()
    check_sizes(mutated.description, model.float())
    if mutated.effect not in (NONE, TRAINING):
        return
    with carrying.policy():
        keras_model = build_keras(base)
    carrying.randomize(keras_model, 1)
    order = turned(base, mutated) if mutated.field == "order" else {}
    twins_carry.carry(mutated.description, keras_model, model.double(), mutated.source_of, order)
    a, b = twins_carry.outputs(keras_model, model, twins_carry.example(base))
    assert np.max(np.abs(a - b)) <= twins_carry.precision(base) * max(1.0, float(np.max(np.abs(a))))


@pytest.mark.parametrize("base", BASE)
def test_every_base_has_many_mutations(base: str) -> None:
    names = [name for of, name in CASES if of == base]
    assert len(names) >= 20
    keras.utils.clear_session()
