"""The page of a comparison in use, in a real browser: filters, causes, keyboard, large and small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support import comparisons
from support.browser import Watched
from support.comparisons import EFFECTS, active, chip, numbers, press, rows
from support.pages import CONTRASTS, said
from torch import nn

from introspect import Comparison, compare
from introspect.comparison import Match
from introspect.comparison_folding import matters
from introspect.comparison_lines import Causes

THEMES = pytest.mark.parametrize("watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)
NARROW = {"viewport": {"width": 420, "height": 800}}


@pytest.fixture
def opened(watched: Watched, tmp_path: Path) -> Any:
    return comparisons.opener(watched, tmp_path)


@pytest.fixture
def mutated() -> Comparison:
    return comparisons.mutated()


@pytest.fixture
def frameworks() -> Comparison:
    return comparisons.frameworks()


@pytest.fixture
def residual() -> Comparison:
    return comparisons.residual()


# Which rows


VIEWS: dict[str, Callable[[Match], bool]] = {
    "All": lambda match: True,
    "Differences": matters,
    "Causes": lambda match: any(d.because_of is None and d.effect != "none" for d in match.differences),
    "Unmatched": lambda match: not (match.a and match.b),
}


@pytest.mark.parametrize("which", ["mutated", "frameworks", "residual"])
def test_filters_give_exactly_the_right_rows(opened: Any, which: str, request: pytest.FixtureRequest) -> None:
    comparison: Comparison = request.getfixturevalue(which)
    page = opened(comparison)
    for name, test in VIEWS.items():
        chip(page, name).click()
        wanted = numbers(comparison, test)
        assert rows(page) == wanted
        assert chip(page, name).inner_text().split()[-1] == f"{len(wanted):,}"
        assert name == "All" or said(page) == f"{len(wanted)} of {len(comparison.matches)} rows"
    chip(page, "All").click()
    for effect in EFFECTS:
        wanted = numbers(comparison, lambda match, word=effect: any(d.effect == word for d in match.differences))
        if not wanted:
            assert chip(page, effect).count() == 0
            continue
        chip(page, effect).click()
        assert rows(page) == wanted
        chip(page, effect).click()
    assert rows(page) == list(range(len(comparison.matches)))


def test_filters_together_and_several_effects(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    chip(page, "shape").click()
    chip(page, "training").click()
    either = numbers(mutated, lambda match: any(d.effect in ("shape", "training") for d in match.differences))
    assert rows(page) == either
    chip(page, "Unmatched").click()
    assert rows(page) == [n for n in either if not (mutated.matches[n].a and mutated.matches[n].b)]
    chip(page, "All").click()
    page.get_by_label("Search both").fill("conv2d")
    expect(page.locator(".pairs-box mark").first).to_be_visible()
    kinds = numbers(mutated, lambda match: any(layer.kind == "conv2d" for layer in match.a))
    assert rows(page) == [n for n in either if n in kinds]


def test_search_finds_paths_of_either_side(opened: Any, residual: Comparison) -> None:
    page = opened(residual)
    for text in ("conv3_block2", "layer3.0.", "downsample"):
        page.get_by_label("Search both").fill(text)
        page.wait_for_timeout(100)
        found = numbers(residual, lambda m, text=text: any(text in layer.path for layer in (*m.a, *m.b)))
        assert rows(page) == found != []
        expect(page.locator(".pairs-box ~ *, .tools .hits").first).to_be_attached()


def test_a_cause_shows_its_rows_and_those_that_follow(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    causes = Causes(mutated)
    harmless = page.locator(".harmless > summary")
    if harmless.count():
        harmless.click()
    assert page.locator(".cause").count() == len(causes.groups)
    for n, alike in enumerate(causes.groups.values()):
        keys = {d.key for d in alike}
        wanted = numbers(mutated, lambda match, keys=keys: any(causes.cause(d).key in keys for d in match.differences))
        card = page.locator(f'.cause[data-group="{n}"]')
        assert alike[0].effect in card.inner_text()
        card.get_by_role("button").click()
        assert rows(page) == wanted != []
    page.get_by_role("button", name="remove this filter").click()
    assert rows(page) == list(range(len(mutated.matches)))


def test_consequences_are_folded_beneath_their_cause(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    follow = [d for d in mutated.differences if d.because_of == "units@3|3"]
    card = page.locator(".cause", has_text="units")
    assert card.locator("summary").inner_text() == f"{len(follow)} consequence{'s' * (len(follow) > 1)}"
    card.locator("summary").click()
    assert card.locator(".places li").count() == len(follow)
    card.locator(".places a").first.click()
    expect(page.locator(".detail")).to_contain_text("Follows from units of 3")


def test_the_same_difference_in_many_layers_is_one_cause(opened: Any, residual: Comparison) -> None:
    page = opened(residual)
    card = page.locator(".cause", has_text="eps")
    assert card.locator("summary").inner_text() == "in 53 places"
    card.get_by_role("button", name="Show 53 in the table").click()
    assert rows(page) == numbers(residual, lambda match: any(d.field == "eps" for d in match.differences))


def test_effects_are_told_by_words_and_signs_too(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    for n, match in enumerate(mutated.matches):
        line = page.locator(f"#row-{n}")
        for d in match.differences[:2]:
            if d.because_of is None and match.a and match.b:
                assert d.effect in line.locator(".differs").inner_text()
                assert line.locator(f".effect.e-{d.effect} svg").count() == 1
        if not match.a:
            assert "nothing in a" in line.inner_text()


def test_several_layers_against_one_are_a_group(opened: Any, residual: Comparison) -> None:
    page = opened(residual)
    n = next(n for n, match in enumerate(residual.matches) if len(match.a) > 1)
    match = residual.matches[n]
    line = page.locator(f"#row-{n}")
    assert line.get_attribute("aria-expanded") == "false"
    line.locator(".chevron").click()
    assert line.get_attribute("aria-expanded") == "true"
    inside = page.locator(".rows .inner").all()
    assert len(inside) == max(len(match.a), len(match.b))
    for layer, row in zip(match.a, inside, strict=True):
        assert row.get_attribute("aria-level") == "2"
        assert layer.path in row.inner_text()


# In use


def test_with_the_keyboard_alone(watched: Watched, opened: Any, tmp_path: Path, mutated: Comparison) -> None:
    page = opened(mutated)
    press(page, "/", *"conv2d", "Enter")
    expect(page.get_by_role("treegrid", name="Matched layers")).to_be_focused()
    assert page.locator(".pairs-box .line.active").get_attribute("id") == "row-0"
    press(page, "/", "Escape")
    press(page, "ArrowDown", "Home")
    first, second = numbers(mutated, matters)[:2]
    press(page, "n")
    assert active(page).get_attribute("id") == f"row-{first}"
    press(page, "n", "p", "n", "Enter")
    expect(page.locator("#detail-title")).to_be_focused()
    assert page.locator(".pairs-box .line[aria-selected=true]").get_attribute("id") == f"row-{second}"
    page.get_by_role("button", name="Next difference (n)").press("Enter")
    third = numbers(mutated, matters)[2]
    assert page.locator(".pairs-box .line[aria-selected=true]").get_attribute("id") == f"row-{third}"
    press(page, "Escape")
    expect(page.get_by_role("treegrid", name="Matched layers")).to_be_focused()
    assert page.locator(".detail").is_hidden()
    press(page, "End", "n")
    assert said(page) == "No further difference"
    page.get_by_role("link", name="Repairs").press("Enter")
    expect(page.locator("#repairs-title")).to_be_focused()
    press(page, "Tab", "Enter")
    assert page.evaluate("window.copied").startswith("# in b")
    watched.check(tmp_path / "page.html")


def test_everything_has_a_name_for_a_screen_reader(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    page.evaluate("openMatch(1)")
    nameless = page.locator("button, a, input, [role=treegrid], aside").evaluate_all(
        "(all) => all.filter((e) => !(e.innerText || '').trim() && !e.ariaLabel && !e.getAttribute('aria-labelledby')"
        " && !e.textContent.trim()).map((e) => e.outerHTML)"
    )
    assert nameless == []
    ids = page.locator("[id]").evaluate_all("(all) => all.map((e) => e.id)")
    assert len(ids) == len(set(ids))
    grid = page.get_by_role("treegrid", name="Matched layers")
    assert grid.get_attribute("aria-rowcount") == str(len(mutated.matches) + 1)
    assert grid.get_by_role("columnheader").count() == 3


def test_sorting_puts_the_gravest_first(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    page.get_by_role("columnheader", name="differs").get_by_role("button").click()
    order = rows(page)
    worst = [min((EFFECTS.index(d.effect) for d in mutated.matches[n].differences), default=9) for n in order]
    assert worst == sorted(worst)
    assert said(page).startswith("Sorted by differs")


@pytest.mark.parametrize("watched", [NARROW], indirect=True)
def test_a_narrow_window_needs_no_scrolling_sideways(
    watched: Watched, opened: Any, tmp_path: Path, residual: Comparison
) -> None:
    page = opened(residual)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(wide)
    page.locator(".rows .pair").nth(1).click()
    expect(page.locator(".detail")).to_be_visible()
    assert not page.evaluate(wide)
    assert page.locator(".detail").evaluate("(e) => e.scrollWidth <= e.clientWidth")
    page.get_by_role("button", name="Close the detail (Esc)").click()
    boxes = [page.locator("#row-1 .cell").nth(n).bounding_box() for n in range(3)]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] + 1 < boxes[2]["y"]
    chip(page, "Differences").click()
    assert not page.evaluate(wide)
    page.set_viewport_size({"width": 1200, "height": 800})
    assert page.locator("#row-1").bounding_box()["height"] < 60
    watched.check(tmp_path / "page.html")


def test_a_thousand_layers_stay_fluent(watched: Watched, opened: Any, tmp_path: Path) -> None:
    def deep(other: bool) -> nn.Module:
        norms = (nn.BatchNorm2d(4, eps=1e-3 / (n + 1) if other and n % 3 else 1e-5) for n in range(340))
        return nn.Sequential(*(layer for norm in norms for layer in (nn.Conv2d(4, 4, 3, padding=1), norm, nn.ReLU())))

    found = compare(deep(False), deep(True), inputs_a=(1, 4, 8, 8))
    assert len(found.matches) == 1020
    page = opened(found)
    assert page.evaluate("document.querySelectorAll('*').length") < 2500
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    assert loaded < 3000
    assert rows(page) == list(range(1020))
    chip(page, "Differences").click()
    assert rows(page) == numbers(found, matters)
    page.get_by_role("treegrid", name="Matched layers").press("End")
    last = numbers(found, matters)[-1]
    expect(page.locator(f"#row-{last}")).to_be_in_viewport()
    assert page.locator(".rows .line").count() < 150
    assert page.evaluate("document.querySelectorAll('*').length") < 2500
    assert (tmp_path / "page.html").stat().st_size < 1_000_000
    watched.check(tmp_path / "page.html")


def test_on_paper_all_rows_are_there(opened: Any, residual: Comparison) -> None:
    page = opened(residual)
    drawn = page.locator(".pairs .rows .line").count()
    assert drawn < len(residual.matches)
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".pairs .rows .line").count() == len(residual.matches)
    assert page.locator(".jumps").is_hidden()


@THEMES
def test_text_can_be_read_in_either_theme(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    page.evaluate("openMatch(3)")
    page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    page.wait_for_timeout(100)
    found = page.evaluate(CONTRASTS)
    assert len(found) > 100
    assert [element for contrast, element in found if contrast < 4.5] == []
