"""How long `import introspect` takes, as a ratio to `import numpy`: python tests/benchmarks/import_time.py

Both are imported in fresh interpreters, in turn; the time is the interpreter's own processor time with the bare start
taken off.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

RUNS = 15


def seconds(code: str) -> float:
    """Processor time of a fresh interpreter that runs this."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the medians and their ratio."""
    codes = {"start": "pass", "introspect": "import introspect", "numpy": "import numpy"}
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(RUNS):
        for name, code in codes.items():
            times[name].append(seconds(code))
    start = statistics.median(times["start"])
    ours, numpy = (statistics.median(times[name]) - start for name in ("introspect", "numpy"))
    print(f"import introspect {1000 * ours:.0f} ms, import numpy {1000 * numpy:.0f} ms: ratio {ours / numpy:.2f}")


if __name__ == "__main__":
    main()
