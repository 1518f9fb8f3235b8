"""Recurrent layers and their cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..rows import Row, Tensor, labels
from .shared import DATA_FORMAT, WINDOW, Read, fixed, function, in_features, units_of

LSTM = ("input", "forget", "cell", "output")
GRU = ("update", "reset", "new")
# Keras's layers of sequences take the batch first, and say so nowhere.
SEQUENCE: dict[str, Any] = {
    "batch_first": fixed(True),
    "return_sequences": "return_sequences",
    "return_state": "return_state",
    "go_backwards": "go_backwards",
    "stateful": "stateful",
}
_RATES: dict[str, Any] = {"rate": "dropout", "recurrent_rate": "recurrent_dropout"}


def recurrent_bias(packed: str) -> Callable[[Any], str]:
    """A GRU with `reset_after` has two biases in one tensor."""
    return lambda layer: f"source {packed}" if getattr(layer, "reset_after", False) else packed


def of_cell(read: Callable[[Any], Any]) -> Read:
    """What a recurrent layer's cell says."""
    return None, lambda layer: read(layer.cell)


def recurrent(kind: str, gates: tuple[str, ...], prefix: str) -> Row:
    """A recurrent layer, whose tensors its cell holds, or (without `prefix`) the cell itself."""
    packed = "(gate units)" if gates else "units"
    packs = {"gate": labels(*gates)} if gates else {}
    settings: dict[str, Any] = {
        "units": "units",
        "in_features": of_cell(in_features()[1]) if prefix else in_features(),
        "activation": function(),
        "use_bias": "use_bias",
        **_RATES,
    }
    if gates:
        settings["recurrent_activation"] = function("recurrent_activation")
    if kind == "gru":
        settings["reset_after"] = "reset_after"
    if prefix:
        settings |= SEQUENCE
    return Row(
        kind if prefix else f"{kind}_cell",
        settings,
        {
            f"{prefix}kernel": Tensor("kernel", f"in {packed}", packs),
            f"{prefix}recurrent_kernel": Tensor("recurrent_kernel", f"hidden {packed}", packs),
            f"{prefix}bias": Tensor("bias", recurrent_bias(packed), {**packs, "source": labels("input", "recurrent")}),
        },
        parts=("cell",) if prefix else (),
    )


def convolutional(prefix: str) -> Row:
    """`ConvLSTM2D`, whose tensors its cell holds, or (without `prefix`) the cell itself."""

    def window(before_packed: str) -> Callable[[Any], str]:
        return lambda cell: f"{WINDOW[len(cell.kernel_size)]} {before_packed} (gate units)"

    packs = {"gate": labels(*LSTM)}
    settings: dict[str, Any] = {
        "units": "filters",
        "in_features": of_cell(in_features()[1]) if prefix else in_features(),
        "kernel_size": "kernel_size",
        "strides": "strides",
        "padding": "padding",
        "dilation": "dilation_rate",
        **DATA_FORMAT,
        "activation": function(),
        "recurrent_activation": function("recurrent_activation"),
        "use_bias": "use_bias",
        **_RATES,
        **(SEQUENCE if prefix else {}),
    }
    return Row(
        "conv_lstm" if prefix else "conv_lstm_cell",
        settings,
        {
            f"{prefix}kernel": Tensor("kernel", window("in"), packs),
            f"{prefix}recurrent_kernel": Tensor("recurrent_kernel", window("hidden"), packs),
            f"{prefix}bias": Tensor("bias", "(gate units)", packs),
        },
        parts=("cell",) if prefix else (),
    )


ROWS: dict[str, Row] = {
    "SimpleRNN": recurrent("simple_rnn", (), "cell."),
    "LSTM": recurrent("lstm", LSTM, "cell."),
    "GRU": recurrent("gru", GRU, "cell."),
    "SimpleRNNCell": recurrent("simple_rnn", (), ""),
    "LSTMCell": recurrent("lstm", LSTM, ""),
    "GRUCell": recurrent("gru", GRU, ""),
    **{f"ConvLSTM{rank}D": convolutional("cell.") for rank in (1, 2, 3)},
    "ConvLSTMCell": convolutional(""),
    # A cell that the user chose stands below with its own tensors, unlike the private one of an LSTM.
    "RNN": Row("rnn", {"units": of_cell(units_of), **SEQUENCE}),
    "StackedRNNCells": Row("stacked_cells", {"units": (None, lambda layer: units_of(layer.cells[-1]))}, unit=False),
}
