"""What the benchmarks share: contestants timed side by side, targets, and the machine they ran on."""

from __future__ import annotations

import gc
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from tabulate import tabulate

LEAST, MOST = 3, 15  # rounds
ENOUGH = 4.0  # seconds of rounds after which there are no more than the least
PACKAGES = ("numpy", "torch", "torchvision", "torchinfo", "transformers", "keras", "tensorflow", "keras_hub")


class Target(NamedTuple):
    """A figure that is wanted, and what was measured."""

    what: str
    measured: float
    bound: float
    wanted: str  # "at least" or "at most"
    unit: str = "×"

    @property
    def met(self) -> bool:
        return self.measured >= self.bound if self.wanted == "at least" else self.measured <= self.bound


def side_by_side(contestants: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median processor time of each in milliseconds; NaN for one that raises.

    In every round each runs once, so that what slows the machine down slows all of them. The first call, which fills
    caches and imports what is needed, is not counted.
    """
    able = {name: run for name, run in contestants.items() if _warm_up(name, run)}
    times: dict[str, list[float]] = {name: [] for name in able}
    began = time.perf_counter()
    for number in range(MOST):
        if number >= LEAST and time.perf_counter() - began > ENOUGH:
            break
        for name, run in able.items():
            times[name].append(_milliseconds(run))
    return {name: statistics.median(times[name]) if name in able else float("nan") for name in contestants}


def _warm_up(name: str, run: Callable[[], object]) -> bool:
    try:
        run()
    except Exception as error:
        say(f"{name} is left out: {type(error).__name__}: {str(error).splitlines()[:1]}")
        return False
    return True


def _milliseconds(run: Callable[[], object]) -> float:
    gc.collect()  # what others have left behind is not collected on this one's time; its own garbage is
    start = time.process_time()
    kept = run()
    took = time.process_time() - start
    del kept  # only now: who asks for a result keeps it
    return 1000 * took


def say(line: str) -> None:
    """Progress, apart from the tables."""
    print(line, file=sys.stderr, flush=True)


def show(title: str, rows: list[dict[str, object]]) -> None:
    """One table."""
    print(f"\n{title}\n{tabulate(rows, headers='keys', floatfmt='.2f')}", flush=True)


def show_machine() -> None:
    """What it all ran on."""
    print(f"Python {platform.python_version()}, {_processor()}; one thread, processor time, medians of {LEAST}-{MOST}")
    print(", ".join(f"{name} {installed}" for name in PACKAGES if (installed := _installed(name))), flush=True)


def show_targets(targets: list[Target]) -> None:
    """What is wanted, what was measured, and whether that is enough."""
    rows = [
        {
            "target": target.what,
            "wanted": f"{target.wanted} {target.bound:g} {target.unit}",
            "measured": f"{target.measured:.2f} {target.unit}",
            "met": "yes" if target.met else "NO",
        }
        for target in targets
    ]
    show("Targets", rows)


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
