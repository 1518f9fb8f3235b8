"""Reports, comparisons and explanations as DataFrame, CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support.absent import without
from torch import nn

from introspect import Comparison, Report, compare, explain, inspect
from introspect.columns import COLUMNS
from introspect.errors import MissingPackageError, UnknownColumnError
from introspect.render import latex
from introspect.tables import Table


class Net(nn.Module):
    def __init__(self, units: int = 3) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 8)
        self.lstm = nn.LSTM(8, 6, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(6, units)
        self.tied = nn.Linear(8, 50, bias=False)
        self.tied.weight = self.embed.weight
        self.unused = nn.Linear(2, 2)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = self.embed(ids)
        return self.head(self.drop(self.lstm(x)[0])), self.tied(x)


@pytest.fixture(scope="module")
def report() -> Report:
    return inspect(Net(), (1, 5))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(Net(), Net(4), inputs_a=(1, 5), inputs_b=(1, 5))


def test_a_frame_has_a_row_per_layer_and_values_that_are_no_texts(report: Report) -> None:
    frame = report.to_pandas()
    assert list(frame.index) == [layer.path for layer in report]
    assert list(frame.columns) == [name for name in COLUMNS if name != "path"]
    assert frame.loc["head", "kernel"] == (3, 6)
    assert frame.loc["head", "units"] == 3
    assert frame.loc["lstm", "output"] == ((1, 5, 6), ((1, 1, 6), (1, 1, 6)))
    assert frame.loc["", "output"] == ((1, 5, 3), (1, 5, 50))
    assert frame.loc["embed", "input"] == (1, 5)
    assert frame.loc["unused", "input"] is None
    assert frame.loc["drop", "settings"] == {"rate": 0.1}
    assert frame.loc["head", "axes"] == {"weight": "out in", "bias": "out"}
    numbers = ["depth", "units", "activations", "own parameters", "parameters", "trainable", "buffers", "macs", "calls"]
    assert {str(frame[name].dtype) for name in numbers} == {"Int64"}
    assert frame["units"].isna()["drop"]
    assert list(frame[frame["kind"] == "dense"].index) == ["head", "tied", "unused"]


def test_own_parameters_add_up_to_the_model(report: Report) -> None:
    assert report.to_pandas()["own parameters"].sum() == report.parameter_count
    attention = inspect(nn.TransformerEncoderLayer(8, 2, 16), (3, 1, 8))
    assert attention.to_pandas()["own parameters"].sum() == attention.parameter_count


def test_columns_and_depth_are_chosen_as_for_a_table(report: Report) -> None:
    frame = report.to_pandas(columns=["kind", "macs"], depth=0)
    assert frame.to_dict("list") == {"kind": ["unknown"], "macs": [report.macs]}
    for method in (report.to_pandas, report.to_csv, report.to_latex):
        with pytest.raises(UnknownColumnError, match="did you mean 'kernel'"):
            method(columns=["kernl"])


def test_a_frame_of_a_comparison(comparison: Comparison) -> None:
    frame = comparison.to_pandas()
    row = frame[frame["a"] == "head"].iloc[0]
    assert (row["b"], row["kind"], row["effect"], row["differs"]) == ("head", "dense", "count", "units 3 → 4 (count)")
    assert (row["parameters a"], row["parameters b"]) == (21, 28)
    assert (row["output a"], row["output b"]) == ((1, 5, 3), (1, 5, 4))
    assert len(frame) == len(comparison.matches)
    assert list(comparison.to_pandas(only_differences=True)["a"]) == ["head"]
    alone = compare(nn.Sequential(nn.Linear(2, 2), nn.ReLU()), nn.Sequential(nn.Linear(2, 2)))
    assert alone.to_pandas()["b"].tolist() == ["0", None]


def test_a_frame_of_explanations() -> None:
    frame = explain(Net(), inputs=(1, 5)).to_pandas()
    assert frame.loc["head", "parameters"] == 21
    assert frame.loc["head", "formula"] == "in × out + out"
    assert frame.loc["head", "agrees"] == True  # noqa: E712 it may be NumPy's
    assert "total" not in frame.index


@pytest.mark.parametrize("make", [lambda r, c: r, lambda r, c: c, lambda r, c: explain(r)])
def test_csv_is_the_frame_as_text(report: Report, comparison: Comparison, make: Any, tmp_path: Path) -> None:
    shown = make(report, comparison)
    frame, text = shown.to_pandas(), shown.to_csv()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(frame)
    for name in frame.columns:
        for row, value in zip(rows, frame[name], strict=True):
            if str(frame[name].dtype) == "Int64":
                assert row[name] == str(value).replace("<NA>", "")
    assert shown.to_csv(tmp_path / "shown.csv") is None
    assert (tmp_path / "shown.csv").read_bytes().decode() == text


def test_csv_quotes_what_it_has_to() -> None:
    net = nn.Sequential()
    net.add_module('a "b", c', nn.Linear(2, 3))
    (_, row) = csv.DictReader(io.StringIO(inspect(net, (1, 2)).to_csv()))
    assert (row["path"], row["kernel"], row["macs"]) == ('a "b", c', "(3, 2)", "6")


def test_latex_is_a_table_of_booktabs(report: Report) -> None:
    text = report.to_latex(columns=["path", "kernel", "parameters"], depth=1)
    assert text.startswith("\\begin{tabular}{llr}\n\\toprule\n")
    assert text.endswith("\\bottomrule\n\\end{tabular}")
    (line,) = [line for line in text.splitlines() if "head" in line]
    assert re.sub(" +", " ", line) == r" \quad head & (3, 6) & 21 \\"


def test_latex_of_a_comparison_is_plain_latex(comparison: Comparison) -> None:
    text = comparison.to_latex()
    assert r"units 3 $\rightarrow$ 4 (count)" in text
    assert len({len(re.findall(r"(?<!\\)&", line)) for line in text.splitlines() if "&" in line}) == 1
    assert r"\toprule" in explain(comparison.a).to_latex()


SPECIAL = st.text(st.sampled_from("ab_&%$#{}~^\\<>[]→− "), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(SPECIAL)
def test_no_special_character_reaches_latex(cell: str) -> None:
    text = latex.render(Table(("a", "b"), ((cell, "x"),), (False, False)))
    body = text.split(r"\midrule")[1].split(r"\bottomrule")[0]
    for command in (r"\textbackslash{}", r"\textasciitilde{}", r"\^{}", "{}", r"\ensuremath{<}", r"\ensuremath{>}"):
        body = body.replace(command, "")
    assert not re.search(r"\\\\\s*[\[*]", text)
    body = re.sub(r"\\[&%$#_{}]|\$\\rightarrow\$|\$-\$|\\quad |\\\\\n", "", body)
    assert not set(body) & set("_%$#{}~^\\<>→−")
    assert body.count("&") == 1


@pytest.mark.parametrize(
    "method", ["report.to_pandas()", "compare(report, report).to_pandas()", "explain(report).to_pandas()"]
)
def test_without_pandas_there_is_one_sentence(method: str) -> None:
    code = (
        "import torch\nfrom introspect import compare, explain, inspect\n"
        f"report = inspect(torch.nn.Linear(2, 3), (1, 2))\nreport.to_csv(), report.to_latex()\n{method}"
    )
    command = [sys.executable, "-c", without("pandas") + code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sentence = "pandas is needed for this and is not installed: pip install 'introspect-nn[pandas]'"
    assert done.stderr.splitlines()[-1] == f"introspect.errors.MissingPackageError: {sentence}"


def test_the_error_is_an_import_error() -> None:
    assert issubclass(MissingPackageError, ImportError)
