"""Recurrent layers and attention: gates, biases, directions, stacks, heads and masks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch
from support.carrying import array, put
from support.layer_pairs import ANOTHER, DIFFERENT, EQUAL, REPAIRED, K, LayerCase, N, T, model, run
from support.twins_carry import carry_recurrent
from torch import nn
from torch.nn import functional

S, C = (2, 5, 4), (2, 6, 8)  # for recurrent layers, for attention
KINDS = {"SimpleRNN": ("rnn", "RNN"), "LSTM": ("lstm", "LSTM"), "GRU": ("gru", "GRU")}


def _recurrent(keras_model: Any) -> list[Any]:
    return [layer for layer in keras_model.layers if layer.weights]


def _module(torch_model: Any) -> Any:
    return next(m for m in torch_model.modules() if isinstance(m, nn.RNNBase))


def carry(kind: str) -> Callable[[Any, Any], None]:
    """Each recurrent layer into the next layer of one torch module."""

    def into(keras_model: Any, torch_model: Any) -> None:
        for number, layer in enumerate(_recurrent(keras_model)):
            carry_recurrent(kind, layer, _module(torch_model), number)

    return into


def without_bias(keras_model: Any, torch_model: Any) -> None:
    cell, module = _recurrent(keras_model)[0].cell, _module(torch_model)
    put(module.weight_ih_l0, array(cell.kernel).T)
    put(module.weight_hh_l0, array(cell.recurrent_kernel).T)


def one_bias(keras_model: Any, torch_model: Any) -> None:
    """A GRU that resets before its recurrent product has one bias; nothing makes torch's the same function."""
    cell, module = _recurrent(keras_model)[0].cell, _module(torch_model)
    order = [*range(4, 8), *range(4), *range(8, 12)]
    put(module.weight_ih_l0, array(cell.kernel).T[order])
    put(module.weight_hh_l0, array(cell.recurrent_kernel).T[order])
    put(module.bias_ih_l0, array(cell.bias)[order])
    put(module.bias_hh_l0, np.zeros(12))


def stacked_cells(keras_model: Any, torch_model: Any) -> None:
    module = _module(torch_model)
    for number, cell in enumerate(_recurrent(keras_model)[0].cell.cells):
        put(getattr(module, f"weight_ih_l{number}"), array(cell.kernel).T)
        put(getattr(module, f"weight_hh_l{number}"), array(cell.recurrent_kernel).T)
        put(getattr(module, f"bias_ih_l{number}"), array(cell.bias))
        put(getattr(module, f"bias_hh_l{number}"), np.zeros(16))


