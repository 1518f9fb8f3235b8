"""What a file of tensors says by itself: layers by the beginnings of names, without kinds, roles, axes and calls."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..adapter import Description, Store
from ..parameter import Parameter
from ..records import Layer, Report
from ..values import TensorSpec
from .hdf5 import KerasFile

Places = dict[str, tuple[str, ...]]
UNSAID = (
    "The file holds tensors and no calls: what its layers are, what they are called with and what is frozen is not "
    "said in it. Every tensor counts as a trainable parameter, but for integers, torch's running statistics and "
    "optimizers."
)
UNKNOWN = "?"
# State that torch's own normalizations keep under these names.
_APART = ("optimizer", "_optimizer", "keras_api")
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def described(store: Store, path: Path) -> tuple[Description, Places]:
    """The tree of names, and the names in the file by the paths in it."""
    named = _paths(store)
    layers: dict[str, list[Parameter]] = {"": []}
    for full, name in named.items():
        above, _, local = full.rpartition(".")
        parts = above.split(".") if above else []
        for end in range(1, len(parts) + 1):
            layers.setdefault(".".join(parts[:end]), [])
        layers[above].append(_parameter(local, full, store.specs[name]))
    framework, version = _origin(store, path)
    description = Description(
        framework=framework,
        framework_version=version,
        backend=framework,
        model=path.name,
        layers=_tree(layers),
        native_count=_native_count(layers) if framework == "keras" else None,
        notes=(UNSAID, *store.notes),
    )
    return description, {full: (name,) for full, name in named.items()}


def is_tensors(report: Report) -> bool:
    """Whether this is the report of a file of tensors."""
    return report.method == "none" and all(layer.type == UNKNOWN for layer in report.layers)


def _tree(held: Mapping[str, list[Parameter]]) -> tuple[Layer, ...]:
    """Layers in definition pre-order: each behind the one above it."""
    below: dict[str, list[str]] = {path: [] for path in held}
    for path in held:
        if path:
            below[path.rpartition(".")[0]].append(path)
    order: list[Layer] = []
    waiting = [""]
    while waiting:
        path = waiting.pop()
        waiting += reversed(below[path])
        depth = path.count(".") + 1 if path else 0
        order.append(Layer(path, UNKNOWN, parameters=tuple(held[path]), children=tuple(below[path]), depth=depth))
    return tuple(order)


def _native_count(layers: Mapping[str, list[Parameter]]) -> int:
    """Keras counts all that a model keeps."""
    return sum(p.size or 0 for held in layers.values() for p in held if not _is_apart(p.path))


def _is_apart(path: str) -> bool:
    return path.partition(".")[0] in _APART


def _parameter(name: str, path: str, spec: TensorSpec) -> Parameter:
    learned = spec.dtype.startswith(("float", "bfloat", "complex")) and name not in _BUFFERS and not _is_apart(path)
    state = "parameter" if learned else "buffer"
    shape = tuple(n or 0 for n in spec.shape)
    return Parameter(name, path, "other", shape, dtype=spec.dtype, trainable=learned, state=state)


def _paths(store: Store) -> dict[str, str]:
    """The names in the file by dotted paths; as they are, where two would be one."""
    if isinstance(store, KerasFile):
        made = _of_objects(store) if store.layout == "objects" else _of_layers(store)
    else:
        made = {name: name.replace("/", ".") for name in store.specs}
    made = {name: path.strip(".") or name for name, path in made.items()}
    taken = {path.rpartition(".")[0] for path in made.values()}
    if len(set(made.values())) < len(made) or not taken.isdisjoint(made.values()):
        return {name.replace(".", "_").replace("/", "."): name for name in store.specs}
    return {path: name for name, path in made.items()}


def _of_objects(store: KerasFile) -> dict[str, str]:
    """`layers/dense/vars/0` of a layer called "head" → `head.0`: by the names of the layers, if all are said."""
    said = {path: "" if not path else group.name for path, group in store.groups.items()}
    found = {}
    for path, group in store.groups.items():
        parts = path.split("/") if path else []
        above = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
        names = [said[one] for one in above if one in said]
        plain = (
            None in names or parts[:1] in (["optimizer"], ["_optimizer"]) or any(name and "." in name for name in names)
        )
        at = path.replace("/", ".") if plain else ".".join(name for name in names if name)
        found |= {name: f"{at}.{name.rpartition('/')[2]}" for name in group.names}
    return found


def _of_layers(store: KerasFile) -> dict[str, str]:
    """`dense/dense/kernel:0` → `dense.kernel`."""
    found = {}
    for layer, group in store.groups.items():
        for name in group.names:
            inner = f"/{name}".split(f"/{layer}/", 1)[1]
            local = inner.rpartition(":")[0] or inner
            parts = local.split("/")
            found[name] = ".".join([layer.replace(".", "_"), *(parts[1:] if parts[0] == layer else parts)])
    return found


def _origin(store: Store, path: Path) -> tuple[str, str]:
    """The framework that the file is of by its form, and its version, where that is said."""
    if isinstance(store, KerasFile):
        return "keras", store.version or "?"
    return getattr(store, "framework", "torch"), getattr(store, "version", "?")
