"""`assert_same_architecture`: every change of a model is caught, and no change of names alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import pytest
import torch
from keras import layers
from torch import nn

from introspect import Report, TensorSpec, inspect
from introspect.comparison import Difference
from introspect.drift import drift
from introspect.testing import assert_same_architecture

FED = [TensorSpec((1, 4, 16, 16)), TensorSpec((1, 5), "int64")]


class Net(nn.Module):
    """A bit of everything; each argument is something that may drift."""

    def __init__(
        self,
        units=16,
        act=nn.ReLU,
        rate=0.1,
        bias=True,
        tied=True,
        extra=False,
        swap=False,
        frozen=False,
        unused=False,
        turned=False,
        emb=50,
        padding_token=None,
        lstm=None,
        norm=None,
        pool=None,
        **conv,
    ):
        super().__init__()  # fmt: skip
        self.conv = nn.Conv2d(4, 8, **{"kernel_size": 3, "padding": 1, "bias": False, **conv})
        self.norm = (norm or nn.BatchNorm2d)(8)
        self.act = act()
        self.pool = pool or nn.MaxPool2d(2)
        self.drop = nn.Dropout(rate)
        self.hidden = nn.Linear(8, units, bias=bias)
        self.second, self.head = nn.Linear(units, units), nn.Linear(units, 6)
        self.emb = nn.Embedding(emb, 6, padding_idx=padding_token)
        self.lstm = nn.LSTM(6, 6, batch_first=True, **(lstm or {}))
        self.out = nn.Linear(6, emb, bias=False)
        if tied:
            self.out.weight = self.emb.weight
        self.extra = nn.Linear(units, units) if extra else nn.Identity()
        if unused:
            self.unused = nn.Linear(units, 3)
        self.swap, self.turned = swap, turned
        self.conv.requires_grad_(not frozen)

    def forward(self, image: torch.Tensor, ids: torch.Tensor) -> Any:
        x = self.pool(self.act(self.norm(self.conv(image)))).mean((2, 3))
        x = self.extra(self.drop(self.hidden(x)))
        x = self.head(self.second(torch.tanh(x)) if self.swap else torch.tanh(self.second(x)))
        outputs = x, self.out(self.lstm(self.emb(ids))[0])
        return outputs[::-1] if self.turned else outputs


# What is changed → the fields of the differences that tell it.
TORCH: list[tuple[dict[str, Any], set[str]]] = [
    ({"units": 17}, {"units"}),
    ({"act": nn.ReLU6}, {"activation"}),
    ({"act": nn.GELU}, {"activation"}),
    ({"act": nn.Identity}, {"activation"}),
    ({"stride": 2}, {"strides"}),
    ({"padding": 0}, {"padding"}),
    ({"dilation": 2, "padding": 2}, {"dilation"}),
    ({"groups": 2}, {"groups"}),
    ({"kernel_size": 1, "padding": 0}, {"kernel_size"}),
    ({"padding_mode": "reflect"}, {"pad_value"}),
    ({"bias": False}, {"use_bias"}),
    ({"rate": 0.2}, {"rate"}),
    ({"rate": 0.0}, {"rate"}),
    ({"norm": lambda n: nn.BatchNorm2d(n, eps=1e-3)}, {"eps"}),
    ({"norm": lambda n: nn.BatchNorm2d(n, momentum=0.2)}, {"momentum"}),
    ({"norm": lambda n: nn.GroupNorm(2, n)}, {"kind"}),
    ({"pool": nn.MaxPool2d(3)}, {"kernel_size", "strides"}),
    ({"pool": nn.AvgPool2d(2)}, {"kind"}),
    ({"pool": nn.MaxPool2d(2, ceil_mode=True)}, {"ceil_mode"}),
    ({"tied": False}, {"shared"}),
    ({"extra": True}, {"layer"}),
    ({"unused": True}, {"layer"}),
    ({"swap": True}, {"order"}),
    ({"turned": True}, {"output_order"}),
    ({"frozen": True}, {"trainable"}),
    ({"emb": 51}, {"tokens", "units"}),
    ({"padding_token": 0}, {"padding_token"}),
    ({"lstm": {"dropout": 0.5, "num_layers": 2}}, {"layer", "layers", "between_rate"}),
]


@cache
def torch_base() -> Report:
    report = inspect(Net(), FED)
    assert report.complete
    return report


def numbered(cases: list[tuple[dict[str, Any], set[str]]]) -> list[str]:
    return [f"{n} {' '.join(changed)}" for n, (changed, _) in enumerate(cases)]


def fields(found: Any) -> set[str]:
    return {difference.field.partition("#")[0] for difference in found.causes}


@pytest.mark.parametrize(("changed", "told"), TORCH, ids=numbered(TORCH))
def test_a_change_of_a_torch_model_is_caught(changed: dict[str, Any], told: set[str]) -> None:
    found = drift(torch_base(), inspect(Net(**changed), FED))
    assert found is not None
    assert fields(found) == told
    with pytest.raises(AssertionError) as raised:
        assert_same_architecture(torch_base(), Net(**changed), inputs_b=FED)
    for field in told:
        assert f"{field}: " in str(raised.value) or f"{field} " in str(raised.value)
    # and the other way round
    assert drift(inspect(Net(**changed), FED), torch_base()) is not None
    # what is ignored is not in the way of anything else
    assert_same_architecture(torch_base(), Net(**changed), inputs_b=FED, ignore=told)


def test_another_dtype_is_caught() -> None:
    inputs = [TensorSpec((1, 4, 16, 16), "float64"), FED[1]]
    found = drift(torch_base(), inspect(Net().double(), inputs))
    assert found is not None
    assert fields(found) == {"dtype"}


def test_another_size_of_the_input_is_caught_and_another_batch_is_not() -> None:
    for size, batch, told in ((20, 1, {"input_shape"}), (16, 4, None)):
        found = drift(
            torch_base(), inspect(Net(), [TensorSpec((batch, 4, size, size)), TensorSpec((batch, 5), "int64")])
        )
        assert (found and fields(found)) == told


class Renamed(nn.Module):
    """The same as `Small`: other names, another order of definition, functions in place of layers."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(8, 2)
        self.first = nn.Conv2d(3, 8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(nn.functional.relu(self.first(x)).mean((2, 3)))


def small(**said: Any) -> nn.Module:
    conv = nn.Conv2d(3, 8, 3, **said)
    return nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2))


