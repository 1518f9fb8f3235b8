"""State dicts in files: read without running code, tensor by tensor where the file allows it."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from introspect.errors import CheckpointError, WouldRunCodeError
from introspect.values import TensorSpec

from .inputs import dtype_name
from .weights import wider

# Under which names a training script keeps the state dict of its model.
_INNER = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params", "ema")


class TorchFile:
    """See `introspect.adapter.Store`."""

    layout = "names"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []
        self._held = load(path)
        self._keys, state = _unwrapped(self._held, path)
        if self._keys:
            more = [str(name) for name in self._held if name not in self._keys[:1]]
            beside = f", beside {', '.join(more[:5])}" if more else ""
            self.notes.append(f"The tensors of {path.name} lie under {'.'.join(self._keys)!r}{beside}.")
        others = [name for name, value in state.items() if not isinstance(value, torch.Tensor)]
        if others:
            self.notes.append(f"{path.name} holds {', '.join(map(str, others[:5]))} as well, which is no tensor.")
        self._tensors = {str(n): value for n, value in state.items() if isinstance(value, torch.Tensor)}
        self.specs = {n: TensorSpec(tuple(t.shape), dtype_name(t.dtype)) for n, t in self._tensors.items()}

    def read(self, name: str) -> Any:
        """A copy of a tensor's values; those of dtypes that NumPy lacks as float32."""
        try:
            return wider(self._tensors[name]).contiguous().numpy().copy()
        except (RuntimeError, TypeError) as error:  # sparse, quantized, nested
            kind = f"{self._tensors[name].layout} {self._tensors[name].dtype}"
            raise CheckpointError(f"The tensor {name!r} ({kind}) is no plain array of numbers.") from error

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """A copy of the file with these values, in the dtypes that it has; tied tensors stay tied."""
        made = _tensors(values, {name: tensor.dtype for name, tensor in self._tensors.items()})
        held = self._held
        for depth in range(len(self._keys) + 1):
            if depth == 0:
                held = inner = _copied(held)
            else:
                key = self._keys[depth - 1]
                inner[key] = inner = _copied(inner[key])
        inner.update(made)
        torch.save(held, path)


_PICKLE = b"\x80"  # what a pickle begins with


def load(path: Path) -> Any:
    """What lies in a file of `torch.save`, if it is tensors and plain data. Raises `CheckpointError`."""
    mapped = zipfile.is_zipfile(path)
    with path.open("rb") as file:
        if not mapped and file.read(1) != _PICKLE:
            raise CheckpointError(f"{str(path)!r} is no whole file of torch.save.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(str(path), map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:
        said = " ".join(str(error).split())
        if "TorchScript" in said:
            what = "is a TorchScript archive, which is a program: load it with torch.jit.load"
        elif "weights_only" in said or "Weights only" in said or "nsupported" in said:
            what = "holds more than tensors, and reading that could run code: use torch.load(weights_only=False)"
        else:
            raise CheckpointError(f"{str(path)!r} is no whole file of torch.save: {said[:200]}.") from None
        raise WouldRunCodeError(f"{str(path)!r} {what} if you trust it, and pass the model.") from None


def load_program(path: Path) -> Any:
    """A module, an exported program or a TorchScript, whatever it takes. Raises `CheckpointError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if path.suffix == ".pt2":
            return torch.export.load(str(path))
        try:
            found = torch.load(str(path), map_location="cpu", weights_only=False)
        except RuntimeError as error:
            if "TorchScript" not in str(error):
                raise
            found = torch.jit.load(str(path), map_location="cpu")
    if isinstance(found, Mapping):
        found = next((held for held in found.values() if isinstance(held, torch.nn.Module)), found)
    if not isinstance(found, torch.nn.Module):
        raise CheckpointError(f"{str(path)!r} holds a {type(found).__name__}, where a module is expected.")
    return found


def write_new(path: Path, values: Mapping[str, Any], dtypes: Mapping[str, str]) -> None:
    """A state dict of these values in a new file."""
    odd = [name for name, dtype in dtypes.items() if not isinstance(getattr(torch, dtype, None), torch.dtype)]
    if odd:
        raise CheckpointError(f"{odd[0]} is {dtypes[odd[0]]}, which no plain tensor of torch is.")
    torch.save(_tensors(values, {name: getattr(torch, dtype) for name, dtype in dtypes.items()}), path)


def _tensors(values: Mapping[str, Any], dtypes: Mapping[str, Any]) -> dict[str, torch.Tensor]:
    """An array that stands under several names becomes one tensor."""
    made: dict[tuple[int, Any], torch.Tensor] = {}
    found = {}
    for name, array in values.items():
        given = torch.from_numpy(array.copy())
        dtype = dtypes.get(name, given.dtype)
        if given.is_floating_point() != dtype.is_floating_point:
            raise CheckpointError(f"{name} is {dtype_name(dtype)} and is given {array.dtype}.")
        found[name] = made.setdefault((id(array), dtype), given.to(dtype))
    return found


def _unwrapped(held: Any, path: Path) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """The state dict and the keys that lead to it; a tensor may lie beside it, such as the last loss."""
    keys: tuple[str, ...] = ()
    met: list[Any] = []
    while True:
        if not isinstance(held, Mapping):
            kind = type(held).__name__
            raise CheckpointError(f"{str(path)!r} holds a {kind}, where a dict of tensors by name is expected.")
        met.append(held)
        inner = (name for name in _INNER if isinstance(held.get(name), Mapping) and held[name])
        key = next((name for name in inner if not any(held[name] is one for one in met)), None)
        if key is None and any(isinstance(value, torch.Tensor) for value in held.values()):
            return keys, held
        if key is None:
            names = ", ".join(map(str, list(held)[:5])) or "nothing"
            raise CheckpointError(f"{str(path)!r} holds no state dict that is known by its name, but {names}.")
        keys, held = (*keys, key), held[key]


def _copied(held: Any) -> Any:
    """Another dict of the same kind, with what hangs on it (a state dict has `_metadata`)."""
    made: Any = type(held)(held)
    if hasattr(held, "_metadata"):
        made._metadata = held._metadata
    return made
