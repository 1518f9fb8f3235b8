"""PyTorch: tensors that are made from others, packed weights, and the classes that other libraries add."""

from __future__ import annotations

import inspect as python_inspect
import math
from collections.abc import Callable
from itertools import permutations, product
from typing import Any

import pytest
import torch
from introspect.adapters.pytorch.layers import row_of
from support import torchvision_zoo, transformers_zoo
from support.checks import check_report
from support.fingerprint import difference, torch_fingerprint
from torch import nn
from torch.nn.utils import parametrizations, parametrize, prune

from introspect import Report, explain, inspect

Shapes = dict[str, tuple[str, tuple[int, ...], str | None]]


def checked(module: nn.Module, said: Any) -> Report:
    """A report that fits, of a module that is left as it was: also while training, where reading a weight that is made
    from others would change those."""
    before = torch_fingerprint(module)
    report = inspect(module, said)
    assert not difference(before, torch_fingerprint(module))
    assert report == inspect(module, said)
    assert report.complete, report.notes
    check_report(report)
    assert explain(report, "").agrees is True
    assert report.parameter_count == report.native_count == sum(p.numel() for p in module.parameters())
    assert report.buffer_count == sum(b.numel() for b in module.buffers())
    return report


def tensors(report: Report) -> Shapes:
    return {p.name: (p.role, p.shape or (), p.axes) for p in report.root.parameters}


def old(make: Callable[..., nn.Module], *args: Any, **kwargs: Any) -> nn.Module:
    """torch's older utilities, which it calls deprecated."""
    with pytest.warns(FutureWarning):
        return make(*args, **kwargs)


def pruned(module: nn.Module, *names: str) -> nn.Module:
    for name in names:
        prune.random_unstructured(module, name, 0.5)
    return module


class Symmetric(nn.Module):
    """A user's own parametrization."""

    def forward(self, x: Any) -> Any:
        return x.triu() + x.triu(1).transpose(-1, -2)


class Packed(nn.Module):
    """One whose original is laid out in another way."""

    def forward(self, x: Any) -> Any:
        return x.reshape(4, 4)

    def right_inverse(self, x: Any) -> Any:
        return x.reshape(2, 8)


def parametrized(module: nn.Module, name: str, by: nn.Module) -> nn.Module:
    parametrize.register_parametrization(module, name, by, unsafe=True)
    return module


