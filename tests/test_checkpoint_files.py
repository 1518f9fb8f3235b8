"""Files that are no checkpoint, or another model's, or dangerous; interrupted writing; Keras 2; the command line."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import safetensors.torch
import torch
from support import carrying
from support.command_line import Run
from torch import nn

from introspect import Checkpoint, errors, inspect, transfer
from introspect.registry import adapter_for
from introspect.storing import formats, hdf5, safetensors_files

K = keras.layers
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*HDF5 file via", "ignore:__array__:DeprecationWarning", "ignore:.*torch.jit"
)


def ours() -> Any:
    return keras.Sequential([keras.Input((4,)), K.Dense(3, name="a"), K.Dense(2, name="b")])


def theirs(units: int = 2) -> nn.Module:
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, units))


def state(path: Path) -> bytes:
    return path.read_bytes()


class Runs:
    """Reading a pickle of this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def test_no_code_in_a_state_dict_is_run(tmp_path: Path) -> None:
    torch.save({"0.weight": torch.ones(3, 4), "evil": Runs(tmp_path / "ran")}, tmp_path / "m.pt")
    with pytest.raises(errors.CheckpointError, match="holds more than tensors, and reading that could run code"):
        Checkpoint(tmp_path / "m.pt", inspect(theirs())).weights()
    assert not (tmp_path / "ran").exists()
    torch.load(tmp_path / "m.pt", weights_only=False)
    assert (tmp_path / "ran").exists()  # so the test above could have failed


def script(path: Path) -> None:
    torch.jit.script(theirs()).save(str(path))


def whole(path: Path) -> None:
    torch.save(theirs(), path)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"a": 1}))


def of_torch(path: Path) -> None:
    torch.save(theirs().state_dict(), path)


def narrow(path: Path) -> None:
    torch.save(theirs(5).state_dict(), path)


def stranger(path: Path) -> None:
    torch.save({"conv.weight": torch.ones(2, 2)}, path)


def numbers(path: Path) -> None:
    torch.save({"epoch": 3, "history": {"loss": 0.5}}, path)


def a_list(path: Path) -> None:
    torch.save([torch.ones(2)], path)


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no checkpoint at all, and it is long enough to be one" * 10)


def nothing(path: Path) -> None:
    path.write_bytes(b"")


