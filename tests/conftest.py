"""What every test runs with: one Keras backend, no start-up remarks, the same random numbers."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.browser import browser, watched  # noqa: F401
from support.command_line import Result, Run

pytest_plugins = ["pytester"]
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process."""

    def call(*arguments: str, cwd: Path | None = None) -> Result:
        from introspect.cli import main

        monkeypatch.setattr(sys, "argv", ["introspect", *arguments])
        if cwd is not None:
            monkeypatch.chdir(cwd)
            monkeypatch.setattr(sys, "path", ["", *sys.path])
        with pytest.raises(SystemExit) as ended:
            main()
        return Result(int(ended.value.code or 0), *capfd.readouterr())

    return call
