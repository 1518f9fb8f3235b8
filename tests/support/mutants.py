"""All mutations: `for name, mutate in MUTATIONS.items(): mutate(description, rng)`, None where there is no place."""

from __future__ import annotations

import random
from dataclasses import replace

from support import mutations as m
from support.mutations import COUNT, NONE, SHAPE, TRAINING, VALUES, Mutate, Mutated, some
from support.twins import WEIGHTED, Description, Node, shapes


def activation_removed(base: Description, rng: random.Random) -> Mutated | None:
    for node in some(list(base), rng):
        if node.op == "activation":
            return Mutated(m.bypass(base, node.name, node.inputs[0]), (node.name,), "activation", VALUES)
        if node.settings.get("activation"):
            return Mutated(base.but(node.but(activation=None)), (node.name,), "activation", VALUES)
    return None


def activation_moved(base: Description, rng: random.Random) -> Mutated | None:
    """In front of the normalization that it stood behind."""
    for node in some(list(base), rng):
        after = m.following(base, node)
        if node.op in ("batch_norm", "layer_norm") and after is not None and after.op == "activation":
            return Mutated(m.exchanged(base, node, after), (after.name,), "order", VALUES)
    return None


def layer_inserted(base: Description, rng: random.Random) -> Mutated | None:
    """A layer of the size of what it stands behind."""
    sizes = shapes(base)
    for node in some(list(base), rng):
        width = sizes[node.name][-1]
        if node.op not in WEIGHTED or node.name == base.output:
            continue
        op = "conv2d" if len(sizes[node.name]) == 3 else "dense"
        settings = {"filters": width} if op == "conv2d" else {"units": width}
        new = Node("extra", op, (node.name,), settings)
        nodes = []
        for other in base:
            given = tuple("extra" if name == node.name else name for name in other.inputs)
            nodes += [replace(other, inputs=given), *([new] if other.name == node.name else [])]
        return Mutated(replace(base, nodes=tuple(nodes)), ("extra",), "inserted", COUNT)
    return None


def layer_deleted(base: Description, rng: random.Random) -> Mutated | None:
    """One with weights that gives what it takes in size."""
    sizes = shapes(base)
    for node in some(list(base), rng):
        if node.op not in WEIGHTED or sizes[node.name] != sizes[node.inputs[0]]:
            continue
        mutant = m.bypass(base, node.name, node.inputs[0])
        if m.fits(mutant) and m.removed(base, mutant) == (node.name,):
            return Mutated(mutant, (node.name,), "deleted", COUNT)
    return None


def neighbours_swapped(base: Description, rng: random.Random) -> Mutated | None:
    """Two layers that are not alike, both with weights."""
    for node in some(list(base), rng):
        after = m.following(base, node)
        if after is None or node.op not in WEIGHTED or after.op not in WEIGHTED or node.op == "embedding":
            continue
        if (node.op, node.settings) == (after.op, after.settings):
            continue
        mutant = m.exchanged(base, node, after)
        if m.fits(mutant):
            same = _own_shapes(base, node, after) == _own_shapes(mutant, node, after)
            return Mutated(mutant, (node.name, after.name), "order", VALUES if same else SHAPE)
    return None


def _own_shapes(description: Description, *nodes: Node) -> list[object]:
    sizes = shapes(description)
    return [(sizes[description[node.name].inputs[0]][-1], sizes[node.name][-1]) for node in nodes]


def block_removed(base: Description, rng: random.Random) -> Mutated | None:
    """All that a shortcut goes around."""
    for node in some(list(base), rng):
        if node.op not in ("add", "multiply"):
            continue
        for start in node.inputs:
            inside = m.descendants(base, start) & m.ancestors(base, node.name)
            leaving = {n.name for name in inside for n in base.consumers(name)} - inside - {node.name}
            mutant = m.bypass(base, node.name, start)
            weighted = any(base[name].op in WEIGHTED for name in inside)
            if weighted and not leaving and m.fits(mutant) and start not in inside:
                return Mutated(mutant, m.removed(base, mutant), "deleted", COUNT)
    return None


def shortcut_removed(base: Description, rng: random.Random) -> Mutated | None:
    """Only the shortcut: what it goes around stays."""
    for node in some(list(base), rng):
        if node.op != "add":
            continue
        short = min(node.inputs, key=lambda name: len(m.ancestors(base, name)))
        long = next(name for name in node.inputs if name != short)
        if short in m.ancestors(base, long):
            return Mutated(m.bypass(base, node.name, long), (node.name,), "deleted", VALUES)
    return None


def pool_kind(base: Description, rng: random.Random) -> Mutated | None:
    other = {"max_pool": "average_pool", "average_pool": "max_pool"}
    other |= {"global_average_pool": "global_max_pool", "global_max_pool": "global_average_pool"}
    for node in some(list(base), rng):
        if node.op in other and not node.settings.get("keep"):
            return Mutated(base.but(replace(node, op=other[node.op])), (node.name,), "kind", VALUES)
    return None


def norm_kind(base: Description, rng: random.Random) -> Mutated | None:
    """Another normalization with the same parameters; the statistics of a batch normalization are not among them."""
    for node in some(list(base), rng):
        if node.op in ("batch_norm", "layer_norm"):
            op = "layer_norm" if node.op == "batch_norm" else "batch_norm"
            new = replace(node, op=op, settings={"eps": node["eps"]})
            return Mutated(base.but(new), (node.name,), "kind", VALUES)
    return None


