"""For people's tests: `assert_same_architecture`. (`pytest_plugin` adds the fixture `architecture_snapshot`.)"""

from __future__ import annotations

import shutil
from typing import Any

from .comparing.inputs import inspected
from .comparison import Comparison
from .drift import Ignored, drift


def assert_same_architecture(
    a: Any,
    b: Any,
    *,
    ignore: Any = (),
    names: bool = False,
    inputs_a: Any = None,
    inputs_b: Any = None,
) -> None:
    """Fail, with the differences, unless two models have the same architecture.

    They have if `compare` finds that they are the same function once the weights are carried across, and nothing else
    that belongs to an architecture differs: what only training sees (dropout rates, momentum, what is frozen), the
    dtypes. Within one framework also what changes no output: a layer that no step uses, a bias that the normalization
    behind it takes away, every setting, the sizes of the inputs. Across frameworks, what the frameworks spell or count
    in two ways (layouts, buffers, a second bias of an LSTM) is no difference. What `compare` can't judge fails too,
    since it was not seen to be the same.

    Names are no part of it, neither of layers (`dense_7` depends on what was built before) nor of classes, nor the
    order in which layers were defined.

    Args:
        a, b: live models or reports, of any framework, in any mixture.
        ignore: what may differ, one or several of: a field (`"rate"`, `"momentum"`, `"trainable"`, `"eps"`, `"units"`),
            as the message names it; an effect (`"training"`, `"values"`, `"unknown"`, …); a function that takes a
            `Difference` and says yes or no. What follows from something ignored is ignored.
        names: whether layers that stand against each other must have the same paths too.
        inputs_a, inputs_b: what each model is called with, as for `inspect`.

    Raises:
        AssertionError: they are not the same.
    """
    __tracebackhide__ = True
    found = drift(*inspected(a, b, inputs_a, inputs_b), ignored(ignore), names)
    if found is not None:
        raise AssertionError(message(found, "The architectures are not the same"))


def ignored(ignore: Any) -> Ignored:
    """What was said about what may differ, always as several."""
    return (ignore,) if isinstance(ignore, str) or callable(ignore) else tuple(ignore)  # type: ignore[return-value]


def message(found: Comparison, head: str, width: int | None = None) -> str:
    """What a failed test shows: in how much they differ, and the comparison of just that."""
    causes = len(found.causes)
    why = (
        f"{causes} difference{'s' * (causes != 1)}" if causes else "no difference was found, but not all could be seen"
    )
    columns = width or max(60, shutil.get_terminal_size((120, 24)).columns - 4)  # pytest puts four before each line
    return f"{head}: {why}.\n\n{found.to_text(only_differences=True, width=columns)}"
