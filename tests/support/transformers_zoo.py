"""Small transformers models, built from configs (no download), each with the inputs of one forward pass."""

from __future__ import annotations

from dataclasses import dataclass

TOKEN = 3  # the id of every token fed: in each vocabulary, and neither padding nor an end of text


@dataclass(frozen=True)
class Case:
    name: str  # the model_type, unique in CASES
    model: str  # the name of a class in transformers
    config: str
    settings: dict  # keyword arguments of the config
    inputs: dict  # name -> (shape, dtype)

    def build(self):
        """The model in eval mode; its random weights are the same each time."""
        import torch
        from support import torchvision_zoo

        torchvision_zoo.prepare()  # transformers imports torchvision wherever it is installed
        import transformers

        # It remarks on token ids outside so small a vocabulary, and on kernels that are not installed.
        transformers.logging.set_verbosity_error()
        torch.manual_seed(0)
        config = getattr(transformers, self.config)(**self.settings)
        return getattr(transformers, self.model)(config).eval()

    def feed(self) -> dict:
        """One tensor for each input: `model(**case.feed())`."""
        import torch

        def tensor(name, shape, dtype):
            if dtype.startswith("float"):
                # Not constant, lest a normalisation divide by a variance of zero.
                return torch.linspace(-1, 1, torch.Size(shape).numel(), dtype=getattr(torch, dtype)).reshape(shape)
            return torch.full(shape, 1 if name.endswith("mask") else TOKEN, dtype=getattr(torch, dtype))

        return {name: tensor(name, shape, dtype) for name, (shape, dtype) in self.inputs.items()}


def floats(*shape):
    return shape, "float32"


def ids(*shape):
    return shape, "int64"


