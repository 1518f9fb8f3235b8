"""Layers with any settings beside layers with nearly the same: what the verdict says is what the outputs show."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import torch
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from support.layer_settings import KINDS, Drawn

from introspect import TensorSpec, compare, prove

GOOD = ("equal", "equal after repairs")
WRONG = ("different", "same weights, another function")


def check(drawn: Drawn, back: bool) -> None:
    try:  # settings may contradict each other, and a framework may refuse its input
        ours, port = drawn.ours(), drawn.port()
        port.eval()(torch.zeros(drawn.port_shape, dtype=torch.int64 if drawn.tokens else None))
    except (ValueError, RuntimeError, TypeError, AssertionError, NotImplementedError):
        reject()
    fed = TensorSpec(drawn.shape, "int32" if drawn.tokens else "float32")
    other = TensorSpec(drawn.port_shape, "int64" if drawn.tokens else "float32")
    models, inputs = (ours, port), (fed, other)
    if back:
        models, inputs = models[::-1], inputs[::-1]
    comparison = compare(*models, inputs_a=inputs[0], inputs_b=inputs[1])
    proof = prove(*models, comparison, seeds=1)
    said = f"{comparison}\n{proof}\n{port}\n{[layer.get_config() for layer in ours.layers]}"
    if comparison.verdict in GOOD:
        assert proof.holds, said
        if comparison.verdict == "equal":
            assert proof.carried[0].relative <= proof.bar, said
    elif comparison.verdict in WRONG:
        assert not proof.holds, said


def agreement(examples: int) -> Any:
    return settings(deadline=None, max_examples=examples, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_is_what_the_outputs_show(kind: str) -> None:
    @agreement(12)
    @given(KINDS[kind], st.booleans())
    def run(drawn: Drawn, back: bool) -> None:
        check(drawn, back)

    run()
    keras.utils.clear_session()


@pytest.mark.sweep
@pytest.mark.filterwarnings("ignore:Using padding='same'")
@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_is_what_the_outputs_show_many_times(kind: str) -> None:
    @agreement(300)
    @given(KINDS[kind], st.booleans())
    def run(drawn: Drawn, back: bool) -> None:
        check(drawn, back)

    run()
    keras.utils.clear_session()
