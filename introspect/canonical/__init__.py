"""Report → canonical graph: the normal form that belongs to no framework, in which two models are compared."""

from ..records import Report
from .builder import Builder
from .tidying import tidy


from ..graph import Graph


def canonical(report: Report) -> Graph:
    """What the report's model computes, as a graph of hubs. Without a trace: its weighted layers, without edges."""
    return tidy(Builder(report).build())
