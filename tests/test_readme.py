"""The README says what is true: its examples print what it shows, and its commands are those that CI runs."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest
from support.readme import README, examples

ROOT = README.parent
VERSION = re.compile(r"\b(keras|torch) \d+(\.[\w+]+)+")


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="the README shows Keras on TensorFlow")
def test_the_examples_print_what_is_shown() -> None:
    found = examples()
    assert len(found) >= 10
    for example in found:
        assert VERSION.sub("", example.printed) == VERSION.sub("", example.shown), (
            f"{example.code}\nprints something else than the README shows. "
            "If the new output is right, save it: python tests/support/readme.py"
        )


def test_the_commands_are_those_of_ci() -> None:
    text = README.read_text()
    install = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[all,test]' -c tests/constraints.txt"
    assert f"{install} && .venv/bin/introspect demo\n" in text
    assert f"{install} && .venv/bin/pytest\n" in text
    assert f"{install} && .venv/bin/pytest\n" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
def test_the_files_that_people_look_for_are_here(name: str) -> None:
    assert Path(ROOT / name).read_text().strip()


def test_contributing_fits_one_screen() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 45
