"""A picture of a network: its SVG text, and how it is saved."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import DrawingError, missing_package
from .svg import with_theme

_FONTS = Path(__file__).parent / "fonts"
# Characters that the fonts beside this file have; for any other the fonts of the machine are asked too.
_OURS = (range(0x20, 0x180), range(0x391, 0x3CA), range(0x410, 0x450), range(0x2010, 0x2027), range(0x2190, 0x2194))
_SIGNS = frozenset("\n−√≈≠≤≥⋮⋯⊗⊕⊙")


# More pixels than this no viewer opens; a larger picture is drawn smaller.
_PIXELS = 50_000_000


@dataclass(frozen=True)
class Drawing:
    """A picture: `svg` is its text, light or dark as its reader prefers. It shows itself in a notebook; `save` writes
    an SVG, a PNG or an HTML page in which blocks fold and unfold."""

    svg: str
    page: Callable[[], str] = field(repr=False, compare=False)

    def save(self, path: str | Path, scale: float = 2.0, theme: str = "light") -> Path:
        """Write it as its name ends: `.svg`, `.png` (`scale` pixels for one of the SVG, in the `theme` "light" or
        "dark"), `.html`. Raises `DrawingError`, and `MissingPackageError` for a PNG without resvg."""
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix == ".svg":
            path.write_text(self.svg, encoding="utf-8")
        elif suffix == ".png":
            path.write_bytes(self.png(scale, theme))
        elif suffix == ".html":
            path.write_text(self.page(), encoding="utf-8")
        else:
            raise DrawingError(f"A drawing is saved as .svg, .png or .html, not as {path.name!r}.")
        return path

    def png(self, scale: float = 2.0, theme: str = "light") -> bytes:
        """The picture as PNG."""
        try:
            import resvg_py
        except ImportError as error:
            raise missing_package("resvg_py", "draw", error) from error
        if theme not in ("light", "dark"):
            raise DrawingError(f"theme={theme!r} is none: use 'light' or 'dark'.")
        if not 0 < scale < math.inf:
            raise DrawingError(f"scale={scale!r} is none: use a number above 0.")
        text = with_theme(self.svg, theme)
        ours = all(character in _SIGNS or any(ord(character) in some for some in _OURS) for character in set(text))
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=text,
                zoom=min(scale, _largest(text)),
                skip_system_fonts=ours,
                font_files=sorted(str(font) for font in _FONTS.glob("*.ttf")),
                font_family="DejaVu Sans",
                sans_serif_family="DejaVu Sans",
            )
        )

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f'<div style="max-width:100%;overflow:auto">{self.svg}</div>'

    def __str__(self) -> str:
        return self.svg


def _largest(svg: str) -> float:
    """The scale at which a picture has as many pixels as it may."""
    width, height = (float(size) for size in re.findall(r' (?:width|height)="([\d.]+)"', svg[:1000])[:2])
    return (_PIXELS / (width * height)) ** 0.5
