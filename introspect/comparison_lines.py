"""A comparison in lines: what differs and why, the ledger, the repairs, which input is which, the verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from .columns import count
from .comparison import EFFECTS, VERDICTS, Comparison, Difference, Mapped, Match, Repair
from .records import Report
from .tables import Code, Line
from .vocabulary import NATIVE_COUNTS

# What is alike in more places than this is told once, below the table.
FEW = 3
GRAVITY = ("count", "shape", "values", "unknown", "training", "none")
"""Effects, the gravest first."""
# How many values of a tuple are shown, and how long a cell of several texts may be.
_MANY, _WIDE = 6, 30


def joined(texts: Iterable[str], mark: str) -> str:
    """Several texts in one cell, each once; below one another where they would make the table too wide."""
    texts = list(dict.fromkeys(texts))
    line = mark.join(texts)
    return line if len(line) <= _WIDE else f"{mark.rstrip()}\n".join(texts)


class Sides:
    """What the two sides are called: by their frameworks where these differ, else `a` and `b`."""

    def __init__(self, comparison: Comparison) -> None:
        frameworks = comparison.a.framework, comparison.b.framework
        differ = frameworks[0] != frameworks[1]
        self.names = frameworks if differ else ("a", "b")
        self.columns = (f"a: {frameworks[0]}", f"b: {frameworks[1]}") if differ else ("a", "b")

    def lacking(self, difference: Difference) -> str | None:
        """The side that alone has what a difference is about."""
        if (difference.a is None) == (difference.b is None):
            return None
        return self.names[0] if difference.b is None else self.names[1]


class _Group(NamedTuple):
    """What makes differences one and the same in several places."""

    field: str
    a: str
    b: str
    effect: str
    reason: str


class Causes:
    """The differences that follow from no other, together where they are the same in several places."""

    def __init__(self, comparison: Comparison) -> None:
        self._by_key = {d.key: d for d in comparison.differences}
        self.groups: dict[_Group, list[Difference]] = {}
        for difference in sorted(comparison.causes, key=_gravity):
            self.groups.setdefault(_group(difference), []).append(difference)

    def cell(self, match: Match, sides: Sides, a_layer: bool) -> str:
        """What differs in a match. Causes have their values, or their names alone where the lines below the table tell
        them; what follows from something elsewhere names that; what follows from something here is left out.

        `a_layer`: a layer stands here as itself. That it has no partner is then all there is to say of it.
        """
        here = sorted((d for d in match.differences if d.because_of is None), key=_gravity)
        causes = {d.key: d for d in map(self.cause, match.differences)}
        elsewhere = [_place(cause) for key, cause in causes.items() if key not in {d.key for d in here}]
        told = []
        bare = not any(layer.parameter_count for layer in (*match.a, *match.b))
        if bare and not match.differences and not (match.a and match.b):
            return "does nothing here"  # a flatten of one position, an activation that is none
        if not (match.a and match.b):
            alone = [d for d in here if sides.lacking(d)] if a_layer else []
            effect = f" ({alone[0].effect})" if alone else ""
            if a_layer or not here:
                told = [f"only in {sides.names[0] if match.a else sides.names[1]}{effect}"]
            here = [d for d in here if d not in alone]
        told += [self._told(d, sides) for d in here]
        return joined([*told, *([f"follows from {_several(elsewhere, '')}"] if elsewhere else [])], "; ")

    def cause(self, difference: Difference) -> Difference:
        """What a difference follows from in the end; itself, where from none."""
        seen: set[str] = set()
        while difference.because_of in self._by_key and difference.key not in seen:
            seen.add(difference.key)
            difference = self._by_key[difference.because_of]
        return difference

    def _told(self, difference: Difference, sides: Sides) -> str:
        group = _group(difference)
        if len(self.groups.get(group, ())) > FEW:
            return group.field
        return _line(difference, sides, " ")


def _gravity(difference: Difference) -> int:
    return GRAVITY.index(difference.effect) if difference.effect in EFFECTS else len(GRAVITY)


def gravest(differences: Iterable[Difference]) -> str | None:
    """The effect of the one that does most; `None` where there is none."""
    return min(differences, key=_gravity).effect if (differences := tuple(differences)) else None


def _field(difference: Difference) -> str:
    """Its field, without the number that tells two of one name in one layer apart."""
    return difference.field.partition("#")[0]


def _line(difference: Difference, sides: Sides, mark: str, reason: str = "") -> str:
    """`eps: 0.001 → 1e-05 (values)`, or `softmax(axis=channel) only in keras (values)`; `mark` stands behind a name."""
    field, alone = _field(difference), sides.lacking(difference)
    a, b = value_text(difference.a), value_text(difference.b)
    shown = f"{a} → {b}"
    if alone is not None:
        value = a if difference.b is None else b
        field = "" if value.startswith(field) else field
        shown = f"{value} only in {alone}"
    effect = f"{difference.effect}: {reason}" if reason else difference.effect
    return f"{field}{mark if field else ''}{shown} ({effect})"


def value_text(value: Any) -> str:
    """A setting as one reads it: `none`, `0.001`, `(2,2)`."""
    if value is None:
        return "none"
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, tuple):
        shown = [value_text(v) for v in value[:_MANY]] + ["…"] * (len(value) > _MANY)
        return f"({','.join(shown)}{',' if len(value) == 1 else ''})"  # no blanks: never broken in two
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {value_text(v)}' for name, v in value.items())}}}"
    return str(value)


def _group(difference: Difference) -> _Group:
    a, b = value_text(difference.a), value_text(difference.b)
    return _Group(_field(difference), a, b, difference.effect, difference.reason)


def _place(difference: Difference) -> str:
    at = next((path or "(root)" for path in difference.paths if path is not None), None)
    field = _field(difference).replace("_", " ")
    if at is None:
        return field
    return f"{field} {at}" if field in ("layer", "input", "output") else f"{field} of {at}"


def below(comparison: Comparison, sides: Sides, causes: Causes) -> tuple[str, ...]:
    """All lines below the table; those of a section are indented."""
    blocks = (
        _section("differences", _difference_lines(causes, sides)),
        _section("ledger", _ledger(comparison, sides)),
        _section("repairs", _repair_lines(comparison.repairs, sides)),
        _section("values", _values(comparison)),
        _section("inputs", _mapped(comparison.input_map, sides)),
        _section("outputs", _mapped(comparison.output_map, sides)),
        [Line(f"note: {note}", "note") for note in comparison.notes],
        [_matched(comparison, sides), _verdict(comparison.verdict)],
    )
    return tuple(line for block in blocks if block for line in ("", *block))


_JUDGED = {"equal": "good", "equal after repairs": "fair", "undecided": "unclear"}


def _verdict(verdict: str) -> Line:
    return Line(f"verdict: {verdict}: {VERDICTS[verdict]}", _JUDGED.get(verdict, "bad"))


def _section(title: str, lines: Sequence[str]) -> list[str]:
    indented = (line.like(f"  {line}") if isinstance(line, Line) else f"  {line}" for line in lines)
    return [Line(f"{title}:", "heading"), *indented] if lines else []


def _difference_lines(causes: Causes, sides: Sides) -> list[Line]:
    """A line per cause, however many layers it is in."""
    lines = []
    for group, alike in causes.groups.items():
        where = _several([name for name in (_names(d, len(alike) == 1) for d in alike) if name], "layers")
        text = f"{_line(alike[0], sides, ': ', group.reason)}{' in ' if where else ''}{where}"
        lines.append(Line(text, group.effect))
    return lines


def _names(difference: Difference, both: bool) -> str:
    """Where it is, on the side that has what it is about; on both, if these are asked for."""
    a, b = (None if path is None else path or "(root)" for path in difference.paths)
    if difference.a is None and b is not None:
        return b
    if difference.b is None and a is not None:
        return a
    return " = ".join(dict.fromkeys(path for path in ((a, b) if both else (a or b,)) if path is not None))


def _several(names: Iterable[str], what: str) -> str:
    """`conv1`, or `53 layers: conv1_bn, conv2_bn, conv3_bn, …`."""
    names = list(dict.fromkeys(names))
    head = f"{len(names)} {what}: " if what and len(names) > 1 else ""
    return f"{head}{', '.join(names[:FEW])}{', …' if len(names) > FEW else ''}"


def _ledger(comparison: Comparison, sides: Sides) -> list[str]:
    """From the one framework's total to the other's, the numbers below one another."""
    a, b = comparison.a, comparison.b
    entries = [
        ("", count(a.native_count), f"{sides.names[0]} {a.model} {_counted(a)}"),
        *(("", f"{account.count:+,}".replace("-", "−"), account.text) for account in comparison.accounts),
        ("=", count(b.native_count), f"{sides.names[1]} {b.model} {_counted(b)}"),
    ]
    width = max(len(number) for _, number, _ in entries)
    return [f"{sign:1} {number:>{width}}  {text}".rstrip() for sign, number, text in entries]


def _counted(report: Report) -> str:
    return f"({NATIVE_COUNTS.get(report.framework, 'its own count')})"


def repair_groups(repairs: Iterable[Repair]) -> list[tuple[str, list[Repair]]]:
    """The same change in many layers once: what to change where, and the repairs themselves."""
    groups: dict[tuple[str, ...], list[Repair]] = {}
    for repair in repairs:
        text = repair.text.replace(repair.path, "") if repair.path else repair.text
        same = (repair.side, repair.action, str(repair.setting), value_text(repair.value), text)
        groups.setdefault(same, []).append(repair)
    return [(_repaired(alike), alike) for alike in groups.values()]


def _repaired(alike: list[Repair]) -> str:
    text = alike[0].text
    if len(alike) == 1:
        return text
    return f"{text.removeprefix(f'{alike[0].path}: ')} in {_several((r.path for r in alike), 'layers')}"


def _repair_lines(repairs: Sequence[Repair], sides: Sides) -> list[str]:
    """What to change where, each with its line of code; the same in many layers with the first one's line."""
    lines = []
    for text, alike in repair_groups(repairs):
        side = sides.names[0] if alike[0].side == "a" else sides.names[1]
        codes = [r.code for r in alike if r.code]
        rest = len(codes) - FEW
        lines += [f"{side}: {text}", *(Code(f"    {code}") for code in codes[: 1 if rest > 0 else FEW])]
        lines += [Code(f"    # … and {len(codes) - 1} more such lines")] if rest > 0 else []
    return lines


