"""Hubs that stand against each other: in which settings and tensors they differ."""

from __future__ import annotations

import math
from typing import Any

from ..conventions import COMPARED
from ..graph import ENDS, Hub
from .findings import Findings, Found

# Settings that say what comes in: they can only follow from something that stands before.
FOLLOWING = frozenset({"in_features", "normalized_shape"})
_ABSORBS = {"use_scale": "its variance", "use_shift": "its mean"}


def compare_hubs(findings: Findings) -> None:
    """Every setting of every pair."""
    for one, other in findings.pairs():
        if one.word in ENDS:
            continue
        if _is_covered(one, other):
            _covered(findings, one, other)
            continue
        if one.word != other.word and not _one_kind(one, other):
            effect = "count" if one.learned or other.learned else "values"
            findings.add(Found("kind", one.word, other.word, effect, (one.index, other.index)))
            continue
        if "whole" in (one.settings.get("kernel_size"), other.settings.get("kernel_size")):
            _whole(findings, one, other)
            continue
        word = "conv" if "conv" in (one.word, other.word) else one.word
        for name, effect in COMPARED.get(word, {}).items():
            _setting(findings, one, other, name, effect)
        if one.word not in COMPARED:
            _all_settings(findings, one, other)
        _dtypes(findings, one, other)
    _sharing(findings)


def covers(hub: Hub) -> bool:
    """Whether the kernel of a convolution is as large as its input: every output sums over all of it."""
    if hub.word != "conv" or hub.settings["groups"] != 1:
        return False
    reached = hub.settings["padding"]
    return hub.raw.get("size") == hub.settings["kernel_size"] and not any(map(any, reached or ((1, 1),)))


def _is_covered(one: Hub, other: Hub) -> bool:
    """A convolution whose kernel covers its input and a dense layer over all of that."""
    return {one.word, other.word} == {"linear", "conv"} and (covers(one) or covers(other))


def _covered(findings: Findings, one: Hub, other: Hub) -> None:
    """They are one if they sum over as many and give as many."""
    sums = [h.settings["in_features"] * math.prod(h.settings["kernel_size"] or (1,)) for h in (one, other)]
    for name, x, y in (("in_features", *sums), ("units", one.settings["units"], other.settings["units"])):
        if x != y:
            findings.add(Found(name, x, y, "count", (one.index, other.index)))
    _setting(findings, one, other, "use_bias", "count")


def _one_kind(one: Hub, other: Hub) -> bool:
    """Whether two words are one kind of layer in two cases: a convolution that looks at one position only, an embedding
    whose ids no input decides."""
    words = {one.word, other.word}
    if words == {"linear", "conv"}:
        return all(hub.settings.get("kernel_size") for hub in (one, other))
    return words == {"embedding", "table"}


def _whole(findings: Findings, one: Hub, other: Hub) -> None:
    """A pool of the whole map is another than one of a part of it, unless the same window was said for both."""
    x, y = one.settings["kernel_size"], other.settings["kernel_size"]
    said = one.raw.get("kernel"), other.raw.get("kernel")
    if x != y and (said[0] is None or said[0] != said[1]):
        findings.add(Found("kernel_size", x, y, "shape", (one.index, other.index)))


def _setting(findings: Findings, one: Hub, other: Hub, name: str, effect: str) -> None:
    x, y = one.settings.get(name), other.settings.get(name)
    if not findings.a.traced and None in (x, y):
        return
    if name in ("kernel_size", "strides", "dilation", "padding") and (not x or not y):
        x, y = _for_positions(x, y, name)
    if name == "mask" and x == y == "unknown":  # two constants, whose values were not seen
        findings.add(Found(name, x, y, "unknown", (one.index, other.index)))
        return
    if same(x, y) or (name == "padding" and not _padding_differs(one, other)):
        if name == "pad_value":
            _hidden_padding(findings, one, other)
        return
    text = ""
    if name == "padding":  # as it was said: what the windows do not reach too
        x, y = (hub.raw.get("pads") or hub.raw.get("meant") or v for hub, v in ((one, x), (other, y)))
    if name in ("pad_value", "count_include_pad") and None in (x, y):
        return  # nothing is padded on one side: the padding differs
    if (name == "in_features" or effect == "training" or one.word == "attention") and None in (x, y):
        return  # not known on one side
    if name == "mask" and ("unknown" in (x, y) or _same_inputs(findings)):
        effect = "unknown"  # which keys are left out depends on values
    if name == "use_bias":
        effect, text = _bias(findings, one, other)
    elif name in _ABSORBS and one.word == "batch_norm":
        effect, text = "none", f"absorbed in {_ABSORBS[name]}"
    elif name == "tokens" and _rows_in_front(one, other):
        effect, text = "none", "rows in front that stand for padding"
    elif name == "mask_zero" and not _reaches_masks(findings, one):
        effect, text = "none", "no layer behind looks at the mask"
    elif name == "units" and one.word == "linear" and None in (x, y):
        return
    elif name == "reset_after" and not one.settings.get("use_bias") and not other.settings.get("use_bias"):
        effect = "values"  # the same tensors
    elif effect == "shape" and _same_output(one, other):
        effect = "values"
    findings.add(Found(name, x, y, effect, (one.index, other.index), text=text))


def _reaches_masks(findings: Findings, hub: Hub) -> bool:
    """Whether the mask of an embedding comes to a layer that leaves tokens out by it."""
    uses, stack, seen = findings.uses[0], [hub.index], {hub.index}
    while stack:
        for index, _ in uses[stack.pop()]:
            word = findings.a.hubs[index].word
            if word in ("average_pool", "max_pool", "attention", "lstm", "gru", "simple_rnn"):
                return True
            if index not in seen:
                seen.add(index)
                stack.append(index)
    return False


