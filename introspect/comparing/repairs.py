"""The changes that would make two models the same function, each with the line of code that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..comparison import Repair
from ..conventions import changed_side
from ..graph import Hub, Label
from ..records import Report
from .code import line, removal, setting
from .findings import Findings, Found


@dataclass
class Repairs:
    """The repairs, and the differences that they take away."""

    repairs: tuple[Repair, ...] = ()
    mended: set[Found] = field(default_factory=set)


def repairs_of(findings: Findings, a: Report, b: Report) -> Repairs:
    """A repair for every difference that changes values and can be taken away without another weight.

    Which of both is changed: see `changed_side`.
    """
    side = changed_side(a.framework, b.framework)
    made: list[Repair] = []
    mended: set[Found] = set()
    for found in findings.items:
        if found.cause is not None or (found.effect not in ("values", "shape") and found.field != "layer"):
            continue
        repair = _repair(findings, found, side, (a, b))
        if repair is not None:
            made += [*repair, *_with_it(findings, found, side, (a, b))]
            mended.add(found)
    return Repairs(tuple(made), mended)


def _with_it(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair]:
    """A window that moves by other steps, or whose taps lie further apart, is padded in another way too."""
    if found.field not in ("strides", "dilation"):
        return []
    padded = [f for f in findings.items if f.cause is found and f.hubs == found.hubs and f.field == "padding"]
    return [repair for f in padded for repair in _set(findings, f, side, reports) or ()]


def _repair(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    word = found.field.partition("#")[0]
    if word == "layer":
        return _preprocessing(findings, found, side, reports)
    if any(found.labels):
        return _function(findings, found, side, reports)
    if word in _SET:
        return _set(findings, found, side, reports)
    return None


# Settings that can be given another value, whatever a framework calls them.
_SET = frozenset({
    "eps", "kind", "groups", "strides", "dilation", "padding", "count_include_pad", "pad_value", "slope", "scale",
    "max_norm", "divisor", "mask_zero", "causal", "go_backwards", "activation", "recurrent_activation",
})  # fmt: skip


def _set(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    graphs = (findings.a, findings.b)
    index = found.hubs[side]
    if index is None:
        return None
    hub = graphs[side].hubs[index]
    value = found.a if side == 1 else found.b
    name = found.field.partition("#")[0]
    if name == "kind" and (hub.weighted or hub.layer is None or not hub.word.endswith("_pool")):
        return None
    if name == "groups" and hub.word != "group_norm":
        return None
    if hub.word in ("lstm", "gru", "attention") or (hub.word == "simple_rnn" and value not in ("relu", "tanh")):
        return None
    partner = graphs[1 - side].hubs[found.hubs[1 - side] or 0]
    if name in ("strides", "dilation") and bool(hub.raw.get("rounds_up")) != bool(partner.raw.get("rounds_up")):
        return None  # how many windows there are would differ still
    code = setting(hub, partner, name, value, reports[side].framework)
    text = f"{hub.path}: {name.replace('_', ' ')} {value} instead of {found.b if side == 1 else found.a}"
    before = [pad for pad in hub.raw.get("pad_layers", ()) if name == "padding"]
    left_out = [
        Repair(
            "ab"[side], pad.path, "remove", None, str(pad), f"{pad.path}: leave out {pad}", f"# leave out {pad.path}"
        )
        for pad in before
    ]
    counted = _counting(hub, partner, "ab"[side], reports[side].framework) if name == "padding" else []
    return [*left_out, Repair("ab"[side], hub.path, "set", name, value, text, code), *counted]


def _counting(hub: Hub, partner: Hub, side: str, framework: str) -> list[Repair]:
    """A mean that pads nothing yet has to be told whether to count what it is going to pad."""
    name, value = "count_include_pad", partner.settings.get("count_include_pad")
    if hub.word != "average_pool" or value is None or hub.settings.get(name) is not None:
        return []
    text = f"{hub.path}: count include pad {value}"
    return [Repair(side, hub.path, "set", name, value, text, setting(hub, partner, name, value, framework))]


# What picks or arranges the elements of a tensor belongs to the code around it.
_WITHIN = frozenset({"flatten", "reshape", "permute", "part", "slice", "final"})


def _function(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    """A function without weights that one side lacks, has too many or has another of."""
    mine, theirs = found.labels[side], found.labels[1 - side]
    consumer = found.hubs[side]
    if consumer is None or found.field in _WITHIN:
        return None
    if mine is None and theirs is not None:
        return [_inserted(side, theirs, _place(findings, found, side, theirs), reports, _of_input(findings, found))]
    if mine is not None and theirs is None:
        text = f"{mine.path}: leave out {mine}"
        code = removal(mine, mine.path, reports[side].framework)
        return [Repair("ab"[side], mine.path, "remove", _called(mine, reports[side]), str(mine), text, code)]
    assert mine is not None
    assert theirs is not None
    if found.field.startswith("order"):
        # It is found where a has it; the difference that follows from this one is where b has it.
        place = (
            found
            if side == 1
            else next((f for f in findings.items if f.cause is found and f.labels[1] is theirs), found)
        )
        text = f"{mine.path}: leave out {mine}"
        code = removal(mine, mine.path, reports[side].framework)
        return [
            Repair(
                "ab"[side],
                mine.path,
                "remove",
                _called(mine, reports[side]),
                str(mine),
                text,
                code,
            ),
            _inserted(side, theirs, _place(findings, place, side, theirs), reports, False),
        ]
    text = f"{mine.path}: {theirs} instead of {mine}"
    code = line(theirs, reports[side].framework, f"instead of {mine} in {mine.path or 'the model'}")
    setting = _called(mine, reports[side]) or "function"
    return [Repair("ab"[side], mine.path, "set", setting, str(theirs), text, code)]


def _called(label: Label, report: Report) -> str | None:
    """`function relu 2`: of a function that a layer's own code calls, its native name and the how many-th call of it
    that is; `None` for a layer, and for what is fused into one."""
    if label.layer is not None or label.within not in report:
        return None
    starts = [call.order for call in report[label.within].calls if call.order < label.order]
    since = max(starts, default=0)
    calls = [o for o in report.operations if o.within == label.within and since < o.order <= label.order]
    if not calls or calls[-1].order != label.order:
        return None
    return f"function {calls[-1].native_name} {sum(o.native_name == calls[-1].native_name for o in calls)}"


def _place(findings: Findings, found: Found, side: int, label: Label) -> tuple[str, str]:
    """Where a function is put: behind the layer that it acts on, where it is the first to act on all that this gives;
    else before a layer (of a function in a layer's own code, that layer), or before the output."""
    graph, theirs = (findings.a, findings.b)[side], (findings.a, findings.b)[1 - side]
    source, origin, consumer = found.sources[side], found.sources[1 - side], found.hubs[side]
    hub = None if consumer is None else graph.hubs[consumer]
    behind = None if source is None else graph.hubs[source].layer
    if behind is not None and origin is not None and (hub is None or hub.word != "output"):
        edges = [edge for other in theirs.hubs for edge in other.inputs if edge.source == origin]
        if all(edge.acting and edge.acting[0].order == label.order for edge in edges):
            return "behind", behind
    return "before", "the output" if hub is None or hub.word == "output" else hub.path


def _of_input(findings: Findings, found: Found) -> bool:
    """Whether a function is the first that an input of the model meets."""
    graphs = (findings.a, findings.b)
    ends = [(graph, index) for graph, index in zip(graphs, found.sources, strict=True) if index is not None]
    return any(graph.hubs[index].word == "input" for graph, index in ends)


def _inserted(
    side: int, label: Label, place: tuple[str, str], reports: tuple[Report, Report], of_input: bool
) -> Repair:
    where, path = place
    code = line(label, reports[side].framework, f"{where} {path or 'the output'}")
    action = "input" if label.word == "rescaling" and of_input else "insert"
    text = f"{where} {path or 'a function of the model itself'}: {label}"
    return Repair("ab"[side], path, action, "output" if where == "behind" else None, str(label), text, code)


def _preprocessing(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    """A normalization of the inputs that is part of one model only: feed the other what comes out of it."""
    owner = 0 if found.hubs[0] is not None else 1
    index = found.hubs[owner]
    hub = (findings.a, findings.b)[owner].hubs[index or 0]
    if hub.word != "normalization":
        return None
    said = {name: value for name, value in hub.settings.items() if value is not None and name in ("mean", "variance")}
    text = f"scale the input as {hub.path} does: (x - mean) / sqrt(variance)"
    code = f"x = (x - {said.get('mean', 'mean')}) / np.sqrt({said.get('variance', 'variance')})"
    return [Repair("ab"[1 - owner], hub.path, "input", None, str(hub.path), text, code)]
