"""The weight map of a comparison: for every tensor of the target the tensors of the source that it is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..conventions import changed_side
from ..graph import Hub, Weight
from ..parameter import Parameter
from ..records import Report
from ..values import FrozenDict
from ..weight_map import Entry, Step, WeightMap
from . import absorbing
from .axes import NoPathError, path
from .features import Features, Sides, sides_of
from .recurrent import biases

if TYPE_CHECKING:
    from ..comparing.findings import Findings

# What a tensor has to hold so that the model is the same without it.
NEUTRAL = {"bias": 0.0, "recurrent_bias": 0.0, "shift": 0.0, "mean": 0.0, "scale": 1.0, "variance": 1.0}
_IGNORED = {"counter": "counts training steps", "seed": "the state of a random generator"}


def weight_map(findings: Findings, a: Report, b: Report) -> WeightMap:
    """Both ways: from `a` to `b`, and back."""
    kept = 1 - changed_side(a.framework, b.framework)
    forward = _Mapping(sides_of(findings, False), a, b, kept).entries()
    return WeightMap(forward, _Mapping(sides_of(findings, True), b, a, 1 - kept).entries())


@dataclass
class _Mapping:
    """The entries of one direction, as they are found."""

    sides: Sides
    source: Report
    target: Report
    kept: int
    """Whose settings stay as they are when both are made alike: 0 for the source's."""
    found: dict[tuple[str, tuple[int, int, int] | None], Entry] = field(default_factory=dict)
    same: list[Entry] = field(default_factory=list)
    loose: list[Entry] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def entries(self) -> tuple[Entry, ...]:
        """All of them: what is carried first, in the order of the source."""
        features = Features(self.sides)
        absorbed = absorbing.biases(self.sides)
        for one, other in self.sides.pairs:
            self._pair(one, other, features, absorbed)
        for bias in absorbed.values():
            mean = self.found[path_of(bias.mean), None]
            self._add(absorbing.subtracted(mean, bias), instead=True)
        self._vectors()
        for side in (0, 1):
            self._rest(side)
        return (*self.found.values(), *self.same, *self.loose)

    def _pair(self, one: Hub, other: Hub, features: Features, absorbed: dict[int, absorbing.Bias]) -> None:
        weights = tuple(_by_role(hub) for hub in (one, other))
        if one.word in ("simple_rnn", "lstm", "gru"):
            for entry in biases(one, other):
                if entry.target is None:  # what the target has no place for
                    self.loose.append(entry)
                    self.used |= set(entry.source)
                else:
                    self._add(entry)
            weights = tuple({r: w for r, w in held.items() if "bias" not in r} for held in weights)
        for role in dict.fromkeys((*weights[0], *weights[1])):
            x, y = weights[0].get(role), weights[1].get(role)
            if x is not None and y is not None:
                self._add(self._linked(x, y, (one, other), role, features))
            elif y is not None:
                self._add(absorbing.filled(y, role, (one, other)))
            elif x is not None:
                self._lost(x, role, one, absorbed)
        if one.word == "batch_norm":
            kept = (self.source[one.path], self.target[other.path])[self.kept]
            for entry in absorbing.statistics(one, other, kept.setting("eps") or 0.0):
                self._add(entry, instead=True)

    def _vectors(self) -> None:
        """Those that are added to every row of a table that the other side has in one."""
        for value, table in absorbing.vectors(self.sides):
            for key, entry in list(self.found.items()):
                if entry.target == table and entry.way == "carried":
                    self.found[key] = absorbing.added(entry, value)
                    self.used.add(path_of(value))
        for value in absorbing.spare_vectors(self.sides):
            reason = "added to every row of a table that holds it"
            self._add(Entry((), path_of(value), (Step("fill", FrozenDict(value=0.0)),), "filled", reason))

    def _linked(self, x: Weight, y: Weight, hubs: tuple[Hub, Hub], role: str, features: Features) -> Entry:
        source, target = path_of(x.parameter), path_of(y.parameter)
        stored = next((w.parameter for w in (x, y) if w.parameter.stored is not None), None)
        if stored is not None:
            return Entry((source,), target, way="refused", reason=f"{stored.path} is stored in a packed form")
        try:
            if hubs[0].word in ("embedding", "table"):
                return _table(x, y, hubs)
            turn = features.turn(hubs[0]) if _follows(hubs[0], role) else None
            if turn is not None and turn.problem:
                raise NoPathError(turn.problem)
            return Entry((source,), target, path(x, y, hubs, role, turn))
        except NoPathError as error:
            return Entry((source,), target, way="refused", reason=str(error))

    def _lost(self, weight: Weight, role: str, hub: Hub, absorbed: dict[int, absorbing.Bias]) -> None:
        """A tensor of the source that its partner has no room for."""
        if hub.index in absorbed and role == "bias":
            return
        if hub.word == "batch_norm" and role in ("scale", "shift"):
            return  # in the statistics
        value = NEUTRAL.get(role)
        steps = () if value is None else (Step("only", FrozenDict(value=value)),)
        reason = "the target has no such tensor"
        self.loose.append(Entry((path_of(weight.parameter),), None, steps, "refused", reason))
        self.used.add(path_of(weight.parameter))

    def _add(self, entry: Entry, instead: bool = False) -> None:
        assert entry.target is not None
        self.used |= {*entry.source, entry.target}
        key = entry.target, entry.place
        before = self.found.get(key)
        if before is None or instead:
            self.found[key] = entry
        elif before != entry and before.way in ("carried", "filled"):  # tied in the target, or a layer called twice
            if entry.way == "refused":
                self.same.append(entry)
            elif Entry(entry.source, entry.target, entry.steps, "same") not in self.same:
                self.same.append(Entry(entry.source, entry.target, entry.steps, "same"))

    def _rest(self, side: int) -> None:
        """What no entry has taken, and why that is no matter, or is."""
        report, graph = ((self.source, self.sides.source), (self.target, self.sides.target))[side]
        held = {path_of(w.parameter): hub for hub in graph.hubs for w in hub.weights.values()}
        for p in report.parameters:
            if p.path in self.used:
                continue
            reason, hub = _IGNORED.get(p.role, ""), held.get(p.path)
            way = "untouched" if side else "dropped"
            if not reason and hub is None:
                reason = "no step uses it"
            elif hub is not None and hub.word == "normalization":
                reason = "prepares the input, which a repair does instead"
            elif not reason:
                way, reason = "refused", f"{hub.path or 'the model'} has no partner" if hub is not None else ""
            entry = Entry((), p.path, (), way, reason) if side else Entry((p.path,), None, (), way, reason)
            self.loose.append(entry)


