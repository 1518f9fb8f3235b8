"""Walks the steps of a report in the order in which they ran, and turns each into hubs and labels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from ..graph import Edge, Graph, Hub, Label, Weight
from ..parameter import Parameter
from ..records import Call, Layer, Operation, Report, Source
from ..values import FrozenDict, TensorSpec, tensor_leaves
from ..vocabulary import CHANNELS_FIRST
from .layouts import Layout, input_layouts

IGNORED_ROLES = frozenset({"counter", "seed"})


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the traced pass: where it comes from, its shape, and in which order its axes stand."""

    edge: Edge
    shape: tuple[int | None, ...]
    layout: Layout = None

    @property
    def constant(self) -> bool:
        """Whether it does not depend on any input or parameter."""
        return self.edge.source == 0


class Builder:
    """Builds the graph of one report. Hub 0 is what does not depend on any input."""

    def __init__(self, report: Report, images: bool | str = True) -> None:
        self.report = report
        self.channels_first = report.framework in CHANNELS_FIRST  # where nobody says otherwise
        self._images = images
        self.graph = Graph([])
        self.values: dict[tuple[int, int], Value] = {}
        self._inputs: dict[tuple[str, int], int] = {}
        self._parameters: dict[str, int] = {}
        self._owner = {p.path: layer for layer in report for p in layer.parameters}
        self._opened = {call.order: (layer, call) for layer in report if layer.opened for call in layer.calls}
        self._layouts = input_layouts(report)
        self._calls: dict[str, int] = {}
        self.stacks: dict[int, list[int]] = {}
        """For a hub of a recurrent layer: the hubs of the whole stack, in the order of its states."""

    def build(self, traced: bool = True) -> Graph:
        """The hubs of every step, then those of the outputs; not traced: of every layer with tensors."""
        from .layers import add_layer
        from .operations import add_operation

        self.new("constant", {}, [])
        root = self.report.root
        if not traced:
            return self._without_trace()
        for source, spec in zip(root.calls[0].sources, tensor_leaves(root.calls[0].inputs), strict=False):
            if source is not None and source.kind == "input":
                self.value(source, spec)
        for layer, step in self._steps():
            if layer is None:
                assert isinstance(step, Operation)
                add_operation(self, step)
            else:
                assert isinstance(step, Call)
                self._calls[layer.path] = self._calls.get(layer.path, -1) + 1
                add_layer(self, layer, step)
        for number, spec in enumerate(tensor_leaves(self.report.outputs)):
            sources = self.report.output_sources
            source = sources[number] if number < len(sources) else None
            value = self.value(source, spec)
            self.new("output", {"number": number}, [value], shape=spec.shape, raw={"layout": value.layout})
        self.graph.complete = self.report.complete
        return self.graph

    def _without_trace(self) -> Graph:
        """Only what holds tensors, in the order of definition, with unknown edges."""
        from .layers import add_untraced

        for layer in self.report:
            if layer.parameters and layer.part_of is None:
                add_untraced(self, layer)
        self.graph.complete = self.graph.traced = False
        return self.graph

    def _steps(self) -> list[tuple[Layer | None, Call | Operation]]:
        """Every call of a unit that is not inside another unit, and every operation, in order."""
        report = self.report
        units = {layer.path for layer in report if not layer.opened}
        steps: list[tuple[Layer | None, Call | Operation]] = [(None, operation) for operation in self.report.operations]
        for layer in self.report:
            owner = None if layer.part_of is None else report[layer.part_of]
            if not layer.opened and (owner is None or owner.opened):
                steps += [(layer, call) for call in layer.calls if not call.raised and call.within not in units]
        return sorted(steps, key=lambda step: step[1].order)

    def new(
        self,
        word: str,
        settings: dict[str, Any],
        inputs: list[Value],
        *,
        weights: dict[str, Weight] | None = None,
        layer: str | None = None,
        within: str = "",
        order: int = 0,
        shape: tuple[int | None, ...] | None = None,
        raw: dict[str, Any] | None = None,
    ) -> Hub:
        """A new hub."""
        hub = Hub(len(self.graph.hubs), word, settings, [v.edge for v in inputs], weights or {}, layer, within, order)
        hub.shape, hub.raw = shape, raw or {}
        hub.raw["shapes"] = [v.shape for v in inputs]
        hub.call = self._calls.get(layer, 0) if layer is not None else 0
        self.graph.hubs.append(hub)
        return hub

    def value(self, source: Source | None, spec: TensorSpec) -> Value:
        """The value that a tensor of the report is."""
        if source is None or source.kind == "constant":
            return Value(Edge(0), spec.shape)
        if source.kind == "parameter":
            return self._parameter(source.path or "", spec)
        if source.kind == "input":
            return self._input(str(source.path), source.index or 0, spec)
        key = (source.step or 0, source.index or 0)
        if key not in self.values and key[0] in self._opened:
            self._closed(key[0])
        return self.values.get(key) or Value(Edge(0), spec.shape)

    def _input(self, path: str, index: int, spec: TensorSpec) -> Value:
        hub = self._inputs.get((path, index))
        if hub is None:
            settings = {"number": len(self._inputs), "name": self._input_name(path, index), "dtype": spec.dtype}
            layout = self._layouts.get((path, index)) or self._usual_layout(spec)
            hub = self.new("input", settings, [], shape=spec.shape, raw={"layout": layout}).index
            self._inputs[path, index] = hub
        return Value(Edge(hub), spec.shape, self._layouts.get((path, index)) or self._usual_layout(spec))

    def _usual_layout(self, spec: TensorSpec) -> Layout:
        """Of images and volumes that no layer tells the layout of: as the framework has them by default."""
        if not self._images or len(spec.shape) not in (4, 5) or not spec.dtype.startswith(("float", "bfloat")):
            return None
        if isinstance(self._images, str):
            return self._images
        return "first" if self.channels_first else "last"

    def _input_name(self, path: str, index: int) -> str:
        """What the caller calls an input: of a dict, the key."""
        inputs = self.report.inputs
        if inputs is None:
            return path
        value = inputs.kwargs.get(path, inputs.args[int(path)] if path.isdigit() else None)
        names = (
            [name for name, part in value.items() for _ in tensor_leaves((part,))] if isinstance(value, dict) else []
        )
        return names[index] if index < len(names) else f"{path}[{index}]" if index else path

    def _parameter(self, path: str, spec: TensorSpec) -> Value:
        """A tensor that is used by itself: a class token, a table of positions."""
        owner = self._owner.get(path)
        parameter = next((p for p in owner.parameters if p.path == path), None) if owner else None
        if parameter is None or parameter.state == "buffer":
            return Value(Edge(0), spec.shape)
        if path not in self._parameters:
            assert owner is not None
            sizes = tuple(n for n in parameter.shape or () if n != 1)
            table = len(sizes) == 2  # a row per position, like an embedding whose ids no input decides
            settings = {"tokens": sizes[0], "units": sizes[1]} if table else {"shape": sizes}
            held = {"table" if table else "value": Weight(parameter)}
            self._parameters[path] = self.new(
                "table" if table else "parameter", settings, [], weights=held, layer=owner.path, shape=spec.shape
            ).index
        return Value(Edge(self._parameters[path]), spec.shape)

    def _closed(self, order: int) -> None:
        """A layer that is opened but made its output in a way that was not seen: one hub of unknown meaning."""
        from .layers import add_closed

        layer, call = self._opened[order]
        add_closed(self, layer, call)

    def tensors(self, step: Call | Operation) -> list[Value]:
        """The values of every tensor that goes into a step."""
        specs = tensor_leaves(step.inputs)
        sources = [*step.sources, *[None] * (len(specs) - len(step.sources))]
        if isinstance(step, Operation) and None in sources:
            sources = [s or self._unseen(step.within, spec) for s, spec in zip(sources, specs, strict=False)]
        return [self.value(source, spec) for source, spec in zip(sources, specs, strict=False)]

    def _unseen(self, within: str, spec: TensorSpec) -> Source | None:
        """A tensor that was not seen coming, in the code of a layer that holds just one parameter of that size."""
        sizes = [n for n in spec.shape if n != 1]
        if within not in self.report or not spec.dtype.startswith(("float", "bfloat")) or not sizes:
            return None
        own = [p for p in self.report[within].parameters if p.state == "parameter" and p.shape is not None]
        batched = [n for n in spec.shape[1:] if n != 1]  # repeated for every example
        fitting = [p for p in own if [n for n in p.shape or () if n != 1] in (sizes, batched)]
        if not fitting and len(own) == 1 and own[0].path not in self._used() and self._gaps()[within] == 1:
            fitting = own  # it went through functions that were not seen: a table of distances, looked up
        return Source("parameter", path=fitting[0].path) if len(fitting) == 1 else None

    @cache  # noqa: B019 - a builder lives for one report
    def _used(self) -> set[str | None]:
        """The parameters that some step was seen to use by themselves."""
        return {s.path for o in self.report.operations for s in o.sources if s is not None and s.kind == "parameter"}

    @cache  # noqa: B019
    def _gaps(self) -> Counter[str]:
        """How many tensors of each layer's code were not seen coming (numbers by themselves apart)."""
        found: Counter[str] = Counter()
        for operation in self.report.operations:
            for source, spec in zip(operation.sources, tensor_leaves(operation.inputs), strict=False):
                floats = spec.dtype.startswith(("float", "bfloat"))
                found[operation.within] += source is None and floats and any(n != 1 for n in spec.shape)
        return found

    def put(self, step: Call | Operation, value: Value, index: int = 0) -> None:
        """Say what an output of a step is."""
        specs = tensor_leaves(step.outputs)
        if index < len(specs):
            self.values[step.order, index] = replace(value, shape=specs[index].shape)

    def put_hub(self, step: Call | Operation, hub: Hub, layout: Layout = None, labels: tuple[Label, ...] = ()) -> None:
        """All outputs of a step are those of a hub; functions fused into the layer act on the first."""
        for index, spec in enumerate(tensor_leaves(step.outputs)):
            hub.raw.setdefault("dtype", spec.dtype)
            edge = Edge(hub.index, index, labels if index == 0 else ())
            self.values[step.order, index] = Value(edge, spec.shape, layout)

    def weights(self, layer: Layer) -> dict[str, Weight]:
        """The tensors of a layer by role, also where they stand in its owner."""
        owner = None if layer.part_of is None else self.report[layer.part_of]
        return weights_of(layer, owner)

    def unknown(self, sentence: str) -> None:
        """Something whose meaning is not known: equality can't be claimed."""
        if sentence not in self.graph.unknown:
            self.graph.unknown.append(sentence)


def weights_of(layer: Layer, owner: Layer | None = None) -> dict[str, Weight]:
    """The tensors of a layer by role; of several with one role, the later ones are numbered. Those of a private part
    stand in its owner: `query.kernel`."""
    found: dict[str, Weight] = {}
    if owner is not None:
        for p in owner.parameters:
            first, _, name = p.name.partition(".")
            if first == layer.name and name:
                found[name] = Weight(p)
        return found
    for p in layer.parameters:
        if p.role not in IGNORED_ROLES:
            found[_free(p, found)] = Weight(p)
    return found


def _free(p: Parameter, taken: dict[str, Weight]) -> str:
    if p.role not in taken:
        return p.role
    return next(name for n in range(2, 10_000) if (name := f"{p.role}_{n}") not in taken)


def label(layer: Layer, step: Call, word: str, **settings: Any) -> Label:
    """A layer without weights as a label."""
    return Label(word, FrozenDict(settings), layer.path, step.within or "", step.order)
