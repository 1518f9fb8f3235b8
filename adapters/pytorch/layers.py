"""The table of torch's layers: a row per class, with its kind, its settings and its tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..rows import Row, Tensor, find, labels


def _padding(value: Any) -> Any:
    """No padding is 'valid'; words stay words."""
    if isinstance(value, str):
        return value
    sizes = value if isinstance(value, tuple) else (value,)
    return "valid" if not any(sizes) else tuple(sizes)


def _both_ends(padding: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """torch gives (left, right, top, bottom), the last axis first; in our words it is a pair per axis, in order."""
    pairs = [(padding[i], padding[i + 1]) for i in range(0, len(padding), 2)]
    return tuple(reversed(pairs))


def _per_axis(name: str, rank: int) -> tuple[str, Callable[[Any], Any]]:
    """A setting that torch also takes as one number for all axes."""

    return name, lambda module: _repeated(getattr(module, name), rank)


def _repeated(value: Any, rank: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


_WINDOW = {1: "l", 2: "h w", 3: "d h w"}
_CHANNELS_FIRST = (None, lambda module: "channels_first")
_USE_BIAS = ("bias", lambda module: module.bias is not None)


def _convolution(rank: int, transpose: bool) -> Row:
    axes = f"in out {_WINDOW[rank]}" if transpose else f"out in {_WINDOW[rank]}"
    settings: dict[str, Any] = {
        "units": "out_channels",
        "in_features": "in_channels",
        "kernel_size": "kernel_size",
        "strides": "stride",
        "padding": ("padding", lambda m: _padding(m.padding)),
        "pad_value": ("padding_mode", lambda m: 0 if m.padding_mode == "zeros" else m.padding_mode),
        "dilation": "dilation",
        "groups": "groups",
        "use_bias": _USE_BIAS,
        "data_format": _CHANNELS_FIRST,
    }
    if transpose:
        settings["output_padding"] = "output_padding"
    kind = f"conv{rank}d_transpose" if transpose else f"conv{rank}d"
    return Row(kind, settings, {"weight": Tensor("kernel", axes), "bias": Tensor("bias", "out")})


def _pool(kind: str, rank: int) -> Row:
    settings = {
        "kernel_size": _per_axis("kernel_size", rank),
        "strides": _per_axis("stride", rank),
        "padding": ("padding", lambda m: _padding(_repeated(m.padding, rank))),
        "ceil_mode": "ceil_mode",
        "data_format": _CHANNELS_FIRST,
    }
    if kind == "max_pool":
        settings["dilation"] = _per_axis("dilation", rank)
    else:
        settings["count_include_pad"] = "count_include_pad"
    return Row(f"{kind}{rank}d", settings)


def _adaptive_pool(kind: str, rank: int) -> Row:
    return Row(
        f"adaptive_{kind}{rank}d",
        {"output_size": _per_axis("output_size", rank), "data_format": _CHANNELS_FIRST},
    )


def _recurrent(kind: str, gates: tuple[str, ...]) -> Row:
    packed = "(gate units)" if gates else "units"
    packs = {"gate": labels(*gates)} if gates else {}
    settings = {
        "units": "hidden_size",
        "in_features": "input_size",
        "layers": "num_layers",
        "use_bias": "bias",
        "batch_first": "batch_first",
        "bidirectional": "bidirectional",
        "projection": ("proj_size", lambda m: m.proj_size or None),
        "return_sequences": (None, lambda m: True),
        "return_state": (None, lambda m: True),
        "rate": "dropout",
    }
    if not gates:
        settings["activation"] = "nonlinearity"
    if kind == "gru":
        settings["reset_after"] = (None, lambda m: True)
    tensors = {
        r"weight_ih_l\d+(_reverse)?": Tensor("kernel", f"{packed} in", packs),
        r"weight_hh_l\d+(_reverse)?": Tensor("recurrent_kernel", f"{packed} hidden", packs),
        r"bias_ih_l\d+(_reverse)?": Tensor("bias", packed, packs),
        r"bias_hh_l\d+(_reverse)?": Tensor("recurrent_bias", packed, packs),
        r"weight_hr_l\d+(_reverse)?": Tensor("output_kernel", "hidden units"),
    }
    return Row(kind, settings, tensors)


def _batch_norm(kind: str = "batch_norm") -> Row:
    return Row(
        kind,
        {
            "in_features": "num_features",
            "eps": "eps",
            "momentum": ("momentum", lambda m: None if m.momentum is None else 1 - m.momentum),
            "use_scale": ("affine", lambda m: m.affine),
            "use_shift": ("affine", lambda m: m.affine),
            "axis": (None, lambda m: (1,)),
        },
        {
            "weight": Tensor("scale", "channel"),
            "bias": Tensor("shift", "channel"),
            "running_mean": Tensor("mean", "channel"),
            "running_var": Tensor("variance", "channel"),
            "num_batches_tracked": Tensor("counter", ""),
        },
    )


def _norm_axes(module: Any) -> str:
    rank = len(module.normalized_shape)
    return "norm" if rank == 1 else " ".join(f"norm_{i + 1}" for i in range(rank))


def _activation(function: str, **settings: Any) -> Row:
    return Row("activation", {"function": (None, lambda m: function), **settings})


_QKV = {"qkv": labels("query", "key", "value")}
_HEADS = {"head": "num_heads"}
_NORMALIZED = {
    "axis": ("normalized_shape", lambda m: tuple(range(-len(m.normalized_shape), 0))),
    "normalized_shape": "normalized_shape",
    "use_scale": ("elementwise_affine", lambda m: m.weight is not None),
}

ROWS: dict[str, Row] = {
    "Linear": Row(
        "dense",
        {"units": "out_features", "in_features": "in_features", "use_bias": _USE_BIAS},
        {"weight": Tensor("kernel", "out in"), "bias": Tensor("bias", "out")},
    ),
    "Bilinear": Row(
        "bilinear",
        {
            "units": "out_features",
            "in_features": "in1_features",
            "in_features_2": "in2_features",
            "use_bias": _USE_BIAS,
        },
        {"weight": Tensor("kernel", "out in_1 in_2"), "bias": Tensor("bias", "out")},
    ),
    **{f"Conv{rank}d": _convolution(rank, False) for rank in (1, 2, 3)},
    **{f"ConvTranspose{rank}d": _convolution(rank, True) for rank in (1, 2, 3)},
    **{f"MaxPool{rank}d": _pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"AvgPool{rank}d": _pool("average_pool", rank) for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPool{rank}d": _adaptive_pool("max_pool", rank) for rank in (1, 2, 3)},
    **{f"AdaptiveAvgPool{rank}d": _adaptive_pool("average_pool", rank) for rank in (1, 2, 3)},
    "Embedding": Row(
        "embedding",
        {"units": "embedding_dim", "tokens": "num_embeddings", "padding_token": "padding_idx"},
        {"weight": Tensor("table", "tokens features")},
    ),
    "EmbeddingBag": Row(
        "embedding_bag",
        {"units": "embedding_dim", "tokens": "num_embeddings", "padding_token": "padding_idx"},
        {"weight": Tensor("table", "tokens features")},
    ),
    "RNN": _recurrent("simple_rnn", ()),
    "LSTM": _recurrent("lstm", ("input", "forget", "cell", "output")),
    "GRU": _recurrent("gru", ("reset", "update", "new")),
    "MultiheadAttention": Row(
        "attention",
        {
            "units": "embed_dim",
            "in_features": "embed_dim",
            "heads": "num_heads",
            "key_dim": "head_dim",
            "value_dim": "head_dim",
            "batch_first": "batch_first",
            "use_bias": ("bias", lambda m: m.in_proj_bias is not None),
            "rate": "dropout",
        },
        {
            "in_proj_weight": Tensor("kernel", "(qkv head key_dim) in", _QKV, _HEADS),
            "in_proj_bias": Tensor("bias", "(qkv head key_dim)", _QKV, _HEADS),
            "q_proj_weight": Tensor("query_kernel", "(head key_dim) in", {}, _HEADS),
            "k_proj_weight": Tensor("key_kernel", "(head key_dim) in", {}, _HEADS),
            "v_proj_weight": Tensor("value_kernel", "(head key_dim) in", {}, _HEADS),
            "bias_k": Tensor("other", "1 1 (head key_dim)", {}, _HEADS),
            "bias_v": Tensor("other", "1 1 (head key_dim)", {}, _HEADS),
            "out_proj.weight": Tensor("output_kernel", "out (head key_dim)", {}, _HEADS),
            "out_proj.bias": Tensor("output_bias", "out"),
        },
        parts=("out_proj",),
    ),
    **{f"{lazy}BatchNorm{rank}d": _batch_norm() for rank in (1, 2, 3) for lazy in ("", "Lazy")},
    "SyncBatchNorm": _batch_norm(),
    **{f"{lazy}InstanceNorm{rank}d": _batch_norm("instance_norm") for rank in (1, 2, 3) for lazy in ("", "Lazy")},
    "LayerNorm": Row(
        "layer_norm",
        {**_NORMALIZED, "eps": "eps", "use_shift": ("elementwise_affine", lambda m: m.bias is not None)},
        {"weight": Tensor("scale", _norm_axes), "bias": Tensor("shift", _norm_axes)},
    ),
    "RMSNorm": Row("rms_norm", {**_NORMALIZED, "eps": "eps"}, {"weight": Tensor("scale", _norm_axes)}),
    "GroupNorm": Row(
        "group_norm",
        {"in_features": "num_channels", "groups": "num_groups", "eps": "eps"},
        {"weight": Tensor("scale", "channel"), "bias": Tensor("shift", "channel")},
    ),
    "Dropout": Row("dropout", {"rate": "p"}),
    **{
        f"Dropout{rank}d": Row(f"spatial_dropout{rank}d", {"rate": "p", "data_format": _CHANNELS_FIRST})
        for rank in (1, 2, 3)
    },
    "ReLU": _activation("relu"),
    "ReLU6": _activation("relu6"),
    "GELU": _activation("gelu", approximate="approximate"),
    "SiLU": _activation("silu"),
    "Mish": _activation("mish"),
    "Sigmoid": _activation("sigmoid"),
    "Tanh": _activation("tanh"),
    "Softplus": _activation("softplus"),
    "Hardswish": _activation("hard_silu"),
    "Hardsigmoid": _activation("hard_sigmoid"),
    "LeakyReLU": _activation("leaky_relu", slope="negative_slope"),
    "ELU": _activation("elu"),
    "PReLU": Row("prelu", {"in_features": "num_parameters"}, {"weight": Tensor("slope", "channel")}),
    "Softmax": Row("softmax", {"axis": ("dim", lambda m: None if m.dim is None else (m.dim,))}),
    "Flatten": Row("flatten", {"start_axis": "start_dim", "end_axis": "end_dim"}),
    "Unflatten": Row("reshape", {}),
    "Identity": Row("identity", {}),
    "Upsample": Row("upsample", {"factor": "scale_factor", "interpolation": "mode", "data_format": _CHANNELS_FIRST}),
    **{
        f"ZeroPad{rank}d": Row(
            f"zero_pad{rank}d",
            {"padding": ("padding", lambda m: _both_ends(m.padding)), "data_format": _CHANNELS_FIRST},
        )
        for rank in (1, 2, 3)
    },
    "Sequential": Row("container", unit=False),
    "ModuleList": Row("container", unit=False),
    "ModuleDict": Row("container", unit=False),
    "ParameterList": Row("container", unit=False),
    "ParameterDict": Row("container", unit=False),
}


def row_of(module: torch.nn.Module) -> Row:
    """The row of a module, `UNKNOWN` where there is none."""
    own = (*module._parameters.keys(), *module._buffers.keys())
    return find(module, ROWS, ("torch.nn.modules.",), own, "forward")
