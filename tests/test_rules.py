"""Shape rules against the functions themselves: what a rule answers, the function gives, also about errors.

A rule may always stand aside (`None`). Generated arguments are wrong as often as right: bias lengths, groups, channels,
dtypes, axes.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from introspect.adapters.pytorch.leaves import leaf_of
from introspect.adapters.pytorch.rules import RULES
from torch import nn
from torch.nn import functional

from introspect import inspect

DTYPES = st.sampled_from([torch.float32] * 6 + [torch.float64, torch.bfloat16, torch.int64])
SIZES = st.integers(1, 5)


def agree(function: Any, *args: Any, **kwargs: Any) -> bool:
    """Whether the rule answered; if it did, the function must give the same on real tensors."""

    def meta(value: Any) -> Any:
        if isinstance(value, list):
            return [meta(one) for one in value]
        return value.to("meta") if isinstance(value, torch.Tensor) else value

    answer = RULES[function](*map(meta, args), **{name: meta(value) for name, value in kwargs.items()})
    if answer is None:
        return False
    with torch.no_grad():
        real = function(*args, **kwargs)
    assert (answer.shape, answer.dtype, answer.stride()) == (real.shape, real.dtype, real.stride())
    return True


def tensors(draw: Any, shape: tuple[int, ...]) -> torch.Tensor:
    """Now and then of another dtype, or not laid out in the order of its axes."""
    tensor = torch.ones(shape, dtype=draw(DTYPES))
    if len(shape) > 1 and draw(st.integers(0, 7)) == 0:
        tensor = tensor.transpose(0, 1).contiguous().transpose(0, 1)
    return tensor


def nearly(draw: Any, size: int) -> int:
    """The right size, now and then a wrong one."""
    return size if draw(st.integers(0, 5)) else max(1, size + draw(st.integers(-2, 2)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_convolutions(data: Any) -> None:
    draw = data.draw
    rank, groups = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    channels, out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    function = (torch.conv1d, torch.conv2d, torch.conv3d)[rank - 1]
    x = tensors(draw, (draw(SIZES), nearly(draw, channels), *(draw(st.integers(1, 7)) for _ in range(rank))))
    window = [draw(st.integers(1, 3)) for _ in range(rank)]
    weight = tensors(draw, (nearly(draw, out), nearly(draw, channels // groups), *window))
    bias = draw(st.booleans()) and tensors(draw, (nearly(draw, out),))
    each = st.integers(0, 2) | st.tuples(*[st.integers(0, 2)] * rank) | st.sampled_from(["valid", -1])
    stride, padding, dilation = draw(each), draw(each), draw(each)
    agree(function, x, weight, bias if bias is not False else None, stride, padding, dilation, nearly(draw, groups))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_pools(data: Any) -> None:
    draw = data.draw
    x = tensors(draw, (draw(SIZES), draw(SIZES), draw(st.integers(1, 7)), draw(st.integers(1, 7))))
    each = st.integers(0, 3) | st.tuples(*[st.integers(0, 3)] * 2)
    window, stride, padding = draw(each), draw(st.none() | each), draw(each)
    agree(torch.max_pool2d, x, window, stride, padding, draw(each), draw(st.booleans()))
    agree(functional.avg_pool2d, x, window, stride, padding, draw(st.booleans()))
    agree(functional.adaptive_avg_pool2d, x, draw(each))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_concatenations(data: Any) -> None:
    draw = data.draw
    shape = [draw(SIZES) for _ in range(draw(st.integers(0, 4)))]
    axis = draw(st.integers(-4, 4))
    given_ = []
    for _ in range(draw(st.integers(1, 3))):
        sizes = [n if place != axis % max(1, len(shape)) else draw(SIZES) for place, n in enumerate(shape)]
        given_.append(tensors(draw, tuple(nearly(draw, n) if draw(st.integers(0, 9)) == 0 else n for n in sizes)))
    agree(torch.cat, given_, axis)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_linear(data: Any) -> None:
    draw = data.draw
    features, out = draw(SIZES), draw(SIZES)
    x = tensors(draw, (*(draw(SIZES) for _ in range(draw(st.integers(0, 3)))), nearly(draw, features)))
    weight = tensors(draw, (out, features))
    bias = tensors(draw, (nearly(draw, out),)) if draw(st.booleans()) else None
    agree(functional.linear, x, weight, bias)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_norms(data: Any) -> None:
    draw = data.draw
    shape = tuple(draw(SIZES) for _ in range(draw(st.integers(1, 4))))
    x = tensors(draw, shape)
    channels = shape[1] if len(shape) > 1 else 1

    def vector() -> Any:
        return tensors(draw, (nearly(draw, channels),)) if draw(st.integers(0, 3)) else None

    mean, variance, weight, bias = vector(), vector(), vector(), vector()
    training = draw(st.integers(0, 3)) == 0
    agree(functional.batch_norm, x, mean, variance, weight=weight, bias=bias, training=training)
    normalized = shape[draw(st.integers(0, len(shape) - 1)) :]
    scale = tensors(draw, tuple(nearly(draw, n) for n in normalized)) if draw(st.booleans()) else None
    agree(functional.layer_norm, x, tuple(nearly(draw, n) for n in normalized), weight=scale)


ELEMENTWISE = [f for f, rule in RULES.items() if rule.__name__ in ("_elementwise", "_gelu", "_dropout")]
CONSTANT = [functional.leaky_relu, functional.hardtanh, functional.elu]
BINARY = [f for f, rule in RULES.items() if rule.__name__ == "_binary"]
IN_PLACE = [f for f, rule in RULES.items() if rule.__name__ == "_in_place"]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_element_by_element(data: Any) -> None:
    draw = data.draw
    shape = tuple(draw(SIZES) for _ in range(draw(st.integers(0, 3))))
    x = tensors(draw, shape)
    function = draw(st.sampled_from([*ELEMENTWISE, *CONSTANT, functional.softmax]))
    if function is functional.softmax:
        agree(function, x, dim=draw(st.integers(-3, 3)))
    elif function is functional.dropout:
        agree(function, x, p=draw(st.sampled_from([0.0, 0.5, 1.0, 1.5])), training=draw(st.booleans()))
    elif function in CONSTANT:
        agree(function, x, *draw(st.sampled_from([(), (0.5,), (0,)])))
    else:
        agree(function, x)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_of_two(data: Any) -> None:
    draw = data.draw
    shape = tuple(draw(SIZES) for _ in range(draw(st.integers(0, 3))))
    other_shape = tuple(n if draw(st.booleans()) else draw(st.sampled_from([1, 2])) for n in shape)
    other_shape = other_shape[draw(st.integers(0, max(0, len(shape) - 1))) :]
    other: Any = tensors(draw, other_shape) if draw(st.integers(0, 3)) else draw(st.sampled_from([2, 0.5, True, 1j]))
    x = tensors(draw, shape)
    pair = (x, other) if draw(st.booleans()) or not isinstance(other, torch.Tensor) else (other, x)
    agree(draw(st.sampled_from([*BINARY, *IN_PLACE])), *pair)


def test_the_rules_answer_where_they_should() -> None:
    """A rule that always stands aside would pass everything above."""
    x, kernel, vector = torch.ones(2, 4, 6, 6), torch.ones(8, 2, 3, 3), torch.ones(4)
    assert agree(torch.conv2d, x, kernel, torch.ones(8), (1, 1), (1, 1), (1, 1), 2)
    assert agree(functional.linear, torch.ones(2, 4), torch.ones(3, 4), torch.ones(3))
    assert agree(functional.batch_norm, x, vector, vector, vector, vector)
    assert agree(functional.layer_norm, x, (6,))
    assert agree(torch.max_pool2d, x, 2)
    assert agree(functional.avg_pool2d, x, (3, 2), 1, 1)
    assert agree(functional.adaptive_avg_pool2d, x, (1, 1))
    assert agree(torch.cat, [x, x], -3)
    for function in ELEMENTWISE:
        assert agree(function, x, **({"training": False} if function is functional.dropout else {}))
    for function in CONSTANT:
        assert agree(function, x)
    assert agree(functional.softmax, x, dim=-1)
    for function in [*BINARY, *IN_PLACE]:
        assert agree(function, x, torch.ones_like(x))
        assert agree(function, x, 2)


LEAVES = [
    (nn.Conv1d(4, 6, 3, padding=1, groups=2), (2, 4, 9)),
    (nn.Conv2d(4, 6, 3, stride=2, padding=1), (2, 4, 9, 9)),
    (nn.Conv3d(4, 6, (1, 2, 3), bias=False), (2, 4, 5, 5, 5)),
    (nn.BatchNorm1d(4), (2, 4)),
    (nn.BatchNorm2d(4, affine=False), (2, 4, 3, 3)),
    (nn.BatchNorm3d(4), (2, 4, 3, 3, 3)),
    (nn.Linear(4, 6), (2, 3, 4)),
    (nn.LayerNorm(4), (2, 3, 4)),
    *[(kind(), (2, 4)) for kind in (nn.ReLU, nn.ReLU6, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.SELU)],
    *[(kind(), (2, 4)) for kind in (nn.Sigmoid, nn.Tanh, nn.GELU, nn.Dropout, nn.Identity)],
    (nn.Softmax(-1), (2, 4)),
    (nn.MaxPool2d(3, 2, 1), (2, 4, 9, 9)),
    (nn.AvgPool2d(2), (2, 4, 9, 9)),
    (nn.AdaptiveAvgPool2d((2, 3)), (2, 4, 9, 9)),
]


@pytest.mark.parametrize(("layer", "shape"), LEAVES, ids=str)
def test_a_layer_that_answers_at_once_answers_as_it_would(layer: nn.Module, shape: tuple[int, ...]) -> None:
    """On the right shape, and with one size or axis more or less: the same shape, or nothing."""
    leaf = leaf_of(layer.eval(), training=False)
    assert leaf is not None
    assert leaf(layer, torch.empty(shape, device="meta")) is not None
    wrong = [(*shape[:place], n + 1, *shape[place + 1 :]) for place, n in enumerate(shape)]
    for tried in (shape, *wrong, shape[1:], (1, *shape)):
        answer = leaf(layer, torch.empty(tried, device="meta"))
        if answer is not None:
            with torch.no_grad():
                real = layer(torch.ones(tried))
            assert (answer.shape, answer.dtype, answer.stride()) == (real.shape, real.dtype, real.stride())


def test_a_layer_with_code_of_somebody_elses_does_not_answer_at_once() -> None:
    class Own(nn.Linear):
        def forward(self, input: torch.Tensor) -> torch.Tensor:
            return super().forward(input)[:1]

    replaced = nn.Linear(4, 4)
    replaced.forward = lambda x: x[:1]  # type: ignore[method-assign]
    assert leaf_of(Own(4, 4), training=False) is None
    assert leaf_of(replaced, training=False) is None
    assert leaf_of(nn.BatchNorm2d(4), training=True) is None
    assert inspect(nn.Sequential(replaced), (2, 4)).root.output_shape == (1, 4)


def test_a_compiled_call_stands_aside() -> None:
    """`module.compile()` puts what it makes of a module in front of it."""
    model = nn.Sequential(nn.Linear(4, 4))
    model[0]._compiled_call_impl = lambda x: x[:1]  # type: ignore[assignment]
    report = inspect(model, (2, 4))
    assert report["0"].output_shape == (2, 4)
    assert model(torch.ones(2, 4)).shape == (1, 4)


@pytest.mark.parametrize(
    "model",
    [
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3)),
        nn.Sequential(nn.Conv2d(3, 4, 9)),
        nn.Sequential(nn.Linear(8, 4), nn.Linear(5, 4)),
        nn.Sequential(nn.BatchNorm2d(4)),
        nn.Sequential(nn.LayerNorm(9)),
    ],
    ids=str,
)
def test_what_a_real_pass_refuses_is_refused(model: Any) -> None:
    x = torch.ones(1, 3, 8, 8)
    with pytest.raises(RuntimeError):
        model(x)
    assert not inspect(model, (1, 3, 8, 8)).complete


def test_a_weight_of_another_length_is_refused() -> None:
    model = nn.Linear(4, 4)
    model.bias = nn.Parameter(torch.ones(3))
    with pytest.raises(RuntimeError):
        model(torch.ones(2, 4))
    assert not inspect(model, (2, 4)).complete
