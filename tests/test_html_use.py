"""The page of a report in use, in a real browser: searching, folding, sorting, the keyboard, large models."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from support.browser import Watched
from support.pages import CONTRASTS, Model, active, large, names, said, saved
from torch import nn

from introspect import Report, TensorSpec, inspect

expect = pytest.importorskip("playwright.sync_api").expect
THEMES = pytest.mark.parametrize("watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
ROWS = (
    "[...document.querySelectorAll('.rows .line')].map((e) => [pathOf(Number(e.dataset.id)), Number(e.ariaRowIndex)])"
)
NARROW = {"viewport": {"width": 420, "height": 800}}


@pytest.fixture(scope="module")
def report() -> Report:
    return inspect(Model(), TensorSpec((1, 12), "int64"))


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "report.html"
    report.to_html(path)
    return path


# Searching, folding, sorting


def test_search_shows_hits_and_what_leads_to_them(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    page.keyboard.press("/")
    page.keyboard.type("NORM1")
    page.get_by_text("3 layers match").wait_for(state="attached")
    assert names(page) == ["(root)", "body", "layers", "0", "norm1", "1", "norm1", "conv", "1"]
    assert (
        page.locator("mark").all_inner_texts() == ["norm1", "Norm", "norm1", "Norm", "Norm1"]
        or page.locator("mark").count() >= 3
    )
    page.get_by_label("Search by").fill("linear lay")
    expect(page.locator(".hits")).to_have_text("6 of 36")
    page.get_by_label("Search by").fill("no such layer")
    page.get_by_text("Nothing matches.").wait_for()
    assert said(page) == "0 layers match"
    page.keyboard.press("Escape")
    expect(page.locator(".hits")).to_have_text("")
    assert names(page)[:3] == ["(root)", "embed", "shared"]
    watched.check(file)


def test_folding_and_unfolding(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    grid = page.get_by_role("treegrid")
    page.get_by_role("button", name="Fold all", exact=True).click()
    top = [layer.name for layer in report if layer.depth == 1]
    assert names(page)[1:-1] == top
    assert names(page)[-1] == "again = shared"
    body = grid.locator(".line", has_text="TransformerEncoder")
    assert body.get_attribute("aria-expanded") == "false"
    body.locator(".chevron").click()
    assert body.get_attribute("aria-expanded") == "true"
    assert page.locator(".detail").is_hidden()
    page.get_by_role("button", name="Unfold all").click()
    assert grid.get_attribute("aria-rowcount") == str(len(report) + 2)


def test_sorting_keeps_the_tree_and_puts_the_unknown_last(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    page.get_by_role("button", name="Fold all", exact=True).click()
    order = names(page)
    head = page.get_by_role("columnheader", name="parameters", exact=True)
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    top = [*(layer for layer in report if layer.depth == 1), report["again"]]
    known = [layer.parameter_count for layer in top if layer.parameter_count is not None]
    counts = [text.strip() for text in page.locator(".rows .line .with-bar").all_inner_texts()]
    assert counts == [f"{n:,}" for n in sorted(known, reverse=True)]
    assert names(page)[-1] == "unused"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert names(page)[-1] == "unused"
    head.get_by_role("button").click()
    assert names(page) == order


def test_the_flat_list_sorts_all_layers(watched: Watched, tmp_path: Path) -> None:
    sized = inspect(nn.Sequential(nn.Sequential(nn.Linear(9, 9), nn.Linear(9, 5)), nn.Linear(5, 100)), (1, 9))
    page = watched.open(saved(sized, tmp_path))
    page.get_by_role("button", name="Flat").click()
    page.get_by_role("columnheader", name="parameters", exact=True).get_by_role("button").click()
    assert names(page) == [layer.path or "(root)" for layer in sorted(sized, key=lambda x: -(x.parameter_count or 0))]


def test_columns_are_chosen(watched: Watched, file: Path) -> None:
    page = watched.open(file)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("trainable", exact=True).check()
    page.get_by_label("type", exact=True).uncheck()
    heads = page.get_by_role("columnheader").all_inner_texts()
    assert "trainable" in heads
    assert "type" not in heads


# Keyboard, screen reader, paper, small screens


def test_the_keyboard_does_everything(watched: Watched, file: Path) -> None:
    page = watched.open(file)
    page.get_by_role("button", name="Fold all", exact=True).click()
    grid = page.get_by_role("treegrid")
    grid.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    assert active(page).locator(".first").inner_text() == "body"
    for _ in range(4):
        page.keyboard.press("ArrowRight")  # unfolds, goes in, unfolds, goes in
    assert active(page).get_attribute("aria-level") == "4"
    assert active(page).get_attribute("aria-posinset") == "1"
    assert active(page).get_attribute("aria-setsize") == "2"
    assert active(page).evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.textContent") == "body.layers.0"
    page.keyboard.press("Escape")
    assert page.locator(".detail").is_hidden()
    assert page.evaluate("document.activeElement.getAttribute('role')") == "treegrid"
    page.keyboard.press("ArrowLeft")  # out
    assert active(page).locator(".first").inner_text() == "layers"
    page.keyboard.press("ArrowLeft")  # folds
    assert active(page).locator(".first").inner_text() == "layers"
    assert active(page).get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("*")  # unfolds it and all beside it
    assert page.locator(".rows .line[aria-level='4'][aria-expanded=true]").count() == 2
    page.keyboard.press("End")
    assert active(page).locator(".first").inner_text() == "again = shared"
    page.keyboard.press("Home")
    assert active(page).locator(".first").inner_text() == "(root)"
    watched.check(file)


@THEMES
def test_text_stands_out_from_what_is_behind_it(watched: Watched, file: Path) -> None:
    page = watched.open(file, "#/lstm")
    ratios = page.evaluate(CONTRASTS)
    assert len(ratios) > 100
    assert [text for ratio, text in ratios if ratio < 4.5] == []


@pytest.mark.parametrize("watched", [NARROW], indirect=True)
def test_nothing_is_wider_than_a_small_screen(watched: Watched, file: Path) -> None:
    page = watched.open(file)
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    for path in ("lstm", "", "body.layers.0"):
        page.evaluate("path => openLayer(rowOf(path))", path)
        assert page.evaluate(overflow) == 0
        assert page.locator(".detail").bounding_box()["width"] == 420
        assert page.evaluate("document.querySelector('.detail').scrollWidth <= 420")
    page.get_by_role("button", name="Close the detail").click()
    assert page.get_by_role("treegrid").is_visible()


def test_all_rows_go_on_paper(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    page.set_viewport_size({"width": 1400, "height": 640})
    page.get_by_role("button", name="Unfold all").click()
    expect(page.locator(".rows .line").nth(30)).to_have_count(0)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".rows .line").count() == len(report) + 1
    assert page.locator(".search").is_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".rows .line").count() < len(report)


# Large models


def test_of_two_thousand_layers_few_rows_are_in_the_page_and_all_can_be_reached(
    watched: Watched, tmp_path: Path
) -> None:
    many = large(2_000)
    file = saved(many, tmp_path)
    assert file.stat().st_size < 200 * len(many)
    page = watched.open(file)
    grid = page.get_by_role("treegrid")
    assert page.locator(".rows .line").count() < 80
    page.get_by_role("button", name="Unfold all").click()
    assert grid.get_attribute("aria-rowcount") == str(len(many) + 1)
    seen: set[str] = set()
    most = 0
    for top in range(0, 30 * len(many), 450):
        grid.evaluate("(element, top) => { element.scrollTop = top; element.dispatchEvent(new Event('scroll')); }", top)
        ids = page.evaluate(ROWS)
        assert [index for _, index in ids] == sorted(index for _, index in ids)
        seen |= {path for path, _ in ids}
        most = max(most, len(ids))
    assert seen == {layer.path for layer in many}
    assert most < 80
    page.get_by_label("Search by").fill("7.3.2")
    expect(page.locator(".hits")).not_to_have_text("")
    assert active(page).locator(".first .text").get_attribute("title") == "7.3.2"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.locator(".detail h2").inner_text() == "7.3.2"
    watched.check(file)


# Notebooks


def test_in_a_notebook_it_works_in_a_frame_and_leaks_nothing(watched: Watched, report: Report, tmp_path: Path) -> None:
    host = tmp_path / "notebook.html"
    host.write_text(f"<!doctype html><meta charset=utf-8><body><h1>Host</h1>{report._repr_html_()}<p id=x>after</p>")
    page = watched.open(host)
    frame = page.frame_locator("iframe")
    frame.get_by_role("heading", level=1).wait_for()
    assert page.locator("iframe").get_attribute("sandbox") == "allow-scripts"
    assert page.locator("iframe").get_attribute("title") == f"Model (torch {torch.__version__})"
    assert page.locator("table").is_hidden()
    assert page.locator("h1").evaluate("e => getComputedStyle(e).fontSize") == "32px"
    frame.get_by_label("Search by").fill("lstm")
    expect(frame.locator("#live")).to_have_text("1 layer matches")
    frame.locator(".line", has_text="LSTM").click()
    assert frame.locator(".detail h2").inner_text() == "lstm"
    before = page.evaluate("history.length")
    frame.get_by_role("region", name="Calls").get_by_role("link", name="gru").click()
    assert frame.locator(".detail h2").inner_text() == "gru"
    assert page.evaluate("history.length") == before  # the way back is the notebook's
    page.locator("iframe").evaluate("frame => frame.remove()")  # as viewers do that strip frames
    assert page.locator("table").is_visible()
    assert page.locator("table tbody tr").count() == len(report)
    watched.check(host)
