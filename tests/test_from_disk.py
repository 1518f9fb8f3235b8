"""What files say: whole models, tensors alone, saved reports; no code in them is run unless that is allowed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import safetensors.torch
import torch
from support.command_line import Run
from torch import nn

from introspect import Checkpoint, Comparison, Report, compare, errors, inspect, transfer
from introspect.disk import from_disk
from introspect.storing.keras_config import check_config

K = keras.layers
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*HDF5 file via", "ignore:__array__:DeprecationWarning", "ignore:.*torch.jit"
)


def ours() -> Any:
    inner = keras.Sequential([K.Dense(3, name="one"), K.Dense(3, name="two")], name="inner")
    return keras.Sequential([keras.Input((4,)), K.Dense(5, name="first"), K.BatchNormalization(name="norm"), inner])


def theirs() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5), nn.Sequential(nn.Linear(5, 3), nn.Linear(3, 3))).eval()


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_whole_model_of_keras_is_read_as_the_live_one(ending: str, tmp_path: Path) -> None:
    model = ours()
    model.save(tmp_path / f"m{ending}")
    found, wanted = inspect(tmp_path / f"m{ending}"), inspect(model)
    assert [(one.path, one.kind, one.output_shape) for one in found] == [
        (one.path, one.kind, one.output_shape) for one in wanted
    ]
    assert found.native_count == wanted.native_count
    assert compare(tmp_path / f"m{ending}", model, values=True).equal
    assert all(held.equal for held in compare(str(tmp_path / f"m{ending}"), model, values=True).values)


def test_a_whole_model_of_keras_2(tmp_path: Path) -> None:
    keras_2 = pytest.importorskip("tf_keras")
    model = keras_2.Sequential([keras_2.Input((4,)), keras_2.layers.Dense(3, name="d")])
    model.save(tmp_path / "m.h5")
    found = inspect(tmp_path / "m.h5")
    assert found.framework_version == keras_2.__version__
    assert found["d"].kernel_shape == (4, 3)
    assert found["d"].output_shape == (1, 3)


def test_a_saved_report(tmp_path: Path) -> None:
    report = inspect(theirs(), (1, 4))
    (tmp_path / "r.json").write_text(report.to_json())
    assert inspect(tmp_path / "r.json") == report
    (tmp_path / "odd.json").write_text("[1]")
    with pytest.raises(errors.SchemaError, match=r"odd\.json: This is no saved report"):
        inspect(tmp_path / "odd.json")


TORCH_TENSORS = {
    name: (tuple(t.shape), str(t.dtype).removeprefix("torch.")) for name, t in theirs().state_dict().items()
}


def keras_tensors() -> dict[str, tuple[tuple[int, ...], str]]:
    """As the file numbers them: what is learned first."""
    held = {layer.path: layer.parameters for layer in inspect(ours()) if layer.parameters}
    return {f"{path}.{n}": (p.shape or (), p.dtype) for path, found in held.items() for n, p in enumerate(found)}


def write(path: Path) -> None:
    if path.name.endswith(".safetensors"):
        safetensors.torch.save_file(theirs().state_dict(), path)
    elif path.suffix == ".h5":
        ours().save_weights(path)
    else:
        torch.save(theirs().state_dict(), path)


@pytest.mark.parametrize("name", ["m.safetensors", "m.pt", "m.weights.h5"])
def test_a_file_of_tensors_has_no_calls(name: str, tmp_path: Path) -> None:
    write(tmp_path / name)
    report = inspect(tmp_path / name)
    found = {p.path: (p.shape, p.dtype) for p in report.parameters}
    assert found == (keras_tensors() if name.endswith(".h5") else TORCH_TENSORS)
    assert {(p.role, p.axes) for p in report.parameters} == {("other", None)}
    assert {layer.kind for layer in report} == {"unknown"}
    assert (report.method, report.inputs, report.operations) == ("none", None, ())
    assert not any(layer.calls for layer in report)
    assert "holds tensors and no calls" in report.notes[0]
    assert report.native_count == (ours().count_params() if name.endswith(".h5") else None)
    assert report.framework == ("keras" if name.endswith(".h5") else "torch")
    assert Report.from_json(report.to_json()) == report
    inner, below = ("inner", ("inner.one", "inner.two")) if name.endswith(".h5") else ("2", ("2.0", "2.1"))
    assert report[inner].children == below
    assert report[inner].parameter_count == 5 * 3 + 3 + 3 * 3 + 3
    buffers = {p.path for p in report.parameters if p.state == "buffer"}
    assert buffers == (set() if name.endswith(".h5") else {"1.running_mean", "1.running_var", "1.num_batches_tracked"})


def test_an_optimizer_is_no_part_of_the_model(tmp_path: Path) -> None:
    model = ours()
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    model.save_weights(tmp_path / "m.weights.h5")
    report = inspect(tmp_path / "m.weights.h5")
    assert report.native_count == model.count_params()
    assert report["optimizer"].parameter_count == 0
    assert compare(tmp_path / "m.weights.h5", model).verdict == "undecided"


@pytest.mark.parametrize("of", ["keras", "tf_keras", "module"])
def test_a_saved_model(of: str, tmp_path: Path) -> None:
    tf, path = pytest.importorskip("tensorflow"), tmp_path / "m"
    if of == "keras":
        ours().export(str(path), verbose=False)
    elif of == "tf_keras":
        keras_2 = pytest.importorskip("tf_keras")
        keras_2.Sequential([keras_2.Input((4,)), keras_2.layers.Dense(3, name="d")]).save(path, save_format="tf")
    else:
        module = tf.Module()
        module.w = tf.Variable(np.arange(6.0).reshape(2, 3), name="w")
        module.f = tf.function(lambda x: x @ module.w, input_signature=[tf.TensorSpec((None, 2), tf.float64)])
        tf.saved_model.save(module, str(path), signatures=module.f)
    report = inspect(path)
    shapes = sorted(str(p.shape) for p in report.parameters if p.dtype != "int64")
    wanted = {"keras": [str(s) for s, _ in keras_tensors().values()], "tf_keras": ["(3,)", "(4, 3)"]}.get(
        of, ["(2, 3)"]
    )
    assert shapes == sorted(wanted)
    assert any("Signature serving_default" in note for note in report.notes)
    assert (report.framework, report.framework_version) == ("tensorflow", tf.__version__)
    held = Checkpoint(path).weights()
    if of == "module":
        assert np.array_equal(held.read("w"), np.arange(6.0).reshape(2, 3))
    with pytest.raises(errors.CheckpointError, match="is only read"):
        held.assign({path: held.read(path) for path in [report.parameters[0].path]})


def test_a_folder_of_a_model_hub(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors")
    assert len(inspect(tmp_path).parameters) == len(TORCH_TENSORS)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(errors.CheckpointError, match=r"a folder without saved_model\.pb"):
        inspect(tmp_path)


Changed = Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]
COMPARED: list[tuple[str, Changed, str, str]] = [
    ("same", lambda s: s, "undecided", "compared by names and shapes, which is no proof"),
    ("wrapped", lambda s: {f"module.{n}": t for n, t in s.items()}, "undecided", "begin with 'module.'"),
    ("no counter", lambda s: {n: t for n, t in s.items() if "batches" not in n}, "undecided", "may keep to itself"),
    ("less", lambda s: {n: t for n, t in s.items() if n != "0.bias"}, "different", "0.bias: only b has this tensor"),
    ("more", lambda s: {**s, "3.weight": torch.ones(2)}, "different", "3.weight: only a has this tensor (2,)"),
    ("wider", lambda s: {**s, "0.bias": torch.ones(7)}, "different", "0.bias: shape (7,) and (5,)"),
    ("half", lambda s: {**s, "0.bias": torch.ones(5).half()}, "undecided", "0.bias: dtype float16 and float32"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "verdict", "said"), [row[1:] for row in COMPARED], ids=[row[0] for row in COMPARED])
@pytest.mark.parametrize("turned", [False, True])
def test_a_file_compares_with_a_model_by_names_and_shapes(
    change: Changed, verdict: str, said: str, turned: bool, tmp_path: Path
) -> None:
    model = theirs()
    torch.save(change(model.state_dict()), tmp_path / "m.pt")
    pair = (model, tmp_path / "m.pt") if turned else (tmp_path / "m.pt", model)
    comparison = compare(*pair, values=True)
    assert comparison.verdict == verdict
    text = " ".join([*(d.text for d in comparison.differences), *comparison.notes])
    if turned:
        said = said.replace("only a", "only ?").replace("only b", "only a").replace("only ?", "only b")
        said = said.replace("(7,) and (5,)", "(5,) and (7,)").replace("float16 and float32", "float32 and float16")
    assert said in text
    lost = sum(p.same_as is None for layer in inspect(model) for p in layer.parameters) - sum(
        held.equal is True for held in comparison.values
    )
    assert lost == {"same": 0, "wrapped": 0, "more": 0}.get(_name(change), 1)
    assert Comparison.from_json(comparison.to_json()) == comparison
    assert str(comparison)


def _name(change: Changed) -> str:
    return next(row[0] for row in COMPARED if row[1] is change)


def test_files_of_keras_compare_with_their_model(tmp_path: Path) -> None:
    model, wider = ours(), keras.Sequential([keras.Input((4,)), K.Dense(6, name="first")])
    model.save_weights(tmp_path / "m.weights.h5")
    comparison = compare(tmp_path / "m.weights.h5", model, values=True)
    assert comparison.verdict == "undecided"
    assert {held.b for held in comparison.values if held.equal} == {p.path for p in inspect(model).parameters}
    apart = compare(tmp_path / "m.weights.h5", wider)
    assert apart.verdict == "different"
    assert any(d.text == "first.0 / first.kernel: shape (4, 5) and (4, 6)" for d in apart.differences)
    assert apart.a.native_count is not None
    assert apart.a.native_count + sum(account.count for account in apart.accounts) == apart.b.native_count
    far = compare(tmp_path / "m.weights.h5", theirs())
    assert far.verdict == "undecided"
    assert "another framework: pass Checkpoint(path, report)" in " ".join(far.notes)


def test_weights_are_loaded_by_their_names(tmp_path: Path) -> None:
    source, target, wanted = theirs(), theirs(), theirs()
    torch.save({f"module.{n}": t for n, t in source.state_dict().items()}, tmp_path / "m.pt")
    made = transfer(tmp_path / "m.pt", target)
    wanted.load_state_dict(source.state_dict())
    assert all(torch.equal(tensor, wanted.state_dict()[name]) for name, tensor in target.state_dict().items())
    assert len(made.carried) == len(wanted.state_dict())
    with pytest.raises(errors.TransferError, match=r"pass Checkpoint\(path, model\) as the target"):
        transfer(source, tmp_path / "m.pt")


class Runs:
    """Reading a pickle of this makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def with_lambda(package: Any, path: Path, ran: Path) -> None:
    place = str(ran)
    run = package.layers.Lambda(lambda x: (open(place, "w").close(), x)[1], output_shape=(3,))
    package.Sequential([package.Input((4,)), package.layers.Dense(3), run]).save(path)


