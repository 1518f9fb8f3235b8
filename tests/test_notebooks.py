"""Every notebook runs, and prints what is saved in it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from support.notebooks import FOLDER, execute, printed

VERSION = re.compile(r"\b(keras|torch|sklearn) \d+(\.[\w+]+)+")  # `keras 3.15.1`, `torch 2.13.0+cpu`


def without_versions(text: str) -> str:
    return VERSION.sub(r"\1 <version>", text)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_prints_what_is_saved_in_it(path: Path) -> None:
    saved, fresh = nbformat.read(path, as_version=4), execute(path)
    for old, new in zip(saved.cells, fresh.cells, strict=True):
        assert without_versions(printed(new)) == without_versions(printed(old)), (
            f"The cell {old.id!r} of {path.name} prints something else than what is saved in it. "
            "If the new output is right, save it: python tests/support/notebooks.py"
        )


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_saved_notebook_holds_no_error_and_no_start_up_noise(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert outputs
    assert {output.get("name", output.output_type) for output in outputs} <= {"stdout", "execute_result"}


def test_there_are_notebooks() -> None:
    for name in ("01_inspect.ipynb", "02_compare.ipynb", "03_port_and_prove.ipynb", "04_write_your_own_adapter.ipynb"):
        assert (FOLDER / name).is_file()
