"""Reads any model or layer of Keras 2 (tf_keras)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import tf_keras

from introspect.adapter import Candidate, Description, Said, Trace
from introspect.errors import UnsupportedModelError
from introspect.parameter import Parameter
from introspect.records import Layer
from introspect.values import Inputs

from ..changing import save
from ..rows import Row, Tensor, parts, read_settings, read_tensor, unbuilt_notes
from ..tree import unused
from .files import stored
from .inputs import candidates
from .layers import is_unit, row_of
from .staging import TfKerasStage
from .structure import children_of, is_learned, local_name, own_variables, seeds, trainable_ids, walk
from .trace import trace
from .untouched import tracking_kept
from .weights import TfKerasArrays


class TfKerasAdapter:
    """The adapter of Keras 2; see `introspect.adapter.Adapter`."""

    name = "tf_keras"

    def owns(self, obj: object) -> bool:
        """Whether this is a layer or model of Keras 2."""
        return isinstance(obj, tf_keras.layers.Layer)

    def describe(self, model: Any) -> Description:
        """The tree of layers, in definition pre-order, each at its first path. Raises `UnsupportedModelError`."""
        if not hasattr(model, "_thread_local"):
            name = type(model).__name__
            raise UnsupportedModelError(f"{name} is no whole layer: its __init__ does not call super().__init__().")
        return describe(model)

    def inputs_for(self, model: Any, said: Said | None) -> tuple[Candidate, ...]:
        """What to feed, best first."""
        return candidates(model, said)

    def trace(self, model: Any, inputs: Inputs, method: str, training: bool) -> Trace:
        """One dummy pass."""
        return trace(model, inputs, method, training, describe)

    def load(self, path: Any, allow_code: bool) -> Any:
        """A whole model in a file, not compiled; code in it is run only if that is allowed."""
        return tf_keras.models.load_model(str(path), compile=False, safe_mode=not allow_code)

    def registered(self, name: str) -> bool:
        """Whether a class or function is known by this name: of any other Keras 2 imports the module that it is of."""
        return tf_keras.saving.get_registered_object(name) is not None

    def stored(self, model: Any) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
        """Where a `.weights.h5` has the model's variables, by path."""
        seen: dict[int, str] = {}
        describe(model, seen)
        return stored(model, seen)

    def weights(self, model: Any) -> TfKerasArrays:
        """The model's variables, to be read and written by path."""
        seen: dict[int, str] = {}
        describe(model, seen)
        held = {id(v): v for layer, _, _ in walk(model) for v in (*own_variables(layer), *seeds(layer))}
        return TfKerasArrays({path: held[number] for number, path in seen.items()})

    def save(self, model: Any, path: str) -> None:
        """Write `name.weights.h5` or `name.keras`. Raises `TargetError`."""
        save(model, path)

    def stage(self, model: Any, dtype: str) -> TfKerasStage:
        """A copy that computes in this dtype. Raises `ProofError` where a model can't be copied."""
        return TfKerasStage(model, dtype, self.weights)


ADAPTER = TfKerasAdapter()


def describe(model: Any, seen: dict[int, str] | None = None) -> Description:
    """The tree of layers as it stands. `seen` is told the path of every variable, by its id."""
    places = walk(model)
    rows = {id(layer): row_of(layer) for layer, _, _ in places}
    first_paths = {id(layer): paths[0] for layer, paths, _ in places}
    owners = {
        first_paths[id(part)]: first_paths[id(layer)]
        for layer, _, _ in places
        for _, part in parts(layer, rows[id(layer)], tf_keras.layers.Layer)
        if id(part) in first_paths
    }
    trainable = trainable_ids(model)
    seen = {} if seen is None else seen
    layers = []
    for layer, paths, depth in places:
        row = rows[id(layer)]
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
    unbuilt = frozenset(paths[0] for layer, paths, _ in places if not layer.built and _may_hold(rows[id(layer)]))
    return Description(
        framework="keras",
        framework_version=tf_keras.__version__,
        backend="tensorflow",
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
    below = parts(layer, row, tf_keras.layers.Layer)
    for prefix, key, owner in [("", "", layer)] + [(f"{p.name}.", f"{a}.", p) for a, p in below]:
        random = seeds(owner)
        for variable in (*own_variables(owner), *random):
            local = local_name(variable)
            if local in row.borrowed:
                continue
            name = unused(prefix + local, taken)
            full = f"{path}.{name}" if path else name
            first = seen.setdefault(id(variable), full)
            known = row.tensor(key + local)
            record = read_tensor(
                owner,
                known,
                _shape(variable),
                name=name,
                path=full,
                dtype=variable.dtype.base_dtype.name,
                trainable=id(variable) in trainable,
                state="parameter" if is_learned(owner, variable) else "buffer",
                same_as=None if first == full else first,
            )
            is_seed = any(variable is seed for seed in random)
            records.append(
                replace(record, role="seed", axes=None, trainable=False, state="buffer") if is_seed else record
            )
    return tuple(records)


def _shape(variable: Any) -> tuple[int, ...] | None:
    return tuple(int(n) for n in variable.shape) if variable.shape.is_fully_defined() else None


def _may_hold(row: Row) -> bool:
    """Whether a layer of this row has tensors once it is built; what runs others has none itself."""
    tensors: dict[str, Tensor] = dict(row.tensors)
    return bool(tensors) or row.kind in ("unknown", "container")


def _native_count(model: Any) -> int | None:
    """What `count_params` says, without what it does: it takes up variables that lists were given since."""
    if not model.built:
        return None
    try:
        with tracking_kept(model):
            return int(model.count_params())
    except ValueError:  # not built
        return None
