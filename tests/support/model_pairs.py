"""keras.applications beside torchvision: which layer is which, and every setting in which they differ.

Written from both frameworks' sources, confirmed by tests/test_model_pairs.py.
"""

from __future__ import annotations

import inspect as python_inspect
from dataclasses import dataclass, field, replace
from typing import Any

from support import carrying, model_differences, model_partners, torchvision_zoo
from support.expected import Expected


@dataclass(frozen=True)
class Pair:
    """One architecture in both frameworks."""

    keras: str  # in keras.applications
    torch: str  # in torchvision.models
    family: str
    side: int = 224  # of the square images that both take
    keras_settings: dict[str, Any] = field(default_factory=dict)
    torch_settings: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.keras + ("" if self.keras_settings.get("include_preprocessing", True) else "-plain")

    @property
    def keras_shape(self) -> tuple[int, ...]:
        return (1, self.side, self.side, 3)

    @property
    def torch_shape(self) -> tuple[int, ...]:
        return (1, 3, self.side, self.side)

    def build_keras(self, dtype: str = "float32", **settings: Any) -> Any:
        """The Keras model, which gives logits like torchvision's."""
        import keras

        make = getattr(keras.applications, self.keras)
        said = {"weights": None, "classifier_activation": None, "input_shape": self.keras_shape[1:]}
        with carrying.policy(dtype):
            return make(**{**said, **self.keras_settings, **settings})

    def build_torch(self, **settings: Any) -> Any:
        """The torch model in eval mode."""
        torchvision_zoo.prepare()
        import torch
        import torchvision

        torch.manual_seed(0)
        made = torchvision.models.get_model(self.torch, weights=None, **{**self.torch_settings, **settings})
        return made.eval()

    def partners(self, keras_model: Any) -> dict[str, str]:
        """Keras layer path → torch module path, for every weighted layer that has a partner.

        A ConvNeXt `LayerScale` stands against the block that owns the parameter `layer_scale`.
        """
        pairs = list(getattr(model_partners, self.family)(self, keras_model))
        assert len(dict(pairs)) == len({torch for _, torch in pairs}) == len(pairs)
        return dict(pairs)

    def unpartnered(self, keras_model: Any) -> tuple[str, ...]:
        """The weighted Keras layers without a partner: statistics of the data."""
        kind = "Normalization"
        return tuple(x.name for x in keras_model.layers if type(x).__name__ == kind and x.weights)

    def expected_differences(self, keras_model: Any) -> tuple[Expected, ...]:
        """All differences in settings, effect `none` included where the spelling is another and the weights move."""
        return tuple(getattr(model_differences, self.family)(self, keras_model, self.partners(keras_model)))

    def plain(self) -> Pair:
        """The same pair without the preprocessing that Keras builds in, where that can be left out."""
        import keras

        known = python_inspect.signature(getattr(keras.applications, self.keras)).parameters
        if "include_preprocessing" not in known:
            return self
        return replace(self, keras_settings={**self.keras_settings, "include_preprocessing": False})


_B = (224, 240, 260, 300, 380, 456, 528, 600)
PAIRS: tuple[Pair, ...] = (
    Pair("VGG16", "vgg16", "vgg", torch_settings={"init_weights": False}),
    Pair("VGG19", "vgg19", "vgg", torch_settings={"init_weights": False}),
    *(Pair(f"ResNet{n}", f"resnet{n}", "resnet") for n in (50, 101, 152)),
    *(Pair(f"DenseNet{n}", f"densenet{n}", "densenet") for n in (121, 169, 201)),
    Pair("MobileNetV2", "mobilenet_v2", "mobilenet_v2"),
    Pair("MobileNetV3Small", "mobilenet_v3_small", "mobilenet_v3"),
    Pair("MobileNetV3Large", "mobilenet_v3_large", "mobilenet_v3"),
    *(Pair(f"EfficientNetB{n}", f"efficientnet_b{n}", "efficientnet", side) for n, side in enumerate(_B)),
    *(
        Pair(f"EfficientNetV2{size.upper()}", f"efficientnet_v2_{size}", "efficientnet_v2", side)
        for size, side in (("s", 384), ("m", 480), ("l", 480))
    ),
    Pair("InceptionV3", "inception_v3", "inception", 299, {}, {"init_weights": False, "aux_logits": False}),
    *(Pair(f"ConvNeXt{size}", f"convnext_{size.lower()}", "convnext") for size in ("Tiny", "Small", "Base", "Large")),
)
BY_NAME = {pair.keras: pair for pair in PAIRS}