def with_lambda_of_keras_2(path: Path, ran: Path) -> None:
    with_lambda(pytest.importorskip("tf_keras"), path, ran)


class Custom(nn.Linear):
    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        Path(self.place).touch()


def pickled(path: Path, ran: Path) -> None:
    model = Custom(2, 3)
    model.place = str(ran)
    torch.save(model, path)


def script(path: Path, ran: Path) -> None:
    torch.jit.script(theirs()).save(str(path))


def exported(path: Path, ran: Path) -> None:
    torch.export.save(torch.export.export(theirs(), (torch.ones(2, 4),)), path)
    with zipfile.ZipFile(path) as archive:
        held = {one: archive.read(one) for one in archive.namelist()}
    name = next(one for one in held if "sample_inputs" in one)
    torch.save({"a": Runs(ran), "b": torch.ones(1)}, path.with_suffix(".tmp"))
    held[name] = path.with_suffix(".tmp").read_bytes()
    with zipfile.ZipFile(path, "w") as archive:
        for one, data in held.items():
            archive.writestr(one, data)


DANGEROUS: list[tuple[str, Callable[[Path, Path], None], str]] = [
    ("m.keras", lambda path, ran: with_lambda(keras, path, ran), "holds a Lambda layer, and loading it runs code"),
    ("m.h5", lambda path, ran: with_lambda(keras, path, ran), "holds a Lambda layer, and loading it runs code"),
    ("m.h5", with_lambda_of_keras_2, "holds a Lambda layer, and loading it runs code"),
    ("m.keras", with_lambda_of_keras_2, "holds a Lambda layer, and loading it runs code"),
    ("m.pt", pickled, "holds more than tensors, and reading that could run code"),
    ("m.pt", script, "is a TorchScript archive, which is a program"),
    ("m.pt2", exported, "is a program of torch.export, and loading it runs"),
]


