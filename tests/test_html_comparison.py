"""The page of a comparison, in a real browser: what it shows is what the comparison says, and it does nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect
from support import comparisons
from support.browser import Watched
from support.comparisons import chip, network, numbers, rows
from support.pages import HOSTILE, said
from torch import nn

from introspect import Comparison, compare, inspect, prove
from introspect.comparison import Account
from introspect.comparison_folding import matters

THEMES = pytest.mark.parametrize("watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)


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


# What it is


@THEMES
def test_the_page_opens_from_disk_in_either_theme_and_asks_for_nothing(
    watched: Watched, opened: Any, tmp_path: Path, frameworks: Comparison
) -> None:
    page = opened(frameworks)
    assert page.locator(".verdict-badge").inner_text() == frameworks.verdict == "equal after repairs"
    assert page.get_by_role("heading", level=1).inner_text().startswith("The same function, once the weights are")
    assert "keras" in page.title()
    assert "torch" in page.title()
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    red, *_ = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert red < 60 if dark else red > 200
    for match in range(len(frameworks.matches)):
        page.evaluate("match => openMatch(match, { reveal: true })", match)
    watched.check(tmp_path / "page.html")


def test_the_totals_are_those_of_both_models(opened: Any, frameworks: Comparison) -> None:
    page = opened(frameworks)
    table = page.get_by_role("region", name="The two models")
    cells = {
        row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()
    }
    a, b = frameworks.a, frameworks.b
    assert cells["parameters"] == [f"{a.parameter_count:,}", f"{b.parameter_count:,}", "="]
    assert cells["the framework's own count"] == [f"{a.native_count:,}", f"{b.native_count:,}", "−32"]
    assert cells["multiply-accumulates"][:2] == [f"{a.macs:,}", f"{b.macs:,}"]


def test_names_are_text_wherever_they_stand(watched: Watched, opened: Any, tmp_path: Path) -> None:
    def hostile(eps: float) -> nn.Module:
        inner = nn.Sequential()
        inner.add_module(HOSTILE.replace(".", ""), nn.BatchNorm1d(2, eps=eps))
        return inner

    found = compare(hostile(1e-5), hostile(1e-3), inputs_a=(1, 2), inputs_b=(1, 2), values=True)
    named = replace(found.a, model=HOSTILE, backend=HOSTILE)
    page = opened(
        replace(found, a=named, notes=(HOSTILE,), accounts=(Account(HOSTILE, 0, (HOSTILE,)),), verdict="undecided")
    )
    path = found.matches[0].a[0].path
    assert page.locator(".cause-line code").count() == 2
    assert page.locator(".pair .path").first.text_content() == path
    page.evaluate("openMatch(0)")
    assert page.locator(".detail-path").first.text_content() == path
    page.locator("details").evaluate_all("(all) => all.forEach((one) => { one.open = true; })")
    expect(page.locator(".ledger .places li")).to_have_text(HOSTILE)
    assert page.locator(".code").text_content() == found.repairs[0].code
    assert "<script>" in found.repairs[0].code
    page.get_by_label("Search both").fill("<script>")
    page.locator("mark").first.wait_for()
    assert page.locator("script").count() == 2
    assert page.locator("#page img, #page b > b").count() == 0
    assert page.title() != "taken"
    watched.check(tmp_path / "page.html")


@pytest.mark.parametrize("watched", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_there_is_a_table(opened: Any, mutated: Comparison) -> None:
    page = opened(mutated)
    assert page.locator("table.plain tbody tr").count() == len(mutated.matches)
    assert "verdict: different" in page.locator("table.plain").inner_text()


def test_a_saved_comparison_needs_no_framework_to_be_shown(mutated: Comparison, tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text(mutated.to_json())
    code = (
        "import sys, introspect\n"
        f"c = introspect.Comparison.from_json(open({str(tmp_path / 'comparison.json')!r}).read())\n"
        "assert 'jinja2' not in sys.modules\n"
        f"c.to_html({str(tmp_path / 'page.html')!r})\n"
        "assert 'jinja2' in sys.modules and not {'torch', 'keras', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == mutated.to_html()


def test_in_a_notebook_the_page_is_in_a_frame(watched: Watched, tmp_path: Path, mutated: Comparison) -> None:
    (tmp_path / "cell.html").write_text(f"<!doctype html><meta charset=utf-8>{mutated._repr_html_()}", encoding="utf-8")
    page = watched.open(tmp_path / "cell.html")
    assert not page.locator("table.plain").is_visible()
    frame = page.frame_locator("iframe")
    frame.locator(".filters").get_by_role("button", name="Unmatched").click()
    alone = numbers(mutated, lambda match: not (match.a and match.b))
    expect(frame.locator(".rows .pair")).to_have_count(len(alone))
    frame.locator(".rows .pair").first.click()
    expect(frame.locator(".detail")).to_be_visible()
    frame.get_by_role("link", name="Ledger").click()
    expect(frame.locator("#ledger-title")).to_be_focused()
    watched.check(tmp_path / "cell.html")


# Details


@pytest.mark.parametrize("which", ["mutated", "frameworks"])
def test_every_detail_says_what_the_comparison_says(opened: Any, which: str, request: pytest.FixtureRequest) -> None:
    comparison: Comparison = request.getfixturevalue(which)
    page = opened(comparison)
    for n, match in enumerate(comparison.matches):
        page.evaluate("match => openMatch(match)", n)
        text = page.locator(".detail").inner_text()
        assert all(layer.path in text and layer.type in text for layer in (*match.a, *match.b))
        assert page.locator(".detail .differences > li").count() == len(match.differences)
        if len(match.a) == len(match.b) == 1:
            a, b = ({s.name: s.value for s in layer.settings} for layer in (match.a[0], match.b[0]))
            marks = dict(
                row.evaluate("(r) => [r.querySelector('th').innerText, r.querySelector('.mark').innerText]")
                for row in page.locator(".detail .settings tbody tr").all()
            )
            assert set(marks) == {*a, *b}
            differing = {d.field: d.effect for d in match.differences}
            for name, mark in marks.items():
                if name in differing:
                    assert differing[name] in mark
                elif name in a and name in b:
                    assert ("=" in mark) == (a[name] == b[name])


def test_a_detail_shows_the_way_from_tensor_to_tensor(opened: Any, frameworks: Comparison) -> None:
    page = opened(frameworks)
    n = next(n for n, match in enumerate(frameworks.matches) if match.a[0].path == "conv1")
    page.locator(f"#row-{n}").click()
    tensors = page.get_by_role("region", name="Tensors, and the way from a to b").locator(".carry")
    assert "h w 1 out -> out 1 h w" in tensors.first.inner_text()
    assert "3 h × 3 w × 1 in × 16 out" in tensors.first.inner_text()
    assert "conv1.kernel" in tensors.first.inner_text()
    assert "conv1.weight" in tensors.first.inner_text()
    assert tensors.count() == 2
    calls = page.get_by_role("region", name="Shapes of the calls").inner_text()
    assert "(1, 28, 28, 16)" in calls
    assert "(1, 16, 28, 28)" in calls


# The ledger


def bars(page: Any) -> list[dict[str, float]]:
    return page.locator(".ledger tbody tr").evaluate_all(
        """(all) => all.map((row) => { const [bar, box] = [row.querySelector("rect"), row.querySelector("svg")].map((e) => e.getBoundingClientRect());
        return { count: Number(row.dataset.count), left: bar.left - box.left, right: bar.right - box.left, width: bar.width, height: bar.height, room: box.width }; })"""  # noqa: E501
    )


@pytest.mark.parametrize("which", ["mutated", "frameworks", "residual"])
def test_the_ledger_adds_up_and_every_bar_is_seen(opened: Any, which: str, request: pytest.FixtureRequest) -> None:
    comparison: Comparison = request.getfixturevalue(which)
    page = opened(comparison)
    first, *changes, last = bars(page)
    assert [bar["count"] for bar in changes] == [account.count for account in comparison.accounts]
    assert first["count"] == comparison.a.native_count
    assert first["count"] + sum(bar["count"] for bar in changes) == last["count"] == comparison.b.native_count
    at = first["right"]
    for bar in changes:
        assert bar["width"] >= 2
        assert bar["height"] >= 10
        assert 0 <= bar["left"] < bar["right"] <= bar["room"] + 1
        start, end = (bar["left"], bar["right"]) if bar["count"] > 0 else (bar["right"], bar["left"])
        assert start == pytest.approx(at, abs=5)
        at = end
    assert last["right"] == pytest.approx(at, abs=5)
    assert page.locator(".axis-note").count() == 1
    texts = page.locator(".ledger tbody th").all_inner_texts()
    assert all(account.text in text for account, text in zip(comparison.accounts, texts[1:], strict=False))


def test_without_small_changes_the_drawing_begins_at_zero(opened: Any, mutated: Comparison) -> None:
    a = mutated.a.native_count
    assert a is not None
    far = replace(
        mutated,
        accounts=(Account("all of a", -a), Account("all of b", 10 * a)),
        b=replace(mutated.b, native_count=10 * a),
    )
    page = opened(far)
    assert page.locator(".axis-note").count() == 0
    first, less, more, last = bars(page)
    assert less["left"] == pytest.approx(0, abs=1)
    assert more["width"] == pytest.approx(10 * first["width"], rel=0.02)
    assert last["width"] == pytest.approx(more["width"], rel=0.02)


def test_very_many_and_very_great_accounts_still_add_up(opened: Any, mutated: Comparison) -> None:
    great = 2**60 + 1
    accounts = tuple(Account(f"change {n}", (-1) ** n * (n + 1) * great) for n in range(60))
    ends = {"a": 100 * great, "b": 100 * great + sum(account.count for account in accounts)}
    reports = {side: replace(getattr(mutated, side), native_count=ends[side]) for side in "ab"}
    page = opened(replace(mutated, accounts=accounts, **reports))
    counts = page.locator(".ledger tbody tr").evaluate_all("(all) => all.map((row) => row.dataset.count)")
    assert len(counts) == 42
    assert int(counts[0]) + sum(map(int, counts[1:-1])) == int(counts[-1]) == ends["b"]
    assert f"{ends['b']:,}" in page.locator(".ledger tbody tr").last.inner_text()
    page.get_by_role("rowheader", name="21 smaller changes together").wait_for()


def test_equal_models_have_nothing_to_account_for(watched: Watched, opened: Any, tmp_path: Path) -> None:
    found = compare(network(False), network(False), inputs_a=(1, 3, 32, 32))
    page = opened(replace(found, matches=tuple(match for match in found.matches if not matters(match))))
    assert page.locator(".verdict-badge").inner_text() == "equal"
    assert "nothing to account for" in page.locator("#ledger").inner_text()
    assert page.locator("#causes, #repairs").count() == 0
    chip(page, "Differences").click()
    expect(page.locator(".pairs .empty")).to_be_visible()
    watched.check(tmp_path / "page.html")


def test_models_that_were_not_run_are_undecided(watched: Watched, opened: Any, tmp_path: Path) -> None:
    models = [inspect(network(m), trace=None) for m in (False, False)]
    found = compare(*models)
    assert found.verdict == "undecided"
    page = opened(found)
    assert page.locator(".top .note").all_inner_texts() == list(found.notes)
    assert set(page.locator(".differs").all_inner_texts()) == {"nothing found"}
    page.evaluate("openMatch(0)")
    watched.check(tmp_path / "page.html")


def test_a_count_that_nobody_knows_leaves_no_ledger(opened: Any, mutated: Comparison) -> None:
    page = opened(replace(mutated, accounts=(), b=replace(mutated.b, native_count=None)))
    assert "can't tell" in page.locator("#ledger").inner_text()


def test_models_of_nothing_in_common(watched: Watched, opened: Any, tmp_path: Path) -> None:
    other = nn.Sequential(nn.Embedding(50, 16), nn.LSTM(16, 32, batch_first=True))
    found = compare(network(False), other, inputs_a=(1, 3, 32, 32))
    page = opened(found)
    assert page.locator(".verdict-badge").inner_text() == "different"
    assert rows(page) == list(range(len(found.matches)))
    for n, match in enumerate(found.matches):
        page.evaluate("match => openMatch(match, { reveal: true })", n)
        assert ("no partner" in page.locator(".detail-title").inner_text()) == (not (match.a and match.b))
    watched.check(tmp_path / "page.html")


# The repairs


def test_code_is_copied_as_it_is(opened: Any, frameworks: Comparison) -> None:
    page = opened(frameworks)
    (repair,) = frameworks.repairs
    page.locator(".repair").get_by_role("button", name="Copy this line").click()
    assert page.evaluate("window.copied") == repair.code
    assert page.locator(".code code").inner_text() == repair.code
    assert said(page).startswith("Copied")


def test_all_repairs_are_copied_in_order(opened: Any, residual: Comparison) -> None:
    page = opened(residual)
    codes = [repair.code for repair in residual.repairs]
    page.get_by_role("button", name=f"Copy all {len(codes)} lines").click()
    copied = page.evaluate("window.copied").splitlines()
    assert copied[0].startswith("# in b (torch)")
    assert sorted(copied[1:]) == sorted(codes)
    compile("\n".join(copied), "repairs", "exec")
    page.get_by_role("button", name="Copy 53 lines").click()
    eps = [repair.code for repair in residual.repairs if repair.setting == "eps"]
    assert page.evaluate("window.copied").splitlines() == eps
    assert page.locator(".code li").count() < 15
    page.get_by_role("button", name="Show all 53 lines").click()
    assert page.locator(".repair").first.locator(".code code").all_inner_texts() == eps


def test_every_repair_stands_there_with_its_words(opened: Any, mutated: Comparison) -> None:
    bare = replace(mutated.repairs[0], code="", side="a", text="words alone")
    odd = replace(mutated.repairs[0], code="x = 'open + 1.5e-3  # it's 3 \"o'clock", text="odd", side="a")
    page = opened(replace(mutated, repairs=(*mutated.repairs, odd, bare)))
    texts = page.locator(".repair-text").all_inner_texts()
    assert texts == [*(repair.text for repair in mutated.repairs), "odd", "words alone"]
    assert page.locator(".repair").nth(-2).locator("code").text_content() == odd.code
    assert page.locator(".repair").last.locator("code").inner_text() == "# words alone"
    page.get_by_role("button", name="Copy all").click()
    assert page.evaluate("window.copied").startswith("# in a: Sequential")


# The lists


def test_the_weight_map_is_listed_and_searched(opened: Any, frameworks: Comparison) -> None:
    page = opened(frameworks)
    shown = page.locator("#weights .rows .line")
    assert shown.count() == len(frameworks.weight_map)
    for entry, line in zip(frameworks.weight_map, shown.all(), strict=True):
        cells = line.locator(".cell").all_inner_texts()
        assert cells[0] == (" + ".join(entry.source) or "nothing")
        assert cells[2] == (entry.target or "nothing")
        assert entry.way != "carried" or all(word.strip('"') in cells[1] for word in entry.way_there)
    page.get_by_label("Search Weight map").fill("dense.kernel")
    expect(shown).to_have_count(1)
    assert "(h w c) out -> out (c h w)" in shown.inner_text()


def test_values_begin_with_the_greatest_difference(opened: Any, frameworks: Comparison) -> None:
    page = opened(frameworks)
    shown = page.locator("#values .rows .line")
    assert shown.count() == len(frameworks.values)
    apart = sorted((held for held in frameworks.values if held.equal is False), key=lambda held: -held.relative)
    assert shown.first.locator(".cell").nth(1).inner_text() == apart[0].b
    assert shown.first.locator(".cell").nth(4).inner_text() == f"{apart[0].relative:.2g}"
    assert f"{len(apart)} with other values" in page.locator("#values").inner_text()


def test_a_proof_is_shown_where_there_is_one(opened: Any, mutated: Comparison) -> None:
    assert "proof" not in opened(mutated).locator(".overview").inner_text()
    pair = nn.Sequential(nn.Linear(4, 3), nn.ReLU()), nn.Sequential(nn.Linear(4, 3), nn.ReLU())
    found = compare(*pair, inputs_a=(1, 4))
    proof = prove(*pair, comparison=found, seeds=1)
    page = opened(found, proof=proof)
    card = page.get_by_role("region", name="The proof")
    assert proof.holds
    assert "The proof holds" in card.inner_text()
    assert f"{proof.repaired[0].relative:.1e}" in card.inner_text()
    page = opened(found, proof=replace(proof, holds=False, diverges_at=("0", "0"), notes=("a note",)))
    assert "does not hold" in card.inner_text()
    assert "First apart at 0 / 0." in card.inner_text()
    assert "a note" in card.inner_text()


def test_inputs_and_outputs_and_notes(opened: Any, frameworks: Comparison) -> None:
    page = opened(replace(frameworks, notes=("something to know",)))
    text = page.locator("#notes").inner_text()
    assert "b h w c -> b c h w" in text
    assert "something to know" in text
