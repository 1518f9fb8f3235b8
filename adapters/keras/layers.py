"""How a layer of Keras 3 finds its row in the tables."""

from __future__ import annotations

from typing import Any

from ..keras_tables import ROWS as ROWS
from ..keras_tables import keras_hub
from ..keras_tables.shared import units_of as row_units
from ..rows import Row, find

__all__ = ["ROWS", "is_step", "is_unit", "own_variables", "row_of", "row_units", "runs_users_function"]

_HOMES = ("keras.src.layers.", "keras.src.models.", "keras.src.utils.", "keras.src.export.")
# These run other layers: their own call makes nothing itself.
_OPENED = frozenset({"bidirectional", "time_distributed", "lambda"})


def row_of(layer: Any) -> Row:
    """The row of a layer, `UNKNOWN` where there is none."""
    if type(layer).__module__.startswith("keras_hub.") and (row := keras_hub.ROWS.get(type(layer).__name__)):
        return row
    return find(layer, ROWS, _HOMES, lambda of: [v.name for v in own_variables(of)], "call")


def is_unit(layer: Any, row: Row | None = None) -> bool:
    """Whether what happens inside this layer is not followed; `row`: its own, where it is known."""
    return is_step(row or row_of(layer)) and not runs_users_function(layer)


def runs_users_function(layer: Any) -> bool:
    """Whether an activation layer applies a function that is not Keras's: what it calls is followed."""
    function = getattr(layer, "activation", None) if type(layer).__name__ == "Activation" else None
    return function is not None and not str(getattr(function, "__module__", "")).startswith("keras.")


def is_step(row: Row) -> bool:
    """Whether a call of such a layer is one step."""
    return row.unit and row.kind not in _OPENED


def own_variables(layer: Any) -> list[Any]:
    """The weights that a layer itself holds, each once (seeds apart)."""
    held = [*layer._trainable_variables, *layer._non_trainable_variables]
    if layer.quantization_mode:  # its kernel is no longer among the first, the trainable ones
        held.sort(key=lambda v: v.name not in ("kernel", "embeddings"))
    return list({id(v): v for v in held}.values())
