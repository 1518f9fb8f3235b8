"""Checkpoint: files of weights as source and target of a transfer; the frameworks' own loaders are the truth."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import safetensors.torch
import torch
from keras.src.legacy.saving import legacy_h5_format
from support import carrying
from torch import nn

from introspect import Checkpoint, compare, errors, inspect, transfer
from introspect.registry import adapter_for

K = keras.layers
pytestmark = pytest.mark.filterwarnings("ignore:.*HDF5 file via", "ignore:__array__:DeprecationWarning")


def small() -> Any:
    layers = [K.Conv2D(4, 3, name="conv"), K.BatchNormalization(name="norm", epsilon=1e-5), K.Flatten()]
    return keras.Sequential([keras.Input((6, 6, 3)), *layers, K.Dropout(0.1), K.Dense(5, name="head")])


def port() -> nn.Module:
    torch.manual_seed(0)
    made = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Dropout(0.1), nn.Linear(64, 5)).eval()
    for tensor in made.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.5, 1.5)
    return made


def rich() -> Any:
    x = i = keras.Input((6, 8))
    x = K.Bidirectional(K.LSTM(4, return_sequences=True))(x)
    x = K.MultiHeadAttention(2, 4)(K.Dropout(0.1)(x), x)
    x = K.TimeDistributed(K.Dense(3))(x)
    x = K.RNN([K.LSTMCell(3), K.GRUCell(3)], return_sequences=True)(x)
    x = keras.Sequential([K.Dense(5), K.Dense(5)])(x)
    x = K.GroupQueryAttention(2, 4, 2)(x, x)
    return keras.Model(i, K.SpectralNormalization(K.Dense(5))(K.BatchNormalization()(x)))


class Own(keras.Model):
    """What a user's class holds: attributes in another order than they are made in, a list, a dict, a model."""

    def __init__(self, names: tuple[str, ...] = ()) -> None:
        super().__init__()
        said: list[dict[str, Any]] = [{"name": name} for name in names] or [{}] * 4
        self.second, self.first = K.Dense(3, **said[0]), K.Dense(3, **said[1])
        self.several = [K.Dense(3, **said[2]), K.Dense(4, **said[3])]
        self.held = {"x": K.LayerNormalization(), "y": keras.Sequential([K.Dense(4)])}
        self.scale = self.add_weight(shape=(4,), name="scale")

    def call(self, x: Any) -> Any:
        for layer in (self.second, self.first, *self.several, *self.held.values()):
            x = layer(x)
        return x * self.scale


def own(*names: str) -> Any:
    model = Own(names)
    model(np.zeros((1, 3), "float32"))
    return model


def live(model: Any) -> dict[str, Any]:
    """What a live model holds, by path, seeds apart."""
    weights = adapter_for(model).weights(model)
    return {p.path: weights.read(p.path) for p in inspect(model, trace=None).parameters if p.role != "seed"}


def same(checkpoint: Checkpoint, model: Any) -> list[str]:
    """Every tensor of the file is the model's; what is odd about the file."""
    held, wanted = checkpoint.weights(), live(model)
    for path, array in wanted.items():
        assert np.array_equal(held.read(path), array), path
    assert wanted
    return held.notes


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".h5"])
@pytest.mark.parametrize("build", [small, rich, own], ids=lambda build: build.__name__)
def test_a_file_of_keras_is_read_by_the_report(build: Callable[[], Any], ending: str, tmp_path: Path) -> None:
    model, path = build(), tmp_path / f"m{ending}"
    carrying.randomize(model, 1)
    if ending == ".weights.h5":
        model.save_weights(path)
    elif ending == ".h5" and build is own:  # such a model is saved by its weights alone
        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
    else:
        model.save(path)
    report = inspect(model, trace=None)
    assert same(Checkpoint(path, report), model) == []
    same(Checkpoint(path, type(report).from_json(report.to_json())), model)


@pytest.mark.parametrize("build", [small, rich, own], ids=lambda build: build.__name__)
def test_layers_that_are_called_otherwise_in_the_file(build: Callable[[], Any], tmp_path: Path) -> None:
    """Automatic names count on from model to model: those of the file are not those of the report."""
    written, model = build(), build()
    carrying.randomize(written, 1)
    written.save_weights(tmp_path / "w.weights.h5")
    held = Checkpoint(tmp_path / "w.weights.h5", inspect(model, trace=None)).weights()
    read = {path: held.read(path) for path in live(model)}
    model.load_weights(tmp_path / "w.weights.h5")
    assert all(np.array_equal(read[path], array) for path, array in live(model).items())
    said = "matched in the order of making" in " ".join(held.notes)
    assert said == (build is own)


