"""`inspect`: a live model in, a report out."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from typing import Any

from .adapter import Adapter, Description, Said, Trace
from .checkpoints import Checkpoint
from .costs import macs_by_path
from .disk import from_disk
from .errors import InputsError
from .inputs import understand
from .parameter import Parameter
from .progress import during
from .records import Layer, Report, changed
from .registry import adapter_for
from .values import itemsize, tensor_leaves

METHODS = ("auto", "abstract", "eager", None)


def inspect(model: Any, inputs: Any = None, *, trace: str | None = "auto", training: bool = False) -> Report:
    """What is in this model: every layer with its units, tensors, shapes and parameters. The model is left as it was.

    Args:
        model: a Keras model or layer, a `torch.nn.Module`, or a `Report` (which is returned as it is); of a
            `Checkpoint`, the model that it is one of; or the path of a file, as `introspect.disk.from_disk` reads it,
            which runs no code in it.
        inputs: `None` (what the model itself knows, or else a guess that is marked as one); a shape; a `TensorSpec`;
            an array or tensor; a list of several (the positional arguments of a torch module or of a subclassed Keras
            model, the inputs of a functional Keras model); a dict (the keyword arguments of a torch module, the named
            inputs of a Keras model); or `Inputs(...)`, taken literally.
        trace: how output shapes are found: `"abstract"` (nothing is computed), `"eager"` (really run, on a copy or
            with everything restored), `"auto"` (the first of these that works), or `None` (not at all).
        training: whether the dummy pass runs as in training.

    Raises:
        UnsupportedModelError: `model` is no model that we read.
        CheckpointError: a file can't be read, or would run code.
        InputsError: `inputs` can't be used. (A model that refuses its inputs, or raises, raises nothing here: the
            report ends there, has `complete=False`, and a note that names the layer.)
    """
    model = from_disk(model) if isinstance(model, (str, PathLike)) else model
    if isinstance(model, Checkpoint):
        if model.model is None:
            return _report(model.described(), Trace(None))
        model = model.model
    if isinstance(model, Report):
        return model
    if trace not in METHODS:
        raise InputsError(f"trace={trace!r} is no method: use 'auto', 'abstract', 'eager' or None.")
    adapter = adapter_for(model)
    said = understand(inputs)
    with during(f"inspecting {type(model).__name__}"):
        description = adapter.describe(model)
        passed = _pass(adapter, model, said, trace, training)
        return _report(passed.description or description, passed)


def _pass(adapter: Adapter, model: Any, said: Said | None, method: str | None, training: bool) -> Trace:
    """The first candidate whose pass is complete; failing that, the pass that came furthest."""
    if method is None:
        return Trace(None, notes=("The model was not run, as asked: shapes and calls are unknown.",))
    passes: list[Trace] = []
    for candidate in adapter.inputs_for(model, said):
        trace = adapter.trace(model, candidate.inputs, method, training)
        passes.append(replace(trace, notes=((candidate.note,) if candidate.note else ()) + trace.notes))
        if trace.complete:
            return passes[-1]
    if not passes:
        return Trace(None, notes=("The model does not say what its inputs are: pass inputs= to see shapes and calls.",))
    return max(passes, key=lambda trace: len(trace.calls))


def _report(description: Description, trace: Trace) -> Report:
    layers = _with_counts(description, trace)
    return Report(
        framework=description.framework,
        framework_version=description.framework_version,
        backend=description.backend,
        model=description.model,
        inputs=trace.inputs,
        outputs=trace.outputs,
        layers=layers,
        operations=trace.operations,
        notes=(*description.notes, *_tying(layers), *trace.notes, *_wanted(layers, trace.failed_at)),
        complete=trace.complete,
        method=trace.method,
        native_count=description.native_count,
        output_sources=trace.output_sources,
    )


def _with_counts(description: Description, trace: Trace) -> tuple[Layer, ...]:
    """The layers with their calls, what these took, and the counts of their own tensors and all below, each once."""
    layers = tuple(changed(layer, calls=trace.calls_of(layer.path)) for layer in description.layers)
    macs = macs_by_path(layers, trace.operations, trace.unseen)
    whole = trace.complete and trace.method != "none"
    counts = _by_sets(layers) if _shares_anything(layers) else _by_sums(layers)
    unbuilt = _not_whole(layers, description.unbuilt)
    for layer in layers:  # these were made here, and nobody has them yet
        # What a whole pass did not call took nothing; what a private sublayer took stands in its owner.
        vars(layer)["macs"] = macs.get(layer.path, 0 if whole and layer.part_of is None else None)
        if layer.path not in unbuilt:
            vars(layer).update(zip(_COUNTS, counts[layer.path], strict=True))
    return layers


def _shares_anything(layers: tuple[Layer, ...]) -> bool:
    """Whether a tensor may be met twice below some layer, or stands elsewhere than in the layer that holds it."""
    return any(layer.aliases or layer.part_of is not None for layer in layers) or any(
        p.same_as is not None for layer in layers for p in layer.parameters
    )


def _by_sums(layers: tuple[Layer, ...]) -> dict[str, Share]:
    """The counts of a tree in which everything stands once: of a layer's own tensors and its children. (One that leads
    back to a layer above has no counts yet.)"""
    counts: dict[str, Share] = {}
    for layer in reversed(layers):
        counts[layer.path] = _sum(
            [*map(_share, layer.parameters), *(counts.get(child, _NOTHING) for child in layer.children)]
        )
    return counts


def _by_sets(layers: tuple[Layer, ...]) -> dict[str, Share]:
    """The counts where tensors or layers are shared: each tensor once."""
    tensors = {p.path: p for layer in layers for p in layer.parameters}
    shares = {path: _share(tensor) for path, tensor in tensors.items()}
    in_parts = _in_parts(layers, tensors)
    held: dict[str, set[str]] = {}
    for layer in children_first(layers):
        own = {p.same_as or p.path for p in layer.parameters}
        held[layer.path] = own.union(*(held.get(child, set()) for child in layer.children))
        if layer.part_of is not None:  # what a part holds stands in its owner
            held[layer.path] |= in_parts.get(layer.path, set())
    return {path: _sum([shares[tensor] for tensor in mine]) for path, mine in held.items()}


def _not_whole(layers: tuple[Layer, ...], unbuilt: frozenset[str]) -> set[str]:
    """The layers of which, or below which, something is not built."""
    found = set(unbuilt)
    for layer in children_first(layers) if unbuilt else ():
        if not found.isdisjoint(layer.children):
            found.add(layer.path)
    return found


def _in_parts(layers: tuple[Layer, ...], tensors: dict[str, Parameter]) -> dict[str, set[str]]:
    """The tensors that lie in a private sublayer, by its path."""
    parts = {layer.path for layer in layers if layer.part_of is not None}
    found: dict[str, set[str]] = {}
    for tensor in tensors if parts else ():
        above = tensor.rpartition(".")[0]
        while above:
            if above in parts:
                found.setdefault(above, set()).add(tensor)
            above = above.rpartition(".")[0]
    return found


def children_first(layers: tuple[Layer, ...]) -> list[Layer]:
    """Every layer once, after all that it holds (also what stands at an earlier path, shared with another parent)."""
    by_path = {layer.path: layer for layer in layers}
    order: list[Layer] = []
    entered: set[str] = set()
    stack = [(layers[0].path, False)]
    while stack:
        path, left = stack.pop()
        if left:
            order.append(by_path[path])
        elif path not in entered:
            entered.add(path)
            stack.append((path, True))
            stack.extend((child, False) for child in by_path[path].children)
    return order


_COUNTS = ("parameter_count", "trainable_count", "buffer_count", "parameter_bytes", "buffer_bytes")
Share = tuple[int | None, int | None, int | None, int | None, int | None]
_NOTHING: Share = (0, 0, 0, 0, 0)


def _share(tensor: Parameter) -> Share:
    """What one tensor adds to each of the counts."""
    size, item = tensor.size, itemsize(tensor.dtype)
    taken = tensor.bytes if tensor.stored is not None or size is None or item is None else size * item
    if tensor.state == "parameter":
        return size, size if tensor.trainable else 0, 0, taken, 0
    return 0, 0, size, 0, taken


def _sum(shares: list[Share]) -> Share:
    """Elements and bytes of parameters and buffers: `None` where the shape of one is not known yet."""
    if len(shares) < 2:
        return shares[0] if shares else _NOTHING
    return tuple(None if None in column else sum(column) for column in zip(*shares, strict=True))  # type: ignore[return-value, arg-type]


def _tying(layers: tuple[Layer, ...]) -> list[str]:
    tied = [p for layer in layers for p in layer.parameters if p.same_as is not None]
    return [f"{p.path} is the same tensor as {p.same_as}, counted once." for p in tied]


def _wanted(layers: tuple[Layer, ...], failed_at: str | None) -> list[str]:
    """What the layer that raised wants to be given, where its kind says so and it was given something else."""
    failed = next((layer for layer in layers if layer.path == failed_at), None)
    if failed is None or failed.input_axes is None:
        return []
    tensors = tensor_leaves([call.inputs for call in failed.calls[-1:]])
    axes: tuple[str, ...] = failed.input_axes
    shape: tuple[int | None, ...] = tensors[0].shape if tensors else ()
    size = failed.setting("in_features") or ((failed.kernel and failed.kernel.by_axis) or {}).get("in")
    if "features" not in axes or not shape or shape[-1] == size:
        size = None
    wrong_rank = len(shape) != len(axes) and not (failed.kind == "dense" and len(shape) > len(axes))
    if not wrong_rank and size is None:
        return []  # it was given what it wants: something else was wrong
    named = f" with {size} features" if size else ""
    rank = f", a tensor of rank {len(axes)}" if wrong_rank else ""
    came = f"the shape {shape}" if tensors else "no tensor"
    return [f"{failed.type} wants ({', '.join(axes)}){named}{rank}, and was given {came}."]
