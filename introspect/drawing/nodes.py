"""A report as the graph that is drawn: its steps, what fed which, and inside which call of a layer each one ran.

A layer that is called several times has a node for each call, and so has all that runs inside of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Any

from ..records import Call, Layer, Operation, Report, Source
from ..values import TensorSpec, tensor_leaves
from ..vocabulary import spatial_rank
from . import wording
from .graph import ROOT, Arrow, Graph, Node


def graph_of(report: Report) -> Graph:
    """Everything there is to draw of a report, nothing folded. A report without calls gives the tree of layers."""
    if not report.root.calls:
        return _tree(report)
    graph = Graph()
    graph.add(wording.container(report.root, ROOT, None, 0, None))
    inputs = _inputs(report, graph)
    nesting = _Nesting(report)
    for order, layer, step in nesting.steps:
        key, parent = nesting.key(order), nesting.parent(order, step.within)
        if layer is None or not layer.opened:
            _read(graph, report, step, parent)
            graph.add(_step_node(layer, step, key, parent))
            graph.arrows += _arrows(graph, step.sources, key, inputs)
        elif order in nesting.holding and key != ROOT:  # of a call that only passes its input on nothing is seen
            graph.add(wording.container(layer, key, parent, order, _which(layer, order)))
    _outputs(report, graph, inputs)
    if not report.complete:
        graph.notes.append("Incomplete: the model raised, and the picture ends there.")
    return graph


class _Nesting:
    """Which call of a layer each step ran inside of: the latest one of it that was entered before."""

    def __init__(self, report: Report) -> None:
        calls = [(call.order, layer, call) for layer in report for call in layer.calls if layer.part_of is None]
        operations = [(operation.order, None, operation) for operation in report.operations]
        self.steps: list[tuple[int, Layer | None, Any]] = sorted([*calls, *operations], key=lambda step: step[0])
        self._calls = {name: [c.order for c in la.calls] for la in report for name in (la.path, *la.aliases)}
        first = min(report.root.calls, key=lambda call: call.order).order
        self._root = first if report.root.opened else None
        above = {order: self._above(order, step.within) for order, _, step in self.steps}
        self.holding: set[int] = set()
        """The calls inside of which steps ran."""
        for order, layer, _ in self.steps:
            up = above[order] if layer is None or not layer.opened else None
            while up is not None and up not in self.holding:
                self.holding.add(up)
                up = above.get(up)

    def _above(self, order: int, within: str | None) -> int | None:
        orders = [] if within is None else self._calls.get(within, [])
        place = bisect_left(orders, order)
        return orders[place - 1] if place else None

    def key(self, order: int) -> str:
        """The key of a step's node."""
        return ROOT if order == self._root else str(order)

    def parent(self, order: int, within: str | None) -> str:
        """The key of the container that a step stands in."""
        above = self._above(order, within)
        return ROOT if above is None else self.key(above)


def _which(layer: Layer, order: int) -> tuple[int, int] | None:
    """Which call of how many, where there are several."""
    orders = [call.order for call in layer.calls]
    return (orders.index(order) + 1, len(orders)) if len(orders) > 1 else None


def _step_node(layer: Layer | None, step: Call | Operation, key: str, parent: str) -> Node:
    if layer is None:
        assert isinstance(step, Operation)
        return wording.operation(step, key, parent)
    assert isinstance(step, Call)
    channels, positions = _map_of(layer, step)
    return wording.layer(layer, step, key, parent, _which(layer, step.order), (channels, positions))


def _map_of(layer: Layer, call: Call) -> tuple[int | None, int | None]:
    """The channels and positions of the feature map that a call gives back."""
    rank, form = spatial_rank(layer.kind), layer.setting("data_format")
    specs = tensor_leaves(call.outputs)
    if not rank or form is None or not specs or len(specs[0].shape) != rank + 2:
        return None, None
    sizes = specs[0].shape
    places, channels = (sizes[2:], sizes[1]) if form == "channels_first" else (sizes[1:-1], sizes[-1])
    if any(n is None for n in places):
        return channels, None
    product = 1
    for n in places:
        product *= n or 0
    return channels, round(product ** (1 / rank))


