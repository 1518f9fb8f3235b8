"""One change at a time to a description, and what it does: for each the node, the setting and the effect are known."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from support.twins import INPUT, WEIGHTED, Description, Node, shapes

# What a mutation does to the outputs when every node keeps its weights.
VALUES, TRAINING, NONE, SHAPE, COUNT = "values", "training", "none", "shape", "count"


@dataclass(frozen=True)
class Mutated:
    """A mutated description, and the truth about it."""

    description: Description
    at: tuple[str, ...]  # the nodes at which the two differ: of the base, and those that only the mutant has
    field: str  # a setting in the vocabulary's words, or what happened: inserted, deleted, order, ...
    effect: str
    # A node of the mutant -> the node of the base whose weights it takes, where that is not the one of its name.
    source_of: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def changes_function(self) -> bool:
        return self.effect not in (TRAINING, NONE)


Mutate = Callable[[Description, random.Random], Mutated | None]


def fits(description: Description) -> bool:
    try:
        shapes(description)
    except (ValueError, KeyError):
        return False
    return True


def some(items: list[Any], rng: random.Random) -> list[Any]:
    return rng.sample(items, len(items))


def setting(name: str, options: Callable[[Node], Iterator[dict[str, Any]]], effect: str) -> Mutate:
    """Another value for one setting of one node, the first that fits."""

    def mutate(base: Description, rng: random.Random) -> Mutated | None:
        for node in some(list(base), rng):
            for new in options(node):
                mutant = base.but(node.but(**new))
                if fits(mutant) and mutant != base:
                    return Mutated(mutant, (node.name,), name, effect)
        return None

    return mutate


def widths(node: Node) -> Iterator[dict[str, Any]]:
    word = {"conv2d": "filters", "separable": "filters", "dense": "units"}.get(node.op)
    if word:
        groups = node["groups"] if node.op == "conv2d" else 1
        yield {word: node[word] + groups}


def kernels(node: Node) -> Iterator[dict[str, Any]]:
    if node.op in ("conv2d", "depthwise", "separable") and node["padding"] == "same":
        yield {"kernel": 3 if node["kernel"] != 3 else 5}


def biases(node: Node) -> Iterator[dict[str, Any]]:
    if node.op in ("conv2d", "separable", "dense"):
        yield {"bias": not node["bias"]}


def strides(node: Node) -> Iterator[dict[str, Any]]:
    if node.op in ("conv2d", "depthwise") and node["stride"] == 2:
        yield {"stride": 1}
    elif node.op in ("conv2d", "depthwise") and node["kernel"] == 3:
        yield {"stride": 2, "padding": 1 if node["padding"] == "same" else node["padding"]}


def paddings(node: Node) -> Iterator[dict[str, Any]]:
    if node.op in ("conv2d", "depthwise", "separable") and node["kernel"] > 1:
        yield {"padding": node["padding"] + 1 if isinstance(node["padding"], int) else 0}


def dilations(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "conv2d" and node["kernel"] > 1 and node["padding"] == "same":
        yield {"dilation": 2}


def groupings(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "conv2d" and node["groups"] == 1:
        yield {"groups": 2}


def epsilons(node: Node) -> Iterator[dict[str, Any]]:
    if node.op in ("batch_norm", "layer_norm", "group_norm"):
        yield {"eps": 1e-3 if node["eps"] != 1e-3 else 1e-5}


def other_activations(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "activation":
        yield {"kind": "tanh" if node["kind"] != "tanh" else "relu", "slope": None}
    elif node.settings.get("activation"):
        yield {"activation": "silu" if node["activation"] != "silu" else "relu"}


def other_slopes(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "activation" and node["kind"] == "leaky_relu":
        yield {"slope": 0.01}


def approximations(node: Node) -> Iterator[dict[str, Any]]:
    if node.settings.get("activation") == "gelu":
        yield {"activation": "gelu_tanh"}


def rates(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "dropout":
        yield {"rate": node["rate"] / 2}


def momenta(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "batch_norm":
        yield {"momentum": 0.95}


def head_counts(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "attention":
        yield {"heads": node["heads"] * 2}


def table_sizes(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "embedding":
        yield {"tokens": node["tokens"] + 5}


def multipliers(node: Node) -> Iterator[dict[str, Any]]:
    if node.op == "depthwise":
        yield {"multiplier": 2}


def bypass(base: Description, name: str, onto: str) -> Description:
    """The description in which everything that took `name` takes `onto` instead, without the nodes nobody needs."""
    nodes = [
        replace(node, inputs=tuple(onto if given == name else given for given in node.inputs))
        for node in base
        if node.name != name
    ]
    return needed(replace(base, nodes=tuple(nodes), output=onto if base.output == name else base.output))


def needed(base: Description) -> Description:
    """Only the nodes that the output depends on."""
    wanted = {base.output}
    for node in reversed(base.nodes):
        if node.name in wanted:
            wanted |= set(node.inputs)
    return replace(base, nodes=tuple(node for node in base if node.name in wanted))


def removed(base: Description, mutant: Description) -> tuple[str, ...]:
    kept = {node.name for node in mutant}
    return tuple(node.name for node in base if node.name not in kept)


def following(base: Description, node: Node) -> Node | None:
    """The only node that takes what this one gives, and nothing else."""
    consumers = base.consumers(node.name)
    alone = len(consumers) == 1 and consumers[0].inputs == (node.name,) and base.output != node.name
    return consumers[0] if alone else None


def exchanged(base: Description, first: Node, second: Node) -> Description:
    """`second`, which follows `first`, comes before it."""
    swapped = {
        first.name: replace(second, inputs=first.inputs),
        second.name: replace(first, inputs=(second.name,)),
    }
    nodes = []
    for node in base:
        inputs = tuple(first.name if given == second.name else given for given in node.inputs)
        nodes.append(swapped.get(node.name, replace(node, inputs=inputs)))
    output = first.name if base.output == second.name else base.output
    return replace(base, nodes=tuple(nodes), output=output)


def descendants(base: Description, name: str) -> set[str]:
    found = {name}
    for node in base:
        if found & set(node.inputs):
            found.add(node.name)
    return found - {name}


def ancestors(base: Description, name: str) -> set[str]:
    found = {name}
    for node in reversed(base.nodes):
        if node.name in found:
            found |= set(node.inputs)
    return found - {name}


def absorbed(base: Description, name: str) -> bool:
    """Whether a permutation of the channels of a node can be carried into the weights behind it.

    Layers that mix all channels absorb it; those that treat channels alike or one by one pass it on.
    """
    if base.output == name:
        return False
    passing = ("batch_norm", "layer_norm", "activation", "dropout", "max_pool", "average_pool", "global_average_pool",
               "global_max_pool", "upsample", "flatten", "depthwise", "concat")  # fmt: skip
    mixing = ("conv2d", "separable", "dense", "lstm", "gru", "rnn")
    for node in base.consumers(name):
        if node.op in mixing and (node.op != "conv2d" or node["groups"] == 1):
            continue
        if node.op not in passing or not absorbed(base, node.name):
            return False
    return name != INPUT


def parameter_count(model: Any) -> int:
    """What the framework says of parameters: without the statistics that training does not learn."""
    if hasattr(model, "trainable_weights"):
        return sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return sum(parameter.numel() for parameter in model.parameters())


def consequences(base: Any, mutant: Any, at: tuple[str, ...]) -> tuple[str, ...]:
    """Of two torch twins, the nodes besides the mutated ones whose tensors have other shapes."""

    def sizes(model: Any, name: str) -> list[tuple[int, ...]]:
        modules = [model.get_submodule(path) for path in model.paths[name]]
        return [tuple(tensor.shape) for module in modules for tensor in module.parameters()]

    shared = [node.name for node in base.description if node.name in mutant.paths and node.op in WEIGHTED]
    return tuple(name for name in shared if name not in at and sizes(base, name) != sizes(mutant, name))
