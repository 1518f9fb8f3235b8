"""Where Keras stores the variables of a live model: asked of Keras's own code for saving, which writes nothing here."""

from __future__ import annotations

from typing import Any

from keras.src.saving import saving_lib


class _Told(saving_lib.H5IOStore):
    """Stands in for an HDF5 file and keeps which variable Keras puts where."""

    def __init__(self) -> None:
        self.mode = "w"
        self.at = ""
        self.held: dict[str, Any] = {}
        self.names: dict[str, str] = {}

    def __bool__(self) -> bool:
        return True

    def make(self, path: str, metadata: Any = None) -> Any:
        """The group that comes next."""
        self.at = path
        if metadata and "name" in metadata:
            self.names[path] = metadata["name"]
        return self

    def __setitem__(self, key: str, value: Any) -> None:
        self.held[f"{self.at}/vars/{key}" if self.at else f"vars/{key}"] = value


def stored(model: Any, paths: dict[int, str]) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The names in a `.weights.h5` by the paths of variables (which are given by their ids), and what the layers of
    groups are called. A variable that Keras saves in another form than it has is left out."""
    told = _Told()
    saving_lib._save_state(
        model, weights_store=told, assets_store=None, inner_path="", visited_saveables=_kept_apart(model)
    )
    places: dict[str, list[str]] = {}
    for name, value in told.held.items():
        if (path := paths.get(id(value))) is not None:
            places.setdefault(path, []).append(name)
    return {path: tuple(names) for path, names in places.items()}, told.names


def _kept_apart(model: Any) -> set[int]:
    """An optimizer and metrics are no part of the model."""
    apart = (getattr(model, "optimizer", None), *getattr(model, "metrics", ()))
    return {id(one) for one in apart if one is not None}
