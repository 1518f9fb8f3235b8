"""The Keras models of the benchmarks, each with its input shapes; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
from keras import layers

TOKENS = 128
LLAMA_SMALL = {
    "vocabulary_size": 32000, "num_layers": 20, "hidden_dim": 1024, "intermediate_dim": 2816, "num_query_heads": 16,
    "num_key_value_heads": 8,
}  # fmt: skip
LLAMA_8B = {
    "vocabulary_size": 128256, "num_layers": 32, "hidden_dim": 4096, "intermediate_dim": 14336, "num_query_heads": 32,
    "num_key_value_heads": 8,
}  # fmt: skip
BERT_BASE = {
    "vocabulary_size": 30522, "num_layers": 12, "num_heads": 12, "hidden_dim": 768, "intermediate_dim": 3072,
}  # fmt: skip


class Case(NamedTuple):
    """A model, what `inspect` is told of its inputs, and what an eager call is given."""

    name: str
    build: Callable[[], Any]
    said: Any
    fed: Callable[[], Any]


class Block(layers.Layer):
    """Attention and a perceptron, each normalised before and added after."""

    def __init__(self, width: int, heads: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.before = layers.LayerNormalization()
        self.attention = layers.MultiHeadAttention(heads, width // heads)
        self.between = layers.LayerNormalization()
        self.widen = layers.Dense(4 * width, activation="gelu")
        self.narrow = layers.Dense(width)
        self.dropout = layers.Dropout(0.1)

    def call(self, x: Any, training: bool | None = None) -> Any:
        normal = self.before(x)
        x = x + self.dropout(self.attention(normal, normal), training=training)
        return x + self.dropout(self.narrow(self.widen(self.between(x))), training=training)


class Transformer(keras.Model):
    """A stack of blocks on embedded tokens."""

    def __init__(self, blocks: int = 24, width: int = 256, heads: int = 8, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = layers.Embedding(1000, width)
        self.blocks = [Block(width, heads) for _ in range(blocks)]
        self.norm = layers.LayerNormalization()
        self.head = layers.Dense(1000)

    def call(self, tokens: Any) -> Any:
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def _transformer() -> Any:
    model = Transformer()
    model(_ids())  # built
    return model


def _bert() -> Any:
    import keras_hub

    return keras_hub.models.BertBackbone(**BERT_BASE)


def llama(settings: dict[str, int]) -> Any:
    """A Llama of keras_hub, of any size."""
    import keras_hub

    return keras_hub.models.Llama3Backbone(**settings)


def _ids() -> Any:
    return keras.ops.ones((1, TOKENS), "int32")


def _fed(*names: str) -> Callable[[], dict[str, Any]]:
    return lambda: {name: _ids() for name in names}


def _said(*names: str) -> dict[str, tuple[int, ...]]:
    return dict.fromkeys(names, (1, TOKENS))


_BERT, _LLAMA = ("token_ids", "segment_ids", "padding_mask"), ("token_ids", "padding_mask")
CASES = (
    Case(
        "ResNet50",
        lambda: keras.applications.ResNet50(weights=None),
        (1, 224, 224, 3),
        lambda: keras.ops.zeros((1, 224, 224, 3)),
    ),
    Case(
        "EfficientNetV2L",
        lambda: keras.applications.EfficientNetV2L(weights=None),
        (1, 480, 480, 3),
        lambda: keras.ops.zeros((1, 480, 480, 3)),
    ),
    Case("transformer, 24 blocks", _transformer, (1, TOKENS), _ids),
    Case("BERT-base", _bert, _said(*_BERT), _fed(*_BERT)),
    Case("Llama 0.3 B", lambda: llama(LLAMA_SMALL), _said(*_LLAMA), _fed(*_LLAMA)),
)


def built_without_allocation(build: Callable[[], Any]) -> Any:
    """A model whose variables have shapes, and neither memory nor values."""
    with keras.StatelessScope(initialize_variables=False):
        model = build()
    # Else the next scope that ends gives all of them memory.
    keras.src.backend.common.global_state.set_global_attribute("uninitialized_variables", [])
    return model
