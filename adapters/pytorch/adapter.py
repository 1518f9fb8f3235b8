"""Reads any `torch.nn.Module`."""

from __future__ import annotations

import marshal
import weakref
from collections.abc import Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

import torch
from torch.nn.parameter import UninitializedTensorMixin  # type: ignore[attr-defined]

from introspect.adapter import Candidate, Description, Said, Trace
from introspect.errors import UnsupportedModelError
from introspect.parameter import Parameter
from introspect.records import Layer, Setting, changed
from introspect.values import Inputs

from ..rows import MOST_PATHS, Row, read_settings, read_tensor
from .derived import made_by, place_of, row_of_tensor
from .files import TorchFile, load_program, write_new
from .inputs import candidates, dtype_name
from .layers import row_of
from .packed import stored_form, unpacked
from .staging import TorchStage
from .tables.common import parametrized
from .trace import trace
from .weights import TorchArrays, save

_UNPACKED: weakref.WeakKeyDictionary[Any, torch.nn.Module] = weakref.WeakKeyDictionary()


def _module(model: Any) -> torch.nn.Module:
    """A module as it is; an `ExportedProgram` as the module that it unpacks to, the same every time."""
    if isinstance(model, torch.nn.Module):
        return model
    if model not in _UNPACKED:
        _UNPACKED[model] = model.module()
    return _UNPACKED[model]


class PyTorchAdapter:
    """The adapter of PyTorch; see `introspect.adapter.Adapter`."""

    name = "torch"

    def owns(self, obj: object) -> bool:
        """Whether this is a module, or an exported program."""
        return isinstance(obj, torch.nn.Module) or type(obj).__name__ == "ExportedProgram"

    def describe(self, model: Any) -> Description:
        """The tree of modules, in definition pre-order, each at its first path."""
        model = _module(model)
        if "_modules" not in vars(model) and not isinstance(model, torch.jit.ScriptModule):
            name = type(model).__name__
            raise UnsupportedModelError(f"{name} is no whole module: its __init__ must call super().__init__() first.")
        return describe(model)

    def inputs_for(self, model: Any, said: Said | None) -> tuple[Candidate, ...]:
        """What to feed, best first."""
        if (
            said is None
            and (example := getattr(model, "example_inputs", None))
            and not isinstance(model, torch.nn.Module)
        ):
            args, kwargs = example
            return (Candidate(Inputs(*args, **kwargs), "Inputs: those that the program was exported with."),)
        return candidates(_module(model), said)

    def trace(self, model: Any, inputs: Inputs, method: str, training: bool) -> Trace:
        """One dummy pass."""
        return trace(_module(model), inputs, method, training, describe)

    def weights(self, model: Any) -> TorchArrays:
        """The model's tensors, to be read and written by path."""
        seen: dict[Any, str] = {}
        module = _module(model)
        describe(module, seen)
        held = {id(tensor): tensor for part, _ in walk(module) for _, tensor, _ in _tensors(part, "")}
        return TorchArrays({path: held[key] for key, path in seen.items() if key in held})

    def stored(self, model: Any) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        """What the state dict calls the model's tensors, by path."""
        seen: dict[Any, str] = {}
        module = _module(model)
        describe(module, seen)
        places: dict[str, list[str]] = {}
        for name, tensor in module.state_dict(keep_vars=True).items():
            if (path := seen.get(id(tensor))) is not None:
                places.setdefault(path, []).append(name)
        return {path: tuple(names) for path, names in places.items()}, {}

    def load(self, path: Path) -> Any:
        """The module or program in a file, which runs code. Raises `CheckpointError`."""
        return load_program(path)

    def open(self, path: Path) -> TorchFile:
        """The tensors in a file of `torch.save`. Raises `CheckpointError`."""
        return TorchFile(path)

    def write(self, path: Path, values: Mapping[str, Any], dtypes: Mapping[str, str]) -> None:
        """A new file of `torch.save` with these tensors by name."""
        write_new(path, values, dtypes)

    def save(self, model: Any, path: str) -> None:
        """Write the state dict as `name.pt` or `name.safetensors`. Raises `TargetError`."""
        save(_module(model), path)

    def stage(self, model: Any, dtype: str) -> TorchStage:
        """A copy that computes in this dtype."""
        return TorchStage(_module(model), dtype, self.weights)


ADAPTER = PyTorchAdapter()
_LAYER = Layer("", "")