@pytest.mark.parametrize(("name", "make", "sentence"), DANGEROUS)
@pytest.mark.filterwarnings("ignore")  # what frameworks say of such files
def test_code_is_run_only_if_that_is_allowed(
    name: str, make: Callable[[Path, Path], None], sentence: str, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    make(tmp_path / name, ran)
    ran.unlink(missing_ok=True)  # building a model may run its code
    for read in (inspect, from_disk):
        with pytest.raises(errors.CheckpointError, match=sentence) as raised:
            read(tmp_path / name)
        assert "from_disk(path, allow_code=True), or --allow-code" in str(raised.value)
        assert "\n" not in str(raised.value)
    assert not ran.exists()
    try:
        found = from_disk(tmp_path / name, allow_code=True)
        assert len(inspect(found)) > 0
    except errors.CheckpointError:
        assert make is exported  # whose archive is spoiled: it ran what was put there
    if make is not script:
        assert ran.exists()


def test_a_program_of_torch_that_is_allowed(tmp_path: Path) -> None:
    torch.export.save(torch.export.export(theirs(), (torch.ones(2, 4),)), tmp_path / "m.pt2")
    found = inspect(from_disk(tmp_path / "m.pt2", allow_code=True))
    assert found.native_count == inspect(theirs()).native_count
    assert found.method != "none"


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (
            {"class_name": "function", "module": "keras.utils", "config": "get_file"},
            "the function get_file of keras.utils",
        ),
        ({"class_name": "function", "module": "keras.src.utils.file_utils", "config": "get_file"}, "get_file"),
        ({"class_name": "function", "module": "keras.activations", "config": "relu"}, None),
        ({"class_name": "function", "module": "keras.src.ops.nn", "config": "relu"}, None),
        ({"class_name": "function", "module": "builtins", "config": "mine"}, None),
        ({"module": "keras.layers", "class_name": "TFSMLayer"}, "a TFSMLayer"),
        ({"module": "keras.src.utils.torch_utils", "class_name": "TorchModuleWrapper"}, "a TorchModuleWrapper"),
        ({"class_name": "__lambda__", "config": {}}, "a lambda"),
        ({"class_name": "Custom>Lambda", "config": {}}, "a Lambda layer"),
        ({"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}}, None),
    ],
)
def test_what_a_configuration_would_run(config: dict[str, Any], found: str | None) -> None:
    said = check_config({"config": {"layers": [[config]]}})
    assert said is None if found is None else found in (said or "")


def test_a_class_that_is_not_registered_is_one_sentence(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable("mine")
    class Doubled(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return 2 * x

    keras.Sequential([keras.Input((3,)), Doubled()]).save(tmp_path / "m.keras")
    assert inspect(tmp_path / "m.keras")["doubled"].output_shape == (1, 3)
    registered = keras.saving.get_custom_objects()
    key = next(name for name in registered if name.endswith("Doubled"))
    held = registered.pop(key)
    try:
        with pytest.raises(errors.CheckpointError, match="import what registers it first") as raised:
            inspect(tmp_path / "m.keras")
        assert "\n" not in str(raised.value)
    finally:
        registered[key] = held


def test_what_is_no_file_of_a_model(tmp_path: Path) -> None:
    with pytest.raises(errors.CheckpointError, match=r"m\.keras' is no file"):
        inspect(tmp_path / "m.keras")
    with pytest.raises(errors.UnsupportedModelError, match="or the path of a file that is there"):
        inspect("resnet50")
    for name in ("m.keras", "m.h5", "m.pt2", "m.safetensors", "m.pt", "m.txt"):
        (tmp_path / name).write_bytes(b"nothing that anybody could read as a model" * 9)
        with pytest.raises(errors.CheckpointError) as raised:
            inspect(tmp_path / name)
        assert "\n" not in str(raised.value)


def test_the_command_line_reads_files(tmp_path: Path, run: Run) -> None:
    write(tmp_path / "m.safetensors")
    write(tmp_path / "m.pt")
    ours().save(tmp_path / "m.keras")
    with_lambda(keras, tmp_path / "odd.keras", tmp_path / "ran")
    shown = run("report", "m.safetensors", "--format", "json", cwd=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert {p.path for p in Report.from_json(shown.stdout).parameters} == set(TORCH_TENSORS)
    assert "parameters  " in run("report", "m.keras", cwd=tmp_path).stdout
    both = run("compare", "m.safetensors", "m.pt", "--values", "--format", "json", cwd=tmp_path)
    assert both.returncode == 1
    assert json.loads(both.stdout)["verdict"] == "undecided"
    assert len(json.loads(both.stdout)["values"]) == len(TORCH_TENSORS)
    refused = run("report", "odd.keras", cwd=tmp_path)
    assert refused.returncode == 2
    assert "--allow-code" in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert run("report", "odd.keras", "--allow-code", cwd=tmp_path).returncode == 0
    odd = run("report", "m.keras", "--with", "a=1", cwd=tmp_path)
    assert odd.returncode == 2
    assert "is a file: --with is for a callable" in odd.stderr
