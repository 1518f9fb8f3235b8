"""The picture of a comparison: one line for what matches, marked where something differs or has no partner."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.pictures import MODELS, SVG, boxes, lines
from torch import nn

import introspect
from introspect.drawing.pairing import flow, lanes, rows, straight

A = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 5))
B = nn.Sequential(
    nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(128, 7)
)


@pytest.fixture(scope="module")
def comparison() -> introspect.Comparison:
    return introspect.compare(A, B, inputs_a=(1, 3, 8, 8), inputs_b=(1, 3, 8, 8))


def test_matched_layers_stand_on_one_line_and_are_linked(comparison: introspect.Comparison) -> None:
    drawn = comparison.draw().svg
    found, links = boxes(drawn), {(line.source, line.target) for line in lines(drawn)}
    for match in comparison.matches:
        if match.a and match.b:
            a, b = f"a:{match.a[0].path}", f"b:{match.b[0].path}"
            assert (a, b) in links
            middles = [found[key].y + found[key].height / 2 for key in (a, b)]
            assert middles[0] == pytest.approx(middles[1], abs=0.2)
    assert {key for key in found if key.startswith("a:")} == {f"a:{n}" for n in range(5)}
    assert {key for key in found if key.startswith("b:")} == {f"b:{n}" for n in range(6)}


def test_what_differs_is_marked_by_its_effect(comparison: introspect.Comparison) -> None:
    root = ElementTree.fromstring(comparison.draw().svg)
    kinds = {
        group.get("data-key"): " ".join(shape.get("class", "") for shape in group) for group in root.iter(f"{SVG}g")
    }
    assert "alone" in kinds["b:1"]
    assert "e-count" in kinds["b:1"]
    assert "alone" not in kinds["a:0"]
    assert "e-shape" in kinds["d:0|0"]
    assert "e-count" in kinds["d:4|5"]
    assert "d:2|3" not in kinds
    assert comparison.verdict in comparison.draw().svg


def test_nothing_lies_on_top_of_anything(comparison: introspect.Comparison) -> None:
    found = list(boxes(comparison.draw().svg).values())
    assert not [(a.key, b.key) for n, a in enumerate(found) for b in found[n + 1 :] if a.overlaps(b)]


def test_a_layer_that_does_what_two_do_is_one_box_beside_both() -> None:
    keras = pytest.importorskip("keras")
    layers = [keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3, activation="relu", name="conv"), keras.layers.Flatten()]
    one = keras.Sequential([*layers, keras.layers.Dense(2)])
    other = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    found = boxes(introspect.compare(one, other, inputs_b=(1, 3, 8, 8)).draw().svg)  # refuses a box that is there twice
    whole, parts = found["a:conv"], [found["b:0"], found["b:1"]]
    assert whole.y <= min(part.y for part in parts) + 8
    assert whole.y + whole.height >= max(part.y + part.height for part in parts) - 8


def test_what_skips_layers_runs_beside_them() -> None:
    make, shape = MODELS["residual"]
    report = introspect.inspect(make(), shape)
    comparison = introspect.compare(report, report)
    found = rows(comparison)
    cells = [row.a for row in found]
    pairs = flow(report, cells)
    names = [cell[0].path for cell in cells]
    assert (names.index("first"), names.index("block.0")) in pairs
    arcs = lanes(pairs, straight(cells))
    assert all(pair not in straight(cells) for pair in arcs)


def test_in_a_long_picture_alike_neighbours_are_one_box() -> None:
    def deep(width: int) -> nn.Module:
        return nn.Sequential(*(nn.Linear(8, 8) for _ in range(40)), nn.Linear(8, width))

    comparison = introspect.compare(deep(3), deep(4), inputs_a=(1, 8), inputs_b=(1, 8))
    found = rows(comparison)
    assert sum(row.alike for row in found) == len(comparison.matches)
    assert len(found) < 10
    assert "40 alike" in comparison.draw().svg


def test_it_is_saved_like_any_picture(comparison: introspect.Comparison, tmp_path: Path) -> None:
    drawing = comparison.draw()
    assert drawing.svg == comparison.draw().svg
    assert drawing.save(tmp_path / "pair.svg").read_text(encoding="utf-8") == drawing.svg
    assert drawing.save(tmp_path / "pair.png").read_bytes().startswith(b"\x89PNG")
    assert "data-theme" in drawing.save(tmp_path / "pair.html").read_text(encoding="utf-8")
