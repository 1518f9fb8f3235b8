"""Where one side is a file of tensors, without kinds and calls: compared by names and shapes, which decide nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..comparison import Account, Comparison, Difference, Match
from ..errors import CheckpointError
from ..parameter import Parameter
from ..records import Layer, Report
from ..storing.descriptions import is_tensors
from ..storing.hdf5 import Group
from ..storing.holders import holders_of, stored_shape
from ..storing.keras_places import keras_places
from ..storing.names import matching_names
from ..values import TensorSpec
from ..weight_map import Entry, WeightMap
from .accounts import counted

Pair = tuple[Parameter | None, Parameter | None]


def compare_stored(a: Report, b: Report) -> Comparison:
    """Two reports of which one, at least, is that of a file of tensors."""
    side = 1 if is_tensors(a) else 0  # the one that is taken for the model
    reports = (a, b)
    found = _Paired(reports[side], reports[1 - side])
    pairs = [(x, y) if side == 0 else (y, x) for x, y in found.pairs()]
    differences = {pair: difference for pair in pairs if (difference := _difference(pair, (a, b))) is not None}
    wrong = any(d.effect in ("count", "shape") for d in differences.values())
    far = a.framework != b.framework
    entries = tuple(_entry(*pair) for pair in pairs)
    return Comparison(
        a=a,
        b=b,
        matches=_matches(pairs, differences, (a, b)),
        differences=tuple(differences.values()),
        accounts=_accounts(pairs, a, b),
        repairs=(),
        verdict="different" if wrong and not far else "undecided",
        notes=(*_notes(a, b, far), *found.said),
        weight_map=WeightMap(entries, tuple(_entry(y, x) for x, y in pairs)),
    )


@dataclass
class _Paired:
    """Which tensor of the file is which of the model."""

    model: Report
    file: Report
    said: list[str] = field(default_factory=list)

    def pairs(self) -> list[Pair]:
        """Every tensor of both, with its partner where there is one."""
        ours = {p.path: p for layer in self.model for p in layer.parameters if p.role != "seed"}
        theirs = {p.path: p for p in self.file.parameters}
        names = self._names(ours, theirs)
        roots = dict.fromkeys(p.same_as or p.path for p in ours.values())
        partner: dict[str, Parameter] = {}
        for path, name in names.items():
            partner.setdefault(ours[path].same_as or path, theirs[name])
        taken = set(names.values())
        rest: list[Pair] = [(None, p) for name, p in theirs.items() if name not in taken]
        return [*((ours[root], partner.get(root)) for root in roots), *rest]

    def _names(self, ours: dict[str, Parameter], theirs: dict[str, Parameter]) -> Mapping[str, str]:
        if self.model.framework != self.file.framework:
            return {path: path for path in ours if path in theirs}
        specs = {path: TensorSpec(p.shape or (), p.dtype) for path, p in theirs.items()}
        try:
            names, said = matching_names(ours, specs, self.file.model)
        except CheckpointError as error:
            names, said = {path: path for path in ours if path in theirs}, [str(error)]
        if not names and self.file.framework == "keras":
            names, said = self._numbered(specs)
        self.said += said
        return names

    def _numbered(self, specs: Mapping[str, TensorSpec]) -> tuple[dict[str, str], list[str]]:
        """A `.weights.h5` numbers the tensors of a layer."""
        groups = {
            layer.path.replace(".", "/"): Group(tuple(p.path for p in layer.parameters), layer.name)
            for layer in self.file
        }
        try:
            places, said = keras_places(self.model.layers, groups, specs, self.file.model)
            return {path: names[0] for path, names in places.items()}, said
        except CheckpointError as error:
            held = {layer.path: layer.parameters for layer in self.file}
            found = {
                p.path: q.path
                for holder in holders_of(self.model.layers)
                for p, q in zip(holder.parameters, held.get(holder.path, ()), strict=False)
            }
            return found, [str(error)]


def _difference(pair: Pair, reports: tuple[Report, Report]) -> Difference | None:
    x, y = pair
    if x is not None and y is not None:
        shapes = stored_shape(x), stored_shape(y)
        paths = x.path, y.path
        where = " / ".join(dict.fromkeys(paths))
        if shapes[0] != shapes[1]:
            text = f"{where}: shape {shapes[0]} and {shapes[1]}"
            return Difference("shape", shapes[0], shapes[1], "shape", text=text, paths=paths)
        if x.dtype != y.dtype:
            text = f"{where}: dtype {x.dtype} and {y.dtype}"
            return Difference("dtype", x.dtype, y.dtype, "unknown", text=text, paths=paths)
        return None
    side = 0 if y is None else 1
    alone = x or y
    assert alone is not None
    shape = stored_shape(alone)
    may_lack = alone.state == "buffer" or reports[0].framework != reports[1].framework
    reason = ", which a model may keep to itself" if alone.state == "buffer" else ""
    text = f"{alone.path}: only {'ab'[side]} has this tensor {shape}{reason}"
    a, b = (shape, None) if side == 0 else (None, shape)
    paths = (alone.path, None) if side == 0 else (None, alone.path)
    return Difference("tensor", a, b, "unknown" if may_lack else "count", text=text, paths=paths)


def _entry(x: Parameter | None, y: Parameter | None) -> Entry:
    if x is None or y is None:
        one, other = ((x.path,) if x is not None else ()), (y.path if y is not None else None)
        return Entry(one, other, (), "refused", "the other has no such tensor")
    shapes = stored_shape(x), stored_shape(y)
    if shapes[0] != shapes[1]:
        return Entry((x.path,), y.path, (), "refused", f"shapes {shapes[0]} and {shapes[1]}")
    return Entry((x.path,), y.path)


def _matches(
    pairs: list[Pair], differences: Mapping[Pair, Difference], reports: tuple[Report, Report]
) -> tuple[Match, ...]:
    """A row for every layer with tensors, beside those that hold the same."""
    homes = [{p.path: layer for layer in report for p in layer.parameters} for report in reports]
    rows: dict[tuple[str | None, str | None], tuple[list[Layer], list[Layer], list[Difference]]] = {}
    for pair in pairs:
        layers = [None if p is None else homes[side][p.path] for side, p in enumerate(pair)]
        key = layers[0] and layers[0].path, layers[1] and layers[1].path
        row = rows.setdefault(key, ([layers[0]] if layers[0] else [], [layers[1]] if layers[1] else [], []))
        if (difference := differences.get(pair)) is not None:
            row[2].append(difference)
    return tuple(Match(tuple(a), tuple(b), tuple(said)) for a, b, said in rows.values())


def _accounts(pairs: list[Pair], a: Report, b: Report) -> tuple[Account, ...]:
    """The lines from the one total to the other; none where a file does not tell its own."""
    if a.native_count is None or b.native_count is None:
        return ()
    known = counted(a), counted(b)
    lines: dict[str, tuple[int, list[str]]] = {}
    for x, y in pairs:
        sizes = [p.size or 0 if p is not None and p.path in known[side] else 0 for side, p in enumerate((x, y))]
        reason = "tensors of other shapes" if x and y else f"tensors that only {'b' if x is None else 'a'} has"
        count, paths = lines.get(reason, (0, []))
        if sizes[0] != sizes[1]:
            lines[reason] = count + sizes[1] - sizes[0], [*paths, *(p.path for p in (x, y) if p is not None)]
    found = [Account(reason, count, tuple(paths)) for reason, (count, paths) in lines.items()]
    left = b.native_count - a.native_count - sum(account.count for account in found)
    return (*found, *([Account("not explained", left)] if left else []))


def _notes(a: Report, b: Report, far: bool) -> list[str]:
    notes = [
        f"{name} is a file of tensors without calls: compared by names and shapes, which is no proof of equality."
        for name, report in (("a", a), ("b", b))
        if is_tensors(report)
    ]
    if far:
        notes.append(
            "The file belongs to a model of another framework: pass Checkpoint(path, report) with the report of that "
            "model, to compare through its layers."
        )
    return notes
