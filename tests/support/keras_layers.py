"""Every layer class of `keras.layers`, each with what is true of it: written by hand, or arithmetic on its arguments.

`"LSTM"` is the case of that class, `"LSTM, no bias"` another one. A class without a case makes a test fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from introspect import TensorSpec

ALL = ("tensorflow", "jax", "torch")


@dataclass(frozen=True)
class Case:
    """A layer, its inputs, and the truth about it.

    `said` is `None` where nothing calls the layer. `tensors`: name → (shape, axes), seeds apart; `below`: the same of
    the layers that it holds, by path. `buffers`: the names of those tensors that are state. Where axes are `None`,
    `agrees` is not `True` or a backend is missing, `why` says it.
    """

    make: Callable[[], Any]
    said: Any
    kind: str
    units: int | None = None
    tensors: dict[str, tuple[tuple[int, ...], str | None]] = field(default_factory=dict)
    below: dict[str, tuple[tuple[int, ...], str | None]] = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    formula: str | None = None
    as_list: bool = False
    agrees: bool | None = True
    backends: tuple[str, ...] = ALL
    needs: tuple[str, ...] = ()
    why: str = ""


SERIES, IMAGE, VOLUME = (2, 8, 4), (2, 8, 8, 4), (1, 6, 6, 6, 4)
PHOTO = (2, 8, 8, 3)
PLACES = {1: SERIES, 2: IMAGE, 3: VOLUME}
LETTERS = {1: "l", 2: "h w", 3: "d h w"}


def keras_layers() -> dict[str, Case]:
    """Name → case."""
    return {
        **_core(),
        **_convolutions(),
        **_recurrent(),
        **_wrappers(),
        **_attention(),
        **_normalizations(),
        **_activations(),
        **_pools(),
        **_shapes(),
        **_merges(),
        **_regularizations(),
        **_preprocessing(),
        **_augmentations(),
        **_foreign(),
    }


def _core() -> dict[str, Case]:
    from keras import layers as k

    tokens = TensorSpec((2, 5), "int32")
    return {
        "Dense": Case(
            lambda: k.Dense(5, activation="swish"),
            (2, 4),
            "dense",
            5,
            {"kernel": ((4, 5), "in out"), "bias": ((5,), "out")},
            settings={"in_features": 4, "activation": "silu", "use_bias": True, "quantization": None, "rank": None},
            formula="4 in × 5 out + 5 out",
        ),
        "Dense, no bias": Case(
            lambda: k.Dense(5, use_bias=False, activation=k.LeakyReLU()),
            (2, 3, 4),
            "dense",
            5,
            {"kernel": ((4, 5), "in out")},
            settings={"activation": "leaky_relu", "use_bias": False},
        ),
        "EinsumDense": Case(
            lambda: k.EinsumDense("abc,cde->abde", output_shape=(None, 2, 5), bias_axes="de"),
            (2, 3, 4),
            "einsum_dense",
            2 * 5,
            {"kernel": ((4, 2, 5), "in out_1 out_2"), "bias": ((2, 5), "out_1 out_2")},
            settings={"in_features": 4, "use_bias": True},
        ),
        "EinsumDense, any rank": Case(
            lambda: k.EinsumDense("...x,xy->...y", output_shape=6, bias_axes="y"),
            (2, 3, 4),
            "einsum_dense",
            6,
            {"kernel": ((4, 6), "in out"), "bias": ((6,), "out")},
            settings={"in_features": 4},
        ),
        "EinsumDense, a kernel per head": Case(
            lambda: k.EinsumDense("bnh,nhd->bnd", output_shape=(3, 6), bias_axes="nd"),
            (2, 3, 4),
            "einsum_dense",
            6,
            {"kernel": ((3, 4, 6), "channel_1 in out"), "bias": ((3, 6), "channel_1 out")},
            settings={"in_features": 4, "axis": (-2,)},
        ),
        "Embedding": Case(
            lambda: k.Embedding(10, 4, mask_zero=True),
            tokens,
            "embedding",
            4,
            {"embeddings": ((10, 4), "tokens features")},
            settings={"tokens": 10, "mask_zero": True},
        ),
        "ReversibleEmbedding": Case(
            lambda: k.ReversibleEmbedding(10, 4),
            tokens,
            "embedding",
            4,
            {"embeddings": ((10, 4), "tokens features")},
            settings={"tied": True},
        ),
        "ReversibleEmbedding, not tied": Case(
            lambda: k.ReversibleEmbedding(10, 4, tie_weights=False),
            tokens,
            "embedding",
            4,
            {"embeddings": ((10, 4), "tokens features"), "reverse_embeddings": ((4, 10), "features tokens")},
            settings={"tied": False},
        ),
        "Identity": Case(k.Identity, (2, 4), "identity"),
        "InputLayer": Case(lambda: k.InputLayer((4,)), None, "input", settings={"shape": (None, 4)}),
        "Masking": Case(lambda: k.Masking(-1.0), (2, 5, 4), "masking", settings={"pad_value": -1.0}),
        "Lambda": Case(lambda: k.Lambda(_twice), (2, 4), "lambda", settings={"function": f"{__name__}._twice"}),
    }


def _twice(x: Any) -> Any:
    return x * 2


def _convolutions() -> dict[str, Case]:
    from keras import layers as k

    cases: dict[str, Case] = {}
    for rank, shape in PLACES.items():
        window, letters = (3,) * rank, LETTERS[rank]
        cases[f"Conv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"Conv{rank}D")(5, 3, padding="same"),
            shape,
            f"conv{rank}d",
            5,
            {"kernel": ((*window, 4, 5), f"{letters} in out"), "bias": ((5,), "out")},
            settings={
                "in_features": 4,
                "kernel_size": window,
                "padding": "same",
                "groups": 1,
                "dilation": (1,) * rank,
                "pad_value": 0,
            },
        )
        cases[f"Conv{rank}D, groups"] = Case(
            lambda rank=rank: getattr(k, f"Conv{rank}D")(6, 3, groups=2, use_bias=False),
            shape,
            f"conv{rank}d",
            6,
            {"kernel": ((*window, 2, 6), f"{letters} in out")},
            settings={"in_features": 4, "groups": 2, "padding": "valid"},
            backends=("jax", "torch") if rank > 1 else ALL,
            why="TensorFlow on a CPU has no grouped convolution of images.",
        )
        cases[f"Conv{rank}DTranspose"] = Case(
            lambda rank=rank: getattr(k, f"Conv{rank}DTranspose")(5, 3, strides=2),
            shape,
            f"conv{rank}d_transpose",
            5,
            {"kernel": ((*window, 5, 4), f"{letters} out in"), "bias": ((5,), "out")},
            settings={"in_features": 4, "strides": (2,) * rank, "output_padding": (0,) * rank},
        )
    for rank in (1, 2):
        window, letters = (3,) * rank, LETTERS[rank]
        cases[f"DepthwiseConv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"DepthwiseConv{rank}D")(3, depth_multiplier=2),
            PLACES[rank],
            f"depthwise_conv{rank}d",
            4 * 2,
            {"kernel": ((*window, 4, 2), f"{letters} in mult"), "bias": ((4 * 2,), "out")},
            settings={"in_features": 4, "depth_multiplier": 2},
        )
        cases[f"SeparableConv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"SeparableConv{rank}D")(5, 3, depth_multiplier=2),
            PLACES[rank],
            f"separable_conv{rank}d",
            5,
            {
                "depthwise_kernel": ((*window, 4, 2), f"{letters} in mult"),
                "pointwise_kernel": ((*(1,) * rank, 4 * 2, 5), f"{' '.join('1' * rank)} in out"),
                "bias": ((5,), "out"),
            },
            settings={"in_features": 4, "depth_multiplier": 2},
        )
    return cases


LSTM = {
    "kernel": ((4, 4 * 3), "in (gate units)"),
    "recurrent_kernel": ((3, 4 * 3), "hidden (gate units)"),
    "bias": ((4 * 3,), "(gate units)"),
}
GRU = {
    "kernel": ((4, 3 * 3), "in (gate units)"),
    "recurrent_kernel": ((3, 3 * 3), "hidden (gate units)"),
    "bias": ((2, 3 * 3), "source (gate units)"),
}


def _of(cell: str, tensors: dict[str, Any]) -> dict[str, Any]:
    return {f"{cell}.{name}": tensor for name, tensor in tensors.items()}


def _recurrent() -> dict[str, Case]:
    from keras import layers as k

    simple = {
        "kernel": ((4, 3), "in units"),
        "recurrent_kernel": ((3, 3), "hidden units"),
        "bias": ((3,), "units"),
    }
    reset_before = {**GRU, "bias": ((3 * 3,), "(gate units)")}
    series = (2, 6, 4)
    said = {"in_features": 4, "batch_first": True, "use_bias": True, "activation": "tanh"}
    gated = {**said, "recurrent_activation": "sigmoid"}
    lstm = "4 gates × (4 in + 3 hidden + 1) × 3 units"
    step, state = (2, 4), (2, 3)
    cases = {
        "SimpleRNN": Case(
            lambda: k.SimpleRNN(3),
            series,
            "simple_rnn",
            3,
            _of("simple_rnn_cell", simple),
            settings=said,
            formula="(4 in + 3 hidden + 1) × 3 units",
        ),
        "LSTM": Case(
            lambda: k.LSTM(3, return_sequences=True),
            series,
            "lstm",
            3,
            _of("lstm_cell", LSTM),
            settings={**gated, "return_sequences": True},
            formula=lstm,
        ),
        "GRU": Case(
            lambda: k.GRU(3),
            series,
            "gru",
            3,
            _of("gru_cell", GRU),
            settings={**gated, "reset_after": True},
        ),
        "GRU, reset before": Case(
            lambda: k.GRU(3, reset_after=False, return_state=True),
            series,
            "gru",
            3,
            _of("gru_cell", reset_before),
            settings={"reset_after": False},
        ),
        "SimpleRNNCell": Case(lambda: k.SimpleRNNCell(3), [step, [state]], "simple_rnn_cell", 3, simple),
        "LSTMCell": Case(lambda: k.LSTMCell(3), [step, [state, state]], "lstm_cell", 3, LSTM, formula=lstm),
        "GRUCell": Case(lambda: k.GRUCell(3), [step, [state]], "gru_cell", 3, GRU),
        "RNN": Case(
            lambda: k.RNN([k.LSTMCell(3, name="a"), k.GRUCell(3, name="b")]),
            series,
            "rnn",
            3,
            below=_of("stacked_rnn_cells.a", LSTM)
            | _of("stacked_rnn_cells.b", GRU | {"kernel": ((3, 3 * 3), "in (gate units)")}),
        ),
        "StackedRNNCells": Case(
            lambda: k.StackedRNNCells([k.LSTMCell(3, name="a"), k.SimpleRNNCell(3, name="b")]),
            [step, [[state, state], [state]]],
            "stacked_cells",
            3,
            below=_of("a", LSTM) | _of("b", simple | {"kernel": ((3, 3), "in units")}),
        ),
    }
    for rank, shape in PLACES.items():
        window, letters = (3,) * rank, LETTERS[rank]
        cases[f"ConvLSTM{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"ConvLSTM{rank}D")(5, 3, padding="same"),
            (1, 2, *shape[1:]),
            "conv_lstm",
            5,
            _of(
                "conv_lstm_cell",
                {
                    "kernel": ((*window, 4, 4 * 5), f"{letters} in (gate units)"),
                    "recurrent_kernel": ((*window, 5, 4 * 5), f"{letters} hidden (gate units)"),
                    "bias": ((4 * 5,), "(gate units)"),
                },
            ),
            settings={"in_features": 4, "kernel_size": window, "padding": "same"},
            formula="4 gates × (3 l × 4 in + 3 l × 5 hidden + 1) × 5 units" if rank == 1 else None,
        )
    return cases


def _wrappers() -> dict[str, Case]:
    from keras import layers as k

    dense = {"kernel": ((4, 5), "in out"), "bias": ((5,), "out")}
    image = {"kernel": ((3, 3, 4, 5), "h w in out"), "bias": ((5,), "out")}
    return {
        "Wrapper": Case(lambda: _passing(k.Dense(5, name="inner")), (2, 4), "container", 5, below=_of("inner", dense)),
        "Bidirectional": Case(
            lambda: k.Bidirectional(k.LSTM(3, name="lstm"), merge_mode="sum"),
            (2, 6, 4),
            "bidirectional",
            3,
            below=_of("forward_lstm.lstm_cell", LSTM) | _of("backward_lstm.lstm_cell", LSTM),
            settings={"merge_mode": "sum"},
        ),
        "TimeDistributed": Case(
            lambda: k.TimeDistributed(k.Dense(5, name="inner")),
            (2, 6, 4),
            "time_distributed",
            5,
            below=_of("inner", dense),
        ),
        "SpectralNormalization": Case(
            lambda: k.SpectralNormalization(k.Conv2D(5, 3, name="inner")),
            IMAGE,
            "spectral_norm",
            5,
            {"vector_u": ((1, 5), "1 out")},
            _of("inner", image),
            buffers=("vector_u",),
        ),
        "SpectralNormalization, a table": Case(
            lambda: k.SpectralNormalization(k.Embedding(10, 4, name="inner")),
            TensorSpec((2, 5), "float32"),
            "spectral_norm",
            4,
            {"vector_u": ((1, 4), "1 features")},
            {"inner.embeddings": ((10, 4), "tokens features")},
            buffers=("vector_u",),
        ),
        "Pipeline": Case(lambda: k.Pipeline([k.Rescaling(2.0), k.CenterCrop(4, 4)]), (2, 8, 8, 3), "container"),
    }


def _passing(layer: Any) -> Any:
    """The least that a wrapper can do."""
    import keras

    class Passing(keras.layers.Wrapper):
        def call(self, x: Any) -> Any:
            return self.layer(x)

    return Passing(layer)


def _attention() -> dict[str, Case]:
    from keras import layers as k

    two, three = [(2, 5, 8), (2, 6, 8)], [(2, 5, 8), (2, 6, 7), (2, 6, 9)]
    heads = {
        "query.kernel": ((8, 2, 3), "in head key_dim"),
        "query.bias": ((2, 3), "head key_dim"),
        "key.kernel": ((8, 2, 3), "in head key_dim"),
        "key.bias": ((2, 3), "head key_dim"),
        "value.kernel": ((8, 2, 3), "in head value_dim"),
        "value.bias": ((2, 3), "head value_dim"),
        "attention_output.kernel": ((2, 3, 8), "head value_dim out"),
        "attention_output.bias": ((8,), "out"),
    }
    free = {
        "query.kernel": ((8, 2, 3), "in head key_dim"),
        "key.kernel": ((9, 2, 3), "in head key_dim"),
        "value.kernel": ((7, 2, 4), "in head value_dim"),
        "gate.kernel": ((8, 2, 4), "in head value_dim"),
        "attention_output.kernel": ((2, 4, 10), "head value_dim out"),
    }
    grouped = {
        "query.kernel": ((8, 4, 3), "in head key_dim"),
        "query.bias": ((4, 3), "head key_dim"),
        "key.kernel": ((8, 2, 3), "in kv_head key_dim"),
        "key.bias": ((2, 3), "kv_head key_dim"),
        "value.kernel": ((8, 2, 3), "in kv_head value_dim"),
        "value.bias": ((2, 3), "kv_head value_dim"),
        "attention_output.kernel": ((4, 3, 8), "head value_dim out"),
        "attention_output.bias": ((8,), "out"),
    }
    return {
        "MultiHeadAttention": Case(
            lambda: k.MultiHeadAttention(2, 3),
            two,
            "attention",
            8,
            heads,
            settings={"heads": 2, "key_dim": 3, "value_dim": 3, "in_features": 8, "use_bias": True, "use_gate": False},
        ),
        "MultiHeadAttention, every size its own": Case(
            lambda: k.MultiHeadAttention(2, 3, value_dim=4, use_bias=False, output_shape=10, use_gate=True),
            three,
            "attention",
            10,
            free,
            settings={"value_dim": 4, "use_bias": False, "use_gate": True},
            backends=("tensorflow", "torch"),
            why="On JAX Keras itself can't run values of another size than the keys.",
        ),
        "GroupedQueryAttention": Case(
            lambda: k.GroupQueryAttention(3, 4, 2),
            two,
            "attention",
            8,
            grouped,
            settings={"heads": 4, "kv_heads": 2, "key_dim": 3, "in_features": 8},
        ),
        "Attention": Case(
            lambda: k.Attention(dropout=0.5), two, "attention", 8, as_list=True, settings={"use_scale": False}
        ),
        "Attention, scored by a sum": Case(
            lambda: k.Attention(use_scale=True, score_mode="concat"),
            two,
            "attention",
            8,
            {"scale": ((), ""), "concat_score_weight": ((), "")},
            settings={"mode": "concat", "use_scale": True},
            as_list=True,
        ),
        "AdditiveAttention": Case(k.AdditiveAttention, two, "attention", 8, {"scale": ((8,), "channel")}, as_list=True),
    }


def _normalizations() -> dict[str, Case]:
    from keras import layers as k

    affine = {"gamma": ((4,), "channel"), "beta": ((4,), "channel")}
    moving = {"moving_mean": ((4,), "channel"), "moving_variance": ((4,), "channel")}
    renorm = dict.fromkeys(("moving_stddev", "renorm_mean", "renorm_stddev"), ((4,), "channel"))
    statistics = {"mean": ((4,), "channel"), "variance": ((4,), "channel"), "count": ((), "")}
    return {
        "BatchNormalization": Case(
            k.BatchNormalization,
            IMAGE,
            "batch_norm",
            None,
            {**affine, **moving},
            buffers=tuple(moving),
            settings={"eps": 1e-3, "momentum": 0.99, "use_scale": True, "use_shift": True, "axis": (-1,)}
            | {"in_features": 4},
        ),
        "BatchNormalization, channels first, renorm": Case(
            lambda: k.BatchNormalization(axis=1, scale=False, renorm=True),
            (2, 4, 8, 8),
            "batch_norm",
            None,
            {"beta": ((4,), "channel"), **moving, **renorm},
            buffers=(*moving, *renorm),
            settings={"use_scale": False, "axis": (1,)},
        ),
        "LayerNormalization": Case(
            lambda: k.LayerNormalization(epsilon=1e-5),
            IMAGE,
            "layer_norm",
            None,
            {"gamma": ((4,), "norm"), "beta": ((4,), "norm")},
            settings={"eps": 1e-5, "axis": (-1,), "normalized_shape": (4,)},
        ),
        "LayerNormalization, over an image": Case(
            lambda: k.LayerNormalization(axis=[1, 2, 3], center=False),
            (2, 5, 6, 4),
            "layer_norm",
            None,
            {"gamma": ((5, 6, 4), "norm_1 norm_2 norm_3")},
            settings={"use_shift": False, "axis": (1, 2, 3)},
        ),
        "GroupNormalization": Case(
            lambda: k.GroupNormalization(2),
            IMAGE,
            "group_norm",
            None,
            affine,
            settings={"groups": 2, "in_features": 4},
        ),
        "RMSNormalization": Case(
            k.RMSNormalization,
            (2, 5, 4),
            "rms_norm",
            None,
            {"scale": ((4,), "norm")},
            settings={"eps": 1e-6, "normalized_shape": (4,)},
        ),
        "UnitNormalization": Case(k.UnitNormalization, (2, 4), "unit_norm", settings={"axis": (-1,)}),
        "Normalization": Case(k.Normalization, (2, 4), "normalization", None, statistics, buffers=tuple(statistics)),
        "Normalization, a number for all": Case(
            lambda: k.Normalization(axis=None),
            (2, 4),
            "normalization",
            None,
            {"mean": ((), ""), "variance": ((), ""), "count": ((), "")},
            buffers=("mean", "variance", "count"),
        ),
        "Normalization, given": Case(
            lambda: k.Normalization(mean=[1.0, 2.0], variance=[3.0, 4.0], invert=True),
            (3, 2),
            "normalization",
            settings={"mean": (1.0, 2.0), "variance": (3.0, 4.0), "invert": True},
        ),
    }


def _activations() -> dict[str, Case]:
    import functools

    import keras
    from keras import layers as k

    def function(make: Any, **settings: Any) -> Case:
        return Case(make, (2, 4), "activation", settings=settings)

    tanh_gelu = functools.partial(keras.activations.gelu, approximate=True)
    return {
        "Activation": function(lambda: k.Activation("gelu"), function="gelu", approximate=None),
        "Activation, approximate": function(lambda: k.Activation(tanh_gelu), function="gelu", approximate="tanh"),
        "Activation, swish": function(lambda: k.Activation("swish"), function="silu"),
        "Activation, hard swish": function(lambda: k.Activation("hard_swish"), function="hard_silu"),
        "Activation, leaky": function(lambda: k.Activation("leaky_relu"), function="leaky_relu", slope=0.2),
        "ReLU": function(k.ReLU, function="relu", bound=None),
        "ReLU, six": function(lambda: k.ReLU(6), function="relu6", bound=6),
        "ReLU, leaky": function(lambda: k.ReLU(negative_slope=0.1), function="leaky_relu", slope=0.1),
        "LeakyReLU": function(k.LeakyReLU, function="leaky_relu", slope=0.3),
        "ELU": function(lambda: k.ELU(0.5), function="elu", slope=0.5),
        "Softmax": Case(lambda: k.Softmax(axis=1), (2, 4), "softmax", settings={"axis": (1,)}),
        "PReLU": Case(
            k.PReLU,
            (2, 5, 4),
            "prelu",
            None,
            {"alpha": ((5, 4), "position channel")},
            formula="4 channels × 5 positions (alpha)",
        ),
        "PReLU, a slope per channel": Case(
            lambda: k.PReLU(shared_axes=[1, 2]), IMAGE, "prelu", None, {"alpha": ((1, 1, 4), "1 1 channel")}
        ),
        "PReLU, every element of an image": Case(
            k.PReLU, IMAGE, "prelu", None, {"alpha": ((8, 8, 4), "position_1 position_2 channel")}
        ),
    }


def _pools() -> dict[str, Case]:
    from keras import layers as k

    cases: dict[str, Case] = {}
    for rank, shape in PLACES.items():
        for word, kind in (("Max", "max_pool"), ("Average", "average_pool")):
            cases |= {
                f"{word}Pooling{rank}D": Case(
                    lambda word=word, rank=rank: getattr(k, f"{word}Pooling{rank}D")(3, padding="same"),
                    shape,
                    f"{kind}{rank}d",
                    settings={"kernel_size": (3,) * rank, "strides": (3,) * rank, "padding": "same"},
                ),
                f"Global{word}Pooling{rank}D": Case(
                    lambda word=word, rank=rank: getattr(k, f"Global{word}Pooling{rank}D")(keepdims=True),
                    shape,
                    f"global_{kind}{rank}d",
                    settings={"keep_axes": True},
                ),
                f"Adaptive{word}Pooling{rank}D": Case(
                    lambda word=word, rank=rank: getattr(k, f"Adaptive{word}Pooling{rank}D")(2),
                    shape,
                    f"adaptive_{kind}{rank}d",
                    settings={"output_size": (2,) * rank},
                ),
            }
    return cases


def _shapes() -> dict[str, Case]:
    from keras import layers as k

    cases = {
        "Flatten": Case(k.Flatten, IMAGE, "flatten", settings={"start_axis": 1, "end_axis": -1}),
        "Reshape": Case(lambda: k.Reshape((2, -1)), (2, 4, 5), "reshape", settings={"shape": (2, -1)}),
        "Permute": Case(lambda: k.Permute((2, 1)), (2, 4, 5), "permute", settings={"axis": (2, 1)}),
        "RepeatVector": Case(lambda: k.RepeatVector(3), (2, 4), "repeat", settings={"factor": 3}),
        "ZeroPadding2D, each side": Case(
            lambda: k.ZeroPadding2D(((1, 2), (3, 4))), IMAGE, "zero_pad2d", settings={"padding": ((1, 2), (3, 4))}
        ),
        "UpSampling2D, bilinear": Case(
            lambda: k.UpSampling2D((2, 3), interpolation="bilinear"),
            IMAGE,
            "upsample2d",
            settings={"factor": (2, 3), "interpolation": "bilinear"},
        ),
    }
    for rank, shape in PLACES.items():
        ends = ((1, 1),) * rank
        cases |= {
            f"ZeroPadding{rank}D": Case(
                lambda rank=rank: getattr(k, f"ZeroPadding{rank}D")(1),
                shape,
                f"zero_pad{rank}d",
                settings={"padding": ends, "pad_value": 0},
            ),
            f"Cropping{rank}D": Case(
                lambda rank=rank: getattr(k, f"Cropping{rank}D")(1), shape, f"crop{rank}d", settings={"padding": ends}
            ),
            f"UpSampling{rank}D": Case(
                lambda rank=rank: getattr(k, f"UpSampling{rank}D")(2),
                shape,
                f"upsample{rank}d",
                settings={"factor": (2,) * rank, "interpolation": "nearest"},
            ),
        }
    return cases


def _merges() -> dict[str, Case]:
    from keras import layers as k

    both = [(2, 4), (2, 4)]
    names = ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    return {
        **{name: Case(getattr(k, name), both, name.lower(), as_list=True) for name in names},
        "Concatenate": Case(
            lambda: k.Concatenate(axis=1), [(2, 4, 3), (2, 5, 3)], "concat", as_list=True, settings={"axis": (1,)}
        ),
        "Dot": Case(
            lambda: k.Dot(axes=(2, 1), normalize=True),
            [(2, 3, 4), (2, 4, 5)],
            "dot",
            as_list=True,
            settings={"axis": (2, 1), "normalize": True},
        ),
    }


def _regularizations() -> dict[str, Case]:
    from keras import layers as k

    return {
        "Dropout": Case(lambda: k.Dropout(0.25), (2, 4), "dropout", settings={"rate": 0.25}),
        **{
            f"SpatialDropout{rank}D": Case(
                lambda rank=rank: getattr(k, f"SpatialDropout{rank}D")(0.25),
                shape,
                f"spatial_dropout{rank}d",
                settings={"rate": 0.25},
            )
            for rank, shape in PLACES.items()
        },
        "AlphaDropout": Case(lambda: k.AlphaDropout(0.25), (2, 4), "alpha_dropout", settings={"rate": 0.25}),
        "GaussianDropout": Case(lambda: k.GaussianDropout(0.25), (2, 4), "gaussian_dropout", settings={"rate": 0.25}),
        "GaussianNoise": Case(lambda: k.GaussianNoise(0.1), (2, 4), "gaussian_noise", settings={"deviation": 0.1}),
        "ActivityRegularization": Case(
            lambda: k.ActivityRegularization(0.1, 0.2),
            (2, 4),
            "activity_regularization",
            settings={"l1": 0.1, "l2": 0.2},
        ),
    }


def _preprocessing() -> dict[str, Case]:
    from keras import layers as k

    texts, numbers = TensorSpec((2, 3), "string"), TensorSpec((2, 3), "int64")
    lookup = {"unknown_tokens": 1, "mode": "int", "invert": False}
    kernels = {"real_kernel": ((16, 1, 9), "l 1 out"), "imag_kernel": ((16, 1, 9), "l 1 out")}
    return {
        "Rescaling": Case(
            lambda: k.Rescaling(2.0, offset=1.0), (2, 4), "rescaling", settings={"scale": 2.0, "shift": 1.0}
        ),
        "StringLookup": Case(
            lambda: k.StringLookup(vocabulary=["a", "b"], max_tokens=9),
            texts,
            "lookup",
            settings={**lookup, "tokens": 9},
        ),
        "IntegerLookup": Case(lambda: k.IntegerLookup(vocabulary=[1, 2]), numbers, "lookup", settings=lookup),
        "TextVectorization": Case(
            lambda: k.TextVectorization(vocabulary=["a", "b"], output_sequence_length=4, max_tokens=9),
            TensorSpec((2, 1), "string"),
            "text_vectorization",
        ),
        "Hashing": Case(lambda: k.Hashing(7), texts, "hashing", settings={"bins": 7}),
        "HashedCrossing": Case(
            lambda: k.HashedCrossing(7),
            [TensorSpec((2, 1), "int32"), TensorSpec((2, 1), "int32")],
            "hashing",
            as_list=True,
            settings={"bins": 7},
        ),
        "Discretization": Case(
            lambda: k.Discretization([0.0, 1.0, 2.0]),
            (2, 4),
            "discretization",
            settings={"bins": 4, "boundaries": (0.0, 1.0, 2.0)},
        ),
        "CategoryEncoding": Case(
            lambda: k.CategoryEncoding(5), numbers, "category_encoding", settings={"tokens": 5, "mode": "multi_hot"}
        ),
        "Resizing": Case(
            lambda: k.Resizing(4, 5, interpolation="nearest", crop_to_aspect_ratio=True),
            PHOTO,
            "resize",
            settings={"output_size": (4, 5), "interpolation": "nearest", "mode": "crop"},
        ),
        "CenterCrop": Case(lambda: k.CenterCrop(4, 5), PHOTO, "center_crop", settings={"output_size": (4, 5)}),
        "MaxNumBoundingBoxes": Case(
            lambda: k.MaxNumBoundingBoxes(3, bounding_box_format="xyxy"),
            PHOTO,
            "bounding_boxes",
            settings={"length": 3, "pad_value": -1},
        ),
        "STFTSpectrogram": Case(
            lambda: k.STFTSpectrogram(frame_length=16),
            (2, 100, 2),
            "spectrogram",
            None,
            kernels,
            settings={"frame_length": 16, "frame_step": 8, "bins": 9, "mode": "log", "function": "hann"},
        ),
        "MelSpectrogram": Case(
            lambda: k.MelSpectrogram(fft_length=64, sequence_stride=16, num_mel_bins=8),
            (2, 400),
            "spectrogram",
            settings={"frame_length": 64, "frame_step": 16, "bins": 8},
        ),
    }


def _augmentations() -> dict[str, Case]:
    from keras import layers as k

    makers: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
        "AugMix": (lambda: k.AugMix(num_chains=1, chain_depth=1), {"function": "aug_mix"}),
        "AutoContrast": (k.AutoContrast, {}),
        "ContrastLimitedAdaptiveHistogramEqualization": (k.ContrastLimitedAdaptiveHistogramEqualization, {}),
        "CutMix": (k.CutMix, {}),
        "Equalization": (k.Equalization, {"function": "equalization"}),
        "MixUp": (lambda: k.MixUp(0.3), {"strength": 0.3}),
        "RandAugment": (lambda: k.RandAugment(num_ops=1), {}),
        "RandomBrightness": (lambda: k.RandomBrightness(0.2), {"strength": (-0.2, 0.2)}),
        "RandomColorDegeneration": (lambda: k.RandomColorDegeneration(0.2), {}),
        "RandomColorJitter": (lambda: k.RandomColorJitter(brightness_factor=0.2, hue_factor=0.1), {}),
        "RandomContrast": (lambda: k.RandomContrast(0.2), {}),
        "RandomCrop": (lambda: k.RandomCrop(4, 5), {"output_size": (4, 5)}),
        "RandomElasticTransform": (k.RandomElasticTransform, {}),
        "RandomErasing": (k.RandomErasing, {}),
        "RandomFlip": (lambda: k.RandomFlip("horizontal"), {"mode": "horizontal", "function": "random_flip"}),
        "RandomGaussianBlur": (k.RandomGaussianBlur, {}),
        "RandomGrayscale": (k.RandomGrayscale, {"strength": 0.5}),
        "RandomHue": (lambda: k.RandomHue(0.2), {}),
        "RandomInvert": (k.RandomInvert, {}),
        "RandomPerspective": (k.RandomPerspective, {}),
        "RandomPosterization": (lambda: k.RandomPosterization(4), {}),
        "RandomRotation": (lambda: k.RandomRotation(0.1), {"interpolation": "bilinear", "pad_value": "reflect"}),
        "RandomSaturation": (lambda: k.RandomSaturation(0.2), {}),
        "RandomSharpness": (lambda: k.RandomSharpness(0.2), {}),
        "RandomShear": (lambda: k.RandomShear(0.1, 0.1), {}),
        "RandomTranslation": (lambda: k.RandomTranslation(0.1, 0.1, fill_mode="constant"), {"pad_value": 0.0}),
        "RandomZoom": (lambda: k.RandomZoom(0.1), {}),
        "Solarization": (lambda: k.Solarization(0.1, 0.2), {"threshold": (0, 0.2), "shift": (0, 0.1)}),
    }
    return {name: Case(make, PHOTO, "augmentation", settings=said) for name, (make, said) in makers.items()}


def _foreign() -> dict[str, Case]:
    """Layers of other frameworks: Keras numbers their variables, and what each does only the other framework knows."""
    why = "Keras names the variables of another framework by numbers: their part and axes are not known."

    def case(
        make: Callable[[], Any], tensors: dict[str, Any], backends: tuple[str, ...], *needs: str, **more: Any
    ) -> Case:
        return Case(
            make, (2, 4), "foreign_model", None, tensors, agrees=None, backends=backends, needs=needs, why=why, **more
        )

    return {
        "JaxLayer": case(
            _jax_layer,
            {"variable": ((5,), None), "variable_1": ((4, 5), None)},
            ("tensorflow", "jax"),
            "jax",
        ),
        "FlaxLayer": case(
            _flax_layer, {"variable": ((5,), None), "variable_1": ((4, 5), None)}, ("tensorflow", "jax"), "jax", "flax"
        ),
        "TorchModuleWrapper": case(
            _torch_layer, {"variable": ((5, 4), None), "variable_1": ((5,), None)}, ("torch",), "torch"
        ),
        "TFSMLayer": case(
            _saved_layer,
            {"model_inner_kernel:0": ((4, 5), None), "model_inner_bias:0": ((5,), None)},
            ("tensorflow",),
            "tensorflow",
        ),
    }


def _jax_layer() -> Any:
    import jax
    import keras

    def start(rng: Any, inputs: Any) -> Any:
        return {"kernel": jax.numpy.ones((inputs.shape[-1], 5)), "bias": jax.numpy.zeros(5)}

    def run(params: Any, inputs: Any) -> Any:
        return inputs @ params["kernel"] + params["bias"]

    return keras.layers.JaxLayer(run, start)


def _flax_layer() -> Any:
    import flax.linen
    import keras

    return keras.layers.FlaxLayer(flax.linen.Dense(5))


def _torch_layer() -> Any:
    import keras
    import torch

    return keras.layers.TorchModuleWrapper(torch.nn.Linear(4, 5))


def _saved_layer() -> Any:
    import tempfile

    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5, name="inner")], name="model")
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        return keras.layers.TFSMLayer(folder, call_endpoint="serve")