def path_of(parameter: Parameter | Weight) -> str:
    """The path under which a tensor is read and written: of tied ones, the first."""
    p = parameter.parameter if isinstance(parameter, Weight) else parameter
    return p.same_as or p.path


def _by_role(hub: Hub) -> dict[str, Weight]:
    """A table that projects back to tokens is the kernel of a linear layer."""
    renamed = {"table": "kernel"} if hub.word == "linear" else {"table": "value"} if hub.word == "parameter" else {}
    return {renamed.get(role, role): weight for role, weight in hub.weights.items()}


def _follows(hub: Hub, role: str) -> bool:
    """Whether a tensor follows the order of the features that come in."""
    mixes = hub.word in ("linear", "conv", "conv_transpose", "simple_rnn", "lstm", "gru")
    depthwise = hub.word == "conv" and (hub.settings.get("groups") or 1) > 1
    return role == "kernel" if mixes and not depthwise else True


def _first_row(hub: Hub) -> int:
    """The row that the first id looks up: later ones where something is added to all ids."""
    labels = [label for edge in hub.inputs[:1] for label in edge.labels]
    shifted = [x for x in labels if x.word == "rescaling" and x.settings.get("scale") == 1]
    return int(shifted[0].settings.get("shift") or 0) if len(shifted) == len(labels) == 1 else hub.raw.get("first", 0)


def _table(x: Weight, y: Weight, hubs: tuple[Hub, Hub]) -> Entry:
    """Rows by their positions: those in front that one side keeps for padding stay behind."""
    source, target = path_of(x.parameter), path_of(y.parameter)
    first = [_first_row(hub) for hub in hubs]
    shapes = [tuple(n for n in weight.shape or () if n != 1) for weight in (x, y)]  # a row per position, whatever else
    if shapes[0] == shapes[1] and first[0] == first[1]:
        steps = () if x.shape == y.shape else (Step("reshape", FrozenDict(shape=y.shape)),)
        return Entry((source,), target, steps)
    if len(shapes[0]) != 2 or shapes[0][1:] != shapes[1][1:] or (x.shape, y.shape) != tuple(shapes):
        raise NoPathError(f"it is {x.shape} here and {y.shape} there")
    rows = [shape[0] for shape in shapes]
    count = min(rows[0] - first[0], rows[1] - first[1])
    if count < max(rows[0] - first[0], rows[1] - first[1]):
        raise NoPathError(f"it has {rows[0]} rows here and {rows[1]} there")
    places = zip(("part", "put"), first, rows, strict=True)
    spans = (Step(word, FrozenDict(axis=0, start=n, stop=n + count)) for word, n, length in places if length != count)
    reason = f"rows in front stand for padding: {first[0]} here, {first[1]} there"
    return Entry((source,), target, tuple(spans), reason=reason)
