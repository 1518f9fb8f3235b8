"""Layers that change images, at random while training."""

from __future__ import annotations

import re
from typing import Any

from ..rows import Row
from .shared import CHANNELS, fixed, sides

_NAMES = (
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "CutMix",
    "Equalization",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)
# What the two that choose among others hold, and `RandomColorJitter` of these.
_CHOICES = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_saturation",
    "random_hue",
    "random_sharpness",
    "solarization",
    "random_posterization",
    "auto_contrast",
    "equalization",
)


def _strength(layer: Any) -> Any:
    """One factor or a pair of bounds, or what the layer has in their place."""
    names = ("factor", "x_factor", "y_factor", "height_factor", "width_factor")
    found = {name: getattr(layer, name) for name in names if getattr(layer, name, None) is not None}
    return found["factor"] if set(found) == {"factor"} else found or None


def _padding(layer: Any) -> Any:
    """What stands where the changed image leaves nothing: a number, or the way it is found."""
    mode = getattr(layer, "fill_mode", "constant")
    return getattr(layer, "fill_value", None) if mode == "constant" else mode


def augmentation(name: str, parts: tuple[str, ...] = (), **settings: Any) -> Row:
    """`RandomRotation` → the function `random_rotation`."""
    word = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    common: dict[str, Any] = {
        "function": fixed(word),
        "strength": (None, _strength),
        "interpolation": "interpolation",
        "pad_value": (None, _padding),
        **CHANNELS,
    }
    return Row("augmentation", common | settings, parts=parts)


ROWS: dict[str, Row] = {
    **{name: augmentation(name) for name in _NAMES},
    "RandomColorJitter": augmentation("RandomColorJitter", _CHOICES),
    "AugMix": augmentation("AugMix", _CHOICES),
    "RandAugment": augmentation("RandAugment", _CHOICES),
    "MixUp": augmentation("MixUp", strength="alpha"),
    "RandomCrop": augmentation("RandomCrop", output_size=sides()),
    "RandomFlip": augmentation("RandomFlip", mode="mode"),
    "Solarization": augmentation("Solarization", threshold="threshold_factor", shift="addition_factor"),
}
