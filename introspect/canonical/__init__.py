"""Report → canonical graph: the normal form that belongs to no framework, in which two models are compared."""

from __future__ import annotations

from ..graph import Graph
from ..records import Report
from .builder import Builder
from .tidying import tidy


def canonical(report: Report, traced: bool = True, images: bool | str = True) -> Graph:
    """What the report's model computes, as a graph of hubs. Without a trace: its layers with tensors, without edges.
    `images`: whether inputs of four axes are laid out as the framework has images, where no layer tells; or
    "first" or "last"."""
    return tidy(Builder(report, images).build(traced))


def has_trace(report: Report) -> bool:
    """Whether it is known which layer feeds which."""
    return bool(report.root.calls)
