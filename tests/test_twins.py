"""The generator of twin models is itself right: both sides are one function, in the same sizes."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import carrying, twins_carry
from support.twins import INPUT, Sketch, shapes
from support.twins_keras import build_keras
from support.twins_strategies import descriptions
from support.twins_torch import build_torch


def check(description: Any, seed: int | None) -> None:
    with carrying.policy():
        keras_model = build_keras(description, sequential=bool(seed))
    torch_model = build_torch(description, seed).double()
    carrying.randomize(keras_model, 1)
    twins_carry.carry(description, keras_model, torch_model)
    a, b = twins_carry.outputs(keras_model, torch_model, twins_carry.example(description))
    assert a.shape == b.shape == (2, *shapes(description)[description.output])
    assert np.max(np.abs(a - b)) <= twins_carry.precision(description) * max(1.0, float(np.max(np.abs(a))))
    keras.utils.clear_session()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(descriptions(), st.sampled_from((None, 1, 2)))
def test_every_drawn_description_is_one_function_in_both_frameworks(description: Any, seed: int | None) -> None:
    check(description, seed)


def test_what_does_not_fit_is_refused() -> None:
    sketch = Sketch(8, 8, 3)
    sketch("conv2d", INPUT, filters=4, groups=2)
    with pytest.raises(ValueError, match="does not fit"):
        sketch.done()
