"""What the command line writes where: terminals, pipes, files; its help, its completion, how far it has come."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.command_line import Run
from support.pseudo_terminal import CODE, environment, in_a_pipe, in_a_terminal
from torch import nn
from wcwidth import wcswidth

import introspect
from introspect import Report, compare, completing, explain, inspect, progress, prove, transfer
from introspect.tables import report_table

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
COMMANDS = ("report", "explain", "compare", "prove", "transfer", "demo")
NET = nn.Sequential(nn.Linear(8, 16), nn.Sequential(nn.ReLU(), nn.Linear(16, 4)))
REPORT = inspect(NET, (2, 8))
OTHER = inspect(nn.Sequential(nn.Linear(8, 16), nn.Sequential(nn.GELU(), nn.Linear(16, 4))), (2, 8))
SLOW = """
import time
from pathlib import Path
from introspect import Report

def slow(seconds=1.8):
    print("held back", file=__import__("sys").stderr)
    time.sleep(seconds)
    return Report.from_json(Path("report.json").read_text())

def endless():
    Path("started").touch()
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("here")
    (folder / "report.json").write_text(REPORT.to_json())
    (folder / "other.json").write_text(OTHER.to_json())
    (folder / "slowly.py").write_text(SLOW)
    return folder


def bare(shown: str) -> str:
    """Without escape codes."""
    return re.sub(r"\x1b\[[\d;]*m", "", shown)


# --- terminal or pipe -------------------------------------------------------------------------------------------------


def test_colours_in_a_terminal_plain_text_in_a_pipe(here: Path) -> None:
    shown = in_a_terminal("report", "report.json", cwd=here).stdout
    assert "\x1b[1m" in shown
    assert "├─0" in bare(shown)
    piped = in_a_pipe("report", "report.json", cwd=here)
    assert piped.stdout == f"{REPORT}\n"
    assert piped.stderr == ""


def test_an_effect_has_its_colour_in_a_terminal(here: Path) -> None:
    shown = in_a_terminal("compare", "report.json", "other.json", cwd=here, width=160)
    assert shown.returncode == 1
    assert "\x1b[33mactivation relu → gelu (values)" in shown.stdout
    assert "\x1b[33m~\x1b[0m" in shown.stdout


@pytest.mark.parametrize("said", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_a_terminal_without_colours_gets_plain_text_that_fits(here: Path, said: dict[str, str]) -> None:
    for arguments in (("report", "report.json"), ("--help",), ("compare", "--help")):
        shown = in_a_terminal(*arguments, cwd=here, width=70, **said).stdout
        assert "\x1b" not in shown
        assert not set(shown) & set("├╭")
    assert in_a_terminal("report", "report.json", cwd=here, width=70, **said).stdout.strip() == REPORT.to_text(width=70)


def test_colours_can_be_forced_and_a_width_too(here: Path) -> None:
    shown = in_a_pipe("report", "report.json", cwd=here, FORCE_COLOR="1", COLUMNS="50").stdout
    assert "\x1b[1m" in shown
    assert all(wcswidth(line) <= 50 for line in bare(shown).splitlines())
    assert in_a_pipe("report", "report.json", cwd=here, COLUMNS="50").stdout == f"{REPORT}\n"
    assert in_a_pipe("report", "report.json", "--width", "50", cwd=here).stdout == f"{REPORT.to_text(width=50)}\n"


def test_a_terminal_that_says_its_width_in_columns(here: Path) -> None:
    shown = in_a_terminal("report", "report.json", cwd=here, width=100, COLUMNS="40").stdout
    assert bare(shown).split("\n")[1].rstrip() == "path        (root)"


def test_what_an_encoding_lacks_is_escaped(here: Path) -> None:
    shown = in_a_pipe("compare", "report.json", "other.json", cwd=here, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert shown.returncode == 1
    assert "relu \\u2192 gelu (values)" in shown.stdout
    assert shown.stderr == ""


# --- formats and files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("report.json", "{"),
        ("report.md", "**Sequential (torch"),
        ("report.csv", "path,"),
        ("report.tex", "\\begin{tabular}"),
        ("report.txt", "Sequential (torch"),
        ("REPORT.HTML", "<!doctype html>"),
        ("report.svg", "<svg"),
    ],
)
def test_the_name_of_a_file_says_its_format(run: Run, here: Path, name: str, beginning: str) -> None:
    if name.endswith("svg") and not hasattr(Report, "draw"):
        pytest.skip("there are no pictures yet")
    result = run("report", str(here / "report.json"), "--out", str(here / f"made_{name}"))
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    text = (here / f"made_{name}").read_text("utf-8")
    assert text.lower().lstrip().startswith(beginning.lower())
    if name == "report.json":
        assert Report.from_json(text) == REPORT


