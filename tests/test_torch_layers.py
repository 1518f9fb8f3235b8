"""Every module class of torch: its row, against what was written down of it by hand and what torch itself says."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from introspect.adapters.pytorch.layers import row_of
from support import torch_reference
from support.checks import check_report, shapes_differ
from support.fingerprint import difference, torch_fingerprint
from support.torch_layers import Case, torch_layers
from torch import nn

from introspect import Report, TensorSpec, explain, inspect

CASES = torch_layers()


@contextmanager
def allowed(case: Case) -> Iterator[None]:
    """What torch says about a class of its own is no fault of ours."""
    with warnings.catch_warnings():
        if case.warns:
            warnings.filterwarnings("ignore", f".*{case.warns}")
        yield


def feed(said: Any) -> list[Any]:
    """Real tensors: ones where whole numbers are asked for, since these may be classes or lengths."""
    specs = said if isinstance(said, list) else [said]
    specs = [spec if isinstance(spec, TensorSpec) else TensorSpec(spec, "float32") for spec in specs]
    return [torch.ones(spec.shape, dtype=getattr(torch, spec.dtype)) for spec in specs]


def check_tensors(report: Report, case: Case) -> None:
    """Every tensor of its own with its axes, and the number of elements below."""
    own = {p.name: p for p in report.root.parameters}
    assert {name: (p.shape, p.axes) for name, p in own.items()} == case.tensors
    assert {name for name, p in own.items() if p.state == "buffer"} == set(case.buffers)
    learned = {name: math.prod(shape) for name, (shape, _) in case.tensors.items() if name not in case.buffers}
    assert report.parameter_count == sum(learned.values()) + case.below
    for p in report.parameters:
        assert p.by_axis is None or math.prod(p.by_axis.values()) == p.size
        assert p.axes is not None or case.why, p.path


@pytest.mark.parametrize("name", CASES)
def test_a_module_is_what_was_written_down_of_it(name: str) -> None:
    case = CASES[name]
    with allowed(case):
        module = case.make().eval()
        before = torch_fingerprint(module)
        report = inspect(module, case.said)
        assert not difference(before, torch_fingerprint(module))
        assert report == inspect(module, case.said)
    assert report.complete, report.notes
    assert report.method == case.method, report.notes
    assert report.root.kind == case.kind
    assert report.root.units == case.units
    assert {setting: report.root.setting(setting) for setting in case.settings} == case.settings
    check_tensors(report, case)
    explanation = explain(report, "")
    assert explanation.agrees is case.agrees, explanation
    assert case.formula in (None, explanation.substituted)
    if case.agrees:
        check_report(report)
    if case.said is not None:
        with allowed(case):
            assert not shapes_differ(report, torch_reference.record(module, *feed(case.said)))
    counts = [sum(t.numel() for t in tensors) for tensors in (module.parameters(), module.buffers())]
    assert [report.parameter_count, report.buffer_count] == counts
    assert case.lazy or report.native_count == counts[0]


# The class that all others derive from is of no kind.
EXCEPTIONS = {"Module"}


def classes() -> set[str]:
    found = {name: value for name, value in vars(nn).items() if isinstance(value, type)}
    return {name for name, value in found.items() if issubclass(value, nn.Module)} - EXCEPTIONS


def test_every_class_has_a_case_and_a_row() -> None:
    """A new release of torch fails here, and shows what to add."""
    assert len(classes()) >= 162
    cases = {name.partition(",")[0]: case for name, case in CASES.items()}
    assert not classes() - set(cases)
    assert not set(cases) - classes()
    for name, case in cases.items():
        with allowed(case):
            assert row_of(case.make()).kind != "unknown", name