P = "parametrizations.weight."
# name → module, input, what its kernel is made by, its tensors
MADE: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], str, Shapes]] = {
    "weight norm": (
        lambda: parametrizations.weight_norm(nn.Linear(4, 3)),
        (2, 4),
        "weight_norm",
        {
            f"{P}original1": ("kernel", (3, 4), "out in"),
            f"{P}original0": ("magnitude", (3, 1), "out 1"),
            "bias": ("bias", (3,), "out"),
        },
    ),
    "weight norm, another axis": (
        lambda: parametrizations.weight_norm(nn.ConvTranspose2d(4, 3, 2, bias=False), dim=1),
        (1, 4, 5, 5),
        "weight_norm",
        {
            f"{P}original1": ("kernel", (4, 3, 2, 2), "in out h w"),
            f"{P}original0": ("magnitude", (1, 3, 1, 1), "1 out 1 1"),
        },
    ),
    "weight norm, one length": (
        lambda: parametrizations.weight_norm(nn.Linear(4, 3), dim=None),
        (2, 4),
        "weight_norm",
        {
            f"{P}original1": ("kernel", (3, 4), "out in"),
            f"{P}original0": ("magnitude", (), ""),
            "bias": ("bias", (3,), "out"),
        },
    ),
    "weight norm of a recurrent layer": (
        lambda: parametrizations.weight_norm(nn.LSTM(4, 3, bias=False), "weight_hh_l0"),
        (5, 2, 4),
        "weight_norm",
        {
            "weight_ih_l0": ("kernel", (12, 4), "(gate units) in"),
            "parametrizations.weight_hh_l0.original1": ("recurrent_kernel", (12, 3), "(gate units) hidden"),
            "parametrizations.weight_hh_l0.original0": ("magnitude", (12, 1), "(gate units) 1"),
        },
    ),
    "spectral norm": (
        lambda: parametrizations.spectral_norm(nn.Conv2d(4, 3, 2)),
        (1, 4, 5, 5),
        "spectral_norm",
        {
            f"{P}original": ("kernel", (3, 4, 2, 2), "out in h w"),
            f"{P}0._u": ("singular_vector", (3,), "out"),
            f"{P}0._v": ("singular_vector", (16,), "(in h w)"),
            "bias": ("bias", (3,), "out"),
        },
    ),
    "spectral norm of a bias": (
        lambda: parametrizations.spectral_norm(nn.Linear(4, 3), "bias"),
        (2, 4),
        "spectral_norm",
        {
            "weight": ("kernel", (3, 4), "out in"),
            "parametrizations.bias.original": ("bias", (3,), "out"),
        },
    ),
    "orthogonal": (
        lambda: parametrizations.orthogonal(nn.Linear(3, 4, bias=False), use_trivialization=False),
        (2, 3),
        "orthogonal",
        {f"{P}original": ("kernel", (4, 3), "out in")},
    ),
    "a user's own": (
        lambda: parametrized(nn.Linear(4, 4, bias=False), "weight", Symmetric()),
        (2, 4),
        f"{__name__}.Symmetric",
        {f"{P}original": ("kernel", (4, 4), "out in")},
    ),
    "old weight norm": (
        lambda: old(nn.utils.weight_norm, nn.Conv1d(4, 3, 2)),
        (1, 4, 5),
        "weight_norm",
        {
            "weight_v": ("kernel", (3, 4, 2), "out in l"),
            "weight_g": ("magnitude", (3, 1, 1), "out 1 1"),
            "bias": ("bias", (3,), "out"),
        },
    ),
    "old spectral norm": (
        lambda: nn.utils.spectral_norm(nn.Linear(4, 3)),
        (2, 4),
        "spectral_norm",
        {
            "weight_orig": ("kernel", (3, 4), "out in"),
            "weight_u": ("singular_vector", (3,), "out"),
            "weight_v": ("singular_vector", (4,), "in"),
            "bias": ("bias", (3,), "out"),
        },
    ),
    "pruned": (
        lambda: pruned(nn.Linear(4, 3), "weight", "bias"),
        (2, 4),
        "pruned",
        {
            "weight_orig": ("kernel", (3, 4), "out in"),
            "weight_mask": ("mask", (3, 4), "out in"),
            "bias_orig": ("bias", (3,), "out"),
            "bias_mask": ("mask", (3,), "out"),
        },
    ),
}


@pytest.mark.filterwarnings("ignore:.*spectral_norm. is deprecated:FutureWarning")
@pytest.mark.parametrize("name", MADE)
def test_a_module_owns_what_its_tensors_are_made_of(name: str) -> None:
    make, said, word, expected = MADE[name]
    module = make().train()
    report = checked(module, said)
    assert list(tensors(report).items()) == list(expected.items())
    assert report.root.setting("parametrization") == word
    kernel = next(shape for role, shape, _ in expected.values() if role == "kernel")
    assert report.root.kernel_shape == kernel
    assert report.root.setting("use_bias") is any(role == "bias" for role, _, _ in expected.values())
    assert not any(layer.parameters for layer in report if layer.path)
    assert f"parametrization: {word}" in str(explain(report, ""))


def test_a_tensor_that_may_be_laid_out_in_another_way_has_no_axes() -> None:
    report = inspect(parametrized(nn.Linear(4, 4, bias=False), "weight", Packed()), (2, 4))
    assert tensors(report) == {f"{P}original": ("kernel", (2, 8), None)}
    assert report.parameter_count == 16
    assert explain(report, "").agrees is None


def test_two_things_that_make_a_tensor_are_both_named() -> None:
    module = parametrizations.spectral_norm(parametrized(nn.Linear(4, 4), "weight", Symmetric()))
    report = checked(module, (2, 4))
    assert report.root.setting("parametrization") == (f"{__name__}.Symmetric", "spectral_norm")


