"""Keras 2, as the package tf_keras."""

from .adapter import ADAPTER

__all__ = ["ADAPTER"]