@pytest.mark.parametrize("format", ["text", "markdown", "json", "html", "csv", "latex"])
def test_every_format_of_a_report_and_of_a_comparison(run: Run, here: Path, format: str) -> None:
    one, two = str(here / "report.json"), str(here / "other.json")
    assert run("report", one, "--format", format).stdout.strip()
    assert run("compare", one, two, "--format", format).stdout.strip()


def test_rows_and_columns_are_those_that_were_asked_for(run: Run, here: Path) -> None:
    said = run(
        "report", str(here / "report.json"), "--columns", "path, units", "--depth", "1", "--format", "csv"
    ).stdout
    assert said.split() == ["path,units", ",", "0,16", "1,"]
    table = run("compare", str(here / "report.json"), str(here / "report.json"), "--depth", "0").stdout
    assert "3 layers, equal" in table


BAD = [
    (["report", "report.json", "-o", "x.doc"], "'x.doc' does not say what to write: let it end in .txt, .md"),
    (["report", "report.json", "-o", "no/such/x.md"], "can't be written: No such file or directory"),
    (["explain", "report.json", "-o", "x.html"], "Of this there is no html"),
    (["explain", "report.json", "-o", "x.svg"], "Of this there is no picture .svg"),
    (["explain", "report.json", "nowhere"], "No layer has the path 'nowhere'"),
    (["report", "report.json", "--width", "3"], "--width"),
]


@pytest.mark.parametrize(("arguments", "sentence"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_what_cannot_be_written_is_one_sentence(run: Run, here: Path, arguments: list[str], sentence: str) -> None:
    result = run(*arguments, cwd=here)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_explain(run: Run, here: Path) -> None:
    whole = run("explain", str(here / "report.json"))
    assert whole.returncode == 0
    assert whole.stdout == f"{explain(REPORT)}\n"
    assert run("explain", str(here / "report.json"), "1.1").stdout == "16 in × 4 out + 4 out = 68\n"
    assert "path   & type" in run("explain", str(here / "report.json"), "--format", "latex").stdout
    assert "| path" in run("explain", str(here / "report.json"), "--format", "markdown").stdout


# --- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "width"),
    [*((command, width) for command in COMMANDS for width in (60, 80)), *(("", width) for width in (40, 60, 72, 120))],
)
def test_help_is_cut_nowhere(here: Path, command: str, width: int) -> None:
    shown = in_a_terminal(*filter(None, [command]), "-h", cwd=here, width=width).stdout
    said = bare(shown)
    assert "…" not in said
    assert "..." not in said.replace("[ARGS]...", "")
    for option in OPTIONS[command]:
        assert re.search(rf"{option}(?![\w-])", said), option
    if command != "demo":
        assert "xamples:" in said
    assert ("╭" in said) == (width >= 72)


COMMON = ("--out", "--help")
PAIR = ("--input-a", "--input-b", "--with-a", "--with-b", "--help")
OPTIONS = {
    "": (*COMMANDS, "--install-completion", "--show-completion", "NO_COLOR", "Exit status", "package.module:name"),
    "report": ("--input", "--with", "--columns", "--depth", "--format", "--width", *COMMON),
    "explain": ("LAYER", "--input", "--with", "--format", "--width", *COMMON),
    "compare": ("--values", "--prove", "--only", "--depth", "--format", "--width", *PAIR, *COMMON),
    "prove": ("--own", "--seeds", *PAIR),
    "transfer": ("--partial", "--recipe", "--checkpoint-a", *PAIR, *COMMON),
    "demo": ("--width", "--help"),
}


def test_no_arguments_are_a_call_for_help(run: Run) -> None:
    result = run()
    assert result.returncode in (0, 2)
    assert "Usage: introspect" in result.stdout + result.stderr


# --- completion -------------------------------------------------------------------------------------------------------


def completed(here: Path, line: str) -> str:
    said = {"_INTROSPECT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
    return in_a_pipe(cwd=here, **said).stdout


def test_a_shell_completes_commands_options_formats_and_columns(here: Path) -> None:
    assert '"compare"' in completed(here, "introspect com")
    assert '"--columns"' in completed(here, "introspect report x --col")
    assert '"markdown"' in completed(here, "introspect report x --format m")
    assert '"path,parameters"' in completed(here, "introspect report x --columns path,par")


def test_a_shell_completes_models_at_hand(here: Path) -> None:
    assert '"report.json"' in completed(here, "introspect report rep")
    assert "slowly" in completed(here, "introspect report slo")
    assert "endless" in completed(here, "introspect report slowly:e")


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["report", "slo"], ["slowly:"]),
        (["report", "slowly", ":", "e"], ["endless"]),
        (["report", "slowly", ":"], ["slow", "endless"]),
        (["report", "slowly", ":", "slow", "--form"], ["--format"]),
        (["report", "x", "--format", "=", "ma"], ["markdown"]),
        (["expl"], ["explain"]),
    ],
)
def test_bash_completes_behind_a_colon_too(here: Path, words: list[str], offered: list[str]) -> None:
    said = {"_INTROSPECT_COMPLETE": "complete_bash", "COMP_CWORD": str(len(words))}
    assert in_a_pipe(cwd=here, COMP_WORDS="\n".join(["introspect", *words]), **said).stdout.split() == offered


