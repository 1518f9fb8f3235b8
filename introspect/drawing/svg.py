"""A folded graph as SVG text, with some of its blocks unfolded."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from ..literals import escaped
from . import colours, shapes, text
from .folding import Folded
from .graph import ROOT
from .layers import End, Plan
from .layout import Layout, Scene
from .sizes import Size

MARGIN = 20.0
_HEADING, _NOTE = 17.0, 10.0
_LEAST = 330.0
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # what no XML may hold
_DARK, _END = "\n@media (prefers-color-scheme: dark) {\n", "</style>"


@dataclass(frozen=True)
class Picture:
    """All that a picture of boxes is made from; `unfolded` are the containers whose inside is seen."""

    folded: Folded
    plans: Mapping[str, Plan]
    sizes: Mapping[str, Size]
    unfolded: set[str]
    direction: str
    heading: str
    notes: list[str]


def render(picture: Picture) -> str:
    """The picture."""
    scene = Layout(picture.folded.root, picture.plans, picture.sizes, picture.unfolded, picture.direction).scene()
    size = (scene.wide, scene.long) if picture.direction == "down" else (scene.long, scene.wide)
    return written(parts(picture, scene), *size, picture.heading, picture.notes)


def parts(picture: Picture, scene: Scene) -> dict[str, list[dict[str, Any]]]:
    """What is drawn, from the back to the front."""
    sizes, unfolded, direction = picture.sizes, picture.unfolded, picture.direction
    found: dict[str, list[dict[str, Any]]] = {"shells": [], "wires": [], "boxes": [], "texts": []}
    for item in picture.folded.root.walk():
        if item.key == ROOT or item.key not in scene.spots:
            continue
        box = shapes.rectangle(scene.spots[item.key], direction)
        if item.items and item.key in unfolded:
            found["shells"].append(shapes.shell(item, box))
            found["texts"] += shapes.shell_texts(item, box)
        else:
            found["boxes"].append(shapes.leaf(item, sizes[item.key], box))
    for wire in scene.wires:
        found["wires"].append(
            {
                "path": shapes.wire_path(wire, direction),
                "tip": shapes.arrow_head(wire, direction),
                "source": _end(wire.link.source, wire.container, unfolded, ">", "<"),
                "target": _end(wire.link.target, wire.container, unfolded, "<", ">"),
            }
        )
    found["texts"] += shapes.wire_labels(scene.wires, direction)
    return found


def _end(end: End, container: str, unfolded: set[str], own: str, inner: str) -> str:
    """What a line begins or ends at: a box, or where it comes into (`>`) or leaves (`<`) an unfolded block."""
    if not end.key:
        return f"{container}{own}{end.port}"
    return f"{end.key}{inner}{end.port}" if end.key in unfolded else end.key


def written(drawn: Mapping[str, Any], width: float, height: float, heading: str, notes: list[str]) -> str:
    """The text of an SVG, with a heading above and notes below it."""
    lines = text.lines(heading, _HEADING, max(width, _LEAST), 4, bold=True)
    wide = max([width, *(text.width(line, _HEADING, bold=True) for line in lines)])
    below = [part for note in notes for part in text.lines(note, _NOTE, max(wide, _LEAST), 6)]
    wide = max([wide, *(text.width(line, _NOTE) for line in below)])
    top = MARGIN + 22 * len(lines) + (8 if lines else 0)
    bottom = top + height + (12 + 14 * len(below) if below else 0) + MARGIN
    said = [shapes.text("heading", MARGIN, MARGIN + 15 + 22 * n, line) for n, line in enumerate(lines)]
    said += [shapes.text("note", MARGIN, top + height + 20 + 14 * n, line) for n, line in enumerate(below)]
    picture = (
        _environment()
        .get_template("drawing.svg")
        .render(
            **drawn,
            width=math.ceil(wide + 2 * MARGIN),
            height=math.ceil(bottom),
            label=heading,
            heading=said,
            left=shapes.number(MARGIN + (wide - width) / 2),
            top=shapes.number(top),
            style=Markup(_style()),
        )
    )
    return _NO_XML.sub(lambda found: escaped(found[0]), picture)


def with_theme(svg: str, theme: str) -> str:
    """A picture that is light or dark whatever its reader prefers: not every program knows of that."""
    head, _, rest = svg.partition(_DARK)
    dark, _, tail = rest.partition(f"}}{_END}")
    return f"{head}{dark if theme == 'dark' else ''}{_END}{tail}"


@cache
def _style() -> str:
    return f"\n{_rules('drawing.css')}{_DARK}{_rules('drawing_dark.css')}}}"


def page_style() -> str:
    """The same for a page, whose reader may choose between light and dark."""
    dark = _rules("drawing_dark.css")
    system = f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme='light']) {{\n{dark}}} }}"
    return Markup(f"{_rules('drawing.css')}{system}\n:root[data-theme='dark'] {{\n{dark}}}\n")


def _rules(name: str) -> str:
    template = _environment().get_template(name)
    if name == "drawing.css":
        return template.render(light=colours.LIGHT, effects=colours.EFFECTS_LIGHT)
    return template.render(dark=colours.DARK, effects=colours.EFFECTS_DARK)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("introspect.drawing"),
        autoescape=lambda name: not (name or "").endswith(".css"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
