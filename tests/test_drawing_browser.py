"""Pictures in a real browser: text within its box, folding by mouse and keys, the same places as the SVG has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.browser import Watched
from support.pictures import MODELS, Branches, Residual, boxes, encoder
from torch import nn

import introspect
from introspect.drawing import svg
from introspect.drawing.draw import unfolded_to
from introspect.drawing.folding import folded
from introspect.drawing.layers import plans
from introspect.drawing.nodes import graph_of
from introspect.drawing.sizes import sizes

OUTSIDE = """() => [...document.querySelectorAll("[data-key]")].flatMap((group) => {
  const shapes = [...group.querySelectorAll("rect, polygon")].map((shape) => shape.getBBox());
  if (!shapes.length) return [];
  const left = Math.min(...shapes.map((b) => b.x)), right = Math.max(...shapes.map((b) => b.x + b.width));
  const top = Math.min(...shapes.map((b) => b.y)), bottom = Math.max(...shapes.map((b) => b.y + b.height));
  return [...group.querySelectorAll("text")].filter((text) => {
    const b = text.getBBox();
    return b.x < left || b.x + b.width > right || b.y < top - 1 || b.y + b.height > bottom + 1;
  }).map((text) => text.textContent);
})"""
BEYOND = """() => {
  const root = document.documentElement.viewBox.baseVal;
  return [...document.querySelectorAll("text")].filter((text) => {
    const b = text.getBoundingClientRect();
    return b.left < 0 || b.top < 0 || b.right > root.width || b.bottom > root.height;
  }).map((text) => text.textContent);
}"""
PLACES = """() => Object.fromEntries([...document.querySelectorAll("[data-key]")].map((group) => {
  const boxes = [...group.querySelectorAll("rect, circle, polygon")].map((shape) => shape.getBBox());
  const left = Math.min(...boxes.map((b) => b.x)), right = Math.max(...boxes.map((b) => b.x + b.width));
  const top = Math.min(...boxes.map((b) => b.y)), bottom = Math.max(...boxes.map((b) => b.y + b.height));
  return [group.dataset.key, [left, top, right - left, bottom - top]];
}))"""


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", MODELS)
def test_every_text_is_within_its_box(name: str, direction: str, watched: Watched, tmp_path: Path) -> None:
    make, inputs = MODELS[name]
    drawing = introspect.inspect(make(), inputs).draw(direction=direction, style="graph")
    page = watched.open(drawing.save(tmp_path / "net.svg"))
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(BEYOND) == []


@pytest.mark.parametrize("watched", [{"color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True)
def test_a_picture_is_light_or_dark_as_its_reader_prefers(watched: Watched, tmp_path: Path) -> None:
    path = introspect.inspect(Residual(), (1, 3, 8, 8)).draw().save(tmp_path / "net.svg")
    paper = watched.open(path).evaluate("getComputedStyle(document.querySelector('.paper')).fill")
    dark = watched.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert paper == ("rgb(18, 24, 31)" if dark else "rgb(255, 255, 255)")


def same_places(page: Any, report: introspect.Report, unfolded: set[str], direction: str) -> None:
    """The page shows what the SVG with the same blocks unfolded shows, at the same places."""
    graph = graph_of(report)
    whole = folded(graph)
    picture = svg.Picture(
        whole, plans(whole, graph.traced), sizes(whole.root, "auto", direction), unfolded, direction, "", []
    )
    wanted = {key: (box.x, box.y, box.width, box.height) for key, box in boxes(svg.render(picture)).items()}
    found = page.evaluate(PLACES)
    assert found.keys() == wanted.keys()
    for key, place in wanted.items():
        assert tuple(found[key]) == pytest.approx(place, abs=0.25), key


@pytest.mark.parametrize("direction", ["down", "right"])
@pytest.mark.parametrize("name", [name for name in MODELS if name not in ("mlp", "bare layer")])
def test_the_page_folds_and_unfolds_by_the_same_layout(
    name: str,
    direction: str,
    watched: Watched,
    tmp_path: Path,
) -> None:
    make, inputs = MODELS[name]
    report = introspect.inspect(make(), inputs)
    path = report.draw(direction=direction).save(tmp_path / "net.html")
    page = watched.open(path)
    whole = folded(graph_of(report))
    same_places(page, report, unfolded_to(whole), direction)
    everything = {item.key for item in whole.root.walk() if item.items}
    if everything - {""}:
        page.get_by_role("button", name="Fold all").first.click()
        page.locator("button", has_text="Fold all").last.click()
        same_places(page, report, {""}, direction)
        page.locator("button", has_text="Unfold all").click()
        same_places(page, report, everything | {""}, direction)
    watched.check(path)


def test_a_block_is_folded_with_the_mouse_and_with_the_keys(watched: Watched, tmp_path: Path) -> None:
    report = introspect.inspect(Branches(), (1, 3, 8, 8))
    path = report.draw(depth=1).save(tmp_path / "net.html")
    page = watched.open(path)
    block = page.locator("[aria-expanded]").first
    key = block.get_attribute("data-key")
    before = block.bounding_box()
    block.click()
    unfolded = page.locator(f'[data-key="{key}"]')
    assert unfolded.get_attribute("aria-expanded") == "true"
    after = unfolded.bounding_box()
    assert (after["x"], after["y"]) == pytest.approx((before["x"], before["y"]), abs=2)
    same_places(page, report, {"", key}, "down")
    assert page.evaluate("document.activeElement.dataset.key") == key
    page.keyboard.press("Enter")
    assert page.locator(f'[data-key="{key}"]').get_attribute("aria-expanded") == "false"
    page.keyboard.press(" ")
    assert page.locator(f'[data-key="{key}"]').get_attribute("aria-expanded") == "true"
    assert "unfolded" in page.locator("#live").inner_text()
    watched.check(path)


def test_the_picture_is_moved_and_zoomed(watched: Watched, tmp_path: Path) -> None:
    path = introspect.inspect(encoder(3), (1, 5, 16)).draw().save(tmp_path / "net.html")
    page = watched.open(path)
    look = "document.querySelector('.stage svg > g').getAttribute('transform')"
    first = page.evaluate(look)
    page.mouse.move(200, 400)
    page.mouse.down()
    page.mouse.move(300, 450, steps=4)
    page.mouse.up()
    second = page.evaluate(look)
    assert second != first
    page.mouse.wheel(0, -300)
    page.wait_for_function(f"{look} !== {second!r}")
    page.locator(".stage").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert page.evaluate(look) == first
    watched.check(path)


def test_a_large_model_folds_smoothly(watched: Watched, tmp_path: Path) -> None:
    blocks = []
    for n in range(330):
        given, made = 4 + n % 97, 4 + (n + 1) % 97
        blocks.append(nn.Sequential(nn.Linear(given, 5), nn.ReLU(), nn.Linear(5, made)))
    model = nn.Sequential(*blocks)
    path = introspect.inspect(model, (1, 4)).draw(depth=1).save(tmp_path / "net.html")
    page = watched.open(path)
    took = page.evaluate("() => { const begun = performance.now(); all(true); return performance.now() - begun; }")
    assert page.locator("[data-key]").count() > 1000
    assert took < 5000
    watched.check(path)


@pytest.mark.parametrize("watched", [{"color_scheme": "dark"}, {"color_scheme": "light"}], indirect=True)
def test_other_pictures_have_a_page_too(watched: Watched, tmp_path: Path) -> None:
    make, inputs = MODELS["mlp"]
    report = introspect.inspect(make(), inputs)
    for number, drawing in enumerate((report.draw(), introspect.compare(report, report).draw())):
        path = drawing.save(tmp_path / f"{number}.html")
        page = watched.open(path)
        assert page.locator("[data-key]").count() > 2
        assert page.evaluate(OUTSIDE) == []
        watched.check(path)
        watched.requests.clear()


def test_names_are_text_in_the_page(watched: Watched, tmp_path: Path) -> None:
    model = nn.Sequential()
    model.add_module("<img src=x onerror=alert(1)>", nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)))
    path = introspect.inspect(model, (1, 2)).draw(style="graph").save(tmp_path / "net.html")
    page = watched.open(path)
    assert "<img src=x" in page.locator(".stage svg").text_content()
    watched.check(path)