def first(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.rnn(x)[0]


def last_output(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.rnn(x)[0][:, -1]


def last_state(m: Any, x: torch.Tensor) -> torch.Tensor:
    state = m.rnn(x)[1]
    state = state[0] if isinstance(state, tuple) else state
    return torch.cat((state[0], state[1]), -1) if m.rnn.bidirectional else state[-1]


def turned(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.rnn(x.flip(1))[0]


def summed(m: Any, x: torch.Tensor) -> torch.Tensor:
    forward, backward = m.rnn(x)[0].chunk(2, -1)
    return forward + backward


def torch_rnn(name: str, read: Any = first, **said: Any) -> Any:
    return run(read, rnn=N(name, 4, 4, batch_first=True, **said))


def both(name: str, *more: Any, **said: Any) -> Any:
    return lambda: keras.layers.Bidirectional(getattr(keras.layers, name)(4, *more, return_sequences=True), **said)


def both_last(name: str) -> Any:
    return lambda: keras.layers.Bidirectional(getattr(keras.layers, name)(4))


def simple(name: str, kind: str, made: Any, other: Any, truth: str = EQUAL, into: Any = None, **said: Any) -> LayerCase:
    layers = made if isinstance(made, tuple) else (made,)
    return LayerCase(name, model(S, *layers), other, S, truth, into or carry(kind), plain=True, **said)


def seq(name: str, **said: Any) -> Any:
    return K(name, 4, return_sequences=True, **said)


# fmt: off
RECURRENT = (
    *(simple(f"{low}-sequence", low, seq(name), torch_rnn(other)) for name, (low, other) in KINDS.items()),
    *(simple(f"{low}-last", low, K(name, 4), torch_rnn(other, last_output)) for name, (low, other) in KINDS.items()),
    *(simple(f"{low}-state", low, K(name, 4), torch_rnn(other, last_state)) for name, (low, other) in KINDS.items()),
    *(simple(f"{low}-both", low, both(name), torch_rnn(other, bidirectional=True))
      for name, (low, other) in KINDS.items()),
    *(simple(f"{low}-both-last", low, both_last(name), torch_rnn(other, last_state, bidirectional=True))
      for name, (low, other) in KINDS.items()),
    *(simple(f"{low}-two", low, (seq(name), seq(name)), torch_rnn(other, num_layers=2))
      for name, (low, other) in KINDS.items()),
    # What the backward direction gives at the last place is not its last state.
    simple("lstm-both-last-place", "lstm", both_last("LSTM"), torch_rnn("LSTM", last_output, bidirectional=True),
           ANOTHER),
    simple("lstm-both-two", "lstm", (both("LSTM"), both("LSTM")), torch_rnn("LSTM", num_layers=2, bidirectional=True)),
    simple("lstm-both-sum", "lstm", both("LSTM", merge_mode="sum"), torch_rnn("LSTM", summed, bidirectional=True)),
    simple("lstm-both-sum-joined", "lstm", both("LSTM", merge_mode="sum"), torch_rnn("LSTM", bidirectional=True),
           ANOTHER),
    simple("lstm-backwards", "lstm", seq("LSTM", go_backwards=True), torch_rnn("LSTM", turned)),
    simple("lstm-not-backwards", "lstm", seq("LSTM", go_backwards=True), torch_rnn("LSTM"), ANOTHER),
    simple("lstm-no-bias", "lstm", seq("LSTM", use_bias=False), torch_rnn("LSTM", bias=False), EQUAL, without_bias),
    simple("lstm-cells", "lstm", lambda: keras.layers.RNN([keras.layers.LSTMCell(4), keras.layers.LSTMCell(4)],
                                                          return_sequences=True),
           torch_rnn("LSTM", num_layers=2), EQUAL, stacked_cells),
    simple("lstm-hard-gates", "lstm", seq("LSTM", recurrent_activation="hard_sigmoid"), torch_rnn("LSTM"), ANOTHER),
    simple("rnn-relu", "rnn", seq("SimpleRNN", activation="relu"), torch_rnn("RNN", nonlinearity="relu")),
    simple("rnn-other-function", "rnn", seq("SimpleRNN", activation="relu"), torch_rnn("RNN"), REPAIRED,
           repair=lambda m: _with(nn.RNN(4, 4, batch_first=True, nonlinearity="relu"), m),
           repairs=("activation: relu",)),
    simple("gru-reset-before", "gru", seq("GRU", reset_after=False), torch_rnn("GRU"), DIFFERENT, one_bias),
    simple("lstm-dropout", "lstm", (seq("LSTM", dropout=0.3), seq("LSTM")),
           torch_rnn("LSTM", num_layers=2, dropout=0.3)),
)
# fmt: on


def _with(rnn: nn.Module, old: Any) -> nn.Module:
    old.rnn = rnn.double()
    return old


class Four(nn.Module):
    """Attention of four Linears, keys and values with fewer heads where asked for."""

    def __init__(self, heads: int, size: int, kv_heads: int = 0, causal: bool = False, width: int = 8) -> None:
        super().__init__()
        self.heads, self.size, self.causal, self.kv = heads, size, causal, kv_heads or heads
        self.query = nn.Linear(width, heads * size)
        self.key, self.value = nn.Linear(width, self.kv * size), nn.Linear(width, self.kv * size)
        self.out = nn.Linear(heads * size, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (
            part(x).unflatten(-1, (heads, self.size)).transpose(1, 2)
            for part, heads in ((self.query, self.heads), (self.key, self.kv), (self.value, self.kv))
        )
        k, v = (t.repeat_interleave(self.heads // self.kv, 1) for t in (k, v))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.out(mixed.transpose(1, 2).flatten(2))


def projections(layer: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    dense = [getattr(layer, f"_{word}_dense") for word in ("query", "key", "value")]
    kernels = [array(d.kernel).reshape(d.kernel.shape[0], -1).T for d in dense]
    out = layer._output_dense
    last = array(out.kernel).reshape(-1, out.kernel.shape[-1]).T
    return [*kernels, last], [array(d.bias).ravel() for d in (*dense, out)]


def attention(keras_model: Any, torch_model: Any) -> None:
    layer = _recurrent(keras_model)[0]
    kernels, biases = projections(layer)
    four = next((m for m in torch_model.modules() if isinstance(m, Four)), None)
    if four is not None:
        for part, kernel, bias in zip((four.query, four.key, four.value, four.out), kernels, biases, strict=True):
            put(part.weight, kernel)
            put(part.bias, bias)
        return
    packed = next(m for m in torch_model.modules() if isinstance(m, nn.MultiheadAttention))
    if packed.in_proj_weight is None:
        for name, kernel in zip("qkv", kernels[:3], strict=True):
            put(getattr(packed, f"{name}_proj_weight"), kernel)
    else:
        put(packed.in_proj_weight, np.concatenate(kernels[:3]))
    put(packed.in_proj_bias, np.concatenate(biases[:3]))
    put(packed.out_proj.weight, kernels[3])
    put(packed.out_proj.bias, biases[3])


def alone(made: Any, **call: Any) -> Any:
    """Self attention, called with more arguments."""

    def build() -> Any:
        x = keras.Input(C[1:])
        return keras.Model(x, made()(x, x, **call))

    return build


def crossed(made: Any, order: str = "qkv") -> Any:
    """Attention to a second input, whose width is another, and values of a third."""

    def build() -> Any:
        q, k, v = (keras.Input(shape) for shape in ((6, 8), (5, 3), (5, 4)))
        return keras.Model([q, k, v], made()(q, v, k))  # Keras takes the value before the key

    return build


def mask() -> np.ndarray:
    """Where attention may look."""
    return np.tril(np.ones((1, 6, 6), bool), 1)


def masked() -> Any:
    return alone(K("MultiHeadAttention", 2, 4), attention_mask=keras.ops.convert_to_tensor(mask()))()


def packed(call: Any, **said: Any) -> Any:
    return run(call, mha=N("MultiheadAttention", 8, 2, batch_first=True, **said))


def forbidding(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.mha(x, x, x, attn_mask=torch.from_numpy(~mask()[0]), need_weights=False)[0]


def permitting(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.mha(x, x, x, attn_mask=torch.from_numpy(mask()[0]), need_weights=False)[0]


def causal(m: Any, x: torch.Tensor) -> torch.Tensor:
    ahead = torch.triu(torch.ones(6, 6, dtype=torch.bool), 1)
    return m.mha(x, x, x, attn_mask=ahead, need_weights=False)[0]


def selfish(m: Any, x: torch.Tensor) -> torch.Tensor:
    return m.mha(x, x, x, need_weights=False)[0]


MHA, GQA = K("MultiHeadAttention", 2, 4), K("GroupQueryAttention", 4, 4, 2)
CROSS = ((2, 6, 8), (2, 5, 3), (2, 5, 4))


def four(*said: Any, **more: Any) -> Any:
    return T(lambda: Four(*said, **more))


def att(name: str, made: Any, other: Any, truth: str = EQUAL, **said: Any) -> LayerCase:
    return LayerCase(name, made, other, said.pop("shape", C), truth, attention, plain=True, **said)


# fmt: off
ATTENTION = (
    att("attention", alone(MHA), packed(selfish)),
    att("attention-four", alone(MHA), four(2, 4)),
    att("attention-free-size", alone(K("MultiHeadAttention", 2, 5)), four(2, 5)),
    # torch has no heads whose size is not the width divided by their number.
    LayerCase("attention-free-size-packed", alone(K("MultiHeadAttention", 2, 5)), packed(selfish), C, DIFFERENT,
              lambda k, t: None, plain=True),
    att("attention-grouped", alone(GQA), four(4, 4, 2)),
    att("attention-other-heads", alone(MHA), four(4, 2), ANOTHER),
    att("attention-cross", crossed(MHA),
        packed(lambda m, q, k, v: m.mha(q, k, v, need_weights=False)[0], kdim=3, vdim=4), shape=CROSS),
    att("attention-causal", alone(MHA, use_causal_mask=True), packed(causal)),
    att("attention-causal-four", alone(MHA, use_causal_mask=True), four(2, 4, causal=True)),
    att("attention-not-causal", alone(MHA, use_causal_mask=True), packed(selfish), ANOTHER),
    # True forbids in torch and permits in Keras.
    att("attention-mask", masked, packed(forbidding)),
    att("attention-mask-inverted", masked, packed(permitting), ANOTHER),
)
# fmt: on
CASES = (*RECURRENT, *ATTENTION)
