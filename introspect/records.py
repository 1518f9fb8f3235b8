"""The report format: frozen records of plain data, comparable, picklable, JSON-able, without any live object."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .errors import UnknownPathError, near_names
from .values import FrozenDict, Inputs, Opaque, itemsize, tensor_leaves
from .vocabulary import LABELS, input_axes, spatial_rank

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part of a packed tensor: its shape, and that it lies at `start:stop` of dimension `axis`."""

    shape: tuple[int, ...]
    axis: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor that a layer owns: learned (`state="parameter"`) or kept (`"buffer"`: running statistics, seeds).

    `axes` names its dimensions, `"in (gate units)"`; `labels` what a packed axis holds, in order, each with its size
    along that axis; `sizes` the lengths of joined axes that neither the shape nor the labels tell.
    """

    name: str
    path: str
    role: str
    shape: tuple[int, ...] | None
    axes: str | None = None
    labels: FrozenDict = field(default_factory=FrozenDict)
    sizes: FrozenDict = field(default_factory=FrozenDict)
    dtype: str = "float32"
    trainable: bool = True
    state: str = "parameter"
    same_as: str | None = None
    sharding: str | None = None

    @property
    def size(self) -> int | None:
        """Its number of elements; `None` where the shape is not known yet."""
        return None if self.shape is None else math.prod(self.shape)

    @property
    def ndim(self) -> int | None:
        """Its number of dimensions."""
        return None if self.shape is None else len(self.shape)

    @property
    def bytes(self) -> int | None:
        """The bytes its elements take."""
        item = itemsize(self.dtype)
        return None if item is None or self.size is None else self.size * item

    @property
    def by_axis(self) -> FrozenDict | None:
        """The size of every named axis, in storage order: `{"in": 12, "gate": 4, "units": 64}`."""
        if self.axes is None or self.shape is None:
            return None
        sizes: dict[str, int] = {}
        for names, length in zip(split_axes(self.axes), self.shape, strict=True):
            known = {name: self._known_size(name) for name in names}
            free = [name for name, size in known.items() if size is None]
            if len(free) > 1:  # a join of axes that nothing here can take apart
                return None
            rest = length // max(1, math.prod(size for size in known.values() if size is not None))
            sizes |= {name: rest if size is None else size for name, size in known.items() if name != "1"}
        return FrozenDict(sizes)

    def _known_size(self, axis: str) -> int | None:
        if axis in self.labels:
            return sum(size for _, size in self.labels[axis])
        return 1 if axis == "1" else self.sizes.get(axis)

    def part(self, label: str) -> Part:
        """Where a labelled part lies: `lstm.kernel.part("forget")` or `.part("f")`. Raises `UnknownPathError`."""
        for axis, names in enumerate(split_axes(self.axes or "")):
            for name in names:
                start = 0
                for word, size in self.labels.get(name, ()):
                    if label in (word, LABELS.get(word)) and self.shape is not None:
                        block = self.shape[axis] // sum(n for _, n in self.labels[name])
                        span = (start * block, (start + size) * block)
                        shape = (*self.shape[:axis], span[1] - span[0], *self.shape[axis + 1 :])
                        return Part(shape, axis, *span)
                    start += size
        known = [word for labels in self.labels.values() for word, _ in labels]
        raise UnknownPathError(f"{self.path} has no part {label!r}: {near_names(label, known)}")


def split_axes(axes: str) -> list[list[str]]:
    """A pattern by dimension: `"in (gate units)"` → `[["in"], ["gate", "units"]]`."""
    return [group.strip("()").split() for group in re.findall(r"\([^)]*\)|[^\s()]+", axes)]


@dataclass(frozen=True, slots=True)
class Setting:
    """A hyper-parameter in common words, beside what the framework calls it (`None` where it has no name there)."""

    name: str
    value: Any
    native_name: str | None = None
    native_value: Any = None


@dataclass(frozen=True, slots=True)
class Source:
    """Where a tensor comes from: a step (and which of its outputs), an input, a parameter or a constant."""

    kind: str
    step: int | None = None
    index: int | None = None
    path: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer. `sources` has an entry per input tensor (`None` where it could not be followed)."""

    order: int
    inputs: Inputs
    outputs: Any
    sources: tuple[Source | None, ...] = ()
    seconds: float | None = field(default=None, compare=False)

    @property
    def raised(self) -> bool:
        """Whether it ended in an exception."""
        return isinstance(self.outputs, Opaque) and self.outputs.text.startswith("raised ")


