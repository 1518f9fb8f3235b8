"""What the pairs of layers say of themselves is true, by numbers: as the weights are carried, and as repaired."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from support.layer_pairs import ANOTHER, DIFFERENT, EQUAL, REPAIRED, LayerCase, cases, same_function

CASES = cases()
# A sixth is tried each time, the others in the sweep.
EVERY = [case if n % 6 == 0 else pytest.param(case, marks=pytest.mark.sweep) for n, case in enumerate(CASES)]


@pytest.fixture(autouse=True, scope="module")
def _freed() -> Any:
    yield
    keras.utils.clear_session()


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # of torch, for kernels of even size
@pytest.mark.parametrize("case", EVERY, ids=lambda case: case.name)
def test_the_truth_of_a_pair(case: LayerCase) -> None:
    keras_model, torch_model = case.build_keras(), case.build_torch()
    assert same_function(case, keras_model, torch_model) == (case.truth == EQUAL)
    assert (case.truth == REPAIRED) == bool(case.repair) == bool(case.repairs)
    if case.repair is not None:
        assert same_function(case, keras_model, case.repair(torch_model))


def test_there_are_many_of_each() -> None:
    assert len(CASES) == len({case.name for case in CASES}) >= 220
    counts = {truth: sum(case.truth == truth for case in CASES) for truth in (EQUAL, REPAIRED, ANOTHER, DIFFERENT)}
    assert min(counts.values()) >= 3, counts
