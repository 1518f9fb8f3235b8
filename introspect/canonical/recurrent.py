"""Recurrent layers: one hub per layer of a stack and per direction."""

from __future__ import annotations

import re
from typing import Any

from ..graph import Edge, Hub, Label, Weight
from ..records import Call, Layer
from ..values import FrozenDict, tensor_leaves
from .builder import Builder, Value, weights_of

_STACKED = re.compile(r"_l(\d+)(_reverse)?$")


def recurrent(builder: Builder, layer: Layer, call: Call) -> None:
    """SimpleRNN, LSTM, GRU: what comes out of the last layer of the stack, both directions joined."""
    stack = _stack(layer)
    values = builder.tensors(call)[:1]
    current = values[0]
    last: list[Hub] = []
    every: list[Hub] = []
    rate = layer.setting("between_rate")
    for depth, directions in enumerate(stack):
        if depth and rate:
            between = Label("dropout", FrozenDict(rate=rate, kind="dropout"), None, layer.path, call.order)
            current = Value(current.edge.then(between), current.shape, current.layout)
        last = [_hub(builder, layer, call, current, weights, reverse) for weights, reverse in directions]
        every += last
        edge = Edge(last[0].index)
        if len(last) == 2:
            both = builder.new(
                "concat", {"axis": "channel"}, [Value(Edge(h.index), current.shape) for h in last],
                layer=layer.path, within=call.within or "", order=call.order,
            )  # fmt: skip
            edge = Edge(both.index)
        current = Value(edge, current.shape, None)
    for hub in every:
        builder.stacks[hub.index] = [h.index for h in every]
    _outputs(builder, layer, call, current, last)


def of_cells(builder: Builder, layer: Layer, call: Call) -> None:
    """A layer that runs cells: as many recurrent layers on top of each other."""
    below = [x for x in builder.report if x.path.startswith(f"{layer.path}." if layer.path else "") and x is not layer]
    cells = [x for x in below if x.kind in ("lstm_cell", "gru_cell", "simple_rnn_cell")]
    current, last = builder.tensors(call)[0], list[Hub]()
    for cell in cells:
        weights = weights_of(cell)
        hub = _hub(builder, cell, call, current, weights, bool(layer.setting("go_backwards")))
        hub.word = cell.kind.removesuffix("_cell")
        last = [hub]
        current = Value(Edge(hub.index), current.shape)
    if not last:
        builder.unknown(f"What the cells of {layer.path} compute is not known.")
        last = [builder.new("rnn", {"type": layer.type}, [current], layer=layer.path, order=call.order)]
        current = Value(Edge(last[0].index), current.shape)
    builder.stacks[last[0].index] = [h.index for h in last]
    _outputs(builder, layer, call, current, last)


def _outputs(builder: Builder, layer: Layer, call: Call, current: Value, last: list[Hub]) -> None:
    """The first output is the sequence, or its last step; the others are states."""
    sequence = layer.setting("return_sequences") is not False
    final = final_state(layer.path, call.order)
    backwards = Label("flip", FrozenDict(axis=1), None, layer.path, call.order)
    for index, _ in enumerate(tensor_leaves(call.outputs)):
        if (index == 0 and not sequence) or (index == 1 and len(builder.stacks[last[0].index]) == 1):
            value = Value(current.edge.then(final), current.shape)
        elif index == 0 and layer.setting("go_backwards"):  # in the order in which it went, the last time first
            value = Value(current.edge.then(backwards), current.shape)
        elif index == 0:
            value = current
        else:
            value = Value(Edge(last[0].index, index), current.shape)
        builder.put(call, value, index)


def final_state(path: str, order: int) -> Label:
    """What a recurrent layer gives at the last step that it takes."""
    return Label("final", FrozenDict(), None, path, order)


def picked_state(builder: Builder, value: Value, key: Any) -> Edge | None:
    """One of the states of a stack of layers: `h_n[1]`; or the last step of a sequence, `output[:, -1]`."""
    edge = value.edge
    hub = builder.graph.hubs[edge.source]
    if edge.source not in builder.stacks or edge.labels:
        return None
    if edge.port == 1 and isinstance(key, int):
        return Edge(builder.stacks[edge.source][key]).then(final_state(hub.path, hub.order))
    last = key == ("slice(None, None, None)", -1) and len(value.shape) == 3
    if edge.port == 0 and last and not hub.settings["go_backwards"]:
        return edge.then(final_state(hub.path, hub.order))
    return None


def _hub(
    builder: Builder, layer: Layer, call: Call, value: Value, weights: dict[str, Weight], reverse: bool
) -> Hub:  # fmt: skip
    kernel = weights.get("kernel")
    settings: dict[str, Any] = {
        "units": layer.setting("units"),
        "in_features": (kernel.parameter.by_axis or {}).get("in") if kernel else layer.setting("in_features"),
        "use_bias": any("bias" in role for role in weights), "activation": layer.setting("activation"),
        "recurrent_activation": layer.setting("recurrent_activation"),
        "go_backwards": bool(layer.setting("go_backwards")) != reverse,
        "reset_after": layer.setting("reset_after"), "rate": layer.setting("rate") or 0,
        "recurrent_rate": layer.setting("recurrent_rate") or 0, "projection": layer.setting("projection"),
    }  # fmt: skip
    return builder.new(
        layer.kind, settings, [value], weights=weights, layer=layer.path, within=call.within or "", order=call.order,
        shape=tensor_leaves(call.outputs)[0].shape,
    )  # fmt: skip


def _stack(layer: Layer) -> list[list[tuple[dict[str, Weight], bool]]]:
    """Per layer of the stack and direction, its tensors by role."""
    found: dict[int, dict[bool, dict[str, Weight]]] = {}
    for p in layer.parameters:
        place = _STACKED.search(p.name)
        if place is not None and p.role not in ("seed", "counter"):
            directions = found.setdefault(int(place[1]), {})
            directions.setdefault(bool(place[2]), {})[p.role] = Weight(p)
    if not found:
        return [[(weights_of(layer), False)]]
    return [[(by[reverse], reverse) for reverse in sorted(by)] for _, by in sorted(found.items())]