def test_what_the_report_cannot_tell_the_live_model_does(tmp_path: Path) -> None:
    written, model = own("a", "b", "c", "d"), own("k", "l", "m", "n")
    carrying.randomize(written, 1)
    written.save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(errors.CheckpointError, match="pass the live model instead of its report"):
        Checkpoint(tmp_path / "w.weights.h5", inspect(model, trace=None)).weights()
    held = Checkpoint(tmp_path / "w.weights.h5", model).weights()
    read = {path: held.read(path) for path in live(model)}
    model.load_weights(tmp_path / "w.weights.h5")
    assert all(np.array_equal(read[path], array) for path, array in live(model).items())


def test_names_that_contradict_the_places_are_refused(tmp_path: Path) -> None:
    def made(*names: str) -> Any:
        return keras.Sequential([keras.Input((3,)), *(K.Dense(3, name=name) for name in names)])

    made("a", "b").save_weights(tmp_path / "w.weights.h5")
    with pytest.raises(errors.CheckpointError, match="another order"):
        Checkpoint(tmp_path / "w.weights.h5", inspect(made("b", "a"))).weights()


def test_there_and_back_through_files_is_exact(tmp_path: Path) -> None:
    """torch → .safetensors → .weights.h5, loaded by Keras → .pt, loaded by torch."""
    ours, theirs = port(), small()
    reports = inspect(ours, (1, 3, 6, 6)), inspect(theirs)
    files = [tmp_path / name for name in ("a.safetensors", "b.weights.h5", "c.pt")]
    transfer(ours, Checkpoint(files[0], reports[0]))
    assert sorted(safetensors.torch.load_file(files[0])) == sorted(ours.state_dict())
    transfer(Checkpoint(files[0], reports[0]), Checkpoint(files[1], reports[1]))
    theirs.load_weights(files[1])
    images = np.random.default_rng(0).normal(size=(2, 6, 6, 3)).astype("float32")
    with torch.no_grad():
        wanted = ours(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    assert np.allclose(carrying.array(theirs(images, training=False)), wanted, rtol=1e-4)
    transfer(Checkpoint(files[1], reports[1]), Checkpoint(files[2], reports[0]))
    again = port()
    again.load_state_dict(torch.load(files[2], weights_only=True))
    wanted = ours.state_dict()
    assert all(torch.equal(t, wanted[n]) for n, t in again.state_dict().items() if "batches" not in n)
    held = compare(Checkpoint(files[0], reports[0]), Checkpoint(files[2], reports[0]), values=True).values
    assert [one.b for one in held if one.equal is False] == []
    assert sum(one.equal is True for one in held) == 8


@pytest.mark.parametrize("build", [rich, own], ids=lambda build: build.__name__)
def test_a_new_file_of_a_live_model_is_what_keras_reads(build: Callable[[], Any], tmp_path: Path) -> None:
    source, target, other = build(), build(), build()
    carrying.randomize(source, 1)
    before = live(target)
    comparison = compare(source, target, inputs_a=None if build is rich else (1, 3))
    transfer(source, Checkpoint(tmp_path / "w.weights.h5", target), comparison)
    other.load_weights(tmp_path / "w.weights.h5")
    for (path, array), wanted in zip(live(other).items(), live(source).values(), strict=True):
        assert np.array_equal(array, wanted) or path.endswith("vector_u")  # no output depends on that one
    assert all(np.array_equal(array, before[path]) for path, array in live(target).items())  # only the file is written


def test_a_new_file_by_the_report_of_a_subclass_is_refused(tmp_path: Path) -> None:
    source = own()
    report = inspect(source, (1, 3))
    with pytest.raises(errors.CheckpointError, match="pass the live model instead, or say like="):
        transfer(source, Checkpoint(tmp_path / "w.weights.h5", report), compare(report, report))
    assert os.listdir(tmp_path) == []
    source.save_weights(tmp_path / "old.weights.h5")
    carrying.randomize(source, 1)
    like = Checkpoint(tmp_path / "w.weights.h5", report, like=tmp_path / "old.weights.h5")
    transfer(source, like, compare(report, report))
    assert same(Checkpoint(tmp_path / "w.weights.h5", report), source) == []


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_whole_model_of_keras_is_changed_in_place(ending: str, tmp_path: Path) -> None:
    model, source = small(), port()
    path = tmp_path / f"m{ending}"
    model.save(path)
    transfer(source, Checkpoint(path, inspect(model)), compare(source, model, inputs_a=(1, 3, 6, 6)))
    loaded = keras.models.load_model(path, compile=False)
    assert np.array_equal(carrying.array(loaded.get_layer("head").weights[1]), source[4].bias.detach().numpy())
    assert os.listdir(tmp_path) == [path.name]


DTYPES = ["bfloat16", "float16", "float64", "float8_e4m3fn", "float8_e5m2", "int8", "uint8", "bool", "int64"]


@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_is_read_and_kept(dtype: str, ending: str, tmp_path: Path) -> None:
    class Holder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("table", torch.tensor([[0, 1, 1], [1, 0, 1]]).to(getattr(torch, dtype)))
            self.register_buffer("one", torch.tensor(1).to(getattr(torch, dtype)))

    model, path = Holder(), tmp_path / f"m{ending}"
    report = inspect(model, trace=None)
    Checkpoint(path, model).weights(new=True).assign(live(model))
    found = torch.load(path, weights_only=True) if ending == ".pt" else safetensors.torch.load_file(path)
    for name, tensor in model.state_dict().items():
        assert found[name].dtype == tensor.dtype
        assert torch.equal(found[name].to(torch.float32), tensor.to(torch.float32))
    held = Checkpoint(path, report).weights()
    assert str(held.spec("table").dtype) == dtype
    assert np.array_equal(held.read("table"), [[0, 1, 1], [1, 0, 1]])
    assert held.read("table").dtype.isbuiltin  # one that NumPy has
    held.assign({"table": live(model)["table"][::-1]})
    again = Checkpoint(path, report).weights()
    assert np.array_equal(again.read("table").astype("float32"), [[1, 0, 1], [0, 1, 1]])
    assert again.spec("table").dtype == dtype
    assert again.read("one") == 1


def test_bfloat16_of_keras(tmp_path: Path) -> None:
    def made() -> Any:
        return keras.Sequential([keras.Input((3,)), K.Dense(4, dtype=keras.DTypePolicy("bfloat16"), name="d")])

    model, other = made(), made()
    model.save_weights(tmp_path / "w.weights.h5")
    held = Checkpoint(tmp_path / "w.weights.h5", inspect(model)).weights()
    assert held.spec("d.kernel").dtype == "bfloat16"
    assert np.array_equal(held.read("d.kernel"), live(model)["d.kernel"])
    held.assign({"d.kernel": np.full((3, 4), 1.5, "float32")})
    other.load_weights(tmp_path / "w.weights.h5")
    assert (live(other)["d.kernel"] == 1.5).all()


WRAPPED: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("compiled", lambda s: {f"_orig_mod.{n}": t for n, t in s.items()}, "'_orig_mod'"),
    ("parallel", lambda s: {f"module.{n}": t for n, t in s.items()}, "begin with 'module.'"),
    ("both", lambda s: {f"module._orig_mod.{n}": t for n, t in s.items()}, "begin with 'module.'"),
    ("nested", lambda s: {"epoch": 3, "state_dict": s, "optimizer": {"lr": 0.1}}, "under 'state_dict', beside epoch"),
    ("deeper", lambda s: {"model": {"state_dict": s}}, "lie under 'model.state_dict'"),
    ("more", lambda s: {**s, "ema.decay": torch.ones(2)}, "holds more than the model: ema.decay"),
    ("less", lambda s: {n: t for n, t in s.items() if n != "1.num_batches_tracked"}, "lacks 1.num_batches_tracked"),
]  # fmt: skip


