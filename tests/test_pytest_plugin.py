"""The fixture `architecture_snapshot`: snapshots are made, kept, refused, and found to be obsolete."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from introspect import compare, inspect
from introspect.records import changed as changed_layer
from introspect.snapshots import read, write

PLAIN = """
from torch import nn

UNITS, RATE, SIZE = 4, 0.1, 3

def model():
    return nn.Sequential(nn.Linear(SIZE, UNITS), nn.Dropout(RATE), nn.ReLU(), nn.Linear(UNITS, 2))

def test_model(architecture_snapshot):
    architecture_snapshot(model(), inputs=(1, SIZE))
"""
FILE = "__snapshots__/test_it/test_model.json"


@pytest.fixture(autouse=True)
def _loaded() -> None:
    """What runs inside runs in this process, and drops what it imported itself."""
    str(compare(inspect(torch.nn.Linear(2, 3), (1, 2)), inspect(torch.nn.Linear(2, 4), (1, 2))))


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    # the plugin of hypothesis would import it anew each time
    quick = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    return pytester.runpytest_inprocess("-W", "error", *quick, *arguments)


def made(pytester: pytest.Pytester, source: str = PLAIN) -> None:
    pytester.makepyfile(test_it=source)
    result = run(pytester, "--introspect-update")
    result.assert_outcomes(passed=result.parseoutcomes()["passed"])


def changed(pytester: pytest.Pytester, old: str, new: str, source: str = PLAIN) -> None:
    assert old in source
    pytester.makepyfile(test_it=source.replace(old, new))


def test_a_missing_snapshot_fails_and_says_how_to_make_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=PLAIN)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"There is no snapshot {FILE}: pytest --introspect-update makes it; commit it then."])
    assert not (pytester.path / FILE).exists()


def test_a_snapshot_is_made_and_holds(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=PLAIN)
    result = run(pytester, "--introspect-update")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*architecture snapshots*", f"written: {FILE}"])
    text = (pytester.path / FILE).read_bytes()
    result = run(pytester)
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*architecture snapshots*")
    run(pytester, "--introspect-update").stdout.no_fnmatch_line("written*")
    assert (pytester.path / FILE).read_bytes() == text
    assert json.loads(text)["test"] == "test_it.py::test_model"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("UNITS, RATE, SIZE = 4", "UNITS, RATE, SIZE = 5", "*units: 4 → 5 (count) in 0*"),
        ("0.1", "0.25", "*rate: 0.1 → 0.25 (training) in 1*"),
        ("nn.ReLU()", "nn.Tanh()", "*activation: relu → tanh (values) in 2*"),
        (", nn.ReLU()", "", "*relu only in a (values)*"),
        ("nn.Linear(UNITS, 2)", "nn.Linear(UNITS, 2).requires_grad_(False)", "*trainable: True → False*"),
    ],
)
def test_a_drift_shows_the_comparison(pytester: pytest.Pytester, old: str, new: str, line: str) -> None:
    made(pytester)
    before = (pytester.path / FILE).read_bytes()
    changed(pytester, old, new)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    head = f"The architecture is not that of {FILE} (a): 1 difference."
    result.stdout.fnmatch_lines([head, line, "If this is what you want: pytest --introspect-update"])
    assert (pytester.path / FILE).read_bytes() == before
    run(pytester, "--introspect-update").assert_outcomes(passed=1)
    assert (pytester.path / FILE).read_bytes() != before
    run(pytester).assert_outcomes(passed=1)


def test_names_fail_only_where_that_was_asked_for(pytester: pytest.Pytester) -> None:
    named = """
from torch import nn
def test_model(architecture_snapshot):
    net = nn.Sequential()
    net.add_module("NAME", nn.Linear(3, 4))
    architecture_snapshot(net, inputs=(1, 3), names=NAMES)
"""
    made(pytester, named.replace("NAMES", "False"))
    changed(pytester, 'NAME"', 'other"', named.replace("NAMES", "False"))
    run(pytester).assert_outcomes(passed=1)
    changed(pytester, 'NAME"', 'other"', named.replace("NAMES", "True"))
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*name: NAME → other*"])


def test_differences_can_be_ignored(pytester: pytest.Pytester) -> None:
    source = PLAIN.replace("inputs=(1, SIZE))", "inputs=(1, SIZE), ignore='rate')")
    made(pytester, source)
    changed(pytester, "0.1", "0.25", source)
    run(pytester).assert_outcomes(passed=1)
    changed(pytester, "UNITS, RATE, SIZE = 4, 0.1", "UNITS, RATE, SIZE = 5, 0.25", source)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*0.25*")


def test_another_version_of_the_framework_is_no_drift(pytester: pytest.Pytester) -> None:
    made(pytester)
    path = pytester.path / FILE
    data = json.loads(path.read_text())
    data["report"]["framework_version"] = "1.0"
    path.write_text(json.dumps(data))
    run(pytester).assert_outcomes(passed=1)


MANY = """
import pytest
from torch import nn

@pytest.mark.parametrize("units", [2, 3])
def test_units(architecture_snapshot, units):
    architecture_snapshot(nn.Linear(2, units))

class TestClass:
    def test_units(self, architecture_snapshot):
        architecture_snapshot(nn.Linear(2, 4))
        architecture_snapshot(nn.Linear(2, 5))
        architecture_snapshot(nn.Linear(2, 6), "six")
        architecture_snapshot(nn.Linear(2, 7), "../a b/ü")

