"""Everything about Keras once more on its other backends, and each framework where the other is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.absent import without

HERE = Path(__file__).parent


# JAX compiles every operation of every layer: that is left to the sweep.
LONG_ON_JAX = {"test_keras_layers.py", "test_keras_hub.py"}


@pytest.mark.parametrize(
    ("backend", "files"),
    [
        ("torch", {path.name for path in HERE.glob("test_keras*.py")}),
        ("jax", {path.name for path in HERE.glob("test_keras*.py")} - LONG_ON_JAX),
        pytest.param("jax", LONG_ON_JAX, marks=pytest.mark.sweep),
    ],
    ids=["torch", "jax", "jax, the long ones"],
)
def test_keras_on_its_other_backends(backend: str, files: set[str]) -> None:
    pytest.importorskip(backend)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(HERE / name) for name in sorted(files))],
        cwd=HERE.parent,
        env={**os.environ, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-5000:]
    assert "failed" not in result.stdout


WITHOUT_KERAS = """
import torch
from introspect import explain, inspect
model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LSTM(3, 4))
report = inspect(model, (5, 2))
print(report, explain(report), report.to_json(), report.to_markdown())
assert report.complete and report.parameter_count == 9 + 4 * (3 + 4 + 2) * 4
"""

WITHOUT_TORCH = """
import keras
from introspect import explain, inspect
model = keras.Sequential([keras.Input((5, 2)), keras.layers.Dense(3), keras.layers.LSTM(4)])
report = inspect(model)
print(report, explain(report), report.to_json(), report.to_markdown())
assert report.complete and report.parameter_count == 9 + 4 * (3 + 4 + 1) * 4
"""


@pytest.mark.parametrize(
    "code",
    [without("keras", "tensorflow", "jax", "tf_keras") + WITHOUT_KERAS, without("torch") + WITHOUT_TORCH],
    ids=["without keras", "without torch"],
)
def test_one_framework_is_enough(code: str) -> None:
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