@pytest.mark.parametrize(("wrap", "sentence"), [row[1:] for row in WRAPPED], ids=[row[0] for row in WRAPPED])
def test_a_state_dict_in_other_words_is_read_and_said(wrap: Any, sentence: str, tmp_path: Path) -> None:
    source, target, path = port(), small(), tmp_path / "m.pt"
    torch.save(wrap(source.state_dict()), path)
    made = transfer(Checkpoint(path, inspect(source, (1, 3, 6, 6))), target)
    assert sentence in " ".join(made.notes)
    assert sentence in str(made)
    assert np.array_equal(live(target)["head.bias"], source[4].bias.detach().numpy())
    if "state_dict" in sentence:  # what stands beside the weights stays
        transfer(target, Checkpoint(path, inspect(source, (1, 3, 6, 6))))
        assert torch.load(path, weights_only=True).keys() == wrap({}).keys()


def test_a_tensor_that_the_file_lacks_is_refused(tmp_path: Path) -> None:
    source, target = port(), small()
    before = live(target)
    torch.save({n: t for n, t in source.state_dict().items() if n != "4.bias"}, tmp_path / "m.pt")
    checkpoint = Checkpoint(tmp_path / "m.pt", inspect(source, (1, 3, 6, 6)))
    with pytest.raises(errors.TransferError, match=r"4\.bias -> head\.bias .*m\.pt has no 4\.bias"):
        transfer(checkpoint, target)
    assert all(np.array_equal(array, before[path]) for path, array in live(target).items())
    made = transfer(checkpoint, target, partial=True)
    assert [one.target for one in made.refused] == ["head.bias"]
    assert np.array_equal(live(target)["conv.bias"], source[0].bias.detach().numpy())


