"""A comparison at a depth: a block of layers in which nothing differs is one row, any other is opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .comparison import Comparison, Match
from .records import Layer, Report


class Block(NamedTuple):
    """Matches that are shown as one. `a` and `b` are the layers that hold all of them and nothing else; `None` where a
    side has no such layer."""

    matches: tuple[Match, ...]
    a: Layer | None
    b: Layer | None

    def layers(self, side: str) -> tuple[Layer, ...]:
        """All layers of one side, each once, that are steps of their own."""
        found = {layer.path: layer for match in self.matches for layer in getattr(match, side)}
        return tuple(layer for layer in found.values() if not (layer.opened and layer.calls))


def matters(match: Match) -> bool:
    """Whether there is no partner, or something differs that does more than nothing."""
    return not (match.a and match.b) or any(d.effect != "none" for d in match.differences)


def folded(comparison: Comparison, depth: int | None) -> Iterator[Match | Block]:
    """The matches in order, those in equal blocks from this depth on together."""
    block_of = {} if depth is None else _blocks(comparison, depth)
    told: set[int] = set()
    for number, match in enumerate(comparison.matches):
        block = block_of.get(number)
        if block is None:
            yield match
        elif id(block) not in told:
            told.add(id(block))
            yield block


def _blocks(comparison: Comparison, depth: int) -> dict[int, Block]:
    """By the numbers of matches, the block that they lie in: the outermost that may be one row."""
    inside = {side: _inside(comparison, side) for side in "ab"}
    reports = {"a": comparison.a, "b": comparison.b}
    candidates = sorted((reports[side][path].depth, side, path) for side in "ab" for path in inside[side])
    found: dict[int, Block] = {}
    for level, side, path in candidates:
        numbers = inside[side][path]
        matches = tuple(comparison.matches[number] for number in numbers)
        if level < depth or len(numbers) < 2 or not found.keys().isdisjoint(numbers) or not all(map(_equal, matches)):
            continue
        if any(path not in above for match in matches for above in _above(getattr(match, side), reports[side])):
            continue  # a match reaches out of it
        other = "b" if side == "a" else "a"
        held = {side: reports[side][path], other: _holder(set(numbers), inside[other], reports[other])}
        found |= dict.fromkeys(numbers, Block(matches, held["a"], held["b"]))
    return found


def _equal(match: Match) -> bool:
    bare = not match.differences and not any(layer.parameter_count for layer in (*match.a, *match.b))
    return bare or not matters(match)


def _inside(comparison: Comparison, side: str) -> dict[str, list[int]]:
    """The numbers of the matches that lie in each layer that holds others."""
    report: Report = getattr(comparison, side)
    found: dict[str, list[int]] = {}
    for number, match in enumerate(comparison.matches):
        for path in dict.fromkeys(path for above in _above(getattr(match, side), report) for path in above):
            if report[path].children:
                found.setdefault(path, []).append(number)
    return found


def _above(layers: tuple[Layer, ...], report: Report) -> list[list[str]]:
    """For each layer itself and all that it lies in."""
    return [[path for path in _prefixes(layer.path) if path in report] for layer in layers]


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return ["", *(".".join(parts[:n]) for n in range(1, len(parts) + 1) if path)]


def _holder(numbers: set[int], inside: dict[str, list[int]], report: Report) -> Layer | None:
    """The layer of the other side that holds just these matches, but for such as only this side has."""
    touched = {path: set(held) for path, held in inside.items() if not numbers.isdisjoint(held)}
    whole = [path for path, held in touched.items() if held <= numbers]
    most = max((len(touched[path]) for path in whole), default=0)
    missing = sum(1 for n in numbers if not any(n in held for held in touched.values()))
    return next((report[path] for path in whole if most == len(numbers) - missing == len(touched[path])), None)
