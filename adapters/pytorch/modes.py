"""How tensor functions are answered in a pass: abstractly, on meta tensors, or by really running them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from introspect.values import tensor_leaves

from ..recording import Kind, Recorder
from .arguments import NotOutlinedError, has_tensor, outlined, swapped, tensors_in
from .macs import macs_for
from .memo import KINDS, LAYOUTS, is_torchs, made_again, outline, remember
from .operations import settings_for, word_for
from .rules import RULES

_SMALL = 65_536  # elements up to which values that don't depend on the input are really computed
_DEVICE = torch.Tensor.device.__get__  # type: ignore[attr-defined]
_READ = ("shape", "dtype", "ndim", "layout", "requires_grad", "is_leaf", "is_nested", "is_sparse", "is_quantized")
_READS: frozenset[Any] = frozenset(
    [getattr(torch.Tensor, name).__get__ for name in _READ]
    + [torch.Tensor.size, torch.Tensor.dim, torch.Tensor.numel, torch.Tensor.is_floating_point, torch.Tensor.stride]
)
_MADE_FROM_NUMBERS = frozenset(
    {"zeros", "ones", "full", "empty", "arange", "linspace", "logspace", "eye", "tril_indices", "triu_indices"}
    | {"tensor", "as_tensor", "scalar_tensor", "hann_window", "hamming_window"}
)
_RANDOM = frozenset(
    {"rand", "randn", "randint", "randperm", "normal", "bernoulli", "multinomial"}
    | {"rand_like", "randn_like", "randint_like"}
)
_NORMS = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"})
_ONE_DTYPE = _NORMS | {
    *("linear", "bilinear", "matmul", "mm", "bmm", "addmm", "baddbmm", "multi_head_attention_forward"),
    *(f"conv{kind}{rank}d" for rank in (1, 2, 3) for kind in ("", "_transpose")),
}
_REAL_ONLY = _NORMS | {
    *("relu", "gelu", "silu", "softmax", "log_softmax", "hardtanh", "leaky_relu", "elu", "softplus"),
    *(f"{kind}_pool{rank}d" for rank in (1, 2, 3) for kind in ("max", "avg", "adaptive_avg", "adaptive_max")),
    "boolean_dispatch",
}
_MOVES = frozenset(["to", "cpu", "cuda", "type"])


class RecordingMode(TorchFunctionMode):
    """Sees every tensor function on this thread; what it answers with is its subclasses' matter."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.recorder = recorder

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func in _READS:
            return func(*args, **kwargs)
        if self.recorder.inside_unit:
            return self.answer(func, args, kwargs)
        return self.recorded(func, args, kwargs)

    def answer(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of a function."""
        raise NotImplementedError

    def recorded(self, func: Any, args: Any, kwargs: Any) -> Any:
        """The result of a function, which is recorded."""
        outputs = self.answer(func, args, kwargs)
        self._record(func, args, kwargs, outputs)
        return outputs

    def _record(self, func: Any, args: Any, kwargs: Any, outputs: Any) -> Kind | None:
        if func is torch.Tensor.__setitem__:
            outputs = args[0]
        elif not has_tensor(outputs):
            return None
        word, native = word_for(func)
        plain = settings_for(word, native, args, kwargs, has_tensor)
        macs = macs_for(native, args, kwargs, outputs)
        return self.recorder.operation(word, native, plain, args, kwargs, outputs, macs)


class EagerMode(RecordingMode):
    """Really runs every function."""

    def __init__(self, recorder: Recorder, owned: Iterable[torch.Tensor]) -> None:
        super().__init__(recorder)
        self._owned = {id(tensor) for tensor in owned}

    def answer(self, func: Any, args: Any, kwargs: Any) -> Any:
        outputs = func(*args, **kwargs)
        if (
            isinstance(outputs, torch.Tensor)
            and id(outputs) in self._owned
            and not _writes(func, getattr(func, "__name__", ""))
        ):
            return outputs.view_as(outputs)  # what a function gave (dropout, say), not the parameter itself
        return outputs


class AbstractMode(RecordingMode):
    """Runs every function on meta tensors: no values, no memory, and none of the model's own tensors written to.

    Small tensors that depend on no activation (positions, masks, token ids) keep their values on private copies, since
    models branch on them.
    """

    def __init__(self, recorder: Recorder, device: torch.device, owned: Iterable[torch.Tensor]) -> None:
        super().__init__(recorder)
        self.device = device
        self._casts_on = device.type if device.type != "meta" else "cpu"
        self._owned = {id(tensor) for tensor in owned}
        self._stand_ins: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._born: dict[int, torch.Tensor] = {}

    def recorded(self, func: Any, args: Any, kwargs: Any) -> Any:
        """What was called before with tensors of such shapes is neither computed nor described again."""
        tensors: list[torch.Tensor] = []
        key = self._key(func, args, kwargs, tensors)
        outputs = self._answer(func, args, kwargs, key, tensors)
        made = [outputs] if type(outputs) is torch.Tensor else tensors_in(outputs)
        kind = KINDS.get(key) if key is not None else None
        if kind is not None:
            self.recorder.again(kind, tensors, made)
            return outputs
        kind = self._record(func, args, kwargs, outputs)
        if kind is not None and key is not None and len(made) == len(tensor_leaves(kind.outputs)):
            remember(KINDS, key, kind)
        return outputs

    def answer(self, func: Any, args: Any, kwargs: Any) -> Any:
        tensors: list[torch.Tensor] = []
        return self._answer(func, args, kwargs, self._key(func, args, kwargs, tensors), tensors)

    def _key(self, func: Any, args: Any, kwargs: Any, tensors: list[torch.Tensor]) -> Any:
        """What the shapes of a result depend on once nothing is computed; `None` where it is not to be remembered."""
        try:
            given = outlined(args, tensors), outlined(kwargs, tensors) if kwargs else None
        except NotOutlinedError:
            tensors[:] = tensors_in((args, kwargs))
            return None
        if not is_torchs(func) or not any(t.is_meta for t in tensors):
            return None
        return func, torch.get_default_dtype(), *given

    def _answer(self, func: Any, args: Any, kwargs: Any, key: Any, tensors: list[torch.Tensor]) -> Any:
        if torch.is_autocast_enabled(self._casts_on):
            raise TypeError("inside autocast dtypes are those of the real device")
        known = LAYOUTS.get(key) if key is not None else None
        if known is not None and (outputs := self._made_again(known, tensors)) is not None:
            return outputs
        rule = RULES.get(func)
        if rule is not None:
            try:
                if (outputs := rule(*args, **kwargs)) is not None:
                    return outputs
            except (TypeError, AttributeError):  # called with arguments that the rule does not know
                pass
        if func == _DEVICE:
            return self.device if args[0].is_meta or id(args[0]) in self._born else func(*args)
        if not tensors:
            return self._from_numbers(func, args, kwargs)
        name = func.__name__ if hasattr(func, "__name__") else ""
        outputs = self._computed(func, name, args, kwargs, tensors)
        if key is not None and not _writes(func, name):
            remember(LAYOUTS, key, outline(outputs, tensors))
        return outputs

    def _made_again(self, known: Any, tensors: list[torch.Tensor]) -> Any:
        """Tensors laid out like those that were computed, or the input that was given back."""
        if type(known) is not int:
            return made_again(known)
        given = tensors[known]
        return given if given.is_meta and id(given) not in self._owned else None

    def _computed(self, func: Any, name: str, args: Any, kwargs: Any, tensors: list[torch.Tensor]) -> Any:
        if name not in _MOVES and kwargs.get("device") is None and all(map(self._is_activation, tensors)):
            self._refuse_what_meta_lets_through(name, tensors)
            return func(*args, **kwargs)
        stand_ins = {id(t): self._stand_in(t) for t in tensors}
        random = name in _RANDOM or "dropout" in name or (name.endswith("_like") and "rand" in name)
        self._refuse_what_meta_lets_through(name, stand_ins.values())
        known = not random and not any(t.is_meta for t in stand_ins.values())
        if known and self._stays_small(func, args, kwargs, stand_ins):
            return self._keep(func(*swapped(args, stand_ins.get), **_on(kwargs, stand_ins.get, "cpu")))
        return self._on_meta(func, name, args, kwargs, tensors, stand_ins)

    def _refuse_what_meta_lets_through(self, name: str, tensors: Iterable[torch.Tensor]) -> None:
        """Meta kernels mix dtypes and take complex numbers where real ones refuse: a real run is to decide then."""
        if name not in _ONE_DTYPE and name not in _REAL_ONLY:
            return
        dtypes = {t.dtype for t in tensors if t.dtype.is_floating_point or t.dtype.is_complex}
        if name in _REAL_ONLY and any(dtype.is_complex for dtype in dtypes):
            raise TypeError(f"{name} of complex numbers")
        reduced = name in _NORMS and dtypes <= {torch.float32, torch.float16, torch.bfloat16}
        if name in _ONE_DTYPE and len(dtypes) > 1 and not reduced and not torch.is_autocast_enabled(self.device.type):
            raise TypeError(f"{name} of tensors with different dtypes ({', '.join(sorted(map(str, dtypes)))})")

    def _on_meta(self, func: Any, name: str, args: Any, kwargs: Any, tensors: Any, stand_ins: Any) -> Any:
        metas = {key: t if t.is_meta else torch.empty_like(t, device="meta") for key, t in stand_ins.items()}
        if name in _MOVES:
            args = tuple(_META if _is_device(a) else a for a in args)
        outputs = func(*swapped(args, metas.get), **_on(kwargs, metas.get, "meta"))
        if _writes(func, name) and not stand_ins[id(tensors[0])].is_meta:
            # What had a value has been written to by something that has none.
            self._stand_ins[id(tensors[0])] = (tensors[0], metas[id(tensors[0])])
        return outputs

    def _from_numbers(self, func: Any, args: Any, kwargs: Any) -> Any:
        name = getattr(func, "__name__", "")
        if name in _RANDOM:
            drawn = {**kwargs, "device": "meta"}
            return func(*args, **(drawn | {"generator": None} if "generator" in kwargs else drawn))
        if name not in _MADE_FROM_NUMBERS:
            return func(*args, **kwargs)
        if name not in ("tensor", "as_tensor", "scalar_tensor"):
            outline = func(*args, **{**kwargs, "device": "meta"})
            if outline.numel() > _SMALL:
                return outline
        return self._keep(func(*args, **{**kwargs, "device": "cpu"}))

    def _is_activation(self, tensor: torch.Tensor) -> bool:
        """Whether the pass has made this tensor, without a value."""
        return tensor.is_meta and id(tensor) not in self._owned and id(tensor) not in self._stand_ins

    def _stand_in(self, tensor: torch.Tensor) -> torch.Tensor:
        """What is used in place of a tensor: itself if the pass made it, else a private copy or a meta tensor."""
        held = self._stand_ins.get(id(tensor))
        if held is not None:
            return held[1]
        if id(tensor) not in self._owned and (tensor.is_meta or id(tensor) in self._born):
            return tensor
        small = tensor.numel() <= _SMALL and not tensor.is_meta
        made = tensor.detach().to("cpu", copy=True) if small else torch.empty_like(tensor, device="meta")
        self._stand_ins[id(tensor)] = (tensor, made)
        return made

    def _stays_small(self, func: Any, args: Any, kwargs: Any, stand_ins: Any) -> bool:
        """Two small tensors can have a large product: a dry run on meta says so first."""
        if sum(t.numel() for t in stand_ins.values()) <= 256:
            return True
        metas = {key: torch.empty_like(t, device="meta") for key, t in stand_ins.items()}
        try:
            outputs = func(*swapped(args, metas.get), **_on(kwargs, metas.get, "meta"))
        except Exception:  # depends on values, and so its result is no larger than they are
            return True
        return sum(t.numel() for t in tensors_in(outputs)) <= 16 * _SMALL

    def _keep(self, outputs: Any) -> Any:
        for tensor in tensors_in(outputs):
            if not tensor.is_meta:
                self._born[id(tensor)] = tensor
        return outputs


_META = torch.device("meta")


def _writes(func: Any, name: str) -> bool:
    return (
        (name.endswith("_") and not name.endswith("__")) or name in ("__setitem__", "__set__") or name.startswith("__i")
    )


def _on(kwargs: dict[str, Any], stand_in: Callable[[int], Any], device: str) -> dict[str, Any]:
    replaced = {k: swapped(v, stand_in) for k, v in kwargs.items()}
    if replaced.get("device") is not None:
        replaced["device"] = torch.device(device)
    return replaced


def _is_device(value: Any) -> bool:
    if isinstance(value, str):
        return value.partition(":")[0] in ("cpu", "cuda", "mps", "xpu", "meta")
    return isinstance(value, torch.device)