@dataclass(frozen=True, slots=True)
class Operation:
    """A tensor function that a layer's own code called; `within` is the path of that layer."""

    order: int
    kind: str
    native_name: str
    within: str
    settings: FrozenDict
    inputs: Inputs
    outputs: Any
    sources: tuple[Source | None, ...] = ()


@dataclass(frozen=True)
class Layer:
    """One layer, at one place of the tree. The three counts are of its own tensors and all below, each tensor once."""

    path: str
    type: str
    kind: str = "unknown"
    aliases: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    calls: tuple[Call, ...] = ()
    training: bool | None = None
    children: tuple[str, ...] = ()
    part_of: str | None = None
    depth: int = 0
    parameter_count: int | None = None
    trainable_count: int | None = None
    buffer_count: int | None = None

    def setting(self, name: str, default: Any = None) -> Any:
        """The canonical value of a setting: `layer.setting("strides")`."""
        return next((s.value for s in self.settings if s.name == name), default)

    def parameter(self, name: str) -> Parameter:
        """The parameter with this name or role. Raises `UnknownPathError`."""
        for p in self.parameters:
            if name in (p.name, p.role):
                return p
        near = near_names(name, [p.name for p in self.parameters])
        raise UnknownPathError(f"{self.path or 'The root'} has no parameter {name!r}: {near}")

    @property
    def name(self) -> str:
        """The last segment of the path."""
        return self.path.rpartition(".")[2]

    @property
    def units(self) -> int | None:
        """What people mean by the neurons of this layer: units, filters, out_features, hidden_size, embedding size."""
        return self.setting("units")

    @property
    def kernel(self) -> Parameter | None:
        """Its first kernel or table; `None` for attention, which has several."""
        return self._first("kernel", "table")

    @property
    def bias(self) -> Parameter | None:
        """Its first bias; `None` for attention, which has several."""
        return self._first("bias")

    def _first(self, *roles: str) -> Parameter | None:
        if self.kind == "attention":
            return None
        return next((p for p in self.parameters if p.role in roles), None)

    @property
    def kernel_shape(self) -> tuple[int, ...] | None:
        """The shape of its kernel, as stored."""
        return self.kernel.shape if self.kernel else None

    @property
    def bias_shape(self) -> tuple[int, ...] | None:
        """The shape of its bias."""
        return self.bias.shape if self.bias else None

    @property
    def input_shape(self) -> tuple[int | None, ...] | None:
        """The shape of the first input tensor of its first call."""
        tensors = tensor_leaves(self.calls[0].inputs) if self.calls else []
        return tensors[0].shape if tensors else None

    @property
    def output_shape(self) -> tuple[int | None, ...] | None:
        """The shape of the first output tensor of its first call."""
        tensors = tensor_leaves(self.calls[0].outputs) if self.calls else []
        return tensors[0].shape if tensors else None

    @property
    def input_axes(self) -> tuple[str, ...] | None:
        """The axes of the input that it wants: `("batch", "height", "width", "channels")`; `None`: any rank."""
        return input_axes(self.kind, self.setting("data_format"), self.setting("batch_first"))

    @property
    def spatial_shape(self) -> tuple[int | None, ...] | None:
        """The size of its feature map, (height, width) for two axes; `None` where there is none."""
        rank, shape = spatial_rank(self.kind), self.output_shape
        if not rank or shape is None or len(shape) != rank + 2 or self.setting("data_format") is None:
            return None
        return shape[2:] if self.setting("data_format") == "channels_first" else shape[1:-1]

    @property
    def activations(self) -> int | None:
        """The elements of its output for one example: all output tensors, divided by the first input's batch size."""
        sizes = [spec.size for spec in tensor_leaves(self.calls[0].outputs)] if self.calls else []
        axes, shape = self.input_axes or ("batch",), self.input_shape or ()
        if not sizes or not shape or any(size is None for size in sizes):
            return None
        if self.input_axes and len(shape) == len(axes) - 1:  # one example without a batch axis, as torch allows
            return sum(sizes)  # type: ignore[arg-type]
        batch = shape[axes.index("batch") if len(shape) == len(axes) else 0]
        total = sum(sizes)  # type: ignore[arg-type]
        return total // batch if batch and total % batch == 0 else None


