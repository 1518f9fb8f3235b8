"""The weights of a Keras twin carried into a torch twin by their nodes, and both run."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from support import carrying
from support.carrying import array, put
from support.twins import INPUT, RECURRENT, WEIGHTED, Description, Node, shapes

MIXING = ("conv2d", "separable", "dense", "embedding", "attention", *RECURRENT)
GATES = {"lstm": (0, 1, 2, 3), "gru": (1, 0, 2), "rnn": (0,)}  # torch's gate at each place, as Keras numbers them


def carry(
    description: Description,
    keras_model: Any,
    torch_model: Any,
    source_of: dict[str, str] | None = None,
    turned: dict[str, np.ndarray] | None = None,
) -> None:
    """Every node's weights.

    `source_of` names the Keras node whose weights a node takes, where it is another. `turned` tells Keras's number of
    each of the channels that a node gives in torch, where the two count them in another order.
    """
    orders = feature_orders(description, turned or {})
    for node in description:
        if node.op in WEIGHTED:
            source = (source_of or {}).get(node.name, node.name)
            layer = keras_model.get_layer(source)
            _carry(node, layer, torch_model, orders[node.inputs[0]])


Order = np.ndarray | None


def feature_orders(description: Description, turned: dict[str, np.ndarray]) -> dict[str, Order]:
    """For each node, Keras's number of each of torch's channels or features; None where both count alike.

    Behind a flatten they differ until the next layer that mixes all of them.
    """
    sizes = shapes(description)
    found: dict[str, Order] = {INPUT: None}
    for node in description:
        given = [found[name] for name in node.inputs]
        shape = sizes[node.inputs[0]]
        if node.op == "flatten" and len(shape) == 3:
            numbers = np.arange(int(np.prod(shape))).reshape(shape)
            numbers = numbers if given[0] is None else numbers[..., given[0]]
            order: Order = np.moveaxis(numbers, -1, 0).ravel()
        elif node.op == "flatten" and given[0] is not None:
            order = np.arange(int(np.prod(shape))).reshape(shape)[..., given[0]].ravel()
        elif node.op == "concat":
            widths = [sizes[name][-1] for name in node.inputs]
            starts = np.cumsum([0, *widths[:-1]])
            parts = [np.arange(w) if o is None else o for w, o in zip(widths, given, strict=True)]
            order = np.concatenate([start + part for start, part in zip(starts, parts, strict=True)])
            order = None if all(o is None for o in given) else order
        else:
            order = None if node.op in MIXING else given[0]
        found[node.name] = turned.get(node.name, order)
    return found


def _carry(node: Node, layer: Any, torch_model: Any, order: Order) -> None:
    modules = [torch_model.get_submodule(path) for path in torch_model.paths[node.name]]
    if node.op == "separable":
        put(modules[0].weight, carrying.depthwise_for(array(layer.depthwise_kernel)))
        put(modules[1].weight, carrying.kernel_for(modules[1], array(layer.pointwise_kernel)))
        carrying.carry_bias(layer, modules[1])
    elif node.op == "attention":
        carry_attention(layer, modules[0])
    elif node.op in RECURRENT:
        carry_recurrent(node.op, layer, modules[0])
    else:
        carrying.carry(layer, modules[0])
    if order is None:
        return
    for module in modules:
        if node.op in ("conv2d", "dense") or (node.op == "separable" and module is modules[1]):
            put(module.weight, module.weight.detach().numpy()[:, order])
        else:  # one number, or one kernel, per channel
            for tensor in (*module.parameters(), *module.buffers()):
                if tensor.ndim:
                    put(tensor, tensor.detach().numpy()[order])


def carry_attention(layer: Any, module: Any) -> None:
    """Into packed or separate projections."""
    pairs = [(getattr(layer, f"_{word}_dense"), word) for word in ("query", "key", "value")]
    kernels = [array(dense.kernel).reshape(dense.kernel.shape[0], -1).T for dense, _ in pairs]
    biases = [array(dense.bias).ravel() for dense, _ in pairs]
    out = layer._output_dense
    last = array(out.kernel).reshape(-1, out.kernel.shape[-1]).T
    if isinstance(module, torch.nn.MultiheadAttention):
        put(module.in_proj_weight, np.concatenate(kernels))
        put(module.in_proj_bias, np.concatenate(biases))
        put(module.out_proj.weight, last)
        put(module.out_proj.bias, array(out.bias))
        return
    for (_, word), kernel, bias in zip(pairs, kernels, biases, strict=True):
        put(getattr(module, word).weight, kernel)
        put(getattr(module, word).bias, bias)
    put(module.out.weight, last)
    put(module.out.bias, array(out.bias))


def carry_recurrent(op: str, layer: Any, module: Any, number: int = 0) -> None:
    """One recurrent layer, or both directions, into layer `number` of a torch module."""
    both = hasattr(layer, "backward_layer")
    directions = (layer.forward_layer, layer.backward_layer) if both else (layer,)
    for one, suffix in zip(directions, ("", "_reverse"), strict=False):
        cell = one.cell
        end = f"l{number}{suffix}"
        put(getattr(module, f"weight_ih_{end}"), _gates(op, array(cell.kernel).T))
        put(getattr(module, f"weight_hh_{end}"), _gates(op, array(cell.recurrent_kernel).T))
        bias = array(cell.bias)
        two = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
        put(getattr(module, f"bias_ih_{end}"), _gates(op, two[0]))
        put(getattr(module, f"bias_hh_{end}"), _gates(op, two[1]))


def _gates(op: str, packed: np.ndarray) -> np.ndarray:
    parts = np.split(packed, len(GATES[op]))
    return np.concatenate([parts[place] for place in GATES[op]])


def example(description: Description, seed: int = 0, batch: int = 2) -> np.ndarray:
    """An input for Keras."""
    rng = np.random.default_rng(seed)
    shape = (batch, *description.shape)
    return rng.integers(0, description.tokens, shape) if description.tokens else rng.normal(0, 1, shape)


def outputs(keras_model: Any, torch_model: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What both give, channels last."""
    with carrying.full_precision():
        a = array(keras_model(x, training=False))
    with torch.no_grad():
        given = torch.from_numpy(np.ascontiguousarray(carrying.to_torch_layout(x) if x.ndim == 4 else x))
        b = torch_model(given).numpy()
    return a, np.moveaxis(b, 1, -1) if b.ndim == 4 else b


def precision(description: Description) -> float:
    """How near both can come, relative to the outputs: TensorFlow interpolates in float32 whatever it is given."""
    bilinear = any(node.op == "upsample" and node["mode"] == "bilinear" for node in description)
    return 1e-5 if bilinear else 1e-9
