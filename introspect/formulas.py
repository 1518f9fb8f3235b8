"""`explain`: why a layer has that many parameters, read off the named axes of its tensors.

The numbers come from the layer's settings (`units`, `kernel_size`, ...) and from the input it was called with, so that
the formula and the tensors are two sources, and `agrees` says whether they are one.
"""

from __future__ import annotations

import math
from typing import Any, overload

from .explanation import Explanation, Explanations, Factor, Term
from .inspection import children_first, inspect
from .parameter import Parameter, split_axes
from .records import Layer, Report
from .vocabulary import AXES

# axis → the setting that says its size.
_SETTING_OF: dict[str, str] = {
    "in_1": "in_features",
    "in_2": "in_features_2",
    "out": "units",
    "units": "units",
    "features": "units",
    "tokens": "tokens",
    "mult": "depth_multiplier",
    "head": "heads",
    "kv_head": "kv_heads",
    "key_dim": "key_dim",
    "value_dim": "value_dim",
    "rank": "rank",
}
# axis → its place in `kernel_size`, counted from the end.
_WINDOW_OF: dict[str, int] = {"d": -3, "h": -2, "w": -1, "l": -1}
# kind → the axes written before and after the bracket: `4 gates × (12 in + 64 hidden + 1) × 64 units`.
_FACTORED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lstm": (("gate",), ("units",)),
    "gru": (("gate",), ("units",)),
    "simple_rnn": ((), ("units",)),
    "lstm_cell": (("gate",), ("units",)),
    "gru_cell": (("gate",), ("units",)),
    "simple_rnn_cell": ((), ("units",)),
    "conv_lstm": (("gate",), ("units",)),
    "conv_lstm_cell": (("gate",), ("units",)),
}
_ORDER = {axis: place for place, axis in enumerate(AXES)}


@overload
def explain(model: Any, path: str, *, inputs: Any = None) -> Explanation: ...
@overload
def explain(model: Any, path: None = None, *, inputs: Any = None) -> Explanations: ...
def explain(model: Any, path: str | None = None, *, inputs: Any = None) -> Explanation | Explanations:
    """Why the layer at `path` (`""` is the whole model) has that many parameters; without a path, every layer.

    Args:
        model: a model or a `Report`.
        path: the path of a layer; `None` for a mapping of all paths, whose text is a table that ends in the total.
        inputs: as for `inspect`.

    Raises:
        UnknownPathError: no layer has this path.
        UnsupportedModelError, InputsError: as for `inspect`.
    """
    report = inspect(model, inputs)
    if path is not None:
        return _explain_layer(report, report[path], _verdicts(report))
    verdicts = _verdicts(report)
    items = {layer.path: _explain_layer(report, layer, verdicts) for layer in report}
    return Explanations(items, report.parameter_count)


def _explain_layer(report: Report, layer: Layer, verdicts: dict[str, bool | None]) -> Explanation:
    learned = _learned(layer)
    terms = [_term(layer, p) for p in learned]
    formula, substituted = _written(layer, learned, terms)
    for child in _below(report, layer):
        if child.parameter_count != 0:
            count = "unknown" if child.parameter_count is None else f"{child.parameter_count:,}"
            terms.append(Term(child.path, child.name, f"{count} ({child.name})", child.parameter_count, child=True))
    if len(terms) > len(learned):
        terms += _counted_twice(layer, learned, terms)
        formula = " + ".join(t.formula for t in terms).replace("+ −", "− ")
        substituted = " + ".join(t.substituted for t in terms).replace("+ −", "− ")
    counts = [t.count for t in terms]
    total = None if layer.parameter_count is None or any(c is None for c in counts) else sum(counts)  # type: ignore[arg-type]
    return Explanation(
        path=layer.path,
        type=layer.type,
        terms=tuple(terms),
        formula=formula,
        substituted=substituted,
        total=total,
        agrees=verdicts[layer.path],
        remarks=tuple(_remarks(layer)),
    )


def _learned(layer: Layer) -> list[Parameter]:
    return [p for p in layer.parameters if p.state == "parameter"]


def _below(report: Report, layer: Layer) -> list[Layer]:
    """The children with tensors of their own: those of private sublayers stand in the layer itself."""
    children = [report[path] for path in layer.children]
    return [child for child in children if child.part_of != layer.path]


