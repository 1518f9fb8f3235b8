"""Which layer of keras_hub's backbones is which module of transformers' models, and what both are fed.

Written from both sources, confirmed by tests/test_text_pairs.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from support import carrying

LAYERS, WIDTH, LENGTH, TOKENS = 2, 32, 6, 50
# A Keras layer path (several where one torch module holds them packed), a torch module path.
Partners = Iterator[tuple[tuple[str, ...], str]]


def walk(layer: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every layer below by its path of names; numbered where siblings have one name."""
    seen: dict[str, int] = {}
    for child in layer._flatten_layers(recursive=False, include_self=False):
        seen[child.name] = seen.get(child.name, 0) + 1
        path = prefix + child.name + (f"#{seen[child.name]}" if seen[child.name] > 1 else "")
        yield path, child
        yield from walk(child, f"{path}.")


def layers_by_path(keras_model: Any) -> dict[str, Any]:
    return dict(walk(keras_model))


def resolve(paths: tuple[str, ...], layers: dict[str, Any]) -> tuple[str, ...]:
    """Paths as Keras spells them: `NORM_n` is the n-th norm of a T5 block, numbered by Keras as it is made."""
    found = []
    for path in paths:
        block, _, last = path.rpartition(".")
        if last.startswith("NORM_"):
            norms = [p for p in layers if p.startswith(f"{block}.t5_layer_norm") and "." not in p[len(block) + 1 :]]
            path = sorted(norms, key=_number)[int(last[5:])]
        found.append(path)
    return tuple(found)


def _number(path: str) -> int:
    last = path.rpartition("_")[2]
    return int(last) if last.isdigit() else 0


def own_weights(layer: Any) -> list[Any]:
    """Those that no sublayer holds; counters and seeds aside."""
    return [w for w in (*layer._trainable_variables, *layer._non_trainable_variables) if "seed" not in w.name]


ATTENTION = ("query", "key", "value", "attention_output")


def _block(keras: str, attention: str, torch: tuple[str, ...]) -> Partners:
    """Attention's four projections, its norm, the feed-forward network and its norm."""
    paths = (*(f"{attention}.{part}" for part in ATTENTION), "self_attention_layer_norm",
             "feedforward_intermediate_dense", "feedforward_output_dense", "feedforward_layer_norm")  # fmt: skip
    for path, other in zip(paths, torch, strict=True):
        yield (f"{keras}.{path}",), other


def bert() -> Partners:
    yield ("token_embedding",), "embeddings.word_embeddings"
    yield ("position_embedding",), "embeddings.position_embeddings"
    yield ("segment_embedding",), "embeddings.token_type_embeddings"
    yield ("pooled_dense",), "pooler.dense"
    yield from _bert_like()


def _bert_like() -> Partners:
    yield ("embeddings_layer_norm",), "embeddings.LayerNorm"
    for i in range(LAYERS):
        at = f"encoder.layer.{i}"
        parts = (*(f"{at}.attention.self.{part}" for part in ATTENTION[:3]), f"{at}.attention.output.dense",
                 f"{at}.attention.output.LayerNorm", f"{at}.intermediate.dense", f"{at}.output.dense",
                 f"{at}.output.LayerNorm")  # fmt: skip
        yield from _block(f"transformer_layer_{i}", "self_attention_layer", parts)


def distil_bert() -> Partners:
    yield ("token_and_position_embedding.token_embedding",), "embeddings.word_embeddings"
    yield ("token_and_position_embedding.position_embedding",), "embeddings.position_embeddings"
    yield ("embeddings_layer_norm",), "embeddings.LayerNorm"
    for i in range(LAYERS):
        at = f"transformer.layer.{i}"
        parts = (*(f"{at}.attention.{part}_lin" for part in ("q", "k", "v", "out")), f"{at}.sa_layer_norm",
                 f"{at}.ffn.lin1", f"{at}.ffn.lin2", f"{at}.output_layer_norm")  # fmt: skip
        yield from _block(f"transformer_layer_{i}", "self_attention_layer", parts)


