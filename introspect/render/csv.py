"""Values as comma-separated text, for spreadsheets."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from ..tables import Data


def render(data: Data) -> str:
    """A line with the columns, then one per row: numbers without separators, shapes as `(1, 28, 28, 3)`, settings as
    `units=4, use_bias=True`; what is not there, or not known, is empty."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(data.columns)
    writer.writerows([_cell(value) for value in row] for row in data.rows)
    return text.getvalue()


def written(text: str, path: Any) -> str | None:
    """The text itself, or, where there is a path, nothing: it is written there."""
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8", newline="")
    return None


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return ", ".join(f"{name}={inner}" for name, inner in value.items())
    return "" if value is None else str(value)
