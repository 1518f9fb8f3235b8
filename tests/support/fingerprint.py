"""Everything about a model and its surroundings that an inspection must leave as it was.

Take one fingerprint before and one after, and ask for the `difference`. Objects are compared by identity,
so a fingerprint keeps them alive: a replacement at a freed address would look like the original.
"""

import hashlib
import random
import sys

import numpy

# Frameworks' classes whose objects are described by their attributes; of others, only the identity counts.
# By name, so that asking imports no framework.
OPENED = {"Module", "Operation", "Metric", "BaseOptimizer", "Variable", "SeedGenerator", "Tracker"}
PLAIN = (type(None), bool, int, float, complex, str, bytes, numpy.generic)
IS, CLASS, ORDER = "<is>", "<class>", "<order>"  # not to be mistaken for an attribute


class Same:
    """Equal only to itself: the identity of an object."""

    def __init__(self, value):
        self.value = value

    def __eq__(self, other):
        return isinstance(other, Same) and self.value is other.value

    def __hash__(self):
        return id(self.value)

    def __repr__(self):
        name = getattr(self.value, "__qualname__", type(self.value).__qualname__)
        return f"<{name} at {id(self.value):#x}>"


def torch_fingerprint(model) -> dict:
    """The state of a PyTorch model, of PyTorch, and of the random generators."""
    return {**_model(dict(model.named_modules())), "torch": _torch_surroundings(), "random": _random_generators()}


def keras_fingerprint(model) -> dict:
    """The state of a Keras 3 model, of Keras and its backend, and of the random generators."""
    layers = _layers_by_path(model)
    return {**_model(layers), **_keras_surroundings(layers), "random": _random_generators()}


def difference(before: dict, after: dict, path: str = "") -> list[str]:
    """One line for each entry that changed, appeared or vanished; none when they are equal."""
    lines = []
    for key in [*before, *(key for key in after if key not in before)]:
        place = f"{path}/{key}" if path else str(key)
        if key not in after:
            lines.append(f"{place}: gone, was {before[key]!r:.100}")
        elif key not in before:
            lines.append(f"{place}: new, is {after[key]!r:.100}")
        elif isinstance(before[key], dict) and isinstance(after[key], dict):
            lines += difference(before[key], after[key], place)
        # Where entries came or went, the order of the keys says nothing more.
        elif before[key] != after[key] and (key != ORDER or before.keys() == after.keys()):
            lines.append(f"{place}: {before[key]!r:.100} -> {after[key]!r:.100}")
    return lines


def _layers_by_path(layer, path="", found=None) -> dict:
    """Every layer at its first path, input layers too."""
    found = {} if found is None else found
    found[path] = layer
    for child in layer._layers:
        if not any(child is other for other in found.values()):
            name = f"{path}.{child.name}" if path else child.name
            while name in found:
                name += "'"
            _layers_by_path(child, name, found)
    return found


def _model(parts: dict) -> dict:
    """Each module or layer at its own path; where another one holds it, its identity only."""
    seen = {id(part) for part in parts.values()}
    classes = {base for part in parts.values() for base in type(part).__mro__ if base is not object}
    return {
        "model": {path: _attributes(part, seen) for path, part in parts.items()},
        "classes": {f"{base.__module__}.{base.__qualname__} {id(base)}": _functions(base) for base in classes},
    }


def _attributes(value, seen: set) -> dict:
    # The bookkeeping of Keras and TensorFlow repeats the attributes, which are better named: it comes last.
    attributes = sorted(vars(value).items(), key=lambda entry: entry[0].startswith(("_tracker", "_self_")))
    entries = {name: _describe(attribute, seen) for name, attribute in attributes}
    return {IS: Same(value), CLASS: Same(type(value)), ORDER: list(vars(value)), **entries}


