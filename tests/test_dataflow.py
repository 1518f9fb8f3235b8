"""The same model gives the same steps from the same sources, whichever the method or the backend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from support import transformers_zoo
from support.models import torch_models
from torch import nn

from introspect import Report, inspect

# An abstract or an eager pass alone can read these: values decide, or a private form is packed.
ONE_METHOD = {"packed", "branches on values", "lazy"}
HERE = Path(__file__).parent


def graph(report: Report) -> list[Any]:
    """Every step: who made it, what went in and came out, from where."""
    assert report.complete, report.notes
    calls = [(c.order, layer.path, c.within, c.inputs, c.outputs, c.sources) for layer in report for c in layer.calls]
    operations = [
        (o.order, o.kind, o.within, o.settings, o.inputs, o.outputs, o.sources, o.macs) for o in report.operations
    ]
    return sorted([*calls, *operations], key=lambda step: step[0])


@pytest.mark.parametrize("name", sorted(set(torch_models()) - ONE_METHOD))
def test_both_methods_see_the_same_steps(name: str) -> None:
    model, said = torch_models()[name]()
    if said is not None:
        assert graph(inspect(model, said, trace="abstract")) == graph(inspect(model, said, trace="eager"))


@pytest.mark.parametrize("case", transformers_zoo.CASES[::6], ids=lambda case: case.name)
def test_both_methods_see_the_same_steps_of_real_models(case: Any) -> None:
    model, feed = case.build(), case.feed()
    a, b = inspect(model, feed, trace="abstract"), inspect(model, feed, trace="eager")
    if a.complete:  # else values decide, and there is one method
        assert graph(a) == graph(b)


def test_views_and_writes_keep_the_thread() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(8, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            first, second = self.a(x).chunk(2, dim=-1)
            y = self.b(x)
            y += 1
            y.mul_(2)
            z = torch.cat([first.unsqueeze(0).squeeze(0), second, y], dim=1)
            return self.c(z)

    report = inspect(Model(), (3, 4))
    by_kind = {o.kind: o for o in report.operations}
    concat = by_kind["concat"]
    assert concat.settings["axis"] == 1
    by_order = {o.order: o for o in report.operations}
    assert [by_order[s.step].kind for s in concat.sources] == ["squeeze", "split", "multiply"]
    assert [s.index for s in concat.sources] == [0, 1, 0]
    split = by_kind["split"]
    assert split.sources[0].step == report["a"].calls[0].order
    written = by_order[concat.sources[2].step]
    assert by_order[written.sources[0].step].kind == "add"
    assert report["c"].calls[0].sources[0].step == concat.order


ON_A_BACKEND = """
import json, keras
from keras import layers, ops
from introspect import inspect

class Block(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = layers.LayerNormalization(name="norm")
        self.attention = layers.MultiHeadAttention(2, 4, name="attention")
        self.dense = layers.Dense(8, activation="gelu", name="dense")

    def call(self, x):
        y = self.norm(x)
        x = x + self.attention(y, y)
        return ops.concatenate([x, self.dense(x)], axis=-1) * 0.5

image = keras.Input((8, 8, 3), name="image")
x = layers.Conv2D(4, 3, name="conv")(image)
x = ops.relu(layers.BatchNormalization(name="bn")(x)) + 1.0
shared = layers.Dense(4, name="shared")
x = shared(shared(x))
cnn = keras.Model(image, layers.GlobalAveragePooling2D(name="pool")(x), name="cnn")
rnn = keras.Sequential([keras.Input((5, 3)), layers.Bidirectional(layers.GRU(4, return_sequences=True, name="gru"),
    name="both"), layers.TimeDistributed(layers.Dense(2, name="step"), name="each")], name="rnn")
for model, said in ((Block(name="block"), (2, 6, 8)), (cnn, None), (rnn, None)):
    report = inspect(model, said, trace="abstract")
    assert report.complete, report.notes
    steps = report.to_dict()
    for layer in steps["layers"]:
        layer.pop("parameters", None)  # seeds have another dtype on JAX
        for name in [name for name in layer if name.endswith(("_bytes", "_count"))]:
            layer.pop(name)
    print(json.dumps([steps["layers"], steps.get("operations")]))
"""


def test_keras_gives_the_same_steps_on_every_backend() -> None:
    found = {}
    for backend in ("tensorflow", "jax", "torch"):
        pytest.importorskip(backend)
        result = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", ON_A_BACKEND],
            env={**os.environ, "KERAS_BACKEND": backend},
            cwd=HERE.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr[-2000:]
        found[backend] = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(found["jax"]) == 3
    assert found["jax"] == found["tensorflow"]
    assert found["torch"] == found["tensorflow"]
