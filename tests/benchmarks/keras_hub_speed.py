"""`inspect` of keras_hub's models from small configs against one eager call and `model.summary()`.

KERAS_BACKEND=tensorflow python tests/benchmarks/keras_hub_speed.py [name ...]
"""

from __future__ import annotations

import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Before any framework is imported.
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path.append(str(Path(__file__).parent.parent))  # for `support`

import keras  # noqa: E402
from support.keras_hub_zoo import CASES, Case  # noqa: E402
from timing import say, show  # noqa: E402

from introspect import inspect  # noqa: E402

RUNS = 3
OTHERS = ("eager call", "summary")


def main(names: list[str]) -> None:
    """Print a row for each model, and the medians over all of them."""
    warnings.simplefilter("ignore")  # keras_hub's own
    here = keras.backend.backend()
    cases = [case for case in CASES if here in case.backends and (not names or case.name in names)]
    rows = [row for case in cases if (row := _measured(case)) is not None]
    show(f"keras_hub on {here}: processor time in ms, best of {RUNS}, then shares", rows)
    show(
        "Medians",
        [{"models": len(rows), **{name: _median(rows, name) for name in rows[0] if name not in ("model", "method")}}],
    )


def _measured(case: Case) -> dict[str, Any] | None:
    """The times of one model; `None` where it can't be measured."""
    say(case.name)
    keras.utils.clear_session()
    try:
        model, inputs = case.build(), case.feed()
        report = inspect(model, inputs)
        times = _times(
            {
                "inspect": lambda: inspect(model, inputs),
                "eager call": lambda: model(inputs),
                "summary": lambda: model.summary(print_fn=lambda *_, **__: None),
            }
        )
    except Exception as error:
        say(f"{case.name} is left out: {type(error).__name__}")
        return None
    said = report.method if report.complete else "incomplete"
    shares = {f"inspect / {other}": times["inspect"] / times[other] for other in OTHERS}
    return {"model": case.name, **times, **shares, "method": said}


def _times(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The best of some runs each, in turn, after one that is not counted."""
    for run in contestants.values():
        run()
    rounds = [{name: _milliseconds(run) for name, run in contestants.items()} for _ in range(RUNS)]
    return {name: min(times[name] for times in rounds) for name in contestants}


def _milliseconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return 1000 * (time.process_time() - start)


def _median(rows: list[dict[str, Any]], name: str) -> float:
    return statistics.median(row[name] for row in rows)


if __name__ == "__main__":
    main(sys.argv[1:])
