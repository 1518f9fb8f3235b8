"""Files that somebody made to harm, or that are damaged inside: nothing runs, and all that is said is one sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import nn

from introspect import Checkpoint, Report, errors, inspect, transfer
from introspect.disk import from_disk
from introspect.errors import CheckpointError, WouldRunCodeError
from introspect.storing.keras_config import check_config

pytestmark = pytest.mark.filterwarnings("ignore")  # what frameworks say of such files


def keras_2() -> Any:
    return pytest.importorskip("tf_keras")


def rewritten(path: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A model of Keras 2 with a layer that calls TensorFlow, and what became of its configuration."""
    package = keras_2()
    import tensorflow as tf

    x = package.Input((3,))
    package.Model(x, package.layers.Dense(2)(tf.multiply(x, 2.0))).save(path)
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(held["config.json"])
    change(config)
    held["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in held.items():
            archive.writestr(name, data)


def test_a_layer_that_only_computes_is_no_danger(tmp_path: Path) -> None:
    rewritten(tmp_path / "m.keras", lambda config: None)
    assert inspect(tmp_path / "m.keras").parameter_count == 3 * 2 + 2


def test_a_layer_that_writes_a_file_while_it_is_loaded(tmp_path: Path) -> None:
    ran = tmp_path / "ran"

    def change(config: dict[str, Any]) -> None:
        layer = config["config"]["layers"][1]
        layer["config"]["function"] = "io.write_file"
        layer["inbound_nodes"] = [["_CONSTANT_VALUE", -1, str(ran), {"contents": "written"}]]

    rewritten(tmp_path / "m.keras", change)
    with pytest.raises(errors.CheckpointError, match=r"a TFOpLambda of io\.write_file, which does more than compute"):
        from_disk(tmp_path / "m.keras")
    assert not ran.exists()
    with pytest.raises(errors.CheckpointError):
        from_disk(tmp_path / "m.keras", allow_code=True)
    assert ran.exists()  # so the refusal above is what kept it away


def test_no_module_is_imported_that_a_file_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "named_by_a_file.py").write_text(f"open({str(ran)!r}, 'w').close()\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    rewritten(tmp_path / "m.keras", lambda config: config.update(module="named_by_a_file", class_name="Any"))
    with pytest.raises(errors.CheckpointError, match="Any of named_by_a_file, which is not registered"):
        from_disk(tmp_path / "m.keras")
    assert not ran.exists()
    with pytest.raises(errors.CheckpointError):
        from_disk(tmp_path / "m.keras", allow_code=True)
    assert ran.exists()


def test_what_is_registered_with_keras_2_is_loaded(tmp_path: Path) -> None:
    package = keras_2()

    @package.saving.register_keras_serializable("mine")
    class Doubled(package.layers.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    package.Sequential([package.Input((3,)), Doubled(name="twice")]).save(tmp_path / "m.keras")
    try:
        assert inspect(tmp_path / "m.keras")["twice"].output_shape == (1, 3)
    finally:
        package.saving.get_custom_objects().pop("mine>Doubled")


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_a_file_that_is_hdf5_and_a_zip_archive_at_once(package: str, tmp_path: Path) -> None:
    made: Any = keras_2() if package == "tf_keras" else keras
    ran, path = str(tmp_path / "ran"), tmp_path / "m.h5"
    run = made.layers.Lambda(lambda x: (open(ran, "w").close(), x)[1], output_shape=(3,))
    made.Sequential([made.Input((3,)), run]).save(path)
    Path(ran).unlink(missing_ok=True)  # building a model may run its code
    harmless = io.BytesIO()
    with zipfile.ZipFile(harmless, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", json.dumps({"keras_version": made.__version__}))
    path.write_bytes(path.read_bytes() + harmless.getvalue())
    with pytest.raises(errors.CheckpointError, match=r"is a zip archive, which a whole model of Keras is as \.keras"):
        from_disk(path)
    assert not Path(ran).exists()


def called(word: str, **config: Any) -> dict[str, Any]:
    return {"class_name": word, "config": config}


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (called("TFOpLambda", function="math.multiply"), None),
        (called("TFOpLambda", function="concat"), None),
        (called("TFOpLambda", function="compat.v1.shape"), None),
        (called("SlicingOpLambda", function="__operators__.getitem"), None),
        (called("TFOpLambda", function="raw_ops.WriteFile"), "raw_ops.WriteFile"),
        (called("TFOpLambda", function="py_function"), "py_function"),
        (called("TFOpLambda", function="load_op_library"), "load_op_library"),
        (called("TFOpLambda", function="compat.v1.write_file"), "compat.v1.write_file"),
        (called("TFOpLambda", function="keras.utils.get_file"), "keras.utils.get_file"),
        ({"class_name": "TFOpLambda", "config": None}, "a TFOpLambda"),
        (called("ClassMethod", cls_symbol="RaggedTensor", method_name="from_tensor"), None),
        (called("ClassMethod", cls_symbol="keras.layers.Lambda", method_name="from_config"), "keras.layers.Lambda"),
        ({"class_name": "function", "module": "tf_keras.utils", "config": "get_file"}, "get_file of tf_keras.utils"),
        ({"text": json.dumps({"class_name": "Lambda"})}, "a Lambda layer"),
    ],
)
def test_what_keras_2_would_run(config: dict[str, Any], found: str | None) -> None:
    said = check_config({"config": {"layers": [[config]]}})
    assert said is None if found is None else found in (said or "")


def test_what_a_keras_would_import() -> None:
    foreign = {"module": "mine", "class_name": "Doubled", "registered_name": "pack>Doubled"}
    assert check_config(foreign) is None  # Keras 3 takes it only if it is registered
    assert check_config(foreign, lambda name: False) == "Doubled of mine, which is not registered"
    assert check_config(foreign, lambda name: name == "pack>Doubled") is None
    spec = {"class_name": "__typespec__", "module": "tensorflow.python.framework.tensor", "spec_name": "TensorSpec"}
    assert check_config(spec, lambda name: False) is None
    assert check_config({**spec, "module": "os"}, lambda name: False) is not None


def hdf5(fill: Callable[[Any], Any]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with h5py.File(path, "w") as file:
            fill(file)

    return write


def odd_version(file: Any) -> None:
    file.attrs["keras_version"] = 3
    file["layers/d/vars/0"] = np.ones(3)


def lost_tensor(file: Any) -> None:
    file.attrs["layer_names"] = [b"d"]
    file.create_group("d").attrs["weight_names"] = [b"d/kernel:0"]


def no_list(file: Any) -> None:
    file.attrs["layer_names"] = [b"d"]
    file.create_group("d").attrs["weight_names"] = "kernel"


def no_shape(file: Any) -> None:
    file["layers/d/vars/0"] = h5py.Empty("float32")


def archive(name: str, held: bytes, spoiled: bool) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr(name, held)
        data = bytearray(path.read_bytes())
        if spoiled:
            start = data.find(name.encode()) + len(name)
            data[start : start + 12] = b"\xff" * 12
        path.write_bytes(data)

    return write


def text(said: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.write_text(said)

    return write


DEEP = "[" * 100_000
DAMAGED: list[tuple[str, Callable[[Path], None], str]] = [
    ("m.weights.h5", hdf5(odd_version), "can't be read as weights of Keras"),
    ("m.h5", hdf5(lost_tensor), "'d/d/kernel:0' is named in the file, and is not in it"),
    ("m.h5", hdf5(no_list), "its weight_names is no list"),
    ("m.weights.h5", hdf5(no_shape), "'layers/d/vars/0' is no tensor"),
    ("m.keras", archive("config.json", b"{}" * 500, spoiled=True), "is no whole model of Keras: Error -3"),
    ("m.keras", archive("model.weights.h5", b"ab" * 500, spoiled=True), "can't be read as weights of Keras: Error -3"),
    ("m.keras", archive("config.json", DEEP.encode(), spoiled=False), "is no whole model of Keras: maximum recursion"),
    ("m.index.json", text(DEEP), "is no index of a checkpoint: maximum recursion"),
    ("m.index.json", text('{"weight_map": {}}'), "it names no files of tensors"),
    ("m.index.json", text('{"weight_map": {"a": "m.index.json"}}'), "it names no files of tensors"),
]


@pytest.mark.parametrize(("name", "write", "sentence"), DAMAGED, ids=[row[2] for row in DAMAGED])
def test_what_is_damaged_inside_is_one_sentence(
    name: str, write: Callable[[Path], None], sentence: str, tmp_path: Path
) -> None:
    write(tmp_path / name)
    with pytest.raises(errors.CheckpointError, match=sentence) as raised:
        from_disk(tmp_path / name)
    assert "\n" not in str(raised.value)


def test_a_json_text_of_a_million_brackets() -> None:
    with pytest.raises(errors.SchemaError, match="no JSON text"):
        Report.from_json("[" * 1_000_000)


@pytest.mark.parametrize("link", ["model_weights", "d"])
def test_no_group_leads_into_another_file(link: str, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other.attrs["layer_names"] = [b"d"]
        other.create_group("d").attrs["weight_names"] = np.array([], "S1")
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = [b"d"]
        file[link] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/" if link == "model_weights" else "/d")
    with pytest.raises(errors.CheckpointError, match=f"'{link}' is a link, which may lead into another file"):
        Checkpoint(tmp_path / "m.h5").weights()


def test_groups_in_a_circle_are_read_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "m.weights.h5", "w") as file:
        file["layers/d/vars/0"] = np.ones(3)
        file["layers/again"] = file["layers"]
    assert [p.shape for p in inspect(tmp_path / "m.weights.h5").parameters] == [(3,)]


@pytest.mark.parametrize("more", [{"loss": torch.tensor(0.5)}, {"epoch": 3}, {"model": {}}])
def test_what_lies_beside_a_state_dict_is_no_part_of_it(more: dict[str, Any], tmp_path: Path) -> None:
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    torch.save({**more, "model_state_dict": source.state_dict()}, tmp_path / "m.pt")
    transfer(Checkpoint(tmp_path / "m.pt", source), target)
    assert torch.equal(source.weight, target.weight)


def test_a_dict_that_holds_itself(tmp_path: Path) -> None:
    held: dict[str, Any] = {"epoch": 1}
    held["model"] = held
    torch.save(held, tmp_path / "m.pt")
    with pytest.raises(errors.CheckpointError, match="holds no state dict"):
        inspect(tmp_path / "m.pt")


def test_several_values_to_a_byte_are_said_and_not_read(tmp_path: Path) -> None:
    header = json.dumps({"a": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}}).encode()
    (tmp_path / "m.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + b"\x12\x34")
    try:
        (tensor,) = inspect(tmp_path / "m.safetensors").parameters
    except errors.CheckpointError as error:
        pytest.skip(f"this safetensors does not know the dtype: {error}")
    assert tensor.dtype == "float4_e2m1fn"
    with pytest.raises(errors.CheckpointError, match="several values to a byte, which is not read"):
        Checkpoint(tmp_path / "m.safetensors").weights().read("a")


@pytest.mark.parametrize("name", ["m.safetensors", "m.pt", "m.weights.h5"])
def test_doubles_are_read_as_doubles(name: str, tmp_path: Path) -> None:
    third = np.full((3,), 1 / 3)
    if name == "m.weights.h5":
        with h5py.File(tmp_path / name, "w") as file:
            file["layers/d/vars/0"] = third
    elif name == "m.pt":
        torch.save({"a": torch.from_numpy(third)}, tmp_path / name)
    else:
        safetensors.numpy.save_file({"a": third}, tmp_path / name)
    (tensor,) = inspect(tmp_path / name).parameters
    found = Checkpoint(tmp_path / name).weights().read(tensor.path)
    assert found.dtype == np.float64
    assert np.array_equal(found, third)


def test_a_sparse_tensor_is_no_array(tmp_path: Path) -> None:
    torch.save({"a": torch.ones(3, 3).to_sparse(), "b": torch.ones(2)}, tmp_path / "w.pt")
    weights = Checkpoint(tmp_path / "w.pt").weights()
    with pytest.raises(CheckpointError, match=r"'a' .*is no plain array"):
        weights.read("a")
    assert weights.read("b").tolist() == [1, 1]


def test_what_a_folder_is_called_says_nothing_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "run code, is a program"
    folder.mkdir()
    (folder / "w.pt").write_bytes(b"no file of torch")
    with pytest.raises(CheckpointError) as caught:
        inspect(folder / "w.pt")
    assert not isinstance(caught.value, WouldRunCodeError)
    torch.save(torch.nn.Linear(2, 3), folder / "whole.pt")
    with pytest.raises(WouldRunCodeError, match="allow_code"):
        inspect(folder / "whole.pt")
