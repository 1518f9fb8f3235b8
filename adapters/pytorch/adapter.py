"""Reads any `torch.nn.Module`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from introspect.adapter import Candidate, Description, Said, Trace
from introspect.errors import UnsupportedModelError
from introspect.parameter import Parameter
from introspect.records import Layer
from introspect.values import Inputs

from ..rows import MOST_PATHS, read_settings, read_tensor
from .inputs import candidates, dtype_name
from .layers import row_of
from .trace import trace


class PyTorchAdapter:
    """The adapter of PyTorch; see `introspect.adapter.Adapter`."""

    name = "torch"

    def owns(self, obj: object) -> bool:
        """Whether this is a module."""
        return isinstance(obj, torch.nn.Module)

    def describe(self, model: torch.nn.Module) -> Description:
        """The tree of modules, in definition pre-order, each at its first path."""
        if "_modules" not in vars(model) and not isinstance(model, torch.jit.ScriptModule):
            name = type(model).__name__
            raise UnsupportedModelError(f"{name} is no whole module: its __init__ must call super().__init__() first.")
        return describe(model)

    def inputs_for(self, model: torch.nn.Module, said: Said | None) -> tuple[Candidate, ...]:
        """What to feed, best first."""
        return candidates(model, said)

    def trace(self, model: torch.nn.Module, inputs: Inputs, method: str, training: bool) -> Trace:
        """One dummy pass."""
        return trace(model, inputs, method, training, describe)


ADAPTER = PyTorchAdapter()


def describe(model: torch.nn.Module) -> Description:
    """The tree of modules as it stands."""
    places = walk(model)
    first_paths = {id(module): paths[0] for module, paths in places}
    seen: dict[int, str] = {}
    layers = []
    unread = frozenset(paths[0] for module, paths in places if _is_unread(module))
    owners = _owners(places, first_paths)
    for module, paths in places:
        owner = owners.get(paths[0])
        layers.append(
            Layer(
                path=paths[0],
                type=type(module).__name__,
                kind=row_of(module).kind,
                aliases=tuple(paths[1:]),
                settings=read_settings(module, row_of(module)),
                parameters=() if owner is not None else _parameters(module, paths[0], seen),
                training=module.__dict__.get("training"),
                children=tuple(dict.fromkeys(first_paths[id(child)] for _, child in module.named_children())),
                part_of=owner,
                depth=paths[0].count(".") + 1 if paths[0] else 0,
                opened=not row_of(module).unit,
            )
        )
    return Description(
        framework="torch",
        framework_version=str(torch.__version__),
        backend="torch",
        model=type(model).__name__,
        layers=tuple(layers),
        native_count=_native_count(model),
        unbuilt=unread,
        notes=(f"{len(unread)} modules hold tensors that are not read: their counts are unknown.",) if unread else (),
    )


def walk(model: torch.nn.Module) -> list[tuple[torch.nn.Module, list[str]]]:
    """Every module in definition pre-order, with all paths that lead to it (not those that go round in a circle)."""
    places: dict[int, tuple[torch.nn.Module, list[str]]] = {}
    stack: list[tuple[torch.nn.Module, str, frozenset[int]]] = [(model, "", frozenset())]
    paths = 0
    while stack:
        module, path, above = stack.pop()
        met = id(module) in places
        places.setdefault(id(module), (module, []))[1].append(path)
        paths += 1
        if met and paths > MOST_PATHS:
            continue
        above |= {id(module)}
        below = [
            (child, f"{path}.{name}" if path else name) for name, child in module._modules.items() if child is not None
        ]
        stack.extend((child, at, above) for child, at in reversed(below) if id(child) not in above)
    return list(places.values())


def _owners(places: list[tuple[torch.nn.Module, list[str]]], first_paths: dict[int, str]) -> dict[str, str]:
    """Private sublayers by path: whose part they are."""
    owners = {}
    for module, paths in places:
        for name in row_of(module).parts:
            child = module._modules.get(name)
            if child is not None:
                owners[first_paths[id(child)]] = paths[0]
    return owners


def _parameters(module: torch.nn.Module, path: str, seen: dict[int, str]) -> tuple[Parameter, ...]:
    """The tensors that a module owns, and those of its private sublayers; one met before is `same_as` that one."""
    row = row_of(module)
    owned = list(_tensors(module, ""))
    for part in row.parts:
        child = module._modules.get(part)
        if child is not None:
            owned += _tensors(child, f"{part}.")
    records = []
    for name, tensor, state in owned:
        full = f"{path}.{name}" if path else name
        same_as = seen.setdefault(id(tensor), full)
        records.append(
            read_tensor(
                module,
                row.tensor(name),
                None if isinstance(tensor, UninitializedTensorMixin) else tuple(int(n) for n in tensor.shape),
                name=name,
                path=full,
                dtype=dtype_name(tensor.dtype),
                trainable=state == "parameter" and tensor.requires_grad,
                state=state,
                same_as=None if same_as == full else same_as,
            )
        )
    return tuple(records)


def _tensors(module: torch.nn.Module, prefix: str) -> Iterator[tuple[str, Any, str]]:
    """Name, tensor and state of everything that a module itself registers."""
    for held, state in ((module._parameters, "parameter"), (module._buffers, "buffer")):
        for name, tensor in held.items():
            if tensor is not None:
                yield prefix + name, tensor, state


def _is_unread(module: torch.nn.Module) -> bool:
    """Packed weights of torch.ao, and a Keras layer that is not built, hold tensors that no module registers."""
    packed = type(module).__module__.startswith("torch.ao.nn.quantized") and hasattr(module, "_packed_params")
    return packed or (getattr(module, "built", None) is False and hasattr(module, "count_params"))


def _native_count(model: torch.nn.Module) -> int | None:
    try:
        return sum(p.numel() for p in model.parameters())
    except ValueError:  # lazy modules refuse
        return None
