"""The ledger from the one total to the other: every tensor that one framework counts and the other does not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ..comparison import Account
from ..graph import Hub, Weight
from ..parameter import Parameter
from ..records import Report
from .findings import Findings, Found

_FRAMEWORK = {"keras": "Keras", "torch": "torch"}


@dataclass
class _Line:
    count: int = 0
    paths: list[str] = field(default_factory=list)
    layers: set[str] = field(default_factory=set)


def ledger(findings: Findings, a: Report, b: Report) -> tuple[Account, ...]:
    """The lines, which add up exactly; what has no explanation stands in a line that says so."""
    if a.native_count is None or b.native_count is None:
        return ()
    lines: dict[tuple[str, str], _Line] = defaultdict(_Line)
    counted = _counted(a), _counted(b)
    seen: tuple[set, set] = set(), set()
    causes = {}
    for found in findings.items:
        causes.setdefault(found.hubs, found.root())
    for one, other in findings.pairs():
        for role in dict.fromkeys((*one.weights, *other.weights)):
            x = _new(one.weights.get(role), seen[0])
            y = _new(other.weights.get(role), seen[1])
            _tensor(lines, (one, other), role, (x, y), counted, (a, b), causes.get((one.index, other.index)))
    for side, graph, partners in ((0, findings.a, findings.alignment.partner), (1, findings.b, findings.alignment.back)):
        for hub in graph.hubs:
            if hub.index not in partners:
                for role, weight in hub.weights.items():
                    fresh = _new(weight, seen[side])
                    both = (fresh, None) if side == 0 else (None, fresh)
                    _alone(lines, hub, role, both, counted, (a, b))
        _rest(lines, side, (a, b), counted[side], seen[side])
    accounts = [_account(key, line) for key, line in lines.items() if line.count]
    left = b.native_count - a.native_count - sum(account.count for account in accounts)
    if left:
        accounts.append(Account("not explained", left))
    return tuple(sorted(accounts, key=lambda account: account.count))


def _key(weight: Weight) -> tuple[str, int]:
    return weight.parameter.same_as or weight.parameter.path, weight.start


def _new(weight: Weight | None, seen: set) -> Weight | None:
    """The tensor, the first time that it is met."""
    if weight is None or _key(weight) in seen:
        return None
    seen.add(_key(weight))
    return weight


def _counted(report: Report) -> dict[str, int]:
    """What the framework's own count includes: all weights but seeds in Keras, what can be learned in torch."""
    keras = report.framework == "keras"
    return {
        p.path: p.size or 0
        for p in report.parameters
        if (p.role != "seed" if keras else p.state == "parameter" and not p.dtype.startswith(("int", "uint", "q")))
    }


def _size(weight: Weight | None, counted: dict[str, int]) -> int:
    if weight is None or (weight.parameter.same_as or weight.parameter.path) not in counted:
        return 0
    return weight.size or 0


def _tensor(lines, hubs, role, both, counted, reports, cause: Found | None) -> None:  # type: ignore[no-untyped-def]
    x, y = both
    sizes = _size(x, counted[0]), _size(y, counted[1])
    change = sizes[1] - sizes[0]
    if not change:
        return
    one, other = hubs
    side = 0 if y is None or (x is not None and sizes[1] == 0) else 1
    if x is not None and y is not None and 0 in sizes:
        reason = f"{_plural(one.word, role)} (buffers in {_name(reports[1 - side] if sizes[1 - side] == 0 else reports[side])})"
        key = ("pairs", reason)
    elif x is None or y is None:
        reason = f"{_plural(one.word, role)} that {_name(reports[1 - side])} has no counterpart for"
        key = ("alone", reason)
    else:
        text = cause.text if cause is not None and cause.text else f"{one.path} and {other.path} differ in size"
        key = ("sizes", text)
    _enter(lines[key], change, both, one.path if side == 0 else other.path)


def _alone(lines, hub: Hub, role, both, counted, reports) -> None:  # type: ignore[no-untyped-def]
    side = 0 if both[0] is not None else 1
    change = _size(both[1], counted[1]) - _size(both[0], counted[0])
    key = ("layers", f"layers that only {_name(reports[side], side, reports)} has")
    _enter(lines[key], change, both, hub.path)


def _rest(lines, side: int, reports, counted, seen) -> None:  # type: ignore[no-untyped-def]
    """Tensors that no step uses: counters, and those of layers that were not called."""
    used = {path for path, _ in seen}
    sign = -1 if side == 0 else 1
    for layer in reports[side]:
        for p in layer.parameters:
            if p.same_as is None and p.path in counted and p.path not in used:
                kind = "counters" if p.role == "counter" else "tensors that no step uses"
                key = ("rest", f"{kind} in {_name(reports[side], side, reports)}")
                _enter(lines[key], sign * counted[p.path], (Weight(p), None), layer.path)


def _enter(line: _Line, change: int, both: tuple[Weight | None, Weight | None], path: str) -> None:
    line.count += change
    line.paths += [weight.parameter.path for weight in both if weight is not None]
    line.layers.add(path)


def _account(key: tuple[str, str], line: _Line) -> Account:
    many = len(line.layers)
    text = key[1] if key[0] == "sizes" else f"{key[1]}, in {many} layers" if many > 1 else f"{key[1]}: {min(line.layers)}"
    return Account(text, line.count, tuple(dict.fromkeys(line.paths)))


def _name(report: Report, side: int = 0, reports: tuple[Report, Report] | None = None) -> str:
    name = _FRAMEWORK.get(report.framework, report.framework)
    if reports is not None and reports[0].framework == reports[1].framework:
        return f"{'ab'[side]} ({report.model})"
    return name


_ROLE_WORDS = {"mean": "statistics", "variance": "statistics", "bias": "biases", "recurrent_bias": "recurrent biases"}


def _plural(word: str, role: str) -> str:
    return f"{_ROLE_WORDS.get(role, role.replace('_', ' ') + 's')} of {word.replace('_', ' ')} layers"


def sizes_of(parameter: Parameter) -> int:
    """Its elements, 0 where unknown."""
    return parameter.size or 0