def _describe(value, seen: set):
    """A value by what an inspection could change in it; in full only where it is first met."""
    if isinstance(value, PLAIN):
        return repr(value)
    if id(value) in seen or isinstance(value, type):
        return Same(value)
    seen.add(id(value))
    if any(base.__name__ in OPENED and base.__module__[:6] in ("torch.", "keras.") for base in type(value).__mro__):
        return _attributes(value, seen)
    if isinstance(value, (list, tuple)):
        return {IS: Same(value), **{index: _describe(item, seen) for index, item in enumerate(value)}}
    if isinstance(value, (set, frozenset)):
        return {IS: Same(value), "members": {repr(item) if isinstance(item, PLAIN) else Same(item) for item in value}}
    if "torch" in sys.modules and isinstance(value, sys.modules["torch"].Tensor):
        return _torch_tensor(value, seen)
    if hasattr(value, "keys") and hasattr(value, "items"):  # not only dicts: scripted modules have their own
        items = {str(key): _describe(item, seen) for key, item in value.items()}
        return {IS: Same(value), ORDER: list(items), **items}
    if hasattr(value, "__array__"):
        return {IS: Same(value), "bytes": _attempt(lambda: _hash(numpy.asarray(value).tobytes()))}
    return Same(value)


def _torch_tensor(tensor, seen: set) -> dict:
    return {
        IS: Same(tensor),
        "shape": _attempt(lambda: tuple(tensor.shape)),
        "type": [Same(type(tensor)), str(tensor.dtype), str(tensor.device), tensor.requires_grad],
        "version, data_ptr": [_attempt(lambda: tensor._version), _attempt(lambda: tensor.data_ptr())],
        "bytes": _attempt(lambda: _torch_hash(tensor)),
        "grad": _describe(tensor.grad, seen) if tensor.is_leaf else None,
        "attributes": {name: Same(value) for name, value in vars(tensor).items()},
    }


def _torch_hash(tensor) -> str:
    # As bytes, since NumPy has no bfloat16.
    strided = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().flatten()
    return _hash(strided.view(sys.modules["torch"].uint8).numpy().tobytes())


def _hash(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def _attempt(read):
    """What `read` gives; tensors that are lazy, meta, symbolic or made for inference lack some of it."""
    try:
        return read()
    except (RuntimeError, ValueError, TypeError, NotImplementedError) as error:
        return f"no value ({type(error).__name__})"


def _functions(owner) -> dict:
    """The functions and descriptors of a class or Python module, so that a patched one shows."""
    members = vars(owner).items()
    return {name: Same(value) for name, value in members if callable(value) or hasattr(type(value), "__get__")}


def _random_generators() -> dict:
    legacy = [numpy.asarray(part).tolist() for part in numpy.random.get_state()]
    return {"python": _hash(repr(random.getstate()).encode()), "numpy": _hash(repr(legacy).encode())}


def _torch_surroundings() -> dict:
    torch = sys.modules["torch"]
    hooks = {name: value for name, value in vars(torch.nn.modules.module).items() if name.startswith("_global_")}
    return {
        "random": _torch_hash(torch.get_rng_state()),
        "grad mode": torch.is_grad_enabled(),
        "inference mode": torch.is_inference_mode_enabled(),
        "autocast": [torch.is_autocast_enabled(device) for device in ("cpu", "cuda")],
        "defaults": [str(torch.get_default_dtype()), str(torch.get_default_device())],
        "transformer fast path": torch.backends.mha.get_fastpath_enabled(),
        "modes": [torch._C._len_torch_function_stack(), torch._C._len_torch_dispatch_stack()],
        "global hooks": {name: _describe(value, set()) for name, value in hooks.items()},
        # Set on the class, it would hide a model that forgot to set its own.
        "training on the class": "training" in vars(torch.nn.Module),
        "functions": {each.__name__: _functions(each) for each in (torch.nn.Module, torch.nn.functional, torch.Tensor)},
    }


def _keras_surroundings(layers: dict) -> dict:
    from keras import config
    from keras.src import backend
    from keras.src.backend.common.global_state import GLOBAL_STATE_TRACKER
    from keras.src.layers import layer
    from keras.src.ops import operation

    seen = {id(each) for each in layers.values()}
    # Keras takes an entry that is None or empty for a missing one.
    state = {name: value for name, value in vars(GLOBAL_STATE_TRACKER).items() if value not in (None, [], {})}
    surroundings = {
        "global state": {name: _describe(value, seen) for name, value in state.items()},
        "settings": [config.floatx(), config.epsilon(), config.image_data_format()],
        "functions": {each.__name__: _functions(each) for each in (layer, layer.Layer, operation, backend)},
    }
    if backend.backend() == "torch":
        surroundings["torch"] = _torch_surroundings()
    if backend.backend() == "tensorflow":
        import tensorflow

        graph = tensorflow.compat.v1.get_default_graph()
        surroundings["tensorflow"] = [tensorflow.executing_eagerly(), Same(graph), len(graph.get_operations())]
    return surroundings
