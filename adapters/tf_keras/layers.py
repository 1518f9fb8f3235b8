"""The table of Keras 2's layers: the rows that both versions of Keras share, and those that differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import tensorflow as tf

from ..keras_tables import ROWS as SHARED
from ..keras_tables.activation import activation
from ..keras_tables.attention import attention
from ..keras_tables.augmentation import augmentation
from ..keras_tables.convolution import depthwise
from ..keras_tables.shared import DATA_FORMAT, Read, axes, fixed, function, in_features
from ..rows import Row, Tensor, find
from .structure import local_name, own_variables


def _built_with(layer: Any, place: int = 0) -> tuple[int | None, ...] | None:
    """The shape of an input that a layer was built with, where it tells."""
    shapes = getattr(layer, "_build_input_shape", None) if layer.built else None
    if isinstance(shapes, (list, tuple)) and any(isinstance(s, (list, tuple, tf.TensorShape)) for s in shapes):
        shapes = shapes[place] if place < len(shapes) else None
    elif place:
        return None
    try:
        return None if shapes is None else tuple(tf.TensorShape(shapes).as_list())
    except (TypeError, ValueError):  # a dict of shapes, or an unknown rank
        return None


def _value_width(layer: Any) -> int | None:
    """Attention gives back weighted values, as wide as they came: the second input."""
    values = _built_with(layer, 1)
    return None if values is None else values[-1]


def _normalized_shape(layer: Any) -> tuple[int | None, ...] | None:
    shape, along = _built_with(layer), axes()[1](layer)
    return None if shape is None or along is None else tuple(shape[axis] for axis in along)


def _row(name: str, **settings: Any) -> Row:
    """The shared row with some settings read in another way."""
    return replace(SHARED[name], settings={**SHARED[name].settings, **settings})


def _locally_connected(rank: int) -> Row:
    """A kernel for each position. By its implementation it is stored once per window, once per pair of positions (most
    of them zero), or as the numbers of a sparse matrix."""
    letters = {1: ("l",), 2: ("h", "w")}[rank]
    places = "position" if rank == 1 else "position_1 position_2"
    joined = places if rank == 1 else f"({places})"

    def kernel(layer: Any) -> str | None:
        return f"{joined} ({' '.join(letters)} in) out" if layer.implementation == 1 else None

    sizes: dict[str, Any] = {
        letter: lambda layer, place=place: layer.kernel_size[place] for place, letter in enumerate(letters)
    }
    if rank == 2:
        sizes["position_1"] = "output_row"
    return Row(
        f"locally_connected{rank}d",
        {
            "units": "filters",
            "in_features": in_features(),
            "kernel_size": "kernel_size",
            "strides": "strides",
            "padding": "padding",
            **DATA_FORMAT,
            "use_bias": "use_bias",
            "activation": function(),
        },
        {"kernel": Tensor("kernel", kernel, sizes=sizes), "bias": Tensor("bias", f"{places} out")},
    )


def _number(name: str) -> Read:
    """A number that Keras keeps as an array of its own precision: 0.3, not the nearest of 32 bits."""
    return name, lambda layer: None if getattr(layer, name) is None else float(str(getattr(layer, name)))


def _called(layer: Any) -> Any:
    """The TensorFlow function that Keras has made a layer of, where a functional model computes with tensors."""
    parts = (getattr(layer, name, None) for name in ("symbol", "cls_symbol", "method_name", "attr_name"))
    return ".".join(str(part) for part in parts if part is not None) or None


def _of_operation(layer: Any) -> Any:
    return layer.node_def.op


_CALLED: Read = (None, _called)

ROWS: dict[str, Row] = {
    **SHARED,
    "InputLayer": Row("input", {"shape": ("batch_input_shape", lambda layer: tuple(layer._batch_input_shape))}),
    **{f"DepthwiseConv{rank}D": depthwise(rank, "depthwise_kernel") for rank in (1, 2)},
    **{f"LocallyConnected{rank}D": _locally_connected(rank) for rank in (1, 2)},
    "MultiHeadAttention": attention("_num_heads", None, "_key_dim", "_value_dim", "_dropout"),
    "Attention": _row("Attention", units=(None, _value_width)),
    "AdditiveAttention": _row("AdditiveAttention", units=(None, _value_width)),
    "LayerNormalization": _row("LayerNormalization", normalized_shape=(None, _normalized_shape)),
    "SyncBatchNormalization": SHARED["BatchNormalization"],
    "ReLU": _row("ReLU", bound=_number("max_value"), slope=_number("negative_slope"), threshold=_number("threshold")),
    "LeakyReLU": activation("leaky_relu", slope=_number("alpha")),
    "ELU": activation("elu", slope=_number("alpha")),
    "ThresholdedReLU": activation("thresholded_relu", threshold=_number("theta")),
    "RandomBrightness": augmentation("RandomBrightness", strength="_factor"),
    "RandomHeight": augmentation("RandomHeight"),
    "RandomWidth": augmentation("RandomWidth"),
    "RandomFourierFeatures": Row(
        "dense",
        {"units": "output_dim", "activation": fixed("cos")},
        {
            "unscaled_kernel": Tensor("kernel", "in out"),
            "bias": Tensor("bias", "out"),
            "kernel_scale": Tensor("scale", "1"),
        },
    ),
    "DynamicEmbedding": Row("container", {"units": (None, lambda layer: layer.embedding_layer.output_dim)}, unit=False),
    "DynamicLookup": Row(
        "lookup",
        {"tokens": "vocabulary_size"},
        {"vocabulary": Tensor("other", "tokens"), "vocabulary_table_(keys|values)": Tensor("other")},
    ),
    # Each column turns its part of the input into numbers in its own way: what they do is followed.
    "DenseFeatures": Row("unknown", {}, {".*embedding_weights": Tensor("table", "tokens features")}, unit=False),
    **dict.fromkeys(
        ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"),
        Row("lambda", {"function": _CALLED}, {".*": Tensor("other")}, unit=False),
    ),
    "TensorFlowOpLayer": Row("lambda", {"function": (None, _of_operation)}, unit=False),
    "AddLoss": Row("identity"),
    "AddMetric": Row("identity"),
}

_HOMES = ("tf_keras.src.layers.", "tf_keras.src.engine.", "tf_keras.src.feature_column.")
# These run other layers: their own call makes nothing itself.
_OPENED = frozenset({"bidirectional", "time_distributed", "lambda"})


def row_of(layer: Any) -> Row:
    """The row of a layer, `UNKNOWN` where there is none."""
    return find(layer, ROWS, _HOMES, lambda of: [local_name(v) for v in own_variables(of)], "call")


def is_unit(layer: Any) -> bool:
    """Whether what happens inside this layer is not followed."""
    row = row_of(layer)
    return row.unit and row.kind not in _OPENED