def _inputs(report: Report, graph: Graph) -> dict[tuple[str | None, int | None], str]:
    """A node per input tensor, by what sources call it: the argument, and which of its leaves."""
    found: dict[tuple[str | None, int | None], str] = {}
    arguments = report.inputs
    if arguments is None:
        return found
    named = {str(i): value for i, value in enumerate(arguments.args)} | dict(arguments.kwargs)
    leaves = [(path, i, spec) for path, value in named.items() for i, spec in enumerate(tensor_leaves(value))]
    names = _input_names(report, [spec for _, _, spec in leaves]) or [
        path if path in arguments.kwargs else "" for path, _, _ in leaves
    ]
    for number, ((path, index, spec), name) in enumerate(zip(leaves, names, strict=True)):
        said = name or (f"input {number + 1}" if len(leaves) > 1 else "")
        found[path, index] = f"in{number}"
        graph.add(wording.end(f"in{number}", ROOT, number - len(leaves), "input", said, spec))
    return found


def _input_names(report: Report, specs: list[TensorSpec]) -> list[str] | None:
    """The names that a Keras model gives to its inputs, where they are certain."""
    layers = [report[path] for path in report.root.children if report[path].kind == "input"]
    shapes = [tuple(layer.setting("shape") or ())[1:] for layer in layers]
    same = [a == s.shape[1:] or None in a for a, s in zip(shapes, specs, strict=False)]
    return [layer.name for layer in layers] if len(layers) == len(specs) and all(same) else None


def _read(graph: Graph, report: Report, step: Call | Operation, parent: str) -> None:
    """Nodes for the tensors of the model that a step reads beside its own, as a learned position."""
    for source in step.sources:
        if source is None or source.kind != "parameter" or not source.path:
            continue
        key, owner = f"{parent}:{source.path}", source.path.rpartition(".")[0]
        held = report[owner].parameters if owner in report else ()
        if key not in graph.nodes:
            tensor = next((p for p in held if p.path == source.path), None)
            graph.add(wording.tensor(key, parent, step.order - 0.5, source.path, tensor))


def _arrows(graph: Graph, sources: Iterable[Source | None], target: str, inputs: dict) -> Iterator[Arrow]:
    seen = set()
    for source in sources:
        key = _from(graph, source, target, inputs)
        if key is None or source is None or (key, source.index) in seen:
            continue
        seen.add((key, source.index))
        yield Arrow(key, target, (source.index or 0) if source.kind == "step" else 0)


def _from(graph: Graph, source: Source | None, target: str, inputs: dict) -> str | None:
    if source is None:
        return None
    if source.kind == "step" and str(source.step) in graph.nodes:
        return str(source.step)
    if source.kind == "input":
        return inputs.get((source.path, source.index)) or inputs.get((source.path, 0))
    if source.kind == "parameter":
        parent = graph.nodes[target].parent
        return next((k for k in (f"{parent}:{source.path}", f"{ROOT}:{source.path}") if k in graph.nodes), None)
    return None


def _outputs(report: Report, graph: Graph, inputs: dict) -> None:
    names = list(_leaf_names(report.outputs, ""))
    specs = tensor_leaves(report.outputs)
    for number, source in enumerate(report.output_sources):
        key = f"out{number}"
        spec = specs[number] if number < len(specs) else None
        name = names[number] if number < len(names) else ""
        graph.add(wording.end(key, ROOT, 1e9 + number, "output", name, spec))
        graph.arrows += _arrows(graph, [source], key, inputs)


def _leaf_names(value: Any, name: str) -> Iterator[str]:
    """What the tensors of an output are called: `logits`, `states 1`."""
    if isinstance(value, TensorSpec):
        yield name
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaf_names(inner, f"{name} {key}".strip())
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from _leaf_names(inner, f"{name} {number + 1}".strip() if len(value) > 1 else name)


def _tree(report: Report) -> Graph:
    """The layers as they are held, where it is not known what feeds what."""
    graph = Graph(traced=False)
    graph.notes.append("Not run: these are the layers as the model holds them, without what feeds what.")
    graph.add(wording.container(report.root, ROOT, None, 0, None))
    if not report.root.children and report.root.parameters:
        graph.add(wording.layer(report.root, None, "1", ROOT))
    above = {child: layer.path for layer in report for child in layer.children}
    for number, layer in enumerate(report.layers[1:], 1):
        parent = above.get(layer.path, ROOT)
        if layer.part_of is not None or parent not in graph.nodes:
            continue
        if any(report[child].part_of is None for child in layer.children):
            graph.add(wording.container(layer, layer.path, parent, number, None))
        elif layer.kind not in ("container", "input"):
            graph.add(wording.layer(layer, None, layer.path, parent))
    return graph
