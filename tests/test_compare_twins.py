"""compare() on networks described once and built twice: equal, and after one change exactly that change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from support.mutants import MUTATIONS
from support.mutations import Mutated
from support.twins import Description
from support.twins_bases import BASES
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch

from introspect import Comparison, TensorSpec, compare, inspect

ACTING = ("count", "shape", "values", "unknown")


def torch_inputs(description: Description) -> TensorSpec:
    shape = description.shape
    first = (shape[-1], *shape[:-1]) if len(shape) == 3 else shape
    return TensorSpec((1, *first), "float32" if description.tokens is None else "int64")


def assert_ledger(comparison: Comparison) -> None:
    a, b = comparison.a.native_count, comparison.b.native_count
    assert a is not None
    assert a + sum(account.count for account in comparison.accounts) == b
    assert "not explained" not in [account.text for account in comparison.accounts]


def assert_equal(comparison: Comparison) -> None:
    assert [d.text for d in comparison.differences if d.effect in ACTING] == []
    assert comparison.verdict == "equal"
    assert comparison.equal
    assert comparison.repairs == ()
    assert_ledger(comparison)


few = settings(deadline=None, derandomize=True, max_examples=25, suppress_health_check=list(HealthCheck))


@few
@given(descriptions())
def test_twins_are_equal(description: Description) -> None:
    keras_model, torch_model = build_keras(description), build_torch(description, seed=1)
    assert_equal(compare(keras_model, torch_model))


@few
@given(descriptions())
def test_twins_are_equal_the_other_way_round(description: Description) -> None:
    assert_equal(compare(build_torch(description), build_keras(description)))


def mutants(base: Description, seeds: int) -> Iterator[tuple[str, Mutated]]:
    """Every mutation that this description has a place for, each place once."""
    for name, mutate in MUTATIONS.items():
        seen = set()
        for seed in range(seeds):
            mutated = mutate(base, random.Random(seed))
            if mutated is not None and repr(mutated.description) not in seen:
                seen.add(repr(mutated.description))
                yield name, mutated


CASES = [(base, name, m) for base, make in BASES.items() for name, m in mutants(make(), 1)]


def test_there_are_enough_mutations() -> None:
    assert len(CASES) >= 40
    assert all(sum(base == b for b, *_ in CASES) >= 10 for base in BASES)


@pytest.fixture(scope="module")
def reports() -> dict[str, tuple[Any, Any]]:
    """The four base pairs, read once."""
    bases = {name: make() for name, make in BASES.items()}
    return {name: (inspect(build_keras(d)), inspect(build_torch(d), torch_inputs(d))) for name, d in bases.items()}


@pytest.mark.parametrize("side", [0, pytest.param(1, marks=pytest.mark.sweep)], ids=["keras", "torch"])
@pytest.mark.parametrize(("base", "name", "mutated"), CASES, ids=[f"{base}-{name}" for base, name, _ in CASES])
def test_one_change_is_found_as_one(
    reports: dict[str, tuple[Any, Any]], base: str, name: str, mutated: Mutated, side: int
) -> None:
    assert_is_the_change(compare(reports[base][side], build_torch(mutated.description)), name, mutated)


@few
@given(descriptions())
def test_one_change_of_a_random_network_is_found_as_one(description: Description) -> None:
    report = inspect(build_torch(description), torch_inputs(description))
    rng = random.Random(repr(description))
    for name in rng.sample(sorted(MUTATIONS), 3):
        mutated = MUTATIONS[name](description, rng)
        if mutated is not None:
            assert_is_the_change(compare(report, build_torch(mutated.description)), name, mutated)


def assert_is_the_change(comparison: Comparison, name: str, mutated: Mutated) -> None:
    """Exactly the change is the cause of everything, in the same sense."""
    causes = [d for d in comparison.causes if d.effect in ACTING]
    training = [d for d in comparison.causes if d.effect == "training"]
    absorbed = [d for d in comparison.causes if d.effect == "none"]
    changes = 2 if name == "two_widths" else 1
    assert_ledger(comparison)
    if mutated.effect == "none":
        assert_equal(comparison)
    elif mutated.effect == "training":
        assert (len(causes), len(training), comparison.verdict) == (0, 1, "equal")
    elif mutated.field == "use_bias" and not causes:  # in front of a batch normalization
        assert ("use_bias", "none") in [(d.field, d.effect) for d in absorbed]
    else:
        assert [d.text for d in training] == []
        assert len(causes) == changes, [d.text for d in causes]
        assert comparison.verdict != "equal"
    if mutated.field in ("units", "kernel_size", "strides", "padding", "dilation", "eps", "kind"):
        assert {d.field for d in causes} == {mutated.field}
