"""The matched layers of a comparison as a page holds them, and what differs between them: a list per column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..comparison import Comparison, Difference, Match
from ..comparison_folding import matters
from ..comparison_lines import GRAVITY, Causes, value_text
from ..comparison_tables import Side, same_sizes, side_of
from ..parameter import Parameter
from ..records import Layer, Report
from .layers import layer_columns
from .pool import Pool, whole

# What a page knows of a layer, of all that `layer_columns` has.
_SHOWN = ("type", "kind", "units", "kernel", "bias", "output", "parameters")
_DETAILS = ("settings", "tensors", "calls")
# What may be marked as other than on the other side, by its bit.
MARKS = ("type", "units", "kernel", "bias", "output")


def side_layers(report: Report, pool: Pool) -> dict[str, list[Any]]:
    """The layers of one model."""
    columns = layer_columns(report, pool, _SHOWN)
    return {"path": [layer.path for layer in report], **{name: columns[name] for name in (*_SHOWN, *_DETAILS)}}


def match_columns(comparison: Comparison, differing: list[list[int]]) -> dict[str, list[Any]]:
    """Per match: the layers of both sides by their numbers (`~n`: it is only the layer's own code that stands here),
    the parameters of both, what differs, the marks, whether it matters."""
    reports = comparison.a, comparison.b
    numbers = [{layer.path: n for n, layer in enumerate(report)} for report in reports]
    seen: tuple[set[str], set[str]] = (set(), set())
    columns: dict[str, list[Any]] = defaultdict(list)
    for match, differences in zip(comparison.matches, differing, strict=True):
        sides = [side_of(layers, reports[i], seen[i]) for i, layers in enumerate((match.a, match.b))]
        for name, side, known in zip("ab", sides, numbers, strict=True):
            columns[name].append([known[x.path] if x in side.whole else ~known[x.path] for x in side.layers])
            columns[f"parameters {name}"].append(whole(_parameters(side)))
        columns["differences"].append(differences)
        columns["marks"].append(_marks(match, sides[0], sides[1]))
        columns["matters"].append(int(matters(match)))
    return dict(columns)


def _parameters(side: Side) -> int | None:
    return side.parameters if side.whole else side.loose


def _marks(match: Match, a: Side, b: Side) -> int:
    """What is to be marked, as a sum of bits."""
    if not (match.a and match.b):
        return 0
    found = {"type": any(d.field == "kind" for d in match.differences)}
    if len(a.whole) == len(b.whole) == 1:
        one, other = a.whole[0], b.whole[0]
        found["units"] = one.units != other.units
        found["kernel"] = _differ(one.kernel, other.kernel)
        found["bias"] = _differ(one.bias, other.bias)
    if a.whole and b.whole and None not in (a.sizes, b.sizes):
        found["output"] = not same_sizes(a, b)
    return sum(1 << n for n, name in enumerate(MARKS) if found.get(name))


def _differ(one: Parameter | None, other: Parameter | None) -> bool:
    if one is None or other is None:
        return one is not other
    return (one.shape, one.axes) != (other.shape, other.axes) and _named(one) != _named(other)


def _named(parameter: Parameter) -> Any:
    """The sizes by the names of their axes, so that the order says nothing."""
    return {name: n for name, n in parameter.by_axis.items() if n != 1} if parameter.by_axis else parameter.shape


def numbered(comparison: Comparison) -> list[list[int]]:
    """The numbers of the differences of each match."""
    waiting: dict[tuple[str, str], list[int]] = defaultdict(list)
    for n, difference in reversed(list(enumerate(comparison.differences))):
        waiting[difference.key, difference.text].append(n)
    return [
        [places.pop() for d in match.differences if (places := waiting[d.key, d.text])] for match in comparison.matches
    ]


def difference_columns(comparison: Comparison, pool: Pool) -> dict[str, list[Any]]:
    """Per difference: its field, both values, the effect (its place in `GRAVITY`), the one it follows from (`None`:
    none), the sentence, the reason, both paths."""
    numbers = {d.key: n for n, d in reversed(list(enumerate(comparison.differences)))}
    return {
        "field": [pool(d.field.partition("#")[0]) for d in comparison.differences],
        "a": [_value(d.a, pool) for d in comparison.differences],
        "b": [_value(d.b, pool) for d in comparison.differences],
        "effect": [GRAVITY.index(d.effect if d.effect in GRAVITY else "unknown") for d in comparison.differences],
        "because": [_because(d, numbers) for d in comparison.differences],
        "text": [d.text for d in comparison.differences],
        "reason": [pool(d.reason) for d in comparison.differences],
        "paths": [list(d.paths) for d in comparison.differences],
    }


def _value(value: Any, pool: Pool) -> int | None:
    return None if value is None else pool(value_text(value))


def _because(difference: Difference, numbers: dict[str, int]) -> int | None:
    return None if difference.because_of is None else numbers.get(difference.because_of)


def cause_groups(comparison: Comparison) -> list[list[int]]:
    """The differences that follow from no other, by their numbers, those together that are the same in several places;
    the gravest first."""
    numbers = {id(d): n for n, d in enumerate(comparison.differences)}
    return [[numbers[id(d)] for d in alike] for alike in Causes(comparison).groups.values()]


def tensor_numbers(report: Report) -> dict[str, int]:
    """Every tensor's number: all layers' one after the other."""
    return {parameter.path: n for n, (_, parameter) in enumerate(_tensors(report))}


def _tensors(report: Report) -> Iterator[tuple[Layer, Parameter]]:
    return ((layer, parameter) for layer in report for parameter in layer.parameters)