def test_completing_reads_files_and_imports_none(here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(here)
    assert completing.targets("slowly:") == ["slowly:slow", "slowly:endless"]
    assert completing.targets("no_such:x") == []
    assert completing.columns("path,un") == ["path,units"]
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("model: object = 1\n_hidden = other = 2\nclass Net: ...\n")
    (tmp_path / "package" / "models.py").touch()
    (tmp_path / "package" / "more.json").touch()
    (tmp_path / "broken.py").write_text("def (")
    (tmp_path / "weights.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert completing.targets("") == ["broken:", "package.", "package/", "package:"]
    assert completing.targets("package.m") == ["package.models:"]
    assert completing.targets("package/m") == ["package/more.json"]
    assert completing.targets("package:") == ["package:model", "package:other", "package:Net"]
    assert completing.targets("broken:") == []
    assert completing.targets("nowhere/") == []


# --- the end ----------------------------------------------------------------------------------------------------------


def test_whoever_stops_reading_hears_nothing(here: Path) -> None:
    for more in ({}, {"FORCE_COLOR": "1"}):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [sys.executable, "-c", CODE, "report", "report.json"],
            stdout=writer, stderr=subprocess.PIPE, cwd=here, env=environment(**more), check=False,
        )  # fmt: skip
        os.close(writer)
        assert done.stderr == b""
        assert done.returncode == 141


def test_an_interrupt_is_no_traceback(here: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, "report", "slowly:endless"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here, env=environment(),
    )  # fmt: skip
    while not (here / "started").exists():
        time.sleep(0.05)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


# --- progress ---------------------------------------------------------------------------------------------------------


def test_a_bar_for_what_takes_long_and_then_it_is_gone(here: Path) -> None:
    shown = in_a_terminal("report", "slowly:slow", cwd=here, piped=True)
    assert shown.stdout == f"{REPORT}\n"
    assert "loading slowly:slow" in shown.stderr
    assert shown.stderr.rstrip().endswith("held back")  # what is written to stderr comes after it
    assert "\x1b[2K" in shown.stderr


def test_no_bar_in_a_pipe_nor_for_what_is_quick(here: Path) -> None:
    assert in_a_pipe("report", "slowly:slow", cwd=here).stderr == "held back\n"
    quick = in_a_terminal("report", "slowly:slow", "--with", "seconds=0", cwd=here, piped=True)
    assert quick.stderr.strip() == "held back"


class Told:
    """A watcher that remembers."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[int | None, int]] = {}
        self.open: list[str] = []

    def begin(self, what: str, total: int | None) -> str:
        self.steps[what] = total, 0
        self.open.append(what)
        return what

    def advance(self, task: str) -> None:
        total, done = self.steps[task]
        self.steps[task] = total, done + 1

    def end(self, task: str) -> None:
        self.open.remove(task)


def test_what_takes_long_says_how_far_it_is() -> None:
    told, other = Told(), nn.Sequential(nn.Linear(8, 16), nn.Sequential(nn.ReLU(), nn.Linear(16, 4)))
    with progress.watched(told):
        found = compare(NET, other, inputs_a=(2, 8), values=True)
        transfer(NET, other, found)
        prove(NET, other, found, seeds=2)
    assert told.steps["comparing values"] == (4, 4)
    assert told.steps["carrying tensors"] == (4, 4)
    assert told.steps["proving"] == (2, 2)
    assert told.steps["inspecting Sequential"][0] is None
    assert told.open == []
    assert "writing" in told.steps


def test_what_raises_ends_too() -> None:
    told = Told()
    with progress.watched(told), pytest.raises(ZeroDivisionError):
        [1 / number for number in progress.through([1, 0], "dividing")]
    with progress.watched(told), pytest.raises(KeyError), progress.during("looking up"):
        {}["x"]
    assert told.open == []
    assert told.steps["dividing"] == (2, 1)


def test_without_a_watcher_nothing_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    items = [1, 2]
    assert progress.through(items, "x") is items
    with progress.shown():
        introspect.compare(NET, NET, inputs_a=(2, 8))
        time.sleep(0.01)
    assert capfd.readouterr() == ("", "")


def test_a_report_is_shown_in_the_width_of_the_table(here: Path) -> None:
    table = report_table(REPORT)
    shown = in_a_terminal("report", "report.json", cwd=here, width=200).stdout
    assert all(cell.strip() in bare(shown) for row in table.rows for cell in row)