QUANTIZED = pytest.mark.filterwarnings(
    "ignore:.*quantiz:DeprecationWarning", "ignore:.*quantiz:UserWarning", "ignore:.*reduce_range:UserWarning"
)


def packed(report: Report, path: str) -> dict[str, tuple[str, tuple[int, ...] | None, str | None, str, int | None]]:
    return {p.name: (p.role, p.shape, p.axes, p.dtype, p.bytes) for p in report[path].parameters}


@QUANTIZED
def test_weights_packed_for_dynamic_quantization_are_read() -> None:
    float_model = nn.Sequential(nn.Linear(4, 3), nn.LSTM(3, 2))
    model = torch.ao.quantization.quantize_dynamic(float_model, {nn.Linear, nn.LSTM})
    report = inspect(model, (5, 2, 4))
    assert report.complete
    assert packed(report, "0") == {
        "weight": ("kernel", (3, 4), "out in", "qint8", 12),
        "bias": ("bias", (3,), "out", "float32", 12),
    }
    assert packed(report, "1") == {
        "weight_ih_l0": ("kernel", (8, 3), "(gate units) in", "qint8", 24),
        "weight_hh_l0": ("recurrent_kernel", (8, 2), "(gate units) hidden", "qint8", 16),
        "bias_ih_l0": ("bias", (8,), "(gate units)", "float32", 32),
        "bias_hh_l0": ("recurrent_bias", (8,), "(gate units)", "float32", 32),
    }
    assert report.parameter_count == inspect(float_model, (5, 2, 4)).parameter_count == 15 + 56
    assert report.trainable_count == 0
    assert (report["0"].kind, report["0"].units, report["0"].kernel_shape) == ("dense", 3, (3, 4))
    assert (report["1"].kind, report["1"].units) == ("lstm", 2)
    assert report["0"].setting("quantization") == "int8"
    assert explain(report, "").agrees is True
    assert not report.notes[1:]


@QUANTIZED
def test_half_and_half_byte_weights_take_what_they_take() -> None:
    half = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 3)), {nn.Linear}, dtype=torch.float16)
    assert packed(inspect(half, (2, 4)), "0")["weight"] == ("kernel", (3, 4), "out in", "float16", 24)
    table = torch.ao.nn.quantized.Embedding(9, 5)
    scales, zeros = torch.ones(9), torch.zeros(9)
    wide = torch.quantize_per_channel(torch.rand(9, 5), scales, zeros, 0, torch.quint8)
    table.set_weight(wide)
    report = inspect(table, trace=None)
    assert packed(report, "") == {"weight": ("table", (9, 5), "tokens features", "quint8", 45)}
    narrow = torch.quantize_per_channel(torch.rand(9, 6), scales, zeros, 0, torch.quint4x2)
    four_bits = torch.ao.nn.quantized.Embedding(9, 6, dtype=torch.quint4x2)
    four_bits._packed_params.dtype = torch.quint4x2
    four_bits.set_weight(narrow)
    report = inspect(four_bits, trace=None)
    assert packed(report, "")["weight"] == ("table", (9, 6), "tokens features", "quint4x2", 27)
    assert report.root.setting("quantization") == "uint4x2"
    assert report.bytes == 27


@QUANTIZED
def test_a_statically_quantized_network() -> None:
    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.quantize = torch.ao.quantization.QuantStub()
            self.conv, self.relu = nn.Conv2d(3, 4, 3), nn.ReLU()
            self.linear = nn.Linear(4, 2)
            self.restore = torch.ao.quantization.DeQuantStub()

        def forward(self, x: Any) -> Any:
            x = self.relu(self.conv(self.quantize(x)))
            return self.restore(self.linear(x.mean((2, 3))))

    model = Network().eval()
    model.qconfig = torch.ao.quantization.get_default_qconfig("x86")
    model = torch.ao.quantization.fuse_modules(model, [["conv", "relu"]])
    prepared = torch.ao.quantization.prepare(model)
    assert {layer.kind for layer in inspect(prepared, (1, 3, 8, 8))} >= {"observer", "identity", "conv2d", "dense"}
    prepared(torch.rand(1, 3, 8, 8))
    report = inspect(torch.ao.quantization.convert(prepared), (1, 3, 8, 8))
    assert report.complete
    kinds = {layer.path: layer.kind for layer in report}
    assert {k: kinds[k] for k in ("quantize", "conv", "linear", "restore")} == {
        "quantize": "quantize",
        "conv": "conv2d",
        "linear": "dense",
        "restore": "dequantize",
    }
    assert packed(report, "conv")["weight"] == ("kernel", (4, 3, 3, 3), "out in h w", "qint8", 108)
    assert report["conv"].setting("activation") == "relu"
    assert report["conv"].setting("in_features") == 3
    assert packed(report, "quantize")["scale"] == ("quantizer", (1,), "1", "float32", 4)
    assert report.parameter_count == 3 * 3 * 3 * 4 + 4 + 4 * 2 + 2
    assert explain(report, "").agrees is True


