"""A transfer as a plain Python function that a person could read, keep and run without this library."""

from __future__ import annotations

from ..literals import escaped, quoted
from ..weight_map import Entry, Step
from .arrays import plain, plain_sizes

_HEAD = '''def carry(source, target):
    """Carry the weights of a {0} model into a {1} model."""
    import numpy as np{2}
    from einops import rearrange

'''
# How a tensor is found by its path, and how it is read and written.
_FIND: dict[str | None, str] = {
    "keras": '''    def {0}(path, layer={0}):
        """A weight of a Keras model: the names of layers, then its own."""
        names = path.split(".")
        while names:
            for variable in [*layer._trainable_variables, *layer._non_trainable_variables]:
                if variable.name == ".".join(names):
                    return variable
            layer = next(below for below in layer._flatten_layers(False, False) if names[0] == below.name)
            names = names[1:]
''',
    "torch": """    {0} = {{**dict({0}.named_parameters()), **dict({0}.named_buffers())}}.__getitem__
""",
    # Any other framework's tensors are given as arrays by their paths.
    None: """    {0} = {0}.__getitem__
""",
}
_READ: dict[str | None, str] = {
    "keras": """    def get(path):
        return source_weight(path).numpy()
""",
    "torch": """    def get(path):
        return source_weight(path).detach().cpu().numpy()
""",
    None: """    get = source_weight
""",
}
_WRITE: dict[str | None, str] = {
    "keras": """    def put(path, array):
        target_weight(path).assign(array)
""",
    "torch": """    def put(path, array):
        with torch.no_grad():
            target_weight(path).copy_(torch.from_numpy(np.array(array)))
""",
    None: """    def put(path, array):
        target_weight(path)[...] = array
""",
}


def recipe(entries: tuple[Entry, ...], frameworks: tuple[str, str]) -> str:
    """The function `carry(source, target)`, as text."""
    needs_torch = "\n    import torch" if frameworks[1] == "torch" else ""
    parts = [_HEAD.format(*(_NAMES.get(name) or quoted(name)[1:-1] for name in frameworks), needs_torch)]
    for side, name in zip(("source", "target"), frameworks, strict=True):
        found = _FIND.get(name, _FIND[None]).format(side)
        found = found.replace(f"def {side}(path", f"def {side}_weight(path").replace(
            f"    {side} = ", f"    {side}_weight = "
        )
        parts.append(found + "\n")
    parts += [_READ.get(frameworks[0], _READ[None]), "\n", _WRITE.get(frameworks[1], _WRITE[None]), "\n"]
    for path in dict.fromkeys(entry.target for entry in entries):
        assert path is not None
        parts += _lines(path, [entry for entry in entries if entry.target == path], frameworks[1])
    return "".join(parts)


_NAMES = {"keras": "Keras", "torch": "torch"}


def _lines(path: str, entries: list[Entry], framework: str) -> list[str]:
    """What fills one tensor."""
    if len(entries) == 1 and entries[0].place is None:
        return [*_said(entries[0]), f"    put({quoted(path)}, {_expression(entries[0], path, framework)})\n"]
    array = {"keras": ".numpy()", "torch": ".detach().cpu().numpy()"}.get(framework, "")
    lines = [f"    whole = target_weight({quoted(path)}){array}.copy()\n"]
    for entry in entries:
        assert entry.place is not None
        axis, start, stop = entry.place
        lines += [*_said(entry), f"    whole[{':, ' * axis}{start}:{stop}] = {_expression(entry, path, framework)}\n"]
    return [*lines, f"    put({quoted(path)}, whole)\n"]


def _said(entry: Entry) -> list[str]:
    return [f"    # {escaped(entry.reason)}\n"] if entry.reason else []


def _expression(entry: Entry, path: str, framework: str) -> str:
    shape = f"target_weight({quoted(path)}).shape"
    if entry.place is not None:
        shape = f"whole[{':, ' * entry.place[0]}{entry.place[1]}:{entry.place[2]}].shape"
    text = f"get({quoted(entry.source[0])})" if entry.source else "None"
    for step in entry.steps:
        text = _applied(text, step, f"tuple({shape})")
    return text


def _applied(text: str, step: Step, shape: str) -> str:
    word = step.word
    if word == "part":
        return f"{text}[{':, ' * step['axis']}{step['start']}:{step['stop']}]"
    if word == "rearrange":
        sizes = "".join(f", {name}={size}" for name, size in plain_sizes(step["sizes"]).items())
        return f"rearrange({text}, {quoted(plain(step['pattern']))}{sizes})"
    if word == "reorder":
        ends = [sum(step["sizes"][: n + 1]) for n in range(len(step["sizes"]) - 1)]
        blocks = f"np.split({text}, {ends}, {step['axis']})"
        return f"np.concatenate([{blocks}[n] for n in {list(step['order'])}], {step['axis']})"
    if word == "gather":
        return f"{text}.take({list(step['index'])}, {step['axis']})"
    if word == "reshape":
        return f"{text}.reshape({step['shape']})"
    if word in ("add", "subtract"):
        other = f'get({quoted(step["source"])}).astype("float64")'
        return f'({text}.astype("float64") {"+" if word == "add" else "-"} {other})'
    if word == "fill":
        return f"np.full({shape}, {step['value']})"
    if word == "without_scale":
        return f'(({text} + {step["eps"]}) / get({quoted(step["scale"])}).astype("float64") ** 2 - {step["eps"]})'
    if word == "without_shift":
        divided = "" if step["scale"] is None else f" / get({quoted(step['scale'])})"
        root = f'np.sqrt(get({quoted(step["variance"])}).astype("float64") + {step["eps"]})'
        return f"({text} - get({quoted(step['shift'])}) * {root}{divided})"
    return text
