"""What makes two reports two architectures: the differences that `compare` finds, and what it need not look at.

`compare` asks whether two models are the same function once the weights are carried across. An architecture is more
than that: what is frozen, a layer that no step uses, a setting that changes no output. Names are no part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

from .comparing import compare_reports
from .comparison import Comparison, Difference
from .parameter import Parameter
from .records import Call, Layer, Operation, Report, Source
from .values import tensor_leaves

Ignored = Collection[str | Callable[[Difference], bool]]

# Settings that may be spelled in several ways within one framework; `compare` reads what they come to.
_SPELLED = frozenset({"activation", "axis", "end_axis", "in_features", "padding", "shape", "start_axis"})
_JUDGED = frozenset({"activation", "flatten", "reshape", "softmax"})  # kinds all of whose settings are like that


def drift(a: Report, b: Report, ignore: Ignored = (), names: bool = False) -> Comparison | None:
    """A comparison with just what makes `b` another architecture than `a`; `None`: they are the same.

    Within one framework every difference counts, across frameworks those that do something (`effect` is not "none").
    What `ignore` names (a field, an effect, or a function of the difference) does not count, nor what follows from it.
    """
    alike = _plain(a) == _plain(b)
    if alike and not names:
        return None
    comparison = compare_reports(a, b)
    near = a.framework == b.framework
    found = [] if alike else [d for d in comparison.causes if near or d.effect != "none"]
    found += [] if alike else _frozen(comparison)
    found += _beside(comparison) if near and not alike else []
    found += _renamed(comparison, alike) if names else []
    found = [d for d in found if not _is_ignored(d, ignore)]
    open_question = comparison.verdict == "undecided" and "unknown" not in ignore and not alike
    if not found and not (open_question and not (near and _unseen(a) == _unseen(b))):
        return None
    return _of(comparison, found)


def _is_ignored(difference: Difference, ignore: Ignored) -> bool:
    field = difference.field.partition("#")[0]
    return any(one(difference) if callable(one) else one in (field, difference.effect) for one in ignore)


def _of(comparison: Comparison, found: list[Difference]) -> Comparison:
    """The comparison with these causes, what follows from them, and no others."""
    keys, kept = {d.key for d in found}, list(found)
    for difference in comparison.differences:
        if difference.because_of in keys:
            keys.add(difference.key)
            kept.append(difference)
    added = [d for d in found if d not in comparison.differences]
    matches = []
    for match in comparison.matches:
        paths = ([layer.path for layer in match.a], [layer.path for layer in match.b])
        here = [d for d in match.differences if d.key in keys]
        here += [d for d in added if d.paths[0] in paths[0] and d.paths[1] in paths[1]]
        matches.append(replace(match, differences=tuple(here)))
    return replace(comparison, differences=tuple(kept), matches=tuple(matches))


def _said(
    field: str, a: Any, b: Any, effect: str, paths: tuple[str | None, str | None], reason: str = ""
) -> Difference:
    where = next((path or "(root)" for path in paths if path is not None), "")
    return Difference(field, a, b, effect, text=f"{where}: {field} {a} and {b}", paths=paths, reason=reason)


def _frozen(comparison: Comparison) -> list[Difference]:
    """Tensors that training changes in one model and not in its partner, by layer."""
    sides = [
        {p.path: (layer, p) for layer in report for p in layer.parameters} for report in (comparison.a, comparison.b)
    ]
    found: dict[tuple[str, str, bool], list[str]] = {}
    for entry in comparison.weight_map:
        for path in entry.source[:1] if entry.target else ():
            if path not in sides[0] or entry.target not in sides[1]:
                continue
            (one, x), (other, y) = sides[0][path], sides[1][entry.target]
            if x.trainable != y.trainable and x.state == y.state == "parameter":
                found.setdefault((one.path, other.path, x.trainable), []).append(x.name)
    return [
        _said("trainable", was, not was, "training", (one, other), ", ".join(dict.fromkeys(tensors)))
        for (one, other, was), tensors in found.items()
    ]


def _beside(comparison: Comparison) -> list[Difference]:
    """What `compare` leaves aside, of two models of one framework: settings that change no output, tensors that no step
    uses, and what is fed."""
    found = []
    paired: tuple[set[str], set[str]] = (set(), set())
    for match in comparison.matches:
        for side, layers in zip(paired, (match.a, match.b), strict=True):
            side.update(layer.path for layer in layers)
        if len(match.a) == len(match.b) == 1 and match.a[0].kind == match.b[0].kind:
            known = {d.field for d in match.differences}
            found += _settings(match.a[0], match.b[0], known)
            found += [] if known else _tensors(match.a[0], match.b[0])
    alone = [
        [layer for layer in report if layer.parameters and layer.path not in side and layer.part_of is None]
        for side, report in zip(paired, (comparison.a, comparison.b), strict=True)
    ]
    return [*found, *_left(*alone), *_fed(comparison), *_turned(comparison)]


def _settings(one: Layer, other: Layer, known: set[str]) -> list[Difference]:
    if one.kind in _JUDGED:
        return []
    names = dict.fromkeys(s.name for layer in (one, other) for s in layer.settings)
    skipped = known | (_SPELLED - {"shape"} if one.kind == "input" else _SPELLED)
    return [
        _said(name, one.setting(name), other.setting(name), "unknown", (one.path, other.path))
        for name in names
        if name not in skipped and one.setting(name) != other.setting(name)
    ]


def _tensors(one: Layer, other: Layer) -> list[Difference]:
    x, y = (tuple((p.role, p.shape, p.dtype, p.state) for p in layer.parameters) for layer in (one, other))
    return [_said("tensors", x, y, "unknown", (one.path, other.path))] if x != y else []


def _left(a: list[Layer], b: list[Layer]) -> list[Difference]:
    """Layers with tensors that stand in no match, since nothing that they do reaches an output."""
    rest = Counter(map(_signature, b))
    found = []
    for layer in a:
        if rest[_signature(layer)]:
            rest[_signature(layer)] -= 1
        else:
            found.append(_said("layer", layer.kind, None, "count", (layer.path, None), "no step uses it"))
    for layer in reversed(b):
        if rest[_signature(layer)]:
            rest[_signature(layer)] -= 1
            found.append(_said("layer", None, layer.kind, "count", (None, layer.path), "no step uses it"))
    return found


def _signature(layer: Layer) -> Any:
    return layer.kind, tuple((p.role, p.shape, p.dtype, p.state, p.trainable) for p in layer.parameters)


def _fed(comparison: Comparison) -> list[Difference]:
    """Inputs of other sizes; how many examples they hold is no matter."""
    a, b = (tuple(spec.shape[1:] for spec in tensor_leaves(report.inputs)) for report in (comparison.a, comparison.b))
    return [_said("input_shape", a, b, "shape", ("", ""))] if a != b and a and b else []


def _turned(comparison: Comparison) -> list[Difference]:
    """The same inputs or outputs in another order."""
    found = []
    for field, mapped in (("input_order", comparison.input_map), ("output_order", comparison.output_map)):
        a, b = tuple(m.a for m in mapped), tuple(m.b for m in mapped)
        if a != b and sorted(a) == sorted(b):
            found.append(_said(field, a, b, "values", ("", "")))
    return found


def _renamed(comparison: Comparison, alike: bool) -> list[Difference]:
    if alike:
        pairs: Iterator[tuple[Layer, Layer]] = zip(comparison.a, comparison.b, strict=True)
    else:
        pairs = ((m.a[0], m.b[0]) for m in comparison.matches if len(m.a) == len(m.b) == 1)
    return [
        _said("name", one.path, other.path, "none", (one.path, other.path))
        for one, other in pairs
        if one.path != other.path
    ]


def _unseen(report: Report) -> Any:
    """What of a model can't be judged, where it is the same in both: nothing, if it was not run to its end."""
    if not report.complete or report.method == "none":
        return object()
    operations = Counter((o.native_name, o.settings) for o in report.operations if o.kind == "unknown")
    return operations, Counter(layer.type for layer in report if layer.kind == "unknown" and not layer.opened)