@QUANTIZED
def test_a_network_that_is_trained_to_be_quantized() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)).train()
    model.qconfig = torch.ao.quantization.get_default_qat_qconfig("x86")
    fused = torch.ao.quantization.fuse_modules_qat(model, [["0", "1", "2"]])
    assert inspect(fused, (2, 3, 8, 8))["0"].kind == "container"
    trained = torch.ao.quantization.prepare_qat(fused)
    report = inspect(trained, (2, 3, 8, 8))
    assert report.complete
    assert (report["0"].kind, report["0"].units, report["0"].kernel_shape) == ("conv2d", 4, (4, 3, 3, 3))
    assert report["0"].setting("activation") == "relu"
    assert (report["4"].kind, report["4"].setting("quantization")) == ("dense", "simulated int8")
    assert report["0.bn"].kind == "batch_norm"
    assert report["0.weight_fake_quant"].kind == "fake_quantize"
    assert {p.role for p in report["0.weight_fake_quant"].parameters} == {"quantizer"}
    assert report.parameter_count == report.native_count
    assert explain(report, "").agrees is True


AO = torch.ao.nn


@QUANTIZED
@pytest.mark.parametrize(
    ("make", "kind", "units"),
    [
        (lambda: AO.quantized.Conv1d(4, 6, 3), "conv1d", 6),
        (lambda: AO.quantized.Conv3d(4, 6, 3), "conv3d", 6),
        (lambda: AO.quantized.ConvTranspose2d(4, 6, 3), "conv2d_transpose", 6),
        (lambda: AO.quantized.Embedding(9, 4), "embedding", 4),
        (lambda: AO.quantized.EmbeddingBag(9, 4), "embedding_bag", 4),
        (lambda: AO.quantized.BatchNorm2d(4), "batch_norm", None),
        (lambda: AO.quantized.PReLU(1.0, 0, 4), "prelu", None),
        (lambda: AO.quantized.LeakyReLU(1.0, 0), "activation", None),
        (lambda: AO.quantized.Sigmoid(1.0, 0), "activation", None),
        (lambda: AO.quantized.dynamic.GRU(4, 3), "gru", 3),
        (lambda: AO.quantized.dynamic.LSTMCell(4, 3), "lstm_cell", 3),
        (lambda: AO.quantized.dynamic.GRUCell(4, 3), "gru_cell", 3),
        (lambda: AO.quantized.dynamic.RNNCell(4, 3), "simple_rnn_cell", 3),
        (lambda: AO.quantized.reference.Linear(4, 3), "dense", 3),
        (lambda: AO.quantized.reference.LSTM(4, 3), "lstm", 3),
        (lambda: AO.quantized.reference.Conv2d(4, 3, 3), "conv2d", 3),
        (lambda: AO.intrinsic.quantized.LinearReLU(4, 3), "dense", 3),
        (lambda: AO.intrinsic.quantized.BNReLU2d(4), "batch_norm", None),
        (lambda: AO.quantizable.LSTM(4, 3), "lstm", 3),
        (lambda: AO.quantizable.LSTMCell(4, 3), "lstm_cell", 3),
        (lambda: AO.quantizable.MultiheadAttention(4, 2), "attention", 4),
        (lambda: AO.quantized.QFunctional(), "container", None),
        (lambda: torch.ao.quantization.HistogramObserver(), "observer", None),
        (lambda: torch.ao.quantization.FakeQuantize(), "fake_quantize", None),
    ],
)
def test_a_quantized_module_is_read_without_being_run(make: Any, kind: str, units: int | None) -> None:
    report = inspect(make(), trace=None)
    assert (report.root.kind, report.root.units) == (kind, units)
    assert report.parameter_count is not None
    assert all(p.axes is not None for p in report.parameters if p.state == "parameter")
    if any(p.state == "parameter" for p in report.root.parameters):
        assert explain(report, "").agrees is True
    assert not any("not read" in note for note in report.notes)


