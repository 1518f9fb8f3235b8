"""compare() on real models: every weighted layer with its true partner, every difference, the ledger, the repairs.

The truth comes from tests/support: written from the sources of both frameworks and proved there by equal outputs.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from typing import Any

import keras
import pytest
from support import text_pairs, torchvision_zoo
from support.expected import Expected
from support.model_pairs import PAIRS, Pair
from support.text_pairs import TextPair

from introspect import Comparison, compare, inspect
from introspect.records import Layer, Report

QUICK = {"VGG16", "MobileNetV3Small", "EfficientNetB0", "ResNet50", "ConvNeXtTiny", "InceptionV3"}
EVERY = [p if p.keras in QUICK else pytest.param(p, marks=pytest.mark.sweep) for p in PAIRS]
needs_torchvision = pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")


@pytest.fixture
def freed() -> Iterator[None]:
    yield
    keras.utils.clear_session()
    gc.collect()


def partners_found(comparison: Comparison) -> dict[str, str]:
    """Which layer with tensors stands against which, one to one."""
    found = {}
    for match in comparison.matches:
        ones = [layer.path for layer in match.a if layer.parameters]
        others = [layer.path for layer in match.b if layer.parameters]
        if ones and others:
            (one,), (other,) = ones, others
            found[one] = other
    return found


def expected_causes(expected: tuple[Expected, ...]) -> Counter[tuple[Any, ...]]:
    found: Counter[tuple[Any, ...]] = Counter()
    for e in expected:
        if e.field != "input":
            found[e.field, str(e.keras), str(e.torch), e.effect] += max(len(e.keras_layers), len(e.torch_layers))
    return found


def causes_found(comparison: Comparison) -> Counter[tuple[Any, ...]]:
    """Another shape at one layer, which the next one makes good, is another value in the end."""
    return Counter(
        (d.field.partition("#")[0], str(d.a), str(d.b), "values" if d.effect == "shape" else d.effect)
        for d in comparison.causes
        if d.field.partition("#")[0] not in ("rescaling", "layer", "flatten")
    )


@needs_torchvision
@pytest.mark.usefixtures("freed")
@pytest.mark.parametrize("pair", EVERY, ids=lambda pair: pair.name)
def test_a_keras_application_beside_torchvisions_model(pair: Pair) -> None:
    keras_model, torch_model = pair.build_keras(), pair.build_torch()
    comparison = compare(keras_model, torch_model, inputs_b=pair.torch_shape)
    expected = pair.expected_differences(keras_model)

    assert partners_found(comparison) == pair.partners(keras_model)
    assert causes_found(comparison) == expected_causes(expected)
    assert len(comparison.causes) == len(comparison.differences)

    scaled = [e for e in expected if e.field == "input"]
    alone = [d for d in comparison.differences if d.field.partition("#")[0] in ("rescaling", "layer")]
    assert sorted(d.paths[0] or "" for d in alone) == sorted(e.keras_layers[0] for e in scaled)

    a, b = comparison.a.native_count, comparison.b.native_count
    assert (a, b) == (keras_model.count_params(), sum(p.numel() for p in torch_model.parameters()))
    assert a + sum(account.count for account in comparison.accounts) == b
    assert "not explained" not in [account.text for account in comparison.accounts]

    wrong = [e for e in expected if e.effect == "values"]
    assert comparison.verdict == ("equal after repairs" if wrong else "equal")
    assert len(comparison.repairs) == sum(max(1, len(e.keras_layers)) for e in wrong)
    mended = Counter((r.setting, str(r.value)) for r in comparison.repairs if r.action == "set")
    acting = {key: n for key, n in expected_causes(expected).items() if key[3] == "values"}
    assert mended == Counter({(field, value): n for (field, value, _, _), n in acting.items()})


@needs_torchvision
def test_the_story_of_79680_parameters() -> None:
    pair = next(p for p in PAIRS if p.keras == "ResNet50")
    comparison = compare(pair.build_keras(), pair.build_torch())
    assert [(account.count, account.text) for account in comparison.accounts] == [
        (-53_120, "statistics of batch norm layers (buffers in torch), in 53 layers"),
        (-26_560, "biases of conv2d layers that torch has no counterpart for, in 53 layers"),
    ]


@pytest.mark.skipif(not text_pairs.available(), reason="keras_hub and transformers are not installed")
@pytest.mark.usefixtures("freed")
@pytest.mark.filterwarnings("ignore:.*:UserWarning:keras")  # of keras_hub's T5, which Keras can't build by its call
@pytest.mark.parametrize("pair", text_pairs.PAIRS, ids=lambda pair: pair.name)
def test_a_keras_hub_backbone_beside_transformers(pair: TextPair) -> None:
    keras_model, torch_model = pair.build_keras(), pair.build_torch()
    one, other = pair.feed()
    a, b = inspect(keras_model, as_float32(one)), inspect(torch_model, as_float32(other))
    comparison = compare(a, b)
    found = {(x.path, y.path) for m in comparison.matches for x in m.a for y in m.b}

    for paths, module in pair.partners(keras_model):
        assert any(_holds(found, path, holder) for path in paths for holder in _holders(b, module)), (paths, module)
    lonely = {y.path for m in comparison.matches for y in m.b if not m.a and _learns(y)}
    assert lonely == set(pair.torch_only)
    assert not [m for m in comparison.matches for x in m.a if not m.b and _learns(x)]

    fields = Counter(d.field.partition("#")[0] for d in comparison.causes if d.effect == "values")
    assert set(fields) <= {e.field for e in pair.expected_differences()}
    assert comparison.verdict in ("equal", "undecided")  # masks depend on values
    assert a.native_count + sum(account.count for account in comparison.accounts) == b.native_count


def as_float32(feed: Any) -> Any:
    if not isinstance(feed, dict):
        return feed.astype("float32")
    return {name: value.astype("float32") if value.dtype == "float64" else value for name, value in feed.items()}


def _holders(report: Report, module: str) -> set[str]:
    """The layers that hold a tensor of this one: it may be tied."""
    tensors = {p.same_as or p.path for p in report[module].parameters}
    tied = {layer.path for layer in report for p in layer.parameters if (p.same_as or p.path) in tensors}
    return tied | {report[module].path}


def _learns(layer: Layer) -> bool:
    return any(p.state == "parameter" for p in layer.parameters)


def _holds(found: set[tuple[str, str]], path: str, module: str) -> bool:
    """Whether the two are parts of layers that stand against each other, or the other way round."""
    return any(_near(path, x) and _near(module, y) for x, y in found)


def _near(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")
