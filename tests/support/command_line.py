"""The command line, run as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import NamedTuple


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


# The fixture `run`: spares most tests the start of an interpreter.
Run = Callable[..., Result]


def in_a_process(*arguments: str, before: str = "") -> Result:
    """As a user's shell runs it."""
    code = f"{before}\nfrom introspect.cli import main\nmain()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    return Result(done.returncode, done.stdout, done.stderr)
