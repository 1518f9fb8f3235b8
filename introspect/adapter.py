"""What an adapter must do. A framework is one folder with these few methods; nothing else knows the framework.

An adapter gives plain facts: `Layer` records without calls and counts (inspection adds both), and a `Trace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from .records import Call, Layer, Operation, Source
from .values import FrozenDict, Inputs, TensorSpec


@dataclass(frozen=True)
class Said:
    """What the caller said about the inputs, in one form. Leaves are `Shape`, `TensorSpec`, arrays or plain values.

    `form`: `"one"` (a single leaf), `"several"` (a tuple), `"named"` (a dict), `"literal"` (an `Inputs`).
    """

    form: str
    value: Any


class Shape(tuple):
    """A shape whose dtype nobody said. Sizes nobody said have become 1."""


@dataclass(frozen=True)
class Candidate:
    """Inputs worth trying; leaves are `TensorSpec`, arrays or plain values. `note` says what was guessed."""

    inputs: Inputs
    note: str | None = None


@dataclass(frozen=True)
class Description:
    """The tree of layers as it stands, root first, without having run anything.

    `unbuilt`: paths of layers whose tensors do not exist yet, so that their counts are unknown.
    """

    framework: str
    framework_version: str
    backend: str
    model: str
    layers: tuple[Layer, ...]
    native_count: int | None
    unbuilt: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What one dummy pass saw. `calls` is by path; `failed_at` is the path of the layer that raised, if any;
    `description` is given where the pass built what was unbuilt; `unseen` are the paths of layers in whose own code
    something ran that the pass could not see; `output_sources` says which step made each output tensor."""

    inputs: Inputs | None
    outputs: Any = None
    calls: FrozenDict = field(default_factory=FrozenDict)
    operations: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    method: str = "none"
    failed_at: str | None = None
    description: Description | None = None
    unseen: frozenset[str] = frozenset()
    output_sources: tuple[Source | None, ...] = ()

    def calls_of(self, path: str) -> tuple[Call, ...]:
        """The calls of one layer, in order."""
        return self.calls.get(path, ())


class Weights(Protocol):
    """The tensors of a live model by `Parameter.path`, as arrays; of tied ones every path is known."""

    def __contains__(self, path: object) -> bool:
        """Whether there is such a tensor."""
        ...

    def spec(self, path: str) -> TensorSpec:
        """Its shape and dtype."""
        ...

    def read(self, path: str) -> Any:
        """A copy of its values as a NumPy array; those of dtypes that NumPy lacks as float32."""
        ...

    def assign(self, values: Mapping[str, Any]) -> None:
        """Write arrays in place: devices, dtypes, sharing and what is trained stay as they are. All shapes and dtypes
        are checked before the first is written, and what was written is taken back if anything raises. Raises
        `TransferError`."""
        ...


class Store(Protocol):
    """A file of tensors, by the names that it has for them."""

    layout: str
    """How the names are made: "names" (those of the model), "objects" or "layers" (Keras's two)."""
    specs: Mapping[str, TensorSpec]
    notes: list[str]
    """What else there is to know about the file."""

    def read(self, name: str) -> Any:
        """A copy of a tensor's values as a NumPy array; those of dtypes that NumPy lacks as float32."""
        ...

    def write(self, path: Path, values: Mapping[str, Any]) -> None:
        """A copy of the file at `path`, with these values in the dtypes that it has."""
        ...


@dataclass(frozen=True)
class Change:
    """A repair in plain words: `action` is "set" (`setting` of the layer becomes `value`; "function": what it computes
    becomes `word`), "insert" (`word` before the layer, before the output for the path `None`) or "remove". `called`: it
    is a function that the layer's own code calls, by its native name, and the how many-th such call."""

    action: str
    path: str | None
    setting: str | None = None
    value: Any = None
    word: str | None = None
    settings: Mapping[str, Any] = field(default_factory=FrozenDict)
    called: tuple[str, int] | None = None


@dataclass(frozen=True)
class Ran:
    """What a model gave: the arrays of its outputs in order; where asked for, those of every layer's first call."""

    outputs: tuple[Any, ...]
    layers: Mapping[str, Any] = field(default_factory=dict)


class Stage(Protocol):
    """A copy of a model on which weights and settings can be tried; the model itself is left as it is."""

    notes: list[str]
    """What is computed less precisely than asked for, or on no copy, and why."""
    exact: bool
    """Whether all is computed in the dtype that was asked for."""

    def weights(self) -> Weights:
        """The tensors of the copy, by the model's paths."""
        ...

    def change(self, change: Change) -> str | None:
        """Make a change; a sentence that says why not, where it can't be made."""
        ...

    def run(self, inputs: Inputs, record: bool = False) -> Ran:
        """What the copy gives for arrays, when it does not train."""
        ...


class Adapter(Protocol):
    """Reads the models of one framework."""

    name: str

    def owns(self, obj: object) -> bool:
        """Whether this object is a model or layer of this framework."""
        ...

    def describe(self, model: Any) -> Description:
        """The tree of layers with kinds, settings and parameters, without running anything."""
        ...

    def inputs_for(self, model: Any, said: Said | None) -> tuple[Candidate, ...]:
        """What to feed, best first: from what was said, else what the model knows, else a guess that says so."""
        ...

    def trace(self, model: Any, inputs: Inputs, method: str, training: bool) -> Trace:
        """One dummy pass by `method` (`"auto"`, `"abstract"`, `"eager"`), with everything it touched restored.

        Partial, with a note, when the model raises.
        """
        ...

    def weights(self, model: Any) -> Weights:
        """The model's tensors, to be read and written by path."""
        ...

    def save(self, model: Any, path: str) -> None:
        """Write the model's weights to a file, in the format that its name ends in. Raises `TargetError`."""
        ...

    def stage(self, model: Any, dtype: str) -> Stage:
        """A copy that computes in this dtype; where a model can't be copied, the same layers under a scope that gives
        them other values, which the stage's notes say."""
        ...
