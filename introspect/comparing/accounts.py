"""The ledger from the one total to the other: every tensor that one framework counts and the other does not."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from ..comparison import Account
from ..graph import Hub, Weight
from ..records import Report
from .findings import Findings

_FRAMEWORKS = {"keras": "Keras"}  # where people write it otherwise
_ROLES = {"mean": "statistics", "variance": "statistics", "bias": "biases", "recurrent_bias": "recurrent biases"}
Pair = tuple[Weight | None, Weight | None]


@dataclass
class _Line:
    """Tensors with one reason, summed up."""

    count: int = 0
    paths: list[str] = field(default_factory=list)
    layers: set[str] = field(default_factory=set)

    def text(self, reason: str, places: bool) -> str:
        if not places:
            return reason
        return f"{reason}, in {len(self.layers)} layers" if len(self.layers) > 1 else f"{reason}: {min(self.layers)}"


class Ledger:
    """Goes through all tensors of two reports, each once."""

    def __init__(self, findings: Findings, a: Report, b: Report) -> None:
        self._findings = findings
        self._reports = a, b
        self._counted = counted(a), counted(b)
        self._seen: tuple[set[tuple[str, int]], set[tuple[str, int]]] = set(), set()
        self._lines: dict[tuple[str, bool], _Line] = defaultdict(_Line)
        same = a.framework == b.framework
        self._names = [
            "ab"[side] if same else _FRAMEWORKS.get(r.framework, r.framework) for side, r in enumerate((a, b))
        ]

    def accounts(self) -> tuple[Account, ...]:
        """The lines, which add up exactly; what has no explanation stands in a last line that says so."""
        a, b = self._reports
        if a.native_count is None or b.native_count is None:
            return ()
        texts = {
            found.hubs: found.root().sentence for found in reversed(self._findings.items) if found.effect == "count"
        }
        for one, other in self._findings.pairs():
            for role in dict.fromkeys((*one.weights, *other.weights)):
                self._pair(one, other, role, texts.get((one.index, other.index), ""))
        for side in (0, 1):
            self._alone(side)
            self._unused(side)
        accounts = [
            Account(line.text(*key), line.count, tuple(dict.fromkeys(line.paths)))
            for key, line in self._lines.items()
            if line.count
        ]
        accounts.sort(key=lambda account: account.count)
        left = b.native_count - a.native_count - sum(account.count for account in accounts)
        return (*accounts, *([Account("not explained", left)] if left else []))

    def _pair(self, one: Hub, other: Hub, role: str, why: str) -> None:
        """A tensor of two hubs that stand against each other."""
        x, y = self._fresh(0, one.weights.get(role)), self._fresh(1, other.weights.get(role))
        sizes = self._size(0, x), self._size(1, y)
        if sizes[0] == sizes[1]:
            return
        side = 0 if sizes[0] > sizes[1] else 1
        hub = (one, other)[side]
        if x is not None and y is not None and 0 not in sizes:
            place = " and ".join(dict.fromkeys(h.path or "(root)" for h in (one, other)))
            self._enter(why or f"{place} differ in size", False, (x, y), hub)
        elif x is not None and y is not None:
            self._enter(f"{self._many(side, hub, role)} (buffers in {self._names[1 - side]})", True, (x, y), hub)
        else:
            lacking = self._names[1 - side]
            self._enter(f"{self._many(side, hub, role)} that {lacking} has no counterpart for", True, (x, y), hub)

    def _alone(self, side: int) -> None:
        """The tensors of hubs without a partner."""
        alignment = self._findings.alignment
        graph, partners = ((alignment.a, alignment.partner), (alignment.b, alignment.back))[side]
        for hub in graph.hubs:
            for weight in hub.weights.values() if hub.index not in partners else ():
                fresh = self._fresh(side, weight)
                pair = (fresh, None) if side == 0 else (None, fresh)
                self._enter(f"layers that only {self._names[side]} has", True, pair, hub)

    def _unused(self, side: int) -> None:
        """Tensors that no step uses: counters, and those of layers that were not called."""
        used = {path for path, _ in self._seen[side]}
        for layer in self._reports[side]:
            for p in layer.parameters:
                if p.same_as is None and p.path not in used:
                    what = "counters" if p.role == "counter" else "tensors that no step uses"
                    pair = (Weight(p), None) if side == 0 else (None, Weight(p))
                    hub = Hub(-1, "", {}, [], layer=layer.path)
                    self._enter(f"{what} in {self._names[side]}", True, pair, hub)

    def _enter(self, reason: str, places: bool, pair: Pair, hub: Hub) -> None:
        line = self._lines[reason, places]
        line.count += self._size(1, pair[1]) - self._size(0, pair[0])
        line.paths += [weight.parameter.path for weight in pair if weight is not None]
        line.layers.add(hub.path or "(root)")

    def _fresh(self, side: int, weight: Weight | None) -> Weight | None:
        """The tensor, the first time that it is met."""
        if weight is None:
            return None
        key = (weight.parameter.same_as or weight.parameter.path, weight.start)
        if key in self._seen[side]:
            return None
        self._seen[side].add(key)
        return weight

    def _size(self, side: int, weight: Weight | None) -> int:
        """Its elements, as far as its framework counts them."""
        if weight is None or (weight.parameter.same_as or weight.parameter.path) not in self._counted[side]:
            return 0
        return weight.size or 0

    def _many(self, side: int, hub: Hub, role: str) -> str:
        report = self._reports[side]
        kind = report[hub.path].kind if hub.path in report else hub.word
        kind = hub.word if kind in ("container", "unknown") else kind
        return f"{_ROLES.get(role, role.replace('_', ' ') + 's')} of {kind.replace('_', ' ')} layers"


def ledger(findings: Findings, a: Report, b: Report) -> tuple[Account, ...]:
    """The lines that lead from a's total to b's; none where a framework can't tell its own."""
    return Ledger(findings, a, b).accounts()


def counted(report: Report) -> set[str]:
    """What the framework's own count includes: all that is learned, or all that is kept, but seeds. Which of the two
    is read off the count itself."""
    kept = [p for p in report.parameters if p.role != "seed"]
    learned = [p for p in kept if p.state == "parameter" and not p.dtype.startswith(("int", "uint", "q"))]
    total = sum(p.size or 0 for p in learned)
    return {p.path for p in (learned if total == report.native_count else kept)}