@pytest.fixture(scope="module")
def transformers_modules() -> list[nn.Module]:
    """One module of every class that the architectures in the zoo are made of and that holds no others."""
    found: dict[type, nn.Module] = {}
    for case in transformers_zoo.CASES:
        for module in case.build().modules():
            if not list(module.children()):
                found.setdefault(type(module), module)
    return list(found.values())


def forward_arguments(module: nn.Module) -> int | None:
    """How many tensors a call of it takes, the optional ones included; `None` for any number."""
    parameters = python_inspect.signature(type(module).forward).parameters.values()
    return None if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters) else len(parameters) - 1


def computed(module: nn.Module, size: int) -> tuple[torch.Tensor, torch.Tensor] | None:
    """An input and what the module really makes of it, all that it may be given being there."""
    number = forward_arguments(module)
    if number is None:
        return None
    tensors = [torch.randn(2, 5, size) for _ in range(number)]
    try:
        with torch.no_grad():
            outputs = module(*tensors)
    except Exception:
        return None
    return (tensors[0], outputs) if isinstance(outputs, torch.Tensor) else None


def norm_of(x: torch.Tensor, centered: bool, eps: float) -> torch.Tensor:
    x = x - x.mean(-1, keepdim=True) if centered else x
    return x / (x.square().mean(-1, keepdim=True) + eps).sqrt()


def truth(module: nn.Module, eps: float) -> tuple[str, int] | None:
    """By numbers: which norm (and what is added to its scale), or a scale, a module with one vector or two computes."""
    torch.manual_seed(0)
    vectors = list(module.parameters())
    with torch.no_grad():
        for vector in vectors:
            vector.copy_(torch.rand_like(vector) + 0.5)
    result = computed(module, vectors[0].numel())
    if result is None or result[0].shape != result[1].shape:
        return None
    x, y = result
    normed = {"rms_norm": norm_of(x, False, eps), "layer_norm": norm_of(x, True, eps), "scale": x}
    for weight, *bias in permutations(vectors):
        for (kind, plain), offset in product(normed.items(), (0, 1)):
            if torch.allclose(plain * (weight + offset) + sum(bias), y, rtol=1e-4, atol=1e-5):
                return kind, offset
    return None


def test_norms_and_scales_of_transformers_are_recognized_exactly_where_they_are(
    transformers_modules: list[nn.Module],
) -> None:
    recognized, others = {}, {}
    for module in transformers_modules:
        parameters = list(module.parameters())
        vectors = parameters and len({p.shape for p in parameters}) == 1 and parameters[0].dim() == 1
        library = any(cls.__module__.startswith("torch.nn.modules.") for cls in type(module).__mro__[:-2])
        if not vectors or len(parameters) > 2 or list(module.buffers()) or library:
            continue
        report = inspect(module, trace=None)
        eps = report.root.setting("eps", 1e-6)
        kind, expected = report.root.kind, truth(module, eps)
        found = None if kind == "unknown" else (kind, report.root.setting("scale_offset", 0))
        assert found == expected, (type(module).__name__, found, expected)
        (others if expected is None else recognized)[type(module).__name__] = report
    assert len(recognized) >= 40
    assert {"LlamaRMSNorm", "GemmaRMSNorm", "T5LayerNorm", "ImageGPTLayerNorm", "CohereLayerNorm"} <= set(recognized)
    assert {"DebertaLayerNorm", "Dinov2LayerScale", "NoNorm"} <= set(recognized)
    assert {"MambaRMSNormGated", "Qwen3NextRMSNormGated", "PerceiverEmbeddingDecoder"} <= set(others)
    for report in recognized.values():
        check_report(report)
        assert explain(report, "").agrees is True
        assert [p.role for p in report.root.parameters if p.name != "bias"] == ["scale"]
        assert report.root.setting("use_shift", False) is any(p.role == "shift" for p in report.root.parameters)