IMAGE = (1, 3, 9, 9)


def test_names_and_ways_of_writing_are_no_difference() -> None:
    assert_same_architecture(small(), Renamed(), inputs_a=IMAGE, inputs_b=IMAGE)
    with pytest.raises(AssertionError, match="name: 0 → first"):
        assert_same_architecture(small(), Renamed(), inputs_a=IMAGE, inputs_b=IMAGE, names=True)
    assert_same_architecture(small(), small(), inputs_a=IMAGE, inputs_b=IMAGE, names=True)


def test_names_are_compared_where_nothing_else_differs_too() -> None:
    a, b = nn.Sequential(), nn.Sequential()
    a.add_module("one", nn.Linear(2, 2))
    b.add_module("two", nn.Linear(2, 2))
    assert_same_architecture(a, b)
    with pytest.raises(AssertionError, match="1 difference"):
        assert_same_architecture(a, b, names=True)
    assert_same_architecture(a, b, names=True, ignore="name")


def test_weights_and_modes_are_no_difference() -> None:
    a, b = small(), small().eval()
    for tensor in b.parameters():
        nn.init.zeros_(tensor)
    assert_same_architecture(a, b, inputs_a=IMAGE, inputs_b=IMAGE)


def keras_net(units=16, act="relu", rate=0.1, eps=1e-3, momentum=0.9, bias=True, shared=True, extra=False, swap=False,
              frozen=False, size=16, turned=False, emb=50, mask=False, gru=None, softmax=False, name=None, apart=False,
              pool=2, policy=None, **conv) -> Any:  # fmt: skip
    image, ids = keras.Input((size, size, 4)), keras.Input((5,), dtype="int32")
    first = layers.Conv2D(8, **{"kernel_size": 3, "padding": "same", "use_bias": False, **conv}, name=name)
    first.trainable = not frozen
    x = layers.BatchNormalization(epsilon=eps, momentum=momentum)(first(image))
    x = layers.GlobalAveragePooling2D()(layers.MaxPooling2D(pool)(layers.Activation(act)(x)))
    hidden = layers.Dense(units, None if apart else "relu", use_bias=bias, dtype=policy)
    x = hidden(layers.Dropout(rate)(x))
    x = layers.ReLU()(x) if apart else x
    x = layers.Dense(units)(x) if extra else x
    second, tanh = layers.Dense(units), layers.Activation("tanh")
    x = layers.Dense(6)(second(tanh(x)) if swap else tanh(second(x)))
    x = layers.Softmax()(x) if softmax else x
    dense = layers.Dense(6)
    y = layers.Embedding(emb, 6, mask_zero=mask)(ids)
    y = dense(layers.GRU(6, **{"return_sequences": True, **(gru or {})})(y))
    y = dense(y) if shared else layers.Dense(6)(y)
    return keras.Model([image, ids], [y, x] if turned else [x, y])


