"""Features in another order: whether the weights behind can be carried in that order too."""

from __future__ import annotations

from .findings import Findings

# Hubs that treat every feature by itself, so that an order passes through them.
_PASSING = frozenset({"batch_norm", "layer_norm", "rms_norm", "scale", "prelu", "max_pool", "average_pool", "lp_pool"})
_ELEMENTWISE = frozenset({
    "relu", "relu6", "leaky_relu", "elu", "gelu", "gelu_tanh", "silu", "sigmoid", "tanh", "softplus", "hard_sigmoid",
    "hard_silu", "clip", "dropout", "flatten", "pad", "upsample", "softmax", "selu",
    "multiply", "add", "rescaling", "final", "mish", "exp", "softsign", "celu", "log", "square", "absolute",
})  # fmt: skip


def judge_orders(findings: Findings) -> None:
    """A concatenation in another order has no effect where every way from it meets weights that mix the features."""
    for found in findings.items:
        if found.field == "order" and found.hubs[0] is not None and isinstance(found.a, tuple):
            axis = findings.a.hubs[found.hubs[0]].settings.get("axis")
            if axis == "channel" and _absorbed(findings, found.hubs[0]):
                found.effect = "none"
                found.text = "the next weights are carried in that order"


def _absorbed(findings: Findings, start: int) -> bool:
    graph, uses = findings.a, findings.uses[0]
    stack, seen = [start], {start}
    while stack:
        for index, slot in uses[stack.pop()]:
            hub = graph.hubs[index]
            if any(label.word not in _ELEMENTWISE for label in hub.inputs[slot].labels):
                return False
            if hub.word == "linear" or (hub.word == "conv" and hub.settings["groups"] == 1):
                continue
            depthwise = hub.word == "conv" and hub.settings["groups"] == hub.settings["in_features"]
            if hub.word in ("lstm", "gru", "simple_rnn"):
                continue
            if hub.word == "conv_transpose" and hub.settings["groups"] == 1:
                continue
            if hub.word not in _PASSING and not depthwise:
                return False
            if index not in seen:
                seen.add(index)
                stack.append(index)
    return True