def roberta() -> Partners:
    yield ("embeddings.token_embedding",), "embeddings.word_embeddings"
    yield ("embeddings.position_embedding",), "embeddings.position_embeddings"
    yield from _bert_like()


def gpt2() -> Partners:
    yield ("token_embedding",), "wte"
    yield ("position_embedding",), "wpe"
    yield ("layer_norm",), "ln_f"
    for i in range(LAYERS):
        keras, torch = f"transformer_layer_{i}", f"h.{i}"
        yield tuple(f"{keras}.self_attention.{part}" for part in ATTENTION[:3]), f"{torch}.attn.c_attn"
        yield (f"{keras}.self_attention.attention_output",), f"{torch}.attn.c_proj"
        yield (f"{keras}.self_attention_layer_norm",), f"{torch}.ln_1"
        yield (f"{keras}.feedforward_layer_norm",), f"{torch}.ln_2"
        yield (f"{keras}.feedforward_intermediate_dense",), f"{torch}.mlp.c_fc"
        yield (f"{keras}.feedforward_output_dense",), f"{torch}.mlp.c_proj"


def vit() -> Partners:
    first = "vit_patching_and_embedding"
    yield (f"{first}.patch_embedding",), "embeddings.patch_embeddings.projection"
    yield (first, f"{first}.position_embedding"), "embeddings"  # a class token and positions that are bare parameters
    yield ("vit_encoder.ln",), "layernorm"
    for i in range(LAYERS):
        keras, torch = f"vit_encoder.transformer_block_{i + 1}", f"layers.{i}"
        for part, letter in zip(ATTENTION, "qkvo", strict=True):
            yield (f"{keras}.mha.{part}",), f"{torch}.attention.{letter}_proj"
        yield (f"{keras}.ln_1",), f"{torch}.layernorm_before"
        yield (f"{keras}.ln_2",), f"{torch}.layernorm_after"
        yield (f"{keras}.mlp.dense_1",), f"{torch}.mlp.fc1"
        yield (f"{keras}.mlp.dense_2",), f"{torch}.mlp.fc2"


def t5() -> Partners:
    """The norms of its layers are numbered by Keras: `NORM_n` stands for the n-th of a block, in creation order."""
    yield ("token_embedding",), "shared"
    for side in ("encoder", "decoder"):
        yield (f"{side}_output_layer_norm",), f"{side}.final_layer_norm"
        for i in range(LAYERS):
            keras, torch = f"transformer_{side}_layer_{i}", f"{side}.block.{i}.layer"
            words = [("self_attention", "SelfAttention")]
            words += [("cross_attention", "EncDecAttention")] if side == "decoder" else []
            for number, (word, other) in enumerate(words):
                for part in ("query", "key", "value", "output"):
                    yield (f"{keras}.{word}.{part}_projector",), f"{torch}.{number}.{other}.{part[0]}"
                yield (f"{keras}.NORM_{number}",), f"{torch}.{number}.layer_norm"
            if i == 0:
                yield (f"{keras}.self_attention",), f"{torch}.0.SelfAttention.relative_attention_bias"
            last = len(words)
            yield (f"{keras}.input_projector",), f"{torch}.{last}.DenseReluDense.wi_0"
            yield (f"{keras}.gate_projector",), f"{torch}.{last}.DenseReluDense.wi_1"
            yield (f"{keras}.output_projector",), f"{torch}.{last}.DenseReluDense.wo"
            yield (f"{keras}.NORM_{last}",), f"{torch}.{last}.layer_norm"


