"""What is spelled out in several steps and is one: attention, packed linear layers, functions of one tensor."""

from __future__ import annotations

from typing import Any

from ..graph import Edge, Graph, Hub, Label, Weight
from ..values import FrozenDict

_PRODUCTS = ("matmul", "einsum")
_SHAPING = frozenset({"reshape", "permute", "flatten", "positions", "repeat"})
_SPELLED = frozenset({
    "add", "multiply", "subtract", "divide", "concat", "stack", "power", "maximum", "minimum", "where", "matmul",
    "einsum", "mask",
})  # fmt: skip


def find_attention(graph: Graph) -> None:
    """softmax(query · key) · value is attention, however its products are written."""
    for hub in graph.hubs:
        if hub.word in _PRODUCTS and len(hub.inputs) == 2:
            scores = _scores(graph, hub.inputs[0])
            if scores is not None:
                _become_attention(graph, hub, *scores)


def _scores(graph: Graph, edge: Edge) -> tuple[Hub, list[Edge], list[Label]] | None:
    """The product behind a softmax, what is added to it on the way, and the functions on the way."""
    words = [label.word for label in edge.labels]
    if "softmax" not in words:
        return None
    labels = list(edge.labels[: words.index("softmax")])
    if any(word not in (*_SHAPING, "dropout") for word in words[words.index("softmax") + 1 :]):
        return None
    added: list[Edge] = []
    hub = graph.hubs[edge.source]
    while hub.word in ("add", "where", "mask", "divide", "multiply") and len(hub.inputs) > 1:
        inner = [e for e in hub.inputs if _leads_to_product(graph, e)]
        if len(inner) != 1:
            return None
        added += [e for e in hub.inputs if e is not inner[0]]
        labels = [*inner[0].labels, *labels]
        hub = graph.hubs[inner[0].source]
    if hub.word not in _PRODUCTS or len(hub.inputs) != 2:
        return None
    return hub, added, labels


def _leads_to_product(graph: Graph, edge: Edge) -> bool:
    seen, stack = set(), [edge.source]
    while stack:
        hub = graph.hubs[stack.pop()]
        if hub.word in _PRODUCTS:
            return True
        if hub.word in ("add", "where", "mask") and hub.index not in seen:
            seen.add(hub.index)
            stack += [inner.source for inner in hub.inputs]
    return False


def _become_attention(graph: Graph, hub: Hub, product: Hub, added: list[Edge], labels: list[Label]) -> None:
    shapes: Any = product.raw.get("shapes") or [None, None]
    query, key = product.inputs
    scores, heads, size = product.shape or (), None, None
    if len(scores) == 4:
        heads = scores[1]
        size = shapes[0][-1] if shapes[0] else None
    if product.word == "einsum" and _is_key_first(product):
        query, key = key, query
    factors = [label for edge in (query, key) for label in edge.labels] + labels
    hidden = any(x.word in ("add", "mask", "where") for x in labels) or any(
        x.settings.get("masked") for x in hub.inputs[0].labels
    )
    hub.word = "attention"
    hub.inputs = [bare(query), bare(key), bare(hub.inputs[1])]
    hub.raw["added"] = added
    hub.settings = {
        "heads": heads, "kv_heads": None, "key_dim": size, "mask": "unknown" if hidden else "none",
        "rate": None, "scale": _scale(factors, size), "window": None,
    }  # fmt: skip


def settle_heads(graph: Graph) -> None:
    """How many heads the keys have, once it is known which layer makes them."""
    for hub in graph.hubs:
        if hub.word == "attention" and hub.settings["kv_heads"] is None:
            hub.settings["kv_heads"] = _key_heads(graph, hub.inputs[1], hub.settings) or hub.settings["heads"]


def _key_heads(graph: Graph, key: Edge, settings: dict[str, Any]) -> int | None:
    """The heads of the keys before they were repeated: by the width of the layer that makes them."""
    size = settings["key_dim"]
    units = graph.hubs[key.source].settings.get("units")
    return units // size if graph.hubs[key.source].word == "linear" and units and size else None


def settle_masks(graph: Graph) -> None:
    """What is added to the scores: learned biases are inputs of the attention, all else is a mask."""
    for hub in graph.hubs:
        for edge in _summands(graph, hub.raw.get("added", ())):
            if _is_learned(graph, edge):
                hub.inputs.append(Edge(edge.source, edge.port))
                if any(label.word in ("where", "mask") for label in edge.labels):
                    hub.settings["mask"] = "unknown"
            else:
                hub.settings["mask"] = "given, added" if edge.source else "unknown"


