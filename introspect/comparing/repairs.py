"""The changes that would make two models the same function, each with the line of code that makes it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..comparison import Repair
from ..graph import Label
from ..records import Report
from .findings import Findings, Found


@dataclass
class Repairs:
    """The repairs, and the differences that they take away."""

    repairs: tuple[Repair, ...] = ()
    mended: set[Found] = field(default_factory=set)


def repairs_of(findings: Findings, a: Report, b: Report) -> Repairs:
    """A repair for every difference that changes values and can be taken away without another weight.

    Of two models in different frameworks the torch one is changed, whose modules read their settings at every call;
    else `b` is made like `a`.
    """
    side = 0 if (a.framework, b.framework) == ("torch", "keras") else 1
    made: list[Repair] = []
    mended: set[Found] = set()
    for found in findings.items:
        if found.cause is not None or (found.effect not in ("values", "shape") and found.field != "layer"):
            continue
        repair = _repair(findings, found, side, (a, b))
        if repair is not None:
            made += repair
            mended.add(found)
    return Repairs(tuple(made), mended)


def _repair(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    word = found.field.partition("#")[0]
    if word == "layer":
        return _preprocessing(findings, found, side, reports)
    if any(found.labels):
        return _function(findings, found, side, reports)
    if word in _SETTERS:
        return _set(findings, found, side, reports)
    return None


# setting -> what it is called on a torch module and on a Keras layer
_SETTERS: dict[str, tuple[str, str]] = {
    "eps": ("eps", "epsilon"),
    "strides": ("stride", "strides"),
    "dilation": ("dilation", "dilation_rate"),
    "padding": ("padding", "padding"),
    "count_include_pad": ("count_include_pad", "count_include_pad"),
    "pad_value": ("pad_value", "pad_value"),
    "slope": ("negative_slope", "negative_slope"),
    "scale": ("scale", "scale"),
    "causal": ("is_causal", "use_causal_mask"),
    "go_backwards": ("go_backwards", "go_backwards"),
    "activation": ("nonlinearity", "activation"),
    "recurrent_activation": ("recurrent_activation", "recurrent_activation"),
}


def _set(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    graphs = (findings.a, findings.b)
    index = found.hubs[side]
    if index is None:
        return None
    hub = graphs[side].hubs[index]
    if hub.word in ("lstm", "gru", "simple_rnn", "attention"):
        return None
    value = found.a if side == 1 else found.b
    name = found.field.partition("#")[0]
    torch = reports[side].framework == "torch"
    native = _SETTERS[name][0 if torch else 1]
    target = _access(hub.path, torch)
    code = f"{target}.{native} = {value!r}"
    if name == "padding":
        if torch:
            flat = tuple(n for pair in reversed(value) for n in pair)
            code = f"{target}.padding = 0; x = torch.nn.functional.pad(x, {flat})  # before {hub.path}"
        else:
            code = f"{target}.padding = 'valid'; x = keras.layers.ZeroPadding{len(value)}D({value})(x)  # before it"
    text = f"{hub.path}: {name.replace('_', ' ')} {value} instead of {found.b if side == 1 else found.a}"
    return [Repair("ab"[side], hub.path, "set", name, value, text, code)]


def _access(path: str, torch: bool) -> str:
    if torch:
        return f'model.get_submodule("{path}")'
    first, *rest = path.split(".")
    return f'model.get_layer("{first}")' + "".join(f'.get_layer("{name}")' for name in rest)


def _function(findings: Findings, found: Found, side: int, reports: tuple[Report, Report]) -> list[Repair] | None:
    """A function without weights that one side lacks, has too many or has another of."""
    mine, theirs = found.labels[side], found.labels[1 - side]
    consumer = found.hubs[side]
    if consumer is None or found.field in ("flatten", "reshape", "permute", "part", "slice"):
        return None
    hub = (findings.a, findings.b)[side].hubs[consumer]
    before = hub.path or "the output"
    if mine is None and theirs is not None:
        return [_inserted(side, theirs, before, reports)]
    if mine is not None and theirs is None:
        text = f"{mine.path}: leave out {mine}"
        return [Repair("ab"[side], mine.path, "remove", None, str(mine), text, f"# leave out {mine} in {mine.path}")]
    assert mine is not None
    assert theirs is not None
    if found.field.startswith("order"):
        return [
            Repair("ab"[side], mine.path, "remove", None, str(mine), f"{mine.path}: leave out {mine}", ""),
            _inserted(side, theirs, theirs.path, reports),
        ]
    text = f"{mine.path}: {theirs} instead of {mine}"
    return [Repair("ab"[side], mine.path, "set", "function", str(theirs), text, f"# {text}")]


def _inserted(side: int, label: Label, before: str, reports: tuple[Report, Report]) -> Repair:
    torch = reports[side].framework == "torch"
    code = f"x = {'torch.nn.functional' if torch else 'keras.ops'}.{label.word}(x)  # before {before}"
    action = "input" if label.word == "rescaling" else "insert"
    if action == "input":
        scale, shift = label.settings["scale"], label.settings["shift"]
        code = f"x = x * {scale} + {shift}"
    return Repair("ab"[side], before, action, None, str(label), f"before {before}: {label}", code)


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