def describe(model: torch.nn.Module, seen: dict[Any, str] | None = None) -> Description:
    """The tree of modules as it stands. `seen` is told the path of every tensor, by its id."""
    places = walk(model)
    first_paths = {id(module): paths[0] for module, paths in places}
    rows = [row_of(module) for module, _ in places]
    seen = {} if seen is None else seen
    layers = []
    owners = _owners(places, rows, first_paths)
    unread = frozenset(paths[0] for module, paths in places if paths[0] not in owners and _is_unread(module))
    for (module, paths), row in zip(places, rows, strict=True):
        owner = owners.get(paths[0])
        layers.append(
            changed(
                _LAYER,
                path=paths[0],
                type=type(module).__name__,
                kind=row.kind,
                aliases=tuple(paths[1:]),
                settings=_settings(module, row),
                parameters=() if owner is not None else _parameters(module, row, paths[0], first_paths, seen),
                training=module.__dict__.get("training"),
                children=tuple(
                    {first_paths[id(child)]: None for child in module._modules.values() if child is not None}
                ),
                part_of=owner,
                depth=paths[0].count(".") + 1 if paths[0] else 0,
                opened=not row.unit,
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


def _settings(module: torch.nn.Module, row: Row) -> tuple[Setting, ...]:
    """Those of its row, and what its tensors are made by."""
    if not row.settings and not module._forward_pre_hooks and not parametrized(module):
        return ()
    key = _configuration(module)
    known = _SETTINGS.get(key) if key is not None else None
    if known is not None:
        return known
    settings, words = read_settings(module, row), made_by(module)
    if words:
        settings = (*settings, Setting("parametrization", words[0] if len(words) == 1 else words))
    if key is not None:
        if len(_SETTINGS) > _MOST_SETTINGS:
            _SETTINGS.clear()
        _SETTINGS[key] = settings
    return settings


def _configuration(module: torch.nn.Module) -> Any:
    """What a layer of torch's own was made with: all that its settings are read off. `None` for other modules, and
    where something was put into it that is no plain value."""
    cls, held = type(module), vars(module)
    if not cls.__module__.startswith("torch.nn.modules.") or module._modules or module._forward_pre_hooks:
        return None
    known = _NAMES.get(cls)
    if known is None or known[0] != held.keys():
        names = tuple(name for name in held if name[0] != "_" and name != "training")
        if len(names) < 2:  # an `itemgetter` of several gives a tuple
            return None
        known = _NAMES[cls] = frozenset(held), itemgetter(*names)
    try:
        values = marshal.dumps(known[1](held), 2)  # tells 1 from True, as a hash does not
    except ValueError:
        return None
    tensors = [name for kind in (module._parameters, module._buffers) for name in kind if kind[name] is not None]
    return cls, known[0], values, *tensors


# class → the names of the attributes of its modules, and what reads those that are settings
_NAMES: dict[type, tuple[frozenset[str], Any]] = {}
_SETTINGS: dict[Any, tuple[Setting, ...]] = {}
_MOST_SETTINGS = 10_000


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


def _owners(
    places: list[tuple[torch.nn.Module, list[str]]], rows: list[Row], first_paths: dict[int, str]
) -> dict[str, str]:
    """Private sublayers by path, with all below them: whose part they are."""
    owners: dict[str, str] = {}
    for (module, paths), row in zip(places, rows, strict=True):
        if paths[0] not in owners and (row.parts or parametrized(module)):
            owners |= {path: paths[0] for path, _ in _private(module, row, paths[0], first_paths)}
    return owners


def _private(
    module: torch.nn.Module, row: Row, path: str, first_paths: dict[int, str]
) -> Iterator[tuple[str, torch.nn.Module]]:
    """The private sublayers of a module and all below them; one that stands elsewhere too is not private."""
    for part in (*row.parts, *(("parametrizations",) if parametrized(module) else ())):
        child = module._modules.get(part)
        for name, below in child.named_modules(prefix=part) if child is not None else ():
            at = f"{path}.{name}" if path else name
            if first_paths[id(below)] == at:
                yield at, below


def _parameters(
    module: torch.nn.Module, row: Row, path: str, first_paths: dict[int, str], seen: dict[Any, str]
) -> tuple[Parameter, ...]:
    """The tensors that a module owns, and those of its private sublayers; one met before is `same_as` that one."""
    before = f"{path}." if path else ""
    owned: list[Any] = [(name, tensor, state, id(tensor)) for name, tensor, state in _tensors(module, "")]
    packed: dict[str, torch.Tensor] = {}
    if row.parts or row.packed or module._forward_pre_hooks or parametrized(module):  # it owns more than it registers
        for at, below in _private(module, row, path, first_paths):
            held = _tensors(below, at.removeprefix(before) + ".")
            owned += [(name, tensor, state, id(tensor)) for name, tensor, state in held]
        # What is unpacked to be read is another object every time.
        packed = unpacked(module, row)
        owned += [(name, tensor, "parameter", (id(module), name)) for name, tensor in packed.items()]
        if made_by(module):
            owned.sort(key=lambda one: place_of(row, one[0]))
    records = []
    for name, tensor, state, key in owned:
        full = before + name
        same_as = seen.setdefault(key, full)
        records.append(
            read_tensor(
                module,
                row_of_tensor(module, row, name),
                None if isinstance(tensor, UninitializedTensorMixin) else tuple(tensor.shape),
                name=name,
                path=full,
                dtype=dtype_name(tensor.dtype),
                trainable=state == "parameter" and tensor.requires_grad and name not in packed,
                state=state,
                same_as=None if same_as == full else same_as,
                stored=stored_form(tensor),
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
    """Packed weights that can't be unpacked, and a Keras layer that is not built, hold tensors that no module
    registers."""
    if type(module).__module__.startswith("torch.ao.nn.") and hasattr(module, "_packed_params"):
        return row_of(module).packed is None or not unpacked(module, row_of(module))
    return hasattr(type(module), "count_params") and getattr(module, "built", None) is False


def _native_count(model: torch.nn.Module) -> int | None:
    try:
        return sum(p.numel() for p in model.parameters())
    except ValueError:  # lazy modules refuse
        return None
