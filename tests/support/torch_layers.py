"""Every module class of `torch.nn`, each with what is true of it: written by hand, or by arithmetic on its arguments.

`"LSTM"` is the case of that class, `"LSTM, two layers"` another one. A class without a case makes a test fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from introspect import TensorSpec

Tensors = dict[str, tuple[tuple[int, ...], str | None]]


@dataclass(frozen=True)
class Case:
    """A module, what is said about its inputs, and the truth about it.

    `tensors`: name → (shape, axes) of what it owns itself; `below`: how many elements the layers that it holds own.
    `buffers`: the names of those tensors that are state. `agrees` is another thing than `True`, or the axes of a
    parameter are unknown, only where `why` says. `warns`: what torch says when it is made or used.
    """

    make: Callable[[], Any]
    said: Any
    kind: str
    units: int | None = None
    tensors: Tensors = field(default_factory=dict)
    below: int = 0
    buffers: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    formula: str | None = None
    agrees: bool | None = True
    method: str = "abstract"
    lazy: bool = False
    warns: str = ""
    why: str = ""


def ids(*shape: int) -> TensorSpec:
    return TensorSpec(shape, "int64")


VECTOR, SERIES, IMAGE, VOLUME = (2, 4), (2, 4, 8), (2, 4, 8, 8), (1, 4, 6, 6, 6)
PLACES = {1: SERIES, 2: IMAGE, 3: VOLUME}
LETTERS = {1: "l", 2: "h w", 3: "d h w"}


def torch_layers() -> dict[str, Case]:
    """Name → case."""
    return {
        **_dense(),
        **_convolutions(),
        **_recurrent(),
        **_attention(),
        **_normalizations(),
        **_pools(),
        **_activations(),
        **_shapes(),
        **_losses(),
        **_containers(),
    }


def _dense() -> dict[str, Case]:
    from torch import nn

    linear: Tensors = {"weight": ((5, 4), "out in"), "bias": ((5,), "out")}
    table: Tensors = {"weight": ((9, 4), "tokens features")}
    return {
        "Linear": Case(
            lambda: nn.Linear(4, 5),
            VECTOR,
            "dense",
            5,
            linear,
            settings={"in_features": 4, "use_bias": True},
            formula="4 in × 5 out + 5 out",
        ),
        "Linear, no bias": Case(
            lambda: nn.Linear(4, 5, bias=False),
            (2, 3, 4),
            "dense",
            5,
            {"weight": ((5, 4), "out in")},
            settings={"use_bias": False},
        ),
        "LazyLinear": Case(lambda: nn.LazyLinear(5), VECTOR, "dense", 5, linear, method="eager", lazy=True),
        "Bilinear": Case(
            lambda: nn.Bilinear(4, 3, 5),
            [(2, 4), (2, 3)],
            "bilinear",
            5,
            {"weight": ((5, 4, 3), "out in_1 in_2"), "bias": ((5,), "out")},
            settings={"in_features": 4, "in_features_2": 3},
            formula="4 in 1 × 3 in 2 × 5 out + 5 out",
        ),
        "Embedding": Case(
            lambda: nn.Embedding(9, 4, padding_idx=0),
            ids(2, 5),
            "embedding",
            4,
            table,
            settings={"tokens": 9, "padding_token": 0, "max_norm": None},
            formula="9 tokens × 4 features",
        ),
        "EmbeddingBag": Case(
            lambda: nn.EmbeddingBag(9, 4, mode="sum"),
            ids(2, 5),
            "embedding_bag",
            4,
            table,
            settings={"tokens": 9, "mode": "sum"},
        ),
        "Identity": Case(nn.Identity, VECTOR, "identity"),
        "CosineSimilarity": Case(
            lambda: nn.CosineSimilarity(dim=-1),
            [VECTOR, VECTOR],
            "cosine_similarity",
            settings={"axis": (-1,), "eps": 1e-8},
        ),
        "PairwiseDistance": Case(
            lambda: nn.PairwiseDistance(p=1.0, keepdim=True),
            [VECTOR, VECTOR],
            "pairwise_distance",
            settings={"power": 1.0, "keep_axes": True},
        ),
    }


def _convolutions() -> dict[str, Case]:
    from torch import nn

    cases = {}
    for rank, place in PLACES.items():
        ones, threes = (1,) * rank, (3,) * rank
        forward: Tensors = {"weight": ((6, 2, *threes), f"out in {LETTERS[rank]}"), "bias": ((6,), "out")}
        back: Tensors = {"weight": ((4, 3, *threes), f"in out {LETTERS[rank]}"), "bias": ((6,), "out")}
        window = " × ".join(f"3 {letter}" for letter in LETTERS[rank].split())
        for lazy in ("", "Lazy"):
            channels = () if lazy else (4,)
            how: dict[str, Any] = {"method": "eager", "lazy": True} if lazy else {}
            cases[f"{lazy}Conv{rank}d"] = Case(
                lambda lazy=lazy, rank=rank, channels=channels: getattr(nn, f"{lazy}Conv{rank}d")(
                    *channels, 6, 3, stride=2, padding=1, groups=2
                ),
                place,
                f"conv{rank}d",
                6,
                forward,
                settings={
                    "in_features": 4,
                    "kernel_size": threes,
                    "strides": (2,) * rank,
                    "padding": ones,
                    "pad_value": 0,
                    "dilation": ones,
                    "groups": 2,
                    "use_bias": True,
                    "data_format": "channels_first",
                },
                formula=f"{window} × 2 in × 6 out + 6 out",
                **how,
            )
            cases[f"{lazy}ConvTranspose{rank}d"] = Case(
                lambda lazy=lazy, rank=rank, channels=channels: getattr(nn, f"{lazy}ConvTranspose{rank}d")(
                    *channels, 6, 3, stride=2, output_padding=1, groups=2
                ),
                place,
                f"conv{rank}d_transpose",
                6,
                back,
                settings={"strides": (2,) * rank, "output_padding": ones, "padding": "valid", "groups": 2},
                formula=f"{window} × 2 in × 6 out + 6 out",  # of one output
                **how,
            )
    cases["Conv2d, same"] = Case(
        lambda: nn.Conv2d(4, 4, 3, padding="same", padding_mode="reflect", groups=4, bias=False),
        IMAGE,
        "conv2d",
        4,
        {"weight": ((4, 1, 3, 3), "out in h w")},
        settings={"padding": "same", "pad_value": "reflect", "groups": 4, "use_bias": False},
    )
    slid = {"kernel_size": (2, 3), "strides": (1, 2), "padding": (1, 0), "dilation": (1, 1)}
    cases["Unfold"] = Case(lambda: nn.Unfold((2, 3), stride=(1, 2), padding=(1, 0)), IMAGE, "unfold", settings=slid)
    cases["Fold"] = Case(
        lambda: nn.Fold((8, 8), 2), (2, 16, 49), "fold", settings={"output_size": (8, 8), "kernel_size": (2, 2)}
    )
    return cases


def _recurrent_tensors(gates: int, packed: str, in_: int, suffix: str = "", units: int = 3, state: int = 3) -> Tensors:
    rows = (gates * units,)
    return {
        f"weight_ih{suffix}": ((*rows, in_), f"{packed} in"),
        f"weight_hh{suffix}": ((*rows, state), f"{packed} hidden"),
        f"bias_ih{suffix}": (rows, packed),
        f"bias_hh{suffix}": (rows, packed),
    }


def _recurrent() -> dict[str, Case]:
    from torch import nn

    gated, plain = "(gate units)", "units"
    said, once = (7, 2, 4), (2, 4)
    common = {"in_features": 4, "layers": 1, "bidirectional": False, "batch_first": False, "activation": "tanh"}
    return {
        "RNN": Case(
            lambda: nn.RNN(4, 3, nonlinearity="relu"),
            said,
            "simple_rnn",
            3,
            _recurrent_tensors(1, plain, 4, "_l0"),
            settings={**common, "activation": "relu", "between_rate": 0.0},
            formula="(4 in + 3 hidden + 1 + 1 recurrent bias) × 3 units",
        ),
        "LSTM": Case(
            lambda: nn.LSTM(4, 3),
            said,
            "lstm",
            3,
            _recurrent_tensors(4, gated, 4, "_l0"),
            settings={**common, "recurrent_activation": "sigmoid", "projection": None},
            formula="4 gates × (4 in + 3 hidden + 1 + 1 recurrent bias) × 3 units",
        ),
        "LSTM, two layers": Case(
            lambda: nn.LSTM(4, 3, num_layers=2, bidirectional=True, batch_first=True),
            said,
            "lstm",
            3,
            {
                **_recurrent_tensors(4, gated, 4, "_l0"),
                **_recurrent_tensors(4, gated, 4, "_l0_reverse"),
                **_recurrent_tensors(4, gated, 6, "_l1"),
                **_recurrent_tensors(4, gated, 6, "_l1_reverse"),
            },
            settings={"layers": 2, "bidirectional": True, "batch_first": True},
        ),
        "LSTM, projected": Case(
            lambda: nn.LSTM(4, 3, proj_size=2, bias=False),
            said,
            "lstm",
            3,
            {
                "weight_ih_l0": ((12, 4), "(gate units) in"),
                "weight_hh_l0": ((12, 2), "(gate units) hidden"),
                "weight_hr_l0": ((2, 3), "hidden units"),
            },
            settings={"projection": 2, "use_bias": False},
        ),
        "GRU": Case(
            lambda: nn.GRU(4, 3),
            said,
            "gru",
            3,
            _recurrent_tensors(3, gated, 4, "_l0"),
            settings={**common, "reset_after": True},
            formula="3 gates × (4 in + 3 hidden + 1 + 1 recurrent bias) × 3 units",
        ),
        "RNNBase": Case(
            lambda: nn.RNNBase("LSTM", 4, 3), None, "lstm", 3, _recurrent_tensors(4, gated, 4, "_l0"), method="none"
        ),
        "RNNCell": Case(
            lambda: nn.RNNCell(4, 3),
            once,
            "simple_rnn_cell",
            3,
            _recurrent_tensors(1, plain, 4),
            settings={"activation": "tanh", "use_bias": True},
        ),
        "LSTMCell": Case(
            lambda: nn.LSTMCell(4, 3),
            once,
            "lstm_cell",
            3,
            _recurrent_tensors(4, gated, 4),
            formula="4 gates × (4 in + 3 hidden + 1 + 1 recurrent bias) × 3 units",
        ),
        "GRUCell": Case(lambda: nn.GRUCell(4, 3), once, "gru_cell", 3, _recurrent_tensors(3, gated, 4)),
        "RNNCellBase": Case(
            lambda: nn.RNNCellBase(4, 3, True, 3),
            None,
            "gru_cell",
            3,
            _recurrent_tensors(3, gated, 4),
            method="none",
        ),
    }


def _attention() -> dict[str, Case]:
    from torch import nn

    whole = [(5, 2, 8)] * 3
    out: Tensors = {"out_proj.weight": ((8, 8), "out (head key_dim)"), "out_proj.bias": ((8,), "out")}
    packed: Tensors = {
        "in_proj_weight": ((24, 8), "(qkv head key_dim) in"),
        "in_proj_bias": ((24,), "(qkv head key_dim)"),
    }
    attended = 4 * (8 * 8 + 8)
    fed = 8 * 16 + 16 + 16 * 8 + 8
    encoder, decoder = attended + fed + 2 * 16, 2 * attended + fed + 3 * 16
    return {
        "MultiheadAttention": Case(
            lambda: nn.MultiheadAttention(8, 2),
            whole,
            "attention",
            8,
            {**packed, **out},
            settings={"heads": 2, "key_dim": 4, "value_dim": 4, "use_bias": True, "extra_keys": 0},
        ),
        "MultiheadAttention, separate": Case(
            lambda: nn.MultiheadAttention(8, 2, kdim=3, vdim=5, bias=False, add_bias_kv=True, add_zero_attn=True),
            [(4, 1, 8), (6, 1, 3), (6, 1, 5)],
            "attention",
            8,
            {
                "q_proj_weight": ((8, 8), "(head key_dim) in"),
                "k_proj_weight": ((8, 3), "(head key_dim) in"),
                "v_proj_weight": ((8, 5), "(head key_dim) in"),
                "bias_k": ((1, 1, 8), "1 1 (head key_dim)"),
                "bias_v": ((1, 1, 8), "1 1 (head key_dim)"),
                "out_proj.weight": ((8, 8), "out (head key_dim)"),
            },
            settings={"use_bias": False, "extra_keys": 2},
        ),
        "TransformerEncoderLayer": Case(
            lambda: nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True),
            (5, 2, 8),
            "transformer_layer",
            8,
            below=encoder,
            settings={"heads": 2, "feed_forward": 16, "activation": "gelu", "norm_first": True, "batch_first": False},
        ),
        "TransformerDecoderLayer": Case(
            lambda: nn.TransformerDecoderLayer(8, 2, 16, activation=nn.Hardswish()),
            [(5, 2, 8), (6, 2, 8)],
            "transformer_layer",
            8,
            below=decoder,
            settings={"heads": 2, "feed_forward": 16, "activation": "hard_silu", "rate": 0.1},
        ),
        "TransformerEncoder": Case(
            lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2, nn.LayerNorm(8)),
            (2, 5, 8),
            "transformer",
            below=2 * encoder + 16,
            settings={"layers": 2},
        ),
        "TransformerDecoder": Case(
            lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2),
            [(5, 2, 8), (6, 2, 8)],
            "transformer",
            below=2 * decoder,
            settings={"layers": 2},
        ),
        "Transformer": Case(
            lambda: nn.Transformer(8, 2, 2, 1, 16),
            [(5, 2, 8), (6, 2, 8)],
            "transformer",
            below=2 * encoder + decoder + 32,
            settings={"heads": 2, "layers": (2, 1)},
            warns="enable_nested_tensor is True",
        ),
    }


def _statistics(learned: bool = True, kept: bool = True) -> Tensors:
    affine: Tensors = {"weight": ((4,), "channel"), "bias": ((4,), "channel")}
    running: Tensors = {
        "running_mean": ((4,), "channel"),
        "running_var": ((4,), "channel"),
        "num_batches_tracked": ((), ""),
    }
    return {**(affine if learned else {}), **(running if kept else {})}


def _normalizations() -> dict[str, Case]:
    from torch import nn

    running = ("running_mean", "running_var", "num_batches_tracked")
    cases = {}
    for rank, place in PLACES.items():
        for lazy in ("", "Lazy"):
            channels = () if lazy else (4,)
            how: dict[str, Any] = {"method": "eager", "lazy": True} if lazy else {}
            cases[f"{lazy}BatchNorm{rank}d"] = Case(
                lambda lazy=lazy, rank=rank, channels=channels: getattr(nn, f"{lazy}BatchNorm{rank}d")(
                    *channels, momentum=0.25, eps=1e-4
                ),
                place,
                "batch_norm",
                None,
                _statistics(),
                buffers=running,
                settings={
                    "in_features": 4,
                    "momentum": 0.75,
                    "eps": 1e-4,
                    "use_scale": True,
                    "use_shift": True,
                    "use_statistics": True,
                    "axis": (1,),
                },
                **how,
            )
            cases[f"{lazy}InstanceNorm{rank}d"] = Case(
                lambda lazy=lazy, rank=rank, channels=channels: getattr(nn, f"{lazy}InstanceNorm{rank}d")(
                    *channels, affine=True, track_running_stats=False
                ),
                place,
                "instance_norm",
                None,
                _statistics(kept=False),
                settings={"in_features": 4, "eps": 1e-5, "use_scale": True, "momentum": None, "use_statistics": False},
                **how,
            )
    return {
        **cases,
        "BatchNorm1d, plain": Case(
            lambda: nn.BatchNorm1d(4, affine=False, track_running_stats=False),
            VECTOR,
            "batch_norm",
            settings={"use_scale": False, "use_shift": False, "use_statistics": False},
        ),
        "SyncBatchNorm": Case(lambda: nn.SyncBatchNorm(4), IMAGE, "batch_norm", None, _statistics(), buffers=running),
        "LayerNorm": Case(
            lambda: nn.LayerNorm((8, 6), eps=1e-3),
            (2, 8, 6),
            "layer_norm",
            None,
            {"weight": ((8, 6), "norm_1 norm_2"), "bias": ((8, 6), "norm_1 norm_2")},
            settings={"axis": (-2, -1), "normalized_shape": (8, 6), "eps": 1e-3, "use_scale": True, "use_shift": True},
        ),
        "LayerNorm, no bias": Case(
            lambda: nn.LayerNorm(4, bias=False),
            VECTOR,
            "layer_norm",
            None,
            {"weight": ((4,), "norm")},
            settings={"use_scale": True, "use_shift": False},
        ),
        "RMSNorm": Case(
            lambda: nn.RMSNorm(4, eps=1e-6),
            VECTOR,
            "rms_norm",
            None,
            {"weight": ((4,), "norm")},
            settings={"axis": (-1,), "eps": 1e-6, "use_scale": True},
        ),
        "GroupNorm": Case(
            lambda: nn.GroupNorm(2, 4),
            IMAGE,
            "group_norm",
            None,
            {"weight": ((4,), "channel"), "bias": ((4,), "channel")},
            settings={"groups": 2, "in_features": 4, "use_scale": True, "use_shift": True, "axis": (1,)},
        ),
        "LocalResponseNorm": Case(
            lambda: nn.LocalResponseNorm(3, beta=0.5),
            IMAGE,
            "local_response_norm",
            settings={"kernel_size": (3,), "scale": 1e-4, "power": 0.5, "shift": 1.0},
        ),
        "CrossMapLRN2d": Case(
            lambda: nn.CrossMapLRN2d(3),
            IMAGE,
            "local_response_norm",
            settings={"kernel_size": (3,), "power": 0.75, "shift": 1},
        ),
    }


def _pools() -> dict[str, Case]:
    import torch
    from torch import nn

    cases = {}
    for rank, place in PLACES.items():
        twos = {"kernel_size": (2,) * rank, "strides": (2,) * rank}
        half = (*place[:2], *(n // 2 for n in place[2:]))
        cases[f"MaxPool{rank}d"] = Case(
            lambda rank=rank: getattr(nn, f"MaxPool{rank}d")(2, return_indices=True),
            place,
            f"max_pool{rank}d",
            settings={**twos, "padding": "valid", "dilation": (1,) * rank, "return_indices": True},
        )
        cases[f"AvgPool{rank}d"] = Case(
            lambda rank=rank: getattr(nn, f"AvgPool{rank}d")(2, padding=1, count_include_pad=False),
            place,
            f"average_pool{rank}d",
            settings={**twos, "padding": (1,) * rank, "count_include_pad": False, "ceil_mode": False},
        )
        for word, kind in (("Max", "max"), ("Avg", "average")):
            cases[f"Adaptive{word}Pool{rank}d"] = Case(
                lambda word=word, rank=rank: getattr(nn, f"Adaptive{word}Pool{rank}d")(3),
                place,
                f"adaptive_{kind}_pool{rank}d",
                settings={"output_size": (3,) * rank},
            )
        cases[f"LPPool{rank}d"] = Case(
            lambda rank=rank: getattr(nn, f"LPPool{rank}d")(2, 2),
            place,
            f"lp_pool{rank}d",
            settings={**twos, "power": 2},
        )
        cases[f"MaxUnpool{rank}d"] = Case(
            lambda rank=rank: getattr(nn, f"MaxUnpool{rank}d")(2),
            [half, TensorSpec(half, "int64")],
            f"max_unpool{rank}d",
            settings={**twos, "padding": "valid"},
        )
        if rank > 1:
            cases[f"FractionalMaxPool{rank}d"] = Case(
                lambda rank=rank: getattr(nn, f"FractionalMaxPool{rank}d")(2, output_ratio=0.5),
                place,
                f"fractional_max_pool{rank}d",
                settings={"kernel_size": (2,) * rank, "output_ratio": (0.5,) * rank, "output_size": None},
            )
    cases["FractionalMaxPool2d, not random"] = Case(
        lambda: nn.FractionalMaxPool2d(2, output_size=(4, 3), _random_samples=torch.rand(2, 4, 2)),
        IMAGE,
        "fractional_max_pool2d",
        None,
        {"_random_samples": ((2, 4, 2), None)},
        buffers=("_random_samples",),
        settings={"output_size": (4, 3)},
        why="places of windows drawn beforehand, for tests",
    )
    return cases


def _activations() -> dict[str, Case]:
    from torch import nn

    words = {
        "ReLU": "relu",
        "ReLU6": "relu6",
        "SiLU": "silu",
        "Mish": "mish",
        "Sigmoid": "sigmoid",
        "Tanh": "tanh",
        "Softsign": "softsign",
        "SELU": "selu",
        "LogSigmoid": "log_sigmoid",
        "Hardswish": "hard_silu",
        "Hardsigmoid": "hard_sigmoid",
        "Tanhshrink": "tanh_shrink",
    }

    def one(make: Any, function: str, **settings: Any) -> Case:
        return Case(make, VECTOR, "activation", settings={"function": function, **settings})

    return {
        **{name: one(getattr(nn, name), word) for name, word in words.items()},
        "GELU": one(nn.GELU, "gelu", approximate=None),
        "GELU, tanh": one(lambda: nn.GELU("tanh"), "gelu", approximate="tanh"),
        "ELU": one(lambda: nn.ELU(0.5), "elu", slope=0.5),
        "CELU": one(lambda: nn.CELU(0.5), "celu", slope=0.5),
        "LeakyReLU": one(lambda: nn.LeakyReLU(0.2), "leaky_relu", slope=0.2),
        "Softplus": one(lambda: nn.Softplus(2.0, 10.0), "softplus", beta=2.0, threshold=10.0),
        "Hardtanh": one(lambda: nn.Hardtanh(-2.0, 3.0), "hard_tanh", lower_bound=-2.0, bound=3.0),
        "Hardshrink": one(lambda: nn.Hardshrink(0.25), "hard_shrink", threshold=0.25),
        "Softshrink": one(lambda: nn.Softshrink(0.25), "soft_shrink", threshold=0.25),
        "Threshold": one(lambda: nn.Threshold(0.1, 7.0), "threshold", threshold=0.1, value=7.0),
        "RReLU": Case(lambda: nn.RReLU(0.1, 0.3), VECTOR, "rrelu", settings={"slope": (0.1, 0.3)}),
        "PReLU": Case(
            lambda: nn.PReLU(4), IMAGE, "prelu", None, {"weight": ((4,), "channel")}, settings={"in_features": 4}
        ),
        "GLU": Case(lambda: nn.GLU(1), VECTOR, "glu", settings={"axis": (1,)}),
        "Softmax": Case(lambda: nn.Softmax(-1), VECTOR, "softmax", settings={"axis": (-1,)}),
        "Softmin": Case(lambda: nn.Softmin(-1), VECTOR, "softmin", settings={"axis": (-1,)}),
        "LogSoftmax": Case(lambda: nn.LogSoftmax(-1), VECTOR, "log_softmax", settings={"axis": (-1,)}),
        "Softmax2d": Case(nn.Softmax2d, IMAGE, "softmax", settings={"axis": (-3,)}),
    }


def _shapes() -> dict[str, Case]:
    from torch import nn

    cases = {}
    values = {"Zero": 0, "Constant": 2.5, "Reflection": "reflect", "Replication": "replicate", "Circular": "circular"}
    for rank, place in PLACES.items():
        ends = tuple(range(1, 2 * rank + 1))  # the last axis first, each with its left and right
        pairs = tuple((ends[2 * i], ends[2 * i + 1]) for i in reversed(range(rank)))
        for word, value in values.items():
            if word in ("Reflection", "Circular"):
                ends_, pairs_ = (2,) * 2 * rank, ((2, 2),) * rank
            else:
                ends_, pairs_ = ends, pairs
            extra = (2.5,) if word == "Constant" else ()
            cases[f"{word}Pad{rank}d"] = Case(
                lambda word=word, rank=rank, ends=ends_, extra=extra: getattr(nn, f"{word}Pad{rank}d")(ends, *extra),
                place,
                f"zero_pad{rank}d" if word == "Zero" else f"pad{rank}d",
                settings={"padding": pairs_, "pad_value": value, "data_format": "channels_first"},
            )
        cases[f"Dropout{rank}d"] = Case(
            lambda rank=rank: getattr(nn, f"Dropout{rank}d")(0.25),
            place,
            f"spatial_dropout{rank}d",
            settings={"rate": 0.25},
        )
    return {
        **cases,
        "Dropout": Case(lambda: nn.Dropout(0.25), VECTOR, "dropout", settings={"rate": 0.25}),
        "AlphaDropout": Case(lambda: nn.AlphaDropout(0.25), VECTOR, "alpha_dropout", settings={"rate": 0.25}),
        "FeatureAlphaDropout": Case(
            lambda: nn.FeatureAlphaDropout(0.25), IMAGE, "alpha_dropout", settings={"rate": 0.25, "mode": "channels"}
        ),
        "Flatten": Case(lambda: nn.Flatten(1, 2), IMAGE, "flatten", settings={"start_axis": 1, "end_axis": 2}),
        "Unflatten": Case(lambda: nn.Unflatten(1, (2, 2)), IMAGE, "reshape", settings={"axis": (1,), "shape": (2, 2)}),
        "PixelShuffle": Case(lambda: nn.PixelShuffle(2), IMAGE, "pixel_shuffle", settings={"factor": 2}),
        "PixelUnshuffle": Case(lambda: nn.PixelUnshuffle(2), IMAGE, "pixel_unshuffle", settings={"factor": 2}),
        "ChannelShuffle": Case(lambda: nn.ChannelShuffle(2), IMAGE, "channel_shuffle", settings={"groups": 2}),
        "Upsample": Case(
            lambda: nn.Upsample(scale_factor=2), IMAGE, "upsample", settings={"factor": 2, "interpolation": "nearest"}
        ),
        "Upsample, of a rank": Case(
            lambda: nn.Upsample(size=(9, 7), mode="bicubic", align_corners=True),
            IMAGE,
            "upsample2d",
            settings={"factor": None, "output_size": (9, 7), "interpolation": "bicubic", "align_corners": True},
        ),
        "Upsample, linear": Case(
            lambda: nn.Upsample(scale_factor=1.5, mode="linear"), SERIES, "upsample1d", settings={"factor": (1.5,)}
        ),
        "UpsamplingNearest2d": Case(
            lambda: nn.UpsamplingNearest2d(scale_factor=2),
            IMAGE,
            "upsample2d",
            settings={"factor": (2, 2), "interpolation": "nearest"},
        ),
        "UpsamplingBilinear2d": Case(
            lambda: nn.UpsamplingBilinear2d(size=5),
            IMAGE,
            "upsample2d",
            settings={"output_size": (5, 5), "interpolation": "bilinear", "align_corners": True},
        ),
    }


def _losses() -> dict[str, Case]:
    import torch
    from torch import nn

    pair, triple = [VECTOR, VECTOR], [VECTOR] * 3

    def one(make: Any, said: Any, function: str, **settings: Any) -> Case:
        return Case(make, said, "loss", settings={"function": function, "reduction": "mean", **settings})

    return {
        "L1Loss": one(nn.L1Loss, pair, "mean_absolute_error"),
        "MSELoss": one(lambda: nn.MSELoss(reduction="none"), pair, "mean_squared_error", reduction="none"),
        "HuberLoss": one(lambda: nn.HuberLoss(delta=0.5), pair, "huber", threshold=0.5),
        "SmoothL1Loss": one(lambda: nn.SmoothL1Loss(beta=0.5), pair, "smooth_l1", threshold=0.5),
        "NLLLoss": one(nn.NLLLoss, [VECTOR, ids(2)], "negative_log_likelihood"),
        "NLLLoss2d": Case(
            nn.NLLLoss2d, [IMAGE, ids(2, 8, 8)], "loss", settings={"function": "negative_log_likelihood"}, warns="NLL"
        ),
        "PoissonNLLLoss": one(nn.PoissonNLLLoss, pair, "poisson_negative_log_likelihood"),
        "GaussianNLLLoss": Case(
            nn.GaussianNLLLoss,
            triple,
            "loss",
            settings={"function": "gaussian_negative_log_likelihood", "eps": 1e-6},
            method="eager",
        ),
        "KLDivLoss": one(lambda: nn.KLDivLoss(reduction="sum"), pair, "kl_divergence", reduction="sum"),
        "BCELoss": one(nn.BCELoss, pair, "binary_cross_entropy"),
        "BCEWithLogitsLoss": Case(
            lambda: nn.BCEWithLogitsLoss(pos_weight=torch.ones(4)),
            pair,
            "loss",
            None,
            {"pos_weight": ((4,), "channel")},
            buffers=("pos_weight",),
            settings={"function": "binary_cross_entropy_of_logits"},
        ),
        "CrossEntropyLoss": Case(
            lambda: nn.CrossEntropyLoss(weight=torch.ones(4), label_smoothing=0.1),
            [VECTOR, ids(2)],
            "loss",
            None,
            {"weight": ((4,), "channel")},
            buffers=("weight",),
            settings={"function": "cross_entropy", "label_smoothing": 0.1},
        ),
        "CTCLoss": Case(
            nn.CTCLoss,
            [(5, 2, 4), ids(2, 3), ids(2), ids(2)],
            "loss",
            settings={"function": "ctc"},
            method="eager",
        ),
        "CosineEmbeddingLoss": one(
            lambda: nn.CosineEmbeddingLoss(margin=0.5), [VECTOR, VECTOR, ids(2)], "cosine_embedding", margin=0.5
        ),
        "HingeEmbeddingLoss": one(nn.HingeEmbeddingLoss, [VECTOR, ids(2, 4)], "hinge_embedding", margin=1.0),
        "MarginRankingLoss": one(nn.MarginRankingLoss, [(2,), (2,), ids(2)], "margin_ranking", margin=0.0),
        "MultiLabelMarginLoss": one(nn.MultiLabelMarginLoss, [VECTOR, ids(2, 4)], "multi_label_margin"),
        "MultiLabelSoftMarginLoss": one(nn.MultiLabelSoftMarginLoss, pair, "multi_label_soft_margin"),
        "MultiMarginLoss": one(nn.MultiMarginLoss, [VECTOR, ids(2)], "multi_margin", margin=1.0, power=1),
        "SoftMarginLoss": one(nn.SoftMarginLoss, pair, "soft_margin"),
        "TripletMarginLoss": one(nn.TripletMarginLoss, triple, "triplet_margin", margin=1.0, power=2.0),
        "TripletMarginWithDistanceLoss": one(nn.TripletMarginWithDistanceLoss, triple, "triplet_margin", margin=1.0),
        "AdaptiveLogSoftmaxWithLoss": Case(
            lambda: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 10], div_value=2.0),
            [(3, 8), ids(3)],
            "loss",
            below=8 * (5 + 2) + (8 * 4 + 4 * 5) + (8 * 2 + 2 * 10),
            settings={"function": "adaptive_log_softmax", "in_features": 8},
        ),
        "LinearCrossEntropyLoss": Case(
            lambda: nn.LinearCrossEntropyLoss(4, 7, bias=True),
            [VECTOR, ids(2)],
            "loss",
            7,
            {"linear.weight": ((7, 4), "out in"), "linear.bias": ((7,), "out")},
            settings={"function": "linear_cross_entropy", "in_features": 4, "use_bias": True},
        ),
    }


def _containers() -> dict[str, Case]:
    import torch
    from torch import nn

    linear = 4 * 5 + 5

    def bare() -> Any:
        return nn.Parameter(torch.ones(3, 2))

    return {
        "Sequential": Case(lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU()), VECTOR, "container", below=linear),
        "ModuleList": Case(lambda: nn.ModuleList([nn.Linear(4, 5)]), None, "container", below=linear, method="none"),
        "ModuleDict": Case(
            lambda: nn.ModuleDict({"a": nn.Linear(4, 5)}), None, "container", below=linear, method="none"
        ),
        "Container": Case(
            lambda: nn.Container(a=nn.Linear(4, 5)),
            None,
            "container",
            below=linear,
            method="none",
            warns="nn.Container",
        ),
        "DataParallel": Case(lambda: nn.DataParallel(nn.Linear(4, 5)), VECTOR, "container", below=linear),
        "ParameterList": Case(
            lambda: nn.ParameterList([bare()]),
            None,
            "container",
            None,
            {"0": ((3, 2), None)},
            method="none",
            agrees=None,
            why="bare tensors, of whose use a list knows nothing",
        ),
        "ParameterDict": Case(
            lambda: nn.ParameterDict({"a": bare()}),
            None,
            "container",
            None,
            {"a": ((3, 2), None)},
            method="none",
            agrees=None,
            why="bare tensors, of whose use a dict knows nothing",
        ),
    }
