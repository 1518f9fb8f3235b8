"""Equal values once: models repeat themselves, and a page names a value by its number."""

from __future__ import annotations

# The greatest whole number that a browser keeps exactly.
EXACT = 2**53 - 1
Plain = str | tuple


class Pool:
    """Values in the order in which they were first seen."""

    def __init__(self) -> None:
        self._numbers: dict[Plain, int] = {}

    def __call__(self, value: Plain) -> int:
        """The number of a value: a text, or a tuple of texts, whole numbers, `None` and such tuples."""
        return self._numbers.setdefault(value, len(self._numbers))

    @property
    def values(self) -> list[Plain]:
        """The values by their numbers."""
        return list(self._numbers)


def whole(number: int | None) -> int | str | None:
    """A whole number for a page: as digits where a browser would round it."""
    return str(number) if number is not None and abs(number) > EXACT else number
