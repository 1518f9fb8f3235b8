"""How fast `inspect` is, and what it and `compare` take: python tests/benchmarks/speed.py [SECTION] [--quick]

Sections: torch, keras, scale, compare, memory, all. Each runs in a fresh process, in which nothing else is loaded.
Prints tables of times and ratios, and at the end what is wanted beside what was measured; nothing is asserted.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import sys
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

# Before any framework is imported, here and in every process that this one starts.
ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
os.environ.update(CUDA_VISIBLE_DEVICES="-1", TF_CPP_MIN_LOG_LEVEL="3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
sys.path.append(str(Path(__file__).parent.parent))  # for `support`

from timing import Target, show_machine, show_targets  # noqa: E402

MODULES = {
    "torch": "torch_speed",
    "keras": "keras_speed",
    "scale": "scale",
    "compare": "compare_speed",
    "memory": "memory",
}


def main() -> None:
    """Run what was asked for, then show the targets."""
    arguments = _arguments()
    show_machine()
    targets: list[Target] = []
    failed = []
    for section in MODULES if arguments.section == "all" else (arguments.section,):
        try:
            targets += results(section, arguments.quick)
        except Exception:  # what the other sections have measured is not lost
            traceback.print_exc()
            failed.append(section)
    show_targets(targets)
    if failed:
        sys.exit(f"Ended early: {', '.join(failed)}")


def results(section: str, quick: bool) -> list[Target]:
    """Run one section: of the one on memory, every case by itself."""
    if section != "memory":
        return fresh(run_section, section, quick)
    memory = importlib.import_module(MODULES[section])
    return memory.run([fresh(case) for case in memory.CASES])


def run_section(section: str, quick: bool) -> list[Target]:
    return importlib.import_module(MODULES[section]).run(quick)


def fresh(function: Callable[..., Any], *args: Any) -> Any:
    """What a function returns in a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("section", nargs="?", default="all", choices=[*MODULES, "all"])
    parser.add_argument("--quick", action="store_true", help="a dozen of torchvision's models, and a shorter row")
    return parser.parse_args()


if __name__ == "__main__":
    main()
