"""A plugin of pytest: the fixture `architecture_snapshot`, which keeps what is in a model beside the test, as JSON.

    def test_my_model(architecture_snapshot):
        architecture_snapshot(my_model(), inputs=(1, 3, 224, 224))

`pytest --introspect-update` writes `__snapshots__/<test file>/<test>.json`, to be committed; from then on the test
fails, and shows the comparison, when the architecture is another. What "another" means, and what `ignore` and `names`
say, is told at `introspect.testing.assert_same_architecture`; another version of a framework or other weights are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

FOLDER = "__snapshots__"
UPDATE = "--introspect-update"
_RUN = pytest.StashKey["Run"]()


@dataclass
class Run:
    """What became of snapshots in this run.

    `used` and `written` are files; `folders` may hold some; `tests` were collected, `passed` ran to their end.
    """

    used: set[str] = field(default_factory=set)
    written: set[str] = field(default_factory=set)
    folders: set[str] = field(default_factory=set)
    tests: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)

    def to_dict(self) -> dict[str, list[str]]:
        """As a worker of xdist sends it."""
        return {name: sorted(value) for name, value in vars(self).items()}

    def add(self, other: dict[str, list[str]]) -> None:
        """What a worker saw too."""
        for name, value in other.items():
            getattr(self, name).update(value)

    def obsolete(self) -> list[Path]:
        """Snapshots that no test takes any more: of tests that are gone, or that passed without them."""
        from . import snapshots

        found = []
        for folder in map(Path, sorted(self.folders)):
            for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
                test = None if str(path) in self.used else snapshots.test_of(path)
                key = f"{folder.parent.parent}::{test}"
                if test is not None and (key not in self.tests or key in self.passed):
                    found.append(path)
        return found


def pytest_addoption(parser: pytest.Parser) -> None:
    """The one option."""
    group = parser.getgroup("introspect", "snapshots of architectures")
    group.addoption(UPDATE, action="store_true", help="Write the snapshots that are missing or that differ.")


def pytest_configure(config: pytest.Config) -> None:
    """A run begins."""
    config.stash[_RUN] = Run()


@pytest.fixture
def architecture_snapshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that fails the test unless a model has the architecture of its snapshot.

    `architecture_snapshot(model, name=None, inputs=None, *, ignore=(), names=False)`: `model` is a live model or a
    `Report`, `inputs` what it is called with, as for `introspect.inspect`. `name` tells several snapshots of one test
    apart (else they are numbered); it is the name of the file. `ignore` and `names` as for
    `introspect.testing.assert_same_architecture`.
    """
    taken: set[str] = set()

    def check(
        model: Any, name: str | None = None, inputs: Any = None, *, ignore: Any = (), names: bool = False
    ) -> None:
        __tracebackhide__ = True
        path = _place(request, name, taken)
        run = request.config.stash[_RUN]
        _check(model, inputs, path, request, run, ignore, names)
        run.used.add(str(path))

    return check


def _check(
    model: Any, inputs: Any, path: Path, request: pytest.FixtureRequest, run: Run, ignore: Any, names: bool
) -> None:
    """Compare with the snapshot, or write it."""
    __tracebackhide__ = True
    from . import snapshots  # with all that inspects and compares: only for tests that ask for it
    from .errors import SchemaError
    from .inspection import inspect

    report = inspect(model, inputs)
    if not report.complete:
        pytest.fail(f"The model could not be run to its end: {' '.join(report.notes)} Pass inputs=.", pytrace=False)
    update = request.config.getoption(UPDATE)
    shown = _shown(path, request.config)
    if not path.exists():
        if not update:
            pytest.fail(f"There is no snapshot {shown}: pytest {UPDATE} makes it; commit it then.", pytrace=False)
        snapshots.write(path, report, _test(request.node))
        run.written.add(str(path))
        return
    try:
        failure = snapshots.failure(snapshots.read(path), report, shown, ignore, names)
    except SchemaError as error:
        failure = f"The snapshot {shown} can't be read. {error}"
    if failure and update:
        snapshots.write(path, report, _test(request.node))
        run.written.add(str(path))
    elif failure:
        pytest.fail(f"{failure}\n\nIf this is what you want: pytest {UPDATE}", pytrace=False)


def _place(request: pytest.FixtureRequest, name: str | None, taken: set[str]) -> Path:
    """`__snapshots__/<test file>/<test>.json`, or `…/<test>-<name>.json`: letters, digits, dots and dashes only."""
    test = _test(request.node).partition("::")[2].replace("::", ".")
    wanted = _safe(test if name is None else f"{test}-{name}")
    if name is not None and wanted in taken:
        pytest.fail(f"The test takes two snapshots of the name {name!r}: give them two names.", pytrace=False)
    number, found = 1, wanted
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    taken.add(found)
    return request.path.parent / FOLDER / request.path.stem / f"{found}.json"


def _safe(name: str) -> str:
    """A file name for every system; where signs had to go, with a number that keeps two names apart."""
    safe = re.sub(r"[^\w.\[\]-]+", "-", name, flags=re.ASCII)[:100].strip(".")
    return safe if safe == name else f"{safe}-{crc32(name.encode('utf-8', 'surrogatepass')):08x}"


def _test(item: pytest.Item) -> str:
    """`test_models.py::TestClass::test_it[case]`."""
    return f"{item.path.name}::{item.nodeid.partition('::')[2]}"


def _shown(path: Path, config: pytest.Config) -> str:
    return path.relative_to(config.rootpath).as_posix() if path.is_relative_to(config.rootpath) else str(path)


def _key(item: pytest.Item) -> str:
    return f"{item.path.parent}::{_test(item)}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """Which tests there are."""
    run = item.config.stash[_RUN]
    run.tests.add(_key(item))
    run.folders.add(str(item.path.parent / FOLDER / item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Which of them passed."""
    report = yield
    if report.when == "call" and report.passed:
        item.config.stash[_RUN].passed.add(_key(item))
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of xdist hands over what it saw."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["introspect"] = session.config.stash[_RUN].to_dict()  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """The controller takes it."""
    node.config.stash[_RUN].add(getattr(node, "workeroutput", {}).get("introspect", {}))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was written, and what may be deleted; of the latter nothing where only single tests were asked for."""
    run = config.stash[_RUN]
    lines = [f"written: {_shown(Path(path), config)}" for path in sorted(run.written)]
    if not any("::" in argument for argument in config.args):
        lines += [f"obsolete, no test takes it: {_shown(path, config)}" for path in run.obsolete()]
    if lines:
        terminalreporter.section("architecture snapshots")
        terminalreporter.write("".join(f"{line}\n" for line in lines))
