"""`report.draw()`: which style, how deep, how large; then folding, sizes, layout and the picture."""

from __future__ import annotations

from functools import partial

from ..columns import count
from ..errors import DrawingError
from ..records import Report
from . import neurons, page, svg
from .drawing import Drawing
from .folding import Folded, folded
from .graph import ROOT
from .layers import plans
from .nodes import graph_of
from .sizes import SIZES, sizes
from .svg import Picture

STYLES = ("auto", "graph", "neurons")
DIRECTIONS = ("down", "right")
# So many boxes still make a picture that is read at a glance.
_READABLE = 32

_LEGEND = {
    "units": "{across}: units, on a log scale.",
    "feature map": "{across}: side of the feature map, on a log scale.",
    "parameters": "{across}: parameters, on a log scale.",
}


def draw(
    report: Report,
    depth: int | None = None,
    size_by: str = "auto",
    style: str = "auto",
    direction: str | None = None,
) -> Drawing:
    """The picture of a report: its steps as boxes, what feeds what as lines, repeated blocks once with ×N.

    Args:
        depth: how many levels of nested blocks are unfolded; `None`: as many as stay readable.
        size_by: what the size of a box shows, on a log scale: `"units"`, `"feature map"`, `"parameters"`, or `"auto"`
            (the feature map, with the channels as depth, where there is one, else the units).
        style: `"graph"` (boxes), `"neurons"` (circles and lines, for dense layers in a row), or `"auto"`.
        direction: where the data runs to, `"down"` or `"right"`; `None`: down for boxes, right for neurons.

    Raises:
        DrawingError: an option is none of these, or the model can't be drawn as neurons.
        MissingPackageError: the layout needs igraph.
    """
    _check("size_by", size_by, SIZES)
    _check("style", style, STYLES)
    _check("direction", direction or "down", DIRECTIONS)
    if depth is not None and (not isinstance(depth, int) or isinstance(depth, bool) or depth < 1):
        raise DrawingError(f"depth={depth!r} is none: use a whole number from 1 on, or None for what is readable.")
    graph = graph_of(report)
    if style != "graph":
        columns = neurons.columns(graph)
        if columns is not None and (style == "neurons" or neurons.few(columns)):
            parts, width, height, notes = neurons.parts(columns, direction or "right")
            picture = (parts, width, height, _heading(report), [*graph.notes, *notes])
            return Drawing(svg.written(*picture), partial(page.of_parts, *picture))
        if style == "neurons":
            raise DrawingError(
                f"{report.model} can't be drawn as neurons: that needs dense layers one after another and nothing "
                "else but activations, dropout and flatten; use style='graph'."
            )
    direction = direction or "down"
    whole = folded(graph)
    notes = [*graph.notes, *_legend(whole, size_by, direction)]
    picture = Picture(
        whole,
        plans(whole, graph.traced),
        sizes(whole.root, size_by, direction),
        unfolded_to(whole, depth),
        direction,
        _heading(report),
        notes,
    )
    return Drawing(svg.render(picture), partial(page.of_picture, picture))


def _check(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise DrawingError(f"{name}={value!r} is none: use {', '.join(map(repr, known))}.")


def unfolded_to(whole: Folded, depth: int | None = None) -> set[str]:
    """The containers that are unfolded: down to a depth, or as deep as the picture stays readable."""
    levels: dict[str, int] = {ROOT: 0}
    for item in whole.root.walk():
        if item.key != ROOT:
            levels[item.key] = levels[whole.parent[item.key]] + 1
    deepest = max(levels.values())
    holding = {item.key for item in whole.root.walk() if item.items}
    if depth is None:
        depth = 1
        while depth < deepest and _seen(whole, levels, depth + 1) <= _READABLE:
            depth += 1
    return {key for key, level in levels.items() if level < depth and key in holding}


def _seen(whole: Folded, levels: dict[str, int], depth: int) -> int:
    """How many boxes are seen at a depth."""
    return sum(
        level == depth or (level < depth and not item.items)
        for item in whole.root.walk()
        for level in [levels[item.key]]
    )


def _heading(report: Report) -> str:
    counted = report.parameter_count
    return f"{report.model}: {count(counted)} parameters" if counted else report.model


def _legend(whole: Folded, by: str, direction: str) -> list[str]:
    """What the sizes mean, where they differ."""
    leaves = [item.node for item in whole.root.walk() if item.node.form in ("box", "container")]
    across = "Width" if direction == "down" else "Height"
    if by != "auto":
        return [_LEGEND[by].format(across=across)]
    maps, units = (any(node.positions for node in leaves), any(node.units and not node.positions for node in leaves))
    if maps:
        return [f"{across}: side of the feature map{', or units' if units else ''}; depth: channels (log scales)."]
    return [_LEGEND["units"].format(across=across)] if units else []
