"""One description, built as the same network in Keras and in torch.

`build_keras(description)` and `build_torch(description)` give models that are the same function once the weights are
carried by `carry`. A description is plain data: nodes with a name, an operation, the names of their inputs, settings,
and a style, whose bits choose between spellings of one thing. Sizes are written as Keras has them: channels last,
without the batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

INPUT = "input"
Shape = tuple[int, ...]

# What a node is when nothing else is said; settings that an operation does not have here are refused.
DEFAULTS: dict[str, dict[str, Any]] = {
    "conv2d": {"filters": 4, "kernel": 3, "stride": 1, "padding": "same", "dilation": 1, "groups": 1, "bias": True,
               "activation": None},
    "depthwise": {"kernel": 3, "stride": 1, "padding": "same", "multiplier": 1, "bias": True, "activation": None},
    "separable": {"filters": 4, "kernel": 3, "stride": 1, "padding": "same", "bias": True, "activation": None},
    "dense": {"units": 4, "bias": True, "activation": None},
    "batch_norm": {"eps": 1e-3, "momentum": 0.99},
    "layer_norm": {"eps": 1e-3},
    "group_norm": {"groups": 2, "eps": 1e-3},
    "max_pool": {"kernel": 2, "stride": 2, "padding": 0},
    "average_pool": {"kernel": 2, "stride": 2, "padding": 0},
    "global_average_pool": {"keep": False},
    "global_max_pool": {"keep": False},
    "flatten": {},
    "dropout": {"rate": 0.5},
    "activation": {"kind": "relu", "slope": None},
    "softmax": {},
    "upsample": {"factor": 2, "mode": "nearest"},
    "embedding": {"tokens": 20, "units": 8},
    "lstm": {"units": 4, "bidirectional": False, "sequences": True},
    "gru": {"units": 4, "bidirectional": False, "sequences": True},
    "rnn": {"units": 4, "bidirectional": False, "sequences": True},
    "attention": {"heads": 2},
    "add": {}, "multiply": {}, "concat": {},
}  # fmt: skip
RECURRENT = ("lstm", "gru", "rnn")
WEIGHTED = (
    "conv2d", "depthwise", "separable", "dense", "batch_norm", "layer_norm", "group_norm", "embedding", *RECURRENT,
    "attention",
)  # fmt: skip
# Keras spells these in `activation=`; torch has a function and a module for each.
ACTIVATIONS = ("relu", "relu6", "elu", "gelu", "gelu_tanh", "sigmoid", "tanh", "silu", "softplus", "hard_swish", "selu")


@dataclass(frozen=True)
class Node:
    name: str
    op: str
    inputs: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict)
    style: int = 0  # bit 0: Keras's spelling, bits 1 and 2: torch's

    def __getitem__(self, setting: str) -> Any:
        return self.settings.get(setting, DEFAULTS[self.op][setting])

    @property
    def keras_style(self) -> bool:
        return bool(self.style & 1)

    @property
    def torch_style(self) -> bool:
        return bool(self.style & 2)

    def but(self, **settings: Any) -> Node:
        """The node with other settings."""
        assert settings.keys() <= DEFAULTS[self.op].keys(), settings
        return replace(self, settings={**self.settings, **settings})


@dataclass(frozen=True)
class Description:
    shape: Shape  # of the input, without the batch; one number is a length of token ids
    nodes: tuple[Node, ...]  # in an order in which they can be called
    output: str
    tokens: int | None = None  # ids are below this; None where the input is an image or features

    def __getitem__(self, name: str) -> Node:
        return next(node for node in self.nodes if node.name == name)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def consumers(self, name: str) -> list[Node]:
        return [node for node in self.nodes if name in node.inputs]

    def but(self, *nodes: Node, **changes: Any) -> Description:
        """The description with these nodes in the places of those of the same names."""
        new = {node.name: node for node in nodes}
        return replace(self, nodes=tuple(new.get(node.name, node) for node in self.nodes), **changes)

    @property
    def chain(self) -> bool:
        """Whether every node takes what the node before it gives."""
        before = (INPUT, *(node.name for node in self.nodes))
        return all(node.inputs == (name,) for name, node in zip(before, self.nodes, strict=False))


class Sketch:
    """Writes a description node by node: each call gives the name of what it added."""

    def __init__(self, *shape: int, tokens: int | None = None) -> None:
        self.shape, self.tokens = shape, tokens
        self.nodes: list[Node] = []

    def __call__(self, op: str, *inputs: str, name: str = "", style: int = 0, **settings: Any) -> str:
        assert settings.keys() <= DEFAULTS[op].keys(), (op, settings)
        inputs = inputs or (self.nodes[-1].name if self.nodes else INPUT,)
        self.nodes.append(Node(name or f"n{len(self.nodes) + 1}_{op}", op, inputs, settings, style))
        return self.nodes[-1].name

    def done(self, output: str = "") -> Description:
        """The description, once its sizes are found to fit."""
        made = Description(self.shape, tuple(self.nodes), output or self.nodes[-1].name, self.tokens)
        shapes(made)
        return made


def shapes(description: Description) -> dict[str, Shape]:
    """The shape that each node gives, channels last and without the batch; a ValueError where sizes do not fit."""
    found: dict[str, Shape] = {INPUT: description.shape}
    for node in description:
        given = [found[name] for name in node.inputs]
        found[node.name] = _shape(node, given)
        if min(found[node.name], default=1) < 1:
            raise ValueError(f"{node.name} gives {found[node.name]}")
    return found


def _shape(node: Node, given: list[Shape]) -> Shape:
    first = given[0]
    if node.op in ("conv2d", "depthwise", "separable", "max_pool", "average_pool"):
        return _windowed(node, first)
    if node.op == "dense":
        return (*first[:-1], node["units"])
    if node.op in ("global_average_pool", "global_max_pool"):
        _require(node, len(first) in (2, 3))
        return (1,) * (len(first) - 1) + first[-1:] if node["keep"] else first[-1:]
    if node.op == "flatten":
        size = 1
        for n in first:
            size *= n
        return (size,)
    if node.op == "upsample":
        _require(node, len(first) == 3)
        return (first[0] * node["factor"], first[1] * node["factor"], first[2])
    if node.op == "embedding":
        _require(node, len(first) == 1)
        return (*first, node["units"])
    if node.op in RECURRENT:
        _require(node, len(first) == 2)
        width = node["units"] * (2 if node["bidirectional"] else 1)
        return (first[0], width) if node["sequences"] else (width,)
    if node.op == "attention":
        _require(node, len(first) == 2 and first[1] % node["heads"] == 0)
    if node.op == "group_norm":
        _require(node, len(first) == 3 and first[2] % node["groups"] == 0)
    if node.op == "concat":
        _require(node, len({shape[:-1] for shape in given}) == 1)
        return (*first[:-1], sum(shape[-1] for shape in given))
    if node.op == "add":
        _require(node, len(set(given)) == 1)
    if node.op == "multiply":  # a gate of one position per channel is spread over the map
        _require(node, all(a in (b, 1) for shape in given[1:] for a, b in zip(shape, first, strict=True)))
    return first


def _windowed(node: Node, first: Shape) -> Shape:
    _require(node, len(first) == 3)
    dilation = node["dilation"] if node.op == "conv2d" else 1
    reach, stride, padding = dilation * (node["kernel"] - 1) + 1, node["stride"], node["padding"]
    _require(node, stride == 1 or dilation == 1)  # Keras refuses both together
    if padding == "same":
        _require(node, stride == 1 and reach % 2 == 1)  # else the frameworks pad differently
        padding = reach // 2
    elif padding:
        _require(node, "pool" not in node.op)  # torch's pools pad -inf or count what they pad
    height, width = ((n + 2 * padding - reach) // stride + 1 for n in first[:2])
    channels = first[2]
    if node.op == "depthwise":
        channels *= node["multiplier"]
    elif node.op in ("conv2d", "separable"):
        groups = node["groups"] if node.op == "conv2d" else 1
        _require(node, channels % groups == 0 and node["filters"] % groups == 0)
        channels = node["filters"]
    return (height, width, channels)


def _require(node: Node, holds: bool) -> None:
    if not holds:
        raise ValueError(f"{node.name} does not fit: {node}")
