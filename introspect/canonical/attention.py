"""Attention as what it is made of: linear layers for query, key and value, the weighting, a linear layer behind."""

from __future__ import annotations

from typing import Any

from ..graph import Edge, Hub, Weight
from ..parameter import Parameter
from ..records import Call, Layer
from ..values import TensorSpec, leaves, tensor_leaves
from .builder import Builder, Value

_PROJECTED = ("query", "key", "value")


def attention_layer(builder: Builder, layer: Layer, call: Call) -> None:
    """A multi-head attention layer, packed or not."""
    values = builder.tensors(call)
    sources = _query_key_value(layer, call, values)
    heads = layer.setting("heads")
    projected = []
    for name, value in zip(_PROJECTED, sources, strict=True):
        weights = _projection(layer, name)
        hub = _linear(builder, layer, call, value, weights) if weights else None
        projected.append(Value(Edge(hub.index), value.shape) if hub is not None else value)
    core = weighting(
        builder, call, projected, heads=heads, kv_heads=layer.setting("kv_heads") or heads,
        key_dim=layer.setting("key_dim"), mask=_mask(layer, call, values),
        rate=layer.setting("rate") or 0, path=layer.path,
    )  # fmt: skip
    core.settings["window"] = layer.setting("window")
    out = _role(layer, "output_kernel")
    edge = Edge(core.index)
    if out is not None:
        weights = {"kernel": Weight(out)}
        if bias := _role(layer, "output_bias"):
            weights["bias"] = Weight(bias)
        edge = Edge(_linear(builder, layer, call, Value(edge, values[0].shape), weights).index)
    for index, _ in enumerate(tensor_leaves(call.outputs)):
        if index:  # the weights of the attention: another output of its core
            edge = Edge(core.index, index)
        builder.put(call, Value(edge, values[0].shape), index)


def weighting(
    builder: Builder, step: Any, inputs: list[Value], *, heads: Any, kv_heads: Any, key_dim: Any, mask: str,
    rate: Any, path: str | None, scale: Any = None,
) -> Hub:  # fmt: skip
    """The hub that weights values by how well queries and keys agree."""
    usual = None if not isinstance(key_dim, int) else key_dim**-0.5
    settings = {
        "heads": heads, "kv_heads": kv_heads, "key_dim": key_dim, "mask": mask, "rate": rate,
        "scale": round(usual if scale is None else scale, 6) if usual else scale, "window": None,
    }  # fmt: skip
    within = getattr(step, "within", "") or ""
    specs = tensor_leaves(step.outputs)
    return builder.new("attention", settings, inputs, layer=path, within=within, order=step.order, shape=specs[0].shape)


def _query_key_value(layer: Layer, call: Call, values: list[Value]) -> list[Value]:
    """The three inputs. Keras is called with query, value and then, if at all, key."""
    names = [name for name, leaf in _named(call)]
    by_name = dict(zip(names, values, strict=False))
    if any(name in by_name for name in _PROJECTED):
        query = by_name.get("query", values[0])
        value = by_name.get("value", values[1] if len(values) > 1 else query)
        return [query, by_name.get("key", value), value]
    floats = [v for v, s in zip(values, tensor_leaves(call.inputs), strict=False) if not s.dtype.startswith("bool")]
    if layer.setting("extra_keys") is not None:  # torch: query, key, value
        return (floats * 3)[:3] if len(floats) < 3 else floats[:3]
    same = [v for v in floats if len(v.shape) == len(floats[0].shape)]
    if len(same) >= 3:
        return [same[0], same[2], same[1]]
    return [same[0], same[-1], same[-1]]


def _mask(layer: Layer, call: Call, values: list[Value]) -> str:
    """Which keys are left out: "none", those that come later ("causal"), those that an argument says ("given ..."), or
    "unknown" where a constant says it."""
    causal = bool(_argument(call, "use_causal_mask", "is_causal"))
    if not _is_masked(layer, call):
        return "causal" if causal else "none"
    named = [name for name, _ in _named(call)]
    masks = [v for name, v in zip(named, values, strict=False) if "mask" in name] or values[3:] or values[-1:]
    specs = [s for (name, s), v in zip(_named(call), values, strict=False) if v in masks]
    if causal or any(mask.constant for mask in masks):
        return "unknown"
    drops = layer.setting("extra_keys") is not None  # of torch: True is left out, in Keras True is looked at
    turned = sum(label.word == "logical" for label in masks[0].edge.labels) % 2 == 1
    if specs and not specs[0].dtype.startswith(("bool", "int")):
        return "given, added"
    return "given, True is left out" if drops != turned else "given, True is looked at"


def _is_masked(layer: Layer, call: Call) -> bool:
    masks = ("attention_mask", "attn_mask", "key_padding_mask", "query_mask", "key_mask", "value_mask")
    if any(tensor_leaves((call.inputs.kwargs.get(name),)) for name in masks):
        return True
    specs = tensor_leaves(call.inputs.args)
    known = len(specs) > 3 or any(s.dtype == "bool" or len(s.shape) != len(specs[0].shape) for s in specs)
    return known and layer.setting("heads") is not None


def _named(call: Call) -> list[tuple[str, TensorSpec]]:
    """Every tensor with the name that it was passed by, `""` for a positional one."""
    found = [("", leaf) for value in call.inputs.args for leaf in tensor_leaves((value,))]
    return found + [(name, leaf) for name, value in call.inputs.kwargs.items() for leaf in tensor_leaves((value,))]


def _argument(call: Call, *names: str) -> Any:
    for name in names:
        if name in call.inputs.kwargs:
            return next(iter(leaves((call.inputs.kwargs[name],))), None)
    return None


def _role(layer: Layer, role: str) -> Parameter | None:
    return next((p for p in layer.parameters if p.role == role), None)


def _projection(layer: Layer, name: str) -> dict[str, Weight]:
    """Kernel and bias of one of the three, cut out of a packed tensor where they are packed."""
    found = {}
    kernel = _role(layer, f"{name}_kernel")
    if kernel is not None:
        found["kernel"] = Weight(kernel)
    bias = _role(layer, f"{name}_bias")
    if bias is not None:
        found["bias"] = Weight(bias)
    for role in ("kernel", "bias"):
        packed = _role(layer, role)
        if role not in found and packed is not None and "qkv" in packed.labels:
            part = packed.part(name)
            found[role] = Weight(packed, part.axis, part.start, part.stop)
    return found


def _linear(builder: Builder, layer: Layer, call: Call, value: Value, weights: dict[str, Weight]) -> Hub:
    kernel = weights["kernel"]
    by_axis = kernel.parameter.by_axis or {}
    whole = kernel.size or 0
    makes = by_axis.get("out")
    if makes is None:  # heads and their sizes are what it makes; else they are what it sums over
        features = by_axis.get("in") or 1
        makes, features = whole // features, features
    else:
        features = whole // makes
    settings = {
        "units": makes, "in_features": features, "use_bias": "bias" in weights, "kernel_size": (), "strides": (),
        "padding": (), "dilation": (), "groups": 1, "axis": "channel",
    }  # fmt: skip
    return builder.new(
        "linear", settings, [value], weights=weights, layer=layer.path, within=call.within or "", order=call.order,
        shape=tensor_leaves(call.outputs)[0].shape,
    )  # fmt: skip
