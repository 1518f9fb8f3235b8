"""Pages: what an HTML page shows, as plain data, made of records; `render.html` puts it into a template.

`pool` keeps equal values once, `layers` is the table of layers with all their details, `report` a report's whole page,
`pairs` are matched layers and what differs between them, `comparison` a comparison's whole page.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from ..comparison import Comparison
from ..proof import Proof
from ..records import Report
from ..render.html import render_cell, render_page
from . import comparison as comparisons
from .report import plain_rows, report_page, title


def report_html(report: Report, path: str | PathLike[str] | None = None) -> str:
    """The page of a report, also written to the file `path` where one is given."""
    return written(render_page("report.html", title(report), report_page(report), static=plain_rows(report)), path)


def report_cell(report: Report) -> str:
    """The page of a report for the output of a notebook's cell."""
    return render_cell(report_html(report), title(report), plain_rows(report))


def comparison_html(comparison: Comparison, path: str | PathLike[str] | None = None, proof: Proof | None = None) -> str:
    """The page of a comparison, with its proof where there is one, also written to `path` where one is given."""
    page, static = comparisons.comparison_page(comparison, proof), comparisons.plain_rows(comparison)
    return written(render_page("comparison.html", comparisons.title(comparison), page, static=static), path)


def comparison_cell(comparison: Comparison) -> str:
    """The page of a comparison for the output of a notebook's cell."""
    return render_cell(
        comparison_html(comparison), comparisons.title(comparison), comparisons.plain_rows(comparison), 760
    )


def written(page: str, path: str | PathLike[str] | None) -> str:
    """The page, also written to `path` where one is given. (Half a surrogate pair is no UTF-8: it becomes `?`.)"""
    page = page.encode("utf-8", "replace").decode("utf-8")
    if path is not None:
        Path(path).write_bytes(page.encode("utf-8"))
    return page
