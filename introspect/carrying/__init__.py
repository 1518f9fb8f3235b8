"""Carrying weights: from the alignment of two models to the path of every tensor, and the arrays along it."""
