"""Quantized modules of `torch.ao`: weights packed for a kernel, weights that are about to be, and what watches ranges.

Packed weights are no tensors that a module registers: they are unpacked to be read, and learn no more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ...rows import Row, Tensor
from . import activation, convolution, dense, normalization, pooling, recurrent, shaping
from .attention import ATTENTION, HEADS, PACKED_QKV, PROJECTED, separate
from .common import RANKS, extended, fixed
from .container import CONTAINER


def _one_number(name: str) -> Tensor:
    """A scale or a zero point, some of which have an axis of size one."""
    return Tensor("quantizer", lambda m: "1" if getattr(m, name).dim() else "")


_OF_OUTPUTS = {name: _one_number(name) for name in ("scale", "zero_point")}


def _dtype(value: Any) -> str:
    """`int8` for `torch.qint8`."""
    return str(value).removeprefix("torch.").removeprefix("q")


def _weight_and_bias(module: Any) -> dict[str, Any]:
    """As torch's own methods unpack them. Half-precision weights come back in single precision."""
    weight, bias = module.weight(), getattr(module, "bias", lambda: None)()
    if _kept_as(module) == "float16":
        weight = weight.half()
    return {"weight": weight, "bias": bias}


def _by_name(module: Any) -> dict[str, Any]:
    """Of a recurrent layer or cell."""
    return {**module.get_weight(), **module.get_bias()}


def _kept_as(module: Any) -> str:
    packed = getattr(module, "_packed_params", None)
    said = getattr(packed, "dtype", None) or getattr(module, "dtype", None) or getattr(module, "weight_dtype", None)
    return "int8" if said is None else _dtype(said)


_QUANTIZATION: dict[str, Any] = {"quantization": (None, _kept_as)}


def _packed(row: Row, activation: str | None = None) -> Row:
    """A row whose weight and bias are packed; `activation`: what the same kernel applies afterwards."""
    settings = {**_QUANTIZATION, **({"activation": fixed(activation)} if activation else {})}
    if "use_bias" in row.settings:
        settings["use_bias"] = (None, lambda m: m.bias() is not None)
    if row.kind.startswith("embedding"):
        # The constructor's dtype is not always what was packed.
        settings |= {"quantization": (None, lambda m: _dtype(m.weight().dtype))}
        settings |= {"padding_token": fixed(None), "max_norm": fixed(None)}
    return replace(extended(row, settings), packed=_weight_and_bias, parts=("_packed_params",))


def _packed_recurrent(row: Row) -> Row:
    settings = {name: how for name, how in row.settings.items() if name != "projection"}
    row = replace(row, settings={**settings, **_QUANTIZATION})
    return replace(row, packed=_by_name, parts=("_all_weight_values",))


def _rescaled(row: Row) -> Row:
    """A module that gives quantized numbers, by a scale and a zero point of its own."""
    return extended(row, tensors=_OF_OUTPUTS)


_BATCH_NORM = _rescaled(normalization.statistics("batch_norm"))
_CONVOLUTIONS = {
    **{f"Conv{rank}d": _packed(convolution.convolution(rank)) for rank in RANKS},
    **{f"ConvTranspose{rank}d": _packed(convolution.transposed(rank)) for rank in RANKS},
}
_LINEAR = _packed(dense.LINEAR)

