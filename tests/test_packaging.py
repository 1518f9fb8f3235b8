"""What is built is what is meant: the wheel, looked into and installed."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist, and the wheel that is built from that sdist."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    return folder


def test_the_wheel_holds_the_package_its_adapters_and_nothing_else(built: Path) -> None:
    (wheel,) = built.glob("introspect_nn-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    ours = {n for n in names if ".dist-info/" not in n}
    assert all(name.startswith("introspect/") for name in ours)
    sources = {p.relative_to(ROOT).as_posix() for p in (ROOT / "introspect").rglob("*") if p.is_file()}
    sources |= {f"introspect/{p.relative_to(ROOT).as_posix()}" for p in (ROOT / "adapters").rglob("*.py")}
    assert ours == {name for name in sources if "__pycache__" not in name}
    assert "introspect/py.typed" in ours
    templates = ("base.html", "base.css", "report.js", "comparison/pairs.js")
    assert {f"introspect/render/html/templates/{name}" for name in templates} <= ours
    assert {"introspect/render/schema/report.v1.json", "introspect/render/schema/comparison.v1.json"} <= ours
    assert "introspect/adapters/keras/adapter.py" in ours
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_says_what_it_is(built: Path) -> None:
    (wheel,) = built.glob("introspect_nn-*.whl")
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (archive.read(n).decode() for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
    for line in (
        "Name: introspect-nn",
        "License-Expression: MIT",
        "Requires-Python: <3.14,>=3.11",
        "Provides-Extra: torch",
        "Provides-Extra: tensorflow",
        "Provides-Extra: jax",
        "Provides-Extra: all",
        "Provides-Extra: test",
    ):
        assert line in metadata
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    assert not [line for line in required if "extra" not in line and ("torch" in line or "keras" in line)]
    (points,) = (archive.read(n).decode() for n in archive.namelist() if n.endswith("entry_points.txt"))
    assert "introspect = introspect.cli:main" in points
    assert "[pytest11]\nintrospect = introspect.pytest_plugin\n" in points


def test_the_sdist_holds_what_is_needed_to_test(built: Path) -> None:
    (sdist,) = built.glob("introspect_nn-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "adapters/__init__.py", "tests/constraints.txt"} <= names
    assert "notebooks/01_inspect.ipynb" in names


def test_the_installed_wheel_reads_a_model(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("introspect_nn-*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    code = (
        "import introspect, torch\n"
        "report = introspect.inspect(torch.nn.Linear(2, 3))\n"
        "import introspect.adapters.pytorch\n"
        "print(introspect.__file__, introspect.adapters.__file__, report.parameter_count)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    package, adapters, count = result.stdout.split()
    assert Path(package) == tmp_path / "introspect" / "__init__.py"
    assert Path(adapters) == tmp_path / "introspect" / "adapters" / "__init__.py"
    assert count == "9"
