"""The table of Keras's layers: a row per class, with its kind, its settings and its tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from ..plain import setting
from ..rows import Row, Tensor, find, labels


def _function(name: str) -> tuple[str, Callable[[Any], Any]]:
    """An activation by its name."""
    return name, lambda layer: getattr(getattr(layer, name), "__name__", None) or setting(getattr(layer, name))


def _axes(name: str = "axis") -> tuple[str, Callable[[Any], Any]]:
    """One axis or several, always as a tuple."""

    def read(layer: Any) -> Any:
        value = getattr(layer, name)
        return tuple(value) if isinstance(value, (tuple, list)) else (value,)

    return name, read


_WINDOW = {1: "l", 2: "h w", 3: "d h w"}
_DATA_FORMAT = {"data_format": "data_format"}
# Some layers have no such choice, or only in later versions: then the channels come last.
_CHANNELS = {"data_format": ("data_format", lambda layer: getattr(layer, "data_format", None) or "channels_last")}
_TRUE = (None, lambda layer: True)
_WINDOWED = {
    "kernel_size": "kernel_size",
    "strides": "strides",
    "padding": "padding",
    "dilation": "dilation_rate",
    **_DATA_FORMAT,
    "use_bias": "use_bias",
    "activation": _function("activation"),
}


def _convolution(rank: int, transpose: bool) -> Row:
    kind = f"conv{rank}d_transpose" if transpose else f"conv{rank}d"
    axes = f"{_WINDOW[rank]} out in" if transpose else f"{_WINDOW[rank]} in out"
    settings = {"units": "filters", **_WINDOWED}
    if transpose:
        settings["output_padding"] = "output_padding"
    else:
        settings["groups"] = "groups"
    return Row(kind, settings, {"kernel": Tensor("kernel", axes), "bias": Tensor("bias", "out")})


def _depthwise_units(layer: Any) -> int | None:
    """Input channels × multiplier: known once the kernel is built."""
    return int(layer.kernel.shape[-2]) * int(layer.kernel.shape[-1]) if layer.built else None


def _depthwise(rank: int) -> Row:
    return Row(
        f"depthwise_conv{rank}d",
        {"units": (None, _depthwise_units), "depth_multiplier": "depth_multiplier", **_WINDOWED},
        {"kernel": Tensor("kernel", f"{_WINDOW[rank]} in mult"), "bias": Tensor("bias", "out")},
    )


def _separable(rank: int) -> Row:
    ones = " ".join("1" * rank)
    return Row(
        f"separable_conv{rank}d",
        {"units": "filters", "depth_multiplier": "depth_multiplier", **_WINDOWED},
        {
            "depthwise_kernel": Tensor("depthwise_kernel", f"{_WINDOW[rank]} in mult"),
            "pointwise_kernel": Tensor("pointwise_kernel", f"{ones} in out"),
            "bias": Tensor("bias", "out"),
        },
    )


def _pool(kind: str, rank: int) -> Row:
    return Row(
        f"{kind}{rank}d",
        {"kernel_size": "pool_size", "strides": "strides", "padding": "padding", **_DATA_FORMAT},
    )


def _global_pool(kind: str, rank: int) -> Row:
    return Row(f"global_{kind}{rank}d", {"keep_axes": "keepdims", **_DATA_FORMAT})


def _recurrent_bias(packed: str) -> Callable[[Any], str]:
    """A GRU with `reset_after` has two biases in one tensor."""
    return lambda layer: f"source {packed}" if getattr(layer, "reset_after", False) else packed


def _recurrent(kind: str, gates: tuple[str, ...], prefix: str) -> Row:
    """A recurrent layer, whose tensors its cell holds, or (without `prefix`) the cell itself."""
    packed = "(gate units)" if gates else "units"
    packs = {"gate": labels(*gates)} if gates else {}
    settings: dict[str, Any] = {
        "units": "units",
        "activation": _function("activation"),
        "use_bias": "use_bias",
    }
    if gates:
        settings["recurrent_activation"] = _function("recurrent_activation")
    if kind == "gru":
        settings["reset_after"] = "reset_after"
    if prefix:
        settings |= {
            "batch_first": _TRUE,
            "return_sequences": "return_sequences",
            "return_state": "return_state",
            "go_backwards": "go_backwards",
            "stateful": "stateful",
        }
    return Row(
        kind if prefix else f"{kind}_cell",
        settings,
        {
            f"{prefix}kernel": Tensor("kernel", f"in {packed}", packs),
            f"{prefix}recurrent_kernel": Tensor("recurrent_kernel", f"hidden {packed}", packs),
            f"{prefix}bias": Tensor("bias", _recurrent_bias(packed), {**packs, "source": labels("input", "recurrent")}),
        },
        parts=("cell",) if prefix else (),
    )


_LSTM = ("input", "forget", "cell", "output")
_GRU = ("update", "reset", "new")


def _attention(heads: str, kv_heads: str | None, key_dim: str, value_dim: str) -> Row:
    kv = "kv_head" if kv_heads else "head"
    settings = {
        "heads": heads,
        "key_dim": key_dim,
        "value_dim": value_dim,
        "use_bias": ("use_bias", lambda layer: getattr(layer, "_use_bias", getattr(layer, "use_bias", None))),
        "rate": "dropout",
        "batch_first": _TRUE,
        "units": (None, _attention_units),
    }
    if kv_heads:
        settings["kv_heads"] = kv_heads
    return Row(
        "attention",
        settings,
        {
            "_query_dense.kernel": Tensor("query_kernel", "in head key_dim"),
            "_query_dense.bias": Tensor("query_bias", "head key_dim"),
            "_key_dense.kernel": Tensor("key_kernel", f"in {kv} key_dim"),
            "_key_dense.bias": Tensor("key_bias", f"{kv} key_dim"),
            "_value_dense.kernel": Tensor("value_kernel", f"in {kv} value_dim"),
            "_value_dense.bias": Tensor("value_bias", f"{kv} value_dim"),
            "_output_dense.kernel": Tensor("output_kernel", "head value_dim out"),
            "_output_dense.bias": Tensor("output_bias", "out"),
        },
        parts=("_query_dense", "_key_dense", "_value_dense", "_output_dense", "_softmax", "_dropout_layer"),
    )


def _attention_units(layer: Any) -> int | None:
    """The width of the output, known once it is built."""
    output = getattr(layer, "_output_dense", None)
    return int(output.kernel.shape[-1]) if output is not None and output.built else None


def _einsum_names(layer: Any) -> tuple[str, str, dict[str, str]]:
    """Kernel letters, output letters, and the axis that each kernel letter is: contracted ones `in`, new ones `out`."""
    inputs, kernel, outputs = re.split(r",|->", layer.equation.replace(" ", "").replace("...", ""))
    groups = {
        "in": [c for c in kernel if c not in outputs],
        "out": [c for c in kernel if c in outputs and c not in inputs],
        "channel": [c for c in kernel if c in outputs and c in inputs],
    }
    names = {}
    for word, letters in groups.items():
        names |= {c: word if len(letters) == 1 else f"{word}_{i + 1}" for i, c in enumerate(letters)}
    return kernel, outputs, names


def _einsum_kernel(layer: Any) -> str:
    kernel, _, names = _einsum_names(layer)
    return " ".join(names[c] for c in kernel)


def _einsum_bias(layer: Any) -> str:
    _, outputs, names = _einsum_names(layer)
    return " ".join(names.get(c, "1") for c in outputs if c in layer.bias_axes)


def _einsum_units(layer: Any) -> int | None:
    """The product of the new axes, known once it is built."""
    if not layer.built:
        return None
    names = _einsum_kernel(layer).split()
    return math.prod(int(n) for n, name in zip(layer.kernel.shape, names, strict=True) if name.startswith("out"))


_BATCH_NORM = Row(
    "batch_norm",
    {"axis": _axes(), "eps": "epsilon", "momentum": "momentum", "use_scale": "scale", "use_shift": "center"},
    {
        "gamma": Tensor("scale", "channel"),
        "beta": Tensor("shift", "channel"),
        "moving_mean": Tensor("mean", "channel"),
        "moving_variance": Tensor("variance", "channel"),
    },
)


def _norm_axes(layer: Any) -> str:
    rank = len(layer.axis) if isinstance(layer.axis, (tuple, list)) else 1
    return "norm" if rank == 1 else " ".join(f"norm_{i + 1}" for i in range(rank))


def _activation(function: str, **settings: Any) -> Row:
    return Row("activation", {"function": (None, lambda layer: function), **settings})


def _merge(kind: str) -> Row:
    return Row(kind)


ROWS: dict[str, Row] = {
    "InputLayer": Row("input", {"shape": ("batch_shape", lambda layer: tuple(layer.batch_shape))}),
    "Dense": Row(
        "dense",
        {"units": "units", "activation": _function("activation"), "use_bias": "use_bias"},
        {"kernel": Tensor("kernel", "in out"), "bias": Tensor("bias", "out")},
    ),
    "EinsumDense": Row(
        "einsum_dense",
        {"units": (None, _einsum_units), "equation": "equation", "activation": _function("activation")},
        {"kernel": Tensor("kernel", _einsum_kernel), "bias": Tensor("bias", _einsum_bias)},
    ),
    **{f"Conv{rank}D": _convolution(rank, False) for rank in (1, 2, 3)},
    **{f"Conv{rank}DTranspose": _convolution(rank, True) for rank in (1, 2, 3)},
    **{f"DepthwiseConv{rank}D": _depthwise(rank) for rank in (1, 2)},
    **{f"SeparableConv{rank}D": _separable(rank) for rank in (1, 2)},
    **{f"MaxPooling{rank}D": _pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"AveragePooling{rank}D": _pool("average_pool", rank) for rank in (1, 2, 3)},
    **{f"GlobalMaxPooling{rank}D": _global_pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"GlobalAveragePooling{rank}D": _global_pool("average_pool", rank) for rank in (1, 2, 3)},
    **{f"ZeroPadding{rank}D": Row(f"zero_pad{rank}d", {"padding": "padding", **_CHANNELS}) for rank in (1, 2, 3)},
    **{f"Cropping{rank}D": Row(f"crop{rank}d", {"padding": "cropping", **_CHANNELS}) for rank in (1, 2, 3)},
    **{f"UpSampling{rank}D": Row(f"upsample{rank}d", {"factor": "size", **_CHANNELS}) for rank in (1, 2, 3)},
    "Embedding": Row(
        "embedding",
        {"units": "output_dim", "tokens": "input_dim", "mask_zero": "mask_zero"},
        {"embeddings": Tensor("table", "tokens features")},
    ),
    "SimpleRNN": _recurrent("simple_rnn", (), "cell."),
    "LSTM": _recurrent("lstm", _LSTM, "cell."),
    "GRU": _recurrent("gru", _GRU, "cell."),
    "SimpleRNNCell": _recurrent("simple_rnn", (), ""),
    "LSTMCell": _recurrent("lstm", _LSTM, ""),
    "GRUCell": _recurrent("gru", _GRU, ""),
    "Bidirectional": Row(
        "bidirectional",
        {
            "units": (None, lambda layer: row_units(layer.forward_layer)),
            "merge_mode": "merge_mode",
            "batch_first": _TRUE,
        },
    ),
    "TimeDistributed": Row("time_distributed", {"units": (None, lambda layer: row_units(layer.layer))}),
    "MultiHeadAttention": _attention("num_heads", None, "key_dim", "value_dim"),
    "GroupedQueryAttention": _attention("num_query_heads", "num_key_value_heads", "head_dim", "head_dim"),
    "BatchNormalization": _BATCH_NORM,
    "LayerNormalization": Row(
        "layer_norm",
        {"axis": _axes(), "eps": "epsilon", "use_scale": "scale", "use_shift": "center"},
        {"gamma": Tensor("scale", _norm_axes), "beta": Tensor("shift", _norm_axes)},
    ),
    "GroupNormalization": Row(
        "group_norm",
        {"groups": "groups", "axis": _axes(), "eps": "epsilon", "use_scale": "scale", "use_shift": "center"},
        {"gamma": Tensor("scale", "channel"), "beta": Tensor("shift", "channel")},
    ),
    "RMSNormalization": Row("rms_norm", {"axis": _axes(), "eps": "epsilon"}, {"scale": Tensor("scale", _norm_axes)}),
    "Normalization": Row(
        "normalization",
        {"axis": _axes()},
        {"mean": Tensor("mean", "channel"), "variance": Tensor("variance", "channel"), "count": Tensor("counter", "")},
    ),
    "Rescaling": Row("rescaling", {"scale": "scale", "shift": "offset"}),
    "Dropout": Row("dropout", {"rate": "rate"}),
    **{f"SpatialDropout{rank}D": Row(f"spatial_dropout{rank}d", {"rate": "rate", **_CHANNELS}) for rank in (1, 2, 3)},
    "Activation": Row("activation", {"function": _function("activation")}),
    "ReLU": _activation("relu", bound="max_value", slope="negative_slope"),
    "LeakyReLU": _activation("leaky_relu", slope="negative_slope"),
    "ELU": _activation("elu"),
    "Softmax": Row("softmax", {"axis": _axes()}),
    "PReLU": Row("prelu", {}, {"alpha": Tensor("slope")}),
    "Flatten": Row("flatten", _DATA_FORMAT),
    "Reshape": Row("reshape", {"shape": "target_shape"}),
    "Permute": Row("permute", {"axis": "dims"}),
    "RepeatVector": Row("repeat", {"factor": "n"}),
    "Identity": Row("identity"),
    "Masking": Row("masking", {"pad_value": "mask_value"}),
    "Lambda": Row("lambda"),
    "Add": _merge("add"),
    "Subtract": _merge("subtract"),
    "Multiply": _merge("multiply"),
    "Average": _merge("average"),
    "Maximum": _merge("maximum"),
    "Minimum": _merge("minimum"),
    "Concatenate": Row("concat", {"axis": _axes()}),
    "Dot": Row("dot", {"axis": "axes"}),
    "Functional": Row("container", unit=False),
    "Sequential": Row("container", unit=False),
}

# These run other layers: their own call makes nothing itself.
_OPENED = frozenset({"bidirectional", "time_distributed", "lambda"})


def row_of(layer: Any) -> Row:
    """The row of a layer, `UNKNOWN` where there is none."""
    own = (v.name for v in own_variables(layer))
    return find(layer, ROWS, ("keras.src.layers.", "keras.src.models."), own, "call")


def row_units(layer: Any) -> int | None:
    """The units of a layer that a wrapper holds."""
    how = row_of(layer).settings.get("units")
    return None if how is None else getattr(layer, how, None) if isinstance(how, str) else how[1](layer)


def is_unit(layer: Any) -> bool:
    """Whether what happens inside this layer is not followed."""
    row = row_of(layer)
    return row.unit and row.kind not in _OPENED


def own_variables(layer: Any) -> list[Any]:
    """The weights that a layer itself holds, each once (seeds apart)."""
    return list({id(v): v for v in (*layer._trainable_variables, *layer._non_trainable_variables)}.values())