# The settings that most text models share, then the other spellings of them.
LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 4, "hidden_size": 32, "intermediate_size": 64}
TEXT = {**LAYERS, "vocab_size": 99, "max_position_embeddings": 64, "pad_token_id": 0}
RELATIVE = {**TEXT, "relative_attention": True, "pos_att_type": ["c2p", "p2c"]}
GROUPED = {**TEXT, "num_key_value_heads": 2, "head_dim": 8}
GPT = {"vocab_size": 99, "n_positions": 64, "n_embd": 32, "n_layer": 2, "n_head": 4}
XLM = {"vocab_size": 99, "emb_dim": 32, "n_layers": 2, "n_heads": 4}
RECURRENT = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "pad_token_id": 0}
SEQ2SEQ = {
    "vocab_size": 99, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
T5 = {"vocab_size": 99, "d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
EXPERTS = {**GROUPED, "moe_intermediate_size": 16, "num_experts": 4, "num_experts_per_tok": 2}
IMAGE = {**LAYERS, "image_size": 32, "patch_size": 8}
SPEECH = {
    **LAYERS, "vocab_size": 99, "conv_dim": (16, 16), "conv_stride": (4, 4), "conv_kernel": (8, 8),
    "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
}  # fmt: skip
DEPTHS = {"depths": [1, 1], "hidden_sizes": [16, 32], "num_stages": 2}
RESIDUAL = {"depths": [1, 1], "hidden_sizes": [16, 32], "embedding_size": 8}
WINDOWS = {"image_size": 32, "patch_size": 2, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4], "window_size": 4}
TOWERS = {"projection_dim": 16, "text_config": TEXT, "vision_config": IMAGE}

IDS = {"input_ids": ids(1, 8)}
LONGER = {"input_ids": ids(1, 16)}
IDS_TWICE = {**IDS, "decoder_input_ids": ids(1, 6)}
PIXELS = {"pixel_values": floats(1, 3, 32, 32)}
WAVE = {"input_values": floats(1, 1600)}
VIDEO = {"pixel_values": floats(1, 2, 3, 32, 32)}
BOTH = {**IDS, **PIXELS}
LONGER_BOTH = {**LONGER, **PIXELS}

# Laid out by hand: a formatter would give each setting a line.
# fmt: off
CASES: tuple[Case, ...] = (
    # Text encoders
    Case("bert", "BertForMaskedLM", "BertConfig", TEXT, IDS),
    Case("roberta", "RobertaForMaskedLM", "RobertaConfig", TEXT, IDS),
    Case("distilbert", "DistilBertForMaskedLM", "DistilBertConfig",
         {"vocab_size": 99, "dim": 32, "hidden_dim": 64, "n_layers": 2, "n_heads": 4}, IDS),
    Case("albert", "AlbertForMaskedLM", "AlbertConfig", {**TEXT, "embedding_size": 16}, IDS),
    Case("electra", "ElectraForMaskedLM", "ElectraConfig", {**TEXT, "embedding_size": 16}, IDS),
    Case("camembert", "CamembertModel", "CamembertConfig", TEXT, IDS),
    Case("xlm-roberta", "XLMRobertaModel", "XLMRobertaConfig", TEXT, IDS),
    Case("xlm-roberta-xl", "XLMRobertaXLModel", "XLMRobertaXLConfig", TEXT, IDS),
    Case("roberta-prelayernorm", "RobertaPreLayerNormModel", "RobertaPreLayerNormConfig", TEXT, IDS),
    Case("xmod", "XmodModel", "XmodConfig", {**TEXT, "default_language": "en_XX"}, IDS),
    Case("data2vec-text", "Data2VecTextModel", "Data2VecTextConfig", TEXT, IDS),
    Case("deberta", "DebertaModel", "DebertaConfig", RELATIVE, IDS),
    Case("deberta-v2", "DebertaV2Model", "DebertaV2Config", RELATIVE, IDS),
    Case("convbert", "ConvBertModel", "ConvBertConfig", {**TEXT, "embedding_size": 32}, IDS),
    Case("mpnet", "MPNetModel", "MPNetConfig", TEXT, IDS),
    Case("megatron-bert", "MegatronBertModel", "MegatronBertConfig", TEXT, IDS),
    Case("mobilebert", "MobileBertModel", "MobileBertConfig",
         {**TEXT, "embedding_size": 16, "intra_bottleneck_size": 16, "true_hidden_size": 16}, IDS),
    Case("squeezebert", "SqueezeBertModel", "SqueezeBertConfig", {**TEXT, "embedding_size": 32}, IDS),
    Case("layoutlm", "LayoutLMModel", "LayoutLMConfig", TEXT, IDS),
    Case("lilt", "LiltModel", "LiltConfig", {**TEXT, "hidden_size": 48}, IDS),
    Case("markuplm", "MarkupLMModel", "MarkupLMConfig", {**TEXT, "max_depth": 4, "xpath_unit_hidden_size": 8}, IDS),
    Case("tapas", "TapasModel", "TapasConfig", {**TEXT, "type_vocab_sizes": [4] * 7}, IDS),
    Case("splinter", "SplinterModel", "SplinterConfig", TEXT, IDS),
    Case("ernie", "ErnieForMaskedLM", "ErnieConfig", TEXT, IDS),
    Case("nystromformer", "NystromformerModel", "NystromformerConfig",
         {**TEXT, "segment_means_seq_len": 8, "num_landmarks": 4}, IDS),
    Case("yoso", "YosoModel", "YosoConfig", {**TEXT, "use_expectation": True}, IDS),
    Case("mra", "MraModel", "MraConfig", TEXT, IDS),
    Case("fnet", "FNetModel", "FNetConfig", TEXT, IDS),
    Case("ibert", "IBertModel", "IBertConfig", TEXT, IDS),
    Case("roformer", "RoFormerModel", "RoFormerConfig", {**TEXT, "embedding_size": 16}, IDS),
    Case("esm", "EsmModel", "EsmConfig", {**TEXT, "mask_token_id": 4}, IDS),
    Case("longformer", "LongformerModel", "LongformerConfig", {**TEXT, "attention_window": 4}, IDS),
    Case("big_bird", "BigBirdModel", "BigBirdConfig",
         {**TEXT, "block_size": 4, "num_random_blocks": 1, "max_position_embeddings": 128}, {"input_ids": ids(1, 64)}),
    Case("reformer", "ReformerModel", "ReformerConfig",
         {"vocab_size": 99, "hidden_size": 32, "num_attention_heads": 2, "attention_head_size": 16,
          "feed_forward_size": 64, "attn_layers": ["local", "lsh"], "axial_pos_shape": [4, 4],
          "axial_pos_embds_dim": [16, 16], "local_attn_chunk_length": 4, "lsh_attn_chunk_length": 4, "num_hashes": 1,
          "num_buckets": 2, "is_decoder": False, "hash_seed": 0}, LONGER),
    Case("funnel", "FunnelModel", "FunnelConfig",
         {"vocab_size": 99, "block_sizes": [1, 2], "num_decoder_layers": 1, "d_model": 32, "n_head": 4, "d_head": 8,
          "d_inner": 64}, IDS),
    Case("xlnet", "XLNetLMHeadModel", "XLNetConfig",
         {"vocab_size": 99, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}, IDS),
    Case("xlm", "XLMWithLMHeadModel", "XLMConfig", XLM, IDS),
    Case("flaubert", "FlaubertModel", "FlaubertConfig", XLM, IDS),
    Case("modernbert", "ModernBertModel", "ModernBertConfig", TEXT, IDS),
    Case("eurobert", "EuroBertModel", "EuroBertConfig", GROUPED, IDS),
    Case("nomic_bert", "NomicBertModel", "NomicBertConfig", TEXT, IDS),
    Case("perceiver", "PerceiverForMaskedLM", "PerceiverConfig",
         {"vocab_size": 99, "d_model": 32, "d_latents": 48, "num_latents": 8, "num_blocks": 1,
          "num_self_attends_per_block": 2, "num_self_attention_heads": 4, "num_cross_attention_heads": 4,
          "max_position_embeddings": 8}, {"inputs": ids(1, 8)}),
    # Text decoders
    Case("openai-gpt", "OpenAIGPTLMHeadModel", "OpenAIGPTConfig", GPT, IDS),
    Case("gpt2", "GPT2LMHeadModel", "GPT2Config", GPT, IDS),
    Case("gpt_bigcode", "GPTBigCodeForCausalLM", "GPTBigCodeConfig", GPT, IDS),
    Case("gptj", "GPTJForCausalLM", "GPTJConfig", {**GPT, "rotary_dim": 4}, IDS),
    Case("codegen", "CodeGenForCausalLM", "CodeGenConfig", {**GPT, "rotary_dim": 4, "n_ctx": 64}, IDS),
    Case("ctrl", "CTRLLMHeadModel", "CTRLConfig", {**GPT, "dff": 64}, IDS),
    Case("imagegpt", "ImageGPTModel", "ImageGPTConfig", GPT, IDS),
    Case("gpt_neo", "GPTNeoForCausalLM", "GPTNeoConfig",
         {"vocab_size": 99, "hidden_size": 32, "num_layers": 2, "num_heads": 4,
          "attention_types": [[["global", "local"], 1]], "window_size": 4, "max_position_embeddings": 64}, IDS),
    Case("gpt_neox", "GPTNeoXForCausalLM", "GPTNeoXConfig", TEXT, IDS),
    Case("bloom", "BloomForCausalLM", "BloomConfig", {"vocab_size": 99, "hidden_size": 32, "n_layer": 2, "n_head": 4},
         IDS),
    Case("mpt", "MptForCausalLM", "MptConfig",
         {"vocab_size": 99, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}, IDS),
    Case("opt", "OPTForCausalLM", "OPTConfig", {**TEXT, "ffn_dim": 64, "word_embed_proj_dim": 16}, IDS),
    Case("falcon", "FalconForCausalLM", "FalconConfig", TEXT, IDS),
    Case("phi", "PhiModel", "PhiConfig", TEXT, IDS),
    Case("phi3", "Phi3Model", "Phi3Config", GROUPED, IDS),
    Case("stablelm", "StableLmModel", "StableLmConfig", GROUPED, IDS),
    Case("starcoder2", "Starcoder2Model", "Starcoder2Config", GROUPED, IDS),
    Case("llama", "LlamaForCausalLM", "LlamaConfig", GROUPED, IDS),
    Case("mistral", "MistralModel", "MistralConfig", GROUPED, IDS),
    Case("qwen2", "Qwen2ForCausalLM", "Qwen2Config", {**GROUPED, "tie_word_embeddings": True}, IDS),
    Case("qwen3", "Qwen3Model", "Qwen3Config", GROUPED, IDS),
    Case("gemma", "GemmaForCausalLM", "GemmaConfig", GROUPED, IDS),
    Case("gemma2", "Gemma2ForCausalLM", "Gemma2Config", GROUPED, IDS),
    Case("gemma3_text", "Gemma3ForCausalLM", "Gemma3TextConfig", GROUPED, IDS),
    Case("cohere", "CohereForCausalLM", "CohereConfig", GROUPED, IDS),
    Case("cohere2", "Cohere2Model", "Cohere2Config", GROUPED, IDS),
    Case("olmo", "OlmoModel", "OlmoConfig", GROUPED, IDS),
    Case("olmo2", "Olmo2Model", "Olmo2Config", GROUPED, IDS),
    Case("glm", "GlmModel", "GlmConfig", GROUPED, IDS),
    Case("granite", "GraniteModel", "GraniteConfig", GROUPED, IDS),
    Case("helium", "HeliumModel", "HeliumConfig", GROUPED, IDS),
    Case("nemotron", "NemotronModel", "NemotronConfig", GROUPED, IDS),
    # Mixtures of experts
    Case("mixtral", "MixtralModel", "MixtralConfig", {**GROUPED, "num_local_experts": 4}, IDS),
    Case("qwen2_moe", "Qwen2MoeModel", "Qwen2MoeConfig", {**EXPERTS, "shared_expert_intermediate_size": 32}, IDS),
    Case("qwen3_moe", "Qwen3MoeModel", "Qwen3MoeConfig", EXPERTS, IDS),
    Case("olmoe", "OlmoeModel", "OlmoeConfig", EXPERTS, IDS),
    Case("phimoe", "PhimoeModel", "PhimoeConfig", {**GROUPED, "num_local_experts": 4}, IDS),
    Case("granitemoe", "GraniteMoeModel", "GraniteMoeConfig",
         {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}, IDS),
    Case("gpt_oss", "GptOssModel", "GptOssConfig", {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}, IDS),
    Case("deepseek_v3", "DeepseekV3Model", "DeepseekV3Config",
         {**TEXT, "num_key_value_heads": 4, "moe_intermediate_size": 16, "n_routed_experts": 4, "n_group": 2,
          "topk_group": 1, "num_experts_per_tok": 2, "first_k_dense_replace": 1, "kv_lora_rank": 16, "q_lora_rank": 16,
          "qk_rope_head_dim": 8, "qk_nope_head_dim": 8, "v_head_dim": 8}, IDS),
    Case("switch_transformers", "SwitchTransformersForConditionalGeneration", "SwitchTransformersConfig",
         {**T5, "num_experts": 4, "num_sparse_encoder_layers": 1, "num_sparse_decoder_layers": 1}, IDS_TWICE),
    Case("nllb-moe", "NllbMoeModel", "NllbMoeConfig",
         {**SEQ2SEQ, "num_experts": 4, "encoder_sparse_step": 2, "decoder_sparse_step": 2, "expert_capacity": 8},
         IDS_TWICE),
    # State spaces and recurrences
    Case("mamba", "MambaForCausalLM", "MambaConfig", {**RECURRENT, "state_size": 8}, IDS),
    Case("mamba2", "Mamba2ForCausalLM", "Mamba2Config",
         {**RECURRENT, "state_size": 8, "num_heads": 8, "head_dim": 8, "n_groups": 2, "chunk_size": 8}, IDS),
    Case("jamba", "JambaModel", "JambaConfig",
         {**GROUPED, "num_experts": 4, "attn_layer_period": 2, "attn_layer_offset": 1, "expert_layer_period": 2,
          "expert_layer_offset": 1, "mamba_d_state": 8, "mamba_dt_rank": 4}, IDS),
    Case("zamba2", "Zamba2Model", "Zamba2Config",
         {**TEXT, "num_hidden_layers": 5, "num_key_value_heads": 4,
          "layers_block_type": ["mamba", "hybrid"] * 2 + ["mamba"], "num_mem_blocks": 1, "mamba_d_state": 8,
          "n_mamba_heads": 4, "mamba_headdim": 16, "mamba_ngroups": 1, "chunk_size": 8}, IDS),
    Case("recurrent_gemma", "RecurrentGemmaModel", "RecurrentGemmaConfig",
         {**GROUPED, "num_hidden_layers": 3, "lru_width": 32, "attention_window_size": 16}, IDS),
    Case("rwkv", "RwkvForCausalLM", "RwkvConfig", {**RECURRENT, "context_length": 16}, IDS),
    Case("lfm2", "Lfm2Model", "Lfm2Config", {**GROUPED, "layer_types": ["conv", "full_attention"]}, IDS),
    Case("qwen3_next", "Qwen3NextModel", "Qwen3NextConfig",
         {**EXPERTS, "layer_types": ["linear_attention", "full_attention"], "shared_expert_intermediate_size": 16,
          "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8},
         IDS),
    # Text encoder-decoders
    Case("t5", "T5ForConditionalGeneration", "T5Config", T5, IDS_TWICE),
    Case("mt5", "MT5ForConditionalGeneration", "MT5Config", T5, IDS_TWICE),
    Case("umt5", "UMT5ForConditionalGeneration", "UMT5Config", T5, IDS_TWICE),
    Case("longt5", "LongT5ForConditionalGeneration", "LongT5Config", {**T5, "local_radius": 4}, IDS_TWICE),
    Case("bart", "BartForConditionalGeneration", "BartConfig", SEQ2SEQ, IDS_TWICE),
    Case("mbart", "MBartForConditionalGeneration", "MBartConfig", SEQ2SEQ, IDS_TWICE),
    Case("pegasus", "PegasusForConditionalGeneration", "PegasusConfig", SEQ2SEQ, IDS_TWICE),
    Case("marian", "MarianMTModel", "MarianConfig", {**SEQ2SEQ, "pad_token_id": 0, "decoder_start_token_id": 1},
         IDS_TWICE),
    Case("blenderbot", "BlenderbotForConditionalGeneration", "BlenderbotConfig", SEQ2SEQ, IDS_TWICE),
    Case("blenderbot-small", "BlenderbotSmallModel", "BlenderbotSmallConfig", SEQ2SEQ, IDS_TWICE),
    Case("m2m_100", "M2M100ForConditionalGeneration", "M2M100Config", SEQ2SEQ, IDS_TWICE),
    Case("led", "LEDForConditionalGeneration", "LEDConfig",
         {**SEQ2SEQ, "attention_window": 4, "max_encoder_position_embeddings": 64,
          "max_decoder_position_embeddings": 64}, IDS_TWICE),
    Case("fsmt", "FSMTForConditionalGeneration", "FSMTConfig",
         {**SEQ2SEQ, "langs": ["en", "de"], "src_vocab_size": 99, "tgt_vocab_size": 98}, IDS_TWICE),
    # Images
    Case("vit", "ViTForImageClassification", "ViTConfig", IMAGE, PIXELS),
    Case("deit", "DeiTModel", "DeiTConfig", IMAGE, PIXELS),
    Case("beit", "BeitModel", "BeitConfig", {**IMAGE, "use_relative_position_bias": True}, PIXELS),
    Case("vit_mae", "ViTMAEModel", "ViTMAEConfig", IMAGE, PIXELS),
    Case("ijepa", "IJepaModel", "IJepaConfig", IMAGE, PIXELS),
    Case("dinov2", "Dinov2Model", "Dinov2Config", IMAGE, PIXELS),
    Case("dinov2_with_registers", "Dinov2WithRegistersModel", "Dinov2WithRegistersConfig", IMAGE, PIXELS),
    Case("dinov3_vit", "DINOv3ViTModel", "DINOv3ViTConfig", IMAGE, PIXELS),
    Case("yolos", "YolosModel", "YolosConfig", {**IMAGE, "image_size": [32, 32], "num_detection_tokens": 4}, PIXELS),
    Case("dpt", "DPTModel", "DPTConfig", IMAGE, PIXELS),
    Case("swin", "SwinForImageClassification", "SwinConfig", WINDOWS, PIXELS),
    Case("swinv2", "Swinv2Model", "Swinv2Config", WINDOWS, PIXELS),
    Case("convnext", "ConvNextForImageClassification", "ConvNextConfig", DEPTHS, PIXELS),
    Case("convnextv2", "ConvNextV2Model", "ConvNextV2Config", DEPTHS, PIXELS),
    Case("resnet", "ResNetForImageClassification", "ResNetConfig", RESIDUAL, PIXELS),
    Case("regnet", "RegNetModel", "RegNetConfig", {**RESIDUAL, "groups_width": 8}, PIXELS),
    Case("bit", "BitModel", "BitConfig", {**RESIDUAL, "num_groups": 2}, PIXELS),
    Case("efficientnet", "EfficientNetModel", "EfficientNetConfig",
         {"image_size": 32, "width_coefficient": 0.25, "depth_coefficient": 0.25, "hidden_dim": 320}, PIXELS),
    Case("mobilenet_v1", "MobileNetV1Model", "MobileNetV1Config", {"image_size": 32, "depth_multiplier": 0.25}, PIXELS),
    Case("mobilenet_v2", "MobileNetV2Model", "MobileNetV2Config", {"image_size": 32, "depth_multiplier": 0.25}, PIXELS),
    Case("segformer", "SegformerModel", "SegformerConfig",
         {"num_encoder_blocks": 2, "depths": [1, 1], "hidden_sizes": [16, 32], "sr_ratios": [4, 2],
          "num_attention_heads": [2, 4], "patch_sizes": [7, 3], "strides": [4, 2], "mlp_ratios": [2, 2]}, PIXELS),
    Case("poolformer", "PoolFormerModel", "PoolFormerConfig",
         {"num_encoder_blocks": 2, "depths": [1, 1], "hidden_sizes": [16, 32], "patch_sizes": [7, 3], "strides": [4, 2],
          "padding": [2, 1], "mlp_ratio": 2.0}, PIXELS),
    Case("cvt", "CvtModel", "CvtConfig", {"embed_dim": [16, 32, 48], "num_heads": [1, 2, 3], "depth": [1, 2, 3]},
         PIXELS),
    Case("levit", "LevitModel", "LevitConfig",
         {"image_size": 64, "hidden_sizes": [16, 32, 48], "num_attention_heads": [1, 2, 3], "depths": [1, 1, 1],
          "key_dim": [8, 8, 8]}, {"pixel_values": floats(1, 3, 64, 64)}),
    Case("timesformer", "TimesformerModel", "TimesformerConfig", {**IMAGE, "num_frames": 2}, VIDEO),
    Case("videomae", "VideoMAEModel", "VideoMAEConfig", {**IMAGE, "num_frames": 2}, VIDEO),
    Case("vivit", "VivitModel", "VivitConfig", {**IMAGE, "num_frames": 2, "tubelet_size": [2, 8, 8]}, VIDEO),
    # Images and text
    Case("clip", "CLIPModel", "CLIPConfig", TOWERS, BOTH),
    Case("siglip", "SiglipModel", "SiglipConfig", TOWERS, BOTH),
    Case("chinese_clip", "ChineseCLIPModel", "ChineseCLIPConfig", TOWERS, BOTH),
    Case("clipseg", "CLIPSegModel", "CLIPSegConfig", TOWERS, BOTH),
    Case("altclip", "AltCLIPModel", "AltCLIPConfig", TOWERS, BOTH),
    Case("groupvit", "GroupViTModel", "GroupViTConfig", TOWERS, BOTH),
    Case("owlvit", "OwlViTModel", "OwlViTConfig", TOWERS, BOTH),
    Case("blip", "BlipForConditionalGeneration", "BlipConfig", TOWERS, BOTH),
    Case("git", "GitForCausalLM", "GitConfig", {**TEXT, "vision_config": IMAGE}, BOTH),
    Case("vilt", "ViltModel", "ViltConfig", {**TEXT, **IMAGE}, BOTH),
    Case("flava", "FlavaModel", "FlavaConfig",
         {"hidden_size": 32, "projection_dim": 16, "text_config": TEXT, "image_config": IMAGE,
          "multimodal_config": LAYERS}, BOTH),
    Case("visual_bert", "VisualBertModel", "VisualBertConfig", {**TEXT, "visual_embedding_dim": 16}, IDS),
    Case("lxmert", "LxmertModel", "LxmertConfig",
         {**TEXT, "l_layers": 1, "x_layers": 1, "r_layers": 1, "visual_feat_dim": 16},
         {**IDS, "visual_feats": floats(1, 4, 16), "visual_pos": floats(1, 4, 4)}),
    Case("llava", "LlavaForConditionalGeneration", "LlavaConfig",
         {"text_config": {"model_type": "llama", **GROUPED},
          "vision_config": {"model_type": "clip_vision_model", **IMAGE}, "image_token_id": TOKEN}, LONGER_BOTH),
    Case("paligemma", "PaliGemmaForConditionalGeneration", "PaliGemmaConfig",
         {"text_config": {"model_type": "gemma", **GROUPED},
          "vision_config": {"model_type": "siglip_vision_model", **IMAGE}, "projection_dim": 32,
          "image_token_id": TOKEN}, LONGER_BOTH),
    Case("trocr", "TrOCRForCausalLM", "TrOCRConfig", SEQ2SEQ, IDS),
    Case("detr", "DetrForObjectDetection", "DetrConfig",
         {"use_timm_backbone": False, "backbone": None, "use_pretrained_backbone": False,
          "backbone_config": {"model_type": "resnet", **RESIDUAL, "out_features": ["stage2"]}, "d_model": 32,
          "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 4, "decoder_attention_heads": 4,
          "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "num_queries": 5}, PIXELS),
    Case("sam", "SamModel", "SamConfig",
         {"vision_config": {**IMAGE, "output_channels": 256, "global_attn_indexes": [1], "window_size": 2},
          "prompt_encoder_config": {"image_size": 32, "patch_size": 8},
          "mask_decoder_config": {"mlp_dim": 64, "num_hidden_layers": 1, "iou_head_hidden_dim": 32}},
         {**PIXELS, "input_points": floats(1, 1, 2, 2)}),
    # Sound
    Case("wav2vec2", "Wav2Vec2ForCTC", "Wav2Vec2Config", SPEECH, WAVE),
    Case("hubert", "HubertModel", "HubertConfig", SPEECH, WAVE),
    Case("wavlm", "WavLMModel", "WavLMConfig", SPEECH, WAVE),
    Case("sew", "SEWModel", "SEWConfig", {**SPEECH, "squeeze_factor": 2}, WAVE),
    Case("wav2vec2-conformer", "Wav2Vec2ConformerModel", "Wav2Vec2ConformerConfig", SPEECH, WAVE),
    Case("audio-spectrogram-transformer", "ASTModel", "ASTConfig",
         {**LAYERS, "patch_size": 4, "max_length": 16, "num_mel_bins": 16, "time_stride": 4, "frequency_stride": 4},
         {"input_values": floats(1, 16, 16)}),
    Case("whisper", "WhisperForConditionalGeneration", "WhisperConfig",
         {**SEQ2SEQ, "num_mel_bins": 8, "max_source_positions": 16, "max_target_positions": 16, "pad_token_id": 0},
         {"input_features": floats(1, 8, 32), "decoder_input_ids": ids(1, 6)}),
    Case("speech_to_text", "Speech2TextForConditionalGeneration", "Speech2TextConfig",
         {**SEQ2SEQ, "input_feat_per_channel": 8, "conv_channels": 16, "max_source_positions": 32,
          "max_target_positions": 16}, {"input_features": floats(1, 32, 8), "decoder_input_ids": ids(1, 6)}),
    Case("speecht5", "SpeechT5ForSpeechToText", "SpeechT5Config", {**SPEECH, **SEQ2SEQ},
         {**WAVE, "decoder_input_ids": ids(1, 6)}),
    Case("encodec", "EncodecModel", "EncodecConfig",
         {"num_filters": 4, "hidden_size": 16, "codebook_size": 16, "codebook_dim": 16},
         {"input_values": floats(1, 1, 640)}),
    Case("dac", "DacModel", "DacConfig",
         {"encoder_hidden_size": 8, "downsampling_ratios": [2, 4], "decoder_hidden_size": 32, "n_codebooks": 2,
          "codebook_size": 16, "codebook_dim": 4}, {"input_values": floats(1, 1, 640)}),
    # Time series and decisions
    Case("patchtst", "PatchTSTModel", "PatchTSTConfig",
         {"num_input_channels": 2, "context_length": 32, "patch_length": 4, "patch_stride": 4, "d_model": 16,
          "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 32}, {"past_values": floats(1, 32, 2)}),
    Case("decision_transformer", "DecisionTransformerModel", "DecisionTransformerConfig",
         {**GPT, "state_dim": 5, "act_dim": 2, "hidden_size": 32, "max_ep_len": 16},
         {"states": floats(1, 4, 5), "actions": floats(1, 4, 2), "rewards": floats(1, 4, 1),
          "returns_to_go": floats(1, 4, 1), "timesteps": ids(1, 4), "attention_mask": ids(1, 4)}),
)
# fmt: on
