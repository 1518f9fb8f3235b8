"""Awkward models: small, each with one trait that breaks tools like ours. The builders import their framework inside."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any


def torch_models() -> dict[str, tuple[Any, Any]]:
    """name → (module, what is said about its inputs, as keyword or positional arguments of shapes and tensors)."""
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
        "linear": (nn.Linear(4, 3), one),
        "any rank": (nn.Linear(4, 3), (2, 5, 6, 4)),
        "nested": (nn.Sequential(nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.ReLU())), nn.Linear(4, 2)), one),
        "empty": (nn.Sequential(), one),
        "identity": (nn.Identity(), one),
        "reused": (Function(lambda m, x: m.a(m.a(m.b(x))), a=shared, b=shared), one),
        "block under two parents": (nn.ModuleDict({"a": block, "b": nn.Sequential(block)}), None),
        "reused block": (Function(lambda m, x: m.b(m.a(x)), a=block, b=nn.Sequential(block)), one),
        "tied": (Function(lambda m, x: m.head(m.table(x)), table=tied_embedding, head=tied_head), (1, 5)),
        "bare parameter": (
            Function(lambda m, x: m.linear(x) * m.gain, linear=nn.Linear(4, 4), gain=nn.Parameter(torch.ones(4))),
            one,
        ),
        "parameter list": (
            Function(lambda m, x: x + m.ps[0] + m.pd["b"], ps=nn.ParameterList([nn.Parameter(torch.ones(4))]),
                     pd=nn.ParameterDict({"b": nn.Parameter(torch.ones(4))})),
            one,
        ),
        "never called": (Function(lambda m, x: m.used(x), used=nn.Linear(4, 4), unused=nn.Linear(9, 9)), one),
        "plain list": (Function(lambda m, x: m.held[0](x), held=[nn.Linear(4, 4)]), one),
        "own forward": (Function(lambda m, x: m.inner.forward(x), inner=nn.Linear(4, 4)), one),
        "none child": (Function(lambda m, x: x * 2, missing=None), one),
        "stateful": (Stateful(), (2, 4)),
        "mixed modes": (frozen_norm, (3, 4)),
        "in place": (nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Hardtanh(inplace=True)), one),
        "spectral norm": (spectral, one),
        "pruned": (pruned, one),
        "bfloat16": (half, one),
        "max norm and tuple": (table, (2, 5)),
        "hooked": (watched, one),
        "transformer": (nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2), (1, 5, 8)),
        "attention": (nn.MultiheadAttention(8, 2, kdim=3, vdim=5), [(4, 1, 8), (6, 1, 3), (6, 1, 5)]),
        "dataclass": (Function(lambda m, x: Output(m.a(x), (x, x)), a=nn.Linear(4, 2)), one),
        "named tuple": (Function(lambda m, x: Pair(m.a(x), None), a=nn.Linear(4, 2)), one),
        "dict": (Function(lambda m, x, y: {"sum": x + y, "text": "ok", "n": 3}, a=nn.Linear(4, 2)), {"x": one, "y": one}),
        "packed": (
            Function(
                lambda m, x: m.rnn(nn.utils.rnn.pack_padded_sequence(x, torch.tensor([3, 2]), batch_first=True)),
                rnn=nn.LSTM(4, 3, batch_first=True),
            ),
            (2, 3, 4),
        ),
        "distribution": (Function(lambda m, x: torch.distributions.Normal(m.a(x), 1.0, validate_args=False), a=nn.Linear(4, 2)), one),
        "scalar": (Function(lambda m, x: m.a(x).sum(), a=nn.Linear(4, 2)), one),
        "empty batch": (nn.Linear(4, 2), (0, 4)),
        "keyword children": (Function(lambda m, x: m.a(input=x), a=nn.Linear(4, 2)), one),
        "branches on values": (Function(lambda m, x: m.a(x) if x.sum() > 0 else m.b(x), a=nn.Linear(4, 2), b=nn.Linear(4, 3)), one),
        "lazy": (nn.Sequential(nn.LazyLinear(3), nn.ReLU(), nn.LazyLinear(2)), (1, 5)),
        "names with dots and brackets": (nn.ModuleDict({"[bold]": nn.Linear(2, 2), "ü" * 80: nn.ReLU()}), None),
    }  # fmt: skip


def keras_models() -> dict[str, tuple[Any, Any]]:
    """name → (model, what is said about its inputs)."""
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
        "dense": (layers.Dense(3), one),
        "functional": (functional(), None),
        "shared, two inputs, two outputs": (shared(), {"a": one, "b": one}),
        "nested": (nested(), None),
        "sequential": (keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)]), None),
        "sequential, not built": (keras.Sequential([layers.Dense(3), layers.Dense(2)]), one),
        "subclassed, not built": (Subclassed(), one),
        "subclassed, built": (built(), one),
        "unused layer": (unused(), one),
        "weights made in build": (OwnWeight(), one),
        "wrong shape rule": (WrongRule(), one),
        "losses and dict output": (Loss(), one),
        "frozen": (frozen(), None),
        "same names": (same_names(), one),
        "lstm": (layers.LSTM(3, return_sequences=True, return_state=True), (2, 5, 4)),
        "gru": (layers.GRU(3), (2, 5, 4)),
        "bidirectional": (layers.Bidirectional(layers.LSTM(3)), (2, 5, 4)),
        "time distributed": (layers.TimeDistributed(layers.Dense(3)), (2, 5, 4)),
        "attention": (layers.MultiHeadAttention(2, 4), [(2, 5, 8), (2, 6, 8)]),
        "grouped attention": (layers.GroupQueryAttention(4, 4, 2), [(2, 5, 8), (2, 6, 8)]),
        "embedding with mask": (
            keras.Sequential([layers.Embedding(9, 4, mask_zero=True), layers.LSTM(3)]),
            (2, 5),
        ),
        "einsum": (layers.EinsumDense("btd,dnh->btnh", output_shape=(None, 2, 4)), (2, 5, 8)),
        "lambda": (layers.Lambda(lambda x: ops.concatenate([x, x], axis=-1)), one),
        "separable": (layers.SeparableConv2D(5, 3, depth_multiplier=2), (1, 8, 8, 3)),
        "depthwise": (layers.DepthwiseConv2D(3, depth_multiplier=2), (1, 8, 8, 3)),
        "transposed": (layers.Conv2DTranspose(5, 3, strides=2, padding="same"), (1, 8, 8, 3)),
        "mixed precision": (layers.Dense(3, dtype="mixed_float16"), one),
        "spectral": (layers.SpectralNormalization(layers.Dense(3)), one),
    }