def _verdicts(report: Report) -> dict[str, bool | None]:
    """Whether each layer and all below it agree: `False` where something is wrong, `None` where unknown."""
    verdicts: dict[str, bool | None] = {}
    for layer in children_first(report.layers):
        mine: bool | None = True
        if _disagreements(layer):
            mine = False
        elif layer.parameter_count is None or not _is_checked(layer):
            mine = None
        below = [verdicts.get(child.path) for child in _below(report, layer)]
        verdicts[layer.path] = False if False in (mine, *below) else None if None in (mine, *below) else True
    return verdicts


def _is_checked(layer: Layer) -> bool:
    """Whether there is anything that its own tensors could be checked against."""
    learned = _learned(layer)
    return not learned or any(p.axes == "" or _said_sizes(layer, p) for p in learned)


def _disagreements(layer: Layer) -> list[str]:
    """Where the tensors are not what the settings say."""
    learned = _learned(layer)
    wrong = [f"{p.name} has the shape {p.shape}" for p in learned if _term(layer, p).count != p.size]
    return wrong + _missing(layer, learned)


def _term(layer: Layer, parameter: Parameter) -> Term:
    """One tensor as a product of its axes, with the sizes that the settings say."""
    actual = parameter.by_axis
    if actual is None:
        sizes = parameter.shape or ()
        substituted = " × ".join(f"{n:,}" for n in sizes) or ("?" if parameter.shape is None else "1")
        return Term(parameter.name, parameter.name, f"{substituted} {parameter.name}", parameter.size)
    said = {**actual, **_said_sizes(layer, parameter)}
    factors = tuple(Factor(said[axis], axis) for axis in sorted(actual, key=_ORDER.__getitem__))
    count = math.prod(f.size for f in factors)
    return Term(parameter.name, _product(factors, False), _product(factors, True), count, factors)


def _said_sizes(layer: Layer, parameter: Parameter) -> dict[str, int]:
    """The sizes of a tensor's axes as the layer's settings and its input say them, not the tensor."""
    sizes: dict[str, int] = {}
    window = layer.setting("kernel_size", ())
    for axis in (name for names in split_axes(parameter.axes or "") for name in names):
        if axis in _WINDOW_OF and window:
            size = window[_WINDOW_OF[axis]]
        elif axis in ("in", "channel") or axis.startswith("norm"):
            size = _said_input(layer, parameter, axis)
        elif axis == "hidden":
            size = layer.setting("projection") or layer.units
        else:
            size = layer.setting(_SETTING_OF.get(axis, ""))
        if isinstance(size, int):
            sizes[axis] = size
    return sizes


def _said_input(layer: Layer, parameter: Parameter, axis: str) -> int | None:
    """The features or channels that this tensor takes, by the setting that says so, else by the layer's input."""
    if parameter.role in ("key_kernel", "value_kernel", "output_kernel"):  # may take another input than the queries
        return None
    if axis.startswith("norm"):
        place = int(axis.partition("_")[2] or 1) - 1
        if (sizes := layer.setting("normalized_shape")) is not None:
            return sizes[place] if place < len(sizes) else None
        return _along(layer, layer.setting("axis", ()), place)
    if parameter.role == "kernel" and layer.kind in _FACTORED:
        place = [p.path for p in layer.parameters if p.role == "kernel"].index(parameter.path)
        directions = 2 if layer.setting("bidirectional") else 1
        if place >= directions:  # a layer of the stack that takes what the one below gives
            return (layer.setting("projection") or layer.units or 0) * directions
    size = layer.setting("in_features")
    if size is None:
        axes = layer.setting("axis") if axis == "channel" else None
        size = _along(layer, axes or ((1,) if layer.setting("data_format") == "channels_first" else (-1,)), 0)
    if size is None:
        return None
    if parameter.role == "pointwise_kernel":
        return size * layer.setting("depth_multiplier", 1)
    return size // layer.setting("groups", 1) if axis == "in" else size


def _along(layer: Layer, axes: tuple[int, ...], place: int) -> int | None:
    """The size of the first input along one of some axes."""
    shape = layer.input_shape if layer.calls and not layer.calls[0].raised else None
    if shape is None or place >= len(axes) or not -len(shape) <= axes[place] < len(shape):
        return None
    return shape[axes[place]]


def _missing(layer: Layer, learned: list[Parameter]) -> list[str]:
    """A bias that the settings promise and no tensor is, or the other way round."""
    promised = layer.setting("use_bias")
    if promised is None or not learned:
        return []
    has = any(p.role.endswith("bias") for p in learned)
    return [] if has == promised else [f"use_bias is {promised}, but {'there is one' if has else 'there is none'}"]


