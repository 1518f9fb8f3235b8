"""The colours: by family of kinds, and by what a difference does; light and dark. Text on all of them is legible
(a contrast of 4.5 at least)."""

from __future__ import annotations

# family: (fill, stroke)
LIGHT: dict[str, tuple[str, str]] = {
    "input": ("#e4eaf0", "#5b6b7b"),
    "output": ("#e4eaf0", "#5b6b7b"),
    "dense": ("#d6e6ff", "#2f6bc4"),
    "conv": ("#ffe2c2", "#c26a12"),
    "pool": ("#d3f0dc", "#2c8a55"),
    "norm": ("#e9e2fa", "#7a5fc0"),
    "activation": ("#fff2bf", "#a98600"),
    "recurrent": ("#cdf0ee", "#14837f"),
    "attention": ("#fddcea", "#bd3c79"),
    "embedding": ("#e0e2fd", "#5052c4"),
    "dropout": ("#f3f4f6", "#8a939d"),
    "shape": ("#f0f1f3", "#8a939d"),
    "join": ("#ffffff", "#4a5866"),
    "tensor": ("#ffffff", "#7a5fc0"),
    "container": ("#eef3f8", "#60788f"),
    "other": ("#eceef0", "#78838e"),
}
DARK: dict[str, tuple[str, str]] = {
    "input": ("#2a343f", "#8c9cac"),
    "output": ("#2a343f", "#8c9cac"),
    "dense": ("#1a3358", "#6ea3ee"),
    "conv": ("#4a2f12", "#e89a4b"),
    "pool": ("#143b26", "#5fbf88"),
    "norm": ("#322753", "#a98fe8"),
    "activation": ("#433706", "#d8b93a"),
    "recurrent": ("#0d3d3b", "#4cbab5"),
    "attention": ("#4b1a32", "#e978ab"),
    "embedding": ("#262861", "#8f91f0"),
    "dropout": ("#232a32", "#7d8894"),
    "shape": ("#272e36", "#7d8894"),
    "join": ("#12181f", "#b5c1cd"),
    "tensor": ("#12181f", "#a98fe8"),
    "container": ("#1d2731", "#7d94ab"),
    "other": ("#2a3038", "#8a95a1"),
}
# effect of a difference: stroke, light and dark
EFFECTS_LIGHT = {
    "none": "#2c8a55", "training": "#a98600", "values": "#c2410c", "shape": "#b91c5c", "count": "#7c2fc2",
    "unknown": "#6b7280",
}  # fmt: skip
EFFECTS_DARK = {
    "none": "#5fbf88", "training": "#d8b93a", "values": "#fb923c", "shape": "#f472b0", "count": "#c08bf7",
    "unknown": "#9ca3af",
}  # fmt: skip
