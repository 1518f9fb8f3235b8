"""Every layer class of `tf_keras.layers` (Keras 2), each with what is true of it: written by hand.

`"LSTM"` is the case of that class, `"LSTM, no bias"` another one. A class without a case makes a test fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from introspect import Inputs, TensorSpec

Tensors = dict[str, tuple[tuple[int, ...], str | None]]


@dataclass(frozen=True)
class Case:
    """A layer, its inputs, and the truth about it.

    `tensors`: name → (shape, axes) of its own and its private sublayers; `below`: the same of the layers that it holds,
    by path; `buffers`: the names of those tensors of its own that are state. `explained` is `None` where nothing says
    what the tensors should be. `method` is `"eager"` where TensorFlow leaves a size open in a graph. `legacy`: it takes
    TensorFlow's own Keras for tf_keras. `why` tells why `axes` is `None` somewhere.
    """

    make: Callable[[], Any]
    said: Any
    kind: str
    units: int | None = None
    tensors: Tensors = field(default_factory=dict)
    below: Tensors = field(default_factory=dict)
    buffers: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    explained: bool | None = True
    method: str = "abstract"
    legacy: bool = False
    why: str = ""


SERIES, IMAGE, VOLUME, TOKENS = (2, 8, 4), (2, 8, 8, 4), (1, 6, 6, 6, 4), TensorSpec((2, 5), "int32")
PLACES = {1: SERIES, 2: IMAGE, 3: VOLUME}
LETTERS = {1: "l", 2: "h w", 3: "d h w"}
TEXT = TensorSpec((2, 1), "string")
NUMBERS = TensorSpec((2, 5), "int64")


def tf_keras_layers() -> dict[str, Case]:
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
        **_experimental(),
    }


def _core() -> dict[str, Case]:
    from tf_keras import layers as k

    dense: Tensors = {"kernel": ((4, 5), "in out"), "bias": ((5,), "out")}
    return {
        "Dense": Case(
            lambda: k.Dense(5, activation="swish"),
            (2, 4),
            "dense",
            5,
            dense,
            settings={"in_features": 4, "activation": "silu", "use_bias": True},
        ),
        "Dense, no bias": Case(lambda: k.Dense(5, use_bias=False), (2, 3, 4), "dense", 5, {"kernel": dense["kernel"]}),
        "EinsumDense": Case(
            lambda: k.EinsumDense("btd,dnh->btnh", output_shape=(None, 2, 3), bias_axes="nh"),
            (2, 5, 4),
            "einsum_dense",
            6,
            {"kernel": ((4, 2, 3), "in out_1 out_2"), "bias": ((2, 3), "out_1 out_2")},
        ),
        "Embedding": Case(
            lambda: k.Embedding(9, 4, mask_zero=True),
            TOKENS,
            "embedding",
            4,
            {"embeddings": ((9, 4), "tokens features")},
            settings={"tokens": 9, "mask_zero": True},
        ),
        "InputLayer": Case(lambda: k.InputLayer((4,)), (2, 4), "input", settings={"shape": (None, 4)}),
        "Identity": Case(lambda: k.Identity(), (2, 4), "identity"),
        "Masking": Case(lambda: k.Masking(0.5), SERIES, "masking", settings={"pad_value": 0.5}),
        "Lambda": Case(lambda: k.Lambda(lambda x: x * 2.0), (2, 4), "lambda"),
        "DenseFeatures": Case(
            _dense_features,
            {"a": (2, 1)},
            "unknown",
            below={},
        ),
    }


def _dense_features() -> Any:
    import tensorflow as tf
    from tf_keras import layers

    return layers.DenseFeatures([tf.feature_column.numeric_column("a")])


def _convolutions() -> dict[str, Case]:
    from tf_keras import layers as k

    cases: dict[str, Case] = {}
    for rank, place in PLACES.items():
        letters, window = LETTERS[rank], (3,) * rank
        cases[f"Conv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"Conv{rank}D")(6, 3, padding="same", activation="relu"),
            place,
            f"conv{rank}d",
            6,
            {"kernel": ((*window, 4, 6), f"{letters} in out"), "bias": ((6,), "out")},
            settings={"kernel_size": window, "strides": (1,) * rank, "groups": 1, "activation": "relu"},
        )
        cases[f"Conv{rank}DTranspose"] = Case(
            lambda rank=rank: getattr(k, f"Conv{rank}DTranspose")(6, 3, strides=2, padding="same"),
            place,
            f"conv{rank}d_transpose",
            6,
            {"kernel": ((*window, 6, 4), f"{letters} out in"), "bias": ((6,), "out")},
            settings={"strides": (2,) * rank, "in_features": 4},
        )
    for rank in (1, 2):
        letters, window, ones = LETTERS[rank], (3,) * rank, (1,) * rank
        cases[f"DepthwiseConv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"DepthwiseConv{rank}D")(3, depth_multiplier=2),
            PLACES[rank],
            f"depthwise_conv{rank}d",
            8,
            {"depthwise_kernel": ((*window, 4, 2), f"{letters} in mult"), "bias": ((8,), "out")},
            settings={"depth_multiplier": 2},
        )
        cases[f"SeparableConv{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"SeparableConv{rank}D")(6, 3, depth_multiplier=2),
            PLACES[rank],
            f"separable_conv{rank}d",
            6,
            {
                "depthwise_kernel": ((*window, 4, 2), f"{letters} in mult"),
                "pointwise_kernel": ((*ones, 8, 6), f"{' '.join('1' * rank)} in out"),
                "bias": ((6,), "out"),
            },
        )
    return cases | {
        "Conv2D, grouped": Case(
            lambda: k.Conv2D(6, (3, 2), groups=2, use_bias=False, strides=(2, 1)),
            IMAGE,
            "conv2d",
            6,
            {"kernel": ((3, 2, 2, 6), "h w in out")},
            settings={"groups": 2, "strides": (2, 1), "use_bias": False},
        ),
        "LocallyConnected1D": Case(
            lambda: k.LocallyConnected1D(6, 3),
            SERIES,
            "locally_connected1d",
            6,
            {"kernel": ((6, 12, 6), "position (l in) out"), "bias": ((6, 6), "position out")},
            settings={"in_features": 4, "kernel_size": (3,)},
        ),
        "LocallyConnected2D": Case(
            lambda: k.LocallyConnected2D(5, (3, 2)),
            IMAGE,
            "locally_connected2d",
            5,
            {
                "kernel": ((42, 24, 5), "(position_1 position_2) (h w in) out"),
                "bias": ((6, 7, 5), "position_1 position_2 out"),
            },
            settings={"in_features": 4, "kernel_size": (3, 2)},
        ),
        "LocallyConnected2D, as a matrix": Case(
            lambda: k.LocallyConnected2D(5, 3, implementation=2),
            IMAGE,
            "locally_connected2d",
            5,
            {"kernel": ((8, 8, 4, 6, 6, 5), None), "bias": ((6, 6, 5), "position_1 position_2 out")},
            why="most of the kernel is zeros by a mask",
        ),
    }


def _recurrent() -> dict[str, Case]:
    from tf_keras import layers as k

    def tensors(gates: int, prefix: str = "", packed: str = "(gate units)", bias: Any = None) -> Tensors:
        return {
            f"{prefix}kernel": ((4, gates * 3), f"in {packed}"),
            f"{prefix}recurrent_kernel": ((3, gates * 3), f"hidden {packed}"),
            f"{prefix}bias": bias or ((gates * 3,), packed),
        }

    twice = ((2, 9), "source (gate units)")
    step, state = TensorSpec((2, 4)), TensorSpec((2, 3))
    one, two = Inputs(step, [state]), Inputs(step, [state, state])
    cases = {
        "SimpleRNN": Case(lambda: k.SimpleRNN(3), SERIES, "simple_rnn", 3, tensors(1, "simple_rnn_cell.", "units")),
        "LSTM": Case(
            lambda: k.LSTM(3, return_sequences=True, return_state=True, dropout=0.1),
            SERIES,
            "lstm",
            3,
            tensors(4, "lstm_cell."),
            settings={
                "return_sequences": True,
                "return_state": True,
                "rate": 0.1,
                "in_features": 4,
                "activation": "tanh",
                "recurrent_activation": "sigmoid",
            },
        ),
        "GRU": Case(
            lambda: k.GRU(3), SERIES, "gru", 3, tensors(3, "gru_cell.", bias=twice), settings={"reset_after": True}
        ),
        "GRU, reset before": Case(
            lambda: k.GRU(3, reset_after=False, recurrent_activation="hard_sigmoid"),
            SERIES,
            "gru",
            3,
            tensors(3, "gru_cell."),
            settings={"reset_after": False, "recurrent_activation": "hard_sigmoid_fifth"},
        ),
        "SimpleRNNCell": Case(lambda: k.SimpleRNNCell(3), one, "simple_rnn_cell", 3, tensors(1, "", "units")),
        "LSTMCell": Case(lambda: k.LSTMCell(3), two, "lstm_cell", 3, tensors(4)),
        "GRUCell": Case(lambda: k.GRUCell(3), one, "gru_cell", 3, tensors(3, bias=twice)),
        "RNN": Case(
            lambda: k.RNN(k.LSTMCell(3, name="cell"), return_sequences=True),
            SERIES,
            "rnn",
            3,
            below={f"cell.{name}": tensor for name, tensor in tensors(4).items()},
        ),
        "RNN, of stacked cells": Case(
            lambda: k.RNN([k.LSTMCell(3, name="a"), k.SimpleRNNCell(5, name="b")], name="rnn"),
            SERIES,
            "rnn",
            5,
            below={
                **{f"stacked_rnn_cells.a.{name}": tensor for name, tensor in tensors(4).items()},
                "stacked_rnn_cells.b.kernel": ((3, 5), "in units"),
                "stacked_rnn_cells.b.recurrent_kernel": ((5, 5), "hidden units"),
                "stacked_rnn_cells.b.bias": ((5,), "units"),
            },
        ),
        "StackedRNNCells": Case(
            lambda: k.StackedRNNCells([k.SimpleRNNCell(3, name="a")]),
            Inputs(step, [[state]]),
            "stacked_cells",
            3,
            below={f"a.{name}": tensor for name, tensor in tensors(1, "", "units").items()},
        ),
    }
    for rank in (1, 2, 3):
        letters, window = LETTERS[rank], (3,) * rank
        cases[f"ConvLSTM{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"ConvLSTM{rank}D")(3, 3, padding="same"),
            (1, 2, *PLACES[rank][1:]),
            "conv_lstm",
            3,
            {
                "conv_lstm_cell.kernel": ((*window, 4, 12), f"{letters} in (gate units)"),
                "conv_lstm_cell.recurrent_kernel": ((*window, 3, 12), f"{letters} hidden (gate units)"),
                "conv_lstm_cell.bias": ((12,), "(gate units)"),
            },
            settings={"recurrent_activation": "hard_sigmoid_fifth"},
        )
    return cases


def _wrappers() -> dict[str, Case]:
    from tf_keras import layers as k

    def direction(name: str) -> Tensors:
        return {
            f"{name}_lstm.lstm_cell.kernel": ((4, 12), "in (gate units)"),
            f"{name}_lstm.lstm_cell.recurrent_kernel": ((3, 12), "hidden (gate units)"),
            f"{name}_lstm.lstm_cell.bias": ((12,), "(gate units)"),
        }

    dense: Tensors = {"dense.kernel": ((4, 5), "in out"), "dense.bias": ((5,), "out")}
    return {
        "Bidirectional": Case(
            lambda: k.Bidirectional(k.LSTM(3, name="lstm"), merge_mode="sum"),
            SERIES,
            "bidirectional",
            3,
            below=direction("forward") | direction("backward"),
            settings={"merge_mode": "sum"},
        ),
        "TimeDistributed": Case(
            lambda: k.TimeDistributed(k.Dense(5, name="dense")), SERIES, "time_distributed", 5, below=dense
        ),
        "SpectralNormalization": Case(
            lambda: k.SpectralNormalization(k.Dense(5, name="dense")),
            (2, 4),
            "spectral_norm",
            5,
            {"vector_u": ((1, 5), "1 out")},
            dense,
            buffers=("vector_u",),
            legacy=True,
        ),
    }


def _attention() -> dict[str, Case]:
    from tf_keras import layers as k

    two, three = [(2, 5, 4), (2, 6, 4)], [(2, 5, 4), (2, 6, 4), (2, 6, 4)]
    projections: Tensors = {}
    for name, size in (("query", 3), ("key", 3), ("value", 7)):
        word = "value_dim" if name == "value" else "key_dim"
        projections[f"{name}.kernel"] = ((4, 2, size), f"in head {word}")
        projections[f"{name}.bias"] = ((2, size), f"head {word}")
    output: Tensors = {
        "attention_output.kernel": ((2, 7, 4), "head value_dim out"),
        "attention_output.bias": ((4,), "out"),
    }
    return {
        "MultiHeadAttention": Case(
            lambda: k.MultiHeadAttention(2, 3, value_dim=7, dropout=0.1),
            Inputs(TensorSpec((2, 5, 4)), TensorSpec((2, 6, 4))),
            "attention",
            4,
            projections | output,
            settings={"heads": 2, "key_dim": 3, "value_dim": 7, "rate": 0.1, "use_bias": True},
        ),
        "Attention": Case(
            lambda: k.Attention(use_scale=True, score_mode="concat"),
            two,
            "attention",
            4,
            {"scale": ((), ""), "concat_score_weight": ((), "")},
            settings={"mode": "concat"},
        ),
        "AdditiveAttention": Case(lambda: k.AdditiveAttention(), three, "attention", 4, {"scale": ((4,), "channel")}),
    }


def _normalizations() -> dict[str, Case]:
    from tf_keras import layers as k

    affine: Tensors = {"gamma": ((4,), "channel"), "beta": ((4,), "channel")}
    moving: Tensors = {"moving_mean": ((4,), "channel"), "moving_variance": ((4,), "channel")}
    batch_norm = ("moving_mean", "moving_variance")
    return {
        "BatchNormalization": Case(
            lambda: k.BatchNormalization(momentum=0.9),
            IMAGE,
            "batch_norm",
            None,
            affine | moving,
            buffers=batch_norm,
            settings={"momentum": 0.9, "eps": 0.001, "axis": (3,), "in_features": 4},
        ),
        "BatchNormalization, channels first, no scale": Case(
            lambda: k.BatchNormalization(axis=1, scale=False),
            (2, 4, 8, 8),
            "batch_norm",
            None,
            {"beta": affine["beta"]} | moving,
            buffers=batch_norm,
        ),
        "LayerNormalization": Case(
            lambda: k.LayerNormalization(axis=(1, 2)),
            (2, 5, 4),
            "layer_norm",
            None,
            {"gamma": ((5, 4), "norm_1 norm_2"), "beta": ((5, 4), "norm_1 norm_2")},
            settings={"normalized_shape": (5, 4)},
        ),
        "GroupNormalization": Case(
            lambda: k.GroupNormalization(2), IMAGE, "group_norm", None, affine, settings={"groups": 2}
        ),
        "UnitNormalization": Case(lambda: k.UnitNormalization(), (2, 4), "unit_norm"),
        "Normalization": Case(
            lambda: k.Normalization(),
            (2, 4),
            "normalization",
            None,
            {"mean": ((4,), "channel"), "variance": ((4,), "channel"), "count": ((), "")},
            buffers=("mean", "variance", "count"),
        ),
        "Rescaling": Case(lambda: k.Rescaling(0.5, 1.0), IMAGE, "rescaling", settings={"scale": 0.5, "shift": 1.0}),
    }


def _activations() -> dict[str, Case]:
    from tf_keras import layers as k

    def layer(make: Callable[[], Any], function: str, **settings: Any) -> Case:
        return Case(make, (2, 4), "activation", settings={"function": function, **settings})

    return {
        "Activation": layer(lambda: k.Activation("hard_sigmoid"), "hard_sigmoid_fifth"),
        "Activation, gelu": layer(lambda: k.Activation("gelu"), "gelu"),
        "ReLU": layer(lambda: k.ReLU(max_value=6.0), "relu6", bound=6.0),
        "LeakyReLU": layer(lambda: k.LeakyReLU(0.25), "leaky_relu", slope=0.25),
        "ELU": layer(lambda: k.ELU(0.5), "elu", slope=0.5),
        "ThresholdedReLU": layer(lambda: k.ThresholdedReLU(0.5), "thresholded_relu", threshold=0.5),
        "Softmax": Case(lambda: k.Softmax(), (2, 4), "softmax", settings={"axis": (-1,)}),
        "PReLU": Case(lambda: k.PReLU(shared_axes=[1]), (2, 5, 4), "prelu", None, {"alpha": ((1, 4), "1 channel")}),
    }


def _pools() -> dict[str, Case]:
    from tf_keras import layers as k

    cases = {}
    for rank, place in PLACES.items():
        for word, kind in (("Max", "max_pool"), ("Average", "average_pool")):
            cases[f"{word}Pooling{rank}D"] = Case(
                lambda rank=rank, word=word: getattr(k, f"{word}Pooling{rank}D")(2),
                place,
                f"{kind}{rank}d",
                settings={"kernel_size": (2,) * rank, "strides": (2,) * rank, "padding": "valid"},
            )
            cases[f"Global{word}Pooling{rank}D"] = Case(
                lambda rank=rank, word=word: getattr(k, f"Global{word}Pooling{rank}D")(keepdims=True),
                place,
                f"global_{kind}{rank}d",
                settings={"keep_axes": True},
            )
    return cases


def _shapes() -> dict[str, Case]:
    from tf_keras import layers as k

    cases = {}
    for rank, place in PLACES.items():
        pairs = ((1, 1),) * rank
        cases[f"ZeroPadding{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"ZeroPadding{rank}D")(1),
            place,
            f"zero_pad{rank}d",
            settings={"padding": pairs},
        )
        cases[f"Cropping{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"Cropping{rank}D")(1), place, f"crop{rank}d", settings={"padding": pairs}
        )
        cases[f"UpSampling{rank}D"] = Case(
            lambda rank=rank: getattr(k, f"UpSampling{rank}D")(2),
            place,
            f"upsample{rank}d",
            settings={"factor": (2,) * rank},
        )
    return cases | {
        "Flatten": Case(lambda: k.Flatten(), IMAGE, "flatten"),
        "Reshape": Case(lambda: k.Reshape((-1, 2)), (2, 4), "reshape", settings={"shape": (-1, 2)}),
        "Permute": Case(lambda: k.Permute((2, 1)), SERIES, "permute", settings={"axis": (2, 1)}),
        "RepeatVector": Case(lambda: k.RepeatVector(3), (2, 4), "repeat", settings={"factor": 3}),
    }


def _merges() -> dict[str, Case]:
    from tf_keras import layers as k

    pair = [(2, 3, 4), (2, 3, 4)]
    cases = {
        name: Case(lambda name=name: getattr(k, name)(), pair, name.lower())
        for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")
    }
    return cases | {
        "Concatenate": Case(lambda: k.Concatenate(axis=1), pair, "concat", settings={"axis": (1,)}),
        "Dot": Case(lambda: k.Dot(axes=2), pair, "dot", settings={"axis": (2,)}),
    }


def _regularizations() -> dict[str, Case]:
    from tf_keras import layers as k

    cases = {
        f"SpatialDropout{rank}D": Case(
            lambda rank=rank: getattr(k, f"SpatialDropout{rank}D")(0.5), place, f"spatial_dropout{rank}d"
        )
        for rank, place in PLACES.items()
    }
    return cases | {
        "Dropout": Case(lambda: k.Dropout(0.25), (2, 4), "dropout", settings={"rate": 0.25}),
        "Dropout, with a generator": Case(
            lambda: k.Dropout(0.25, rng_type="stateful", seed=3),
            (2, 4),
            "dropout",
            None,
            {"StateVar": ((3,), None)},
            buffers=("StateVar",),
            why="the state of a generator has no axes",
        ),
        "AlphaDropout": Case(lambda: k.AlphaDropout(0.5), (2, 4), "alpha_dropout"),
        "GaussianDropout": Case(lambda: k.GaussianDropout(0.5), (2, 4), "gaussian_dropout"),
        "GaussianNoise": Case(lambda: k.GaussianNoise(0.5), (2, 4), "gaussian_noise", settings={"deviation": 0.5}),
        "ActivityRegularization": Case(
            lambda: k.ActivityRegularization(l1=0.5), (2, 4), "activity_regularization", settings={"l1": 0.5}
        ),
    }


def _preprocessing() -> dict[str, Case]:
    from tf_keras import layers as k

    return {
        "StringLookup": Case(lambda: k.StringLookup(vocabulary=["a", "b"]), TEXT, "lookup", settings={"mode": "int"}),
        "IntegerLookup": Case(lambda: k.IntegerLookup(vocabulary=[3, 4], max_tokens=9), NUMBERS, "lookup"),
        "TextVectorization": Case(
            lambda: k.TextVectorization(output_sequence_length=4, vocabulary=["a", "b"]),
            TEXT,
            "text_vectorization",
            settings={"length": 4},
            method="eager",
        ),
        "Hashing": Case(lambda: k.Hashing(7), NUMBERS, "hashing", settings={"bins": 7}),
        "HashedCrossing": Case(
            lambda: k.HashedCrossing(7), [TEXT, TEXT], "hashing", settings={"bins": 7}, method="eager"
        ),
        "Discretization": Case(lambda: k.Discretization([0.0, 1.0]), (2, 4), "discretization", settings={"bins": 3}),
        "CategoryEncoding": Case(lambda: k.CategoryEncoding(7, output_mode="multi_hot"), NUMBERS, "category_encoding"),
        "Resizing": Case(lambda: k.Resizing(5, 6), IMAGE, "resize", settings={"output_size": (5, 6)}),
        "CenterCrop": Case(lambda: k.CenterCrop(5, 6), IMAGE, "center_crop", settings={"output_size": (5, 6)}),
    }


def _augmentations() -> dict[str, Case]:
    from tf_keras import layers as k

    def layer(function: str, make: Callable[[], Any], **settings: Any) -> Case:
        seed: Tensors = {"StateVar": ((3,), None)}
        place = (2, 16, 16, 3)
        settings |= {"function": function}
        return Case(make, place, "augmentation", None, seed, buffers=tuple(seed), settings=settings)

    return {
        "RandomBrightness": layer("random_brightness", lambda: k.RandomBrightness(0.2), strength=(-0.2, 0.2)),
        "RandomContrast": layer("random_contrast", lambda: k.RandomContrast(0.2), strength=0.2),
        "RandomCrop": layer("random_crop", lambda: k.RandomCrop(5, 6), output_size=(5, 6)),
        "RandomFlip": layer("random_flip", lambda: k.RandomFlip("horizontal"), mode="horizontal"),
        "RandomHeight": layer("random_height", lambda: k.RandomHeight(0.2), strength=0.2),
        "RandomWidth": layer("random_width", lambda: k.RandomWidth(0.2), strength=0.2),
        "RandomRotation": layer("random_rotation", lambda: k.RandomRotation(0.2), strength=0.2),
        "RandomTranslation": layer("random_translation", lambda: k.RandomTranslation(0.1, 0.2)),
        "RandomZoom": layer("random_zoom", lambda: k.RandomZoom(0.1)),
    }


def _experimental() -> dict[str, Case]:
    from tf_keras.layers import experimental as k

    affine: Tensors = {"gamma": ((4,), "channel"), "beta": ((4,), "channel")}
    moving: Tensors = {"moving_mean": ((4,), "channel"), "moving_variance": ((4,), "channel")}
    return {
        "SyncBatchNormalization": Case(
            lambda: k.SyncBatchNormalization(),
            IMAGE,
            "batch_norm",
            None,
            affine | moving,
            buffers=("moving_mean", "moving_variance"),
        ),
        "RandomFourierFeatures": Case(
            lambda: k.RandomFourierFeatures(6),
            (2, 4),
            "dense",
            6,
            {"unscaled_kernel": ((4, 6), "in out"), "bias": ((6,), "out"), "kernel_scale": ((1,), "1")},
            buffers=("unscaled_kernel", "bias"),
            explained=None,
        ),
        "DynamicLookup": Case(
            _dynamic_lookup,
            TEXT,
            "lookup",
            None,
            {
                "vocabulary_table_keys": ((3,), None),
                "vocabulary_table_values": ((3,), None),
                "vocabulary": ((3,), "tokens"),
            },
            buffers=("vocabulary_table_keys", "vocabulary_table_values", "vocabulary"),
            why="the table that is learned has room for other words",
        ),
    }


def _dynamic_lookup() -> Any:
    import tensorflow as tf
    from tf_keras.layers import experimental

    return experimental.DynamicLookup(3, tf.constant(["a", "b", "c"]))
