"""keras_hub's models from small configs: every shape that of a real pass, and nothing changes."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from support import keras_hub_zoo, keras_reference
from support.checks import check_report, shapes_differ
from support.fingerprint import difference, keras_fingerprint

from introspect import inspect

pytestmark = pytest.mark.skipif(not keras_hub_zoo.available(), reason="keras_hub is not installed")
BACKEND = keras.backend.backend()
HERE = [case for case in keras_hub_zoo.CASES if BACKEND in case.backends]
ENOUGH = {"tensorflow": 40, "jax": 15, "torch": 15}

# Name -> the method and why the abstract one does not do.
OTHER_METHODS: dict[str, tuple[str, str]] = {}


@pytest.fixture
def freed() -> Iterator[None]:
    """Models follow one another."""
    yield
    keras.utils.clear_session()
    gc.collect()


def real_pass(model: Any, inputs: Any) -> keras_reference.Reference:
    with warnings.catch_warnings():  # what a model warns of is between it and its backend
        warnings.simplefilter("ignore")
        return keras_reference.record(model, inputs)


@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("case", HERE, ids=lambda case: case.name)
def test_keras_hub(case: Any) -> None:
    model, inputs = case.build(), case.feed()
    before = keras_fingerprint(model)
    report = inspect(model, inputs)
    assert not difference(before, keras_fingerprint(model))
    assert report.complete, report.notes
    assert not shapes_differ(report, real_pass(model, inputs))
    assert report.native_count == model.count_params()
    assert report.native_count == sum(p.size for p in report.parameters if p.role != "seed")
    check_report(report)
    assert report.method == OTHER_METHODS.get(case.name, ("abstract",))[0], report.notes


def test_there_are_enough() -> None:
    assert len({case.name for case in keras_hub_zoo.CASES}) == len(keras_hub_zoo.CASES)
    assert len(HERE) >= ENOUGH[BACKEND]