def _summands(graph: Graph, edges: Any) -> list[Edge]:
    """The edges that a sum, or a sum of sums, is made of; where no part is learned it stays one."""
    found: list[Edge] = []
    stack = [*reversed(edges)]
    while stack:
        edge = stack.pop()
        hub = graph.hubs[edge.source]
        if hub.word in ("add", "where", "mask") and _is_learned(graph, edge):
            stack += reversed(hub.inputs)
        else:
            found.append(edge)
    return found


def _is_key_first(product: Hub) -> bool:
    """`aecd,abcd->acbe`: the second operand gives the rows of the scores."""
    left, _, right = str(product.settings.get("subscripts", product.settings.get("equation", ""))).partition("->")
    first, _, second = left.partition(",")
    return len(right) == 4 and right[2] in second and right[2] not in first


def _is_learned(graph: Graph, edge: Edge) -> bool:
    seen, stack = set(), [edge.source]
    while stack:
        hub = graph.hubs[stack.pop()]
        if hub.learned:
            return True
        if hub.index not in seen:
            seen.add(hub.index)
            stack += [e.source for e in hub.inputs]
    return False


def _scale(labels: list[Label], size: Any) -> Any:
    """The factor of the scores; one that is no plain number is taken for the usual one, by the size of a head."""
    scale = 1.0
    for label in labels:
        operand = label.settings.get("operand")
        if label.word == "multiply" and isinstance(operand, float):
            scale *= operand
        elif label.word in ("multiply", "divide"):
            return round(size**-0.5, 6) if size else None
    return round(scale, 6)


def bare(edge: Edge) -> Edge:
    """Without what only makes heads of features, or scales."""
    kept = [x for x in edge.labels if x.word not in _SHAPING and x.word not in ("multiply", "divide", "expand")]
    return Edge(edge.source, edge.port, tuple(kept))


def unpack(graph: Graph) -> list[Hub]:
    """A linear layer of which every use takes a part is several: query, key and value in one. Gives the new hubs; each
    stands directly behind the one it was a part of."""
    consumers = graph.consumers()
    order: list[Hub] = []
    moved: dict[tuple[int, int], Hub] = {}
    for hub in graph.hubs:
        order.append(hub)
        uses = [graph.hubs[i].inputs[slot] for i, slot in consumers[hub.index]]
        parts = [_part(edge) for edge in uses]
        if hub.word != "linear" or not parts or None in parts or len(set(parts)) < 2:
            continue
        order.pop()
        for start, stop in sorted(set(parts)):  # type: ignore[type-var]
            order.append(_cut(hub, start, stop))
            moved[hub.index, start] = order[-1]
    if moved:
        _renumber(graph, order, moved)
    return order


def _part(edge: Edge) -> tuple[int, int] | None:
    first = edge.labels[0] if edge.labels else None
    if first is None or first.word != "part" or first.settings["axis"] != "channel":
        return None
    return first.settings["start"], first.settings["stop"]


def _cut(hub: Hub, start: int, stop: int) -> Hub:
    """The hub that gives the outputs start:stop."""
    weights = {}
    for role, weight in hub.weights.items():
        p = weight.parameter
        axes = (p.axes or "").split()
        axis = axes.index("out") if "out" in axes else None
        weights[role] = weight if axis is None else Weight(p, axis, start, stop)
    cut = Hub(-1, "linear", {**hub.settings, "units": stop - start}, list(hub.inputs), weights, hub.layer, hub.within)
    cut.order, cut.shape, cut.call, cut.raw = hub.order, hub.shape, hub.call, {"packed": (hub.index, start)}
    return cut


def _renumber(graph: Graph, order: list[Hub], moved: dict[tuple[int, int], Hub]) -> None:
    before = {id(hub): hub.index for hub in order}
    numbers: dict[int, int] = {}
    for index, hub in enumerate(order):
        if before[id(hub)] >= 0:
            numbers[before[id(hub)]] = index
        hub.index = index
    for hub in order:
        fixed = []
        for edge in hub.inputs:
            part = _part(edge)
            cut = moved.get((edge.source, part[0])) if part is not None else None
            if cut is not None:
                fixed.append(Edge(cut.index, 0, edge.labels[1:]))
            else:
                fixed.append(Edge(numbers[edge.source], edge.port, edge.labels))
        hub.inputs = fixed
    graph.hubs = order


