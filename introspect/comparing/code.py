"""A repair as a line of code, for the framework of the model that is to be changed."""

from __future__ import annotations

from typing import Any

from ..graph import Hub, Label
from ..literals import escaped, quoted

FRAMEWORKS = ("torch", "keras")
"""Those whose code is known here, in the order of the tables; for any other the words alone are said."""
# word -> the call in each; {} are the settings of the label, `x` is what it acts on
_CALLS: dict[str, tuple[str, str]] = {
    "relu": ("torch.relu(x)", "keras.ops.relu(x)"),
    "relu6": ("torch.nn.functional.relu6(x)", "keras.ops.relu6(x)"),
    "leaky_relu": ("torch.nn.functional.leaky_relu(x, {slope})", "keras.ops.leaky_relu(x, {slope})"),
    "elu": ("torch.nn.functional.elu(x, {slope})", "keras.ops.elu(x, {slope})"),
    "celu": ("torch.nn.functional.celu(x, {slope})", "keras.ops.celu(x, {slope})"),
    "selu": ("torch.nn.functional.selu(x)", "keras.ops.selu(x)"),
    "gelu": ("torch.nn.functional.gelu(x)", "keras.ops.gelu(x, approximate=False)"),
    "gelu_tanh": ("torch.nn.functional.gelu(x, approximate='tanh')", "keras.ops.gelu(x, approximate=True)"),
    "silu": ("torch.nn.functional.silu(x)", "keras.ops.silu(x)"),
    "mish": ("torch.nn.functional.mish(x)", "keras.activations.mish(x)"),
    "sigmoid": ("torch.sigmoid(x)", "keras.ops.sigmoid(x)"),
    "log_sigmoid": ("torch.nn.functional.logsigmoid(x)", "keras.ops.log_sigmoid(x)"),
    "hard_sigmoid": ("torch.nn.functional.hardsigmoid(x)", "keras.ops.hard_sigmoid(x)"),
    "hard_silu": ("torch.nn.functional.hardswish(x)", "keras.ops.hard_silu(x)"),
    "tanh": ("torch.tanh(x)", "keras.ops.tanh(x)"),
    "softplus": ("torch.nn.functional.softplus(x, {beta})", "keras.ops.softplus(x)"),
    "softsign": ("torch.nn.functional.softsign(x)", "keras.ops.soft_sign(x)"),
    "exp": ("torch.exp(x)", "keras.ops.exp(x)"),
    "square": ("torch.square(x)", "keras.ops.square(x)"),
    "absolute": ("torch.abs(x)", "keras.ops.abs(x)"),
    "clip": ("torch.clamp(x, {lower}, {upper})", "keras.ops.clip(x, {lower}, {upper})"),
    "rescaling": ("x * {scale} + {shift}", "x * {scale} + {shift}"),
}


def call(label: Label, framework: str, features_first: bool = False) -> str | None:
    """`torch.relu(x)`: what the function is called with; `None` where no such line is known."""
    if framework not in FRAMEWORKS:
        return None
    torch = framework == "torch"
    if label.word in ("softmax", "log_softmax"):
        axis: Any = label.settings.get("axis")
        axis = (1 if torch and features_first else -1) if axis == "channel" else axis
        return f"torch.{label.word}(x, {axis})" if torch else f"keras.ops.{label.word}(x, {axis})"
    if label.word == "pad" and not label.settings.get("pad_value"):
        return padded(label.settings["padding"], framework)
    known = _CALLS.get(label.word)
    return known[FRAMEWORKS.index(framework)].format(**label.settings) if known else None


def padded(around: Any, framework: str) -> str:
    """The call that puts zeros around a map."""
    if framework == "torch":
        return f"torch.nn.functional.pad(x, {tuple(n for pair in reversed(around) for n in pair)})"
    return f"keras.layers.ZeroPadding{len(around)}D({around})(x)"


def line(label: Label, framework: str, comment: str, features_first: bool = False) -> str:
    """The line of code, with where it belongs; a comment alone where the function has no call of its own."""
    said = call(label, framework, features_first)
    return escaped(f"x = {said}  # {comment}" if said else f"# {comment}: {label}")


def removal(label: Label, path: str, framework: str) -> str:
    """What takes a function out: a module becomes one that does nothing."""
    if framework == "torch" and label.layer is not None:
        return f"model.set_submodule({quoted(label.layer)}, torch.nn.Identity())"
    return escaped(f"# leave out {label} in {path or 'the model'}")


# setting -> the attribute of a torch module and of a Keras layer, the words where it is no attribute
_ATTRIBUTES: dict[str, tuple[str, str]] = {
    "eps": ("eps", "epsilon"),
    "groups": ("num_groups", "groups"),
    "strides": ("stride", "strides"),
    "dilation": ("dilation", "dilation_rate"),
    "slope": ("negative_slope", "negative_slope"),
    "max_norm": ("max_norm", "max_norm"),
    "divisor": ("divisor_override", "divisor"),
    "causal": ("is_causal", "use_causal_mask"),
    "activation": ("nonlinearity", "activation"),
}


def setting(hub: Hub, partner: Hub, name: str, value: Any, framework: str) -> str:
    """The line that gives a layer another setting, that of its partner; words where no line is known."""
    return escaped(_setting(hub, partner, name, value, framework))


def _setting(hub: Hub, partner: Hub, name: str, value: Any, framework: str) -> str:
    said = f"# {hub.path}: {name.replace('_', ' ')} {value}"
    if framework not in FRAMEWORKS:
        return said
    if name == "kind":
        return f"# {hub.path}: a {value} of the same window instead of a {hub.word}"
    target = access(hub.path, framework)
    if name == "padding" and hub.word == "average_pool" and partner.settings.get("count_include_pad") is False:
        if framework != "torch":
            return f"{said}, which the mean leaves out"
        return (
            f"pool = {target}; pool.padding = 0; pad = lambda x: {padded(value, framework)}; "
            f"x = pool(pad(x)) / pool(pad(torch.ones_like(x)))  # instead of {hub.path}"
        )
    if name == "padding":
        none = 0 if framework == "torch" else "'valid'"
        return f"{target}.padding = {none}; x = {padded(value, framework)}  # before {hub.path}"
    if name == "activation" and framework == "torch":
        return f"{target}.mode = 'RNN_{value.upper()}'"
    attribute = _ATTRIBUTES.get(name, (name, name))[FRAMEWORKS.index(framework)]
    return f"{target}.{attribute} = {value!r}"


def access(path: str, framework: str) -> str:
    """How a layer is reached."""
    if framework == "torch":
        return f"model.get_submodule({quoted(path)})"
    return "model" + "".join(f".get_layer({quoted(name)})" for name in path.split(".") if path)
