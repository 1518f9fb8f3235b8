"""The words for TensorFlow's operations: a row per operation type, by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from introspect.values import TensorSpec

from ..products import einsum, product, windows


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# word → the operation types it stands for.
_WORDS: dict[str, str] = {
    "add": "Add AddV2 AddN BiasAdd BiasAddV1 AccumulateNV2",
    "subtract": "Sub",
    "multiply": "Mul MulNoNan",
    "divide": "Div RealDiv DivNoNan",
    "floor_divide": "FloorDiv",
    "power": "Pow",
    "negate": "Neg",
    "absolute": "Abs ComplexAbs",
    "exp": "Exp Expm1",
    "log": "Log",
    "log1p": "Log1p",
    "sqrt": "Sqrt",
    "rsqrt": "Rsqrt",
    "square": "Square SquaredDifference",
    "sin": "Sin",
    "cos": "Cos",
    "erf": "Erf Erfc",
    "matmul": "MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3",
    "einsum": "Einsum",
    "convolution": (
        "Conv2D Conv3D DepthwiseConv2dNative Conv2DBackpropInput Conv3DBackpropInputV2 "
        "DepthwiseConv2dNativeBackpropInput"
    ),
    "normalize": "FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 L2Normalize",
    "relu": "Relu",
    "silu": "Silu",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "elu": "Elu",
    "leaky_relu": "LeakyRelu",
    "clip": "ClipByValue Relu6",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "concat": "ConcatV2 Concat",
    "stack": "Pack",
    "split": "Split SplitV Unpack",
    "slice": "StridedSlice Slice",
    "gather": "Gather GatherV2 GatherNd ResourceGather",
    "reshape": "Reshape",
    "transpose": "Transpose ConjugateTranspose",
    "squeeze": "Squeeze",
    "expand": "ExpandDims BroadcastTo",
    "repeat": "Tile",
    "pad": "Pad PadV2 MirrorPad",
    "roll": "Roll",
    "flip": "Reverse ReverseV2 ReverseSequence",
    "sum": "Sum",
    "mean": "Mean",
    "maximum": "Max Maximum",
    "minimum": "Min Minimum",
    "argmax": "ArgMax",
    "cumulative_sum": "Cumsum",
    "reduce": "Prod All Any ArgMin EuclideanNorm",
    "max_pool": "MaxPool MaxPoolV2 MaxPool3D",
    "average_pool": "AvgPool AvgPool3D",
    "interpolate": "ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea ScaleAndTranslate",
    "compare": "Equal NotEqual Less LessEqual Greater GreaterEqual",
    "logical": "LogicalAnd LogicalOr LogicalNot",
    "where": "Select SelectV2",
    "triangle": "MatrixBandPart",
    "cast": "Cast Bitcast",
    "assign": "TensorScatterUpdate TensorScatterAdd",
}
_WORD_OF = {name: word for word, names in _WORDS.items() for name in names.split()}

# What only hands a value on: a variable that is read, a tensor that gets another name.
PASSED_ON = _names(
    "ReadVariableOp Identity StopGradient PreventGradient EnsureShape PlaceholderWithDefault Snapshot "
    "CheckNumerics CheckNumericsV2"
)
# What is known without the values of any tensor.
FROM_SHAPE = _names("Const Shape ShapeN Size Rank ZerosLike OnesLike")
# What is drawn at random comes from nowhere.
RANDOM = tuple(
    _names(
        "Random StatelessRandom StatelessTruncated StatefulUniform StatefulStandardNormal StatefulTruncated "
        "StatefulRandom TruncatedNormal Multinomial NonDeterministic Rng"
    )
)
# What runs other operations, whose number and kind is not known.
CONTROL_FLOW = _names("While StatelessWhile If StatelessIf Case StatelessCase")

# What has no word here, and sums no products.
_WITHOUT_PRODUCTS = _names(
    "Acos Acosh Angle Asin Asinh Atan Atan2 Atanh BatchToSpaceND BesselI0 Bincount BitwiseAnd BitwiseOr "
    "BitwiseXor BroadcastArgs Ceil Complex Cosh Cumprod DenseBincount DepthToSpace Digamma DynamicPartition "
    "DynamicStitch ExtractImagePatches Fill Floor FloorMod IdentityN Igamma Imag InTopKV2 Inv InvertPermutation "
    "IsFinite IsInf IsNan LRN LeftShift Lgamma LinSpace LookupTableFindV2 MatrixDiagPartV3 MatrixDiagV3 "
    "MatrixSetDiagV3 Mfcc Mod NthElement OneHot ParallelDynamicStitch RaggedRange RaggedTensorToTensor Range Real "
    "Reciprocal RightShift Rint Round ScatterNd SegmentMaxV2 SegmentMeanV2 SegmentSumV2 Selu Sign Sinh Softsign "
    "SpaceToBatchND SpaceToDepth SparseReshape SparseTensorDenseAdd SparseToDense StringJoin StringLower "
    "StringSplitV2 StringToHashBucketFast StringToNumber Tan TensorListFromTensor TensorListStack TopKV2 Unique "
    "UniqueV2 UniqueWithCounts UnravelIndex UnsortedSegmentMax UnsortedSegmentMean UnsortedSegmentSum Where Xlogy"
)

# operation type → the constant inputs that say how it works, by place (of several, counted from the end).
_ARGUMENTS: dict[str, dict[int, str]] = {
    **{name: {-1: "axis"} for name in _names("ConcatV2 GatherV2 SplitV")},
    **{name: {1: "axis"} for name in _names("Sum Mean Max Min Prod All Any ArgMax ArgMin Cumsum ExpandDims ReverseV2")},
    "Split": {0: "axis"},
    "Transpose": {1: "permutation"},
    **{name: {1: "shape"} for name in _names("Reshape BroadcastTo")},
    "StridedSlice": {1: "begin", 2: "end", 3: "strides"},
    "Slice": {1: "begin", 2: "size"},
    "Tile": {1: "multiples"},
    **{name: {1: "paddings", 2: "pad_value"} for name in _names("Pad PadV2 MirrorPad")},
    **{name: {1: "size"} for name in _names("ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea")},
    "Roll": {1: "shift", 2: "axis"},
}
_ATTRIBUTES = _names(
    "strides padding data_format dilations explicit_paddings ksize equation transpose_a transpose_b adj_x adj_y "
    "keep_dims axis num alpha DstT exclusive reverse squeeze_dims align_corners half_pixel_centers mode "
    "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask epsilon is_training"
)


def word_for(name: str) -> str:
    """The word of our vocabulary for an operation type; `unknown` where the table has no row."""
    return _WORD_OF.get(name, "unknown")


def argument_names(name: str, inputs: int) -> dict[int, str]:
    """Which inputs of an operation are settings where they are constant, by place."""
    return {place % inputs: word for place, word in _ARGUMENTS.get(name, {}).items() if -inputs <= place < inputs}


def attributes(given: Sequence[Any], outputs: Sequence[Any], in_graph: bool) -> dict[str, Any]:
    """The attributes of an operation that say how it works, as plain values."""
    names = [_text(name) for name in given[::2]]
    values = list(given[1::2])
    if in_graph:  # there they come as protocol buffers
        values = [outputs[0].op.get_attr(name) if name in _ATTRIBUTES else None for name in names]
    found = {name: _plain(value) for name, value in zip(names, values, strict=False) if name in _ATTRIBUTES}
    return {name: value for name, value in found.items() if value not in ((), [], "")}


def _text(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return tuple(_plain(v) for v in value)
    return _text(value)


def macs_for(
    name: str, settings: dict[str, Any], inputs: Sequence[TensorSpec], output: TensorSpec | None
) -> int | None:
    """The multiply-accumulates of one operation: 0 where it sums no products, `None` where unknown."""
    word = word_for(name)
    if word == "unknown":
        return 0 if name in _WITHOUT_PRODUCTS else None
    if word not in ("matmul", "einsum", "convolution"):
        return 0
    if output is None:
        return None
    try:
        return _products(name, settings, inputs, output)
    except IndexError:  # called in a way that the row does not know
        return None


def _products(name: str, settings: dict[str, Any], inputs: Sequence[TensorSpec], output: TensorSpec) -> int | None:
    if name == "Einsum":
        return einsum(settings["equation"], inputs, output)
    if "MatMul" in name:
        swapped = settings.get("transpose_a") or settings.get("adj_x")
        return product(inputs[0], output, -2 if swapped else -1)
    # The kernel is (window, in, out); of a transposed convolution, whose input stands last, (window, out, in); of a
    # depthwise one (window, in, multiplier).
    rank = len(output.shape)
    window = range(rank - 2 if name.startswith("Depthwise") else rank - 1)
    return windows(inputs[-2], window, inputs[-1]) if "Backprop" in name else windows(inputs[1], window, output)
