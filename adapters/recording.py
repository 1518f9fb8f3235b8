"""What one dummy pass saw, step by step: the part of tracing that no framework is needed for."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from introspect.records import Call, Operation, Source
from introspect.values import FrozenDict, Inputs, Opaque, maker

from .plain import SpecOf, one_line, setting, structure


@dataclass(eq=False, slots=True)
class _Step:
    """A layer's call that has begun. `unit`: what happens inside is not followed; the call itself makes its outputs."""

    layer: Any
    order: int
    inputs: Inputs
    sources: tuple[Source | None, ...]
    unit: bool
    caller: _Step | None = None
    outputs: Any = None


class Kind(NamedTuple):
    """What calls of one function have in common whose arguments differ in their tensors alone, and these not in their
    shapes and dtypes."""

    word: str
    native_name: str
    settings: FrozenDict
    inputs: Inputs
    outputs: Any
    macs: int | None


# A pass makes thousands of each, and few different ones.
_made_by = lru_cache(65_536)(Source)
_given = lru_cache(4096)(Inputs)
_call, _operation = maker(Call), maker(Operation)


class Recorder:
    """Numbers the steps of one pass, from 1 and at entry, and knows which step made which tensor.

    `path_of` is asked at the end only, since a model may create layers while it runs; `None`: not in the model's tree.
    """

    def __init__(self, spec_of: SpecOf, path_of: Callable[[Any], str | None]) -> None:
        self._spec_of = spec_of
        self._path_of = path_of
        self._order = 0
        self._steps: list[_Step] = []
        self._open: list[_Step] = []
        self._made: dict[int, tuple[Any, Source]] = {}
        self._parameters: dict[int, tuple[str, Any]] = {}
        self._operations: list[tuple[_Step | None, int, Kind, tuple[Source | None, ...]]] = []
        self.failure: str | None = None
        self.failed_at: str | None = None
        self._error: BaseException | None = None
        self.output_sources: tuple[Source | None, ...] = ()

    @property
    def inside_unit(self) -> bool:
        """Whether a layer is running whose inside is not followed."""
        return bool(self._open) and self._open[-1].unit

    def mark(self, tensor: Any, source: Source) -> None:
        """Say where a tensor comes from."""
        try:
            reference = weakref.ref(tensor)
        except TypeError:
            reference = lambda: tensor  # noqa: E731 - held for the pass, as it can't be referred to weakly
        self._made[id(tensor)] = (reference, source)

    def mark_parameters(self, tensors: Iterable[tuple[str, Any]]) -> None:
        """Say which tensors are the model's own, by path."""
        self._parameters = {id(tensor): (path, tensor) for path, tensor in tensors}

    def mark_inputs(self, inputs: Inputs) -> None:
        """Say which tensors are the inputs."""
        for name, value in (*enumerate(inputs.args), *inputs.kwargs.items()):
            found: list[Any] = []
            structure(value, self._spec_of, found)
            for index, tensor in enumerate(found):
                self.mark(tensor, Source("input", index=index, path=str(name)))

    def source_of(self, tensor: Any) -> Source | None:
        """Where a tensor comes from, as far as it was followed."""
        reference, source = self._made.get(id(tensor), (None, None))
        if reference is not None and reference() is tensor:
            return source
        path, held = self._parameters.get(id(tensor), (None, None))
        return _made_by("parameter", path=path) if held is tensor else None

    def enter(self, layer: Any, args: Sequence[Any], kwargs: dict[str, Any], unit: bool) -> _Step:
        """A layer is called."""
        self._order += 1
        inputs, tensors = self._arguments(args, kwargs)
        caller = self._open[-1] if self._open else None
        step = _Step(layer, self._order, inputs, self._sources(tensors), unit or self.inside_unit, caller)
        self._steps.append(step)
        self._open.append(step)
        return step

    def leave(self, step: _Step, outputs: Any) -> None:
        """Its call has returned."""
        tensors: list[Any] = []
        step.outputs = structure(outputs, self._spec_of, tensors)
        self._close(step)
        for index, tensor in enumerate(tensors):
            # Inside an opened layer the innermost step has made it already; a unit makes what it returns, but a
            # unit inside a unit does so only until the outer one returns.
            if step.unit or self.source_of(tensor) is None:
                self.mark(tensor, _made_by("step", step.order, index))
        if step.caller is None:  # the model's own call is the last of these to return
            self.output_sources = self._sources(tensors)

    def unit(self, layer: Any, tensor: Any, made: Any, kwargs: dict[str, Any] | None = None) -> None:
        """A layer whose inside is not followed has made a tensor of another one; in `kwargs` are none."""
        self._order += 1
        caller = self._open[-1] if self._open else None
        sources = (self.source_of(tensor),)
        spec = self._spec_of(tensor)
        inputs = Inputs(spec, **kwargs) if kwargs else _given(spec)
        self._steps.append(_Step(layer, self._order, inputs, sources, True, caller, self._spec_of(made)))
        self.mark(made, _made_by("step", self._order, 0))
        if caller is None:
            self.output_sources = (self.source_of(made),)

    def _close(self, step: _Step) -> None:
        if self._open[-1] is step:
            self._open.pop()
        else:  # a generator that outlives the call around it
            self._open.remove(step)

    def fail(self, step: _Step, error: BaseException) -> None:
        """Its call has raised: the innermost layer is the one to name."""
        raised = type(error).__name__
        step.outputs = Opaque(raised, f"raised {raised}")
        if self._error is None or not _comes_of(error, self._error):  # else it is on its way up from a layer inside
            self._error = error
            self.failed_at = self._path_of(step.layer)
            self.failure = f"{_name(self.failed_at)} raised on {_shown(step.inputs)}: {one_line(error)}"
        self._close(step)

    def operation(
        self,
        kind: str,
        native_name: str,
        settings: dict[str, Any],
        args: Sequence[Any],
        kwargs: dict[str, Any],
        outputs: Any,
        macs: int | None = 0,
    ) -> Kind | None:
        """A tensor function was called by the code of an opened layer; `macs`: its multiply-accumulates. What is given
        back is for `again`."""
        made: list[Any] = []
        produced = structure(outputs, self._spec_of, made)
        if not made or self.inside_unit:
            return None
        inputs, tensors = self._arguments(args, kwargs)
        plain = FrozenDict({name: setting(value) for name, value in settings.items()})
        kind_of_call = Kind(kind, native_name, plain, inputs, produced, macs)
        self.again(kind_of_call, tensors, made)
        return kind_of_call

    def again(self, kind: Kind, tensors: list[Any], made: list[Any]) -> None:
        """An operation on these tensors has made those."""
        sources = self._sources(tensors)
        if kind.macs == 0 and all(source is not None and source.kind == "constant" for source in sources):
            for tensor in made:  # computed from constants alone: a constant itself
                self.mark(tensor, _made_by("constant"))
            return
        self._order += 1
        self._operations.append((self._open[-1] if self._open else None, self._order, kind, sources))
        for index, tensor in enumerate(made):
            self.mark(tensor, _made_by("step", self._order, index))

    def calls(self) -> FrozenDict:
        """The calls by path, each in order."""
        calls: dict[str, list[Call]] = {}
        for step in self._steps:
            path = self._path_of(step.layer)
            if path is not None:
                within = self._within(step.caller)
                call = _call(step.order, step.inputs, step.outputs, step.sources, within, None)
                calls.setdefault(path, []).append(call)
        return FrozenDict({path: tuple(of_layer) for path, of_layer in calls.items()})

    def operations(self) -> tuple[Operation, ...]:
        """The operations, each with the path of the layer whose code called it."""
        return tuple(
            _operation(order, word, native, self._within(step) or "", plain, inputs, outputs, sources, macs)
            for step, order, (word, native, plain, inputs, outputs, macs), sources in self._operations
        )

    def _within(self, step: _Step | None) -> str | None:
        """The path of the layer that this call is of, or of the nearest one around it that is in the tree."""
        while step is not None and (path := self._path_of(step.layer)) is None:
            step = step.caller
        return None if step is None else path

    def strangers(self) -> list[str]:
        """Layers that were called but are not in the model's tree: their class names, once per call."""
        return [type(step.layer).__name__ for step in self._steps if self._path_of(step.layer) is None]

    def around_strangers(self) -> frozenset[str]:
        """The paths of the layers in which they were called."""
        called = [step for step in self._steps if self._path_of(step.layer) is None]
        return frozenset(path for step in called if (path := self._within(step.caller)) is not None)

    def position(self) -> tuple[int, int, int, int]:
        """A place to go back to."""
        return self._order, len(self._steps), len(self._operations), len(self._open)

    def back_to(self, position: tuple[int, int, int, int]) -> None:
        """Forget everything after a place, for a second try by another method."""
        self._order, steps, operations, opened = position
        del self._steps[steps:], self._operations[operations:], self._open[opened:]
        self.failure = self.failed_at = self._error = None

    def _arguments(self, args: Sequence[Any], kwargs: dict[str, Any]) -> tuple[Inputs, list[Any]]:
        tensors: list[Any] = []
        plain = tuple(structure(a, self._spec_of, tensors) for a in args)
        named = {name: structure(value, self._spec_of, tensors) for name, value in kwargs.items()}
        return Inputs(*plain, **named), tensors

    def _sources(self, tensors: list[Any]) -> tuple[Source | None, ...]:
        return tuple(self.source_of(tensor) for tensor in tensors)


def _comes_of(error: BaseException | None, first: BaseException) -> bool:
    """Whether this exception is that one, or was raised while that one was handled."""
    for _ in range(100):
        if error is None or error is first:
            break
        error = error.__cause__ or error.__context__
    return error is first


def _name(path: str | None) -> str:
    return "A layer outside the tree" if path is None else f"Layer {path!r}" if path else "The model itself"


def stranger_notes(names: list[str]) -> list[str]:
    """One note per class of layers that are called without being registered in the model."""
    return [
        f"{name} layers that are not registered in the model are called ({names.count(name)}×), their tensors unseen."
        for name in dict.fromkeys(names)
    ]


def _shown(inputs: Inputs) -> str:
    shown = [str(leaf) for leaf in inputs.args] + [f"{name}={value}" for name, value in inputs.kwargs.items()]
    text = ", ".join(shown)
    return text if len(text) <= 200 else text[:199] + "…"
