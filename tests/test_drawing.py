"""Pictures: every step once, every line what the report says, nothing on top of anything, and what is alike as ×N."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import torchvision_zoo
from support.pictures import MODELS, SVG, Box, UNet, boxes, edges, encoder, inspected, lines, whole
from torch import nn

import introspect
from introspect import Report
from introspect.drawing import text
from introspect.drawing.folding import Item, folded
from introspect.drawing.nodes import graph_of
from introspect.drawing.sizes import sizes


@pytest.fixture(params=MODELS)
def report(request: pytest.FixtureRequest) -> Report:
    return inspected(request.param)


def steps(report: Report) -> set[str]:
    calls = {str(call.order) for layer in report if not layer.opened for call in layer.calls if layer.part_of is None}
    return calls | {str(operation.order) for operation in report.operations}


def told(report: Report) -> set[tuple[str, str]]:
    """Which step feeds which, read off the report, inputs and outputs apart."""
    calls = [(call.order, call.sources) for layer in report if not layer.opened for call in layer.calls]
    calls += [(operation.order, operation.sources) for operation in report.operations]
    return {(str(s.step), str(order)) for order, sources in calls for s in sources if s and s.kind == "step"}


def test_every_step_is_drawn_exactly_once(report: Report) -> None:
    _, drawn = whole(report)
    keys = {key for key, box in boxes(drawn).items() if not box.holds}  # `boxes` refuses a key that is there twice
    assert {key for key in keys if key.isdigit()} == steps(report)
    ends = {key for key in keys if not key.isdigit() and ":" not in key}
    assert len([key for key in ends if key.startswith("in")]) == len(list(report.inputs.leaves()))
    assert len([key for key in ends if key.startswith("out")]) == len(report.output_sources)


@pytest.mark.parametrize("direction", ["down", "right"])
def test_the_lines_are_what_fed_what(report: Report, direction: str) -> None:
    graph, drawn = whole(report, direction)
    found = edges(drawn)
    assert found == {(arrow.source, arrow.target) for arrow in graph.arrows}
    assert {pair for pair in found if pair[0].isdigit() and pair[1].isdigit()} == told(report)
    made = {(str(s.step), f"out{n}") for n, s in enumerate(report.output_sources) if s and s.kind == "step"}
    assert {pair for pair in found if pair[1].startswith("out") and pair[0].isdigit()} == made


@pytest.mark.parametrize("direction", ["down", "right"])
def test_nothing_lies_on_top_of_anything(report: Report, direction: str) -> None:
    graph, drawn = whole(report, direction)
    found = boxes(drawn)
    apart(found, graph.nodes)


def apart(found: dict[str, Box], nodes) -> None:
    def above(key: str) -> list[str]:
        parent = nodes[key].parent
        return [] if parent is None else [parent, *above(parent)]

    for key, box in found.items():
        for other, placed in found.items():
            if key < other and key not in above(other) and other not in above(key):
                assert not box.overlaps(placed), (key, other)
        parent = nodes[key].parent
        if parent in found:
            assert box.within(found[parent]), (key, parent)


@pytest.mark.parametrize("direction", ["down", "right"])
def test_lines_run_from_box_to_box_and_through_none(report: Report, direction: str) -> None:
    _, drawn = whole(report, direction)
    placed = boxes(drawn)
    along = 1 if direction == "down" else 0
    for line in lines(drawn):
        assert line.points[0][along] <= line.points[-1][along] + 0.2
        for key, box in placed.items():
            if box.holds or key in (line.source, line.target):
                continue
            inside = [p for p in line.points if box.x + 0.3 < p[0] < box.x + box.width - 0.3]
            crossed = [p for p in inside if box.y + 0.3 < p[1] < box.y + box.height - 0.3]
            assert not crossed, (line.source, line.target, key)
        begin, end = ("y", "height") if direction == "down" else ("x", "width")
        if line.source in placed:
            box = placed[line.source]
            assert line.points[0][along] == pytest.approx(getattr(box, begin) + getattr(box, end), abs=0.2)
        if line.target in placed:
            assert line.points[-1][along] == pytest.approx(getattr(placed[line.target], begin), abs=0.2)


def repeated(report: Report) -> list[tuple[str | None, int]]:
    return [(item.node.path, item.times) for item in folded(graph_of(report)).root.walk() if item.times > 1]


def test_the_blocks_of_a_resnet_are_folded_by_stage() -> None:
    torchvision_zoo.prepare()
    torchvision = pytest.importorskip("torchvision")
    report = introspect.inspect(torchvision.models.resnet50(), (1, 3, 64, 64))
    assert repeated(report) == [("layer1.1", 2), ("layer2.1", 3), ("layer3.1", 5), ("layer4.1", 2)]


def test_the_twelve_layers_of_an_encoder_are_one_box() -> None:
    report = introspect.inspect(encoder(12), (1, 5, 16))
    assert [times for _, times in repeated(report)] == [12]
    assert "×12" in report.draw().svg


class Block(nn.Module):
    def __init__(self, slope: float = 0.1, twisted: bool = False) -> None:
        super().__init__()
        self.one, self.two, self.act = nn.Linear(4, 4), nn.Linear(4, 4), nn.LeakyReLU(slope)
        self.twisted = twisted

    def forward(self, x):
        y = self.act(self.one(x))
        return self.two(y) + (y if self.twisted else x)


@pytest.mark.parametrize("odd", [Block(slope=0.2), Block(twisted=True)], ids=["setting", "wiring"])
def test_a_block_that_is_other_is_not_folded_with_the_rest(odd: nn.Module) -> None:
    report = introspect.inspect(nn.Sequential(Block(), Block(), odd, Block(), Block(), Block()), (1, 4))
    assert repeated(report) == [("0", 2), ("3", 3)]


class Tapped(nn.Module):
    """Blocks in a row, of which one is also used further on."""

    def __init__(self, tap: int) -> None:
        super().__init__()
        self.blocks, self.tap = nn.ModuleList(Block() for _ in range(6)), tap

    def forward(self, x):
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == self.tap:
                kept = x
        return x * kept


def test_a_block_that_also_feeds_something_else_ends_the_repetition() -> None:
    report = introspect.inspect(Tapped(2), (1, 4))
    assert repeated(report) == [("blocks.0", 3), ("blocks.3", 3)]
    whole_graph = folded(graph_of(report))
    kept = {item.key for item in whole_graph.root.walk()}
    assert all(arrow.source in kept and arrow.target in kept for arrow in whole_graph.arrows)
    product = next(
        key for key in kept if whole_graph.root and key.isdigit() and key == str(report.operations[-1].order)
    )
    assert len([arrow for arrow in whole_graph.arrows if arrow.target == product]) == 2


def test_several_layers_in_a_row_that_repeat_together_are_one_box() -> None:
    model = nn.Sequential(*(layer for _ in range(5) for layer in (nn.Linear(8, 8), nn.ReLU())))
    found = [item for item in folded(graph_of(introspect.inspect(model, (1, 8)))).root.walk() if item.times > 1]
    assert [(item.times, [inner.node.title for inner in item.items]) for item in found] == [(5, ["Linear", "ReLU"])]


def test_a_layer_called_again_and_again_says_that_it_is_the_same() -> None:
    class Unrolled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Block()

        def forward(self, x):
            for _ in range(4):
                x = self.block(x)
            return x

    report = introspect.inspect(Unrolled(), (1, 4))
    found = next(item for item in folded(graph_of(report)).root.walk() if item.times > 1)
    assert (found.times, found.shared) == (4, True)
    assert "the same layer each time" in report.draw(depth=1).svg


def test_folding_to_a_depth_shows_less() -> None:
    report = introspect.inspect(UNet(), (1, 3, 16, 16))
    one, two = (boxes(report.draw(depth=depth).svg) for depth in (1, 2))
    assert not any(box.holds for box in one.values())
    assert sum(box.holds for box in two.values()) == 5
    assert len(two) == len(one) + 5 * 3


def widths(report: Report, by: str) -> dict[str, float]:
    root = folded(graph_of(report), repeats=False).root
    found = sizes(root, by)
    return {item.node.path or "": found[item.key].width for item in root.walk() if not item.items}


@pytest.mark.parametrize("by", ["auto", "units", "parameters"])
def test_more_units_make_a_wider_box(by: str) -> None:
    units = [2, 3, 10, 64, 500, 4000]
    layers = [nn.Linear(a, b) for a, b in zip([4, *units], units, strict=False)]
    report = introspect.inspect(nn.Sequential(*layers), (1, 4))
    found = widths(report, by)
    counts = [layer.parameter_count if by == "parameters" else layer.units for layer in report if layer.units]
    across = [found[str(n)] for n in range(len(units))]
    assert sorted(across, key=lambda width: counts[across.index(width)]) == sorted(set(across))


def test_a_smaller_feature_map_makes_a_narrower_box_and_channels_a_deeper_one() -> None:
    model = nn.Sequential(*(nn.Conv2d(3 if n == 0 else 8 * 2 ** (n - 1), 8 * 2**n, 3, 2, 1) for n in range(4)))
    root = folded(graph_of(introspect.inspect(model, (1, 3, 64, 64))), repeats=False).root
    found = [sizes(root)[item.key] for item in root.walk() if item.node.path not in (None, "")]
    fronts, depths = [size.width - size.deep for size in found], [size.deep for size in found]
    assert fronts == sorted(set(fronts), reverse=True)
    assert depths == sorted(set(depths))
    flat = [sizes(root, "feature map")[item.key] for item in root.walk() if item.node.path not in (None, "")]
    assert not any(size.deep for size in flat)


def test_every_text_has_room_in_its_box(report: Report) -> None:
    for direction in ("down", "right"):
        root = folded(graph_of(report)).root
        found = sizes(root, "auto", direction)
        for item in root.walk():
            size = found[item.key]
            for line in size.lines:
                assert text.width(line.text, 12 if line.bold else 10, line.bold) <= size.width - size.deep
            assert item.node.form == "dot" or 14 * len(size.lines) <= size.height - size.deep / 2


def test_a_picture_is_the_same_each_time_and_after_a_round_trip(report: Report) -> None:
    drawn = report.draw().svg
    assert drawn == report.draw().svg == Report.from_json(report.to_json()).draw().svg
    ElementTree.fromstring(drawn)


def test_a_picture_does_not_depend_on_how_python_hashes() -> None:
    code = (
        "import sys; sys.path.insert(0, 'tests'); import introspect, hashlib; from support.pictures import MODELS;"
        "make, inputs = MODELS['unet']; r = introspect.inspect(make(), inputs);"
        "print(hashlib.sha256((r.draw().svg + r.draw().page()).encode()).hexdigest())"
    )
    root = Path(__file__).parent.parent
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_names_are_text() -> None:
    model = nn.Sequential()
    model.add_module("<script>alert(1)</script>", nn.Linear(2, 2))
    model.add_module('"quoted" & <b>', two())
    for report in (introspect.inspect(model, (1, 2)), introspect.inspect(model, trace=None)):
        drawing = report.draw(style="graph", depth=2)
        root = ElementTree.fromstring(drawing.svg)
        assert not list(root.iter(f"{SVG}script"))
        assert any("<script>" in (element.text or "") for element in root.iter(f"{SVG}text"))
        assert "<script>alert" not in drawing.page()
        assert "<script>alert" not in drawing._repr_html_()


def two() -> nn.Module:
    return nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 2))


def test_a_long_name_keeps_within_its_box_and_is_whole_in_the_tooltip() -> None:
    name = "a_very_long_name_" * 12
    model = nn.Sequential()
    model.add_module(name, nn.Conv2d(3, 4, 3))
    drawing = introspect.inspect(model, (1, 3, 8, 8)).draw()
    root = ElementTree.fromstring(drawing.svg)
    assert max(len(element.text or "") for element in root.iter(f"{SVG}text") if element.get("class") != "note") < 45
    assert any(name in (element.text or "") for element in root.iter(f"{SVG}title"))


def test_without_a_run_the_layers_are_drawn_and_it_says_so() -> None:
    report = introspect.inspect(UNet(), trace=None)
    drawing = report.draw(depth=9)
    assert "Not run" in drawing.svg
    assert lines(drawing.svg) == []
    held = {layer.path for layer in report if layer.path}
    assert {key for key in boxes(drawing.svg) if not key.startswith(("in", "out"))} == held


def test_a_model_that_raises_is_drawn_up_to_there() -> None:
    report = introspect.inspect(nn.Sequential(nn.Linear(4, 4), nn.Linear(5, 2)), (1, 4))
    drawing = report.draw()
    assert "Incomplete" in drawing.svg
    assert "1" not in drawing.svg or boxes(drawing.svg)


def test_a_thousand_layers_are_drawn_in_seconds() -> None:
    model = nn.Sequential(*(layer for _ in range(500) for layer in (nn.Linear(8, 8), nn.ReLU())))
    other = nn.Sequential(*(nn.Linear(4 + n % 97, 4 + (n + 1) % 97) for n in range(1000)))
    for report in (introspect.inspect(model, (1, 8)), introspect.inspect(other, (1, 4))):
        begun = time.perf_counter()
        drawing = report.draw()
        page = drawing.page()
        assert time.perf_counter() - begun < 20
        assert page
        ElementTree.fromstring(drawing.svg)
    assert len(boxes(introspect.inspect(model, (1, 8)).draw().svg)) < 10


def items(report: Report) -> list[Item]:
    return list(folded(graph_of(report)).root.walk())


def test_each_call_of_a_shared_layer_has_a_node_that_says_so() -> None:
    report = inspected("shared")
    linear = [item.node for item in items(report) if item.node.path == "inner.0"]
    assert sorted(node.detail for node in linear) == ["4, call 1 of 3", "4, call 2 of 3", "4, call 3 of 3"]
