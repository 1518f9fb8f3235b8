"""The report format: frozen records of plain data, comparable, picklable, JSON-able, without any live object."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .errors import UnknownPathError, near_names
from .parameter import Parameter
from .values import FrozenDict, Inputs, Opaque, tensor_leaves
from .vocabulary import VIEWS, input_axes, spatial_rank

SCHEMA = 1


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
    """One call of a layer. `sources` has an entry per input tensor (`None` where it could not be followed); `within` is
    the path of the layer whose own code made the call, `None` for the outermost one."""

    order: int
    inputs: Inputs
    outputs: Any
    sources: tuple[Source | None, ...] = ()
    within: str | None = None
    seconds: float | None = field(default=None, compare=False)

    @property
    def raised(self) -> bool:
        """Whether it ended in an exception."""
        return isinstance(self.outputs, Opaque) and self.outputs.text.startswith("raised ")


@dataclass(frozen=True, slots=True)
class Operation:
    """A tensor function that a layer's own code called; `within` is the path of that layer. `macs`: its
    multiply-accumulates, 0 for what multiplies no matrices, `None` where unknown."""

    order: int
    kind: str
    native_name: str
    within: str
    settings: FrozenDict
    inputs: Inputs
    outputs: Any
    sources: tuple[Source | None, ...] = ()
    macs: int | None = 0


@dataclass(frozen=True)
class Layer:
    """One layer, at one place of the tree.

    The counts and bytes are of its own tensors and all below, each tensor once. `macs` are the multiply-accumulates of
    all its calls, for the given input: those of matrix products, convolutions, attention and recurrences, inside layers
    or between them (FLOPs are twice that). `opened`: what its own code does is followed as steps of their own;
    otherwise a call of it is one step.
    """

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
    parameter_bytes: int | None = None
    buffer_bytes: int | None = None
    macs: int | None = None
    opened: bool = True

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

    @property
    def bytes(self) -> int | None:
        """The bytes of its parameters and buffers and all below, as stored, each tensor once."""
        sizes = (self.parameter_bytes, self.buffer_bytes)
        return None if None in sizes else sum(sizes)  # type: ignore[arg-type]

    @property
    def activation_bytes(self) -> int | None:
        """The bytes of what all its calls gave back, for the given input; `None` without a call."""
        sizes = [spec.bytes for call in self.calls for spec in tensor_leaves(call.outputs)]
        return None if not self.calls or any(size is None for size in sizes) else sum(sizes)  # type: ignore[arg-type]


def changed(layer: Layer, **changes: Any) -> Layer:
    """As `dataclasses.replace`, without its check of all fields: a model has thousands of layers."""
    other = object.__new__(Layer)
    vars(other).update(vars(layer), **changes)
    return other


@dataclass(frozen=True)
class Report:
    """What is in a model. `report["path"]` is a layer, `for layer in report` goes through all, root first.
    `output_sources` has an entry per output tensor: which step made it."""

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
    output_sources: tuple[Source | None, ...] = ()
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
        return self.root.bytes

    @property
    def parameter_bytes(self) -> int | None:
        """The bytes of all parameters, as stored, each tensor once."""
        return self.root.parameter_bytes

    @property
    def buffer_bytes(self) -> int | None:
        """The bytes of all buffers, each tensor once."""
        return self.root.buffer_bytes

    @property
    def activation_bytes(self) -> int | None:
        """The bytes of what every step gave back, for the given input: of the calls of layers that are not opened, and
        of the operations between them, those that give another view of the same memory apart."""
        steps = [layer.activation_bytes for layer in self if layer.calls and not layer.opened and layer.part_of is None]
        made = [operation for operation in self.operations if operation.kind not in VIEWS]
        steps += [spec.bytes for operation in made for spec in tensor_leaves(operation.outputs)]
        if not self.root.calls:
            return None
        return None if None in steps else sum(steps)  # type: ignore[arg-type]

    @property
    def macs(self) -> int | None:
        """Multiply-accumulates of the whole model for the given input (FLOPs are twice that)."""
        return self.root.macs

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

    def to_html(self, path: Any = None) -> str:
        """The report as a page that needs nothing else: a tree to search and sort, every layer in detail. Returns the
        text, which is also written to the file `path` where one is given."""
        from . import pages

        return pages.report_html(self, path)

    def _repr_html_(self) -> str:
        from . import pages

        return pages.report_cell(self)

    def to_latex(self, columns: Any = None, depth: int | None = None) -> str:
        """The table as a LaTeX `tabular`, with the rules of the package booktabs."""
        from . import tables
        from .render import latex

        return latex.render(tables.report_table(self, columns, depth))

    def to_csv(self, path: Any = None, columns: Any = None, depth: int | None = None) -> str | None:
        """The values of all columns, or of those named, as CSV: the text, or a file where a `path` is given."""
        from . import tables
        from .render import csv

        return csv.written(csv.render(tables.report_data(self, columns, depth)), path)

    def to_pandas(self, columns: Any = None, depth: int | None = None) -> Any:
        """The values of all columns, or of those named, as a DataFrame, whose index are the paths. Raises
        `MissingPackageError` without pandas."""
        from . import tables
        from .render import frame

        return frame.render(tables.report_data(self, columns, depth), "path")

    def select(self, *, where: Any = None, **filters: Any) -> tuple[Layer, ...]:
        """The layers for which all of this holds: `report.select(kind="conv*", trainable=True, strides=2)`; what may be
        said is in `introspect.selecting`. Raises `UnknownFilterError`."""
        from .selecting import select

        return select(self, where, filters)

    def draw(self, depth: int | None = None, size_by: str = "auto", style: str = "auto", direction: Any = None) -> Any:
        """The network as a picture, that `.save("net.svg")` (or `.png`, `.html`) writes: `introspect.drawing.draw`."""
        from .drawing import draw

        return draw.draw(self, depth, size_by, style, direction)

    def __str__(self) -> str:
        return self.to_text()

    def __rich__(self) -> Any:
        from . import tables
        from .render import terminal

        return terminal.Shown(tables.report_table(self))
