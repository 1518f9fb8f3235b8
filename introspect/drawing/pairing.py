"""What stands on one line in the picture of a comparison, in which order, and which lines feed which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from ..comparison import Comparison, Match
from ..comparison_lines import Causes, Sides
from ..records import Layer, Report
from .graph import Graph, Node
from .nodes import graph_of

# Longer pictures have alike layers as one box, where so many follow one another.
_LONG, _ALIKE = 24, 3
# The gravest first.
_ORDER = ("count", "shape", "values", "unknown", "training", "none")
# More arcs than this beside one another would take more room than they tell.
_LANES = 10


@dataclass(frozen=True)
class Row:
    """What stands on one line: layers of either side, and what differs. `alike`: how many matches it stands for."""

    a: tuple[Layer, ...]
    b: tuple[Layer, ...]
    effect: str
    said: str
    alike: int = 1


def rows(comparison: Comparison) -> list[Row]:
    """The lines of the picture, as the data runs: in the order of `a`, what only `b` has where it stands there."""
    sides, causes = Sides(comparison), Causes(comparison)
    found = _ordered([_row_of(match, causes, sides) for match in comparison.matches], comparison)
    if len(found) <= _LONG:
        return found
    short: list[Row] = []
    for kind, stretch in groupby(found, _kind):
        together = list(stretch)
        short += [_together(together, kind)] if kind and len(together) >= _ALIKE else together
    return short


def _kind(row: Row) -> str:
    """What lets a row stand with its neighbours as one: alike on both sides, or only on the same side."""
    if row.a and row.b:
        return "" if row.effect else "alike"
    return "a" if row.a else "b"


def _ordered(found: list[Row], comparison: Comparison) -> list[Row]:
    a, b = _last_steps(comparison.a), _last_steps(comparison.b)

    def order(layers: tuple[Layer, ...], last: dict[str, int]) -> float:
        return min((last.get(layer.path, 1 << 40) for layer in layers), default=1 << 41)

    merged = sorted((row for row in found if row.a), key=lambda row: order(row.a, a))
    for row in sorted((row for row in found if not row.a), key=lambda row: order(row.b, b)):
        own = order(row.b, b)
        earlier = [n for n, other in enumerate(merged) if other.b and order(other.b, b) <= own]
        merged.insert(earlier[-1] + 1 if earlier else 0, row)
    return merged


def _last_steps(report: Report) -> dict[str, int]:
    """When each layer was done, in its first call: for one that holds others, after the last step inside of it."""
    graph = graph_of(report)
    done: dict[str, int] = {}
    for number, key in enumerate(reversed(graph.nodes)):
        order = len(graph.nodes) - number
        last = max([order, *(done[child] for child in graph.children.get(key, ()))])
        done[key] = last
    found: dict[str, int] = {}
    for key, node in graph.nodes.items():
        if node.path is not None and node.family != "tensor":
            found.setdefault(node.path, done[key])
    return found


def _row_of(match: Match, causes: Causes, sides: Sides) -> Row:
    effects = {difference.effect for difference in match.differences}
    effect = next((word for word in _ORDER if word in effects), "")
    said = causes.cell(match, sides, True).replace("\n", " ")
    return Row(match.a, match.b, effect or ("none" if said else ""), said)


def _together(stretch: list[Row], kind: str) -> Row:
    a = tuple(layer for row in stretch for layer in row.a)
    b = tuple(layer for row in stretch for layer in row.b)
    effects = {row.effect for row in stretch}
    effect = next((word for word in _ORDER if word in effects), "")
    said = "" if kind == "alike" else next((row.said for row in stretch if row.effect == effect), "")
    return Row(a, b, effect, said, len(stretch))


def flow(report: Report, cells: Sequence[Sequence[Layer]]) -> list[tuple[int, int]]:
    """Which lines feed which on one side, past the steps that stand on none."""
    graph = graph_of(report)
    lines: dict[str, int] = {}
    for number, cell in enumerate(cells):
        for layer in cell:
            lines.setdefault(layer.path, number)
    into: dict[str, list[str]] = {}
    for arrow in graph.arrows:
        into.setdefault(arrow.target, []).append(arrow.source)
    reach: dict[str, set[int]] = {}
    found: dict[tuple[int, int], None] = {}
    for key in sorted(graph.nodes, key=lambda key: graph.nodes[key].order):
        if graph.nodes[key].form == "container":
            continue
        came = {line for source in into.get(key, ()) for line in reach.get(source, ())}
        own = _line_of(graph, key, lines)
        if own is not None:
            found |= dict.fromkeys((line, own) for line in sorted(came) if line != own)
        reach[key] = came if own is None else {own}
    return list(found)


def _line_of(graph: Graph, key: str, lines: dict[str, int]) -> int | None:
    """The line of a step: its own, or that of the layer that it runs inside of."""
    node: Node | None = graph.nodes[key]
    while node is not None:
        if node.path in lines and (node.path or node.parent is not None) and node.family != "tensor":
            return lines[node.path]
        node = graph.nodes.get(node.parent) if node.parent is not None else None
    return None


def straight(cells: Sequence[Sequence[Layer]]) -> set[tuple[int, int]]:
    """The lines of one side that follow on each other; a layer in several is at the first of them."""
    filled = [number for number, cell in enumerate(cells) if cell and (not number or cells[number - 1] != cell)]
    return set(pairwise(filled))


def lanes(pairs: Sequence[tuple[int, int]], follows: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """How far outside the arc of each line runs that does not lead to the next row: short ones inside."""
    taken: list[list[tuple[int, int]]] = []
    found = {}
    arcs = [pair for pair in pairs if pair not in follows]
    for pair in sorted(arcs, key=lambda pair: (abs(pair[1] - pair[0]), pair)):
        low, high = sorted(pair)
        lane = 0
        while lane < len(taken) and any(low < b and a < high for a, b in taken[lane]):
            lane += 1
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        found[pair] = min(lane, _LANES)
    return found
