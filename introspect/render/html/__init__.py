"""Pages: plain data and a template become one self-contained HTML text.

A template extends `base.html`. Its data lies in the page as JSON; the scripts build everything from it with text nodes
only, so that no name in a model is ever read as HTML. The page asks the network for nothing, and its content security
policy lets run exactly the style and the script that are in the templates.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(template: str, title: str, data: Mapping[str, Any], **more: Any) -> str:
    """The page that a template makes of `data` (anything that JSON can hold), with `title` in the browser's tab.

    `more` are further names for the template: `static`, a table for readers without scripts.
    """
    return _environment().get_template(template).render(title=title, data=data, **more)


def render_cell(page: str, title: str, table: Any, height: int = 680) -> str:
    """A page as the output of a notebook's cell: in a frame of its own, which nothing leaks out of, and a plain table
    for viewers that strip frames."""
    name = f"introspect-{hashlib.sha256(page.encode('utf-8', 'replace')).hexdigest()[:12]}"
    return (
        _environment().get_template("cell.html").render(page=page, title=title, table=table, height=height, name=name)
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("introspect.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["digest"] = _digest
    environment.filters["indented"] = _indented
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":"), "allow_nan": False}
    return environment


def _digest(text: str) -> str:
    """What a content security policy calls a text by."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _indented(text: str) -> str:
    """Leading blanks, which HTML would drop, kept."""
    kept = text.lstrip(" ")
    return "\u00a0" * (len(text) - len(kept)) + kept