@dataclass(frozen=True)
class Report:
    """What is in a model. `report["path"]` is a layer, `for layer in report` goes through all, root first."""

    framework: str
    framework_version: str
    backend: str
    model: str
    inputs: Inputs | None
    outputs: Any
    layers: tuple[Layer, ...]
    operations: tuple[Operation, ...] = ()
    notes: tuple[str, ...] = ()
    complete: bool = True
    method: str = "none"
    native_count: int | None = None
    schema: int = SCHEMA

    @cached_property
    def _by_path(self) -> dict[str, Layer]:
        return {path: layer for layer in reversed(self.layers) for path in (*layer.aliases, layer.path)}

    def __getitem__(self, path: str) -> Layer:
        try:
            return self._by_path[path]
        except (KeyError, TypeError):
            raise UnknownPathError(f"No layer has the path {path!r}: {near_names(str(path), self._by_path)}") from None

    def __contains__(self, path: object) -> bool:
        return path in self._by_path

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in self.__dict__.items() if k != "_by_path"}

    @property
    def root(self) -> Layer:
        """The model itself, as the layer with path `""`."""
        return self.layers[0]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Every tensor of the model, each once."""
        return tuple(p for layer in self.layers for p in layer.parameters if p.same_as is None)

    @property
    def parameter_count(self) -> int | None:
        """Elements that training may change, frozen or not, each tensor once."""
        return self.root.parameter_count

    @property
    def trainable_count(self) -> int | None:
        """Those of them that are not frozen."""
        return self.root.trainable_count

    @property
    def buffer_count(self) -> int | None:
        """Elements of state that is not learned by gradients: running statistics, seeds, counters."""
        return self.root.buffer_count

    @property
    def bytes(self) -> int | None:
        """The bytes of all parameters and buffers by their real dtypes, each tensor once."""
        if self.parameter_count is None:
            return None
        sizes = [p.bytes for p in self.parameters]
        return None if any(size is None for size in sizes) else sum(sizes)  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, Any]:
        """The report as plain dicts, lists, strings and numbers."""
        from .render.json import to_dict

        return to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Report:
        """The report that `to_dict` gave. Raises `SchemaError`."""
        from .render.json import from_dict

        return from_dict(data)

    def to_json(self, indent: int | None = None) -> str:
        """The report as JSON."""
        from .render.json import to_json

        return to_json(self, indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """The report that `to_json` gave. Raises `SchemaError`."""
        from .render.json import from_json

        return from_json(text)

    def to_text(self, columns: Any = None, depth: int | None = None, width: int | None = None) -> str:
        """The table as text: which columns, down to which depth, wrapped to how many characters."""
        from . import tables
        from .render import text

        return text.render(tables.report_table(self, columns, depth), width)

    def to_markdown(self, columns: Any = None, depth: int | None = None) -> str:
        """The table as GitHub markdown."""
        from . import tables
        from .render import markdown

        return markdown.render(tables.report_table(self, columns, depth))

    def __str__(self) -> str:
        return self.to_text()
