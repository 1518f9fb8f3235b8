"""A checkpoint: a file of tensors, and the model (or its report) by whose paths they are called.

It stands where a live model can: as source or target of `transfer`, and in `compare(values=True)`. Read are
`.safetensors` (also in several files, by their index), state dicts of torch (`.pt`, `.pth`, `.bin`, `.ckpt`; an index
too), Keras's `.weights.h5`, `.keras` and older `.h5`; no code in them is run. A file is written beside its place and
moved there at the end.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from .adapter import Description, Store, Weights
from .errors import CheckpointError, near_names
from .parameter import Parameter
from .records import Layer, Report
from .registry import adapter_for
from .storing.descriptions import described
from .storing.formats import INDEX, SAFETENSORS, check_format, ending_of, open_store, write_new
from .storing.hdf5 import KerasFile
from .storing.holders import stored_shape
from .storing.keras_places import Places, keras_places
from .storing.keras_rules import new_places
from .storing.legacy_places import legacy_places
from .storing.names import named_places
from .storing.replacing import replacing
from .values import TensorSpec


@dataclass(frozen=True)
class Checkpoint:
    """The tensors of a model in a file.

    `model`: the report of the model that the file belongs to, or the live model, which is left as it is: from the
    report alone it can't be told where the layers of a subclassed Keras model lie in a `.weights.h5`, if the file does
    not name them as the report does. A file that is not there yet can be the target of a transfer: it gets all tensors
    of the model, what nothing fills as the live model has it. `like`: another checkpoint of the same model, whose
    names, dtypes and other tensors the file takes that is written. Without a model, the tensors bear the file's own
    names.
    """

    path: str | os.PathLike[str]
    model: Any = field(default=None, repr=False)
    like: str | os.PathLike[str] | None = field(default=None, kw_only=True)

    def weights(self, new: bool = False) -> FileWeights:
        """The tensors by the paths of the model; `new`: the file need not be there yet. Raises `CheckpointError`."""
        path, like = Path(self.path), None if self.like is None else Path(self.like)
        if not path.is_dir():
            check_format(path)
        if like is not None:
            check_format(like)
            endings = ending_of(like), ending_of(path)
            if endings[0] != endings[1] and endings != (INDEX, SAFETENSORS):
                raise CheckpointError(f"A file like {like.name!r} is {endings[0]}, not {endings[1]}.")
        if not new and not path.exists():
            raise CheckpointError(f"{str(path)!r} is no file.")
        if like is not None and not like.exists():
            raise CheckpointError(f"{str(like)!r} is no file.")
        return FileWeights(path, like if new and like is not None else path, self.model)

    def described(self) -> Description:
        """What the file says by itself. Raises `CheckpointError`."""
        return described(open_store(Path(self.path)), Path(self.path))[0]


class FileWeights(Weights):
    """See `introspect.adapter.Weights`; `notes` say what is odd about the file."""

    def __init__(self, path: Path, origin: Path, model: Any) -> None:
        self.path = path
        self._origin = origin
        self._model = model
        self._live = model is not None and not isinstance(model, Report)
        self._store: Store | None = open_store(origin) if origin.exists() or model is None else None
        tree, self._own_places = self._tree()
        self._framework: str = tree.framework
        self._keras_2: bool = self._framework == "keras" and tree.framework_version.startswith("2.")
        self._layers: tuple[Layer, ...] = tree.layers
        self._parameters = {p.path: p for layer in self._layers for p in layer.parameters}
        self.notes: list[str] = []
        self._places = self._found() if self._store is not None else {}

    def _tree(self) -> tuple[Description | Report, Places]:
        """The layers with their tensors; without a model, those that the file itself tells, and where they lie."""
        if self._model is None:
            assert self._store is not None
            return described(self._store, self._origin)
        return (adapter_for(self._model).describe(self._model) if self._live else self._model), {}

    def __contains__(self, path: object) -> bool:
        return path in self._parameters

    def holds(self, path: str) -> bool:
        """Whether the file has this tensor."""
        return self._root(path).path in self._places

    def spec(self, path: str) -> TensorSpec:
        """The shape and dtype of a tensor: as the file has it, else as the model has. Raises `CheckpointError`."""
        root = self._root(path)
        if self._store is not None and root.path in self._places:
            return self._store.specs[self._places[root.path][0]]
        shape = stored_shape(root)
        if shape is None:
            raise CheckpointError(f"The shape of {path} is not known yet: build the model first.")
        return TensorSpec(shape, root.stored.dtype if root.stored is not None else root.dtype)

    def read(self, path: str) -> Any:
        """A copy of a tensor's values. Raises `CheckpointError`, also where tied tensors differ in the file."""
        root = self._root(path)
        if self._store is None:
            return self._unwritten(root)
        if root.path not in self._places:
            raise CheckpointError(f"{self._origin.name} has no {path}")
        first, *others = self._places[root.path]
        array = self._store.read(first)
        for other in others:
            if not _same(array, self._store.read(other)):
                raise CheckpointError(
                    f"{first} and {other} are one tensor of the model, and differ in {self._origin.name}"
                )
        return array

    def assign(self, values: Mapping[str, Any]) -> None:
        """Write the file anew with these values: all of them, or it stays as it was. Raises `CheckpointError`."""
        for path, array in values.items():
            spec = self.spec(path)
            if tuple(array.shape) != spec.shape:
                raise CheckpointError(f"{path} has the shape {spec.shape} and is given {tuple(array.shape)}.")
        if self._store is None:
            self._create(values)
            return
        if lost := [path for path in values if self._root(path).path not in self._places]:
            raise CheckpointError(f"{self._origin.name} has no {lost[0]}, and is given one: write to a new file.")
        named = {name: array for path, array in values.items() for name in self._places[self._root(path).path]}
        with replacing(self.path) as temporary:
            self._store.write(temporary, named)

    def _create(self, values: Mapping[str, Any]) -> None:
        """A file with all tensors of the model."""
        places, groups = self._new_places()
        given = {self._root(path).path: array for path, array in values.items()}
        arrays: dict[str, Any] = {}
        for path, names in places.items():
            parameter = self._parameters[path]
            if path not in given and self._may_lack(parameter):
                self.notes.append(f"{self.path.name} is without {path}, which nothing fills.")
                continue
            arrays |= dict.fromkeys(names, given[path] if path in given else self._unwritten(parameter))
        if lost := [path for path in given if path not in places]:
            raise CheckpointError(f"{lost[0]} has no place in a new {self.path.suffix} file: write to one that has it.")
        dtypes = {name: self.spec(path).dtype for path, names in places.items() for name in names}
        said = groups if self.path.suffix == ".h5" else self._metadata()
        with replacing(self.path) as temporary:
            write_new(temporary, arrays, dtypes, said)

    def _may_lack(self, parameter: Parameter) -> bool:
        """Whether a file is whole without it: a torch module may keep a buffer to itself, unsaid."""
        if self._live or self._framework != "torch":
            return False
        return parameter.state == "buffer" and parameter.role != "counter"

    def _metadata(self) -> dict[str, str]:
        """What safetensors itself says of a model: tied tensors are kept once, under the name that stands here."""
        tied = {p.path: p.same_as for p in self._parameters.values() if p.same_as is not None}
        return {"format": "pt", **tied} if self._framework == "torch" else tied

    def _unwritten(self, parameter: Parameter) -> Any:
        """What a new file has for a tensor that nothing fills."""
        import numpy as np

        if self._live:
            return self._live_weights.read(parameter.path)
        if parameter.role == "counter":
            return np.zeros(parameter.shape or (), parameter.dtype)
        raise CheckpointError(
            f"Nothing fills {parameter.path}, and the file is new: say like= with a checkpoint that has it, or pass "
            "the live model instead of its report."
        )

    @cached_property
    def _live_weights(self) -> Weights:
        return adapter_for(self._model).weights(self._model)

    def _root(self, path: str) -> Parameter:
        parameter = self._parameters.get(path)
        if parameter is None:
            raise CheckpointError(f"The model has no tensor {path!r}: {near_names(path, self._parameters)}")
        return parameter if parameter.same_as is None else self._parameters[parameter.same_as]

    def _found(self) -> Places:
        """Where everything lies in the file that is there."""
        store, what = self._store, self._origin.name
        assert store is not None
        if self._model is None:
            self.notes += store.notes
            return self._own_places
        if store.layout == "names":
            places, notes = named_places(self._layers, store.specs, what)
        elif not isinstance(store, KerasFile):
            raise CheckpointError(f"{what} is laid out in a way that is not known.")
        elif store.layout == "layers":
            places, notes = legacy_places(self._layers, store.groups, store.specs, what)
        elif (told := self._told()) is not None:
            places, notes = _as_told(told[0], self._parameters, store, what)
        else:
            places, notes = keras_places(self._layers, store.groups, store.specs, what, self._keras_2)
        self.notes += [*store.notes, *notes]
        return places

    def _told(self) -> tuple[Places, dict[str, str]] | None:
        """What the framework itself says about where it puts the variables of a live model."""
        stored = getattr(adapter_for(self._model), "stored", None) if self._live else None
        return None if stored is None else stored(self._model)

    def _new_places(self) -> tuple[Places, dict[str, str]]:
        if not self.path.name.endswith(".weights.h5"):
            return self._new_names(), {}
        if self._framework != "keras":
            raise CheckpointError(f"{self.path.name} would be a file of Keras, and the model is one of torch.")
        if (told := self._told()) is not None:
            return told
        return new_places(self._layers, self._keras_2)

    def _new_names(self) -> Places:
        """By the paths of the model; a `.safetensors` keeps tied tensors once."""
        if self._framework == "torch" and (told := self._told()) is not None:
            once = self.path.suffix == SAFETENSORS
            return {path: names[:1] if once else names for path, names in told[0].items()}
        places: dict[str, list[str]] = {}
        for path, parameter in self._parameters.items():
            if parameter.role != "seed" and (parameter.same_as is None or self.path.suffix != SAFETENSORS):
                places.setdefault(parameter.same_as or path, []).append(path)
        return {path: tuple(names) for path, names in places.items()}


def _as_told(told: Places, parameters: Mapping[str, Parameter], store: Store, what: str) -> tuple[Places, list[str]]:
    """The places that the framework itself tells, checked against the file."""
    for path, names in told.items():
        for name in names:
            if name not in store.specs:
                raise CheckpointError(f"{what} belongs to another model: it has no {name}, where Keras keeps {path}.")
            shape = stored_shape(parameters[path])
            if shape != store.specs[name].shape:
                raise CheckpointError(
                    f"{what} belongs to another model: {path} has the shape {store.specs[name].shape} there and "
                    f"{shape} here."
                )
    taken = {name for names in told.values() for name in names}
    extra = sorted({name.partition("/vars")[0] for name in store.specs if name not in taken})
    more = f"{', '.join(extra[:5])}{' and more' if extra[5:] else ''}"
    return told, [f"{what} holds more than the model: {more}."] if extra else []


def _same(one: Any, other: Any) -> bool:
    import numpy as np

    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind == "f"))
