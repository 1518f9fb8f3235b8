"""What a comparison has to say of a pair of models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Expected:
    """One setting in which the two sides differ, and the layers in which they do."""

    field: str  # a setting in the vocabulary's words, or `input`, `bias`, `dropout`, ...
    keras: Any  # canonical: momentum is the share kept, padding what really falls on either side per axis
    torch: Any
    effect: str  # "none", "training" or "values"
    keras_layers: tuple[str, ...] = ()  # paths; empty where that side has no such layer
    torch_layers: tuple[str, ...] = ()
    text: str = ""

    def __str__(self) -> str:
        at = len(self.keras_layers) or len(self.torch_layers)
        return f"{self.field}: {self.keras} | {self.torch} ({self.effect}, at {at}) {self.text}".rstrip()
