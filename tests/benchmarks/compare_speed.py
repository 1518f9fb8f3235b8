"""What `compare` takes: beside building and inspecting the two models, and on graphs of up to 20,000 hubs."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import torch
from support.model_pairs import BY_NAME, Pair
from timing import Target, say, show, side_by_side

import introspect
from introspect.alignment import align
from introspect.comparing import compare_reports
from introspect.graph import Edge, Graph, Hub, Label, Weight
from introspect.parameter import Parameter

NAMES = ("ResNet50", "EfficientNetB0", "DenseNet201")
SHARE = 0.5  # of building the model that is built sooner
AT_ONCE = 500  # milliseconds for two graphs of 1,000 hubs
LINEAR = 2.0  # a hub of the largest graph may take so many times what one of the smallest takes
RELU = Label("relu")
WIDTH = 64


def run(quick: bool) -> list[Target]:
    """Print the tables and return the targets."""
    torch.set_num_threads(1)
    sizes = (1000, 5000) if quick else (1000, 2000, 5000, 10_000, 20_000)
    layers = (500, 1000) if quick else (500, 1000, 2000)
    return [*_models(NAMES[:1] if quick else NAMES), *_graphs(sizes), *_chains(layers)]


def _models(names: tuple[str, ...]) -> list[Target]:
    times = {}
    for name in names:
        say(f"compare: {name}")
        times[name] = _model(BY_NAME[name])
    columns = ("compare", "build Keras", "build torch", "inspect Keras", "inspect torch")
    show("Two reports compared, beside building and inspecting the models: times in ms",
         [{"model": name, **{column: of[column] for column in columns}} for name, of in times.items()])  # fmt: skip
    return [
        Target(f"compare / build, {name}", of["compare"] / min(of["build Keras"], of["build torch"]), SHARE, "at most")
        for name, of in times.items()
    ]


def _model(pair: Pair) -> dict[str, float]:
    in_keras, in_torch = pair.build_keras(), pair.build_torch()
    a = introspect.inspect(in_keras, pair.keras_shape)
    b = introspect.inspect(in_torch, pair.torch_shape)
    if not (a.complete and b.complete):
        raise RuntimeError(f"{a.notes} {b.notes}")

    def build_keras() -> Any:
        keras.backend.clear_session()  # the names of layers are counted anew
        return pair.build_keras()

    return side_by_side(
        {
            "compare": partial(compare_reports, a, b),
            "build Keras": build_keras,
            "build torch": pair.build_torch,
            "inspect Keras": partial(introspect.inspect, in_keras, pair.keras_shape),
            "inspect torch": partial(introspect.inspect, in_torch, pair.torch_shape),
        }
    )


def _graphs(sizes: tuple[int, ...]) -> list[Target]:
    """Graphs beside their like, and beside their like with one layer of another width in the middle."""
    rows, targets = [], []
    makers: dict[str, Callable[[int], Graph]] = {"plain": plain, "residual": residual}
    for name, make in makers.items():
        for change in ("equal", "one width changed"):
            say(f"align: {name}, {change}")
            pairs = {size: (make(size), make(size)) for size in sizes}
            if change != "equal":
                for _, other in pairs.values():
                    _widen(other)
            found = _aligned(pairs)
            rows += [{"graph": name, "the other": change, **row} for row in found]
            first, last = found[0], found[-1]
            growth = last["µs a hub"] / first["µs a hub"]
            what = f"{name}, {change}"
            targets.append(Target(f"align, ms for {sizes[0]:,} hubs: {what}", first["ms"], AT_ONCE, "at most", "ms"))
            targets.append(
                Target(f"time a hub, {sizes[-1]:,} / {sizes[0]:,}: {what}", growth, LINEAR, "at most"),
            )
    show("Two graphs aligned", rows)
    return targets


def _aligned(pairs: dict[int, tuple[Graph, Graph]]) -> list[dict[str, Any]]:
    gc.freeze()  # the graphs and reports that lie here are not gone through again and again while garbage is collected
    times = side_by_side({str(size): partial(_whole, a, b) for size, (a, b) in pairs.items()})
    return [
        {"hubs": len(a.hubs), "ms": times[str(size)], "µs a hub": 1000 * times[str(size)] / len(a.hubs)}
        for size, (a, _) in pairs.items()
    ]


def _whole(a: Graph, b: Graph) -> None:
    found = align(a, b)
    wrong = sum(one != other for one, other in found.partner.items()) + len(a.hubs) - len(found.partner)
    if wrong:
        raise RuntimeError(f"{wrong} of {len(a.hubs)} hubs have no partner, or a wrong one")


def _chains(sizes: tuple[int, ...]) -> list[Target]:
    """Reports of torch models with many layers in a row, beside themselves and with an eps changed everywhere."""
    rows, targets = [], []
    for name, eps in (("itself", 1e-5), ("every eps changed", 1e-3)):
        say(f"compare: layers in a row, {name}")
        reports = {size: (_row(size, 1e-5), _row(size, eps)) for size in sizes}
        gc.freeze()
        times = side_by_side({str(size): partial(compare_reports, a, b) for size, (a, b) in reports.items()})
        found = [
            {"layers": len(a), "beside": name, "ms": times[str(n)], "µs a layer": 1000 * times[str(n)] / len(a)}
            for n, (a, _) in reports.items()
        ]
        rows += found
        growth = found[-1]["µs a layer"] / found[0]["µs a layer"]
        targets.append(Target(f"time a layer, {sizes[-1]:,} / {sizes[0]:,}: {name}", growth, LINEAR, "at most"))
    show("Two reports of layers in a row compared", rows)
    return targets


def _row(size: int, eps: float) -> introspect.Report:
    blocks = [
        layer
        for _ in range(size)
        for layer in (torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8, eps=eps), torch.nn.ReLU())
    ]
    return introspect.inspect(torch.nn.Sequential(*blocks).eval(), (1, 8))


def plain(size: int) -> Graph:
    """Dense layers of random widths in a row, most of them with a relu behind."""
    dice, graph = random.Random(0), _begun()
    last, width = 1, WIDTH
    while len(graph.hubs) < size - 1:
        units = dice.choice((32, 64, 128))
        last, width = _dense(graph, Edge(last, 0, (RELU,) if dice.random() < 0.7 else ()), width, units), units
    return _ended(graph, last)


def residual(size: int) -> Graph:
    """Blocks of one to three dense layers, each added to what came in."""
    dice, graph = random.Random(0), _begun()
    last = 1
    while len(graph.hubs) < size - 4:
        inner, width = last, WIDTH
        for units in [*(dice.choice((16, 32, 64)) for _ in range(dice.randrange(3))), WIDTH]:
            inner, width = _dense(graph, Edge(inner, 0, (RELU,)), width, units), units
        last = _hub(graph, "add", {}, [Edge(inner), Edge(last)])
    return _ended(graph, last)


def _begun() -> Graph:
    graph = Graph([])
    _hub(graph, "constant", {}, [])
    _hub(graph, "input", {"number": 0, "name": "0", "dtype": "float32"}, [])
    return graph


def _ended(graph: Graph, last: int) -> Graph:
    _hub(graph, "output", {"number": 0}, [Edge(last)])
    return graph


def _dense(graph: Graph, edge: Edge, width: int, units: int) -> int:
    number = len(graph.hubs)
    kernel = Parameter(
        name="kernel", path=f"{number}.kernel", role="kernel", shape=(width, units), axes="in out", dtype="float32",
        trainable=True, state="parameter",
    )  # fmt: skip
    settings = {"units": units, "in_features": width, "use_bias": False, "axis": ("channel",)}
    _hub(graph, "linear", settings, [edge])
    graph.hubs[number].weights = {"kernel": Weight(kernel)}
    graph.hubs[number].layer = str(number)
    return number


def _hub(graph: Graph, word: str, settings: dict[str, Any], inputs: list[Edge]) -> int:
    graph.hubs.append(Hub(len(graph.hubs), word, settings, inputs))
    return len(graph.hubs) - 1


def _widen(graph: Graph) -> None:
    """Another width for the layer in the middle."""
    middle = next(hub for hub in graph.hubs[len(graph.hubs) // 2 :] if hub.word == "linear")
    middle.settings = {**middle.settings, "units": middle.settings["units"] + 1}