def llama() -> Partners:
    yield ("token_embedding",), "embed_tokens"
    yield ("sequence_output_layernorm",), "norm"
    for i in range(LAYERS):
        keras, torch = f"transformer_layer_{i}", f"layers.{i}"
        for part, letter in zip(ATTENTION, "qkvo", strict=True):
            yield (f"{keras}.self_attention.{part}",), f"{torch}.self_attn.{letter}_proj"
        yield (f"{keras}.self_attention_layernorm",), f"{torch}.input_layernorm"
        yield (f"{keras}.feedforward_layernorm",), f"{torch}.post_attention_layernorm"
        yield (f"{keras}.feedforward_gate_dense",), f"{torch}.mlp.gate_proj"
        yield (f"{keras}.feedforward_intermediate_dense",), f"{torch}.mlp.up_proj"
        yield (f"{keras}.feedforward_output_dense",), f"{torch}.mlp.down_proj"


def whisper() -> Partners:
    for number in (1, 2):
        yield (f"encoder_token_embedding_conv_layer_{number}",), f"encoder.conv{number}"
    yield ("encoder_position_embedding",), "encoder.embed_positions"
    embedding = "decoder_token_and_position_embedding"
    yield (f"{embedding}.token_embedding",), "decoder.embed_tokens"
    yield (f"{embedding}.position_embedding",), "decoder.embed_positions"
    for side in ("encoder", "decoder"):
        yield (f"{side}_layer_norm",), f"{side}.layer_norm"
        for i in range(LAYERS):
            keras, torch = f"transformer_{side}_layer_{i}", f"{side}.layers.{i}"
            kinds = [("self_attention", "self_attn")] + [("cross_attention", "encoder_attn")] * (side == "decoder")
            for word, other in kinds:
                layer = word + ("_layer" if side == "encoder" else "")
                for part, short in zip(ATTENTION, ("q", "k", "v", "out"), strict=True):
                    yield (f"{keras}.{layer}.{part}",), f"{torch}.{other}.{short}_proj"
                yield (f"{keras}.{word}_layer_norm",), f"{torch}.{other}_layer_norm"
            yield (f"{keras}.feedforward_intermediate_dense",), f"{torch}.fc1"
            yield (f"{keras}.feedforward_output_dense",), f"{torch}.fc2"
            yield (f"{keras}.feedforward_layer_norm",), f"{torch}.final_layer_norm"


def _ids(rng: np.random.Generator, length: int = LENGTH) -> np.ndarray:
    return rng.integers(3, TOKENS, (2, length))  # above every special token


def masked(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    ids, ones = _ids(rng), np.ones((2, LENGTH), "int64")
    return {"token_ids": ids, "padding_mask": ones}, {"input_ids": ids, "attention_mask": ones}


def segmented(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    keras, torch = masked(rng)
    segments = rng.integers(0, 2, (2, LENGTH))
    return {**keras, "segment_ids": segments}, {**torch, "token_type_ids": segments}


def images(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    image = rng.uniform(0, 1, (2, 32, 32, 3))
    return {"images": image}, {"pixel_values": carrying.to_torch_layout(image)}


def two_sided(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    first, second, ones = _ids(rng), _ids(rng, 4), np.ones((2, LENGTH), "int64")
    keras = {"encoder_token_ids": first, "encoder_padding_mask": ones, "decoder_token_ids": second}
    torch = {"input_ids": first, "attention_mask": ones, "decoder_input_ids": second}
    short = ones[:, :4]
    return {**keras, "decoder_padding_mask": short}, {**torch, "decoder_attention_mask": short}


def heard(rng: np.random.Generator) -> tuple[dict[str, Any], dict[str, Any]]:
    # The Keras input is float32 whatever the policy says: numbers that are float32 already.
    sound = rng.normal(0, 1, (2, 12, 8)).astype("float32").astype("float64")
    ids, ones = _ids(rng, 4), np.ones((2, 4), "int64")
    keras = {"encoder_features": sound, "decoder_token_ids": ids, "decoder_padding_mask": ones}
    return keras, {"input_features": sound.swapaxes(1, 2), "decoder_input_ids": ids, "decoder_attention_mask": ones}