class Clone(nn.Module):
    """Norms that look alike: only one of them is what its name says."""

    def __init__(self, size: int = 4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(size) + 0.5)
        self.eps = 1e-3


class RMSNorm(Clone):
    def forward(self, x: Any) -> Any:
        return x / torch.sqrt((x**2).mean(dim=-1, keepdim=True) + self.eps) * self.weight


class NoSuchRMSNorm(Clone):
    def forward(self, x: Any) -> Any:
        return x / torch.sqrt((x**2).mean(dim=1, keepdim=True) + self.eps) * self.weight


class ScaledFirstRMSNorm(Clone):
    def forward(self, x: Any) -> Any:
        x = x * (1.0 + self.weight)
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)


class ThreeMomentsRMSNorm(Clone):
    def forward(self, x: Any) -> Any:
        return self.weight * x * torch.rsqrt(x.pow(3).mean(-1, keepdim=True) + self.eps)


class SometimesRMSNorm(Clone):
    def forward(self, x: Any) -> Any:
        if x.shape[-1] > 3:
            x = x + 1
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps))


class Root(Clone):
    """Has none of those words in its name."""

    def __init__(self) -> None:
        super().__init__()
        self.plain = False

    def _power(self, x: Any) -> Any:
        return torch.pow(x.square().mean(-1, keepdim=True) + self.eps, -0.5)

    def forward(self, x: Any) -> Any:
        y = x.float() * self._power(x.float())
        if self.plain:
            return y
        return (y * (1 + self.weight)).type_as(x)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (RMSNorm, "rms_norm"),
        (Root, None),  # `_power` gives a quantity that is multiplied in: seen
        (NoSuchRMSNorm, "unknown"),
        (ScaledFirstRMSNorm, "unknown"),
        (ThreeMomentsRMSNorm, "unknown"),
        (SometimesRMSNorm, "unknown"),
    ],
)
def test_a_norm_is_what_it_computes_and_not_what_it_is_called(make: Any, kind: str | None) -> None:
    module = make()
    report = checked(module, (2, 4)) if kind != "unknown" else inspect(module, (2, 4))
    assert report.root.kind == (kind or "rms_norm")
    assert truth(module, 1e-3) == (
        (kind or "rms_norm", report.root.setting("scale_offset")) if kind != "unknown" else None
    )
    if kind != "unknown":
        eps = next(s for s in report.root.settings if s.name == "eps")
        assert (eps.value, eps.native_name) == (1e-3, "eps")
        assert not report.operations


def test_a_forward_of_the_modules_own_is_not_that_of_its_class() -> None:
    module = RMSNorm()
    module.forward = lambda x: x  # type: ignore[method-assign]
    assert row_of(module).kind == "unknown"


def test_frozen_norms_and_dropped_paths_of_transformers(transformers_modules: list[nn.Module]) -> None:
    kinds: dict[str, str] = {}
    for module in transformers_modules:
        name = type(module).__name__
        if name.endswith(("FrozenBatchNorm2d", "DropPath")) or name == "Conv1D":
            kinds[name] = row_of(module).kind
            if name == "DetrFrozenBatchNorm2d":
                frozen = module
            if name == "Conv1D":
                product = module
    assert set(kinds.values()) == {"batch_norm", "stochastic_depth", "dense"}
    assert len(kinds) >= 7
    report = inspect(frozen, (1, frozen.weight.numel(), 4, 4))
    assert report.root.setting("eps") == 1e-5
    assert {p.name: (p.role, p.axes, p.state) for p in report.root.parameters} == {
        "weight": ("scale", "channel", "buffer"),
        "bias": ("shift", "channel", "buffer"),
        "running_mean": ("mean", "channel", "buffer"),
        "running_var": ("variance", "channel", "buffer"),
    }
    rows, columns = product.weight.shape
    report = checked(product, (2, rows))
    assert report.root.units == columns == report.root.output_shape[-1]
    assert report.root.kernel.axes == "in out"
    assert inspect(nn.Sequential(product)).root.output_shape == (1, columns)  # a guess of its input


