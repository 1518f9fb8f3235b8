"""Tensors without a counterpart that others take up: biases and scales in statistics, vectors in tables."""

from __future__ import annotations

from dataclasses import dataclass

from ..graph import Graph, Hub, Weight
from ..values import FrozenDict
from ..weight_map import Entry, Step
from .features import Sides

_MISSING = {"bias": 0.0, "recurrent_bias": 0.0, "shift": 0.0, "scale": 1.0}


@dataclass(frozen=True)
class Bias:
    """A bias of the source that its partner lacks, and the running mean behind that takes it up in the target."""

    weight: Weight
    norm: Hub
    mean: Weight


def biases(sides: Sides) -> dict[int, Bias]:
    """By the hub of the source: `mean - bias` behind a layer without bias is what `mean` is behind one with it."""
    found = {}
    uses = sides.source.consumers()
    for one, other in sides.pairs:
        bias = one.weights.get("bias")
        if bias is None or "bias" in other.weights or len(uses[one.index]) != 1:
            continue
        norm = sides.source.hubs[uses[one.index][0][0]]
        partner = sides.partner.get(norm.index)
        mean = None if partner is None else sides.target.hubs[partner].weights.get("mean")
        edge = norm.inputs[uses[one.index][0][1]]
        if norm.word == "batch_norm" and not edge.acting and mean is not None and "mean" in norm.weights:
            found[one.index] = Bias(bias, norm, mean)
    return found


def subtracted(mean: Entry, bias: Bias) -> Entry:
    """The running mean of the target, with the bias in front taken off."""
    path = _path(bias.weight)
    taken = Step("subtract", FrozenDict(source=path))
    return Entry((*mean.source, path), mean.target, (*mean.steps, taken), reason="the bias in front is absorbed")


def filled(weight: Weight, role: str, hubs: tuple[Hub, Hub]) -> Entry:
    """A tensor that only the target has: what changes nothing, or a refusal."""
    path = _path(weight)
    if role not in _MISSING:
        return Entry((), path, (), "refused", f"the source has no {role.replace('_', ' ')}")
    steps = (Step("fill", FrozenDict(value=_MISSING[role])),)
    if weight.axis is not None:
        steps += (Step("put", FrozenDict(axis=weight.axis, start=weight.start, stop=weight.stop)),)
    offset = hubs[1].settings.get("scale_offset") or 0
    if role == "scale" and offset:
        steps = (Step("fill", FrozenDict(value=1.0 - offset)), *steps[1:])
    return Entry((), path, steps, "filled", f"the source has no {role.replace('_', ' ')}")


def statistics(one: Hub, other: Hub, eps: float) -> list[Entry]:
    """A batch normalization with this eps, whose partner has no scale or no shift: its statistics hold them."""
    lost = [role for role in ("scale", "shift") if role in one.weights and role not in other.weights]
    if not lost or not {"mean", "variance"} <= one.weights.keys() & other.weights.keys():
        return []
    if set(lost) == {"shift"}:
        scale = _path(one.weights["scale"]) if "scale" in one.weights else None
    elif "scale" in lost and "shift" in one.weights and "shift" in other.weights:
        scale = None
    else:
        scale = _path(one.weights["scale"])
    mean, variance = one.weights["mean"], one.weights["variance"]
    entries = []
    if "shift" in lost:
        shift = _path(one.weights["shift"])
        step = Step("without_shift", FrozenDict(shift=shift, scale=scale, variance=_path(variance), eps=eps))
        sources = tuple(path for path in (_path(mean), shift, scale, _path(variance)) if path is not None)
        entries.append(Entry(sources, _path(other.weights["mean"]), (step,), reason="the shift is absorbed"))
    if "scale" in lost:
        step = Step("without_scale", FrozenDict(scale=_path(one.weights["scale"]), eps=eps))
        sources = (_path(variance), _path(one.weights["scale"]))
        entries.append(Entry(sources, _path(other.weights["variance"]), (step,), reason="the scale is absorbed"))
    return entries


def vectors(sides: Sides) -> list[tuple[Weight, str]]:
    """Learned vectors that only the source adds to the rows of a table, each with the table of the target."""
    found = []
    for hub, table in _beside(sides.source, sides.partner):
        partner = sides.target.hubs[sides.partner[table.index]]
        if "table" in partner.weights:
            found.append((next(iter(hub.weights.values())), _path(partner.weights["table"])))
    return found


def spare_vectors(sides: Sides) -> list[Weight]:
    """Those that only the target adds."""
    back = {b: a for a, b in sides.partner.items()}
    return [next(iter(hub.weights.values())) for hub, _ in _beside(sides.target, back)]


def added(entry: Entry, value: Weight) -> Entry:
    """A table with a vector added to every row."""
    step = Step("add", FrozenDict(source=_path(value)))
    reason = "; ".join(part for part in (entry.reason, "the vector is added to every row") if part)
    return Entry((*entry.source, _path(value)), entry.target, (step, *entry.steps), reason=reason)


def _beside(graph: Graph, partners: dict[int, int]) -> list[tuple[Hub, Hub]]:
    """Vectors without a partner, each with a table that it is added to; one that nothing else uses, where there is."""
    uses = graph.consumers()
    found = []
    for hub in graph.hubs:
        if hub.word != "parameter" or hub.index in partners or len(uses[hub.index]) != 1 or len(hub.weights) != 1:
            continue
        total = graph.hubs[uses[hub.index][0][0]]
        if (
            total.word != "add"
            or total.index not in partners
            or any(e.acting for e in total.inputs if e.source == hub.index)
        ):
            continue
        beside = [graph.hubs[e.source] for e in total.inputs if not e.acting]
        tables = [
            h for h in beside if h.word in ("table", "embedding") and h.index in partners and len(uses[h.index]) == 1
        ]
        tables.sort(key=lambda h: h.word != "table")
        if tables:
            found.append((hub, tables[0]))
    return found


def _path(weight: Weight) -> str:
    return weight.parameter.same_as or weight.parameter.path
