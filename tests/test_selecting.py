"""`report.select`: every filter, beside what it finds; and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from introspect import IntrospectError, Report, inspect
from introspect.errors import UnknownFilterError


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU())
        self.again = self.stem[2]
        self.conv = nn.Conv2d(8, 4, 3, bias=False)
        self.drop = nn.Dropout(0.25)
        self.head = nn.Linear(4, 10)
        self.head.bias.requires_grad_(False)
        self.stem[0].requires_grad_(False)
        self.unused = nn.Linear(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.drop(self.again(self.conv(self.again(self.stem(x))))).mean((2, 3)))


@pytest.fixture(scope="module")
def report() -> Report:
    return inspect(Net(), (1, 3, 16, 16))


FOUND: list[tuple[dict[str, Any], list[str]]] = [
    ({}, ["", "stem", "stem.0", "stem.1", "stem.2", "conv", "drop", "head", "unused"]),
    ({"kind": "conv2d"}, ["stem.0", "conv"]),
    ({"kind": ("conv2d", "dense")}, ["stem.0", "conv", "head", "unused"]),
    ({"kind": "*norm"}, ["stem.1"]),
    ({"kind": "conv3d"}, []),
    ({"type": "Conv2d"}, ["stem.0", "conv"]),
    ({"type": {"Linear", "Dropout"}}, ["drop", "head", "unused"]),
    ({"path": "stem.*"}, ["stem.0", "stem.1", "stem.2"]),
    ({"path": "again"}, ["stem.2"]),
    ({"path": ""}, [""]),
    ({"name": ["0", "head"]}, ["stem.0", "head"]),
    ({"trainable": True}, ["stem.1", "conv", "head", "unused"]),
    ({"trainable": False}, ["stem.0"]),
    ({"depth": 0}, [""]),
    ({"depth": range(2)}, ["", "stem", "conv", "drop", "head", "unused"]),
    ({"calls": 0}, ["unused"]),
    ({"calls": {2, 3}}, ["stem.2"]),
    ({"units": 8}, ["stem.0"]),
    ({"strides": 2}, ["stem.0"]),
    ({"strides": (2, 2)}, ["stem.0"]),
    ({"kernel_size": 3, "use_bias": False}, ["conv"]),
    ({"use_bias": True}, ["stem.0", "head", "unused"]),
    ({"rate": 0.25}, ["drop"]),
    ({"function": "relu"}, ["stem.2"]),
    ({"output_shape": (1, 10)}, ["", "head"]),
    ({"part_of": None, "kind": "dense", "calls": 1}, ["head"]),
    ({"kernel_shape": None, "kind": "dense"}, []),
    ({"where": lambda layer: (layer.parameter_count or 0) > 200}, ["", "stem", "stem.0", "conv"]),
    ({"where": lambda layer: "drop" in layer.path, "kind": "dropout"}, ["drop"]),
]


@pytest.mark.parametrize(("said", "paths"), FOUND, ids=[f"{n} {' '.join(said)}" for n, (said, _) in enumerate(FOUND)])
def test_a_filter_finds_these_layers(report: Report, said: dict[str, Any], paths: list[str]) -> None:
    found = report.select(**said)
    assert [layer.path for layer in found] == paths
    assert all(layer is report[layer.path] for layer in found)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"kinds": "conv2d"}, "no property or setting 'kinds'.* did you mean 'kind'"),
        ({"kind": "conv2D"}, "no kind 'conv2D'.* did you mean 'conv2d'"),
        ({"kernelsize": 3}, "did you mean 'kernel_size'"),
        ({"kind": 3}, "kind=3 is neither a word nor several"),
        ({"path": ()}, "neither a word nor several"),
        ({"type": ["Linear", None]}, "neither a word nor several"),
        ({"trainable": 1}, "neither True nor False"),
        ({"where": "conv2d"}, "is no function"),
    ],
)
def test_what_selects_nothing_is_refused_in_a_sentence(report: Report, said: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnknownFilterError, match=sentence) as raised:
        report.select(**said)
    assert isinstance(raised.value, IntrospectError)
    assert "\n" not in str(raised.value)


def test_brackets_in_names_are_taken_literally() -> None:
    net = nn.Sequential()
    net.add_module("[x]", nn.Linear(2, 3))
    assert [layer.path for layer in inspect(net, (1, 2)).select(path="[x]")] == ["[x]"]
