"""The repairs of a comparison, made on copies and on what these are fed."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..adapter import Change, Stage
from ..comparison import Comparison, Repair
from ..records import Layer, Report

Function = Callable[[Any], Any]


@dataclass
class Repaired:
    """What was repaired: the functions of each side's inputs, in the other side's layout; and what could not be."""

    inputs: dict[str, list[Function]] = field(default_factory=lambda: {"a": [], "b": []})
    failed: list[str] = field(default_factory=list)


def apply_repairs(comparison: Comparison, stages: dict[str, Stage]) -> Repaired:
    """Make exactly the listed repairs; `stages` are the copies by side."""
    done = Repaired()
    reports = {"a": comparison.a, "b": comparison.b}
    fed: list[tuple[float, str, Function]] = []
    for repair in sorted(comparison.repairs, key=_comes_last):
        other = "b" if repair.side == "a" else "a"
        if repair.action == "input":
            made = _scaling(repair, reports[other], stages[other])
            if made is None:
                done.failed.append(f"{repair.text}: how the input is scaled is not known")
            else:
                fed.append((made[0], repair.side, made[1]))
            continue
        why = stages[repair.side].change(_change(repair))
        if why is not None:
            done.failed.append(f"{repair.text}: {why}")
    for _, side, function in sorted(fed, key=lambda one: one[0]):
        done.inputs[side].append(function)
    return done


def _comes_last(repair: Repair) -> bool:
    """How a window is padded by hand depends on its other settings."""
    return repair.setting == "padding"


def _change(repair: Repair) -> Change:
    path = None if repair.path == "the output" else repair.path
    said = (repair.setting or "").split()
    called = (said[1], int(said[2])) if said[:1] == ["function"] and len(said) == 3 else None
    if repair.action == "set" and said[:1] != ["function"]:
        return Change("set", path, repair.setting, repair.value)
    word, settings = spoken(str(repair.value))
    return Change(repair.action, path, "function" if called else repair.setting, None, word, settings, called)


def spoken(label: str) -> tuple[str, dict[str, Any]]:
    """A function as it is printed: `leaky_relu(slope=0.2)` → its word and its settings."""
    word, bracket, rest = label.partition("(")
    settings: dict[str, Any] = {}
    for part in _parts(rest.removesuffix(")")) if bracket else ():
        name, _, value = part.strip().partition("=")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return word, settings


def _parts(text: str) -> list[str]:
    """What stands between commas that are in no brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part for part in parts if part.strip()]


def _scaling(repair: Repair, report: Report, stage: Stage) -> tuple[float, Function] | None:
    """When the other model scales its input, and how."""
    said = str(repair.value)
    if said in report and report[said].kind == "normalization":
        layer = report[said]
        return _order(layer), lambda x: _normalized(x, layer, stage)
    word, settings = spoken(said)
    scale, shift = settings.get("scale"), settings.get("shift", 0.0)
    if word != "rescaling" or scale is None:
        return None
    same = [x for x in report if x.kind == "rescaling" and x.setting("scale") == scale and x.setting("shift") == shift]
    return (_order(same[0]) if same else math.inf), lambda x: _affine(x, scale, shift)


def _order(layer: Layer) -> float:
    return layer.calls[0].order if layer.calls else math.inf


def _affine(x: Any, scale: Any, shift: Any) -> Any:
    import numpy as np

    return x * np.asarray(scale) + np.asarray(shift or 0.0)


def _normalized(x: Any, layer: Layer, stage: Stage) -> Any:
    """As Keras's `Normalization` does it, by its own statistics or by those that it was told."""
    import numpy as np

    held = {
        p.role: stage.weights().read(p.path).astype("float64")
        for p in layer.parameters
        if p.role in ("mean", "variance")
    }
    mean, variance = (held.get(name, layer.setting(name)) for name in ("mean", "variance"))
    axes = [axis % x.ndim for axis in layer.setting("axis") or ()]
    shape = [n if axis in axes else 1 for axis, n in enumerate(x.shape)]
    mean, variance = (np.asarray(v, "float64").reshape(shape if np.size(v) > 1 else ()) for v in (mean, variance))
    deviation = np.maximum(np.sqrt(variance), 1e-7)
    return x * deviation + mean if layer.setting("invert") else (x - mean) / deviation
