"""`inspect` of Keras models against `model.summary()` and one eager call."""

from __future__ import annotations

from typing import Any

import keras
from keras_models import CASES, Case
from timing import Target, say, show, side_by_side

import introspect

# Model → what it is compared to, and the share of that which it may take.
WANTED = {
    "ResNet50": ("summary", 0.25),
    "EfficientNetV2L": ("summary", 0.25),
    "transformer, 24 blocks": ("eager call", 0.4),
    "BERT-base": ("eager call", 0.4),
    "Llama 0.3 B": ("eager call", 0.5),
}


def run(quick: bool) -> list[Target]:
    """Print the table and return the targets."""
    times = {case.name: _case(case) for case in CASES}
    others = ("summary", "eager call")
    rows = [
        {"model": name, **of, **{f"inspect / {other}": of["inspect"] / of[other] for other in others}}
        for name, of in times.items()
    ]
    show(f"Keras on {keras.backend.backend()}, batch 1: times in ms, then shares", rows)
    return [
        Target(f"inspect / {other}, {name}", times[name]["inspect"] / times[name][other], share, "at most")
        for name, (other, share) in WANTED.items()
    ]


def _case(case: Case) -> dict[str, float]:
    say(f"keras: {case.name}")
    model, fed = case.build(), case.fed()
    report = introspect.inspect(model, case.said)
    if not report.complete or report.method != "abstract":
        say(f"{case.name}: method {report.method}, complete {report.complete}: {report.notes}")
    contestants = {
        "inspect": lambda: introspect.inspect(model, case.said),
        "summary": lambda: model.summary(print_fn=_nowhere),
        "eager call": lambda: model(fed, training=False),
    }
    return side_by_side(contestants)


def _nowhere(text: str, **rest: Any) -> None:
    """What `summary` writes is not read."""
