"""The records that say how two models differ: matched layers, differences, the ledger, repairs, verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .records import Layer, Report
from .weight_map import WeightMap

COMPARISON_SCHEMA = 1
EFFECTS: dict[str, str] = {
    "none": "Nothing: another spelling or another layout of the same.",
    "training": "Nothing, but training goes another way.",
    "values": "The outputs have other values.",
    "shape": "The outputs have another shape.",
    "count": "There are more or fewer parameters.",
    "unknown": "It is not known what this does.",
}
VERDICTS: dict[str, str] = {
    "equal": "the same function, once the weights are carried across",
    "equal after repairs": "the same function, once the weights are carried across and the listed repairs are made",
    "same weights, another function": "every weight has its partner, but the outputs differ in a way no repair is "
    "known for",
    "different": "not the same network: something has no partner",
    "undecided": "nothing was found to be wrong, but not everything could be seen",
}


@dataclass(frozen=True)
class Difference:
    """One thing in which two models differ.

    `a` and `b` are the two values (`None`: there is none), `effect` one of `EFFECTS`, `paths` where it is in each
    model. `because_of` is the `key` of the difference that this one follows from; `None`: a cause by itself.
    """

    field: str
    a: Any
    b: Any
    effect: str
    because_of: str | None = None
    text: str = ""
    paths: tuple[str | None, str | None] = (None, None)
    reason: str = ""

    @property
    def key(self) -> str:
        """What other differences refer to this one by."""
        a, b = ("-" if path is None else path for path in self.paths)
        return f"{self.field}@{a}|{b}"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Match:
    """Layers that stand against each other: usually one and one; several where one framework needs several, none where
    there is no partner."""

    a: tuple[Layer, ...]
    b: tuple[Layer, ...]
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Account:
    """A line of the ledger that leads from the one total to the other: `count` is signed, `paths` are the tensors'."""

    text: str
    count: int
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Repair:
    """A change of one model that takes a difference away.

    `side` is "a" or "b", `action` "set" (a setting of the layer), "insert" (a function without weights, before the
    layer; behind it where `setting` is "output"), "remove" or "input" (what is fed has to be scaled); `code` is a line
    for the framework of that side.
    """

    side: str
    path: str
    action: str
    setting: str | None
    value: Any
    text: str
    code: str


@dataclass(frozen=True)
class Mapped:
    """An input or output of `a` and which of `b` it is, with the path between their axes in einops notation
    (`b h w c -> b c h w`), `None` where that is not known."""

    a: str
    b: str
    path: str | None = None

    def __str__(self) -> str:
        return f"{self.a} = {self.b}{f'  {self.path!r}' if self.path else ''}"


@dataclass(frozen=True)
class Held:
    """A tensor of `b` beside those of `a` that would be carried into it: whether the values are `equal`, the greatest
    absolute difference, and that divided by the greatest value of `b`'s. `equal` is `None` where nothing is carried,
    for the `reason` given."""

    a: tuple[str, ...]
    b: str | None
    equal: bool | None = None
    absolute: Any = None
    relative: Any = None
    reason: str = ""

    def __str__(self) -> str:
        names = f"{' + '.join(self.a) or 'nothing'} | {self.b or 'nothing'}"
        if self.equal is None:
            return f"{names}: not carried ({self.reason})"
        return f"{names}: equal" if self.equal else f"{names}: {self.absolute:.2g} apart, {self.relative:.2g} relative"


@dataclass(frozen=True)
class Comparison:
    """Two models side by side. `a.native_count` plus the counts of `accounts` is `b.native_count`, exactly;
    `weight_map` says how the tensors of `a` become those of `b`, and (`weight_map.reversed()`) the other way round.
    `values` is there where they were asked for."""

    a: Report
    b: Report
    matches: tuple[Match, ...]
    differences: tuple[Difference, ...]
    accounts: tuple[Account, ...]
    repairs: tuple[Repair, ...]
    verdict: str
    input_map: tuple[Mapped, ...] = ()
    output_map: tuple[Mapped, ...] = ()
    notes: tuple[str, ...] = field(default=())
    weight_map: WeightMap = field(default_factory=WeightMap)
    values: tuple[Held, ...] = ()

    @property
    def equal(self) -> bool:
        """Whether both are the same function once the weights are carried across, as they stand."""
        return self.verdict == "equal"

    @property
    def causes(self) -> tuple[Difference, ...]:
        """The differences that follow from no other."""
        return tuple(d for d in self.differences if d.because_of is None)

    def to_dict(self) -> dict[str, Any]:
        """The comparison with both reports as plain dicts, lists, strings and numbers."""
        from .render import json

        return json.comparison_to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Comparison:
        """The comparison that `to_dict` gave. Raises `SchemaError`."""
        from .render import json

        return json.comparison_from_dict(data)

    def to_json(self, indent: int | None = None) -> str:
        """The comparison as JSON."""
        from .render import json

        return json.comparison_to_json(self, indent)

    @classmethod
    def from_json(cls, text: str | bytes) -> Comparison:
        """The comparison that `to_json` gave. Raises `SchemaError`."""
        from .render import json

        return json.comparison_from_json(text)

    def to_text(self, only_differences: bool = False, width: int | None = None, depth: int | None = None) -> str:
        """The table of matched layers, the ledger, the repairs and the verdict; wrapped to how many characters, and
        from which depth on blocks in which nothing differs are one row."""
        from . import comparison_tables
        from .render import text

        return text.render(comparison_tables.comparison_table(self, only_differences, depth), width)

    def to_markdown(self, only_differences: bool = False, depth: int | None = None) -> str:
        """The same as GitHub markdown."""
        from . import comparison_tables
        from .render import markdown

        return markdown.render(comparison_tables.comparison_table(self, only_differences, depth))

    def to_html(self, path: Any = None, proof: Any = None) -> str:
        """The comparison as one self-contained page, also written to the file `path` where one is given; with what
        `prove` gave, if that is passed."""
        from . import pages

        return pages.comparison_html(self, path, proof)

    def _repr_html_(self) -> str:
        from . import pages

        return pages.comparison_cell(self)

    def __rich__(self) -> Any:
        """What `rich.print` shows."""
        from . import comparison_tables
        from .render import terminal

        return terminal.Shown(comparison_tables.comparison_table(self))

    def to_latex(self, only_differences: bool = False) -> str:
        """The table of matched layers as a LaTeX `tabular`, with the rules of the package booktabs."""
        from . import comparison_tables
        from .render import latex

        return latex.render(comparison_tables.comparison_table(self, only_differences))

    def to_csv(self, path: Any = None, only_differences: bool = False) -> str | None:
        """The matched layers as CSV: the text, or a file where a `path` is given."""
        from . import comparison_tables
        from .render import csv

        return csv.written(csv.render(comparison_tables.comparison_data(self, only_differences)), path)

    def to_pandas(self, only_differences: bool = False) -> Any:
        """The matched layers as a DataFrame. (`pandas.DataFrame(comparison.differences)` has the differences.) Raises
        `MissingPackageError` without pandas."""
        from . import comparison_tables
        from .render import frame

        return frame.render(comparison_tables.comparison_data(self, only_differences))

    def draw(self) -> Any:
        """Both models side by side, matched layers on one line, as a picture that `.save("pair.svg")` (or `.png`,
        `.html`) writes."""
        from .drawing import pairs

        return pairs.draw(self)

    def __str__(self) -> str:
        return self.to_text()