def fold_functions(graph: Graph) -> None:
    """A join of one tensor with itself, in whatever steps, is a function of that tensor: a rotary embedding, a GELU
    spelled out."""
    single: dict[int, Edge] = {}
    for hub in graph.hubs:
        hub.inputs = [_resolved(edge, single) for edge in hub.inputs]
        if hub.word not in _SPELLED or hub.weights or len(hub.inputs) < 2:
            continue
        if any(edge.source == 0 for edge in hub.inputs) and hub.word in ("concat", "stack"):
            continue
        sources = {(edge.source, edge.port) for edge in hub.inputs if edge.source}
        if len(sources) != 1 or len(set(hub.inputs)) == 1:
            continue
        shared = _common(hub.inputs)
        ((source, port),) = sources
        parts = {hub.word} | {p for e in hub.inputs if e.source for x in e.labels[len(shared) :] for p in _parts(x)}
        label = _function(parts, hub)
        single[hub.index] = Edge(source, port, shared).then(label)


def _parts(label: Label) -> tuple[str, ...]:
    """The steps of a function, each with its settings."""
    return label.settings["of"] if label.word in ("function", "rotary") else (str(label),)


def _function(parts: set[str], hub: Hub) -> Label:
    words = {part.partition("(")[0] for part in parts}
    turned = words & {"concat", "stack"} and words & {"negate", "subtract"} and "multiply" in words
    of = FrozenDict(of=tuple(sorted(parts)))
    return Label("rotary" if turned else "function", of, None, hub.within, hub.order)


def name_functions(graph: Graph) -> None:
    """Functions whose steps are known by a name: a rotary embedding; a division by the root mean square, which makes
    a learned scale behind it an RMS norm."""
    for hub in graph.hubs:
        if hub.word == "attention":
            hub.inputs = [bare(edge) for edge in hub.inputs]
        labels = [label for edge in hub.inputs[:1] for label in edge.labels]
        if hub.word == "embedding" and labels and labels[-1].word in ("function", "add"):
            _count_positions(hub, labels)
        if hub.word == "scale" and labels and labels[-1].word == "function" and _is_rms(labels[-1].settings["of"]):
            _become_rms_norm(hub, labels[-1].settings["of"])
        hub.inputs = [_without_parts(edge) for edge in hub.inputs]


def _count_positions(hub: Hub, labels: list[Label]) -> None:
    """Ids that are counted along the sequence look up positions, whatever the ids of the input are; `first` is the row
    of the first position, where padding takes those before."""
    parts = [part for label in labels for part in _parts(label)]
    if any(part.startswith("cumulative_sum") for part in parts):
        numbers = [part.partition("operand=")[2].rstrip(")") for part in parts if part.startswith("add(operand=")]
        hub.word, hub.inputs = "table", []
        hub.raw["first"] = 1 + int(float(numbers[-1])) if numbers and numbers[-1] != "constant" else 0


def _without_parts(edge: Edge) -> Edge:
    labels = tuple(
        Label("rotary", FrozenDict(), x.layer, x.within, x.order) if x.word == "rotary" else x for x in edge.labels
    )
    return Edge(edge.source, edge.port, labels)


def _is_rms(parts: tuple[str, ...]) -> bool:
    words = {part.partition("(")[0] for part in parts}
    return {"mean", "add", "multiply", "rsqrt"} <= words <= {"mean", "add", "multiply", "rsqrt", "power", "square"}


def _become_rms_norm(hub: Hub, parts: tuple[str, ...]) -> None:
    numbers = [part.partition("operand=")[2].rstrip(")") for part in parts if part.startswith("add(operand=")]
    eps = float(numbers[0]) if numbers and numbers[0] != "constant" else None
    hub.word = "rms_norm"
    hub.settings = {
        "normalized_shape": (hub.settings["units"],), "eps": eps, "use_scale": True, "use_shift": False,
        "scale_offset": 0, "axis": ("channel",),
    }  # fmt: skip
    first = hub.inputs[0]
    hub.inputs = [Edge(first.source, first.port, first.labels[:-1])]


def _common(edges: list[Edge]) -> tuple[Label, ...]:
    """The functions that all edges begin with."""
    runs = [edge.labels for edge in edges if edge.source]
    length = 0
    while all(len(run) > length and run[length] == runs[0][length] for run in runs):
        length += 1
    return runs[0][:length]


def _resolved(edge: Edge, single: dict[int, Edge]) -> Edge:
    """An edge from a join that turned out to be a function."""
    while edge.source in single:
        before = single[edge.source]
        edge = Edge(before.source, before.port, before.labels + edge.labels)
    return edge
