"""The biases of recurrent layers: one, two, or two in one tensor."""

from __future__ import annotations

from ..graph import Hub, Weight
from ..parameter import split_axes
from ..values import FrozenDict
from ..weight_map import Entry, Step
from .axes import NoPathError, path

_ROLES = ("bias", "recurrent_bias")


def biases(one: Hub, other: Hub) -> list[Entry]:
    """How the biases of a recurrent layer become those of another: the sum, or one and zeros, where one has two."""
    from .mapping import path_of

    source, target = _two(one), _two(other)
    hubs = one, other
    if not source:
        return [Entry((), path_of(w), (_fill(), *_put(w)), "filled", "the source has no bias") for w in target.values()]
    if not target:
        return [Entry((path_of(w),), None, (Step("only", FrozenDict(value=0.0)),), "refused", "the target has no bias")
                for w in source.values()]  # fmt: skip
    if len(target) == 1 and len(source) == 2:
        return [_summed(source, target["bias"], hubs)]
    entries = []
    for role, weight in target.items():
        if role in source:
            entries.append(_linked(source[role], weight, hubs, role))
        else:
            reason = f"{path_of(source['bias'])} holds the whole bias"
            entries.append(Entry((), path_of(weight), (_fill(), *_put(weight)), "filled", reason))
    return entries


def _two(hub: Hub) -> dict[str, Weight]:
    """The biases by where they act, cut out of the tensor that holds both."""
    found: dict[str, Weight] = {}
    for role in _ROLES:
        weight = hub.weights.get(role)
        if weight is None:
            continue
        if "source" in weight.parameter.labels and "source" in split_axes(weight.parameter.axes or "")[0]:
            for name, word in zip(_ROLES, ("input", "recurrent"), strict=True):
                part = weight.parameter.part(word)
                found[name] = Weight(weight.parameter, part.axis, part.start, part.stop)
        else:
            found[role] = weight
    return found


def _summed(source: dict[str, Weight], target: Weight, hubs: tuple[Hub, Hub]) -> Entry:
    from .mapping import path_of

    first, second = source["bias"], source["recurrent_bias"]
    entry = _linked(first, target, hubs, "bias")
    if entry.way == "refused" or first.parameter is second.parameter:
        reason = entry.reason or "two biases in one tensor can't become one"
        return Entry(entry.source, entry.target, (), "refused", reason)
    added = Step("add", FrozenDict(source=path_of(second)))
    return Entry((*entry.source, path_of(second)), entry.target, (added, *entry.steps), reason="the sum of both biases")


def _linked(x: Weight, y: Weight, hubs: tuple[Hub, Hub], role: str) -> Entry:
    from .mapping import path_of

    try:
        return Entry((path_of(x),), path_of(y), path(x, y, hubs, role))
    except NoPathError as error:
        return Entry((path_of(x),), path_of(y), (), "refused", str(error))


def _fill() -> Step:
    return Step("fill", FrozenDict(value=0.0))


def _put(weight: Weight) -> tuple[Step, ...]:
    if weight.axis is None:
        return ()
    return (Step("put", FrozenDict(axis=weight.axis, start=weight.start, stop=weight.stop)),)
