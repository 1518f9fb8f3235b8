"""Models to draw, and what a test reads off a picture: boxes, lines, and where they are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import torch
from torch import nn

import introspect
from introspect.drawing import svg
from introspect.drawing.folding import folded
from introspect.drawing.graph import Graph
from introspect.drawing.layers import plans
from introspect.drawing.nodes import graph_of
from introspect.drawing.sizes import sizes
from introspect.records import Report

SVG = "{http://www.w3.org/2000/svg}"


class Residual(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.block = nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 1))
        self.last = nn.Linear(width, 2)

    def forward(self, x):
        x = self.first(x)
        x = torch.relu(self.block(x) + x)
        return self.last(x.mean((2, 3)))


class ManyEnds(nn.Module):
    """Two inputs, a learned tensor, two outputs by name."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(4, 6), nn.Linear(5, 6)
        self.position = nn.Parameter(torch.zeros(1, 6))
        self.head, self.tail = nn.Linear(12, 3), nn.Linear(6, 1)

    def forward(self, x, y):
        a, b = self.left(x) + self.position, self.right(y)
        return {"classes": self.head(torch.cat([a, b], -1)), "score": self.tail(a * b)}


class Shared(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x, y):
        return self.inner(self.inner(x)) - self.inner(y)


class Sequences(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        self.lstm = nn.LSTM(8, 6, 2, batch_first=True, bidirectional=True)
        self.attention = nn.MultiheadAttention(12, 3, batch_first=True)

    def forward(self, x):
        x, _ = self.lstm(self.embedding(x))
        return self.attention(x, x, x)[0][:, -1]


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def block(given: int, made: int) -> nn.Module:
            return nn.Sequential(nn.Conv2d(given, made, 3, padding=1), nn.ReLU(), nn.Conv2d(made, made, 3, padding=1))

        self.down1, self.down2, self.middle = block(3, 8), block(8, 16), block(16, 32)
        self.pool = nn.MaxPool2d(2)
        self.up2, self.up1 = nn.ConvTranspose2d(32, 16, 2, 2), nn.ConvTranspose2d(16, 8, 2, 2)
        self.back2, self.back1 = block(32, 16), block(16, 8)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(self.pool(a))
        x = self.back2(torch.cat([self.up2(self.middle(self.pool(b))), b], 1))
        return self.back1(torch.cat([self.up1(x), a], 1))


class Branches(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branches = nn.ModuleList(nn.Sequential(nn.Conv2d(3, n, 1), nn.ReLU()) for n in (2, 3, 4, 5))

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3), nn.Softmax(-1))


def encoder(layers: int) -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), layers)


# name: (model, shapes of its inputs)
MODELS = {
    "mlp": (mlp, (1, 4)),
    "residual": (Residual, (1, 3, 8, 8)),
    "many ends": (ManyEnds, [(1, 4), (1, 5)]),
    "shared": (Shared, [(1, 4), (1, 4)]),
    "unet": (UNet, (1, 3, 16, 16)),
    "branches": (Branches, (1, 3, 8, 8)),
    "encoder": (lambda: encoder(2), (1, 5, 16)),
    "bare layer": (lambda: nn.Linear(4, 3), (1, 4)),
    "bare lstm": (lambda: nn.LSTM(4, 3), (5, 1, 4)),
    "nothing": (nn.Sequential, (1, 4)),
}


def inspected(name: str) -> Report:
    """The report of one of these models."""
    make, inputs = MODELS[name]
    return introspect.inspect(make(), inputs)


def whole(report: Report, direction: str = "down") -> tuple[Graph, str]:
    """The graph of a report, and its picture with nothing folded at all."""
    graph = graph_of(report)
    alone = folded(graph, repeats=False)
    unfolded = {item.key for item in alone.root.walk() if item.items}
    measured = sizes(alone.root, "auto", direction)
    return graph, svg.render(
        svg.Picture(alone, plans(alone, graph.traced), measured, unfolded, direction, report.model, [])
    )


@dataclass(frozen=True)
class Box:
    key: str
    x: float
    y: float
    width: float
    height: float
    holds: bool

    def overlaps(self, other: Box) -> bool:
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return across > 0.2 and down > 0.2

    def within(self, other: Box) -> bool:
        return (
            other.x <= self.x + 0.2
            and other.y <= self.y + 0.2
            and self.x + self.width <= other.x + other.width + 0.2
            and self.y + self.height <= other.y + other.height + 0.2
        )


def boxes(text: str) -> dict[str, Box]:
    """Every box of a picture, unfolded blocks among them."""
    found = {}
    for group in ElementTree.fromstring(text).iter(f"{SVG}g"):
        key = group.get("data-key")
        if key is None:
            continue
        assert key not in found, f"{key} is drawn twice"
        corners = []
        for shape in group:
            value = {name: float(shape.get(name, 0)) for name in ("x", "y", "width", "height", "cx", "cy", "r")}
            if shape.tag == f"{SVG}rect":
                corners += [(value["x"], value["y"]), (value["x"] + value["width"], value["y"] + value["height"])]
            if shape.tag == f"{SVG}circle":
                corners += [(value["cx"] + n * value["r"], value["cy"] + n * value["r"]) for n in (-1, 1)]
            if shape.tag == f"{SVG}polygon":
                corners += [tuple(map(float, point.split(","))) for point in shape.get("points", "").split()]
        left, top = (min(corner[n] for corner in corners) for n in (0, 1))
        right, bottom = (max(corner[n] for corner in corners) for n in (0, 1))
        holds = group.get("role") == "graphics-object"
        found[key] = Box(key, left, top, right - left, bottom - top, holds)
    return found


@dataclass(frozen=True)
class Line:
    source: str
    target: str
    points: tuple[tuple[float, float], ...]


def lines(text: str) -> list[Line]:
    """Every line of a picture, with points along it."""
    found = []
    for path in ElementTree.fromstring(text).iter(f"{SVG}path"):
        if path.get("data-from") is not None:
            points = tuple(_points(path.get("d", "")))
            found.append(Line(path.get("data-from", ""), path.get("data-to", ""), points))
    return found


def _points(way: str) -> list[tuple[float, float]]:
    """Points along a path: all of what is straight, twelve of each bend."""
    found: list[tuple[float, float]] = []
    for command, numbers in re.findall(r"([MLCHVQ])([^A-Z]*)", way):
        values = [float(number) for number in re.findall(r"-?[\d.]+", numbers)]
        begin = found[-1] if found else (0.0, 0.0)
        if command in "HV":
            values = [values[0], begin[1]] if command == "H" else [begin[0], values[0]]
        ends = list(zip(values[::2], values[1::2], strict=True))
        if command == "M":
            found.append(ends[0])
            continue
        first, second, end = ends if command == "C" else (ends[0] if command == "Q" else begin, ends[0], ends[-1])
        for n in range(1, 13):
            t = n / 12
            parts = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
            x, y = (sum(p * q[i] for p, q in zip(parts, (begin, first, second, end), strict=True)) for i in (0, 1))
            found.append((x, y))
    return found


def edges(text: str) -> set[tuple[str, str]]:
    """Which box feeds which, followed through the borders of unfolded blocks."""
    follow: dict[str, set[str]] = {}
    for line in lines(text):
        follow.setdefault(line.source, set()).add(line.target)
    keys = {key for key, box in boxes(text).items() if not box.holds}
    found = set()
    for source in keys:
        waiting = list(follow.get(source, ()))
        while waiting:
            target = waiting.pop()
            if target in keys:
                found.add((source, target))
            else:
                waiting += follow[target]
    return found
