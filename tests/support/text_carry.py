"""The weights of a keras_hub backbone carried into transformers' model by hand, and both run."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from support import carrying
from support.carrying import array, put
from support.text_pairs import TextPair
from support.text_partners import layers_by_path


def carry(pair: TextPair, keras_model: Any, torch_model: Any) -> None:
    layers = layers_by_path(keras_model)
    for paths, other in pair.partners(keras_model):
        _carry([layers[path] for path in paths], torch_model.get_submodule(other))
    if pair.name == "roberta":
        put(torch_model.embeddings.token_type_embeddings.weight, np.zeros((1, 32)))


def _carry(layers: list[Any], module: Any) -> None:
    kind, first = type(module).__name__, layers[0]
    if kind == "Linear":
        rows = module.weight.shape
        put(module.weight, array(first.kernel).reshape(rows[1], rows[0]).T)
        if module.bias is not None:
            put(module.bias, array(first.bias).ravel())
    elif kind == "Conv1D":  # no transpose
        wide = module.weight.shape[0]
        put(module.weight, np.concatenate([array(layer.kernel).reshape(wide, -1) for layer in layers], axis=1))
        put(module.bias, np.concatenate([array(layer.bias).ravel() for layer in layers]))
    elif kind in ("Conv2d", "Conv1d"):
        carrying.carry(first, module)
    elif "Norm" in kind:
        own = {w.name: w for w in first.weights}
        put(module.weight, array(next(own[name] for name in ("gamma", "scale", "weight") if name in own)))
        if "beta" in own:
            put(module.bias, array(own["beta"]))
    elif "Embedding" in kind and hasattr(module, "weight"):
        table = array(_table(first))
        rows = module.weight.shape[0]
        if rows > len(table):  # rows in front that no position uses
            table = np.concatenate([module.weight.detach().numpy()[: rows - len(table)], table])
        put(module.weight, table)
    else:
        assert kind == "ViTEmbeddings", kind
        put(module.cls_token, array(first.class_token))
        put(module.position_embeddings, array(layers[1].embeddings)[None])


def _table(layer: Any) -> Any:
    for name in ("embeddings", "position_embeddings", "relative_attention_bias"):
        if hasattr(layer, name):
            return getattr(layer, name)
    raise TypeError(layer)


def outputs(pair: TextPair, keras_model: Any, torch_model: Any, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """What both give for the same input, output by output."""
    keras_input, torch_input = pair.feed(seed)
    with carrying.full_precision():
        a = keras_model(keras_input["images"] if pair.name == "vit" else keras_input, training=False)
    with torch.no_grad():
        b = torch_model(**{name: _tensor(value, torch_model.dtype) for name, value in torch_input.items()})
    names = {
        "sequence_output": "last_hidden_state",
        "pooled_output": "pooler_output",
        "encoder_sequence_output": "encoder_last_hidden_state",
        "decoder_sequence_output": "last_hidden_state",
    }
    if not isinstance(a, dict):
        a = {"sequence_output": a}
    return [(array(value), b[names[name]].numpy()) for name, value in a.items()]


def _tensor(value: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.from_numpy(np.ascontiguousarray(value))
    return tensor.to(dtype) if tensor.is_floating_point() else tensor
