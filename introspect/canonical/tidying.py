"""What stands in the graph in two ways is brought to one, once it is whole."""

from __future__ import annotations

from ..graph import ENDS, Edge, Graph, Hub, Label
from ..values import FrozenDict
from .patterns import find_attention, fold_functions, name_functions, settle_heads, settle_masks, unpack

# A run of functions on an edge → the one function that it is: hard_sigmoid spelled out.
_HARD_SIGMOID = [("add", {"operand": 3.0}), ("relu6", {}), ("multiply", {"operand": 0.1666667})]


_IDEMPOTENT = frozenset({"relu", "relu6", "clip", "absolute"})


def tidy(graph: Graph) -> Graph:
    """The graph with spelled-out functions recognized, sums of sums made one, and what feeds nothing taken out."""
    for hub in graph.hubs:
        hub.inputs = [_recognized(edge) for edge in hub.inputs]
    _gated(graph)
    _picked_parts(graph)
    _turned_around(graph)
    find_attention(graph)
    settle_masks(graph)
    fold_functions(graph)
    name_functions(graph)
    unpack(graph)
    settle_heads(graph)
    for hub in graph.hubs:
        hub.inputs = [_one_of_each(_joined_heads(graph, edge)) for edge in hub.inputs]
    _merge_sums(graph)
    _nest_concats(graph)
    return _living(graph)


def _recognized(edge: Edge) -> Edge:
    labels = list(edge.labels)
    size = len(_HARD_SIGMOID)
    for start in range(len(labels) - size + 1):
        run = labels[start : start + size]
        if [(label.word, dict(label.settings)) for label in run] == _HARD_SIGMOID:
            last = run[-1]
            labels[start : start + size] = [Label("hard_sigmoid", FrozenDict(), run[1].layer, last.within, last.order)]
            break
    return Edge(edge.source, edge.port, tuple(labels))


def _joined_heads(graph: Graph, edge: Edge) -> Edge:
    """What attention gives, its heads joined to features again; two reversals are none."""
    labels = list(edge.labels)
    if graph.hubs[edge.source].word == "attention" and edge.port == 0:
        if labels and labels[0].word == "permute" and tuple(labels[0].settings["axis"]) == (0, 2, 1, 3):
            labels = labels[1:]
        if labels and labels[0].word in ("reshape", "flatten", "positions"):
            labels = labels[1:]
    for at in range(len(labels) - 1):
        if labels[at].word == labels[at + 1].word == "flip" and labels[at].settings == labels[at + 1].settings:
            labels = labels[:at] + labels[at + 2 :]
            break
    return Edge(edge.source, edge.port, tuple(labels))


def _one_of_each(edge: Edge) -> Edge:
    """Runs of numbers multiplied and added are one rescaling, runs of reshapes the last of them; what does nothing the
    second time stands once."""
    labels: list[Label] = []
    for label in edge.labels:
        last = labels[-1] if labels else None
        factor = _rescaling(label)
        before = _rescaling(last) if last is not None else None
        if last is not None and last.word == label.word == "reshape":
            labels[-1] = label
        elif last is not None and last.meaning == label.meaning and label.word in _IDEMPOTENT:
            continue
        elif last is not None and factor is not None and before is not None:
            said = FrozenDict(scale=before[0] * factor[0], shift=before[1] * factor[0] + factor[1])
            labels[-1] = Label("rescaling", said, last.layer, last.within, last.order)
        elif factor is not None:
            said = FrozenDict(scale=factor[0], shift=factor[1])
            labels.append(Label("rescaling", said, label.layer, label.within, label.order))
        else:
            labels.append(label)
    return Edge(edge.source, edge.port, tuple(labels))


def _rescaling(label: Label) -> tuple[float, float] | None:
    """The factor and the summand of a function that only scales and shifts, by numbers."""
    operand, scale, shift = (label.settings.get(name) for name in ("operand", "scale", "shift"))
    if label.word == "rescaling" and isinstance(scale, (int, float)) and isinstance(shift, (int, float)):
        return float(scale), float(shift)
    if label.word in ("multiply", "add") and isinstance(operand, float):
        return (operand, 0.0) if label.word == "multiply" else (1.0, operand)
    return None


def _gated(graph: Graph) -> None:
    """`x · sigmoid(x)` is silu(x); `x · hard_sigmoid(x)` is hard_silu(x)."""
    words = {"sigmoid": "silu", "hard_sigmoid": "hard_silu"}
    replaced: dict[int, Edge] = {}
    for hub in graph.hubs:
        hub.inputs = [_followed(edge, replaced) for edge in hub.inputs]
        if hub.word != "multiply" or len(hub.inputs) != 2:
            continue
        plain, gated = sorted(hub.inputs, key=lambda edge: len(edge.labels))
        last = gated.labels[-1] if gated.labels else None
        if last is not None and last.word in words and gated == plain.then(last):
            replaced[hub.index] = plain.then(Label(words[last.word], FrozenDict(), None, last.within, last.order))


