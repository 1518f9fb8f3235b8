"""Keras 3, on TensorFlow, JAX or torch."""

from .adapter import ADAPTER

__all__ = ["ADAPTER"]
