"""Which input and output of one model is which of the other, and how their axes are ordered."""

from __future__ import annotations

from ..comparison import Mapped
from ..graph import Hub
from .findings import Findings

_SPATIAL = {3: "l", 4: "h w", 5: "d h w"}


def input_map(findings: Findings) -> tuple[Mapped, ...]:
    """The inputs that feed partners."""
    return _map(findings, "input")


def output_map(findings: Findings) -> tuple[Mapped, ...]:
    """The outputs that partners give."""
    return _map(findings, "output")


def _map(findings: Findings, word: str) -> tuple[Mapped, ...]:
    found = []
    for one, other in findings.pairs():
        if one.word == word:
            found.append(Mapped(_name(one), _name(other), _path(one, other)))
    return tuple(found)


def _name(hub: Hub) -> str:
    return str(hub.settings.get("name", hub.settings.get("number", "")))


def _path(one: Hub, other: Hub) -> str | None:
    """The einops pattern between two layouts of images, sequences or volumes."""
    layouts = [hub.raw.get("layout") for hub in (one, other)]
    rank = len(one.shape or ())
    if None in layouts or rank != len(other.shape or ()) or rank not in _SPATIAL:
        return None
    patterns = [f"b c {_SPATIAL[rank]}" if layout == "first" else f"b {_SPATIAL[rank]} c" for layout in layouts]
    return f"{patterns[0]} -> {patterns[1]}"
