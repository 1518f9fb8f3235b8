"""Layers of several inputs."""

from __future__ import annotations

from ..rows import Row
from .shared import axes

ROWS: dict[str, Row] = {
    "Add": Row("add"),
    "Subtract": Row("subtract"),
    "Multiply": Row("multiply"),
    "Average": Row("average"),
    "Maximum": Row("maximum"),
    "Minimum": Row("minimum"),
    "Concatenate": Row("concat", {"axis": axes()}),
    "Dot": Row("dot", {"axis": axes("axes"), "normalize": "normalize"}),
}
