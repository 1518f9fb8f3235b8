"""A page with a picture: it is moved and zoomed, and where it is one of boxes they fold and unfold.

The boxes lie in the page as data, with their sizes, and the rows and lines of every container; the page lays out what
is unfolded by the same rules as `layout` does, and draws what `shapes` draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..render.html import render_page
from . import text
from .folding import Item
from .graph import ROOT
from .layers import Plan
from .sizes import SMALL, heading, times
from .svg import Picture, page_style


def of_picture(picture: Picture) -> str:
    """The page of a picture of boxes."""
    items = [_item(item, picture) for item in picture.folded.root.walk()]
    return _page(picture.heading, {"notes": picture.notes, "direction": picture.direction, "items": items})


def of_parts(parts: Mapping[str, Any], width: float, height: float, heading: str, notes: Sequence[str]) -> str:
    """The page of a picture that stays as it is."""
    return _page(heading, {"notes": list(notes), "parts": parts, "width": width, "height": height})


def _page(title: str, data: Mapping[str, Any]) -> str:
    return render_page("drawing.html", title, {"title": title, **data}, css=page_style())


def _item(item: Item, picture: Picture) -> dict[str, Any]:
    size, node = picture.sizes[item.key], item.node
    found: dict[str, Any] = {
        "key": item.key,
        "form": node.form,
        "family": node.family,
        "label": " ".join(part for part in (node.name, node.title, node.detail, times(item)) if part),
        "tip": node.tip,
        "times": item.times,
        "size": [size.width, size.height, size.deep],
        "lines": [[line.text, line.bold] for line in size.lines],
    }
    if item.items and item.key in picture.plans:
        head = "" if item.key == ROOT else heading(item)
        found |= {"head": size.head, "heading": head, "open": item.key in picture.unfolded}
        found["plan"] = _plan(picture.plans[item.key])
    return found


def _plan(plan: Plan) -> dict[str, Any]:
    links = [
        {
            "from": [link.source.key, link.source.port],
            "to": [link.target.key, link.target.port],
            "chain": link.chain,
            "label": link.label,
            "room": text.width(link.label, SMALL) + 20 if link.label else 0,
            "shown": link.shown,
        }
        for link in plan.links
    ]
    return {"rows": plan.rows, "links": links}
