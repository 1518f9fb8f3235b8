"""Comparisons whose pages are looked at, and what is asked of such a page again and again."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from support.browser import Watched
from torch import nn

from introspect import Comparison, compare
from introspect.comparison import Match

EFFECTS = ("count", "shape", "values", "unknown", "training", "none")
STUB = """Object.defineProperty(navigator, "clipboard", { value: {
  writeText: (text) => { window.copied = text; return Promise.resolve(); } } })"""


def network(mutated: bool) -> nn.Module:
    """Mutated, it differs in everything that may differ: a count, a shape, values, training, a layer that is gone."""
    m, width = mutated, 12 if mutated else 16
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8, eps=1e-3 if m else 1e-5, momentum=0.2 if m else 0.1),
        nn.GELU() if m else nn.ReLU(),
        nn.Conv2d(8, width, 3, stride=2 if m else 1),
        nn.Identity() if m else nn.Sigmoid(),
        nn.Dropout(0.5 if m else 0.1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(width, 20),
        nn.Linear(20, 10, bias=not m),
    )


@cache
def mutated() -> Comparison:
    """Two small networks that differ in much."""
    found = compare(network(False), network(True), inputs_a=(1, 3, 32, 32))
    assert {d.effect for d in found.differences} >= {"count", "shape", "values", "training"}
    assert any(d.because_of for d in found.differences)
    assert not all(match.a and match.b for match in found.matches)
    return found


@cache
def frameworks() -> Comparison:
    """A small CNN in Keras and in PyTorch, with their values."""
    pytest.importorskip("keras")
    from introspect import demo

    shapes: dict[str, Any] = {"inputs_a": (1, 28, 28, 1), "inputs_b": (1, 1, 28, 28)}
    return compare(demo.keras_model(), demo.torch_model(), values=True, **shapes)


@cache
def residual() -> Comparison:
    """ResNet50 of keras.applications and of torchvision: layers that stand against several, one difference in many."""
    pytest.importorskip("keras")
    from support import torchvision_zoo
    from support.model_pairs import BY_NAME

    torchvision_zoo.prepare()
    pytest.importorskip("torchvision")

    pair = BY_NAME["ResNet50"]
    shapes: dict[str, Any] = {"inputs_a": pair.keras_shape, "inputs_b": pair.torch_shape}
    return compare(pair.build_keras(), pair.build_torch(), **shapes)


def opener(watched: Watched, folder: Path) -> Callable[..., Any]:
    """Opens the page of a comparison; what it copies is in `window.copied`."""

    def show(comparison: Comparison, **options: Any) -> Any:
        watched.page.add_init_script(STUB)
        comparison.to_html(folder / "page.html", **options)
        return watched.open(folder / "page.html")

    return show


def rows(page: Any) -> list[int]:
    """The numbers of the matches that are listed."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    return page.evaluate("grid.tree.rows.map(({ id }) => id).filter((id) => !isInner(id))")


def numbers(comparison: Comparison, test: Callable[[Match], bool]) -> list[int]:
    return [n for n, match in enumerate(comparison.matches) if test(match)]


def chip(page: Any, name: str) -> Any:
    return page.locator(".filters").get_by_role("button", name=name)


def press(page: Any, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def active(page: Any) -> Any:
    """The current row of the table of layers."""
    grid = page.get_by_role("treegrid", name="Matched layers")
    return page.locator(f"#{grid.get_attribute('aria-activedescendant')}")
