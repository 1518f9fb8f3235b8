"""Reads any Keras 3 model or layer, on any backend."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import keras

from introspect.adapter import Candidate, Description, Said, Trace
from introspect.errors import UnsupportedModelError
from introspect.parameter import Parameter
from introspect.records import Layer, changed
from introspect.values import Inputs

from ..changing import save
from ..rows import Row, Tensor, parts, read_settings, read_tensor, unbuilt_notes
from ..tree import unused
from .files import stored
from .inputs import candidates
from .layers import is_unit, own_variables, row_of
from .packed import meaning
from .staging import KerasStage
from .structure import children_of, walk
from .trace import trace
from .weights import KerasArrays, all_variables, seed_states


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

    def load(self, path: Any, allow_code: bool) -> Any:
        """A whole model in a file, not compiled; code in it is run only if that is allowed."""
        return keras.saving.load_model(path, compile=False, safe_mode=not allow_code)

    def stored(self, model: Any) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        """Where a `.weights.h5` has the model's variables, by path."""
        seen: dict[int, str] = {}
        describe(model, seen)
        return stored(model, seen)

    def weights(self, model: Any) -> KerasArrays:
        """The model's variables, to be read and written by path."""
        seen: dict[int, str] = {}
        describe(model, seen)
        held = {id(variable): variable for layer, _, _ in walk(model) for variable in all_variables(layer)}
        return KerasArrays({path: held[number] for number, path in seen.items()})

    def save(self, model: Any, path: str) -> None:
        """Write `name.weights.h5` or `name.keras`. Raises `TargetError`."""
        save(model, path)

    def stage(self, model: Any, dtype: str) -> KerasStage:
        """A copy that computes in this dtype."""
        return KerasStage(model, dtype, self.weights)


ADAPTER = KerasAdapter()
_LAYER = Layer("", "")
# State that no gradient changes.
_KEPT = frozenset({"mean", "variance", "deviation", "counter", "quantizer", "singular_vector"})


def describe(model: Any, seen: dict[int, str] | None = None) -> Description:
    """The tree of layers as it stands. `seen` is told the path of every variable, by its id."""
    places = walk(model)
    first_paths = {id(layer): paths[0] for layer, paths, _ in places}
    rows = [row_of(layer) for layer, _, _ in places]
    owners = {
        first_paths[id(part)]: first_paths[id(layer)]
        for (layer, _, _), row in zip(places, rows, strict=True)
        for _, part in parts(layer, row, keras.layers.Layer)
        if id(part) in first_paths
    }
    trainable = {id(v) for v in model.trainable_variables}
    seen = {} if seen is None else seen
    layers = []
    for (layer, paths, depth), row in zip(places, rows, strict=True):
        owner = owners.get(paths[0])
        layers.append(
            changed(
                _LAYER,
                path=paths[0],
                type=type(layer).__name__,
                kind=row.kind,
                aliases=tuple(paths[1:]),
                settings=read_settings(layer, row),
                parameters=() if owner is not None else _parameters(layer, row, paths[0], seen, trainable),
                children=tuple(dict.fromkeys(first_paths[id(child)] for child in children_of(layer))),
                part_of=owner,
                depth=depth,
                opened=not is_unit(layer, row),
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
        notes=unbuilt_notes(len(unbuilt), len(layers)),
    )


def _parameters(layer: Any, row: Row, path: str, seen: dict[int, str], trainable: set[int]) -> tuple[Parameter, ...]:
    """The variables that a layer owns, and those of its private sublayers; one met before is `same_as` that one."""
    records: list[Parameter] = []
    taken: set[str] = set()
    below = parts(layer, row, keras.layers.Layer)
    for prefix, key, owner in [("", "", layer)] + [(f"{p.name}.", f"{a}.", p) for a, p in below]:
        seeds = seed_states(owner)
        held = {id(v) for v in owner._trainable_variables}
        for variable in (*own_variables(owner), *seeds):
            if variable.name in row.borrowed:
                continue
            name = unused(prefix + variable.name, taken)
            full = f"{path}.{name}" if path else name
            first = seen.setdefault(id(variable), full)
            shape, dtype, stored, known = meaning(owner, variable, _known(owner, row, key + variable.name))
            is_auxiliary = known is not None and known.role == "quantizer"  # Keras may call a scale trainable
            record = read_tensor(
                owner,
                known,
                shape,
                name=name,
                path=full,
                dtype=dtype,
                trainable=id(variable) in trainable and not is_auxiliary,
                state="parameter" if _is_learned(known, id(variable) in held) else "buffer",
                same_as=None if first == full else first,
                stored=stored,
            )
            is_seed = any(variable is seed for seed in seeds)
            records.append(replace(record, role="seed", axes=None, trainable=False) if is_seed else record)
    return tuple(records)


def _known(owner: Any, row: Row, name: str) -> Tensor | None:
    """The row of a tensor. A private sublayer may hold tensors of its own: scales, low-rank additions."""
    return row.tensor(name) or row_of(owner).tensor(name.rpartition(".")[2])


def _is_learned(known: Tensor | None, held: bool) -> bool:
    """A quantized kernel is kept among what is not trainable and stays a parameter; a scale never is one."""
    if known is None or known.role == "other":
        return held
    return known.role not in _KEPT


def _is_weightless(layer: Any) -> bool:
    """Most of Keras's preprocessing keeps no variables, and some of it is never built."""
    return type(layer).__module__.startswith("keras.src.layers.preprocessing.") and not row_of(layer).tensors


def _native_count(model: Any) -> int | None:
    try:
        return int(model.count_params())
    except ValueError:  # not built
        return None