KERAS: list[tuple[dict[str, Any], set[str]]] = [
    ({"units": 17}, {"units"}),
    ({"act": "gelu"}, {"activation"}),
    ({"strides": 2}, {"strides"}),
    ({"padding": "valid"}, {"padding"}),
    ({"kernel_size": 1}, {"kernel_size"}),
    ({"groups": 2}, {"groups"}),
    ({"use_bias": True}, {"use_bias"}),  # the normalization behind takes it away
    ({"bias": False}, {"use_bias"}),
    ({"rate": 0.2}, {"rate"}),
    ({"rate": 0.0}, {"rate"}),
    ({"eps": 1e-5}, {"eps"}),
    ({"momentum": 0.8}, {"momentum"}),
    ({"pool": 3}, {"kernel_size", "strides"}),
    ({"shared": False}, {"shared"}),
    ({"extra": True}, {"layer"}),
    ({"swap": True}, {"order"}),
    ({"turned": True}, {"output_order"}),
    ({"frozen": True}, {"trainable"}),
    ({"size": 20}, {"input_shape"}),
    ({"emb": 51}, {"tokens"}),
    ({"mask": True}, {"mask_zero"}),
    ({"softmax": True}, {"softmax"}),
    ({"gru": {"recurrent_dropout": 0.1}}, {"recurrent_rate"}),
    ({"gru": {"reset_after": False}}, {"reset_after"}),
    ({"gru": {"go_backwards": True}}, {"go_backwards", "flip"}),
    ({"gru": {"dropout": 0.1}}, {"rate"}),
    ({"policy": "mixed_float16"}, {"dtype"}),
]


@cache
def keras_base() -> Report:
    report = inspect(keras_net())
    assert report.complete
    return report


@pytest.mark.parametrize(("changed", "told"), KERAS, ids=numbered(KERAS))
def test_a_change_of_a_keras_model_is_caught(changed: dict[str, Any], told: set[str]) -> None:
    report = inspect(keras_net(**changed))
    found = drift(keras_base(), report)
    assert found is not None
    assert told <= fields(found)
    assert drift(report, keras_base()) is not None


@pytest.mark.parametrize("changed", [{}, {"name": "mine"}, {"apart": True}], ids=str)
def test_keras_names_and_ways_of_writing_are_no_difference(changed: dict[str, Any]) -> None:
    assert drift(keras_base(), inspect(keras_net(**changed))) is None


def twin(rate: float = 0.5, activation: str = "relu") -> Any:
    return keras.Sequential([
        keras.Input((9, 9, 3)), layers.Conv2D(8, 3, activation=activation), layers.BatchNormalization(momentum=0.9),
        layers.Dropout(rate), layers.Flatten(), layers.Dense(2), layers.Reshape((2, 1)), layers.LSTM(4),
    ])  # fmt: skip


