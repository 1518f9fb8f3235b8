"""PyTorch: awkward modules, each against a real hooked pass, and each the same before and after."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import pytest
import torch
from support import torch_reference
from support.checks import check_report, shapes_differ
from support.fingerprint import difference, torch_fingerprint
from support.models import torch_models
from torch import nn

from introspect import Inputs, TensorSpec, inspect
from introspect.errors import InputsError

NAMES = list(torch_models())
NOT_RUN = {"block under two parents", "names with dots and brackets"}  # a ModuleDict has no forward
BY_VALUE = {"packed", "branches on values", "lazy"}  # these can't be followed without computing


def feed(said: Any) -> tuple[list[Any], dict[str, Any]]:
    """Real tensors for the shapes that are said about a model."""

    def tensor(shape: Any, whole: bool = False) -> Any:
        return torch.ones(shape, dtype=torch.int64 if whole else torch.float32)

    if isinstance(said, dict):
        return [], {name: tensor(shape) for name, shape in said.items()}
    return [tensor(shape) for shape in (said if isinstance(said, list) else [said])], {}


@pytest.mark.parametrize("name", [n for n in NAMES if n not in NOT_RUN])
def test_shapes_are_those_of_a_real_pass(name: str) -> None:
    model, said = torch_models()[name]()
    report = inspect(model, said)
    assert report.complete
    assert (report.method == "abstract") == (name not in BY_VALUE)
    check_report(report)
    arguments, keywords = feed(said)
    if name in ("tied", "max norm and tuple"):
        arguments = [arguments[0].long()]
    if name == "bfloat16":
        arguments = [arguments[0].bfloat16()]
    assert not shapes_differ(report, torch_reference.record(model.eval(), *arguments, **keywords))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("trace", ["auto", "abstract", "eager", None])
def test_the_model_is_left_as_it_was(name: str, training: bool, trace: str | None) -> None:
    model, said = torch_models()[name]()
    before = torch_fingerprint(model)
    report = inspect(model, said, trace=trace, training=training)
    assert not difference(before, torch_fingerprint(model))
    assert report == inspect(model, said, trace=trace, training=training)


@pytest.mark.parametrize("name", sorted(NOT_RUN))
def test_a_module_without_forward_is_described(name: str) -> None:
    report = inspect(torch_models()[name]()[0])
    assert (report.complete, report.method) == (True, "none")
    assert "has no forward" in report.notes[-1]
    assert report.parameter_count == report.native_count
    assert "[bold]" in report or "b.0" in report  # brackets are no markup; the second place of a block is an alias


def test_counts_are_the_frameworks_own() -> None:
    for name, make in torch_models().items():
        model, said = make()
        if name != "lazy":
            report = inspect(model, said)
            assert report.parameter_count == report.native_count == sum(p.numel() for p in model.parameters()), name
            assert report.trainable_count == sum(p.numel() for p in model.parameters() if p.requires_grad), name
            assert report.buffer_count == sum(b.numel() for b in model.buffers()), name
            assert report.bytes == sum(t.nbytes for t in (*model.parameters(), *model.buffers())), name


def test_shared_and_tied_tensors_count_once() -> None:
    reused = inspect(torch_models()["reused"]()[0], (1, 4))
    assert reused["a"] is reused["b"]
    assert reused["a"].aliases == ("b",)
    assert len(reused["a"].calls) == 3
    tied = inspect(torch_models()["tied"]()[0], (1, 5))
    assert tied["head"].kernel.same_as == "table.weight"
    assert tied.parameter_count == 11 * 4
    assert tied["head"].parameter_count == 11 * 4
    assert any("head.weight is the same tensor as table.weight" in note for note in tied.notes)


def test_lazy_modules_are_unknown_before_and_known_in_the_pass() -> None:
    model = torch_models()["lazy"]()[0]
    before = inspect(model, trace=None)
    assert before.parameter_count is None
    assert before.bytes is None
    assert before["0"].kernel_shape is None
    assert before.native_count is None
    after = inspect(model, (1, 5))
    assert after["0"].kernel_shape == (3, 5)
    assert after.parameter_count == 5 * 3 + 3 + 3 * 2 + 2
    assert after.native_count is None


def test_modules_that_are_not_registered_are_named() -> None:
    report = inspect(torch_models()["plain list"]()[0], (1, 4))
    assert any("Linear" in note and "not registered" in note for note in report.notes)


def test_the_users_watching_hooks_do_not_run_and_stay() -> None:
    model, said = torch_models()["hooked"]()
    inspect(model, said)
    assert "seen" not in vars(model[0])
    model(torch.ones(1, 4))
    assert model[0].seen == [1]


@pytest.mark.parametrize("trace", ["auto", "abstract", "eager"])
def test_a_model_that_raises_gives_the_report_up_to_there(trace: str) -> None:
    class Breaks(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(4, 3), nn.Linear(4, 3)
            self.norm = nn.BatchNorm1d(3)
            self.count = 0

        def forward(self, x: Any) -> Any:
            self.count += 1
            return self.second(self.norm(self.first(x)))

    model = Breaks().train()
    before = torch_fingerprint(model)
    report = inspect(model, (2, 4), trace=trace, training=True)
    assert not difference(before, torch_fingerprint(model))
    assert not report.complete
    assert report["first"].output_shape == (2, 3)
    assert report["second"].input_shape == (2, 3)
    assert report["second"].output_shape is None
    assert report.parameter_count == sum(p.numel() for p in model.parameters())
    note = next(note for note in report.notes if "raised" in note)
    assert "Layer 'second' raised on f32[2,3]" in note
    assert "RuntimeError" in note


def test_another_thread_sees_the_real_flags_and_outputs() -> None:
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.BatchNorm1d(4)).train()
    quiet = nn.Sequential(nn.Linear(4, 4), nn.ReLU()).eval()
    x, expected = torch.ones(3, 4), quiet(torch.ones(3, 4))
    wrong: list[str] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.is_set():
            if not all(m.training for m in model.modules()):
                wrong.append("a flag was seen changed")
            if not torch.equal(quiet(x), expected):
                wrong.append("an output was seen changed")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(30):
        assert inspect(model, (3, 4)).complete
        assert inspect(quiet, (3, 4)).complete
    stop.set()
    watcher.join()
    assert not wrong


def test_two_threads_may_inspect_at_once() -> None:
    expected = inspect(torch_models()["transformer"]()[0], (1, 5, 8))
    found: list[Any] = []

    def work() -> None:
        for _ in range(5):
            found.append(inspect(torch_models()["transformer"]()[0], (1, 5, 8)))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 15
    assert all(report == expected for report in found)
    assert "training" not in vars(nn.Module)


def test_the_model_is_freed() -> None:
    model = nn.Sequential(nn.Linear(4, 4))
    report = inspect(model, (1, 4))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    assert report["0"].units == 4


def test_training_answers_for_training() -> None:
    class Two(nn.Module):
        def forward(self, x: Any) -> Any:
            return (x, x) if self.training else x

    assert len(inspect(Two(), (1, 4), training=True).outputs) == 2
    assert inspect(Two().train(), (1, 4)).outputs == TensorSpec((1, 4))
    assert inspect(Two().train(), (1, 4)).root.training is True
    assert inspect(Two().eval(), (1, 4)).root.training is False


def test_inputs_of_every_form() -> None:
    class Named(nn.Module):
        dummy_inputs = None

        def __init__(self) -> None:
            super().__init__()
            self.table = nn.Embedding(9, 4)

        def forward(self, ids: Any, scale: Any = None, size: Any = None, flag: bool = False) -> Any:
            x = self.table(ids)
            return x if scale is None else x * scale

    model = Named()
    ids = TensorSpec((2, 3), "int64")
    assert inspect(model, (2, 3)).inputs == Inputs(ids)  # token ids, since they are looked up
    assert inspect(model, [2, 3]).inputs == Inputs(ids)
    assert inspect(model, (None, 3)).inputs == Inputs(TensorSpec((1, 3), "int64"))
    assert inspect(model, ids).inputs == Inputs(ids)
    assert inspect(model, torch.ones(2, 3, dtype=torch.int64)).inputs == Inputs(ids)
    assert inspect(model, {"ids": (2, 3)}).inputs == Inputs(ids=ids)
    both = inspect(model, [ids, TensorSpec((2, 3, 4))])
    assert both.inputs == Inputs(ids, TensorSpec((2, 3, 4)))
    literal = inspect(model, Inputs(ids, scale=TensorSpec((2, 3, 4)), size=(4, 4), flag=True))
    assert literal.complete
    assert literal.inputs == Inputs(ids, scale=TensorSpec((2, 3, 4)), size=(4, 4), flag=True)
    assert inspect(model, [ids, None]).inputs == Inputs(ids, None)


def test_a_real_tensor_of_the_users_is_not_written_to() -> None:
    x = torch.ones(2, 3)
    for trace in ("abstract", "eager"):
        inspect(nn.ReLU(inplace=True), x - 2, trace=trace)

        class Writes(nn.Module):
            def forward(self, x: Any) -> Any:
                return x.zero_()

        inspect(Writes(), x, trace=trace)
        assert torch.equal(x, torch.ones(2, 3))


def test_a_guess_is_marked_as_one() -> None:
    report = inspect(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 2)))
    assert report.complete
    assert report.inputs == Inputs(TensorSpec((1, 3, 32, 32)))
    assert any("guess" in note for note in report.notes)


def test_what_a_model_knows_of_its_inputs_is_used() -> None:
    model = nn.Sequential(nn.Linear(4, 3))
    model.example_input_array = torch.zeros(7, 4)
    assert inspect(model).inputs == Inputs(TensorSpec((7, 4)))
    timm_like = nn.Sequential(nn.Conv2d(3, 4, 3))
    timm_like.pretrained_cfg = {"input_size": (3, 50, 60)}
    assert inspect(timm_like).inputs == Inputs(TensorSpec((1, 3, 50, 60)))


def test_a_wrong_dtype_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputsError, match="'float33' is no dtype of torch"):
        inspect(nn.Linear(4, 3), TensorSpec((1, 4), "float33"))


def test_the_dataflow_names_the_steps_that_made_each_input() -> None:
    class Residual(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b, self.gain = nn.Linear(4, 4), nn.Linear(4, 4), nn.Parameter(torch.ones(4))

        def forward(self, x: Any) -> Any:
            y = self.a(x)
            return torch.cat([self.b(torch.relu(y)) + x, y * self.gain], dim=-1)

    report = inspect(Residual(), (1, 4))
    steps = {op.kind: op for op in report.operations}
    a, b = report["a"].calls[0], report["b"].calls[0]
    assert a.sources[0].kind == "input"
    assert steps["relu"].sources[0].step == a.order
    assert b.sources[0].step == steps["relu"].order
    assert [s.kind for s in steps["add"].sources] == ["step", "input"]
    assert [(s.kind, s.path) for s in steps["multiply"].sources] == [("step", None), ("parameter", "gain")]
    assert [s.step for s in steps["concat"].sources] == [steps["add"].order, steps["multiply"].order]
    assert steps["concat"].settings == {"axis": -1}
    assert all(op.within == "" for op in report.operations)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # torch.compile's own imports
@pytest.mark.parametrize(
    "wrap", [lambda m: torch.compile(m), lambda m: nn.DataParallel(m)], ids=["compile", "parallel"]
)
def test_wrappers_are_looked_through(wrap: Any) -> None:
    report = inspect(wrap(nn.Sequential(nn.Linear(4, 3))), (1, 4))
    assert report.complete
    assert report.root.output_shape == (1, 3)
    assert report.parameter_count == 15


def test_a_model_on_meta_is_read() -> None:
    with torch.device("meta"):
        model = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    report = inspect(model, (2, 4))
    assert (report.method, report.root.output_shape, report.parameter_count) == ("abstract", (2, 3), 21)


def test_a_scripted_module_is_read_as_far_as_it_allows() -> None:
    with pytest.warns(DeprecationWarning, match="torch.jit.script"):
        model = torch.jit.script(nn.Sequential(nn.Linear(4, 3)))
    report = inspect(model, (1, 4))
    assert report.parameter_count == 15
    assert report.root.output_shape == (1, 3)


def test_deep_and_wide_models() -> None:
    deep: Any = nn.Linear(2, 2)
    for _ in range(150):
        deep = nn.Sequential(deep)
    report = inspect(deep, (1, 2))
    assert report.complete
    assert max(layer.depth for layer in report) == 150
    wide = inspect(nn.Sequential(*(nn.Linear(2, 2) for _ in range(1000))), (1, 2))
    assert wide.parameter_count == 6000


def test_a_circle_of_modules_ends() -> None:
    a, b = nn.Sequential(nn.Linear(2, 2)), nn.Sequential()
    b.add_module("back", a)
    a.add_module("on", b)
    report = inspect(a, trace=None)
    assert report.parameter_count == 6
    assert len(report) == 3


@pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
def test_an_exported_program_is_read_as_the_module_that_it_unpacks_to() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 5)).eval()
    program = torch.export.export(model, (torch.zeros(1, 3, 8, 8),))
    report, plain = inspect(program), inspect(model, (1, 3, 8, 8))
    assert (report.complete, report.method) == (True, "abstract")
    assert report.parameter_count == plain.parameter_count
    assert report.macs == plain.macs
    assert report.root.output_shape == (1, 5)
    assert "exported with" in report.notes[0]
    assert [o.kind for o in report.operations] == ["convolution", "normalize", "relu", "flatten", "linear"]
