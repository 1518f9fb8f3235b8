"""A description as a Keras model."""

from __future__ import annotations

from typing import Any

import keras
from support.twins import INPUT, RECURRENT, Description, Node, shapes

NAMES = {"gelu_tanh": "gelu"}  # where Keras's word for an activation is another


def build_keras(description: Description, sequential: bool = False) -> Any:
    """A functional model, or a Sequential one where asked for and every node takes what the one before it gives."""
    kind = "int32" if description.tokens else None
    given = keras.Input(description.shape, name=INPUT, dtype=kind)
    if sequential and description.chain:
        layers = [layer for node in description for layer in _chain(node, shapes(description)[node.inputs[0]])]
        return keras.Sequential([given, *layers])
    found = {INPUT: given}
    for node in description:
        found[node.name] = _call(node, [found[name] for name in node.inputs], shapes(description))
    return keras.Model(given, found[description.output])


def _call(node: Node, given: list[Any], sizes: dict[str, Any]) -> Any:
    layers = keras.layers
    if node.op in ("add", "multiply", "concat"):
        if node.op == "concat":
            return layers.Concatenate(name=node.name)(given)
        if node.keras_style:  # the operator
            result = given[0]
            for other in given[1:]:
                result = result + other if node.op == "add" else result * other
            return result
        return (layers.Add if node.op == "add" else layers.Multiply)(name=node.name)(given)
    if node.op == "attention":
        return _layer(node, sizes[node.inputs[0]])(given[0], given[0])
    result = given[0]
    for layer in _chain(node, sizes[node.inputs[0]]):
        result = layer(result)
    return result


def _chain(node: Node, shape: tuple[int, ...]) -> list[Any]:
    """The layers that one node is: padding before it and an activation behind it may be their own."""
    before, after = [], []
    if node.op in ("conv2d", "depthwise", "separable") and _padding(node) == "valid" and node["padding"]:
        before = [keras.layers.ZeroPadding2D(_positions(node), name=f"{node.name}_pad")]
    if _separate(node):
        after = [activation(node["activation"], None, f"{node.name}_activation", node.keras_style)]
    return [*before, _layer(node, shape), *after]


def _positions(node: Node) -> int:
    if node["padding"] == "same":
        dilation = node["dilation"] if node.op == "conv2d" else 1
        return dilation * (node["kernel"] - 1) // 2
    return node["padding"]


def _padding(node: Node) -> str:
    """Written as `same` in one style, as a layer of zeros and `valid` in the other."""
    return "same" if node["padding"] == "same" and not node.keras_style else "valid"


def _separate(node: Node) -> bool:
    """Fused or not: gelu's tanh form has no name in Keras."""
    kind = node["activation"] if node.op in ("conv2d", "depthwise", "separable", "dense") else None
    return bool(kind) and (node.keras_style or kind == "gelu_tanh")


def activation(kind: str, slope: Any, name: str, own_class: bool) -> Any:
    """As a class of its own where Keras has one and the style asks for it, else as `Activation`."""
    layers = keras.layers
    if kind == "leaky_relu":
        return layers.LeakyReLU(negative_slope=slope, name=name)
    if kind == "gelu_tanh":
        return layers.Activation(_gelu_tanh, name=name)
    if own_class and kind in ("relu", "relu6", "elu"):
        if kind == "relu6":
            return layers.ReLU(max_value=6.0, name=name)
        return (layers.ReLU if kind == "relu" else layers.ELU)(name=name)
    return layers.Activation(kind, name=name)


@keras.saving.register_keras_serializable("twins")
def _gelu_tanh(x: Any) -> Any:
    return keras.ops.gelu(x, approximate=True)


def _layer(node: Node, shape: tuple[int, ...]) -> Any:
    layers, name = keras.layers, node.name
    if node.op in ("conv2d", "depthwise", "separable"):
        return _convolution(node)
    if node.op == "dense":
        fused = None if _separate(node) else node["activation"]
        return layers.Dense(node["units"], activation=fused, use_bias=node["bias"], name=name)
    if node.op == "batch_norm":
        return layers.BatchNormalization(epsilon=node["eps"], momentum=node["momentum"], name=name)
    if node.op == "layer_norm":
        return layers.LayerNormalization(epsilon=node["eps"], name=name)
    if node.op == "group_norm":
        return layers.GroupNormalization(node["groups"], epsilon=node["eps"], name=name)
    if node.op in ("max_pool", "average_pool"):
        made = layers.MaxPooling2D if node.op == "max_pool" else layers.AveragePooling2D
        padding = "same" if node["padding"] == "same" else "valid"
        return made(node["kernel"], strides=node["stride"], padding=padding, name=name)
    if node.op in ("global_average_pool", "global_max_pool"):
        word = "Average" if "average" in node.op else "Max"
        return getattr(layers, f"Global{word}Pooling{len(shape) - 1}D")(keepdims=node["keep"], name=name)
    if node.op in RECURRENT:
        return _recurrent(node)
    if node.op == "attention":
        heads = node["heads"]
        return layers.MultiHeadAttention(heads, shape[-1] // heads, name=name)
    if node.op == "activation":
        return activation(node["kind"], node["slope"], name, node.keras_style)
    if node.op == "softmax":
        return layers.Softmax(name=name) if node.keras_style else layers.Activation("softmax", name=name)
    if node.op == "upsample":
        return layers.UpSampling2D(node["factor"], interpolation=node["mode"], name=name)
    if node.op == "embedding":
        return layers.Embedding(node["tokens"], node["units"], name=name)
    if node.op == "dropout":
        return layers.Dropout(node["rate"], name=name)
    assert node.op == "flatten", node
    return layers.Flatten(name=name)


def _convolution(node: Node) -> Any:
    layers = keras.layers
    said = {
        "strides": node["stride"],
        "padding": _padding(node),
        "use_bias": node["bias"],
        "activation": None if _separate(node) else node["activation"],
        "name": node.name,
    }
    if node.op == "depthwise":
        return layers.DepthwiseConv2D(node["kernel"], depth_multiplier=node["multiplier"], **said)
    if node.op == "separable":
        return layers.SeparableConv2D(node["filters"], node["kernel"], **said)
    return layers.Conv2D(node["filters"], node["kernel"], dilation_rate=node["dilation"], groups=node["groups"], **said)


def _recurrent(node: Node) -> Any:
    layers = keras.layers
    made = {"lstm": layers.LSTM, "gru": layers.GRU, "rnn": layers.SimpleRNN}[node.op]
    name = f"{node.name}_cell" if node["bidirectional"] else node.name
    layer = made(node["units"], return_sequences=node["sequences"], name=name)
    return layers.Bidirectional(layer, name=node.name) if node["bidirectional"] else layer
