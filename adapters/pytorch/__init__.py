"""PyTorch."""

from .adapter import ADAPTER

__all__ = ["ADAPTER"]