def _rows_in_front(one: Hub, other: Hub) -> bool:
    """Whether one table of positions has just those rows more that stand for padding."""
    more = (other.settings["tokens"] or 0) - (one.settings["tokens"] or 0)
    return more != 0 and more == other.raw.get("first", 0) - one.raw.get("first", 0)


def _same_inputs(findings: Findings) -> bool:
    """Whether both models were given the same inputs, a mask among them."""
    matched = [h for h in findings.a.hubs if h.word == "input" and h.index in findings.alignment.partner]
    whole = (
        len(matched)
        == sum(h.word == "input" for h in findings.a.hubs)
        == sum(h.word == "input" for h in findings.b.hubs)
    )
    return whole and len(matched) > 1


def _hidden_padding(findings: Findings, one: Hub, other: Hub) -> None:
    """Zeros and minus infinity around what is never below zero."""
    x, y = one.raw.get("pad_value"), other.raw.get("pad_value")
    if None not in (x, y) and x != y:
        hubs = (one.index, other.index)
        findings.add(Found("pad_value", x, y, "none", hubs, text="behind a function that gives nothing below 0"))


def _for_positions(x: Any, y: Any, name: str) -> tuple[Any, Any]:
    """A dense layer has no window: it stands for one of a single position, moved by one."""
    neutral = (0, 0) if name == "padding" else 1
    rank = len(x or y or ())
    return x or (neutral,) * rank, y or (neutral,) * rank


def same(x: Any, y: Any) -> bool:
    """Whether two settings are one value; numbers to seven digits, as float32 keeps them."""
    if isinstance(x, bool) or isinstance(y, bool):
        return bool(x) == bool(y) if isinstance(x, bool) and isinstance(y, bool) else x is y
    if isinstance(x, (int, float)) and isinstance(y, (int, float)):
        return x == y or abs(x - y) <= 1e-7 * max(abs(x), abs(y))
    if isinstance(x, (tuple, list)) and isinstance(y, (tuple, list)):
        return len(x) == len(y) and all(same(p, q) for p, q in zip(x, y, strict=True))
    return x == y


def _padding_differs(one: Hub, other: Hub) -> bool:
    """On inputs of one size what counts is what the windows reach; on others, what was said. What a transposed
    convolution cuts off follows from its strides too."""
    if one.word == "conv_transpose":
        return True
    sizes = [hub.raw.get("size") for hub in (one, other)]
    alike = all(same(one.settings.get(n), other.settings.get(n)) for n in ("kernel_size", "strides", "dilation"))
    if same(*sizes) and alike:
        return True
    said = [hub.raw.get("padding") for hub in (one, other)]
    meant = [hub.raw.get("meant") for hub in (one, other)]
    around = [hub.raw.get("pads") for hub in (one, other)]
    if same(*meant):
        return False
    return not (same(*said) and same(*around))


def _same_output(one: Hub, other: Hub) -> bool:
    """Whether both give as many positions."""
    shapes = [sorted(n or 0 for n in hub.shape[1:]) if hub.shape else None for hub in (one, other)]
    return shapes[0] == shapes[1]


def _bias(findings: Findings, one: Hub, other: Hub) -> tuple[str, str]:
    """A bias in front of a batch normalization is absorbed in its running mean."""
    for hub, graph, uses in zip((one, other), (findings.a, findings.b), findings.uses, strict=True):
        places = uses[hub.index] if hub.settings["use_bias"] else []
        fed = [(graph.hubs[i], graph.hubs[i].inputs[slot]) for i, slot in places]
        if fed and all(h.word == "batch_norm" and not e.acting and h.settings["use_statistics"] for h, e in fed):
            return ("none", "absorbed in the running mean behind") if len(fed) == 1 else ("count", "")
    return "count", ""


def _all_settings(findings: Findings, one: Hub, other: Hub) -> None:
    """A kind that has no list of settings: all that both have."""
    for name in [n for n in one.settings if n in other.settings]:
        if not same(one.settings[name], other.settings[name]):
            findings.add(Found(name, one.settings[name], other.settings[name], "values", (one.index, other.index)))


def _sharing(findings: Findings) -> None:
    """A tensor that one model uses in several places, and of which the other has one for each."""
    partners: tuple[dict[Any, Any], dict[Any, Any]] = {}, {}
    for one, other in findings.pairs():
        for role in [role for role in one.weights if role in other.weights]:
            keys = tuple(
                (w.parameter.same_as or w.parameter.path, w.start) for w in (one.weights[role], other.weights[role])
            )
            for side in (0, 1):
                known = partners[side].setdefault(keys[side], keys[1 - side])
                if known != keys[1 - side]:
                    shared, apart = f"shared: {keys[side][0]}", f"{known[0]} and {keys[1 - side][0]}"
                    said = (shared, apart) if side == 0 else (apart, shared)
                    findings.add(Found("shared", said[0], said[1], "count", (one.index, other.index)))


def _dtypes(findings: Findings, one: Hub, other: Hub) -> None:
    for role in [role for role in one.weights if role in other.weights]:
        x, y = one.weights[role].parameter.dtype, other.weights[role].parameter.dtype
        if x != y:
            findings.add(Found("dtype", x, y, "values", (one.index, other.index)))
            return
    x, y = (hub.raw.get("dtype") for hub in (one, other))
    floats = all(str(dtype).startswith(("float", "bfloat")) for dtype in (x, y))
    if x != y and floats:  # stored alike, but computed in another precision
        findings.add(Found("dtype", x, y, "values", (one.index, other.index)))
