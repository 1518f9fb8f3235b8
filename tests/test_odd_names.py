"""Names that hold code, or signs that steer a terminal: wherever a name is shown, it stays a name."""

from __future__ import annotations

import io
import time
from pathlib import Path
from xml.dom import minidom

import pytest
import torch
from support.command_line import Run
from torch import nn

from introspect import Report, inspect, progress, transfer
from introspect.comparing.code import access
from introspect.literals import escaped, quoted

ODD = ["a\nimport os", 'b"); raise SystemExit(7); ("', "c\\", "d\x1b]0;title\x07", "é 漢", "e\u202ef", "'"]


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        for name in ODD:
            self.add_module(name, nn.Linear(3, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self._modules.values():
            assert layer is not None
            x = layer(x)
        return x


@pytest.mark.parametrize("name", [*ODD, "\x9b", "\ud800", "plain"])
def test_a_name_in_code_is_a_literal(name: str) -> None:
    assert eval(quoted(name)) == name
    assert quoted(name).isprintable()
    assert "\n" not in escaped(name)
    assert quoted("plain") == '"plain"'


def test_a_recipe_carries_what_bears_such_names() -> None:
    source, target = Named(), Named()
    held: dict = {}
    exec(transfer(source, Named()).recipe(), held)
    held["carry"](source, target)
    assert all(torch.equal(tensor, target.state_dict()[name]) for name, tensor in source.state_dict().items())


def test_how_a_layer_is_reached() -> None:
    assert access("encoder.0", "torch") == 'model.get_submodule("encoder.0")'
    assert access("encoder.d", "keras") == 'model.get_layer("encoder").get_layer("d")'
    assert access("", "keras") == "model"
    assert access('a"b', "torch") == 'model.get_submodule("a\\"b")'


def test_a_picture_holds_what_xml_may() -> None:
    drawing = inspect(Named(), (1, 3)).draw()
    minidom.parseString(drawing.svg.encode("utf-8"))
    assert drawing.png().startswith(b"\x89PNG")
    assert "\\x1b" in drawing.svg


def test_tables_for_latex_hold_no_control_characters() -> None:
    assert "\x1b" not in inspect(Named(), (1, 3)).to_latex()


def test_what_a_saved_report_says_does_not_steer_the_terminal(run: Run, tmp_path: Path) -> None:
    class Raises(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("\x1b]0;title\x07")

    (tmp_path / "r.json").write_text(inspect(Raises(), (1, 3)).to_json())
    assert "\x1b" in Report.from_json((tmp_path / "r.json").read_text()).notes[-1]
    done = run("report", "r.json", cwd=tmp_path)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\x1b]0;title\\x07" in done.stderr


def test_a_package_that_can_not_import_what_it_offers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "lazily.py").write_text("def __getattr__(name):\n    raise ImportError('it needs another')\n")
    done = run("report", "lazily:Model", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "introspect: 'Model' of 'lazily' can't be had: ImportError: it needs another\n"


def test_a_bar_takes_no_name_for_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(progress, "SECONDS", 0.01)
    monkeypatch.setenv("TERM", "xterm")
    shown = Terminal()
    with progress.shown(shown), progress.during("loading a[/b] [red]c \x1b]0;d"):
        until = time.monotonic() + 20
        while "loading" not in shown.getvalue() and time.monotonic() < until:
            time.sleep(0.05)
    assert "a[/b] [red]c \\x1b]0;d" in shown.getvalue()
