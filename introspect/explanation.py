"""The records that say why a layer has that many parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .errors import UnknownPathError, near_names


@dataclass(frozen=True, slots=True)
class Factor:
    """A number in a formula and the axis it counts."""

    size: int
    axis: str


@dataclass(frozen=True, slots=True)
class Term:
    """What one tensor, or one child (`child=True`, with an explanation of its own), contributes."""

    text: str
    formula: str
    substituted: str
    count: int | None
    factors: tuple[Factor, ...] = ()
    child: bool = False


@dataclass(frozen=True)
class Explanation:
    """Why a layer has that many parameters.

    `formula` names the axes (`in × out + out`), `substituted` puts the numbers in (`256 in × 2 out + 2 out`), `total`
    is what it comes to. `agrees`: the numbers, which come from the settings and the inputs, are those of the tensors
    themselves; `None` where there was nothing to check them against.
    """

    path: str
    type: str
    terms: tuple[Term, ...]
    formula: str
    substituted: str
    total: int | None
    agrees: bool | None
    remarks: tuple[str, ...] = ()

    def __str__(self) -> str:
        total = "unknown" if self.total is None else f"{self.total:,}"
        line = f"{self.substituted} = {total}" if self.substituted else total
        return "; ".join((line, *self.remarks))


class Explanations(Mapping[str, Explanation]):
    """A mapping path → `Explanation`, whose text is a table that ends in the total."""

    def __init__(self, items: Mapping[str, Explanation], total: int | None) -> None:
        self._items = dict(items)
        self.total = total

    def __getitem__(self, path: str) -> Explanation:
        try:
            return self._items[path]
        except KeyError:
            raise UnknownPathError(f"No layer has the path {path!r}: {near_names(path, self._items)}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    @property
    def agrees(self) -> bool:
        """No explanation is contradicted by the tensors."""
        return all(explanation.agrees is not False for explanation in self.values())

    def to_latex(self) -> str:
        """The table as a LaTeX `tabular`, with the rules of the package booktabs."""
        from . import tables
        from .render import latex

        return latex.render(tables.explanations_table(self))

    def to_csv(self, path: Any = None) -> str | None:
        """A row per layer that has parameters of its own, as CSV: the text, or a file where a `path` is given."""
        from . import tables
        from .render import csv

        return csv.written(csv.render(tables.explanations_data(self)), path)

    def to_pandas(self) -> Any:
        """The same rows as a DataFrame, whose index are the paths. Raises `MissingPackageError` without pandas."""
        from . import tables
        from .render import frame

        return frame.render(tables.explanations_data(self), "path")

    def __str__(self) -> str:
        from . import tables
        from .render import text

        return text.render(tables.explanations_table(self))

    def __rich__(self) -> Any:
        from . import tables
        from .render import terminal

        return terminal.Shown(tables.explanations_table(self))