@pytest.mark.parametrize("units", ["a/b", "a?b"])
def test_signs(architecture_snapshot, units):
    architecture_snapshot(nn.Linear(2, 8))

def test_other():
    pass
"""


def names(pytester: pytest.Pytester) -> list[str]:
    return sorted(path.name for path in (pytester.path / "__snapshots__" / "test_it").iterdir())


def test_every_snapshot_has_a_file_of_its_own(pytester: pytest.Pytester) -> None:
    made(pytester, MANY)
    found = names(pytester)
    plain = ["TestClass.test_units-2.json", "TestClass.test_units-six.json", "TestClass.test_units.json"]
    assert {*plain, "test_units[2].json", "test_units[3].json"} < set(found)
    assert len(found) == 8
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyzCT0123456789_.-[]") for name in found)
    assert not list(pytester.path.glob("__snapshots__/*.json"))
    run(pytester).assert_outcomes(passed=6)


def test_obsolete_snapshots_are_told(pytester: pytest.Pytester) -> None:
    made(pytester, MANY)
    changed(pytester, '"a?b"', '"c"', MANY.replace("[2, 3]", "[2]").replace(', "six"', ', "seven"'))
    result = run(pytester, "--introspect-update")
    told = [line for line in result.outlines if line.startswith("obsolete")]
    assert len(told) == 3
    assert any("test_units[[]3]" in line.replace("[", "[[]", 1) or "test_units[3]" in line for line in told)
    assert any("TestClass.test_units-six.json" in line for line in told)
    for selected in (["-k", "signs"], ["test_it.py::TestClass"], ["-k", "other"]):
        told = [line for line in run(pytester, *selected).outlines if line.startswith("obsolete")]
        assert len(told) == (0 if "::" in selected[0] else 2), selected  # what did not run may need the third


def test_one_name_can_not_be_taken_twice(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_it="""
        from torch import nn
        def test_it(architecture_snapshot):
            architecture_snapshot(nn.Linear(2, 2), "one")
            architecture_snapshot(nn.Linear(2, 3), "one")
        """
    )
    result = run(pytester, "--introspect-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The test takes two snapshots of the name 'one': give them two names."])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"report": 1}', '{"report": {"schema": 99}}', "{}"])
def test_a_damaged_snapshot_fails_in_a_sentence_and_can_be_made_anew(pytester: pytest.Pytester, text: str) -> None:
    made(pytester)
    (pytester.path / FILE).write_text(text)
    result = run(pytester)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"The snapshot {FILE} can't be read. This*"])
    result.stdout.no_fnmatch_line("*Traceback*")
    run(pytester, "--introspect-update").assert_outcomes(passed=1)
    run(pytester).assert_outcomes(passed=1)


def test_a_model_that_raises_is_no_snapshot(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=PLAIN.replace("inputs=(1, SIZE)", "inputs=(1, 7)"))
    result = run(pytester, "--introspect-update")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["The model could not be run to its end: *"])
    assert not (pytester.path / FILE).exists()


SAVED = """
import pytest
from pathlib import Path
from introspect import Report

@pytest.mark.parametrize("n", range(4))
def test_saved(architecture_snapshot, n):
    architecture_snapshot(Report.from_json((Path(__file__).parent / "saved.json").read_text()))
"""


def test_workers_of_xdist_tell_it_together(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(test_it=SAVED)
    (pytester.path / "saved.json").write_text(inspect(torch.nn.Linear(2, 3)).to_json())
    arguments = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-n2")
    result = pytester.runpytest_subprocess(*arguments, "--introspect-update")
    result.assert_outcomes(passed=4)
    assert len([line for line in result.outlines if line.startswith("written")]) == 4
    gone = pytester.path / "__snapshots__/test_it/test_gone.json"
    gone.write_text('{"test": "test_it.py::test_gone", "report": {}}')
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["obsolete, no test takes it: __snapshots__/test_it/test_gone.json"])
    assert len([line for line in result.outlines if line.startswith("obsolete")]) == 1


def test_a_snapshot_is_json_of_short_lines_that_is_read_again(tmp_path: Path) -> None:
    report = inspect(torch.nn.TransformerEncoderLayer(8, 2, 16), (3, 1, 8))
    write(tmp_path / "a" / "one.json", report, "a::b")
    text = (tmp_path / "a" / "one.json").read_text(encoding="utf-8")
    assert read(tmp_path / "a" / "one.json") == report
    assert text.endswith("}\n")
    assert text.count("\n") < report.to_json(indent=1).count("\n") / 2
    timed = [changed_layer(layer, calls=tuple(replace(c, seconds=1.5) for c in layer.calls)) for layer in report]
    write(tmp_path / "two.json", replace(report, layers=tuple(timed)), "a::b")
    assert (tmp_path / "two.json").read_text(encoding="utf-8") == text


def test_the_plugin_loads_no_framework() -> None:
    code = "import introspect.pytest_plugin, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"torch", "keras", "tensorflow", "jax", "tf_keras", "numpy", "pandas", "tabulate", "rich"}


def test_the_option_and_the_fixture_are_known(pytester: pytest.Pytester) -> None:
    run(pytester, "--help").stdout.fnmatch_lines(["*--introspect-update*Write the snapshots*"])
    run(pytester, "--fixtures").stdout.fnmatch_lines(["architecture_snapshot*"])
