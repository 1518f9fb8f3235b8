"""The arrays along the entries of a weight map."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..weight_map import Entry, Step

Read = Callable[[str], Any]
_RENAMED = {"in": "inputs"}


def carried(entry: Entry, read: Read, shape: tuple[int, ...]) -> Any:
    """What the target's tensor of this shape, or the part of it that the entry fills, becomes."""
    import numpy as np

    if entry.place is not None:
        axis, start, stop = entry.place
        shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
    array = read(entry.source[0]) if entry.source else np.zeros(shape)
    for step in entry.steps:
        array = _DO[step.word](array, step, read, shape)
    if tuple(array.shape) != tuple(shape):
        raise ValueError(f"{entry} gives {tuple(array.shape)}, not {tuple(shape)}")
    return array


def assembled(entries: Sequence[Entry], read: Read, before: Callable[[], Any], shape: tuple[int, ...]) -> Any:
    """A whole tensor from the entries that fill it; `before` gives what stands in places that none fills."""
    if len(entries) == 1 and entries[0].place is None:
        return carried(entries[0], read, shape)
    whole = None
    for entry in entries:
        array = carried(entry, read, shape)
        if whole is None:
            whole = before().astype(array.dtype)
        assert entry.place is not None
        axis, start, stop = entry.place
        whole[(slice(None),) * axis + (slice(start, stop),)] = array
    return whole


def _part(array: Any, step: Step, read: Read, shape: Any) -> Any:
    return array[(slice(None),) * step["axis"] + (slice(step["start"], step["stop"]),)]


def _rearrange(array: Any, step: Step, read: Read, shape: Any) -> Any:
    from einops import rearrange

    return rearrange(array, plain(step["pattern"]), **plain_sizes(step["sizes"]))


def plain_sizes(sizes: Mapping[str, int]) -> dict[str, int]:
    """The sizes of axes by the names in `plain`."""
    return {_RENAMED.get(name, name): size for name, size in sizes.items()}


def plain(pattern: str) -> str:
    """A pattern whose axes bear no keyword of Python: einops warns of those."""
    return re.sub(r"\bin\b", _RENAMED["in"], pattern)


def _reorder(array: Any, step: Step, read: Read, shape: Any) -> Any:
    import numpy as np

    sizes, axis = step["sizes"], step["axis"]
    blocks = np.split(array, np.cumsum(sizes)[:-1], axis)
    return np.concatenate([blocks[n] for n in step["order"]], axis)


def _gather(array: Any, step: Step, read: Read, shape: Any) -> Any:
    return array.take(step["index"], step["axis"])


def _wide(array: Any) -> Any:
    """Sums are taken in double precision, whatever is stored."""
    return array.astype("float64")


def _without_scale(array: Any, step: Step, read: Read, shape: Any) -> Any:
    scale = _wide(read(step["scale"]))
    if (scale <= 0).any():
        raise ValueError(f"{step['scale']} is not positive everywhere, which a variance can't hold")
    return (_wide(array) + step["eps"]) / scale**2 - step["eps"]


def _without_shift(array: Any, step: Step, read: Read, shape: Any) -> Any:
    import numpy as np

    scale = 1.0 if step["scale"] is None else _wide(read(step["scale"]))
    if np.any(scale == 0):
        raise ValueError(f"{step['scale']} is zero somewhere, behind which a mean can't hold the shift")
    return _wide(array) - _wide(read(step["shift"])) * np.sqrt(_wide(read(step["variance"])) + step["eps"]) / scale


def _fill(array: Any, step: Step, read: Read, shape: Any) -> Any:
    import numpy as np

    return np.full(shape, step["value"])


_DO: dict[str, Callable[..., Any]] = {
    "part": _part,
    "rearrange": _rearrange,
    "reorder": _reorder,
    "gather": _gather,
    "reshape": lambda array, step, read, shape: array.reshape(step["shape"]),
    "add": lambda array, step, read, shape: _wide(array) + _wide(read(step["source"])),
    "subtract": lambda array, step, read, shape: _wide(array) - _wide(read(step["source"])),
    "without_scale": _without_scale,
    "without_shift": _without_shift,
    "fill": _fill,
    "put": lambda array, step, read, shape: array,
}
