"""The path between two layouts of one tensor, read off the named axes on both sides."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from ..graph import Hub, Weight
from ..parameter import split_axes
from ..values import FrozenDict
from ..weight_map import Step
from .turns import Turn

WINDOW = ("d", "h", "w", "l")
Sized = tuple[str, int]


class NoPathError(Exception):
    """Two tensors can't be brought to one layout; the message says why."""


@dataclass(frozen=True)
class Layout:
    """A tensor's dimensions, each a row of named axes with sizes; `labels` of those of them that are labelled."""

    dims: tuple[tuple[Sized, ...], ...]
    labels: dict[str, tuple[str, ...]]

    @property
    def axes(self) -> list[Sized]:
        """All axes longer than one, in storage order."""
        return [axis for dim in self.dims for axis in dim if axis[1] != 1]

    @property
    def shape(self) -> tuple[int, ...]:
        """The length of every dimension."""
        return tuple(math.prod(size for _, size in dim) for dim in self.dims)


def layout_of(weight: Weight, hub: Hub) -> Layout | None:
    """How a tensor, or its part, lies in memory; `None` where its axes are not known."""
    p = weight.parameter
    sizes = p.by_axis
    if p.axes is None or p.shape is None or sizes is None:
        return None
    dims = []
    for number, names in enumerate(split_axes(p.axes)):
        dim = [(name, sizes.get(name, 1)) for name in names]
        if number == weight.axis:
            dim = _cut(dim, weight.stop - weight.start)
        dims.append(tuple(dim))
    labels = {
        name: tuple(word for word, _ in p.labels[name])
        for dim in dims for name, size in dim if name in p.labels and size > 1
    }  # fmt: skip
    return Layout(_normed(tuple(dims), hub), labels)


