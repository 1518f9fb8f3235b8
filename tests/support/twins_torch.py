"""A description as a torch module."""

from __future__ import annotations

import random
from typing import Any

import torch
from support.twins import INPUT, RECURRENT, Description, Node, shapes
from torch import nn
from torch.nn import functional

MODULES: dict[str, Any] = {
    "relu": nn.ReLU, "relu6": nn.ReLU6, "elu": nn.ELU, "gelu": nn.GELU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh,
    "silu": nn.SiLU, "softplus": nn.Softplus, "hard_swish": nn.Hardswish, "selu": nn.SELU,
}  # fmt: skip
FUNCTIONS: dict[str, Any] = {
    "relu": functional.relu, "relu6": functional.relu6, "elu": functional.elu, "gelu": functional.gelu,
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "silu": functional.silu, "softplus": functional.softplus,
    "hard_swish": functional.hardswish, "selu": functional.selu,
}  # fmt: skip


def build_torch(description: Description, seed: int | None = None) -> Twin:
    """A module that executes the description.

    With a seed the modules are registered in a shuffled order under names that say nothing; `paths` tells which
    modules hold the weights of a node.
    """
    return Twin(description, seed).eval()


class Twin(nn.Module):
    """Calls one node after the other; what has no module is a function call in this forward."""

    def __init__(self, description: Description, seed: int | None = None) -> None:
        super().__init__()
        self.description = description
        sizes = shapes(description)
        made = {}
        for node in description:
            for suffix, module in _modules(node, sizes[node.inputs[0]]).items():
                made[node.name + suffix] = module
        names = {key: key for key in made}
        order = list(made)
        if seed is not None:
            shuffled = random.Random(seed)
            shuffled.shuffle(order)
            numbers = list(range(len(made)))
            shuffled.shuffle(numbers)
            names = {key: f"m{number}" for key, number in zip(made, numbers, strict=True)}
        for key in order:
            self.add_module(names[key], made[key])
        self.names = names
        # Which modules hold the weights of a node; several where torch cuts it into more.
        self.paths = {
            node.name: tuple(
                names[node.name + suffix]
                for suffix in ("", "_depthwise", "_pointwise")
                if list(made.get(node.name + suffix, nn.Identity()).parameters())
            )
            for node in description
        }

    def part(self, key: str) -> Any:
        return getattr(self, self.names[key]) if key in self.names else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = {INPUT: x}
        for node in self.description:
            found[node.name] = self.run(node, [found[name] for name in node.inputs])
        return found[self.description.output]

    def run(self, node: Node, given: list[torch.Tensor]) -> torch.Tensor:
        x = given[0]
        if node.op in ("add", "multiply"):
            for other in given[1:]:
                x = x + other if node.op == "add" else x * other
            return x
        if node.op == "concat":
            return torch.cat(given, 1 if x.ndim == 4 else -1)
        for suffix in ("_pad", "_depthwise", "_pointwise", ""):
            module = self.part(node.name + suffix)
            if module is not None:
                x = _called(node, module, x)
        if self.part(node.name) is None and node.name + "_pointwise" not in self.names:
            x = _function(node, x)
        kind = node.settings.get("activation")
        if kind:
            module = self.part(node.name + "_activation")
            x = module(x) if module is not None else function(kind, None, x)
        return x


