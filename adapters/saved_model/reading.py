"""The variables of a SavedModel by name, and what its signatures take and give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2, trackable_object_graph_pb2

from introspect.errors import CheckpointError
from introspect.values import TensorSpec

_ENDING = "/.ATTRIBUTES/VARIABLE_VALUE"
_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


class SavedModel:
    """See `introspect.adapter.Store`."""

    layout = "names"
    framework = "tensorflow"

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._reader = tf.train.load_checkpoint(str(path / "variables" / "variables"))
            held = saved_model_pb2.SavedModel.FromString((path / "saved_model.pb").read_bytes())
        except Exception as error:
            said = " ".join(str(error).split())
            raise CheckpointError(f"{str(path)!r} is no whole SavedModel: {said}.") from None
        dtypes = self._reader.get_variable_to_dtype_map()
        shapes = self._reader.get_variable_to_shape_map()
        self._names = self._known([name for name in sorted(shapes) if dtypes[name] != tf.string])
        self.specs = {short: TensorSpec(tuple(shapes[name]), dtypes[name].name) for short, name in self._names.items()}
        self.version = next((graph.meta_info_def.tensorflow_version for graph in held.meta_graphs), "?")
        self.notes = [text for graph in held.meta_graphs for text in _signatures(graph)]

    def _known(self, keys: list[str]) -> dict[str, str]:
        """The keys of the tensors by their full names; Keras's exports keep each of them twice."""
        graph = trackable_object_graph_pb2.TrackableObjectGraph.FromString(self._reader.get_tensor(_GRAPH))
        full = {held.checkpoint_key: held.full_name for node in graph.nodes for held in node.attributes}
        found: dict[str, str] = {}
        for key in sorted(keys, key=lambda key: key.startswith("_")):
            name = full.get(key) or key.removesuffix(_ENDING)
            if name not in found:
                found[name] = key
            elif not np.array_equal(self._reader.get_tensor(key), self._reader.get_tensor(found[name])):
                found[key.removesuffix(_ENDING)] = key
        return found

    def read(self, name: str) -> Any:
        """A copy of a tensor's values; those of dtypes that NumPy lacks as float32."""
        array = self._reader.get_tensor(self._names[name])
        return array.astype("float32") if "bfloat" in str(array.dtype) else array

    def write(self, path: Path, values: Any) -> None:
        """Raises `CheckpointError`: TensorFlow alone writes these."""
        raise CheckpointError(f"{str(self.path)!r} is a SavedModel, which is only read: write to another format.")


def _signatures(graph: Any) -> list[str]:
    """`serving_default(x: f32[?,3]) gives output_0: f32[?,2]`."""
    found = []
    for name, signature in sorted(graph.signature_def.items()):
        if name != "__saved_model_init_op":
            takes, gives = (_tensors(held) for held in (signature.inputs, signature.outputs))
            found.append(f"Signature {name}({takes}) gives {gives or 'nothing'}.")
    return found


def _tensors(held: Any) -> str:
    return ", ".join(f"{name}: {_spec(info)}" for name, info in sorted(held.items()))


def _spec(info: Any) -> TensorSpec:
    shape = tuple(d.size if d.size >= 0 else None for d in info.tensor_shape.dim)  # empty where the rank is not known
    return TensorSpec(shape, tf.dtypes.as_dtype(info.dtype).name)