def _plain(report: Report) -> Any:
    """All that a report says but names and versions: layers and tensors by their numbers."""
    numbers = {path: n for n, layer in enumerate(report) for path in (layer.path, *layer.aliases)}
    owned = [p for layer in report for p in layer.parameters]
    numbers |= {p.path: -n - 1 for n, p in enumerate(owned)}

    def sources(found: tuple[Source | None, ...]) -> Any:
        return tuple(s and (s.kind, s.step, s.index, numbers.get(s.path or "?")) for s in found)

    def call(step: Call | Operation) -> Any:
        within = None if step.within is None else numbers.get(step.within)
        return step.order, step.inputs, step.outputs, sources(step.sources), within

    def tensor(p: Parameter) -> Any:
        tied = None if p.same_as is None else numbers.get(p.same_as)
        return p.role, p.shape, p.axes, p.labels, p.dtype, p.trainable, p.state, p.stored, tied

    def plain(layer: Layer) -> Any:
        settings = tuple((s.name, s.value) for s in layer.settings)
        below = tuple(numbers[child] for child in layer.children)
        return (
            layer.type,
            layer.kind,
            settings,
            tuple(map(tensor, layer.parameters)),
            tuple(map(call, layer.calls)),
            below,
        )

    operations = tuple((o.kind, o.native_name, o.settings, call(o)) for o in report.operations)
    return report.framework, tuple(map(plain, report)), operations, sources(report.output_sources), report.complete