def _cut(dim: list[Sized], length: int) -> list[Sized]:
    """The axes of a part of a dimension: what its first axis loses."""
    rest = math.prod(size for _, size in dim[1:])
    if length % rest:
        return [("part", length)]
    return [(dim[0][0], length // rest), *dim[1:]]


def _normed(dims: tuple[tuple[Sized, ...], ...], hub: Hub) -> tuple[tuple[Sized, ...], ...]:
    """Axes that are normalized together, by what they are: one framework has the channels first."""
    words = hub.settings.get("axis")
    if not isinstance(words, tuple) or len(words) != len(dims) or len(words) < 2 or any(len(dim) != 1 for dim in dims):
        return dims
    words = sorted(words, key=lambda word: (word == "channel") == (hub.raw.get("layout") != "first"))
    return tuple(((f"axis_{word}", dim[0][1]),) for word, dim in zip(words, dims, strict=True))


def groups_of(layout: Layout, word: str, role: str) -> dict[str, list[Sized]]:
    """The axes by what they do: `in` is summed over, `out` is made, the others stand for themselves."""
    axes = layout.axes
    names = {name for dim in layout.dims for name, _ in dim}
    if word == "conv" and role == "kernel" and "mult" in names:
        return _grouped(axes, {"in": "out", "mult": "out"})  # depthwise: what comes in stays apart
    if role in ("kernel", "table") and word in ("linear", "conv", "conv_transpose"):
        makes = any(name.startswith("out") or name == "tokens" for name in names)
        sums = any(name.startswith("in") or name == "features" for name in names)
        rest = "in" if makes and not sums else "out"
        known = {name: "out" for name in names if name.startswith("out") or name == "tokens"}
        known |= {name: "in" for name in names if name.startswith("in") or name == "features"}
        known |= {name: rest for name in names if name not in known and name not in WINDOW}
        return _grouped(axes, known)
    if word in ("linear", "conv", "conv_transpose"):  # the bias, of heads apart or joined
        return _grouped(axes, dict.fromkeys(names, "channel"))
    if role in ("kernel", "recurrent_kernel", "table", "value", "output_kernel") or len(axes) > 1:
        return _grouped(axes, {})
    return _grouped(axes, dict.fromkeys(names, "channel"))


def _grouped(axes: list[Sized], group: dict[str, str]) -> dict[str, list[Sized]]:
    found: dict[str, list[Sized]] = {}
    for name, size in axes:
        found.setdefault(group.get(name, name), []).append((name, size))
    return found


def path(
    source: Weight, target: Weight, hubs: tuple[Hub, Hub], role: str, turn: Turn | None = None
) -> tuple[Step, ...]:
    """The steps from one tensor to another. Raises `NoPathError`."""
    layouts = layout_of(source, hubs[0]), layout_of(target, hubs[1])
    steps = [] if source.axis is None else [_span("part", source)]
    if layouts[0] is None or layouts[1] is None:
        if turn is not None:
            raise NoPathError("its axes are not known, and its features stand in another order")
        steps += _as_stored(source, target)
    else:
        spelled = [_unjoined(layouts[n], layouts[1 - n], hubs[n]) for n in (0, 1)]  # type: ignore[arg-type]
        covering = spelled != list(layouts)
        word, turn = ("conv", None) if covering else (hubs[0].word, turn)
        steps += _between(spelled[0], spelled[1], word, role, turn)
    if target.axis is not None:
        steps.append(_span("put", target))
    return tuple(steps)


def _unjoined(layout: Layout, other: Layout, hub: Hub) -> Layout:
    """A dense layer behind a flatten stands for a convolution whose window covers all: its features are positions and
    channels."""
    window = [axis for axis in other.axes if axis[0] in WINDOW]
    flat = next((x for e in hub.inputs[:1] for x in e.labels if x.word == "flatten"), None)
    sizes = dict(layout.axes), dict(other.axes)
    covered = math.prod(size for _, size in window) * sizes[1].get("in", 1)
    if hub.word != "linear" or flat is None or not window or sizes[0].get("in") != covered:
        return layout
    channel = [("in", sizes[1].get("in", 1))]
    first = str(flat.settings.get("order")) == "channels_first"
    features = tuple([*channel, *window] if first else [*window, *channel])
    return replace(layout, dims=tuple(features if dim == (("in", covered),) else dim for dim in layout.dims))


def _span(word: str, weight: Weight) -> Step:
    return Step(word, FrozenDict(axis=weight.axis, start=weight.start, stop=weight.stop))


def _as_stored(source: Weight, target: Weight) -> list[Step]:
    """Tensors of unknown axes: alike but for axes of length one, or not at all."""
    sizes = [[n for n in weight.shape or () if n != 1] for weight in (source, target)]
    known = [weight.parameter.axes is not None for weight in (source, target)]
    if sizes[0] != sizes[1] or (any(known) and len(sizes[0]) > 1):
        raise NoPathError("the order of its axes is not known")
    if source.shape == target.shape:
        return []
    return [Step("reshape", FrozenDict(shape=target.shape))]


def _between(a: Layout, b: Layout, word: str, role: str, turn: Turn | None) -> list[Step]:
    groups = groups_of(a, word, role), groups_of(b, word, role)
    if groups[0].keys() != groups[1].keys() and all(len(g) == 1 for g in groups):
        groups = _alone(groups[0]), _alone(groups[1])
    for name in {**groups[0], **groups[1]}:
        sizes = [math.prod(size for _, size in g.get(name, [])) for g in groups]
        if sizes[0] != sizes[1]:
            raise NoPathError(f"{name} is {sizes[0]} here and {sizes[1]} there")
    if turn is not None and turn.pretty is not None and (made := _flattened(a, b, groups, turn)):
        return made
    steps = _rearranged(a, b, groups)
    steps += _relabelled(a, b)
    if turn is not None:
        steps += _turned(b, groups[1], turn)
    return steps


def _alone(groups: dict[str, list[Sized]]) -> dict[str, list[Sized]]:
    """The only group there is, whatever its axes are called."""
    ((_, axes),) = groups.items()
    return {"channel": axes}


def _flattened(a: Layout, b: Layout, groups: Any, turn: Turn) -> list[Step] | None:
    """`(h w c) out -> out (c h w)`: both sides joined the same axes in another order."""
    assert turn.pretty is not None
    name = "in" if "in" in groups[0] else "channel"
    if any(len(g.get(name, ())) != 1 for g in groups):
        return None
    before, after = turn.pretty
    sizes = dict(before)
    dims = []
    for layout, group, order in ((a, groups[0], before), (b, groups[1], after)):
        dims.append(tuple(order if dim == (group[name][0],) else dim for dim in layout.dims))
    left, right = (replace(layout, dims=d) for layout, d in zip((a, b), dims, strict=True))
    if left.dims == a.dims or len(left.dims) > 2:
        return None
    others = [g[other] for g in groups for other in g if other != name]
    if any(len(axes) != 1 for axes in others):
        return None
    renamed = {g[o][0][0]: groups[0][o][0][0] for g in groups for o in g if o != name}
    patterns = [
        _pattern([[renamed.get(n, n) for n, s in dim if s != 1] for dim in side.dims]) for side in (left, right)
    ]
    return [_rearrange(patterns[0], patterns[1], sizes)]


def _rearranged(a: Layout, b: Layout, groups: tuple[dict[str, list[Sized]], dict[str, list[Sized]]]) -> list[Step]:
    """Into the target's order of axes: in one pattern, or by way of one axis per group."""
    spelled: dict[str, tuple[list[Sized], bool]] = {}
    for name in groups[0]:
        x, y = groups[0][name], groups[1][name]
        if [size for _, size in x] == [size for _, size in y] or len(y) == 1:
            spelled[name] = x, True
        elif len(x) == 1:
            spelled[name] = y, False
        else:
            break
    names = [axis for axes, _ in spelled.values() for axis, _ in axes]
    if len(spelled) == len(groups[0]) and len(set(names)) == len(names):
        finer = {name: axes for name, (axes, _) in spelled.items()}
        left = _side(a, groups[0], finer)
        right = _side(b, groups[1], finer)
        if left is not None and right is not None:
            sizes = {axis: size for axes in finer.values() for axis, size in axes}
            return [_rearrange(_pattern(left), _pattern(right), sizes)] if left != right else []
    single = {name: [(name, math.prod(size for _, size in axes))] for name, axes in groups[0].items()}
    first = _rearrange(_pattern(_spelled(a)), _pattern(_joined(groups[0])), dict(a.axes))
    second = _rearrange(_pattern([[name] for name in single]), "", {})
    pieces = _pattern(_joined(groups[1]))
    second = _rearrange(pieces, _pattern(_spelled(b)), dict(b.axes))
    return [first, second]


def _joined(groups: dict[str, list[Sized]]) -> list[list[str]]:
    return [[name for name, _ in groups[group]] for group in sorted(groups)]


def _spelled(layout: Layout) -> list[list[str]]:
    return [[name for name, size in dim if size != 1] for dim in layout.dims]


def _side(layout: Layout, groups: dict[str, list[Sized]], finer: dict[str, list[Sized]]) -> list[list[str]] | None:
    """The dimensions in the names of `finer`, which spells out some groups in more axes."""
    names: dict[str, list[str]] = {}
    for group, axes in groups.items():
        if len(axes) == len(finer[group]):
            names |= {own: [other] for (own, _), (other, _) in zip(axes, finer[group], strict=True)}
        elif len(axes) == 1:
            names[axes[0][0]] = [name for name, _ in finer[group]]
        else:
            return None
    return [[name for own, size in dim if size != 1 for name in names[own]] for dim in layout.dims]


def _rearrange(left: str, right: str, sizes: dict[str, int]) -> Step:
    """The step, with the sizes of those axes that the left side joins."""
    joined = [name for dim in split_axes(left) if len(dim) > 1 for name in dim]
    return Step("rearrange", FrozenDict(pattern=f"{left} -> {right}", sizes=FrozenDict({n: sizes[n] for n in joined})))


def _pattern(dims: list[list[str]]) -> str:
    return " ".join("1" if not dim else dim[0] if len(dim) == 1 else f"({' '.join(dim)})" for dim in dims)


def _relabelled(a: Layout, b: Layout) -> list[Step]:
    """Gates that the two pack in another order, once the axes stand as in the target."""
    steps = []
    for name, words in b.labels.items():
        theirs = a.labels.get(name)
        if theirs is None or theirs == words:
            continue
        if set(theirs) != set(words):
            raise NoPathError(f"{name} holds {', '.join(theirs)} here and {', '.join(words)} there")
        axis = next(n for n, dim in enumerate(b.dims) if dim and dim[0][0] == name)
        block = b.shape[axis] // len(words)
        order = tuple(theirs.index(word) for word in words)
        steps.append(Step("reorder", FrozenDict(axis=axis, sizes=(block,) * len(words), order=order)))
    return steps


def _turned(b: Layout, groups: dict[str, list[Sized]], turn: Turn) -> list[Step]:
    """Features in another order: along the axis that is summed over, or the one that keeps them apart."""
    if turn.problem:
        raise NoPathError(turn.problem)
    total = len(turn)
    for name in ("in", "channel", "out"):
        axes = groups.get(name, [])
        length = math.prod(size for _, size in axes)
        if not axes or length % total or (name == "out" and "in" in groups):
            continue
        places = [n for n, dim in enumerate(b.dims) if any(axis in axes for axis in dim)]
        if len(places) != 1 or b.shape[places[0]] != length:
            break
        return [turn.wider(length // total).step(places[0])]
    raise NoPathError("its features stand in another order, which its axes don't follow")
