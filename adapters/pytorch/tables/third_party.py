"""Classes of other libraries, by the module that defines them. Norms and scales of any name are recognized by what they
own and compute instead: see `recognition`."""

from __future__ import annotations

from typing import Any

from ...rows import Row, Tensor
from .activation import activation
from .common import CHANNELS_FIRST, USE_BIAS, extended, fixed, padding
from .container import CONTAINER
from .convolution import convolution
from .normalization import GROUP_NORM, over_features

_PRODUCT = Row(
    "dense",
    {"units": "nf", "in_features": "nx", **USE_BIAS},
    {"weight": Tensor("kernel", "in out"), "bias": Tensor("bias", "out")},
)
_FROZEN = {
    name: Tensor(role, "channel")
    for name, role in (("weight", "scale"), ("bias", "shift"), ("running_mean", "mean"), ("running_var", "variance"))
}
_TANH = {"approximate": fixed("tanh")}


def frozen_norm(eps: Any) -> Row:
    """A batch normalization whose scale, shift and statistics are all fixed; `eps`: the attribute that keeps it, or how
    it is read."""
    return Row(
        "batch_norm",
        {
            "in_features": ("weight", lambda m: m.running_mean.shape[0]),
            "eps": eps,
            "momentum": fixed(1.0),
            "use_statistics": fixed(True),
            "use_scale": fixed(True),
            "use_shift": fixed(True),
            "axis": fixed((1,)),
        },
        {**_FROZEN, "num_batches_tracked": Tensor("counter", "")},
    )


def dropped_path(rate: str) -> Row:
    """`StochasticDepth`, often called drop path."""
    return Row("stochastic_depth", {"rate": rate})


_TRANSFORMERS: dict[str, Row] = {
    # Function for function torch's own, or an approximation of it.
    "GELUActivation": activation("gelu", approximate=fixed(None)),
    **dict.fromkeys(
        ("NewGELUActivation", "FastGELUActivation", "AccurateGELUActivation", "PytorchGELUTanh", "GELUTanh"),
        activation("gelu", **_TANH),
    ),
    "QuickGELUActivation": activation("gelu", approximate=fixed("sigmoid")),
    "SiLUActivation": activation("silu"),
    "MishActivation": activation("mish"),
    "LinearActivation": activation("linear"),
    "ReLUSquaredActivation": activation("relu_squared"),
    "ClippedGELUActivation": activation("gelu", approximate=fixed(None), lower_bound="min", bound="max"),
}
_VISION_MISC: dict[str, Row] = {
    "FrozenBatchNorm2d": frozen_norm("eps"),
    "Permute": Row("permute", {"axis": ("dims", lambda m: tuple(m.dims))}),
    "SqueezeExcitation": CONTAINER,
}
_DEFORMED = Row(
    "conv2d",
    {
        "units": "out_channels",
        "in_features": "in_channels",
        "kernel_size": "kernel_size",
        "strides": "stride",
        "padding": ("padding", lambda m: padding(m.padding)),
        "dilation": "dilation",
        "groups": "groups",
        **USE_BIAS,
        **CHANNELS_FIRST,
        "mode": fixed("deformable"),
    },
    {"weight": Tensor("kernel", "out in h w"), "bias": Tensor("bias", "out")},
)
_SCALED = Row(
    "scale",
    {"in_features": ("gamma", lambda m: m.gamma.shape[0]), "axis": fixed((-1,))},
    {"gamma": Tensor("scale", "channel")},
)
_TIMM: dict[str, Row] = {
    "LayerNorm2d": over_features("layer_norm", channels_first=True),
    "LayerNorm2dFp32": over_features("layer_norm", channels_first=True),
    "LayerNorm": over_features("layer_norm"),
    "LayerNormFp32": over_features("layer_norm"),
    "GroupNorm": GROUP_NORM,
    "GroupNorm1": GROUP_NORM,
    "RmsNorm": over_features("rms_norm"),
    "RmsNormFp32": over_features("rms_norm"),
    "RmsNorm2d": over_features("rms_norm", channels_first=True),
    "RmsNorm2dFp32": over_features("rms_norm", channels_first=True),
    "FrozenBatchNorm2d": frozen_norm("eps"),
    "Conv2dSame": convolution(2, same=True),
    "Conv2dSameExport": convolution(2, same=True),
    "DropPath": dropped_path("drop_prob"),
    "LayerScale": _SCALED,
    "LayerScale2d": extended(_SCALED, {"axis": fixed((1,))}),
}

TABLES: dict[str, dict[str, Row]] = {
    "transformers.pytorch_utils": {"Conv1D": _PRODUCT},
    "transformers.activations": _TRANSFORMERS,
    "torchvision.ops.misc": _VISION_MISC,
    "torchvision.ops.stochastic_depth": {"StochasticDepth": dropped_path("p")},
    "torchvision.ops.deform_conv": {"DeformConv2d": _DEFORMED},
    "torchvision.models.convnext": {"LayerNorm2d": over_features("layer_norm", channels_first=True)},
    "timm.layers.": _TIMM,
    "torch._dynamo.eval_frame": {"OptimizedModule": CONTAINER},
}
