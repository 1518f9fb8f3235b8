"""Report → canonical graph: the normal form that belongs to no framework, in which two models are compared."""

from __future__ import annotations

from ..graph import Graph
from ..records import Report
from .builder import Builder
from .tidying import tidy


def canonical(report: Report, traced: bool = True) -> Graph:
    """What the report's model computes, as a graph of hubs. Without a trace: its layers with tensors, without edges."""
    return tidy(Builder(report).build(traced))


def has_trace(report: Report) -> bool:
    """Whether it is known which layer feeds which."""
    return any(call for layer in report if not layer.opened for call in layer.calls)
