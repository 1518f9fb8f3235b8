"""What the boxes say: a title, the name in the model, the settings that matter, and all the rest as a tooltip."""

from __future__ import annotations

import math
from typing import Any

from ..columns import count, shape, structure
from ..parameter import Parameter
from ..records import Call, Layer, Operation
from ..values import TensorSpec, tensor_leaves
from ..vocabulary import VIEWS
from .graph import Node

# Operations and layers that join tensors are drawn as a sign in a circle.
SIGNS = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "matmul": "@"}
# Beginnings and parts of kinds, and the family whose colour they have; the first that fits.
_FAMILIES = (
    ("norm", ("norm",)),
    ("recurrent", ("lstm", "gru", "rnn", "bidirectional", "cell")),
    ("attention", ("attention", "transformer")),
    ("embedding", ("embedding",)),
    ("dropout", ("dropout", "noise", "stochastic_depth", "augmentation", "identity", "activity_regularization")),
    ("pool", ("pool",)),
    ("conv", ("conv", "upsample", "interpolate", "resize", "pixel_shuffle")),
    ("dense", ("dense", "linear", "einsum")),
    ("join", (*SIGNS, "concat", "stack", "average", "maximum", "minimum", "dot", "where")),
    ("shape", (*VIEWS, "permute", "repeat", "pad", "crop", "gather", "cast", "copy", "roll", "flip", "fold")),
    (
        "activation",
        ("activation", "softmax", "relu", "gelu", "silu", "sigmoid", "tanh", "elu", "mish", "glu", "soft", "clip"),
    ),
)
# Families whose steps are drawn small, on one line.
_SMALL = frozenset({"norm", "dropout", "activation", "shape", "join", "tensor"})


def family_of(kind: str) -> str:
    """The family of a kind of layer or operation, by which it is coloured."""
    return next((family for family, parts in _FAMILIES if any(part in kind for part in parts)), "other")


def container(layer: Layer, key: str, parent: str | None, order: float, which: tuple[int, int] | None) -> Node:
    """A call of a layer inside of which other steps ran."""
    counted = layer.parameter_count
    return Node(
        key,
        parent,
        order,
        form="container",
        family="container",
        title=layer.type,
        name=_named(layer.name),
        detail=_joined(f"{count(counted)} parameters" if counted else "", _call(which)),
        tip=_tip(layer, layer.calls[which[0] - 1] if which else next(iter(layer.calls), None)),
        path=layer.path,
        sign=(layer.type, layer.kind, _settings(layer)),
        parameters=counted,
    )


def layer(
    layer: Layer,
    call: Call | None,
    key: str,
    parent: str,
    which: tuple[int, int] | None = None,
    map_of: tuple[int | None, int | None] = (None, None),
) -> Node:
    """A call of a layer that is one step. `map_of`: the channels and positions of its feature map."""
    family = family_of(layer.kind)
    joins = layer.kind in SIGNS
    outputs = tensor_leaves(call.outputs) if call else []
    tensors = tuple((p.name, p.shape, p.trainable) for p in layer.parameters)
    return Node(
        key,
        parent,
        call.order if call else 0,
        form="dot" if joins else "pill" if family in _SMALL else "box",
        family=family,
        title=SIGNS[layer.kind] if joins else layer.type,
        name="" if joins else _named(layer.name, layer.type),
        detail=_joined(told(layer), _call(which) if layer.parameters else ""),
        tip=_tip(layer, call),
        path=layer.path,
        sign=(layer.type, layer.kind, _settings(layer), tensors, tuple(spec.shape for spec in outputs)),
        units=layer.units,
        channels=map_of[0],
        positions=map_of[1],
        parameters=layer.parameter_count,
        shape=_shape(outputs),
    )


