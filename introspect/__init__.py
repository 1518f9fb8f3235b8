"""What is in this model, and are these two the same? Exact answers for any Keras or PyTorch model, layer by layer.

```python
from introspect import explain, inspect
from torch import nn

model = nn.Sequential(nn.Conv2d(3, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(10816, 10))
report = inspect(model, (1, 3, 28, 28))
print(report.to_text(["path", "type", "units", "kernel", "output", "parameters"]))
print(explain(report, "3"))
```

```text
Sequential (torch 2.13.0+cpu)
path    type          units  kernel         output             parameters
------  ----------  -------  -------------  ---------------  ------------
(root)  Sequential        -  -              (1, 10)               108,618
  0     Conv2d           16  (16, 3, 3, 3)  (1, 16, 26, 26)           448
  1     ReLU              -  -              (1, 16, 26, 26)             0
  2     Flatten           -  -              (1, 10816)                  0
  3     Linear           10  (10, 10816)    (1, 10)               108,170

parameters  108,618
trainable   108,618
buffers     0
torch       108,618 (sum of p.numel())
MACs        400,192
bytes       434,472 (424.3 KiB)
activations 129,832 bytes (126.8 KiB)
10,816 in × 10 out + 10 out = 108,170
```

Five functions, from one question to the next:

- `inspect` reads a live model, or a file, into a `Report`: plain data, in one form for all frameworks.
- `explain` says why a layer has that many parameters.
- `compare` sets two models or reports side by side: a `Comparison` has which layer is which, every difference and what
  it does, where every parameter went, and what would mend it.
- `transfer` carries the weights of one model into another, by the `WeightMap` of their comparison; a `Checkpoint`
  stands for a model whose weights lie in a file.
- `prove` tries whether two models are the same function: a `Proof`.

All that is raised on purpose is an `IntrospectError` (`introspect.errors`). No model is changed by any of this but the
target of a transfer.

| about | see |
|---|---|
| What a report is made of | `introspect.records`, `introspect.parameter`, `introspect.values` |
| Why so many parameters | `introspect.explanation` |
| The words that it may use | `introspect.vocabulary` |
| Which layers have these properties | `introspect.selecting` |
| What a comparison is made of | `introspect.comparison`, `introspect.weight_map` |
| Models and weights in files | `introspect.disk`, `introspect.checkpoints` |
| Pictures | `introspect.drawing.draw` |
| For your own tests | `introspect.testing`, `introspect.pytest_plugin` |
| For another framework | `introspect.adapter` |
"""

from pathlib import Path as _Path

# In a checkout `adapters/` lies beside this package, and not inside it as in an installed one.
if not (_Path(__file__).parent / "adapters").is_dir():
    __path__.append(str(_Path(__file__).parent.parent))

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checkpoints import Checkpoint
    from .comparing import compare
    from .comparison import Comparison
    from .errors import IntrospectError
    from .formulas import explain
    from .inspection import inspect
    from .proof import Proof, prove
    from .records import Report
    from .transferring import Transfer, transfer
    from .values import Inputs, TensorSpec
    from .weight_map import WeightMap

__all__ = [
    "Checkpoint",
    "Comparison",
    "Inputs",
    "IntrospectError",
    "Proof",
    "Report",
    "TensorSpec",
    "Transfer",
    "WeightMap",
    "compare",
    "explain",
    "inspect",
    "prove",
    "transfer",
]
__version__ = "0.1.0"

# name → the module that it comes from: loaded when it is first asked for, since most users need one of them.
_HOMES = {
    "Checkpoint": "checkpoints", "Comparison": "comparison", "Inputs": "values", "IntrospectError": "errors",
    "Proof": "proof", "Report": "records", "TensorSpec": "values", "Transfer": "transferring",
    "WeightMap": "weight_map", "compare": "comparing", "explain": "formulas", "inspect": "inspection", "prove": "proof",
    "transfer": "transferring",
}  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
