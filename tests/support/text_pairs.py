"""keras_hub's backbones beside transformers' models, in small: which layer is which, and how both are fed.

`PAIRS` are aligned as a user would who wants the same network; `as_it_comes` keeps what transformers does by default,
and `expected_differences` tells what then differs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np
from support import carrying, text_partners, torchvision_zoo
from support.expected import Expected
from support.text_partners import LAYERS, TOKENS, WIDTH


def available() -> bool:
    return find_spec("keras_hub") is not None and find_spec("transformers") is not None


@dataclass(frozen=True)
class TextPair:
    name: str
    keras: str  # in keras_hub.models
    torch: str  # in transformers
    config: str
    keras_settings: dict[str, Any]
    torch_settings: dict[str, Any]
    feeds: Callable[[np.random.Generator], tuple[dict[str, Any], dict[str, Any]]]
    aligned: dict[str, Any] = field(default_factory=dict)  # what transformers has to be told to do as Keras does
    differences: tuple[Expected, ...] = ()  # where it is not told
    remaining: tuple[Expected, ...] = ()  # where it is told, all the same
    torch_only: tuple[str, ...] = ()  # weighted modules without a partner
    torch_keywords: dict[str, Any] = field(default_factory=dict)
    precision: float = 1e-9  # less where one of both computes in float32 whatever it is told

    def build_keras(self, dtype: str = "float32", **settings: Any) -> Any:
        import keras_hub

        with carrying.policy(dtype):
            return getattr(keras_hub.models, self.keras)(**{**self.keras_settings, **settings})

    def build_torch(self, as_it_comes: bool = False, **settings: Any) -> Any:
        torchvision_zoo.prepare()
        import torch
        import transformers

        said = {**self.torch_settings, **({} if as_it_comes else self.aligned), **settings}
        torch.manual_seed(0)
        config = getattr(transformers, self.config)(**said)
        return getattr(transformers, self.torch)(config, **self.torch_keywords).eval()

    def partners(self, keras_model: Any) -> list[tuple[tuple[str, ...], str]]:
        """Keras layer paths and the torch module that holds the same weights; all weighted layers of both sides."""
        layers = text_partners.layers_by_path(keras_model)
        return [(text_partners.resolve(paths, layers), other) for paths, other in getattr(text_partners, self.name)()]

    def expected_differences(self, as_it_comes: bool = False) -> tuple[Expected, ...]:
        return (*self.remaining, *(self.differences if as_it_comes else ()))

    def feed(self, seed: int = 0) -> tuple[dict[str, Any], dict[str, Any]]:
        """The same arrays by Keras's names and, laid out for torch, by torch's."""
        return self.feeds(np.random.default_rng(seed))


TEXT = {
    "vocabulary_size": TOKENS, "num_layers": LAYERS, "num_heads": 4, "hidden_dim": WIDTH, "intermediate_dim": 64,
}  # fmt: skip
POSITIONED = {**TEXT, "max_sequence_length": 16}
CONFIG = {"num_hidden_layers": LAYERS, "num_attention_heads": 4, "hidden_size": WIDTH, "intermediate_size": 64}
ENCODER = {"vocab_size": TOKENS, **CONFIG, "max_position_embeddings": 16}
NORMS = "every layer norm"
TANH = Expected("approximate", "tanh", "none", "values", text="gelu of every feed-forward network")


def eps(keras: float, torch: float) -> Expected:
    return Expected("eps", keras, torch, "values", text=NORMS)


PAIRS: tuple[TextPair, ...] = (
    TextPair(
        "bert", "BertBackbone", "BertModel", "BertConfig", POSITIONED, ENCODER, text_partners.segmented,
        aligned={"hidden_act": "gelu_new"},
        differences=(TANH,),
    ),
    TextPair(
        "distil_bert", "DistilBertBackbone", "DistilBertModel", "DistilBertConfig", POSITIONED,
        {"vocab_size": TOKENS, "dim": WIDTH, "hidden_dim": 64, "n_layers": LAYERS, "n_heads": 4,
         "max_position_embeddings": 16},
        text_partners.masked,
    ),
    TextPair(
        "roberta", "RobertaBackbone", "RobertaModel", "RobertaConfig", POSITIONED,
        {**ENCODER, "max_position_embeddings": 18, "type_vocab_size": 1},
        text_partners.masked,
        aligned={"layer_norm_eps": 1e-5},
        differences=(eps(1e-5, 1e-12),),
        # Two rows more in front, of which one is for padding; one vector that is added to every token.
        remaining=(Expected("tokens", 16, 18, "none", text="rows of the position table; position 0 is row 2"),),
        torch_only=("embeddings.token_type_embeddings",),
        torch_keywords={"add_pooling_layer": False},
    ),
    TextPair(
        "gpt2", "GPT2Backbone", "GPT2Model", "GPT2Config", {**POSITIONED, "intermediate_dim": 128},
        {"vocab_size": TOKENS, "n_embd": WIDTH, "n_layer": LAYERS, "n_head": 4, "n_positions": 16},
        text_partners.masked,
    ),
    TextPair(
        "vit", "ViTBackbone", "ViTModel", "ViTConfig",
        {"image_shape": (32, 32, 3), "patch_size": 8, "num_layers": LAYERS, "num_heads": 4, "hidden_dim": WIDTH,
         "mlp_dim": 64},
        {**CONFIG, "image_size": 32, "patch_size": 8}, text_partners.images,
        # keras_hub keeps to 1e-6 even where its backbone is told another `layer_norm_epsilon`.
        aligned={"layer_norm_eps": 1e-6},
        differences=(eps(1e-6, 1e-12),),
        torch_keywords={"add_pooling_layer": False},
    ),
    TextPair(
        "t5", "T5Backbone", "T5Model", "T5Config", TEXT,
        {"vocab_size": TOKENS, "d_model": WIDTH, "d_kv": 8, "d_ff": 64, "num_layers": LAYERS, "num_heads": 4,
         "feed_forward_proj": "gated-relu"},
        text_partners.two_sided,
        precision=1e-5,  # transformers takes the softmax of its scores in float32
    ),
    TextPair(
        "llama", "LlamaBackbone", "LlamaModel", "LlamaConfig",
        # Untied, keras_hub's embedding holds the kernel of the head too, which its backbone does not call.
        {"vocabulary_size": TOKENS, "num_layers": LAYERS, "num_query_heads": 4, "num_key_value_heads": 2,
         "hidden_dim": WIDTH, "intermediate_dim": 64, "tie_word_embeddings": True},
        {"vocab_size": TOKENS, **CONFIG, "num_key_value_heads": 2}, text_partners.masked,
        precision=1e-5,  # keras_hub's norms, rotary embedding and gates are float32
    ),
    TextPair(
        "whisper", "WhisperBackbone", "WhisperModel", "WhisperConfig",
        {**TEXT, "num_mels": 8, "max_encoder_sequence_length": 12, "max_decoder_sequence_length": 8},
        {"vocab_size": TOKENS, "d_model": WIDTH, "encoder_layers": LAYERS, "decoder_layers": LAYERS,
         "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64,
         "num_mel_bins": 8, "max_source_positions": 6, "max_target_positions": 8, "pad_token_id": 0,
         "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1},
        text_partners.heard,
    ),
)  # fmt: skip
BY_NAME = {pair.name: pair for pair in PAIRS}
