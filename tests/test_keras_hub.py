"""keras_hub's models from small configs: every shape that of a real pass, and nothing changes.

Every other one on TensorFlow, on the other backends the quick ones; the rest with `pytest -m sweep`.
"""

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

# JAX compiles each new operation and shape.
QUICKEST = frozenset({"roberta", "gpt2", "vgg"})
QUICK = frozenset({
    "roberta", "electra", "distil_bert", "esm", "gpt2", "opt", "falcon", "mistral", "phi3",
    "phi3_su", "qwen2", "t5_encoder", "clip_text", "blip2_vision", "pali_gemma_vit", "vgg", "rqvae",
})  # fmt: skip

# Named inputs in another order than Keras keeps them; attention laid out in another way.
AWKWARD = frozenset({"bart", "xlnet"})

# Name and backend -> a method other than the abstract one, and why.
OTHER_METHODS: dict[tuple[str, str], tuple[str, str]] = {
    ("stable_diffusion_3", "tensorflow"): ("eager", "the length of its schedule is the value of an input"),
    ("stable_diffusion_3", "jax"): ("eager", "the length of its schedule is the value of an input"),
}


def pytest_generate_tests(metafunc: Any) -> None:
    """The rest is marked as a sweep, which is called by name."""
    if "case" not in metafunc.fixturenames:
        return
    named = {"torch": QUICK, "jax": QUICKEST}.get(BACKEND, ())
    quick = HERE[::2] if BACKEND == "tensorflow" else [case for case in HERE if case.name in named]
    quick += [case for case in HERE if case.name in AWKWARD and case not in quick]
    rest = [pytest.param(case, marks=pytest.mark.sweep) for case in HERE if case not in quick]
    metafunc.parametrize("case", quick + rest, ids=lambda case: case.name)


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
@pytest.mark.filterwarnings("ignore:Using a non-tuple sequence")  # of PyTorch, for what roformer_v2 does
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
    assert report.method == OTHER_METHODS.get((case.name, BACKEND), ("abstract",))[0], report.notes


def test_there_are_enough() -> None:
    names = {case.name for case in keras_hub_zoo.CASES}
    assert len(names) == len(keras_hub_zoo.CASES)
    assert names >= QUICK | {name for name, _ in OTHER_METHODS}
    assert len([case for case in HERE if BACKEND == "tensorflow" or case.name in QUICK]) >= ENOUGH[BACKEND]
