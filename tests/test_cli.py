"""The command line, run as a user runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.absent import without
from support.command_line import Run, in_a_process

from introspect import Report, TensorSpec
from introspect.errors import InputsError
from introspect.targets import parse_inputs
from introspect.values import Inputs

LINEAR = ["torch.nn:Linear", "--with", "in_features=3", "--with", "out_features=4"]


def test_a_report_as_text(run: Run) -> None:
    result = run("report", *LINEAR, "--input", "2,3")
    assert result.returncode == 0
    assert "(4, 3)" in result.stdout
    assert "(2, 4)" in result.stdout
    assert "parameters  16" in result.stdout
    assert result.stderr == ""


def test_a_report_as_json_and_markdown(run: Run) -> None:
    result = run("report", *LINEAR, "--input", "2,3", "--format", "json")
    assert Report.from_json(result.stdout).parameter_count == 16
    table = run("report", *LINEAR, "--format", "markdown", "--columns", "path,units").stdout
    assert "| path   |   units |" in table


def test_a_keras_model_by_its_maker() -> None:
    result = in_a_process("report", "keras.applications:MobileNet", "--with", "weights=null", "--depth", "0")
    assert result.returncode == 0
    assert "4,253,864" in result.stdout  # the total in Keras's documentation, 4.3M
    assert result.stderr == ""


def test_a_users_own_file(tmp_path: Path, run: Run) -> None:
    (tmp_path / "mine.py").write_text(
        "import torch\nmodel = torch.nn.Sequential(torch.nn.Linear(2, 3))\n"
        "class Holder:\n    inner = torch.nn.Linear(5, 6)\n"
    )
    assert "parameters  9" in run("report", "mine:model", cwd=tmp_path).stdout
    assert "parameters  36" in run("report", "mine:Holder.inner", cwd=tmp_path).stdout
    result = run("report", "mine:model", "--with", "a=1", cwd=tmp_path)
    assert result.returncode == 2
    assert "is a model already" in result.stderr


def test_a_model_that_raises_prints_what_could_be_read(run: Run) -> None:
    result = run("report", *LINEAR, "--input", "2,5")
    assert result.returncode == 1
    assert "parameters  16" in result.stdout
    assert result.stderr.count("\n") == 1
    assert "Linear wants (batch, features) with 3 features" in result.stderr


BAD = [
    (["report"], "Missing argument"),
    (["report", "nothing"], "'nothing' is no target"),
    (["report", "no_such_module:x"], "'no_such_module' can't be imported"),
    (["report", "torch.nn:Linaer"], "did you mean 'Linear'"),
    (["report", "torch.nn:Linear"], "could not be called with no arguments"),
    (["report", *LINEAR, "--input", "a,b"], "is no shape"),
    (["report", *LINEAR, "--input=-1,3"], "negative"),
    (["report", *LINEAR, "--input", "1,3:float33"], "is no dtype"),
    (["report", *LINEAR, "--with", "oops"], "is no keyword argument"),
    (["report", *LINEAR, "--columns", "pth"], "did you mean 'path'"),
    (["report", *LINEAR, "--format", "xml"], "xml"),
    (["report", "os:getcwd"], "a live Keras model or layer, or a torch.nn.Module, is expected"),
    (["frobnicate"], "No such command"),
]


@pytest.mark.parametrize(
    ("arguments", "sentence"), BAD, ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else ""
)
def test_bad_use_is_one_sentence_and_status_2(run: Run, arguments: list[str], sentence: str) -> None:
    result = run(*arguments)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_help_names_every_option(run: Run) -> None:
    text = run("report", "--help").stdout
    for option in ("--input", "--with", "--format", "--columns", "--depth", "--width"):
        assert option in text


@pytest.mark.parametrize(
    ("texts", "inputs"),
    [
        ([], None),
        (["1,3,224,224"], (1, 3, 224, 224)),
        (["None,3"], (None, 3)),
        (["1,8:int64"], TensorSpec((1, 8), "int64")),
        (["1,3", "1,4"], [(1, 3), (1, 4)]),
        (["ids=1,8:int64", "mask=1,8"], {"ids": TensorSpec((1, 8), "int64"), "mask": (1, 8)}),
        (["1,3", "mask=1,8:bool"], Inputs(TensorSpec((1, 3)), mask=TensorSpec((1, 8), "bool"))),
    ],
)
def test_inputs_are_read_from_text(texts: list[str], inputs: Any) -> None:
    assert parse_inputs(texts) == inputs


def test_inputs_that_are_no_shape() -> None:
    with pytest.raises(InputsError):
        parse_inputs(["1,x"])


def test_the_demo_shows_both_models_in_one_table() -> None:
    result = in_a_process("demo")
    assert result.returncode == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    conv = next(line for line in lines if line.strip().startswith("conv2 "))
    assert "(3, 3, 16, 32)" in conv
    assert "(32, 16, 3, 3)" in conv
    total = 160 + 32 + 4640 + 100416 + 650
    assert next(line for line in lines if line.startswith("parameters")).count(f"{total:,}") == 2


@pytest.mark.parametrize(("framework", "extra"), [("keras", "tensorflow"), ("torch", "torch")])
def test_a_framework_that_is_not_installed(framework: str, extra: str) -> None:
    for arguments in (["demo"], ["report", f"{framework}.anything:x"]):
        result = in_a_process(*arguments, before=without(framework))
        assert result.returncode == 2
        assert f"pip install 'introspect-nn[{extra}]'" in result.stderr
        assert result.stderr.count("\n") == 1


def test_keras_without_its_backend() -> None:
    before = "import os; os.environ['KERAS_BACKEND'] = 'tensorflow'" + without("tensorflow")
    for arguments in (["demo"], ["report", "keras.layers:Dense"]):
        result = in_a_process(*arguments, before=before)
        assert result.returncode == 2
        assert "keras is needed for this and can't be imported without tensorflow" in result.stderr
        assert "KERAS_BACKEND" in result.stderr
        assert result.stderr.count("\n") == 1
