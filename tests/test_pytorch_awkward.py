"""PyTorch: what once came out wrong, or would be easy to get wrong."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Any

import numpy as np
import pytest
import torch
from support import torchvision_zoo
from support.checks import check_report
from support.fingerprint import difference, torch_fingerprint
from torch import nn

from introspect import Inputs, TensorSpec, explain, inspect
from introspect.errors import InputsError, UnsupportedModelError
from introspect.values import tensor_leaves


class Runs(nn.Module):
    """A module whose forward is a function of it and of its inputs."""

    def __init__(self, run: Any, **children: Any) -> None:
        super().__init__()
        self.run = run
        for name, child in children.items():
            setattr(self, name, child)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        return self.run(self, *args, **kwargs)


@pytest.mark.parametrize(
    ("layer", "shape", "spatial"),
    [
        (nn.Upsample(scale_factor=2), (1, 3, 8, 8), None),  # as many axes as there are: none of its own
        (nn.Dropout2d(), (1, 3, 8, 9), (8, 9)),
        (nn.ZeroPad2d((1, 2, 3, 4)), (1, 3, 8, 8), (15, 11)),
        (nn.MaxPool2d(2), (1, 3, 8, 6), (4, 3)),
        (nn.Conv2d(3, 4, 3), (3, 8, 8), None),  # without a batch axis
    ],
)
def test_feature_maps_follow_the_layout(layer: Any, shape: tuple[int, ...], spatial: Any) -> None:
    assert inspect(layer, shape).root.spatial_shape == spatial


@pytest.mark.parametrize(
    ("layer", "shape", "activations"),
    [
        (nn.Conv2d(3, 4, 3), (3, 8, 8), 4 * 6 * 6),
        (nn.Conv2d(3, 4, 3), (2, 3, 8, 8), 4 * 6 * 6),
        (nn.LSTM(5, 6), (7, 5), 7 * 6 + 6 + 6),
        (nn.LSTM(5, 4), (7, 2, 5), 7 * 4 + 4 + 4),
        (nn.Linear(5, 4), (0, 5), None),
    ],
)
def test_activations_are_of_one_example(layer: Any, shape: tuple[int, ...], activations: int | None) -> None:
    assert inspect(layer, shape).root.activations == activations


def test_settings_say_the_same_thing_in_the_same_form() -> None:
    pool = inspect(nn.MaxPool2d(3, padding=1), (1, 3, 8, 8)).root
    assert (pool.setting("padding"), pool.setting("kernel_size"), pool.setting("strides")) == ((1, 1), (3, 3), (3, 3))
    assert inspect(nn.ZeroPad2d((1, 2, 3, 4)), (1, 3, 8, 8)).root.setting("padding") == ((3, 4), (1, 2))
    assert inspect(nn.BatchNorm1d(3), (2, 3)).root.setting("momentum") == 0.9
    assert inspect(nn.Conv1d(3, 4, 3), (1, 3, 8)).root.setting("padding") == "valid"


def test_a_hook_of_the_users_that_is_not_run_is_said() -> None:
    model = nn.Linear(4, 4)
    model.register_forward_hook(lambda module, args, output: output[:, :2])
    assert any("Hooks on the model were not run (1)" in note for note in inspect(model, (2, 4)).notes)
    assert not inspect(nn.Linear(4, 4), (2, 4)).notes


def test_hooks_that_are_part_of_the_model_run() -> None:
    with pytest.warns(FutureWarning, match="weight_norm"):
        model = nn.utils.weight_norm(nn.Linear(4, 3))
    report = inspect(model, (2, 4))
    assert report.root.output_shape == (2, 3)
    assert not any("Hooks" in note for note in report.notes)


@pytest.mark.filterwarnings("ignore:.*quantiz:DeprecationWarning", "ignore:.*quantiz:UserWarning")
def test_packed_weights_are_read_or_unknown_but_not_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    model = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)), {nn.Linear})
    report = inspect(model, (2, 4))
    assert report.parameter_count == 4 * 3 + 3
    assert report.root.output_shape == (2, 3)

    def refuse(module: Any) -> Any:
        raise RuntimeError("no such kernel on this machine")

    monkeypatch.setattr(type(model[0]), "weight", refuse)
    report = inspect(model, (2, 4))
    assert report.parameter_count is None
    assert report.root.output_shape == (2, 3)
    assert any("not read" in note for note in report.notes)


def test_a_wrong_shape_of_the_callers_makes_no_formula_wrong() -> None:
    explanations = explain(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(7)), inputs=(2, 4))
    assert explanations["1"].agrees
    assert explanations["1"].total == 14


class Cache:
    def __init__(self) -> None:
        self.keys: list[Any] = []


def test_state_below_the_first_level_is_put_back() -> None:
    def run(module: Any, x: Any) -> Any:
        module.nested["k"].append(x)
        module.cache.keys.append(x)
        module.pair[0].add(1)
        module.ordered["new"] = module.ordered.pop("old")
        module.recent.append(x)
        torch.set_default_dtype(torch.float64)
        return module.inner(x)

    model = Runs(run, inner=nn.Linear(4, 3), nested={"k": []}, cache=Cache(), pair=(set(), []))
    model.ordered, model.recent = OrderedDict(old=1), deque([1], maxlen=1)
    before = torch_fingerprint(model)
    assert inspect(model, (2, 4)).complete
    assert not difference(before, torch_fingerprint(model))
    assert model.nested == {"k": []}
    assert model.cache.keys == []
    assert list(model.ordered.items()) == [("old", 1)]
    assert model.recent == deque([1], maxlen=1)
    assert model.pair == (set(), [])
    assert torch.get_default_dtype() is torch.float32


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_a_scripted_child_is_left_as_it_was() -> None:
    model = nn.Sequential(torch.jit.script(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))), nn.Linear(3, 2)).train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    report = inspect(model, (2, 4))
    assert (report.complete, report.method, report.root.output_shape) == (True, "eager", (2, 2))
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(module.training for module in model.modules())


def test_a_subclass_with_its_own_forward_is_opened() -> None:
    class Twice(nn.LayerNorm):
        def forward(self, x: Any) -> Any:
            return torch.cat([super().forward(x)] * 2, -1)

    report = inspect(Twice(4), (2, 4))
    assert report.root.kind == "layer_norm"
    assert report.root.output_shape == (2, 8)
    assert [op.kind for op in report.operations] == ["normalize", "concat"]


def test_lazy_norms_are_read() -> None:
    report = inspect(nn.Sequential(nn.Conv2d(3, 4, 3), nn.LazyBatchNorm2d()), (1, 3, 8, 8))
    assert report.complete
    assert report["1"].kind == "batch_norm"
    assert report.parameter_count == 3 * 3 * 3 * 4 + 4 + 8
    unknown = inspect(nn.Sequential(nn.LazyLinear(3)), (1, 3), trace="abstract")
    assert not unknown.complete
    assert "0x" not in str(unknown.notes)


def test_a_model_that_differentiates_inside_is_run() -> None:
    def run(module: Any, x: Any) -> Any:
        x = x.clone().requires_grad_()
        return torch.autograd.grad(module.inner(x).sum(), x)[0]

    model = Runs(run, inner=nn.Linear(4, 3))
    report = inspect(model, (2, 4))
    assert (report.complete, report.outputs) == (True, TensorSpec((2, 4)))
    assert model.inner.weight.grad is None


@pytest.mark.parametrize(
    ("run", "outputs"),
    [
        (lambda m, x: (i for i in (x,)), "generator"),
        (lambda m, x: torch.nested.nested_tensor([x[0], x[1, :2]], layout=torch.jagged), "TensorSpec"),
        (lambda m, x: {1: x, "1": x}, "FrozenDict"),
        (lambda m, x: None, "None"),
        (lambda m, x: (x, [x, {"a": (x,)}]), "tuple"),
    ],
)
def test_outputs_of_any_kind(run: Any, outputs: str) -> None:
    report = inspect(Runs(run), (2, 4))
    assert report.complete, report.notes
    kind = getattr(report.outputs, "type", None) or type(report.outputs).__name__
    assert outputs.removeprefix("None") in kind
    check_report(report)
    if outputs == "FrozenDict":
        assert len(report.outputs) == 2


def test_the_second_call_that_fails_is_the_one_that_is_named() -> None:
    report = inspect(Runs(lambda m, x: m.inner(torch.cat([m.inner(x)] * 2, -1)), inner=nn.Linear(4, 4)), (2, 4))
    assert "Linear wants (batch, features) with 4 features, and was given the shape (2, 8)." in report.notes


@pytest.mark.parametrize("said", [{"nonsense": (2, 4)}, [(2, 4), (2, 4)], TensorSpec((2, 4), "int64")])
def test_a_layer_that_got_the_shape_it_wants_is_not_said_to_want_another(said: Any) -> None:
    report = inspect(nn.Linear(4, 3), said)
    assert not report.complete
    assert not any("wants" in note and "(2, 4)" in note for note in report.notes)


def test_notes_hold_no_addresses_and_failing_reports_are_equal() -> None:
    def run(module: Any, x: Any) -> Any:
        raise ValueError(f"boom {object()}")

    model = Runs(run)
    assert inspect(model, (2, 4)) == inspect(model, (2, 4))
    assert "0x…" in inspect(model, (2, 4)).notes[-1]

    class SilentError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    def fail(module: Any, x: Any) -> Any:
        raise SilentError

    assert "The model itself raised on f32[2,4]: SilentError" in inspect(Runs(fail), (2, 4)).notes[-1]


def test_what_is_no_tensor_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputsError, match="can't become a tensor of torch"):
        inspect(nn.Linear(4, 3), np.array(["a"]))


def test_a_module_that_was_never_initialized_is_refused() -> None:
    class Half(nn.Module):
        def __init__(self) -> None:
            pass

    with pytest.raises(UnsupportedModelError, match=r"super\(\).__init__"):
        inspect(Half())


def test_a_circle_is_explained() -> None:
    a, b = nn.Sequential(nn.Linear(2, 2)), nn.Sequential()
    b.add_module("back", a)
    a.add_module("on", b)
    assert explain(inspect(a, trace=None), "").path == ""


def test_deep_models_are_explained_in_good_time() -> None:
    model: Any = nn.Linear(2, 2)
    for _ in range(200):
        model = nn.Sequential(model)
    assert explain(model, inputs=(1, 2)).total == 6


def test_every_layer_of_a_wide_model_is_put_back() -> None:
    class Counts(nn.Module):
        def forward(self, x: Any) -> Any:
            self.seen = x
            return x

    model = nn.Sequential(*(Counts() for _ in range(6000)))
    model[0].data = [[number] for number in range(60_000)]  # more than is looked into
    assert inspect(model, (1, 2)).complete
    assert not any(hasattr(child, "seen") for child in model)


def test_layers_shared_at_every_level_have_not_all_their_paths() -> None:
    model: Any = nn.Linear(2, 2)
    for _ in range(40):  # 2 ** 40 paths lead to the inmost layer
        model = nn.Sequential(model, model)
    report = inspect(model, trace=None)
    assert len(report) == 41
    assert report.parameter_count == 6
    assert "0.0.1" in report


def test_grouped_settings_of_operations() -> None:
    report = inspect(Runs(lambda m, x: (x.chunk(2, dim=-1)[0] * 2 + 1).softmax(-1)), (2, 4))
    assert [(op.kind, dict(op.settings)) for op in report.operations] == [
        ("split", {"parts": 2, "axis": -1}),
        ("multiply", {"other": 2}),
        ("add", {"other": 1}),
        ("softmax", {"axis": -1}),
    ]


def test_numbers_of_numpy_are_sizes() -> None:
    assert inspect(nn.Linear(4, 3), [np.int64(2), np.int64(4)]).inputs == Inputs(TensorSpec((2, 4)))


def test_a_failure_that_the_model_catches_is_none() -> None:
    def caught(module: Any, x: Any) -> Any:
        try:
            module.wrong(x)
        except RuntimeError:
            return module.right(x)

    model = Runs(caught, wrong=nn.Linear(7, 2), right=nn.Linear(4, 2))
    report = inspect(model, (2, 4))
    assert (report.complete, report.notes) == (True, ())

    def caught_and_then_not(module: Any, x: Any) -> Any:
        return module.other(caught(module, x))

    report = inspect(
        Runs(caught_and_then_not, wrong=nn.Linear(7, 2), right=nn.Linear(4, 2), other=nn.Linear(3, 1)), (2, 4)
    )
    assert not report.complete
    assert "Layer 'other' raised on f32[2,2]" in report.notes[0]


DTYPES = ["float64", "float16", "bfloat16", "complex64", "int64", "int8", "bool", "uint8"]
LAYERS = [
    (nn.Linear(4, 3), [(2, 4)]),
    (nn.Bilinear(4, 4, 3), [(2, 4), (2, 4)]),
    (nn.Conv1d(3, 2, 3), [(1, 3, 8)]),
    (nn.Conv2d(3, 2, 3), [(1, 3, 8, 8)]),
    (nn.ConvTranspose2d(3, 2, 3), [(1, 3, 8, 8)]),
    (nn.LSTM(4, 3), [(5, 1, 4)]),
    (nn.GRU(4, 3), [(5, 1, 4)]),
    (nn.Embedding(9, 3), [(2, 4)]),
    (nn.BatchNorm1d(4), [(2, 4)]),
    (nn.LayerNorm(4), [(2, 4)]),
    (nn.GroupNorm(2, 4), [(2, 4)]),
    (nn.MaxPool2d(2), [(1, 3, 8, 8)]),
    (nn.AvgPool2d(2), [(1, 3, 8, 8)]),
    (nn.ReLU(), [(2, 4)]),
    (nn.GELU(), [(2, 4)]),
    (nn.Softmax(-1), [(2, 4)]),
    (nn.MultiheadAttention(4, 2), [(3, 1, 4)] * 3),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("layer", "shapes"), LAYERS, ids=[type(layer).__name__ for layer, _ in LAYERS])
def test_a_dtype_is_taken_or_refused_as_in_a_real_pass(layer: Any, shapes: Any, dtype: str) -> None:
    report = inspect(layer.eval(), [TensorSpec(shape, dtype) for shape in shapes])
    outputs, error = really(layer, [torch.ones(shape, dtype=getattr(torch, dtype)) for shape in shapes])
    assert report.complete == (error is None), report.notes
    if error is not None:
        assert type(error).__name__ in report.notes[0]
        return
    first = outputs[0] if isinstance(outputs, tuple) else outputs
    ours = report.outputs[0] if isinstance(report.outputs, tuple) else report.outputs
    assert (ours.shape, ours.dtype) == (tuple(first.shape), str(first.dtype).removeprefix("torch."))


def really(layer: Any, tensors: list[Any]) -> tuple[Any, Exception | None]:
    """What a real call gives: outputs, or the error."""
    try:
        with torch.no_grad():
            return layer(*tensors), None
    except Exception as error:
        return None, error


def test_a_model_that_casts_by_itself_is_really_run() -> None:
    class Casting(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.one, self.two = nn.Linear(4, 3), nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            with torch.autocast("cpu", torch.bfloat16):
                x = self.one(x)
            return self.two(x.float())

    report = inspect(Casting(), (1, 4))
    assert report.method == "eager"
    assert report.complete
    dtypes = [[str(leaf.dtype) for leaf in tensor_leaves(report[name].calls[0].outputs)] for name in ("one", "two")]
    assert dtypes == [["bfloat16"], ["float32"]]


def test_a_vision_model_of_transformers_is_given_an_image() -> None:
    transformers = pytest.importorskip("transformers")
    torchvision_zoo.prepare()
    config = transformers.ViTConfig(
        image_size=32, patch_size=8, num_hidden_layers=1, num_attention_heads=2, hidden_size=8, intermediate_size=16
    )
    report = inspect(transformers.ViTModel(config))
    assert report.complete
    assert report.inputs == Inputs(pixel_values=TensorSpec((1, 3, 32, 32)))
    assert any("image size" in note for note in report.notes)
