"""Multiply-accumulates (MACs) of a traced model, from its records alone. FLOPs are twice that.

Counted are sums of products: matrix products, convolutions, attention, recurrences. A layer that is one step has a rule
by its kind; of an opened layer, what its own code called is counted. Padding counts as any other position.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

from .parameter import Parameter
from .records import Call, Layer, Operation
from .values import TensorSpec, tensor_leaves

Rule = Callable[[Layer, Call], int | None]


def macs_by_path(layers: Iterable[Layer], operations: Iterable[Operation], unseen: frozenset[str]) -> dict[str, Any]:
    """The multiply-accumulates of all calls of each layer that was called, by its path; `None` where unknown."""
    by_path = {layer.path: layer for layer in layers}
    steps: list[tuple[int, str | None, Layer | None, Call | Operation]] = [
        (call.order, call.within, layer, call) for layer in by_path.values() for call in layer.calls
    ]
    steps += [(operation.order, operation.within, None, operation) for operation in operations]
    latest: dict[str, _Frame] = {}
    totals: dict[str, int | None] = {}
    for _, within, layer, step in sorted(steps, key=lambda s: s[0]):
        around = latest.get(within) if within is not None else None
        if isinstance(step, Operation):
            macs = step.macs
        else:
            assert layer is not None
            around = latest[layer.path] = _Frame(layer, step, around)
            totals.setdefault(layer.path, 0)
            macs = _of_call(layer, step, by_path, unseen)
        _add(totals, around, macs)
    return totals


class _Frame:
    """A call that is under way, and the call around it."""

    def __init__(self, layer: Layer, call: Call, around: _Frame | None) -> None:
        self.layer = layer
        self.around = around
        # One recorded call of the child stands for every time step.
        times = _size(call.inputs, 1) if layer.kind == "time_distributed" else 1
        outer = 1 if around is None else around.times
        self.times = None if times is None or outer is None else times * outer


def _add(totals: dict[str, int | None], frame: _Frame | None, macs: int | None) -> None:
    """To every layer around a step once, up to one that is a step itself: its own rule covers what is inside."""
    if macs == 0 or frame is None:
        return
    macs = None if macs is None or frame.times is None else macs * frame.times
    counted: set[str] = set()
    first = True
    while frame is not None and (first or frame.layer.opened):
        path = frame.layer.path
        if path not in counted:
            before = totals[path]
            totals[path] = None if before is None or macs is None else before + macs
        counted.add(path)
        first, frame = False, frame.around


def _of_call(layer: Layer, call: Call, by_path: dict[str, Layer], unseen: frozenset[str]) -> int | None:
    """What a call itself takes, apart from the steps inside it."""
    if call.raised or layer.path in unseen:
        return None
    if layer.opened or layer.kind in FREE:
        return 0
    if layer.kind == "rnn":
        return _of_cells(layer, call, by_path)
    rule = RULES.get(layer.kind)
    return None if rule is None else rule(layer, call)


def _size(structure: Any, axis: int) -> int | None:
    """A size of the first tensor."""
    tensors = tensor_leaves(structure)
    return tensors[0].shape[axis] if tensors and len(tensors[0].shape) > axis else None


def _first(structure: Any) -> TensorSpec | None:
    return next(iter(tensor_leaves(structure)), None)


def _kernels(layer: Layer, *roles: str) -> list[Parameter]:
    return [p for p in layer.parameters if p.role in roles and p.state == "parameter"]


def _times(kernels: list[Parameter], positions: int | None) -> int | None:
    """Kernels that are applied at so many positions."""
    sizes = [p.size for p in kernels]
    if positions is None or not sizes or None in sizes:
        return None
    return positions * sum(sizes)  # type: ignore[arg-type]


def _positions(tensor: TensorSpec | None, per_position: int | None) -> int | None:
    """How many positions a tensor has, where one holds so many elements."""
    if tensor is None or tensor.size is None or not per_position or tensor.size % per_position:
        return None
    return tensor.size // per_position


def _kept(kernel: Parameter, *words: str) -> int | None:
    """The product of those axes of a kernel that it does not sum over."""
    sizes = kernel.by_axis
    return None if sizes is None else math.prod(n for axis, n in sizes.items() if axis.partition("_")[0] in words)


def _by_output(*kept: str) -> Rule:
    """Every output element sums over the other axes of the kernel."""

    def rule(layer: Layer, call: Call) -> int | None:
        kernels = _kernels(layer, "kernel", "depthwise_kernel")
        if len(kernels) != 1:
            return None
        macs = _times(kernels, _positions(_first(call.outputs), _kept(kernels[0], *kept)))
        return _with_lora(layer, macs)

    return rule


def _with_lora(layer: Layer, macs: int | None) -> int | None:
    """The product of the two factors, which is added to the kernel at every call."""
    down, up = (_kernels(layer, role) for role in ("lora_down", "lora_up"))
    if macs is None or not down or not up:
        return macs
    sizes = (down[0].size, (up[0].by_axis or {}).get("out"))
    return None if None in sizes else macs + math.prod(sizes)  # type: ignore[arg-type]


def _transposed(layer: Layer, call: Call) -> int | None:
    """Every input element meets the other axes of the kernel."""
    kernels = _kernels(layer, "kernel")
    if len(kernels) != 1:
        return None
    return _with_lora(layer, _times(kernels, _positions(_first(call.inputs), _kept(kernels[0], "in"))))


def _separable(layer: Layer, call: Call) -> int | None:
    """A depthwise and a pointwise convolution at every output position."""
    kernels = _kernels(layer, "depthwise_kernel", "pointwise_kernel")
    return _times(kernels, _positions(_first(call.outputs), layer.units))


def _recurrent(layer: Layer, call: Call) -> int | None:
    """All kernels at every time step (of a cell: once), of every layer and direction."""
    steps = _first(call.inputs)
    per_step = steps.shape[-1] if steps is not None and steps.shape else None
    return _times(_kernels(layer, "kernel", "recurrent_kernel", "output_kernel"), _positions(steps, per_step))


def _of_cells(layer: Layer, call: Call, by_path: dict[str, Layer]) -> int | None:
    """A layer that runs any cell, or cells on top of each other, at every time step."""
    steps, cells = _first(call.inputs), [by_path[path] for path in layer.children]
    if len(cells) == 1 and cells[0].kind == "stacked_cells":
        cells = [by_path[path] for path in cells[0].children]
    if not cells or any(cell.kind not in _CELLS for cell in cells) or steps is None or not steps.shape:
        return None
    kernels = [p for cell in cells for p in _kernels(cell, "kernel", "recurrent_kernel")]
    return _times(kernels, _positions(steps, steps.shape[-1]))


def _conv_lstm(layer: Layer, call: Call) -> int | None:
    """Both convolutions at every position of the state, at every time step."""
    positions = _positions(_first(call.outputs), layer.units)
    if positions is not None and layer.setting("return_sequences") is False:
        steps = _size(call.inputs, 1)
        positions = None if steps is None else positions * steps
    return _times(_kernels(layer, "kernel", "recurrent_kernel"), positions)


def _attention(layer: Layer, call: Call) -> int | None:
    """The projections, the scores of every query with every key, the weighted sums of the values."""
    tensors = tensor_leaves(call.inputs)
    named = {name: _first(value) for name, value in call.inputs.kwargs.items()}
    query = named.get("query") or (tensors[0] if tensors else None)
    key = named.get("key") or named.get("value") or (tensors[1] if len(tensors) > 1 else query)
    if query is None or key is None or query.size is None or key.size is None or len(key.shape) < 2:
        return None
    queries, keys = query.size // (query.shape[-1] or 1), key.size // (key.shape[-1] or 1)
    packed = sum(p.size or 0 for p in _kernels(layer, "kernel")) // 3
    macs = packed * (queries + 2 * keys)
    macs += sum(p.size or 0 for p in _kernels(layer, "query_kernel", "output_kernel")) * queries
    macs += sum(p.size or 0 for p in _kernels(layer, "key_kernel", "value_kernel")) * keys
    length = _keys_per_query(layer, key)
    value = named.get("value") or (tensors[1] if len(tensors) > 1 else key)
    key_dim = layer.setting("key_dim") or query.shape[-1]
    value_dim = layer.setting("value_dim") or value.shape[-1]
    scores = 0 if layer.setting("mode") in ("additive", "concat") else key_dim  # these have no sums of products
    if length is None or scores is None or value_dim is None:
        return None
    return macs + queries * (layer.setting("heads") or 1) * length * (scores + value_dim)


def _keys_per_query(layer: Layer, key: TensorSpec) -> int | None:
    """How many keys each query is compared with."""
    axes = layer.setting("axis")
    if axes:
        sizes = [key.shape[axis] for axis in axes]
    elif layer.setting("batch_first") is False or len(key.shape) == 2:
        sizes = [key.shape[0]]
    else:
        sizes = list(key.shape[1:-1])
    return None if None in sizes else math.prod(sizes) + layer.setting("extra_keys", 0)  # type: ignore[arg-type]


def _dot(layer: Layer, call: Call) -> int | None:
    axes, first, output = layer.setting("axis"), _first(call.inputs), _first(call.outputs)
    axis = axes[0] if isinstance(axes, tuple) else axes
    if not isinstance(axis, int) or first is None or output is None or output.size is None:
        return None
    size = first.shape[axis]
    return None if size is None else output.size * size


def _embedding(layer: Layer, call: Call) -> int | None:
    """Looked up, not multiplied; with LoRA, the rows of one factor are multiplied by the other."""
    up = _kernels(layer, "lora_up")
    positions = _positions(_first(call.outputs), layer.units)
    return _times(up, positions) if up else 0


def _once_per_example(layer: Layer, call: Call) -> int | None:
    """A kernel of its own at every position: all of it is used once for each example."""
    output, kernels = _first(call.outputs), _kernels(layer, "kernel")
    if any("position" not in (p.axes or "") for p in kernels):
        return None
    return _times(kernels, output.shape[0] if output is not None and output.shape else None)


def _spectrogram(layer: Layer, call: Call) -> int | None:
    """A convolution with each of the kernels (real and imaginary) at every frame; without kernels, a fast Fourier
    transform, which is none, and the product with the matrix that gathers frequencies into bins."""
    output, kernels = _first(call.outputs), _kernels(layer, "kernel")
    if not kernels:
        frequencies = layer.setting("frequencies")
        return None if output is None or output.size is None or not frequencies else output.size * frequencies
    bins = (kernels[0].by_axis or {}).get("out")
    per_frame = None if bins is None else bins * (2 if layer.setting("mode") == "stack" else 1)
    return _times(kernels, _positions(output, per_frame))


def _loss(layer: Layer, call: Call) -> int | None:
    """A loss that has the last linear layer in itself; others have no kernel."""
    kernels, features = _kernels(layer, "kernel"), layer.setting("in_features")
    return _times(kernels, _positions(_first(call.inputs), features)) if kernels else 0


_CELLS = ("simple_rnn_cell", "lstm_cell", "gru_cell")
_RANKS = ("1d", "2d", "3d")
RULES: dict[str, Rule] = {
    **dict.fromkeys(("dense", "einsum_dense", "bilinear"), _by_output("out", "channel")),
    **dict.fromkeys((f"conv{rank}" for rank in _RANKS), _by_output("out")),
    **dict.fromkeys((f"conv{rank}_transpose" for rank in _RANKS), _transposed),
    **dict.fromkeys((f"depthwise_conv{rank}" for rank in _RANKS), _by_output("in", "mult")),
    **dict.fromkeys((f"separable_conv{rank}" for rank in _RANKS if rank != "3d"), _separable),
    **dict.fromkeys((f"locally_connected{rank}" for rank in _RANKS), _once_per_example),
    **dict.fromkeys((f"{kind}{cell}" for kind in ("simple_rnn", "lstm", "gru") for cell in ("", "_cell")), _recurrent),
    **dict.fromkeys(("conv_lstm", "conv_lstm_cell"), _conv_lstm),
    "attention": _attention,
    "dot": _dot,
    "embedding": _embedding,
    "spectrogram": _spectrogram,
    "loss": _loss,
}
# Kinds whose inside is followed, or that nothing is known of.
OPEN = frozenset(
    {"container", "unknown", "foreign_model", "lambda", "bidirectional", "time_distributed", "spectral_norm"}
    | {"transformer", "transformer_layer", "parametrization", "rnn", "stacked_cells"}
)
# Kinds without sums of products: element by element, sums alone, moved or looked up. (With the lists above, these are
# all kinds: a test.)
_FREE = """
input identity masking repeat flatten reshape permute concat fold unfold resize center_crop upsample
pixel_shuffle pixel_unshuffle channel_shuffle add subtract multiply average maximum minimum scale
embedding_bag activation softmax softmin log_softmax glu rrelu prelu cosine_similarity pairwise_distance
dropout alpha_dropout gaussian_dropout gaussian_noise stochastic_depth activity_regularization
batch_norm layer_norm group_norm instance_norm rms_norm unit_norm local_response_norm normalization rescaling
augmentation lookup hashing discretization category_encoding text_vectorization bounding_boxes
quantize dequantize fake_quantize observer
"""
_FREE_OF_A_RANK = """
max_pool average_pool global_max_pool global_average_pool adaptive_max_pool adaptive_average_pool
fractional_max_pool lp_pool max_unpool zero_pad pad crop upsample spatial_dropout
"""
FREE = frozenset(_FREE.split()) | {f"{word}{rank}" for word in _FREE_OF_A_RANK.split() for rank in _RANKS}