@pytest.mark.skipif(not torchvision_zoo.available(), reason="torchvision is not installed")
def test_classes_of_torchvision() -> None:
    torchvision_zoo.prepare()
    from torchvision.models.convnext import LayerNorm2d
    from torchvision.ops import Conv2dNormActivation, DeformConv2d, FrozenBatchNorm2d, Permute, SqueezeExcitation
    from torchvision.ops import StochasticDepth as Dropped

    image = (1, 4, 6, 6)
    norm = checked(LayerNorm2d(4), image)
    assert (norm.root.kind, norm.root.setting("axis"), norm.operations) == ("layer_norm", (1,), ())
    frozen = inspect(FrozenBatchNorm2d(4), image)
    assert (frozen.root.kind, frozen.root.setting("eps"), frozen.buffer_count) == ("batch_norm", 1e-5, 16)
    assert frozen.root.setting("momentum") == 1.0
    permuted = inspect(Permute([0, 2, 3, 1]), image).root
    assert (permuted.kind, permuted.setting("axis"), permuted.output_shape) == ("permute", (0, 2, 3, 1), (1, 6, 6, 4))
    dropped = inspect(Dropped(0.25, "row"), image).root
    assert (dropped.kind, dropped.setting("rate")) == ("stochastic_depth", 0.25)
    assert checked(Conv2dNormActivation(4, 6), image).root.kind == "container"
    assert checked(SqueezeExcitation(4, 2), image).root.kind == "container"
    deformed = inspect(DeformConv2d(4, 6, 3), trace=None).root
    assert (deformed.kind, deformed.units, deformed.kernel_shape) == ("conv2d", 6, (6, 4, 3, 3))


def test_classes_are_known_by_the_module_that_defines_them() -> None:
    """As timm has them; elsewhere the same name means nothing."""

    class Conv2dSame(nn.Conv2d):
        def forward(self, x: Any) -> Any:
            height, width = (
                (-(-n // s) - 1) * s + k - n for n, s, k in zip(x.shape[2:], self.stride, self.kernel_size, strict=True)
            )
            pad = (width // 2, width - width // 2, height // 2, height - height // 2)
            return nn.functional.conv2d(nn.functional.pad(x, pad), self.weight, self.bias, self.stride)

    module = Conv2dSame(3, 4, 3, stride=2)
    assert inspect(module, (1, 3, 8, 8)).root.setting("padding") == "valid"
    theirs = type("Conv2dSame", (Conv2dSame,), {"__module__": "timm.layers.conv2d_same"})(3, 4, 3, stride=2)
    report = checked(theirs, (1, 3, 8, 8))
    assert (report.root.setting("padding"), report.root.output_shape) == ("same", (1, 4, 4, 4))
    assert not report.operations


def test_a_subclass_that_only_adds_a_buffer_keeps_its_row() -> None:
    class Scaled(nn.Embedding):
        def __init__(self) -> None:
            super().__init__(9, 4)
            self.register_buffer("factor", torch.tensor(2.0))

        def forward(self, x: Any) -> Any:
            return super().forward(x) * self.factor

    report = inspect(Scaled(), (2, 5))
    assert (report.root.kind, report.root.units) == ("embedding", 4)
    assert explain(report, "").agrees is True
    assert [op.kind for op in report.operations] == ["embedding", "multiply"]


def test_sizes_of_singular_vectors() -> None:
    module = parametrizations.spectral_norm(nn.Conv2d(4, 3, 2))
    vector = inspect(module, trace=None).root.parameter(f"{P}0._v")
    assert vector.by_axis == {"in": 4, "h": 2, "w": 2}
    assert math.prod(vector.by_axis.values()) == 16