def half_of(write: Callable[[Path], None]) -> Callable[[Path], None]:
    def written(path: Path) -> None:
        write(path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    return written


def in_safetensors(path: Path) -> None:
    safetensors.torch.save_file(theirs().state_dict(), path)


def in_keras(path: Path) -> None:
    ours().save_weights(path)


def other_keras(path: Path) -> None:
    keras.Sequential([keras.Input((4,)), K.Dense(3, name="a"), K.Dense(7, name="b")]).save_weights(path)


def fewer_layers(path: Path) -> None:
    keras.Sequential([keras.Input((4,)), K.Dense(3, name="a")]).save_weights(path)


def empty_hdf5(path: Path) -> None:
    h5py.File(path, "w").close()


def linked(path: Path) -> None:
    in_keras(path)
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars/0"]
        file["layers/dense/vars/0"] = h5py.ExternalLink("other.h5", "/secret")


def elsewhere(path: Path) -> None:
    in_keras(path)
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars/0"]
        place = [(str(path.with_name("other.bin")), 0, 48)]
        file["layers/dense/vars"].create_dataset("0", (4, 3), "float32", external=place)


def virtual(path: Path) -> None:
    in_keras(path)
    with h5py.File(path, "r+") as file:
        del file["layers/dense/vars/0"]
        layout = h5py.VirtualLayout((4, 3), "float32")
        layout[:] = h5py.VirtualSource("other.h5", "secret", (4, 3))
        file["layers/dense/vars"].create_virtual_dataset("0", layout)


def older(units: int) -> Callable[[Path], None]:
    def written(path: Path) -> None:
        keras.Sequential([keras.Input((4,)), K.Dense(3, name="a"), K.Dense(units, name="b")]).save(path)

    return written


def without_weights(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


def odd_index(path: Path) -> None:
    path.write_text('{"weight_map": {"0.weight": "../elsewhere.safetensors"}}')


ODD: list[tuple[str, Callable[[Path], None], str]] = [
    ("m.pt", script, "is a TorchScript archive, which is a program"),
    ("m.pt", whole, "holds more than tensors, and reading that could run code"),
    ("m.pt", narrow, r"another model: 1\.weight has the shape \(5, 3\) there and \(2, 3\) here"),
    ("m.pt", stranger, r"another model: it has no '0\.weight'"),
    ("m.pt", numbers, "holds no state dict that is known by its name, but epoch, history"),
    ("m.pt", a_list, "holds a list, where a dict of tensors"),
    ("m.pt", pickled, "reading that could run code"),
    ("m.pt", garbage, "no whole file of torch.save|could run code"),
    ("m.pt", nothing, "no whole file of torch.save"),
    ("m.pt", half_of(of_torch), "no whole file of torch.save"),
    ("m.safetensors", garbage, "no whole .safetensors file"),
    ("m.safetensors", nothing, "no whole .safetensors file"),
    ("m.safetensors", half_of(in_safetensors), "no whole .safetensors file"),
    ("m.safetensors.index.json", odd_index, "it names files in other folders"),
    ("m.safetensors.index.json", garbage, "is no index of a checkpoint"),
    ("m.xyz", garbage, "is no checkpoint by its name"),
]
ODD_KERAS: list[tuple[str, Callable[[Path], None], str]] = [
    ("m.weights.h5", other_keras, r"no object in it has the tensors of b \(kernel \(3, 2\), bias \(2,\)\)"),
    ("m.weights.h5", fewer_layers, "belongs to another model: no object"),
    ("m.weights.h5", empty_hdf5, "an HDF5 file without weights of Keras"),
    ("m.weights.h5", linked, "is a link, which may lead into another file"),
    ("m.weights.h5", elsewhere, "lies in another file, which is not opened"),
    ("m.weights.h5", virtual, "lies in another file, which is not opened"),
    ("m.h5", older(7), r"another model, or keeps it in another order: b\.kernel \(3, 2\) stands against"),
    ("m.weights.h5", half_of(in_keras), "can't be read as weights of Keras"),
    ("m.weights.h5", garbage, "can't be read as weights of Keras"),
    ("m.keras", without_weights, "can't be read as weights of Keras"),
]


@pytest.mark.parametrize(("name", "write", "sentence"), ODD + ODD_KERAS)
def test_a_file_that_is_none_is_one_sentence(
    name: str, write: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    write(tmp_path / name)
    with pytest.raises(errors.CheckpointError, match=sentence) as raised:
        Checkpoint(tmp_path / name, inspect(ours() if (name, write, sentence) in ODD_KERAS else theirs())).weights()
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_is_no_source(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointError, match=r"m\.pt' is no file"):
        transfer(Checkpoint(tmp_path / "m.pt", inspect(theirs(), (1, 4))), ours())
    with pytest.raises(errors.CheckpointError, match="can't be written"):
        transfer(ours(), Checkpoint(tmp_path / "no" / "m.pt", inspect(theirs(), (1, 4))))
    with pytest.raises(errors.CheckpointError, match="would be a file of Keras"):
        transfer(ours(), Checkpoint(tmp_path / "m.weights.h5", inspect(theirs(), (1, 4))))


@pytest.mark.parametrize("there", [True, False], ids=["old", "new"])
@pytest.mark.parametrize("name", ["m.safetensors", "m.pt", "m.weights.h5", "m.keras"])
def test_writing_that_is_interrupted_leaves_all_as_it_was(
    name: str, there: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "m.keras" and not there:
        pytest.skip("such a file is only changed")
    is_keras, path = name in ("m.weights.h5", "m.keras"), tmp_path / name
    model = ours() if is_keras else theirs()
    if there:
        model.save(path) if name == "m.keras" else adapter_for(model).save(model, str(path))
    before = path.read_bytes() if there else None
    wrote = []

    def interrupted(*arguments: Any, **named: Any) -> None:
        place = next((a for a in arguments if isinstance(a, Path)), tmp_path)
        wrote.append(place)
        place.write_bytes(b"half")
        raise KeyboardInterrupt

    for module, function in ((safetensors_files, "write_new"), (hdf5, "write_new"), (hdf5.KerasFile, "_put")):
        monkeypatch.setattr(module, function, interrupted)
    monkeypatch.setattr(torch, "save", lambda held, place: interrupted(Path(place)))
    report = inspect(model) if is_keras else inspect(model, (1, 4))
    with pytest.raises(KeyboardInterrupt):
        transfer(theirs() if is_keras else ours(), Checkpoint(path, report))
    assert wrote
    assert os.listdir(tmp_path) == ([name] if there else [])
    assert before is None or path.read_bytes() == before


def test_a_target_that_is_there_keeps_its_dtypes_and_what_else_it_holds(tmp_path: Path) -> None:
    held = {name: tensor.half() for name, tensor in theirs().state_dict().items()}
    safetensors.torch.save_file(
        {**held, "step": torch.tensor(7)}, tmp_path / "m.safetensors", {"format": "pt", "by": "me"}
    )
    os.chmod(tmp_path / "m.safetensors", 0o640)
    source = ours()
    made = transfer(source, Checkpoint(tmp_path / "m.safetensors", inspect(theirs(), (1, 4))))
    assert "holds more than the model: step" in str(made)
    with safetensors.safe_open(tmp_path / "m.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt", "by": "me"}
        assert file.get_tensor("step") == 7
        kernel = file.get_tensor("0.weight")
    assert kernel.dtype == torch.float16
    assert np.array_equal(kernel.numpy(), carrying.array(source.weights[0]).T.astype("float16"))
    assert (tmp_path / "m.safetensors").stat().st_mode & 0o777 == 0o640


def test_a_file_is_read_tensor_by_tensor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_safetensors(tmp_path / "m.safetensors")
    read, seen = safetensors_files.SafetensorsFile.raw, []
    monkeypatch.setattr(safetensors_files.SafetensorsFile, "raw", lambda s, n: (seen.append(n), read(s, n))[1])
    held = Checkpoint(tmp_path / "m.safetensors", inspect(theirs())).weights()
    held.spec("0.weight")
    assert seen == []
    held.read("1.bias")
    assert seen == ["1.bias"]


def test_a_file_is_like_one_of_its_own_kind(tmp_path: Path) -> None:
    ours().save(tmp_path / "m.h5")
    like = Checkpoint(tmp_path / "new.weights.h5", inspect(ours()), like=tmp_path / "m.h5")
    with pytest.raises(errors.CheckpointError, match=r"like 'm\.h5' is \.h5, not \.weights\.h5"):
        transfer(theirs(), like)
    with pytest.raises(errors.CheckpointError, match="is no file"):
        transfer(theirs(), Checkpoint(tmp_path / "new.h5", inspect(ours()), like=tmp_path / "none.h5"))


def test_new_files_are_of_few_kinds(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointError, match="only changed where it is there"):
        transfer(theirs(), Checkpoint(tmp_path / "m.keras", inspect(ours())))
    assert all(any(name.endswith(end) for end in (*formats.TORCH, ".safetensors", ".h5")) for name in formats.WRITTEN)


@pytest.mark.parametrize("ending", [".weights.h5", ".keras", ".h5", ".only.h5"])
@pytest.mark.parametrize("build", ["nested", "recurrent"])
def test_keras_2(build: str, ending: str, tmp_path: Path) -> None:
    keras_2 = pytest.importorskip("tf_keras")
    layers = keras_2.layers

    def made() -> Any:
        x = i = keras_2.Input((6, 8))
        if build == "nested":
            inner = keras_2.Sequential([layers.Dense(5), layers.Dense(5)])
            x = layers.BatchNormalization()(inner(layers.Dense(8)(x)))
        else:
            x = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(x)
            x = layers.TimeDistributed(layers.Dense(8))(layers.MultiHeadAttention(2, 4)(x, x))
        return keras_2.Model(i, x)

    model, other, path = made(), made(), tmp_path / f"m{ending}"
    model.set_weights([np.random.default_rng(n).normal(size=w.shape) for n, w in enumerate(model.get_weights())])
    (model.save if ending in (".keras", ".h5") else model.save_weights)(path)
    for one in (model, other):  # the second one's layers bear other names
        weights, report = adapter_for(one).weights(one), inspect(one, trace=None)
        one.load_weights(path)
        for held in (Checkpoint(path, report).weights(), Checkpoint(path, one).weights()):
            for parameter in report.parameters:
                assert np.array_equal(held.read(parameter.path), weights.read(parameter.path)), parameter.path


def test_how_keras_2_once_called_the_layers(tmp_path: Path) -> None:
    written, model, path = ours(), ours(), tmp_path / "m.weights.h5"
    in_keras(path)
    written.save_weights(path)
    with h5py.File(path, "r+") as file:
        file.move("layers", "_layer_checkpoint_dependencies")
    held = Checkpoint(path, inspect(model)).weights()
    model.load_weights(path)
    for p in inspect(model).parameters:
        assert np.array_equal(held.read(p.path), adapter_for(model).weights(model).read(p.path))
    held.assign({"a.bias": np.ones(3, "float32")})
    model.load_weights(path)
    assert (carrying.array(model.weights[1]) == 1).all()


MODELS = """
import keras
from torch import nn

def a():
    layers = [keras.layers.Dense(3, name="a"), keras.layers.Dense(2, name="b")]
    return keras.Sequential([keras.Input((4,)), *layers])

def b():
    return nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "models_in_files.py").write_text(MODELS)
    (tmp_path / "a.json").write_text(inspect(ours()).to_json())
    (tmp_path / "b.json").write_text(inspect(theirs(), (1, 4)).to_json())
    ours().save_weights(tmp_path / "a.weights.h5")
    of_torch(tmp_path / "b.pt")
    return tmp_path


A, B = "models_in_files:a", "models_in_files:b"


@pytest.mark.parametrize(("a", "b"), [("a.json", "b.json"), (A, B), (A, "b.json")])
def test_the_command_line_carries_files(a: str, b: str, folder: Path, run: Run) -> None:
    files = ("--checkpoint-a", "a.weights.h5", "--checkpoint-b", "b.pt")
    told = ("--input-b", "1,4") if b == B else ()
    apart = run("compare", a, b, *files, *told, cwd=folder)
    assert apart.returncode == 1
    assert "0 tensors are equal" in apart.stdout
    assert "verdict: equal" in apart.stdout
    for _ in range(2):  # the second time it is there
        done = run("transfer", a, b, *files, *told, "--out", "new.pt", cwd=folder)
        assert done.returncode == 0, done.stderr
    model = ours()
    model.load_weights(folder / "a.weights.h5")
    kernel = torch.load(folder / "new.pt", weights_only=True)["0.weight"].numpy()
    assert np.array_equal(kernel, carrying.array(model.weights[0]).T)
    same = run("compare", a, b, "--checkpoint-a", "a.weights.h5", "--checkpoint-b", "new.pt", *told, cwd=folder)
    assert same.returncode == 0, same.stderr
    assert "4 tensors are equal" in same.stdout


def test_the_command_line_writes_by_a_report(folder: Path, run: Run) -> None:
    for name in ("new.safetensors", "new.safetensors"):  # the second time it is there
        done = run("transfer", "a.json", "b.json", "--checkpoint-a", "a.weights.h5", "--out", name, cwd=folder)
        assert done.returncode == 0, done.stderr
    assert sorted(safetensors.torch.load_file(folder / "new.safetensors")) == [
        "0.bias",
        "0.weight",
        "1.bias",
        "1.weight",
    ]
    missing = run("transfer", "a.json", "b.json", "--out", "other.pt", cwd=folder)
    assert missing.returncode == 2
    assert "or a Checkpoint" in missing.stderr
    wrong = run("compare", "a.json", "b.json", "--checkpoint-a", "b.pt", "--checkpoint-b", "b.pt", cwd=folder)
    assert wrong.returncode == 2
    assert wrong.stderr.startswith("introspect: b.pt belongs to another model")
    assert wrong.stderr.count("\n") == 1