class Twin(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8, eps=1e-3)
        self.drop, self.dense, self.lstm = nn.Dropout(0.5), nn.Linear(8 * 49, 2), nn.LSTM(1, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.drop(self.norm(torch.relu(self.conv(x))))
        return self.lstm(self.dense(x.flatten(1))[..., None])[0][:, -1]


def test_what_frameworks_spell_in_two_ways_is_no_difference() -> None:
    model = Twin()
    model.conv = nn.Conv2d(3, 8, 3)
    assert_same_architecture(twin(), model)  # buffers, a second bias, layouts, momentum the other way round


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda net: setattr(net.norm, "momentum", 0.2), "momentum"),
        (lambda net: setattr(net.drop, "p", 0.1), "rate"),
        (lambda net: setattr(net.norm, "eps", 1e-5), "eps"),
        (lambda net: net.dense.requires_grad_(False), "trainable"),
        (lambda net: setattr(net, "dense", nn.Linear(8 * 49, 2, bias=False)), "use_bias"),
    ],
)
def test_what_differs_across_frameworks_fails_unless_it_is_ignored(change: Callable[[Any], Any], field: str) -> None:
    model = Twin()
    model.conv = nn.Conv2d(3, 8, 3)
    change(model)
    with pytest.raises(AssertionError, match=field):
        assert_same_architecture(twin(), model)
    assert_same_architecture(twin(), model, ignore=field)


def test_fields_effects_and_functions_can_be_ignored() -> None:
    a, b = Net(), Net(rate=0.3, frozen=True)
    said: dict[str, Any] = {"inputs_a": FED, "inputs_b": FED}
    for ignore in ("rate", ["rate"], "trainable", lambda d: d.field == "rate", ["momentum", "rate"]):
        with pytest.raises(AssertionError, match="1 difference"):
            assert_same_architecture(a, b, ignore=ignore, **said)
    at_drop: Callable[[Difference], bool] = lambda d: d.paths[0] == "drop"  # noqa: E731
    for ignore in ("training", {"rate", "trainable"}, [at_drop, "trainable"], lambda d: True):
        assert_same_architecture(a, b, ignore=ignore, **said)


def test_what_can_not_be_judged_fails_unless_it_is_the_same_or_ignored() -> None:
    a, b = inspect(small(), trace=None), inspect(Renamed(), trace=None)
    assert_same_architecture(a, inspect(small(), trace=None))
    with pytest.raises(AssertionError):
        assert_same_architecture(a, b)
    across = inspect(twin(), trace=None)
    with pytest.raises(AssertionError):
        assert_same_architecture(across, inspect(Twin(), trace=None))


class Odd(nn.Module):
    """Computes something that nobody has a word for."""

    def __init__(self, rate: float = 0.1) -> None:
        super().__init__()
        self.linear, self.drop = nn.Linear(4, 4), nn.Dropout(rate)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.drop(torch.special.bessel_j0(self.linear(x)))


def test_a_step_of_unknown_meaning_that_both_have_is_no_difference() -> None:
    said: dict[str, Any] = {"inputs_a": (1, 4), "inputs_b": (1, 4)}
    assert_same_architecture(Odd(), Odd(), **said)
    assert_same_architecture(Odd(), Odd(0.2), ignore="rate", **said)
    with pytest.raises(AssertionError, match="1 difference"):
        assert_same_architecture(Odd(), Odd(0.2), **said)


def test_a_message_is_readable_and_says_just_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(AssertionError) as raised:
        assert_same_architecture(Net(), Net(units=17, rate=0.3), inputs_a=FED, inputs_b=FED, ignore="training")
    text = str(raised.value)
    assert text.startswith("The architectures are not the same: 2 differences.\n\na: Net (torch ")
    assert "units: 16 → 17 (count) in 2 layers: hidden, second" in text
    assert "rate" not in text
    assert all(len(line) <= 76 for line in text.splitlines())