STATIC: dict[str, Row] = {
    "Linear": _LINEAR,
    **_CONVOLUTIONS,
    "Embedding": _packed(dense.EMBEDDING),
    "EmbeddingBag": _packed(dense.EMBEDDING_BAG),
    **{f"BatchNorm{rank}d": _BATCH_NORM for rank in (2, 3)},
    **{f"InstanceNorm{rank}d": _rescaled(normalization.statistics("instance_norm")) for rank in RANKS},
    "LayerNorm": _rescaled(normalization.over_features("layer_norm")),
    "GroupNorm": _rescaled(normalization.GROUP_NORM),
    **{name: _rescaled(activation.ROWS[name]) for name in ("LeakyReLU", "ELU", "Hardswish", "Sigmoid", "Softmax")},
    "ReLU6": activation.ROWS["ReLU6"],
    "PReLU": replace(activation.ROWS["PReLU"], packed=lambda m: {"weight": m.weight}),
    "Dropout": shaping.ROWS["Dropout"],
    "MaxPool2d": pooling.ROWS["MaxPool2d"],
    "Quantize": Row("quantize", {"quantization": ("dtype", lambda m: _dtype(m.dtype))}, _OF_OUTPUTS),
    "DeQuantize": Row("dequantize"),
    **dict.fromkeys(("FloatFunctional", "FXFloatFunctional", "QFunctional"), CONTAINER),
    **dict.fromkeys(("LinearPackedParams", "EmbeddingPackedParams"), CONTAINER),
}
DYNAMIC: dict[str, Row] = {
    "Linear": _LINEAR,
    **_CONVOLUTIONS,
    **{name: _packed_recurrent(recurrent.ROWS[name]) for name in recurrent.ROWS if name != "RNN"},
    "PackedParameter": CONTAINER,
}
# One kernel for two layers.
FUSED: dict[str, Row] = {
    "LinearReLU": _packed(dense.LINEAR, "relu"),
    "LinearLeakyReLU": _packed(dense.LINEAR, "leaky_relu"),
    "LinearTanh": _packed(dense.LINEAR, "tanh"),
    **{f"ConvReLU{rank}d": _packed(convolution.convolution(rank), "relu") for rank in RANKS},
    # These add a second input to the convolution.
    "ConvAdd2d": _packed(convolution.convolution(2)),
    "ConvAddReLU2d": _packed(convolution.convolution(2), "relu"),
    **{f"BNReLU{rank}d": extended(_BATCH_NORM, {"activation": fixed("relu")}) for rank in (2, 3)},
}


def _reference(row: Row) -> Row:
    """A module that keeps its weight as it was, beside what it will be quantized by: numbers, or one per channel."""
    how = {r"weight_(\w+_)?(scale|zero_point|axis)": Tensor("quantizer", _per_channel)}
    return extended(row, {"quantization": (None, _reference_dtype)}, how)


def _per_channel(module: Any) -> str | None:
    return "" if getattr(module, "weight_scale", None) is None or not module.weight_scale.dim() else "out"


def _reference_dtype(module: Any) -> str | None:
    said = getattr(module, "weight_dtype", None)
    return None if said is None else f"simulated {_dtype(said)}"


REFERENCE: dict[str, Row] = {
    name: _reference(row)
    for name, row in {**dense.ROWS, **convolution.ROWS, **recurrent.ROWS}.items()
    if not name.startswith("Lazy")
}


def _simulated(module: Any) -> str | None:
    """What the weight is rounded to at every call."""
    dtype = getattr(getattr(module, "weight_fake_quant", None), "dtype", None)
    return None if dtype is None else f"simulated {_dtype(dtype)}"


def _trained(row: Row, activation: str | None = None) -> Row:
    """A module that is trained with its weight rounded."""
    return extended(
        row,
        {"quantization": (None, _simulated), **({"activation": fixed(activation)} if activation else {})},
    )


TRAINED: dict[str, Row] = {
    name: _trained(row)
    for name, row in {**dense.ROWS, **convolution.ROWS}.items()
    if name in ("Linear", "Embedding", "EmbeddingBag", "Conv1d", "Conv2d", "Conv3d")
}
# A batch normalization, in a child, is folded into the kernel before it is rounded: that is followed.
TRAINED_FUSED: dict[str, Row] = {
    "LinearReLU": _trained(dense.LINEAR, "relu"),
    **{f"ConvReLU{rank}d": _trained(convolution.convolution(rank), "relu") for rank in RANKS},
    "LinearBn1d": replace(_trained(dense.LINEAR), unit=False),
    **{f"ConvBn{rank}d": replace(_trained(convolution.convolution(rank)), unit=False) for rank in RANKS},
    **{f"ConvBnReLU{rank}d": replace(_trained(convolution.convolution(rank), "relu"), unit=False) for rank in RANKS},
}