def _called(node: Node, module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    if node.op == "dense" and x.ndim == 4:  # per position
        return module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    if node.op == "layer_norm" and x.ndim == 4:
        return module(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
    if node.op == "batch_norm" and x.ndim == 3:
        return module(x.transpose(1, 2)).transpose(1, 2)
    if node.op in RECURRENT:
        output, state = module(x)
        state = state[0] if node.op == "lstm" else state
        if node["sequences"]:
            return output
        return torch.cat((state[0], state[1]), -1) if node["bidirectional"] else state[-1]
    if isinstance(module, nn.MultiheadAttention):
        return module(x, x, x, need_weights=False)[0]
    return module(x)


def _function(node: Node, x: torch.Tensor) -> torch.Tensor:
    """What has no module of its own."""
    if node.op in ("global_average_pool", "global_max_pool"):
        axes = tuple(range(2, x.ndim)) if x.ndim == 4 else (1,)
        return (x.mean if "average" in node.op else x.amax)(axes, keepdim=node["keep"])
    if node.op == "flatten":
        return torch.flatten(x, 1) if node.torch_style else x.reshape(x.shape[0], -1)
    if node.op == "activation":
        return function(node["kind"], node["slope"], x)
    if node.op == "softmax":
        return functional.softmax(x, 1 if x.ndim == 4 else -1)
    if node.op == "upsample":
        return functional.interpolate(x, scale_factor=node["factor"], mode=node["mode"])
    assert node.op in ("max_pool", "average_pool", "dropout"), node
    if node.op == "dropout":
        return functional.dropout(x, node["rate"], training=False)
    padding = node["kernel"] // 2 if node["padding"] == "same" else 0
    if node.op == "max_pool":
        return functional.max_pool2d(x, node["kernel"], node["stride"], padding)
    return functional.avg_pool2d(x, node["kernel"], node["stride"], padding, count_include_pad=False)


def function(kind: str, slope: Any, x: torch.Tensor) -> torch.Tensor:
    if kind == "leaky_relu":
        return functional.leaky_relu(x, slope)
    if kind == "gelu_tanh":
        return functional.gelu(x, approximate="tanh")
    return FUNCTIONS[kind](x)


def module_of(kind: str, slope: Any) -> nn.Module:
    if kind == "leaky_relu":
        return nn.LeakyReLU(slope)
    return nn.GELU("tanh") if kind == "gelu_tanh" else MODULES[kind]()


def _modules(node: Node, shape: tuple[int, ...]) -> dict[str, nn.Module]:
    """The modules of a node, by what is put behind its name."""
    channels, as_module = shape[-1], not node.torch_style
    made: dict[str, nn.Module]
    if node.op in ("conv2d", "depthwise", "separable"):
        made = _convolutions(node, channels)
    elif node.op == "dense":
        made = {"": nn.Linear(channels, node["units"], bias=node["bias"])}
    elif node.op == "batch_norm":
        kind = nn.BatchNorm2d if len(shape) == 3 else nn.BatchNorm1d
        made = {"": kind(channels, eps=node["eps"], momentum=1 - node["momentum"])}
    elif node.op == "layer_norm":
        made = {"": nn.LayerNorm(channels, eps=node["eps"])}
    elif node.op == "group_norm":
        made = {"": nn.GroupNorm(node["groups"], channels, eps=node["eps"])}
    elif node.op == "embedding":
        made = {"": nn.Embedding(node["tokens"], node["units"])}
    elif node.op in RECURRENT:
        kind = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}[node.op]
        made = {"": kind(channels, node["units"], batch_first=True, bidirectional=node["bidirectional"])}
    elif node.op == "attention":
        packed = nn.MultiheadAttention(channels, node["heads"], batch_first=True)
        made = {"": packed if as_module else Attention(channels, node["heads"])}
    else:
        made = _weightless(node, len(shape)) if as_module else {}
    if node.settings.get("activation") and as_module:
        made["_activation"] = module_of(node["activation"], None)
    return made


class Attention(nn.Module):
    """Attention of four Linears."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        split = (x.shape[0], x.shape[1], self.heads, -1)
        q, k, v = (part(x).reshape(split).transpose(1, 2) for part in (self.query, self.key, self.value))
        mixed = functional.scaled_dot_product_attention(q, k, v)
        return self.out(mixed.transpose(1, 2).reshape(x.shape))


def _weightless(node: Node, rank: int) -> dict[str, nn.Module]:
    if node.op == "activation":
        return {"": module_of(node["kind"], node["slope"])}
    if node.op == "dropout":
        return {"": nn.Dropout(node["rate"])}
    if node.op == "softmax" and rank != 3:
        return {"": nn.Softmax(-1)}
    if node.op == "flatten":
        return {"": nn.Flatten()}
    if node.op == "upsample":
        return {"": nn.Upsample(scale_factor=node["factor"], mode=node["mode"])}
    if node.op in ("max_pool", "average_pool"):
        padding = node["kernel"] // 2 if node["padding"] == "same" else 0
        if node.op == "max_pool":
            return {"": nn.MaxPool2d(node["kernel"], node["stride"], padding)}
        return {"": nn.AvgPool2d(node["kernel"], node["stride"], padding, count_include_pad=False)}
    if node.op == "global_average_pool" and node["keep"] and rank == 3:
        return {"": nn.AdaptiveAvgPool2d(1)}
    return {}


def _convolutions(node: Node, channels: int) -> dict[str, nn.Module]:
    kernel, stride, bias = node["kernel"], node["stride"], node["bias"]
    dilation = node["dilation"] if node.op == "conv2d" else 1
    padding = dilation * (kernel - 1) // 2 if node["padding"] == "same" else node["padding"]
    made: dict[str, nn.Module] = {}
    if node.style & 4 and node["padding"] == "same":
        padding = "same"
    elif node.torch_style and padding:  # zeros by a module of their own
        made["_pad"], padding = nn.ZeroPad2d(padding), 0
    said = {"stride": stride, "padding": padding}
    if node.op == "conv2d":
        made[""] = nn.Conv2d(
            channels, node["filters"], kernel, dilation=dilation, groups=node["groups"], bias=bias, **said
        )
    elif node.op == "depthwise":
        made[""] = nn.Conv2d(channels, channels * node["multiplier"], kernel, groups=channels, bias=bias, **said)
    else:
        made["_depthwise"] = nn.Conv2d(channels, channels, kernel, groups=channels, bias=False, **said)
        made["_pointwise"] = nn.Conv2d(channels, node["filters"], 1, bias=bias)
    return made
