"""The page of a report, in a real browser: what it shows is what the report says, and it does nothing else."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.browser import Watched
from support.pages import HOSTILE, Model, saved
from torch import nn

from introspect import Report, TensorSpec, explain, inspect
from introspect.records import changed

THEMES = pytest.mark.parametrize("watched", [{"color_scheme": "light"}, {"color_scheme": "dark"}], indirect=True)


@pytest.fixture(scope="module")
def report() -> Report:
    return inspect(Model(), TensorSpec((1, 12), "int64"))


@pytest.fixture(scope="module")
def file(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "report.html"
    report.to_html(path)
    return path


@THEMES
def test_the_page_opens_from_disk_in_either_theme_and_asks_for_nothing(
    watched: Watched, file: Path, report: Report
) -> None:
    page = watched.open(file)
    assert page.get_by_role("heading", level=1).inner_text() == "Model"
    assert page.title() == f"Model (torch {torch.__version__})"
    red, *_ = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert red < 60 if dark else red > 200
    page.get_by_role("button", name="Theme: as the system").click()
    page.get_by_role("button", name="Theme: light").click()
    page.get_by_role("button", name="Theme: dark").wait_for()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0] < 60")
    for layer in range(len(report)):
        page.evaluate("layer => openLayer(layer, { reveal: true })", layer)
    watched.check(file)


@pytest.mark.parametrize(
    "addition",
    [
        "<script>document.title = 'run'</script>",
        "<img src='https://example.org/x.png'>",
        "<b onclick='x'></b><i style='color: red'>",
    ],
)
def test_that_check_can_fail_and_the_policy_of_the_page_holds(
    watched: Watched, file: Path, tmp_path: Path, addition: str
) -> None:
    changed_page = tmp_path / "page.html"
    changed_page.write_text(file.read_text().replace("</body>", f"{addition}</body>"))
    page = watched.open(changed_page)
    assert page.title() != "run"
    assert all("Content Security Policy" in complaint for complaint in watched.complaints)
    with pytest.raises(AssertionError):
        watched.check(changed_page)


def test_a_request_would_be_seen(watched: Watched, file: Path, tmp_path: Path) -> None:
    changed_page = tmp_path / "page.html"
    text = file.read_text().replace("Content-Security-Policy", "x-nothing")
    changed_page.write_text(text.replace("</body>", "<img src='http://127.0.0.1:9/x.png'></body>"))
    watched.open(changed_page)
    assert "http://127.0.0.1:9/x.png" in watched.requests


def test_names_are_text_wherever_they_stand(watched: Watched, tmp_path: Path) -> None:
    hostile = type(HOSTILE, (nn.Module,), {"forward": lambda self, x: self.inner(x)})()
    hostile.inner = nn.Sequential()
    hostile.inner.add_module(HOSTILE.replace(".", ""), nn.Linear(2, 2))
    named = inspect(hostile, (1, 2))
    file = saved(replace(named, notes=(HOSTILE,), model=HOSTILE, backend=HOSTILE), tmp_path)
    page = watched.open(file)
    assert page.get_by_role("heading", level=1).text_content() == HOSTILE
    assert page.title().startswith("</script>")
    assert page.locator(".note").text_content() == HOSTILE
    for layer in range(len(named)):
        page.evaluate("layer => openLayer(layer, { reveal: true })", layer)
        assert page.locator(".detail h2").text_content() == (named.layers[layer].path or "(root)")
    page.get_by_label("Search by").fill("<script>")
    page.locator("mark").first.wait_for()
    assert page.locator("script").count() == 2
    assert page.locator("#page img, #page b > b").count() == 0
    watched.check(file)


@pytest.mark.parametrize("watched", [{"java_script_enabled": False}], indirect=True)
def test_without_scripts_there_is_a_table(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    assert page.locator("table.plain tbody tr").count() == len(report)
    assert "lstm" in page.locator("table.plain").inner_text()


def test_the_text_is_what_is_written_and_half_a_character_does_no_harm(report: Report, tmp_path: Path) -> None:
    text = replace(report, model="half \ud800 of one", notes=("✓",)).to_html(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_bytes() == text.encode()


def test_a_saved_report_needs_no_framework_to_be_shown(report: Report, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text(report.to_json())
    code = (
        "import sys, introspect; loaded = set(sys.modules)\n"
        f"report = introspect.Report.from_json(open({str(tmp_path / 'report.json')!r}).read())\n"
        "assert 'jinja2' not in sys.modules\n"
        "assert len(report.to_html()) > 10_000 and len(report._repr_html_()) > 10_000\n"
        "assert 'jinja2' in sys.modules and not {'torch', 'keras', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_head_and_the_totals_are_those_of_the_report(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    head = page.locator("header").inner_text()
    assert "(1, 12)" in head
    assert "(1, 12, 100)" in head
    assert "complete" in head
    assert all(note in page.locator(".notes").inner_text() for note in report.notes[:2])
    assert report.parameter_count is None  # a layer is lazy
    assert page.get_by_role("region", name="Parameters", exact=True).locator(".figure").inner_text() == "?"
    assert page.get_by_role("region", name="Multiply-accumulates").inner_text().count(f"{report.macs:,}") == 1


def test_an_incomplete_report_says_so(watched: Watched, tmp_path: Path) -> None:
    broken = inspect(nn.Sequential(nn.Linear(2, 3), nn.Linear(2, 3)), (1, 2))
    page = watched.open(saved(broken, tmp_path))
    assert "incomplete" in page.locator("header").inner_text()
    assert page.locator(".note.warn").first.inner_text() == broken.notes[0]


def test_rows_say_what_the_report_says(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    page.get_by_role("button", name="Unfold all").click()
    for layer in report:
        row = page.evaluate("path => rowOf(path)", layer.path)
        page.evaluate("row => grid.activate(row)", row)
        cells = page.locator(f"#row-{row} [role=gridcell]").all_inner_texts()
        heads = [text.strip() for text in page.get_by_role("columnheader").all_inner_texts()]
        shown = dict(zip(heads, cells, strict=True))
        assert shown["type"] == layer.type
        assert shown["parameters"].strip() == ("?" if layer.parameter_count is None else f"{layer.parameter_count:,}")
        assert shown["units"] == ("–" if layer.units is None else f"{layer.units:,}")
        assert page.locator(f"#row-{row}").get_attribute("aria-level") == str(layer.depth + 1)


def test_every_detail_explains_the_parameters_as_explain_does(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file)
    explanations = explain(report)
    for number, layer in enumerate(report):
        page.evaluate("layer => openLayer(layer)", number)
        explanation = explanations[layer.path]
        why = page.get_by_role("region", name="Why that many parameters")
        if not explanation.terms and not explanation.remarks:
            assert why.count() == 0
            continue
        text = " ".join(why.inner_text().split())
        total = "?" if explanation.total is None else f"{explanation.total:,}"
        own = [term for term in explanation.terms if not term.child]
        assert total in text
        assert all(term.substituted in text for term in own) or layer.kind in ("lstm", "gru")
        assert all(
            f"{term.count:,}" in text for term in explanation.terms if term.child and term.count and term.count > 0
        )
        verdict = {True: "the tensors agree", False: "the tensors disagree", None: "nothing to check"}[
            explanation.agrees
        ]
        assert verdict in text


@pytest.mark.parametrize(
    ("path", "tensor"),
    [("lstm", "weight_ih_l0"), ("gru", "weight_hh_l0"), ("body.layers.0.self_attn", "in_proj_weight")],
)
def test_packed_tensors_are_split_into_their_parts(
    watched: Watched, file: Path, report: Report, path: str, tensor: str
) -> None:
    page = watched.open(file, f"#/{path}")
    parameter = report[path].parameter(tensor)
    shown = page.get_by_role("region", name=tensor, exact=True)
    words = [word for parts in parameter.labels.values() for word, _ in parts]
    for word in words:
        part = parameter.part(word)
        item = shown.locator(".parts li", has_text=word)
        assert f"{part.start}:{part.stop}" in item.inner_text()
        assert str(part.shape) in shown.locator(".parts").inner_text()
    assert shown.locator("svg .band").count() == len(words)
    assert str(parameter.shape) in shown.inner_text()
    assert parameter.axes in shown.inner_text()


def test_settings_stand_in_both_spellings(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file, "#/conv.0")
    rows = page.get_by_role("region", name="Settings").locator("tbody tr").all_inner_texts()
    assert len(rows) == len(report["conv.0"].settings)
    assert "strides\t(1,)\tstride=(1,)" in rows


def test_every_call_is_shown_and_leads_to_what_fed_it(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file, "#/shared")
    calls = page.get_by_role("region", name="Calls").get_by_role("listitem")
    assert calls.count() == len(report["shared"].calls) == 2
    assert [text.split("from ")[1].split("\n")[0] for text in calls.all_inner_texts()] == ["embed", "shared"]
    assert "Also held as again." in page.locator(".detail").inner_text()
    calls.first.get_by_role("link", name="embed").first.click()
    assert page.locator(".detail h2").inner_text() == "embed"
    assert page.url.endswith("#/embed")
    page.go_back()
    page.locator(".detail h2", has_text="shared").wait_for()


def test_a_tied_tensor_leads_to_the_other(watched: Watched, file: Path) -> None:
    page = watched.open(file, "#/out")
    page.get_by_role("region", name="Tensors").get_by_role("link", name="embed.weight").click()
    assert page.locator(".detail h2").inner_text() == "embed"


def test_operations_stand_in_the_layer_whose_code_calls_them(watched: Watched, file: Path, report: Report) -> None:
    page = watched.open(file, "#/")
    items = page.get_by_role("region", name="Operations in its own code").get_by_role("listitem")
    mine = [operation.kind for operation in report.operations if operation.within == ""]
    assert [text.split()[0] for text in items.all_inner_texts()] == mine


def test_numbers_too_great_for_a_browser_are_exact(watched: Watched, tmp_path: Path) -> None:
    small = inspect(nn.Linear(2, 3), (1, 2))
    great = replace(small, layers=(changed(small.root, macs=2**60 + 1, parameter_count=2**60 + 3, trainable_count=5),))
    page = watched.open(saved(great, tmp_path), "#/")
    assert f"{2**60 + 1:,}" in page.get_by_role("region", name="Numbers").inner_text()
    assert f"{2**60 - 2:,}" in page.get_by_role("region", name="Parameters", exact=True).inner_text()
    assert watched.complaints == []


# Keras


def test_a_keras_model_is_shown_alike(watched: Watched, tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    inputs = keras.Input((8, 4), name="series")
    x = keras.layers.Bidirectional(keras.layers.GRU(5, return_sequences=True), name="both")(inputs)
    x = keras.layers.MultiHeadAttention(2, 3, name="attention")(x, x)
    x = keras.layers.SeparableConv1D(6, 3, name="separable")(x)
    model = keras.Model(inputs, keras.layers.Dense(2, name="dense")(x), name="little")
    report = inspect(model)
    file = saved(report, tmp_path)
    page = watched.open(file)
    assert page.get_by_role("heading", level=1).inner_text() == report.model
    assert f"{model.count_params():,}" in page.get_by_role("region", name="Parameters", exact=True).inner_text()
    for number, layer in enumerate(report):
        page.evaluate("layer => openLayer(layer, { reveal: true })", number)
        assert page.locator(".detail .tensor").count() == len(layer.parameters)
    page.evaluate("openLayer(rowOf('separable'))")
    assert "model.count_params()" in page.locator(".cards").inner_text()
    assert page.locator(".tensor svg .tap").count() > 0
    watched.check(file)
