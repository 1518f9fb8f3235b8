"""Recurrent layers and their cells. torch packs the gates of an LSTM as input, forget, cell, output, and those of a GRU
as reset, update, new."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor, labels
from .common import fixed

GATES = {
    "simple_rnn": (),
    "lstm": ("input", "forget", "cell", "output"),
    "gru": ("reset", "update", "new"),
}


def gate_tensors(kind: str, end: str = "", hidden: str = "hidden") -> dict[str, Tensor]:
    """The tensors of one layer and direction; `end`: the rest of their names, a regular expression."""
    gates = GATES[kind]
    packed = "(gate units)" if gates else "units"
    packs = {"gate": labels(*gates)} if gates else {}
    return {
        f"weight_ih{end}": Tensor("kernel", f"{packed} in", packs),
        f"weight_hh{end}": Tensor("recurrent_kernel", f"{packed} {hidden}", packs),
        f"bias_ih{end}": Tensor("bias", packed, packs),
        f"bias_hh{end}": Tensor("recurrent_bias", packed, packs),
    }


def activations(kind: str, native: str = "nonlinearity") -> dict[str, Any]:
    """A GRU and an LSTM have no choice."""
    settings: dict[str, Any] = {"activation": native if kind == "simple_rnn" else fixed("tanh")}
    if GATES[kind]:
        settings["recurrent_activation"] = fixed("sigmoid")
    if kind == "gru":
        settings["reset_after"] = fixed(True)
    return settings


def recurrent(kind: str) -> Row:
    """`LSTM`, with as many layers and directions as it has."""
    end = r"_l\d+(_reverse)?"
    return Row(
        kind,
        {
            "units": "hidden_size",
            "in_features": "input_size",
            "layers": "num_layers",
            "use_bias": "bias",
            "batch_first": "batch_first",
            "bidirectional": "bidirectional",
            "projection": ("proj_size", lambda m: m.proj_size or None),
            "return_sequences": fixed(True),
            "return_state": fixed(True),
            "between_rate": "dropout",
            **activations(kind),
        },
        {**gate_tensors(kind, end), f"weight_hr{end}": Tensor("output_kernel", "hidden units")},
    )


def cell(kind: str) -> Row:
    """`LSTMCell`: one time step."""
    return Row(
        f"{kind}_cell",
        {"units": "hidden_size", "in_features": "input_size", "use_bias": "bias", **activations(kind)},
        gate_tensors(kind),
    )


ROWS: dict[str, Row] = {
    "RNN": recurrent("simple_rnn"),
    "LSTM": recurrent("lstm"),
    "GRU": recurrent("gru"),
    "RNNCell": cell("simple_rnn"),
    "LSTMCell": cell("lstm"),
    "GRUCell": cell("gru"),
}


def _named_by_mode(module: Any) -> str | None:
    return {"LSTM": "LSTM", "GRU": "GRU", "RNN_TANH": "RNN", "RNN_RELU": "RNN"}.get(module.mode)


def _named_by_gates(module: Any) -> str | None:
    gates = module.weight_ih.shape[0] // module.hidden_size
    return {1: "RNNCell", 3: "GRUCell", 4: "LSTMCell"}.get(gates)


# The base classes say what they are in an attribute.
VARIANTS = {"RNNBase": _named_by_mode, "RNNCellBase": _named_by_gates}