def two_widths(base: Description, rng: random.Random) -> Mutated | None:
    """Two layers far apart become wider."""
    first = m.setting("units", m.widths, COUNT)(base, rng)
    for _ in range(20):
        if first is None:
            return None
        second = m.setting("units", m.widths, COUNT)(first.description, rng)
        if second is not None and second.at != first.at:
            return Mutated(second.description, (*first.at, *second.at), "units", COUNT)
    return None


def concat_inputs_swapped(base: Description, rng: random.Random) -> Mutated | None:
    """Unequal inputs: the channels behind come in another order."""
    sizes = shapes(base)
    for node in some([node for node in base if node.op == "concat"], rng):
        for i in range(len(node.inputs) - 1):
            one, two = node.inputs[i : i + 2]
            if _below(base, one, two) == _below(base, two, one) and sizes[one] == sizes[two]:
                continue
            inputs = (*node.inputs[:i], two, one, *node.inputs[i + 2 :])
            effect = NONE if m.absorbed(base, node.name) else VALUES
            return Mutated(base.but(replace(node, inputs=inputs)), (node.name,), "order", effect)
    return None


def _below(base: Description, name: str, other: str) -> list[object]:
    """What leads to one node and not to the other, without names."""
    alone = (m.ancestors(base, name) | {name}) - m.ancestors(base, other) - {other}
    return [(node.op, sorted(node.settings.items(), key=str)) for node in base if node.name in alone]


def identical_branches_swapped(base: Description, rng: random.Random) -> Mutated | None:
    """The same graph with other names: nothing differs."""
    for node in some([node for node in base if node.op == "concat"], rng):
        for one, two in zip(node.inputs, node.inputs[1:], strict=False):
            a, b = base[one], base[two]
            if (a.op, a.settings, a.inputs) == (b.op, b.settings, b.inputs):
                inputs = tuple({one: two, two: one}.get(name, name) for name in node.inputs)
                mutant = base.but(replace(node, inputs=inputs))
                return Mutated(mutant, (), "order", NONE, {one: two, two: one})
    return None


def identical_neighbours_swapped(base: Description, rng: random.Random) -> Mutated | None:
    """The same graph with other names: nothing differs."""
    for node in some(list(base), rng):
        after = m.following(base, node)
        if after is None or node.op not in WEIGHTED or (node.op, node.settings) != (after.op, after.settings):
            continue
        mutant = m.exchanged(base, node, after)
        if m.fits(mutant) and _own_shapes(base, node, after) == _own_shapes(mutant, node, after):
            swapped = {node.name: after.name, after.name: node.name}
            return Mutated(mutant, (), "order", NONE, swapped)
    return None


def called_in_another_order(base: Description, rng: random.Random) -> Mutated | None:
    """Each node as soon or as late as its inputs allow: the same graph."""
    waiting, nodes, done = list(base.nodes), [], set()
    while waiting:
        ready = [n for n in waiting if all(name in done or name not in {w.name for w in waiting} for name in n.inputs)]
        chosen = rng.choice(ready)
        waiting.remove(chosen)
        nodes.append(chosen)
        done.add(chosen.name)
    mutant = replace(base, nodes=tuple(nodes))
    return Mutated(mutant, (), "order", NONE) if mutant != base else None


def sum_turned_around(base: Description, rng: random.Random) -> Mutated | None:
    """b + a for a + b."""
    for node in some([node for node in base if node.op == "add"], rng):
        return Mutated(base.but(replace(node, inputs=node.inputs[::-1])), (), "order", NONE)
    return None


MUTATIONS: dict[str, Mutate] = {
    "width": m.setting("units", m.widths, COUNT),
    "kernel_size": m.setting("kernel_size", m.kernels, COUNT),
    "bias": m.setting("use_bias", m.biases, COUNT),
    "stride": m.setting("strides", m.strides, SHAPE),
    "padding": m.setting("padding", m.paddings, SHAPE),
    "dilation": m.setting("dilation", m.dilations, VALUES),
    "groups": m.setting("groups", m.groupings, COUNT),
    "multiplier": m.setting("depth_multiplier", m.multipliers, COUNT),
    "eps": m.setting("eps", m.epsilons, VALUES),
    "activation_swapped": m.setting("activation", m.other_activations, VALUES),
    "slope": m.setting("slope", m.other_slopes, VALUES),
    "gelu": m.setting("approximate", m.approximations, VALUES),
    "heads": m.setting("heads", m.head_counts, VALUES),
    "tokens": m.setting("tokens", m.table_sizes, COUNT),
    "activation_removed": activation_removed,
    "activation_moved": activation_moved,
    "layer_inserted": layer_inserted,
    "layer_deleted": layer_deleted,
    "neighbours_swapped": neighbours_swapped,
    "block_removed": block_removed,
    "shortcut_removed": shortcut_removed,
    "pool_kind": pool_kind,
    "norm_kind": norm_kind,
    "two_widths": two_widths,
    "concat_inputs_swapped": concat_inputs_swapped,
    "identical_branches_swapped": identical_branches_swapped,
    "identical_neighbours_swapped": identical_neighbours_swapped,
    "called_in_another_order": called_in_another_order,
    "sum_turned_around": sum_turned_around,
    "dropout_rate": m.setting("rate", m.rates, TRAINING),
    "momentum": m.setting("momentum", m.momenta, TRAINING),
}