def _followed(edge: Edge, replaced: dict[int, Edge]) -> Edge:
    while edge.source in replaced:
        before = replaced[edge.source]
        edge = Edge(before.source, before.port, before.labels + edge.labels)
    return edge


def _picked_parts(graph: Graph) -> None:
    """A part of a concatenation that is just one of its inputs."""
    for hub in graph.hubs:
        hub.inputs = [_picked(graph, edge) for edge in hub.inputs]


def _picked(graph: Graph, edge: Edge) -> Edge:
    hub, first = graph.hubs[edge.source], edge.labels[0] if edge.labels else None
    if hub.word != "concat" or first is None or first.word != "part" or first.settings["axis"] != "channel":
        return edge
    start = 0
    for part in hub.inputs:
        width = graph.hubs[part.source].settings.get("units")
        if width is None or hub.settings != {"axis": "channel"}:
            return edge
        if (first.settings["start"], first.settings["stop"]) == (start, start + width):
            return part.then(*edge.labels[1:])
        start += width
    return edge


def _turned_around(graph: Graph) -> None:
    """A recurrent layer on a sequence in reverse goes backwards; what it gives is in reverse too."""
    turned: dict[int, Label] = {}
    for hub in graph.hubs:
        if turned:
            hub.inputs = [_turned_back(edge, turned) for edge in hub.inputs]
        last = hub.inputs[0].labels[-1] if hub.inputs and hub.inputs[0].labels else None
        if hub.word in ("lstm", "gru", "simple_rnn") and last is not None and last.word == "flip":
            edge = hub.inputs[0]
            hub.inputs = [Edge(edge.source, edge.port, edge.labels[:-1]), *hub.inputs[1:]]
            hub.settings["go_backwards"] = not hub.settings["go_backwards"]
            turned[hub.index] = last


def _turned_back(edge: Edge, turned: dict[int, Label]) -> Edge:
    first = edge.labels[0].word if edge.labels else ""
    if edge.source in turned and edge.port == 0 and first != "final":
        return Edge(edge.source, 0, (turned[edge.source], *edge.labels))
    return edge


def _merge_sums(graph: Graph) -> None:
    """A sum whose only use is in another sum is part of it: (a + b) + c = a + b + c."""
    uses = graph.consumers()
    for hub in graph.hubs:
        if hub.word not in ("add", "multiply", "maximum", "minimum"):
            continue
        merged: list[Edge] = []
        for edge in hub.inputs:
            inner = graph.hubs[edge.source]
            if inner.word == hub.word and not edge.labels and len(uses[inner.index]) == 1:
                merged += inner.inputs
            else:
                merged.append(edge)
        hub.inputs = merged


def _nest_concats(graph: Graph) -> None:
    """[a, b, c] is [[a, b], c] where [a, b] exists already, so that both ways to grow a list of features are one; a
    concatenation used once, inside another, is part of it."""
    uses = graph.consumers()
    made: dict[tuple[object, ...], int] = {}
    for hub in graph.hubs:
        if hub.word != "concat":
            continue
        inputs: list[Edge] = []
        for edge in hub.inputs:
            inner = graph.hubs[edge.source]
            once = len(uses[inner.index]) == 1 and not edge.labels
            if inner.word == "concat" and once and inner.settings == hub.settings:
                inputs += inner.inputs
            else:
                inputs.append(edge)
        flat = inputs
        for length in range(len(inputs) - 1, 1, -1):
            shared = made.get((str(hub.settings), *(_key(edge) for edge in flat[:length])))
            if shared is not None:
                inputs = [Edge(shared), *flat[length:]]
                break
        hub.inputs = inputs
        made[(str(hub.settings), *(_key(edge) for edge in flat))] = hub.index


def _key(edge: Edge) -> tuple[object, ...]:
    return edge.source, edge.port, tuple(label.order for label in edge.labels)


def _living(graph: Graph) -> Graph:
    """Without joins that feed nothing (what was merged), numbered anew."""
    uses = [len(found) for found in graph.consumers()]
    kept: list[Hub] = []
    dead: set[int] = set()
    for hub in reversed(graph.hubs):
        if uses[hub.index] == 0 and not hub.weights and hub.word not in ENDS:
            dead.add(hub.index)
            for edge in hub.inputs:
                uses[edge.source] -= 1
    numbers: dict[int, int] = {}
    for hub in graph.hubs:
        if hub.index not in dead and not (hub.word == "parameter" and uses[hub.index] == 0):
            numbers[hub.index] = len(kept)
            kept.append(hub)
    for hub in kept:
        hub.index = numbers[hub.index]
        hub.inputs = [Edge(numbers[edge.source], edge.port, edge.labels) for edge in hub.inputs]
    graph.hubs = kept
    return graph
