"""Reads any Keras 3 model or layer, on any backend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import keras

from introspect.adapter import Candidate, Description, Said, Trace
from introspect.errors import UnsupportedModelError
from introspect.parameter import Parameter
from introspect.records import Layer
from introspect.values import Inputs

from ..rows import MOST_PATHS, Row, Tensor, read_settings, read_tensor
from .inputs import candidates
from .layers import is_unit, own_variables, row_of
from .trace import trace


class KerasAdapter:
    """The adapter of Keras 3; see `introspect.adapter.Adapter`."""

    name = "keras"

    def owns(self, obj: object) -> bool:
        """Whether this is a Keras layer or model."""
        return isinstance(obj, keras.layers.Layer)

    def describe(self, model: Any) -> Description:
        """The tree of layers, in definition pre-order, each at its first path. Raises `UnsupportedModelError`."""
        try:
            return describe(model)
        except RecursionError:
            name = type(model).__name__
            raise UnsupportedModelError(
                f"{name} holds itself through a layer, which Keras can't walk either (model.weights fails): "
                "keep such a reference in a tuple or outside the layer."
            ) from None

    def inputs_for(self, model: Any, said: Said | None) -> tuple[Candidate, ...]:
        """What to feed, best first."""
        return candidates(model, said)

    def trace(self, model: Any, inputs: Inputs, method: str, training: bool) -> Trace:
        """One dummy pass."""
        return trace(model, inputs, method, training, describe)


ADAPTER = KerasAdapter()


def describe(model: Any) -> Description:
    """The tree of layers as it stands."""
    places = walk(model)
    first_paths = {id(layer): paths[0] for layer, paths, _ in places}
    owners = {
        first_paths[id(part)]: first_paths[id(layer)]
        for layer, _, _ in places
        for _, part in _parts(layer, row_of(layer))
        if id(part) in first_paths
    }
    trainable = {id(v) for v in model.trainable_variables}
    seen: dict[int, str] = {}
    layers = []
    for layer, paths, depth in places:
        row = row_of(layer)
        owner = owners.get(paths[0])
        layers.append(
            Layer(
                path=paths[0],
                type=type(layer).__name__,
                kind=row.kind,
                aliases=tuple(paths[1:]),
                settings=read_settings(layer, row),
                parameters=() if owner is not None else _parameters(layer, row, paths[0], seen, trainable),
                children=tuple(dict.fromkeys(first_paths[id(child)] for child in children_of(layer))),
                part_of=owner,
                depth=depth,
                opened=not is_unit(layer),
            )
        )
    unbuilt = frozenset(paths[0] for layer, paths, _ in places if not layer.built and not _is_weightless(layer))
    return Description(
        framework="keras",
        framework_version=keras.__version__,
        backend=keras.config.backend(),
        model=type(model).__name__,
        layers=tuple(layers),
        native_count=_native_count(model),
        unbuilt=unbuilt,
        notes=_unbuilt_notes(len(unbuilt), len(layers)),
    )


class Place(NamedTuple):
    """A layer, its first path first, and how deep that lies."""

    layer: Any
    paths: list[str]
    depth: int


def walk(model: Any) -> list[Place]:
    """Every layer in definition pre-order, with all paths that lead to it (not those that go round in a circle)."""
    places: dict[int, Place] = {}
    taken: set[str] = set()
    stack: list[tuple[Any, str, frozenset[int]]] = [(model, "", frozenset())]
    while stack:
        layer, path, above = stack.pop()
        path = unused(path, taken)  # a layer's own name may hold a dot or a number sign
        met = id(layer) in places
        places.setdefault(id(layer), Place(layer, [], len(above))).paths.append(path)
        if met and len(taken) > MOST_PATHS:
            continue
        above |= {id(layer)}
        below = list(_named(children_of(layer), path))
        stack.extend((child, at, above) for child, at in reversed(below) if id(child) not in above)
    return list(places.values())


def children_of(layer: Any) -> list[Any]:
    """The layers directly below: those of a functional graph in its order, and those held as attributes."""
    held = list(_flat(layer._layers))
    if isinstance(layer, keras.Model) and not isinstance(layer, keras.Sequential):
        graph = [
            operation for operation in getattr(layer, "_operations", ()) if isinstance(operation, keras.layers.Layer)
        ]
        held = [*graph, *held]
    return list({id(child): child for child in held}.values())


def _flat(held: Any) -> Iterator[Any]:
    for value in held.values() if isinstance(held, dict) else held:
        if isinstance(value, keras.layers.Layer):
            yield value
        elif isinstance(value, (list, tuple, dict, set)):
            yield from _flat(value)


def _named(children: list[Any], path: str) -> Iterator[tuple[Any, str]]:
    """Siblings of one name become `d`, `d#2` in creation order."""
    times: dict[str, int] = {}
    for child in children:
        times[child.name] = number = times.get(child.name, 0) + 1
        name = child.name if number == 1 else f"{child.name}#{number}"
        yield child, f"{path}.{name}" if path else name


def _parts(layer: Any, row: Row) -> Iterator[tuple[str, Any]]:
    """The private sublayers of a layer, by attribute."""
    for attribute in row.parts:
        part = getattr(layer, attribute, None)
        if isinstance(part, keras.layers.Layer):
            yield attribute, part


def _parameters(layer: Any, row: Row, path: str, seen: dict[int, str], trainable: set[int]) -> tuple[Parameter, ...]:
    """The variables that a layer owns, and those of its private sublayers; one met before is `same_as` that one."""
    records: list[Parameter] = []
    taken: set[str] = set()
    for prefix, key, owner in [("", "", layer)] + [(f"{p.name}.", f"{a}.", p) for a, p in _parts(layer, row)]:
        seeds = [generator.state for generator in getattr(owner, "_seed_generators", ())]
        held = {id(v) for v in owner._trainable_variables}
        for variable in (*own_variables(owner), *seeds):
            name = unused(prefix + variable.name, taken)
            full = f"{path}.{name}" if path else name
            first = seen.setdefault(id(variable), full)
            known = row.tensor(key + variable.name)
            record = read_tensor(
                owner,
                known,
                tuple(int(n) for n in variable.shape),
                name=name,
                path=full,
                dtype=str(variable.dtype),
                trainable=id(variable) in trainable,
                state="parameter" if id(variable) in held or _is_learned(known) else "buffer",
                same_as=None if first == full else first,
            )
            if owner.quantization_mode in ("int4", "gptq", "awq"):  # packed: not the logical tensor
                record = replace(record, axes=None)
            is_seed = any(variable is seed for seed in seeds)
            records.append(replace(record, role="seed", axes=None, trainable=False) if is_seed else record)
    return tuple(records)


def unused(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken: `d`, `d#2`."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name}#{number}"
    taken.add(unique)
    return unique


def variable_paths(model: Any) -> Iterator[tuple[Any, str]]:
    """Every weight with the path it has in the report."""
    for layer, paths, _ in walk(model):
        taken: set[str] = set()
        for variable in own_variables(layer):
            name = unused(variable.name, taken)
            yield variable, f"{paths[0]}.{name}" if paths[0] else name


def _is_learned(known: Tensor | None) -> bool:
    """A quantized kernel is kept among what is not trainable, and stays a parameter."""
    return known is not None and known.role not in ("mean", "variance", "counter")


def _is_weightless(layer: Any) -> bool:
    """Keras's lookups and other preprocessing keep no variables, and some of them are never built."""
    return (
        type(layer).__module__.startswith("keras.src.layers.preprocessing.") and row_of(layer).kind != "normalization"
    )


def _unbuilt_notes(unbuilt: int, layers: int) -> tuple[str, ...]:
    if not unbuilt:
        return ()
    which = "The model is" if unbuilt == layers else f"{unbuilt} of {layers} layers are"
    return (f"{which} not built: tensors that do not exist yet are unknown.",)


def _native_count(model: Any) -> int | None:
    try:
        return int(model.count_params())
    except ValueError:  # not built
        return None