def operation(step: Operation, key: str, parent: str) -> Node:
    """A tensor function that a layer's own code called."""
    family = family_of(step.kind)
    outputs, read = tensor_leaves(step.outputs), len(tensor_leaves(step.inputs))
    joins = step.kind in SIGNS and read > 1
    scalars = [v for v in step.settings.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    title = step.native_name if step.kind == "unknown" else step.kind.replace("_", " ")
    if step.kind in SIGNS and not joins and len(scalars) == 1:
        title = f"{SIGNS[step.kind]} {scalars[0]:.4g}"
    lines = [f"{step.native_name}, called by {step.within or 'the model itself'}"]
    lines += [f"{name}: {_value(value)}" for name, value in step.settings.items()]
    lines += [f"{structure((*step.inputs.args, *step.inputs.kwargs.values()))} → {structure(step.outputs)}"]
    return Node(
        key,
        parent,
        step.order,
        form="dot" if joins else "box" if family in ("dense", "conv", "attention") else "pill",
        family=family,
        title=SIGNS[step.kind] if joins else title,
        tip="\n".join(lines),
        sign=(step.kind, step.native_name, tuple(step.settings.items()), tuple(spec.shape for spec in outputs)),
        shape=_shape(outputs),
    )


def tensor(key: str, parent: str, order: float, path: str, parameter: Parameter | None) -> Node:
    """A tensor of the model that a step reads as it is."""
    sizes = shape(parameter.shape) if parameter else ""
    return Node(
        key,
        parent,
        order,
        form="pill",
        family="tensor",
        title=path.rpartition(".")[2],
        detail=sizes,
        tip=_joined(path, sizes, "a tensor of the model", mark="\n"),
        path=path,
        sign=("tensor", parameter.shape if parameter else path),
        parameters=parameter.size if parameter else None,
    )


def end(key: str, parent: str, order: float, family: str, name: str, spec: TensorSpec | None) -> Node:
    """An input or an output of the model."""
    sizes = shape(spec.shape) if spec else ""
    tip = f"{family} {name}".strip() + (f"\n{spec}" if spec else "")
    title = f"{family} {name}".strip() if not name or name.isdigit() else name
    return Node(key, parent, order, "pill", family, title, detail=sizes, tip=tip, sign=(family, key), shape=sizes)


def _named(name: str, native: str = "") -> str:
    """The name in the model, where it says something: no number, and not the type once more."""
    plain = name.rpartition(".")[2].lower().replace("_", "")
    return "" if plain.isdigit() or plain.rstrip("0123456789") == native.lower() else name


def _joined(*texts: str, mark: str = ", ") -> str:
    return mark.join(text for text in texts if text)


def _call(which: tuple[int, int] | None) -> str:
    return f"call {which[0]} of {which[1]}" if which else ""


def _times(value: Any) -> str:
    """`3×3` for the sizes of a window."""
    return "×".join(str(n) for n in value) if isinstance(value, tuple) else str(value)


def told(layer: Layer) -> str:
    """The settings that one looks for first."""
    kind, get = layer.kind, layer.setting
    said: list[str] = []
    window, strides = get("kernel_size"), get("strides")
    if window is not None:
        said.append(_times(window))
    if "embedding" in kind and get("tokens") is not None:
        said.append(f"{get('tokens')} × {layer.units}")
    elif layer.units is not None and family_of(kind) not in ("norm", "pool"):
        said.append(str(layer.units))
    if strides is not None and strides != (window if "pool" in kind else (1,) * len(strides)):
        alike = isinstance(strides, tuple) and len(set(strides)) == 1
        said.append(f"stride {strides[0] if alike else _times(strides)}")
    if get("groups") not in (None, 1):
        said.append(f"{get('groups')} groups")
    if get("heads") is not None:
        said.append(f"{get('heads')} heads")
    if get("layers") not in (None, 1):
        said.append(f"{get('layers')} layers")
    if get("bidirectional"):
        said.append("both ways")
    if "dropout" in kind and get("rate") is not None:
        said.append(f"{get('rate'):.4g}")
    function = get("function") if kind == "activation" else get("activation")
    usual = "tanh" if family_of(kind) == "recurrent" else "linear"
    if isinstance(function, str) and function != usual and function not in layer.type.lower():
        said.append(function.replace("_", " "))
    return ", ".join(said)


def _shape(outputs: list[TensorSpec]) -> str:
    return shape(outputs[0].shape) if outputs else ""


def _value(value: Any) -> str:
    return f"{value:.7g}" if isinstance(value, float) and math.isfinite(value) else str(value)


def _settings(layer: Layer) -> tuple:
    return tuple((s.name, s.value) for s in layer.settings)


def _tip(layer: Layer, call: Call | None) -> str:
    lines = [f"{layer.path or 'the model'}: {layer.type}"]
    lines += [f"{s.name}: {_value(s.value)}" for s in layer.settings if s.value is not None]
    if layer.parameter_count:
        lines.append(f"{count(layer.parameter_count)} parameters")
    if call is not None:
        read = structure((*call.inputs.args, *call.inputs.kwargs.values()))
        lines.append(f"{read} → {structure(call.outputs)}")
    return "\n".join(lines)
