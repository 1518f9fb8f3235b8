"""Awkward models: small, each with one trait that breaks tools like ours. Frameworks are imported inside."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def torch_models() -> dict[str, Callable[[], tuple[Any, Any]]]:
    """name → a function that makes (module, what is said about its inputs)."""
    import torch
    from torch import nn
    from torch.nn.utils import prune

    @dataclass
    class Output:
        logits: Any
        states: Any = None

    Pair = namedtuple("Pair", "first second")

    class Function(nn.Module):
        """A module of one lambda over its children."""

        def __init__(self, run: Any, **children: Any) -> None:
            super().__init__()
            for name, child in children.items():
                setattr(self, name, child)
            self.run = run

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            return self.run(self, *args, **kwargs)

    class Stateful(nn.Module):
        """Writes to buffers, attributes, lists and dicts, and draws random numbers."""

        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 4)
            self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
            self.register_buffer("mean", torch.zeros(4))
            self.calls, self.history, self.cache, self.last = 0, [], {}, None

        def forward(self, x: Any) -> Any:
            self.calls += 1
            self.steps += 1
            self.mean.mul_(0.9).add_(x.mean(0))
            self.history.append(x)
            self.cache["x"] = x
            self.last = self.linear(x) + torch.rand_like(x) + torch.rand(4)
            self.extra = self.last
            return self.last

    shared = nn.Linear(4, 4)
    tied_embedding, tied_head = nn.Embedding(11, 4), nn.Linear(4, 11, bias=False)
    tied_head.weight = tied_embedding.weight
    frozen_norm = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    frozen_norm.train()
    frozen_norm[1].eval()
    frozen_norm[0].weight.requires_grad_(False)
    block = nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True))
    spectral = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
    pruned = nn.Linear(4, 4)
    prune.l1_unstructured(pruned, "weight", 0.5)
    half = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)).to(torch.bfloat16)
    table = nn.Sequential(nn.Embedding(7, 4, max_norm=0.1), nn.LSTM(4, 3, batch_first=True, bidirectional=True))
    watched = nn.Sequential(nn.Linear(4, 2))
    watched[0].register_forward_hook(lambda module, args, output: module.__dict__.setdefault("seen", []).append(1))

    one = (1, 4)
    return {
        "linear": lambda: (nn.Linear(4, 3), one),
        "any rank": lambda: (nn.Linear(4, 3), (2, 5, 6, 4)),
        "nested": lambda: (
            nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU())), nn.Linear(4, 2)),
            one,
        ),
        "empty": lambda: (nn.Sequential(), one),
        "identity": lambda: (nn.Identity(), one),
        "reused": lambda: (Function(lambda m, x: m.a(m.a(m.b(x))), a=shared, b=shared), one),
        "block under two parents": lambda: (nn.ModuleDict({"a": block, "b": nn.Sequential(block)}), None),
        "reused block": lambda: (Function(lambda m, x: m.b(m.a(x)), a=block, b=nn.Sequential(block)), one),
        "tied": lambda: (Function(lambda m, x: m.head(m.table(x)), table=tied_embedding, head=tied_head), (1, 5)),
        "bare parameter": lambda: (
            Function(lambda m, x: m.linear(x) * m.gain, linear=nn.Linear(4, 4), gain=nn.Parameter(torch.ones(4))),
            one,
        ),
        "parameter list": lambda: (
            Function(
                lambda m, x: x + m.ps[0] + m.pd["b"],
                ps=nn.ParameterList([nn.Parameter(torch.ones(4))]),
                pd=nn.ParameterDict({"b": nn.Parameter(torch.ones(4))}),
            ),
            one,
        ),
        "never called": lambda: (Function(lambda m, x: m.used(x), used=nn.Linear(4, 4), unused=nn.Linear(9, 9)), one),
        "plain list": lambda: (Function(lambda m, x: m.held[0](x), held=[nn.Linear(4, 4)]), one),
        "own forward": lambda: (Function(lambda m, x: m.inner.forward(x), inner=nn.Linear(4, 4)), one),
        "none child": lambda: (Function(lambda m, x: x * 2, missing=None), one),
        "stateful": lambda: (Stateful(), (2, 4)),
        "mixed modes": lambda: (frozen_norm, (3, 4)),
        "in place": lambda: (nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Hardtanh(inplace=True)), one),
        "spectral norm": lambda: (spectral, one),
        "pruned": lambda: (pruned, one),
        "bfloat16": lambda: (half, one),
        "max norm and tuple": lambda: (table, (2, 5)),
        "hooked": lambda: (watched, one),
        "transformer": lambda: (
            nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
            (1, 5, 8),
        ),
        "attention": lambda: (nn.MultiheadAttention(8, 2, kdim=3, vdim=5), [(4, 1, 8), (6, 1, 3), (6, 1, 5)]),
        "dataclass": lambda: (Function(lambda m, x: Output(m.a(x), (x, x)), a=nn.Linear(4, 2)), one),
        "named tuple": lambda: (Function(lambda m, x: Pair(m.a(x), None), a=nn.Linear(4, 2)), one),
        "dict": lambda: (
            Function(lambda m, x, y: {"sum": x + y, "text": "ok", "n": 3}, a=nn.Linear(4, 2)),
            {"x": one, "y": one},
        ),
        "packed": lambda: (
            Function(
                lambda m, x: m.rnn(nn.utils.rnn.pack_padded_sequence(x, torch.tensor([3, 2]), batch_first=True)),
                rnn=nn.LSTM(4, 3, batch_first=True),
            ),
            (2, 3, 4),
        ),
        "distribution": lambda: (
            Function(lambda m, x: torch.distributions.Normal(m.a(x), 1.0, validate_args=False), a=nn.Linear(4, 2)),
            one,
        ),
        "scalar": lambda: (Function(lambda m, x: m.a(x).sum(), a=nn.Linear(4, 2)), one),
        "empty batch": lambda: (nn.Linear(4, 2), (0, 4)),
        "keyword children": lambda: (Function(lambda m, x: m.a(input=x), a=nn.Linear(4, 2)), one),
        "branches on values": lambda: (
            Function(lambda m, x: m.a(x) if x.sum() > 0 else m.b(x), a=nn.Linear(4, 2), b=nn.Linear(4, 3)),
            one,
        ),
        "lazy": lambda: (nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2)), (1, 5)),
        "names with dots and brackets": lambda: (nn.ModuleDict({"[bold]": nn.Linear(2, 2), "ü" * 80: nn.ReLU()}), None),
    }


def keras_models() -> dict[str, Callable[[], tuple[Any, Any]]]:
    """name → a function that makes (model, what is said about its inputs)."""
    import keras
    from keras import layers, ops

    def functional() -> Any:
        x = keras.Input((8, 8, 3), name="image")
        y = layers.Conv2D(4, 3, padding="same")(x)
        z = layers.BatchNormalization()(layers.Conv2D(4, 1)(x))
        y = layers.ReLU()(y + ops.tanh(z))
        return keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling2D()(y)))

    def shared() -> Any:
        a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
        twice = layers.Dense(3, name="twice")
        return keras.Model({"a": a, "b": b}, [layers.Concatenate()([twice(a), twice(b)]), twice(a)])

    def nested() -> Any:
        inner = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dropout(0.5)], name="inner")
        x = keras.Input((4,))
        return keras.Model(x, layers.Dense(2)(inner(x)))

    class Block(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.dense = layers.Dense(units)
            self.norm = layers.LayerNormalization()

        def call(self, x: Any) -> Any:
            return x + self.norm(self.dense(x))

    class Subclassed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [Block(4), Block(4)]
            self.head = layers.Dense(2)
            self.drop = layers.Dropout(0.5)

        def call(self, x: Any, training: Any = None) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.head(self.drop(x, training=training))

    class OwnWeight(layers.Layer):
        def build(self, shape: Any) -> None:
            self.gain = self.add_weight(shape=(shape[-1],), name="gain")
            self.count = self.add_weight(shape=(), name="count", trainable=False)
            self.inner = layers.Dense(3)
            self.inner.build(shape)

        def call(self, x: Any) -> Any:
            self.count.assign_add(1.0)
            self.last = x
            return self.inner(x * self.gain)

    class WrongRule(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(5)

        def call(self, x: Any) -> Any:
            return self.dense(x)

        def compute_output_shape(self, shape: Any) -> Any:
            return (*shape[:-1], 999)

    class Loss(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.seen: list[Any] = []

        def call(self, x: Any) -> Any:
            self.add_loss(ops.sum(x))
            self.seen.append(1)
            return {"x": x, "pair": (x, x)}

    def frozen() -> Any:
        model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.BatchNormalization(), layers.Dense(2)])
        model.layers[0].trainable = False
        return model

    def built() -> Any:
        model = Subclassed()
        model(ops.ones((1, 4)))
        return model

    def same_names() -> Any:
        class Twins(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.a, self.b = layers.Dense(2, name="d"), layers.Dense(3, name="d")

            def call(self, x: Any) -> Any:
                return self.b(self.a(x))

        return Twins()

    def unused() -> Any:
        model = built()
        model._tracker.unlock()
        model.spare = layers.Dense(9)
        return model

    one = (2, 4)
    return {
        "dense": lambda: (layers.Dense(3), one),
        "functional": lambda: (functional(), None),
        "shared, two inputs, two outputs": lambda: (shared(), {"a": one, "b": one}),
        "nested": lambda: (nested(), None),
        "sequential": lambda: (keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)]), None),
        "sequential, not built": lambda: (keras.Sequential([layers.Dense(3), layers.Dense(2)]), one),
        "subclassed, not built": lambda: (Subclassed(), one),
        "subclassed, built": lambda: (built(), one),
        "unused layer": lambda: (unused(), one),
        "weights made in build": lambda: (OwnWeight(), one),
        "wrong shape rule": lambda: (WrongRule(), one),
        "losses and dict output": lambda: (Loss(), one),
        "frozen": lambda: (frozen(), None),
        "same names": lambda: (same_names(), one),
        "lstm": lambda: (layers.LSTM(3, return_sequences=True, return_state=True), (2, 5, 4)),
        "gru": lambda: (layers.GRU(3), (2, 5, 4)),
        "bidirectional": lambda: (layers.Bidirectional(layers.LSTM(3)), (2, 5, 4)),
        "time distributed": lambda: (layers.TimeDistributed(layers.Dense(3, name="dense")), (2, 5, 4)),
        "attention": lambda: (layers.MultiHeadAttention(2, 4), [(2, 5, 8), (2, 6, 8)]),
        "grouped attention": lambda: (layers.GroupQueryAttention(4, 4, 2), [(2, 5, 8), (2, 6, 8)]),
        "embedding with mask": lambda: (
            keras.Sequential([layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)]),
            (2, 5),
        ),
        "einsum": lambda: (layers.EinsumDense("btd,dnh->btnh", output_shape=(None, 2, 4)), (2, 5, 8)),
        "lambda": lambda: (layers.Lambda(lambda x: ops.concatenate([x, x], axis=-1)), one),
        "separable": lambda: (layers.SeparableConv2D(5, 3, depth_multiplier=2), (1, 8, 8, 3)),
        "depthwise": lambda: (layers.DepthwiseConv2D(3, depth_multiplier=2), (1, 8, 8, 3)),
        "transposed": lambda: (layers.Conv2DTranspose(5, 3, strides=2, padding="same"), (1, 8, 8, 3)),
        "mixed precision": lambda: (layers.Dense(3, dtype="mixed_float16"), one),
        "spectral": lambda: (layers.SpectralNormalization(layers.Dense(3)), one),
    }