def test_names_that_stand_there_twice_are_no_guess(tmp_path: Path) -> None:
    safetensors.torch.save_file(
        nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)).state_dict(), tmp_path / "m.safetensors"
    )
    with pytest.raises(errors.CheckpointError, match=r"more than once, behind '0\.' and '1\.'"):
        Checkpoint(tmp_path / "m.safetensors", inspect(nn.Linear(3, 3))).weights()


def shards(model: nn.Module, folder: Path) -> Path:
    home = {name: f"model-{n % 2}.safetensors" for n, name in enumerate(model.state_dict())}
    for file in set(home.values()):
        held = {name: tensor for name, tensor in model.state_dict().items() if home[name] == file}
        safetensors.torch.save_file(held, folder / file, {"format": "pt"})
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": home}))
    return folder / "model.safetensors.index.json"


def test_a_checkpoint_in_several_files(tmp_path: Path) -> None:
    source = port()
    index, report = shards(source, tmp_path), inspect(source, (1, 3, 6, 6))
    assert same(Checkpoint(index, report), source) == ["It lies in 2 files."]
    target = small()
    with pytest.raises(errors.CheckpointError, match="write to one new"):
        transfer(target, Checkpoint(index, report))
    transfer(target, Checkpoint(tmp_path / "one.safetensors", report, like=index))
    assert np.array_equal(
        safetensors.torch.load_file(tmp_path / "one.safetensors")["4.bias"], live(target)["head.bias"]
    )
    (tmp_path / "model-1.safetensors").unlink()
    with pytest.raises(errors.CheckpointError, match=r"model-1\.safetensors, which is not there"):
        Checkpoint(index, report).weights()


class Tied(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 4, bias=False), nn.Linear(4, 4, bias=False)
        self.two.weight = self.one.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.two(torch.relu(self.one(x)))


@pytest.mark.parametrize("by", ["report", "model"])
@pytest.mark.parametrize("ending", [".safetensors", ".pt"])
def test_tied_tensors(ending: str, by: str, tmp_path: Path) -> None:
    source, target, path = Tied(), Tied(), tmp_path / f"m{ending}"
    report = inspect(source, (1, 4))
    transfer(source, Checkpoint(path, report if by == "report" else target), compare(report, report))
    if ending == ".pt":
        held = torch.load(path, weights_only=True)
        assert held["one.weight"].data_ptr() == held["two.weight"].data_ptr()
        target.load_state_dict(held)
    else:
        assert list(safetensors.torch.load_file(path)) == ["one.weight"]
        assert safetensors.torch.load_model(target, path) == (set(), [])
    assert torch.equal(target.two.weight, source.one.weight)
    notes = same(Checkpoint(path, report), source)
    assert ("keeps tied tensors once, without two.weight" in " ".join(notes)) == (ending == ".safetensors")


def test_tied_tensors_that_differ_in_the_file(tmp_path: Path) -> None:
    torch.save({"one.weight": torch.zeros(4, 4), "two.weight": torch.ones(4, 4)}, tmp_path / "m.pt")
    held = Checkpoint(tmp_path / "m.pt", inspect(Tied(), (1, 4))).weights()
    with pytest.raises(errors.CheckpointError, match=r"are one tensor of the model, and differ in m\.pt"):
        held.read("one.weight")
