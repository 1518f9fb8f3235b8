"""Values as a DataFrame of pandas."""

from __future__ import annotations

from typing import Any

from ..errors import missing_package
from ..tables import Data


def render(data: Data, index: str | None = None) -> Any:
    """A row per row; whole numbers are nullable `Int64`, all else is kept as it is. `index` is the column that names
    the rows, if it is there. Raises `MissingPackageError`."""
    try:
        import pandas
    except ImportError as error:
        raise missing_package("pandas", "pandas", error) from error
    columns = zip(*data.rows, strict=True) if data.rows else [()] * len(data.columns)
    frame = pandas.DataFrame(
        {
            name: pandas.Series(list(values), dtype="Int64" if numeric else object)
            for name, numeric, values in zip(data.columns, data.numeric, columns, strict=True)
        }
    )
    return frame.set_index(index) if index in data.columns else frame
