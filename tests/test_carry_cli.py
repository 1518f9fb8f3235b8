"""`introspect prove` and `introspect transfer`: the same as in Python, with an exit status."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
import torch
from support import carrying
from support.command_line import Run

MODELS = """
import keras
from torch import nn

def a():
    layers = [keras.layers.Conv2D(4, 3, strides=2, padding="same", name="c"), keras.layers.Flatten()]
    return keras.Sequential([keras.Input((6, 6, 3)), *layers, keras.layers.Dense(5, name="d")])

def b(units=5):
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Flatten(), nn.Linear(36, units))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models_to_carry.py").write_text(MODELS)
    return tmp_path


A, B = "models_to_carry:a", "models_to_carry:b"
INPUTS = ("--input-a", "1,6,6,3", "--input-b", "1,3,6,6")


def test_prove_says_whether_it_holds(folder: Path, run: Run) -> None:
    good = run("prove", A, B, *INPUTS, "--seeds", "1", cwd=folder)
    assert good.returncode == 0
    assert good.stdout.startswith("The proof holds (float64, 1 seed, bar 1e-09).")
    bad = run("prove", A, B, *INPUTS, "--with-b", "units=6", "--seeds", "1", cwd=folder)
    assert bad.returncode == 1
    assert "Not carried: d.kernel -> 2.weight" in bad.stdout


def test_compare_proves_too(folder: Path, run: Run) -> None:
    found = run("compare", A, B, *INPUTS, cwd=folder)
    assert found.returncode == 1  # equal after repairs only
    proved = run("compare", A, B, *INPUTS, "--prove", cwd=folder)
    assert proved.returncode == 0
    assert "The proof holds" in proved.stdout


@pytest.mark.parametrize("name", ["b.pt", "b.safetensors"])
def test_transfer_writes_the_weights(folder: Path, run: Run, name: str) -> None:
    done = run("transfer", A, B, *INPUTS, "--out", str(folder / name), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "c.kernel -> 0.weight" in done.stdout
    if name.endswith(".pt"):
        held = torch.load(folder / name, weights_only=True)
    else:
        held = pytest.importorskip("safetensors.torch").load_file(folder / name)
    assert sorted(held) == ["0.bias", "0.weight", "2.bias", "2.weight"]


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # NumPy's, of how Keras reads a TensorFlow variable
def test_transfer_writes_keras_weights_and_a_recipe(folder: Path, run: Run) -> None:
    out = folder / "a.weights.h5"
    done = run(
        "transfer", B, A, "--input-a", "1,3,6,6", "--input-b", "1,6,6,3", "--out", str(out), "--recipe", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("def carry(source, target):")
    layers = [keras.layers.Conv2D(4, 3, strides=2, padding="same", name="c"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((6, 6, 3)), *layers, keras.layers.Dense(5, name="d")])
    before = carrying.array(model.weights[0])
    model.load_weights(out)
    assert not np.array_equal(carrying.array(model.weights[0]), before)


def test_what_cannot_be_carried_or_written_is_one_sentence(folder: Path, run: Run) -> None:
    wide = run("transfer", A, B, *INPUTS, "--with-b", "units=6", "--out", str(folder / "b.pt"), cwd=folder)
    assert wide.returncode == 2
    assert "out is 5 here and 6 there" in wide.stderr
    assert not (folder / "b.pt").exists()
    odd = run("transfer", A, B, *INPUTS, "--out", str(folder / "b.xyz"), cwd=folder)
    assert odd.returncode == 2
    assert "is no file of torch" in odd.stderr
