"""How far two models are apart: in their outputs, and at which pair of layers it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..adapter import Ran
from ..comparison import Comparison, Match
from ..records import Report
from ..vocabulary import CHANNELS_FIRST

_MOVING = frozenset({"flatten", "reshape", "permute", "input", "dropout", "container"})


def gaps(comparison: Comparison, one: Ran, other: Ran) -> dict[str, tuple[float, float]]:
    """Per output of `a`: the greatest absolute and the greatest relative difference."""
    found = {}
    for mapped in comparison.output_map:
        a, b = int(mapped.a), int(mapped.b)
        if a < len(one.outputs) and b < len(other.outputs):
            name = mapped.a if mapped.a == mapped.b else f"{mapped.a} = {mapped.b}"
            theirs = _laid_out(other.outputs[b], mapped.path, comparison, one.outputs[a])
            found[name] = difference(one.outputs[a], theirs)
    return found


def difference(x: Any, y: Any) -> tuple[float, float]:
    """The greatest absolute difference, and that by the spread of the first; infinite where shapes differ."""
    import numpy as np

    if x.shape != y.shape:
        return float("inf"), float("inf")
    x, y = x.astype("float64"), y.astype("float64")
    greatest = float(np.max(np.abs(x - y), initial=0.0))
    spread = float(np.std(x)) or float(np.max(np.abs(x), initial=0.0)) or 1.0
    if not np.isfinite(greatest):
        same = bool(np.array_equal(x, y, equal_nan=True)) and bool(np.isfinite(x).any())
        return (0.0, 0.0) if same else (float("inf"), float("inf"))
    return greatest, greatest / spread


def _laid_out(array: Any, pattern: str | None, comparison: Comparison, like: Any) -> Any:
    """What `b` gives in `a`'s order of axes: maps of channels, where one of both has these first."""
    import numpy as np

    if pattern is not None:
        from einops import rearrange

        return rearrange(array, " -> ".join(reversed(pattern.split(" -> "))))
    first = [_channels_first(report) for report in (comparison.a, comparison.b)]
    if array.ndim < 3 or first[0] == first[1]:
        return array
    if array.ndim == 3 and array.shape == like.shape:  # a sequence, which has no channels
        return array
    return np.moveaxis(array, 1, -1) if first[1] else np.moveaxis(array, -1, 1)


def _channels_first(report: Report) -> bool:
    formats = [layer.setting("data_format") for layer in report if layer.calls]
    known = [name for name in formats if name]
    return known[-1] == "channels_first" if known else report.framework in CHANNELS_FIRST


def first_divergence(comparison: Comparison, one: Ran, other: Ran, bar: float) -> tuple[str, str] | None:
    """The first pair of layers, in the order of `a`, that give other values: in whatever order of axes."""
    import numpy as np

    for match in comparison.matches:
        pair = _pair(match, one.layers, other.layers)
        if pair is None:
            continue
        x, y = (np.sort(array.astype("float64"), axis=None) for array in (one.layers[pair[0]], other.layers[pair[1]]))
        if difference(x, y)[1] > bar:
            return pair
    return None


def _pair(match: Match, a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[str, str] | None:
    """Two layers that should give the same: not where one gives what only a later layer of the other does."""
    if len(match.a) != 1 or len(match.b) != 1 or match.a[0].path not in a or match.b[0].path not in b:
        return None
    one, other = match.a[0], match.b[0]
    if one.kind in _MOVING or other.kind in _MOVING or one.opened or other.opened:
        return None
    if any(d.field == "use_bias" and d.effect == "none" for d in match.differences):
        return None
    fused = [layer.setting("activation") not in (None, "linear", "identity") for layer in (one, other)]
    recurrent = one.kind in ("lstm", "gru", "simple_rnn", "attention")
    return None if fused[0] != fused[1] and not recurrent else (one.path, other.path)
