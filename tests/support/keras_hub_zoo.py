"""Small keras_hub models, built from configs (no download), each with the inputs of one forward pass."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

TOKEN = 1  # the id of every token fed: in each vocabulary, a segment too, and no padding
# One layer sets itself up too late for a torch module; another needs torchvision's compiled operators.
NOT_TORCH = frozenset({"tensorflow", "jax"})
ALL = frozenset({"tensorflow", "jax", "torch"})


def available() -> bool:
    return find_spec("keras_hub") is not None


@dataclass(frozen=True)
class Part:
    """A model or layer that another one is made of."""

    made_by: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Case:
    name: str  # unique in CASES
    made_by: str  # a class in keras_hub.models or keras_hub.layers, else its address below keras_hub.src.models
    settings: dict[str, Any]
    inputs: Any  # name -> (shape, dtype), or the one (shape, dtype) of a model that takes a tensor
    backends: frozenset[str] = ALL  # where a forward pass works

    def build(self) -> Any:
        """The model; its random weights are the same each time."""
        import keras

        keras.utils.set_random_seed(0)
        with warnings.catch_warnings():  # keras_hub's own, of layers that build themselves late and packages it lacks
            warnings.simplefilter("ignore")
            return _made(Part(self.made_by, self.settings))

    def feed(self) -> Any:
        """Real arrays: `model(case.feed())`."""
        if isinstance(self.inputs, dict):
            return {name: _array(name, *said) for name, said in self.inputs.items()}
        return _array("", *self.inputs)


def _made(value: Any) -> Any:
    """The settings of a model may hold other models."""
    if isinstance(value, Part):
        return _class(value.made_by)(**{name: _made(setting) for name, setting in value.settings.items()})
    return value


def _class(address: str) -> Any:
    import keras_hub

    module, _, name = address.rpartition(".")
    if module:
        return getattr(importlib.import_module(f"keras_hub.src.models.{module}"), name)
    return getattr(keras_hub.models, name, None) or getattr(keras_hub.layers, name)


def _array(name: str, shape: tuple[int, ...], dtype: str) -> Any:
    import numpy as np

    if dtype.startswith("float"):
        # Not constant, lest a normalisation divide by a variance of zero; within the unit box, for coordinates.
        return np.linspace(0, 1, int(np.prod(shape)), dtype=dtype).reshape(shape)
    return np.full(shape, 1 if name.endswith("mask") else TOKEN, dtype)


def floats(*shape: int) -> tuple[tuple[int, ...], str]:
    return shape, "float32"


def ids(*shape: int) -> tuple[tuple[int, ...], str]:
    return shape, "int32"


def flags(*shape: int) -> tuple[tuple[int, ...], str]:
    return shape, "bool"


# The settings that most text models share, then the other spellings of them.
LAYERS = {"num_layers": 2, "num_heads": 2, "hidden_dim": 16, "intermediate_dim": 32}
UNBOUNDED = {"vocabulary_size": 30, **LAYERS}
TEXT = {**UNBOUNDED, "max_sequence_length": 8}
GROUPED = {
    "vocabulary_size": 30, "num_layers": 2, "num_query_heads": 4, "num_key_value_heads": 2, "hidden_dim": 16,
    "intermediate_dim": 32,
}  # fmt: skip
HEADED = {**GROUPED, "head_dim": 8}
CAPPED = {
    **HEADED, "use_post_ffw_norm": True, "use_post_attention_norm": True, "use_sliding_window_attention": True,
    "sliding_window_size": 4, "attention_logit_soft_cap": 50.0,
}  # fmt: skip
EXPERTS = {**HEADED, "moe_intermediate_dim": 16, "num_experts": 4, "top_k": 2}
DELTA = {
    "vocabulary_size": 30, "num_layers": 2, "num_query_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
    "hidden_dim": 16, "layer_types": ["linear_attention", "full_attention"], "linear_num_key_heads": 2,
    "linear_num_value_heads": 4, "linear_key_head_dim": 4, "linear_value_head_dim": 4,
}  # fmt: skip
TWO_SIDED = {
    "vocabulary_size": 30, "sliding_window": 4,
    **{f"{side}_{name}": value for side in ("encoder", "decoder") for name, value in {
        "hidden_dim": 16, "intermediate_dim": 32, "num_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "head_dim": 8, "layer_types": ["sliding_attention", "full_attention"],
    }.items()},
}  # fmt: skip
SMOLLM = {
    "vocabulary_size": 30, "num_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "hidden_dim": 16,
    "intermediate_dim": 32, "attention_bias": False, "attention_dropout": 0.0, "mlp_bias": False,
    "rope_layer_enabled_list": [True, False], "layer_types": ["attention", "attention"], "layer_norm_epsilon": 1e-5,
    "max_position_embeddings": 32, "rope_theta": 10000.0, "partial_rotary_factor": 1.0,
}  # fmt: skip
GEMMA3N = {
    "text_vocab_size": 30, "text_hidden_size": 4, "num_hidden_layers": 2, "pad_token_id": 0, "num_attention_heads": 2,
    "num_key_value_heads": 1, "head_dim": 4, "intermediate_size": [8, 8], "hidden_activation": "gelu_approximate",
    "layer_types": ["full_attention", "sliding_attention"], "sliding_window": 4, "rope_theta": 10000.0,
    "max_position_embeddings": 8, "vocab_size_per_layer_input": 30, "hidden_size_per_layer_input": 2,
    "altup_num_inputs": 2, "laurel_rank": 1,
}  # fmt: skip
SHAPE = (32, 32, 3)
IMAGE = {**LAYERS, "patch_size": 8, "image_shape": SHAPE}
BLIP2_VISION = {
    **LAYERS, "patch_size": 8, "image_size": 32, "use_patch_bias": True, "use_class_token": True, "use_mha_bias": True,
    "use_mlp_bias": True, "dropout_rate": 0.0, "layer_norm_epsilon": 1e-6, "initializer_range": 0.02,
}  # fmt: skip
TOWER = {"vocabulary_size": 30, "embedding_dim": 16, **LAYERS, "max_sequence_length": 5}
RESIDUAL = {
    "input_conv_filters": [64], "input_conv_kernel_sizes": [7], "stackwise_num_filters": [64, 16, 16, 16],
    "stackwise_num_blocks": [1, 1, 1, 1], "stackwise_num_strides": [1, 2, 2, 2], "block_type": "basic_block",
}  # fmt: skip
CSP = {
    "stem_filters": 8, "stem_kernel_size": 3, "stem_strides": 1, "stackwise_strides": 2, "stackwise_depth": [1, 2],
    "stackwise_num_filters": [8, 16], "image_shape": SHAPE, "down_growth": True, "stem_padding": "same",
    "bottle_ratio": (0.5, 1.0), "block_ratio": (1.0, 0.5), "expand_ratio": (2.0, 1.0),
}  # fmt: skip
EFFICIENT = {
    "stackwise_kernel_sizes": [3, 3, 5], "stackwise_num_repeats": [1, 1, 2], "stackwise_input_filters": [8, 8, 16],
    "stackwise_output_filters": [8, 16, 16], "stackwise_expansion_ratios": [1, 4, 4], "stackwise_strides": [1, 2, 1],
    "stackwise_squeeze_and_excite_ratios": [0, 0, 0.25], "stackwise_force_input_filters": [0, 0, 0],
    "stackwise_block_types": ["fused", "fused", "unfused"], "stackwise_nores_option": [False, False, False],
    "stackwise_width_coefficients": [1.0, 1.0, 1.0], "stackwise_depth_coefficients": [1.0, 1.0, 1.0],
    "input_shape": SHAPE, "num_features": 32,
}  # fmt: skip
MOBILE = {
    "stackwise_expansion": [[16], [24, 24]], "stackwise_num_blocks": [1, 2], "stackwise_num_filters": [[8], [16, 16]],
    "stackwise_kernel_size": [[3], [5, 5]], "stackwise_num_strides": [[2], [2, 1]],
    "stackwise_se_ratio": [[None], [0.25, 0.25]], "stackwise_activation": [["relu"], ["hard_swish", "hard_swish"]],
    "stackwise_padding": [[1], [2, 2]], "output_num_filters": 32, "input_num_filters": 8, "image_shape": SHAPE,
    "depthwise_filters": 8, "depthwise_stride": 2, "depthwise_residual": False, "last_layer_filter": 24,
}  # fmt: skip
MOBILE5 = {
    "stackwise_block_types": [["er"], ["uir", "mqa"]], "stackwise_num_blocks": [1, 2],
    "stackwise_num_filters": [[8], [16, 16]], "stackwise_strides": [[2], [2, 1]],
    "stackwise_act_layers": [["relu"], ["relu", "relu"]], "stackwise_exp_ratios": [[4.0], [6.0, 6.0]],
    "stackwise_se_ratios": [[0.0], [0.0, 0.0]], "stackwise_dw_kernel_sizes": [[0], [5, 3]],
    "stackwise_dw_start_kernel_sizes": [[0], [0, 0]], "stackwise_dw_end_kernel_sizes": [[0], [0, 0]],
    "stackwise_exp_kernel_sizes": [[3], [0, 0]], "stackwise_pw_kernel_sizes": [[1], [0, 0]],
    "stackwise_num_heads": [[0], [0, 2]], "stackwise_key_dims": [[0], [0, 8]], "stackwise_value_dims": [[0], [0, 8]],
    "stackwise_kv_strides": [[0], [0, 2]], "stackwise_use_cpe": [[False], [False, False]], "image_shape": SHAPE,
    "stem_size": 8, "use_msfa": False,
}  # fmt: skip
HGNET = {
    "stem_channels": [3, 8, 8], "stackwise_stage_filters": [[8, 8, 16, 1, 1, 3], [16, 8, 32, 1, 1, 3]],
    "apply_downsample": [False, True], "use_lightweight_conv_block": [False, False], "depths": [1, 1],
    "hidden_sizes": [16, 32], "embedding_size": 8, "use_learnable_affine_block": True, "hidden_act": "relu",
    "image_shape": SHAPE, "out_features": ["stage1", "stage2"],
}  # fmt: skip
DETECTOR = {
    "backbone": Part("HGNetV2Backbone", {**HGNET, "image_shape": (None, None, 3)}), "decoder_in_channels": [16, 16],
    "encoder_hidden_dim": 16, "num_denoising": 10, "num_labels": 4, "hidden_dim": 16, "learn_initial_query": False,
    "num_queries": 10, "anchor_image_size": (32, 32), "feat_strides": [4, 8], "num_feature_levels": 2,
    "encoder_in_channels": [16, 32], "encode_proj_layers": [1], "num_attention_heads": 2, "encoder_ffn_dim": 32,
    "num_encoder_layers": 1, "hidden_expansion": 0.5, "depth_multiplier": 0.5, "eval_idx": -1, "num_decoder_layers": 2,
    "decoder_attention_heads": 2, "decoder_ffn_dim": 32, "decoder_n_points": [2, 2], "lqe_hidden_dim": 16,
    "num_lqe_layers": 2, "out_features": ["stage1", "stage2"], "seed": 0,
}  # fmt: skip
MIT = {
    "layerwise_depths": [1, 1], "num_layers": 2, "hidden_dims": [4, 8], "layerwise_num_heads": [1, 2],
    "layerwise_sr_ratios": [4, 2], "max_drop_path_rate": 0.1, "layerwise_patch_sizes": [7, 3],
    "layerwise_strides": [4, 2], "image_shape": SHAPE,
}  # fmt: skip
VITDET = {
    "hidden_size": 16, "num_layers": 2, "intermediate_dim": 32, "num_heads": 2, "global_attention_layer_indices": [1],
    "patch_size": 8, "num_output_channels": 8, "window_size": 2, "image_shape": SHAPE,
}  # fmt: skip
VAE = {
    "encoder_num_filters": [32, 32], "encoder_num_blocks": [1, 1], "decoder_num_filters": [32, 32],
    "decoder_num_blocks": [1, 1], "sampler_method": "mode",
}  # fmt: skip
DIFFUSION = {
    "mmdit_patch_size": 2, "mmdit_hidden_dim": 32, "mmdit_num_layers": 2, "mmdit_num_heads": 2,
    "mmdit_position_size": 192, "mmdit_qk_norm": None, "mmdit_dual_attention_indices": None,
    "vae": Part("vae.vae_backbone.VAEBackbone",
                {**VAE, **{f"{side}_num_{what}": [n] * 4 for side in ("encoder", "decoder")
                           for what, n in (("filters", 32), ("blocks", 1))}}),
    **{name: Part("CLIPTextEncoder", {**TOWER, "hidden_dim": width, "embedding_dim": width,
                                      "intermediate_output_index": -2, "name": name})
       for name, width in (("clip_l", 16), ("clip_g", 32))},
    "image_shape": (32, 32, 3),
}  # fmt: skip
SAM3 = {
    "vision_encoder": Part("SAM3VisionEncoder", {
        **IMAGE, "image_shape": (28, 28, 3), "patch_size": 14, "fpn_hidden_dim": 16,
        "fpn_scale_factors": [4.0, 2.0, 1.0, 0.5], "pretrain_image_shape": (42, 42, 3), "window_size": 2,
        "global_attn_indexes": [1]}),
    "text_encoder": Part("SAM3TextEncoder", {**UNBOUNDED, "embedding_dim": 16}),
    "geometry_encoder": Part("SAM3GeometryEncoder", {**LAYERS, "roi_size": 7}),
    "detr_encoder": Part("SAM3DetrEncoder", LAYERS),
    "detr_decoder": Part("SAM3DetrDecoder",
                         {**LAYERS, "image_shape": (28, 28, 3), "patch_size": 14, "num_queries": 8}),
    "mask_decoder": Part("SAM3MaskDecoder", {"num_upsampling_stages": 3, "hidden_dim": 16, "num_heads": 2}),
}  # fmt: skip

TOKENS = {"token_ids": ids(2, 5)}
MASKED = {**TOKENS, "padding_mask": ids(2, 5)}
SEGMENTS = {**TOKENS, "segment_ids": ids(2, 5)}
ENCODER = {**SEGMENTS, **MASKED}
BOTH_SIDES = {
    "encoder_token_ids": ids(2, 5), "encoder_padding_mask": ids(2, 5), "decoder_token_ids": ids(2, 3),
    "decoder_padding_mask": ids(2, 3),
}  # fmt: skip
PIXELS = floats(2, 32, 32, 3)
IMAGES = {"images": PIXELS}
BOTH = {**IMAGES, **TOKENS}

# Laid out by hand: a formatter would give each setting a line.
# fmt: off
CASES: tuple[Case, ...] = (
    # Text encoders
    Case("bert", "BertBackbone", TEXT, ENCODER),
    Case("albert", "AlbertBackbone", {**TEXT, "embedding_dim": 8, "num_inner_repetitions": 2}, ENCODER),
    Case("distil_bert", "DistilBertBackbone", TEXT, MASKED),
    Case("roberta", "RobertaBackbone", TEXT, MASKED),
    Case("xlm_roberta", "XLMRobertaBackbone", TEXT, MASKED),
    Case("deberta_v3", "DebertaV3Backbone", {**TEXT, "bucket_size": 8}, MASKED),
    Case("electra", "ElectraBackbone", {"vocab_size": 30, **LAYERS, "embedding_dim": 8, "max_sequence_length": 8},
         ENCODER),
    Case("f_net", "FNetBackbone",
         {name: value for name, value in TEXT.items() if name != "num_heads"}, SEGMENTS),
    Case("esm", "ESMBackbone", UNBOUNDED, TOKENS),
    Case("roformer_v2", "RoformerV2Backbone", {**UNBOUNDED, "head_size": 8}, SEGMENTS),
    Case("xlnet", "XLNetBackbone", UNBOUNDED, ENCODER),
    # Text decoders
    Case("gpt2", "GPT2Backbone", TEXT, MASKED),
    Case("gpt_neo_x", "GPTNeoXBackbone", TEXT, MASKED),
    Case("opt", "OPTBackbone", TEXT, MASKED),
    Case("bloom", "BloomBackbone", UNBOUNDED, MASKED),
    Case("falcon", "FalconBackbone",
         {"vocabulary_size": 30, "num_layers": 2, "num_attention_heads": 2, "hidden_dim": 16, "intermediate_dim": 32},
         MASKED),
    Case("gemma", "GemmaBackbone", HEADED, MASKED),
    Case("gemma2", "GemmaBackbone", {**CAPPED, "final_logit_soft_cap": 30.0}, MASKED),
    Case("gemma3", "Gemma3Backbone", {**CAPPED, "image_size": 16}, MASKED),
    Case("gemma3n", "Gemma3nBackbone", GEMMA3N, {**TOKENS, "padding_mask": flags(2, 5)}),
    Case("gemma4", "Gemma4Backbone", {**HEADED, "image_size": 16, "sliding_window_pattern": 2},
         {**MASKED, "position_ids": ids(2, 5)}),
    Case("llama", "LlamaBackbone", GROUPED, MASKED),
    Case("llama3", "Llama3Backbone",
         {**GROUPED, "rope_frequency_adjustment_factor": 8.0, "rope_low_freq_factor": 1.0, "rope_high_freq_factor": 4.0,
          "rope_pretraining_sequence_length": 8}, MASKED),
    Case("mistral", "MistralBackbone", {**GROUPED, "sliding_window": 4}, MASKED),
    Case("qwen2", "Qwen2Backbone", GROUPED, MASKED),
    Case("qwen3", "Qwen3Backbone", HEADED, MASKED),
    Case("qwen3_5", "Qwen3_5Backbone", {**DELTA, "intermediate_dim": 32}, MASKED),
    Case("phi3", "Phi3Backbone", GROUPED, MASKED),
    Case("phi3_su", "Phi3Backbone",
         {**GROUPED, "max_sequence_length": 10, "pretraining_sequence_length": 5, "rope_scaling_type": "su",
          "rope_scaling_short_factor": [1.2, 1.4], "rope_scaling_long_factor": [0.8, 0.6]}, MASKED),
    Case("smollm3", "SmolLM3Backbone", SMOLLM, MASKED),
    Case("rwkv7", "RWKV7Backbone",
         {"vocabulary_size": 30, "num_layers": 2, "hidden_size": 16, "head_size": 4, "intermediate_dim": 32,
          "gate_lora": 8, "mv_lora": 8, "aaa_lora": 8, "decay_lora": 8},
         {"token_ids": ids(2, 16), "padding_mask": ids(2, 16)}),
    # Mixtures of experts
    Case("mixtral", "MixtralBackbone", {**GROUPED, "num_experts": 4, "sliding_window": 4}, MASKED),
    Case("qwen_moe", "QwenMoeBackbone",
         {**GROUPED, "moe_intermediate_dim": 16, "shared_expert_intermediate_dim": 32, "num_experts": 4, "top_k": 2},
         MASKED),
    Case("qwen3_moe", "Qwen3MoeBackbone", {**EXPERTS, "mlp_only_layers": []}, MASKED),
    Case("qwen3_5_moe", "Qwen3_5MoeBackbone",
         {**DELTA, "moe_intermediate_dim": 8, "shared_expert_intermediate_size": 8, "num_experts": 4, "top_k": 2},
         MASKED),
    Case("gpt_oss", "GptOssBackbone", {**GROUPED, "num_experts": 4, "sliding_window": 4}, MASKED),
    # Text encoder-decoders
    Case("bart", "BartBackbone", TEXT, BOTH_SIDES),
    Case("t5", "T5Backbone", UNBOUNDED, BOTH_SIDES),
    Case("t5_encoder", "stable_diffusion_3.t5_encoder.T5Encoder", UNBOUNDED, MASKED, NOT_TORCH),
    Case("t5gemma", "T5GemmaBackbone", {**TWO_SIDED, "cross_attention_hidden_size": 16}, BOTH_SIDES),
    Case("t5gemma2", "T5Gemma2Backbone", {**TWO_SIDED, "cross_attention_hidden_size": 16}, BOTH_SIDES),
    Case("edrec", "EdRecBackbone",
         {"vocab_size": 30, "num_layers_enc": 2, "num_layers_dec": 2, "num_heads": 2, "hidden_dim": 16,
          "intermediate_dim": 32}, BOTH_SIDES),
    # Images
    Case("vit", "ViTBackbone",
         {"image_shape": SHAPE, "patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32},
         PIXELS),
    Case("deit", "DeiTBackbone", IMAGE, PIXELS),
    Case("dinov2", "DINOV2Backbone", {**IMAGE, "num_register_tokens": 2, "position_embedding_shape": (64, 64, 3)},
         IMAGES),
    Case("dinov3", "DINOV3Backbone", IMAGE, {"pixel_values": PIXELS}),
    Case("swin", "SwinTransformerBackbone",
         {"image_shape": SHAPE, "embed_dim": 16, "depths": (2, 2), "num_heads": (2, 4), "window_size": 4}, PIXELS),
    Case("mit", "MiTBackbone", MIT, PIXELS),
    Case("segformer", "SegFormerBackbone", {"image_encoder": Part("MiTBackbone", MIT), "projection_filters": 16},
         PIXELS),
    Case("vit_det", "ViTDetBackbone", VITDET, PIXELS),
    Case("resnet", "ResNetBackbone", {**RESIDUAL, "image_shape": SHAPE}, PIXELS),
    Case("resnet_bottleneck", "ResNetBackbone", {**RESIDUAL, "block_type": "bottleneck_block"}, PIXELS),
    Case("resnet_v2", "ResNetBackbone", {**RESIDUAL, "use_pre_activation": True}, PIXELS),
    Case("resnet_vd", "ResNetBackbone",
         {**RESIDUAL, "input_conv_filters": [8, 8, 64], "input_conv_kernel_sizes": [3, 3, 3],
          "block_type": "basic_block_vd"}, PIXELS),
    Case("densenet", "DenseNetBackbone", {"stackwise_num_repeats": [2, 2], "growth_rate": 4, "image_shape": SHAPE},
         PIXELS),
    Case("vgg", "VGGBackbone",
         {"stackwise_num_repeats": [2, 2], "stackwise_num_filters": [8, 16], "image_shape": SHAPE}, PIXELS),
    Case("xception", "XceptionBackbone",
         {"stackwise_conv_filters": [[8, 16], [24, 24], [32, 32]], "stackwise_pooling": [False, True, False],
          "image_shape": SHAPE}, PIXELS),
    Case("efficientnet", "EfficientNetBackbone", EFFICIENT, PIXELS),
    Case("mobilenet", "MobileNetBackbone", MOBILE, PIXELS),
    Case("mobilenet_v5", "MobileNetV5Backbone", MOBILE5, PIXELS),
    Case("csp_darknet", "CSPNetBackbone", {**CSP, "block_type": "dark_block", "stage_type": "csp"}, PIXELS),
    Case("darknet", "CSPNetBackbone",
         {**CSP, "block_type": "dark_block", "stage_type": "dark", "bottle_ratio": (0.5,), "block_ratio": (1.0,),
          "expand_ratio": (1.0,), "down_growth": False}, PIXELS),
    Case("csp_edge", "CSPNetBackbone", {**CSP, "block_type": "edge_block", "stage_type": "cs3"}, PIXELS),
    Case("hgnet_v2", "HGNetV2Backbone", HGNET, PIXELS),
    Case("retinanet", "RetinaNetBackbone",
         {"image_encoder": Part("ResNetBackbone", RESIDUAL), "min_level": 3, "max_level": 6, "use_p5": True},
         floats(2, 64, 64, 3)),
    Case("deeplab_v3", "DeepLabV3Backbone",
         {"image_encoder": Part("ResNetBackbone", RESIDUAL), "low_level_feature_key": "P2",
          "spatial_pyramid_pooling_key": "P5", "dilation_rates": [2, 4], "upsampling_size": 8,
          "projection_filters": 8, "image_shape": (64, 64, 3)}, floats(2, 64, 64, 3)),
    Case("basnet", "BASNetBackbone",
         {"image_encoder": Part("ResNetBackbone", {**RESIDUAL, "stackwise_num_filters": [64, 128, 256, 512]}),
          "num_classes": 1}, floats(1, 64, 64, 3)),
    Case("d_fine", "DFineBackbone", DETECTOR, PIXELS),
    Case("depth_anything", "DepthAnythingBackbone",
         {"image_encoder": Part("DINOV2Backbone",
                                {**IMAGE, "num_layers": 4, "image_shape": (64, 64, 3), "apply_layernorm": True,
                                 "position_embedding_shape": (64, 64, 3), "name": "image_encoder"}),
          "reassemble_factors": [4, 2, 1, 0.5], "neck_hidden_dims": [4, 8, 8, 16], "fusion_hidden_dim": 8,
          "head_hidden_dim": 8, "head_in_index": -1, "feature_keys": ["stage1", "stage2", "stage3", "stage4"]},
         {"images": floats(2, 64, 64, 3)}),
    Case("video_prism", "VideoPrismBackbone",
         {"image_shape": SHAPE, "num_frames": 3, "patch_size": 8, "hidden_dim": 16, "intermediate_dim": 32,
          "num_heads": 2, "num_spatial_layers": 1, "num_temporal_layers": 1, "num_auxiliary_layers": 1},
         floats(2, 3, 32, 32, 3)),
    # Images and text
    Case("clip_vision", "CLIPVisionEncoder", IMAGE, IMAGES),
    Case("clip_text", "CLIPTextEncoder", TOWER, TOKENS),
    Case("clip", "CLIPBackbone",
         {"vision_encoder": Part("CLIPVisionEncoder", IMAGE), "text_encoder": Part("CLIPTextEncoder", TOWER),
          "projection_dim": 8}, BOTH),
    Case("metaclip_2", "MetaCLIP2Backbone",
         {"vision_encoder": Part("MetaCLIP2VisionEncoder", IMAGE),
          "text_encoder": Part("MetaCLIP2TextEncoder", TOWER), "projection_dim": 8}, BOTH),
    Case("siglip", "SigLIPBackbone",
         {"vision_encoder": Part("SigLIPVisionEncoder", IMAGE), "text_encoder": Part("SigLIPTextEncoder", TOWER)},
         BOTH),
    Case("blip2_vision", "BLIP2VisionEncoder", BLIP2_VISION, PIXELS),
    Case("blip2", "BLIP2Backbone",
         {"vision_encoder": Part("BLIP2VisionEncoder", BLIP2_VISION),
          "qformer": Part("blip2.blip2_qformer.BLIP2QFormer",
                          {**LAYERS, "num_query_tokens": 3, "vision_dim": 16, "cross_attention_frequency": 1,
                           "dropout": 0.0, "layer_norm_epsilon": 1e-6}),
          "language_model": Part("blip2.blip2_custom_opt.BLIP2CustomOPT",
                                 {**TEXT, "max_sequence_length": 16, "num_query_tokens": 3, "qformer_hidden_dim": 16,
                                  "language_projection": None, "dropout": 0.0})},
         {**BOTH, "padding_mask": flags(2, 5)}),
    Case("pali_gemma_vit", "pali_gemma.pali_gemma_vit.PaliGemmaVit",
         {**LAYERS, "image_size": 32, "patch_size": 8, "num_classes": 16}, PIXELS),
    Case("pali_gemma", "PaliGemmaBackbone",
         {**HEADED, "image_size": 32, "vit_patch_size": 8, "vit_num_layers": 2, "vit_num_heads": 2,
          "vit_hidden_dim": 16, "vit_intermediate_dim": 32},
         {**BOTH, "padding_mask": ids(2, 5), "response_mask": ids(2, 5)}),
    Case("gemma3_vision", "Gemma3VisionEncoder",
         {**LAYERS, "image_size": 32, "patch_size": 8, "pool_size": 2, "output_dim": 16}, floats(2, 1, 32, 32, 3)),
    Case("gemma3_multimodal", "Gemma3Backbone",
         {**CAPPED, "image_size": 32,
          "vision_encoder": Part("Gemma3VisionEncoder",
                                 {**LAYERS, "image_size": 32, "patch_size": 8, "pool_size": 2, "output_dim": 16})},
         {"token_ids": ids(2, 8), "padding_mask": ids(2, 8), "images": floats(2, 1, 32, 32, 3),
          "vision_indices": ids(2, 4), "vision_mask": ids(2, 8)}),
    Case("gemma4_multimodal", "Gemma4Backbone",
         {**HEADED, "image_size": 16, "sliding_window_pattern": 2,
          "vision_encoder": Part("Gemma4VisionEncoder",
                                 {**LAYERS, "image_size": 16, "patch_size": 4, "pool_size": 2, "head_dim": 8,
                                  "num_key_value_heads": 2, "output_dim": 16})},
         {"token_ids": ids(2, 8), "padding_mask": ids(2, 8), "position_ids": ids(2, 8),
          "pixel_values": floats(2, 1, 16, 48), "pixel_position_ids": ids(2, 1, 16, 2), "vision_indices": ids(2, 4),
          "vision_mask": ids(2, 8)}),
    Case("parseq", "PARSeqBackbone",
         {"image_encoder": Part("ViTBackbone",
                                {"image_shape": (16, 32, 3), "patch_size": (4, 8), "num_layers": 2, "num_heads": 2,
                                 "hidden_dim": 16, "mlp_dim": 32, "use_class_token": False, "name": "image_encoder"}),
          "vocabulary_size": 30, "max_label_length": 5, "decoder_hidden_dim": 16, "num_decoder_layers": 2,
          "num_decoder_heads": 2, "decoder_mlp_dim": 32},
         {"images": floats(2, 16, 32, 3), "token_ids": ids(2, 5), "padding_mask": ids(2, 5)}),
    Case("sam", "SAMBackbone",
         {"image_encoder": Part("ViTDetBackbone", VITDET),
          "prompt_encoder": Part("SAMPromptEncoder",
                                 {"hidden_size": 8, "image_embedding_size": (4, 4), "input_image_size": (32, 32),
                                  "mask_in_channels": 16}),
          "mask_decoder": Part("SAMMaskDecoder",
                               {"num_layers": 2, "hidden_size": 8, "intermediate_dim": 32, "num_heads": 2,
                                "embedding_dim": 8, "num_multimask_outputs": 3, "iou_head_depth": 3,
                                "iou_head_hidden_dim": 8})},
         {**IMAGES, "points": floats(2, 1, 2), "labels": floats(2, 1), "boxes": floats(2, 1, 2, 2),
          "masks": floats(2, 0, 16, 16, 1)}),
    Case("sam3", "SAM3PromptableConceptBackbone", SAM3,
         {"pixel_values": floats(2, 28, 28, 3), "token_ids": ids(2, 32), "padding_mask": flags(2, 32),
          "boxes": floats(2, 1, 5), "box_labels": ids(2, 1)}, NOT_TORCH),
    # Images made from text, and codes
    Case("vae", "vae.vae_backbone.VAEBackbone", VAE, PIXELS),
    Case("stable_diffusion_3", "StableDiffusion3Backbone", DIFFUSION,
         {"images": PIXELS, "latents": floats(2, 4, 4, 16), "num_steps": ids(2), "guidance_scale": floats(2),
          **{f"{clip}_{sign}token_ids": ids(2, 5) for clip in ("clip_l", "clip_g") for sign in ("", "negative_")}}),
    Case("flux", "FluxBackbone",
         {"input_channels": 16, "hidden_size": 32, "mlp_ratio": 2.0, "num_heads": 2, "depth": 1,
          "depth_single_blocks": 1, "axes_dim": [4, 6, 6], "theta": 10_000, "use_bias": True, "guidance_embed": True,
          "image_shape": (8, 16), "text_shape": (4, 16), "image_ids_shape": (8, 3), "text_ids_shape": (4, 3),
          "y_shape": (16,)},
         {"image": floats(1, 8, 16), "image_ids": floats(1, 8, 3), "text": floats(1, 4, 16),
          "text_ids": floats(1, 4, 3), "y": floats(1, 16), "timesteps": floats(1), "guidance": floats(1)}),
    Case("rqvae", "rqvae.rqvae_backbone.RQVAEBackbone",
         {"input_dim": 16, "encoder_layer_dims": [32, 16], "output_dim": 8, "decoder_layer_dims": [16, 32],
          "num_embeddings": 4, "num_quantizers": 2}, floats(2, 16)),
    # Sound
    Case("whisper", "WhisperBackbone",
         {**UNBOUNDED, "num_mels": 8, "max_encoder_sequence_length": 12, "max_decoder_sequence_length": 8},
         {"encoder_features": floats(2, 10, 8), "decoder_token_ids": ids(2, 5), "decoder_padding_mask": ids(2, 5)}),
    Case("moonshine", "MoonshineBackbone",
         {"vocabulary_size": 30, "filter_dim": 32, "encoder_num_layers": 2, "decoder_num_layers": 2, "hidden_dim": 32,
          "intermediate_dim": 32, "encoder_num_heads": 2, "decoder_num_heads": 2},
         {"encoder_input_values": floats(2, 1600, 1), "encoder_padding_mask": flags(2, 1600),
          "decoder_token_ids": ids(2, 5), "decoder_padding_mask": flags(2, 5)}),
)
# fmt: on
