"""Checks that every model goes through, whatever its framework."""

from __future__ import annotations

from typing import Any

from introspect import Report, explain
from introspect.values import tensor_leaves


def shapes_differ(report: Report, reference: Any, without: tuple[str, ...] = ()) -> list[str]:
    """Where the report's calls are not those of a real pass: every input and output tensor's shape and dtype."""
    wrong = []
    for layer in report:
        if layer.kind in without:
            continue
        ours = [
            (
                [(spec.shape, spec.dtype) for spec in tensor_leaves(call.inputs)],
                [(spec.shape, spec.dtype) for spec in tensor_leaves(call.outputs)],
            )
            for call in layer.calls
        ]
        real = [
            ([tuple(t) for t in call.inputs], [tuple(t) for t in call.outputs])
            for call in reference.calls.get(layer.path, ())
        ]
        if ours != real:
            wrong.append(f"{layer.path!r} ({layer.type}): {len(ours)} calls {ours[:1]}, really {len(real)} {real[:1]}")
    missing = set(reference.calls) - {layer.path for layer in report}
    return wrong + [f"{path!r} was called and is not in the report" for path in sorted(missing)]


def check_report(report: Report) -> None:
    """What holds for every report: it survives JSON, axes fit shapes, formulas agree, steps are in order."""
    assert Report.from_json(report.to_json()) == report
    for layer in report:
        for parameter in layer.parameters:
            if parameter.axes is not None and parameter.shape is not None:
                assert parameter.by_axis is not None, parameter.path
                product = 1
                for size in parameter.by_axis.values():
                    product *= size
                assert product == parameter.size, parameter.path
        assert all(path in report for path in layer.children)
    paths = [p.path for layer in report for p in layer.parameters]
    assert len(paths) == len(set(paths))
    orders = sorted([c.order for layer in report for c in layer.calls] + [op.order for op in report.operations])
    assert len(orders) == len(set(orders))
    for step in (*(c for layer in report for c in layer.calls), *report.operations):
        assert len(step.sources) == len(tensor_leaves(step.inputs))
        for source in step.sources:
            assert source is None or source.kind != "step" or source.step < step.order
    explanations = explain(report)
    assert not [str(e) for e in explanations.values() if e.agrees is False]
    assert explanations.total == report.parameter_count
    if report.parameter_count is not None:
        assert explanations[""].total == report.parameter_count


def array(tensor: Any) -> Any:
    """The values of a Keras tensor of any backend. (`convert_to_numpy` warns on some, and warnings are errors here.)"""
    import keras
    import numpy as np

    copied = keras.ops.copy(tensor)
    return copied.detach().cpu().numpy() if hasattr(copied, "detach") else np.asarray(copied)