def _mapped(entries: Sequence[Mapped], sides: Sides) -> list[str]:
    """Which is which, unless every one has its own name and its own layout on the other side too."""
    if all(m.a == m.b and (m.path is None or len(set(m.path.split(" -> "))) == 1) for m in entries):
        return []
    names = [[f"#{name}" if name.isdigit() else name for name in (m.a, m.b)] for m in entries]
    return [
        f"{sides.names[0]} {a} = {sides.names[1]} {b}{f'  {m.path!r}' if m.path else ''}"
        for (a, b), m in zip(names, entries, strict=True)
    ]


def _values(comparison: Comparison) -> list[str]:
    """Which tensors hold other values; how many hold the same."""
    same = sum(1 for held in comparison.values if held.equal)
    others = [str(held) for held in comparison.values if not held.equal]
    return [*([f"{same} tensors are equal"] if comparison.values else []), *others]


def _matched(comparison: Comparison, sides: Sides) -> str:
    both = sum(1 for m in comparison.matches if m.a and m.b)
    differ = [m for m in comparison.matches if m.differences or any(x.parameter_count for x in (*m.a, *m.b))]
    only = [sum(1 for m in differ if not m.b), sum(1 for m in differ if not m.a)]
    alone = [f"{number} only in {name}" for number, name in zip(only, sides.names, strict=True) if number]
    return ", ".join([f"{both} matched", *alone])
