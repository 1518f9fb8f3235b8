"""The README says what is true: its examples print what it shows, its pictures show what they print, its links lead
somewhere, and its commands are those that CI runs."""

from __future__ import annotations

import re
from pathlib import Path

import keras
import pytest
from support.readme import DOCSTRING, README, ROOT, Example, examples
from support.readme_pictures import FOLDER, PICTURES, THEMES, drawn, labels

VERSION = re.compile(r"\b(keras|torch) \d+(\.[\w+]+)+")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)|(?:src|srcset)=\"([^\"]+)\"")


@pytest.fixture(scope="module")
def ran() -> tuple[list[Example], dict[str, object]]:
    """The README's examples, and the names that they leave behind."""
    if keras.config.backend() != "tensorflow":
        pytest.skip("the README shows Keras on TensorFlow")
    names: dict[str, object] = {}
    return examples(README, names), names


def _check(example: Example, file: Path) -> None:
    assert VERSION.sub("", example.printed) == VERSION.sub("", example.shown), (
        f"{example.code}\nprints something else than {file.name} shows. "
        "If the new output is right, save it: python tests/support/readme.py"
    )


def test_the_examples_print_what_is_shown(ran: tuple[list[Example], dict[str, object]]) -> None:
    assert len(ran[0]) >= 5
    for example in ran[0]:
        _check(example, README)


def test_the_example_in_the_packages_docstring_prints_what_is_shown() -> None:
    found = examples(DOCSTRING)
    assert found
    for example in found:
        _check(example, DOCSTRING)


@pytest.mark.parametrize("theme", THEMES)
def test_the_drawing_is_that_of_the_models_in_the_examples(
    theme: str, ran: tuple[list[Example], dict[str, object]]
) -> None:
    saved = (FOLDER / f"port-{theme}.svg").read_text()
    assert labels(saved) == labels(drawn(ran[1], theme)), "Draw it anew: python tests/support/readme_pictures.py"


@pytest.mark.parametrize("name", [f"{name}-{theme}{ending}" for name, ending in PICTURES for theme in THEMES])
def test_every_picture_is_shown(name: str) -> None:
    assert f"notebooks/pictures/{name}" in README.read_text()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name: str) -> None:
    for match in LINK.finditer((ROOT / name).read_text()):
        assert (ROOT / (match[1] or match[2])).exists(), match[0]


def test_the_commands_are_those_of_ci() -> None:
    text = README.read_text()
    install = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[all,test]' -c tests/constraints.txt"
    assert f"{install} && .venv/bin/introspect demo\n" in text
    assert f"{install} && .venv/bin/pytest -n 2\n" in text
    assert f"{install} && .venv/bin/pytest -n 2\n" in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("name", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE"])
def test_the_files_that_people_look_for_are_here(name: str) -> None:
    assert Path(ROOT / name).read_text().strip()


def test_contributing_fits_one_screen() -> None:
    assert len((ROOT / "CONTRIBUTING.md").read_text().splitlines()) <= 45


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) < 300