def _cell_tensors(before: str) -> dict[str, Tensor]:
    """Both products are dense layers of their own."""
    named = recurrent.gate_tensors("lstm")
    return {
        f"{before}{place}gates\\.{end}": named[f"{end}_{place}h"] for place in ("i", "h") for end in ("weight", "bias")
    }


_GATED: dict[str, Any] = {
    "units": ("hidden_size", lambda m: m.hidden_size),
    "in_features": "input_size",
    "use_bias": "bias",
    **recurrent.activations("lstm"),
}
# An LSTM and an attention layer taken apart, so that every step in them can be quantized.
QUANTIZABLE: dict[str, Row] = {
    "LSTM": Row(
        "lstm",
        {
            **_GATED,
            "layers": "num_layers",
            "batch_first": "batch_first",
            "bidirectional": "bidirectional",
            "between_rate": "dropout",
        },
        _cell_tensors(r"layers\.\d+\.layer_(fw|bw)\.cell\."),
        unit=False,
        parts=("layers",),
    ),
    "LSTMCell": Row("lstm_cell", _GATED, _cell_tensors(""), unit=False, parts=("igates", "hgates")),
    "MultiheadAttention": Row(
        "attention",
        ATTENTION,
        {
            **separate(r"linear_Q\.weight", r"linear_K\.weight", r"linear_V\.weight"),
            "linear_Q.bias": Tensor("query_bias", "(head key_dim)", {}, HEADS),
            "linear_K.bias": Tensor("key_bias", "(head key_dim)", {}, HEADS),
            "linear_V.bias": Tensor("value_bias", "(head key_dim)", {}, HEADS),
            **PROJECTED,
            # Left over from the layer that this one is: not used.
            "in_proj_weight": Tensor("other", "(qkv head key_dim) in", PACKED_QKV, HEADS),
            "in_proj_bias": Tensor("other", "(qkv head key_dim)", PACKED_QKV, HEADS),
        },
        unit=False,
        parts=("linear_Q", "linear_K", "linear_V", "out_proj"),
    ),
}


# Whatever they keep describes a range.
_WATCHED = {r"\w+": Tensor("quantizer")}
PREPARED: dict[str, Row] = {
    **dict.fromkeys(
        [
            *("MinMaxObserver", "PerChannelMinMaxObserver", "HistogramObserver", "FixedQParamsObserver"),
            *("MovingAverageMinMaxObserver", "MovingAveragePerChannelMinMaxObserver", "PlaceholderObserver"),
            *("RecordingObserver", "NoopObserver", "ReuseInputObserver", "ObserverBase"),
        ],
        Row("observer", {}, _WATCHED),
    ),
    **dict.fromkeys(
        ("FakeQuantize", "FusedMovingAvgObsFakeQuantize", "FixedQParamsFakeQuantize", "FakeQuantizeBase"),
        Row("fake_quantize", {"quantization": ("dtype", lambda m: _dtype(getattr(m, "dtype", "")) or None)}, _WATCHED),
    ),
    **dict.fromkeys(("QuantStub", "DeQuantStub"), Row("identity")),
    "QuantWrapper": CONTAINER,
}

# The modules that these classes live in, the more special ones first.
TABLES: dict[str, dict[str, Row]] = {
    "torch.ao.nn.intrinsic.quantized.": FUSED,
    "torch.ao.nn.intrinsic.qat.": TRAINED_FUSED,
    "torch.ao.nn.quantized.dynamic.": DYNAMIC,
    "torch.ao.nn.quantized.reference.": REFERENCE,
    "torch.ao.nn.quantized.": STATIC,
    "torch.ao.nn.quantizable.": QUANTIZABLE,
    "torch.ao.nn.qat.": TRAINED,
    "torch.ao.quantization.": PREPARED,
}