def _written(layer: Layer, learned: list[Parameter], terms: list[Term]) -> tuple[str, str]:
    """The formula in words, and with the numbers put in."""
    if layer.kind in _FACTORED and all(t.factors for t in terms) and terms:
        groups = _by_kernel(learned, terms)
        return tuple(
            " + ".join(_bracketed(layer.kind, group, numbers) for group in groups) for numbers in (False, True)
        )  # type: ignore[return-value]
    named = len({p.role for p in learned}) > 2 or not any(p.role in ("kernel", "table") for p in learned)
    parts = []
    for numbers in (False, True):
        words = [t.substituted if numbers else t.formula for t in terms]
        if named:
            words = [
                f"{w} ({p.name})" if p.axes is not None else w for w, p, t in zip(words, learned, terms, strict=True)
            ]
        parts.append(" + ".join(words))
    return parts[0], parts[1]


def _by_kernel(learned: list[Parameter], terms: list[Term]) -> list[list[tuple[Parameter, Term]]]:
    """One group per recurrent layer and direction: each begins with its kernel."""
    groups: list[list[tuple[Parameter, Term]]] = []
    for parameter, term in zip(learned, terms, strict=True):
        if parameter.role == "kernel" or not groups:
            groups.append([])
        groups[-1].append((parameter, term))
    return groups


def _bracketed(kind: str, group: list[tuple[Parameter, Term]], numbers: bool) -> str:
    """Common factors before and after a bracket; a tensor that lacks one of them stands behind."""
    before, after = _FACTORED[kind]
    inside, behind = [], []
    common: dict[str, Factor] = {}
    for parameter, term in group:
        axes = {f.axis: f for f in term.factors}
        if not {*before, *after} <= set(axes):
            behind.append(term.substituted if numbers else term.formula)
            continue
        common |= {axis: axes[axis] for axis in (*before, *after)}
        rest = tuple(f for f in term.factors if f.axis not in common)
        inside.append(
            _product(rest, numbers) if rest else "1 recurrent bias" if parameter.role == "recurrent_bias" else "1"
        )
    pieces = [_product((common[axis],), numbers) for axis in before if axis in common]
    pieces.append(f"({' + '.join(inside)})")
    pieces += [_product((common[axis],), numbers) for axis in after if axis in common]
    return " + ".join([" × ".join(pieces), *behind])


def _product(factors: tuple[Factor, ...], numbers: bool) -> str:
    """A scalar is the empty product."""
    if not factors:
        return "1"
    return " × ".join(f"{f.size:,} {AXES[f.axis][0]}" if numbers else AXES[f.axis][0] for f in factors)


def _counted_twice(layer: Layer, learned: list[Parameter], terms: list[Term]) -> list[Term]:
    """What the children share with each other, to be taken off once. (By the tensors: what a formula says that they
    are not is no sharing.)"""
    counts = [p.size for p in learned] + [t.count for t in terms if t.child]
    if layer.parameter_count is None or any(c is None for c in counts):
        return []
    surplus = sum(counts) - layer.parameter_count  # type: ignore[arg-type]
    return [Term("shared", "−shared", f"−{surplus:,} shared", -surplus, child=True)] if surplus else []


def _remarks(layer: Layer) -> list[str]:
    remarks = []
    if wrong := _disagreements(layer):
        remarks.append("the tensors disagree: " + ", ".join(wrong))
    remarks += _made_otherwise(layer)
    frozen = [p for p in layer.parameters if p.state == "parameter" and not p.trainable]
    if frozen:
        remarks.append("frozen: " + ", ".join(p.name for p in frozen))
    remarks += [f"{p.name} is {p.same_as}, counted once in the model" for p in layer.parameters if p.same_as]
    buffers = [p for p in layer.parameters if p.state == "buffer" and p.size is not None]
    if buffers:
        total = sum(p.size or 0 for p in buffers)
        remarks.append(f"buffers: {' + '.join(f'{p.size:,} {p.name}' for p in buffers)} = {total:,}")
    return remarks


def _made_otherwise(layer: Layer) -> list[str]:
    """How a tensor that the layer computes with is not simply the one that is stored."""
    remarks = [f"{p.name} is packed: stored as {p.stored}" for p in layer.parameters if p.stored is not None]
    if how := layer.setting("parametrization"):
        remarks.append(f"parametrization: {how}")
    remarks += [f"pruned: {p.name} tells which elements are kept" for p in layer.parameters if p.role == "mask"]
    if how := layer.setting("quantization"):
        remarks.append(f"quantized: {how}")
    added = [p for p in layer.parameters if p.role in ("lora_down", "lora_up")]
    if added:
        number = sum(p.size or 0 for p in added)
        remarks.append(f"{number:,} of them in a low-rank addition to the kernel (LoRA)")
    return remarks
