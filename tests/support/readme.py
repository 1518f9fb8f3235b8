"""Runs the examples of the README and of the package's docstring: each `python` block, whose output is the `text` block
behind it, and each `console` block, a command of ours (`| tail -n N` may follow) and what it prints.

`python tests/support/readme.py` writes what they print now into both.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parent.parent))  # for `support`, where this file is run by itself

from support import torchvision_zoo

ROOT = Path(__file__).parent.parent.parent
README = ROOT / "README.md"
DOCSTRING = ROOT / "introspect" / "__init__.py"
_EXAMPLE = re.compile(
    r"```python\n(?P<code>(?:(?!```).)*)```\n\n```text\n(?P<printed>.*?)```"
    r"|```console\n\$ introspect (?P<command>[^\n]*)\n(?P<answer>.*?)```",
    re.DOTALL,
)
_TAIL = re.compile(r" \| tail -n (\d+)$")


class Example(NamedTuple):
    code: str
    shown: str
    printed: str
    written: str  # both as they should stand in the file


def examples(path: Path, names: dict[str, object] | None = None) -> list[Example]:
    """Every example of a file with what is shown there and what is really printed. Those in Python share their names,
    top to bottom, which `names` has at the end."""
    torchvision_zoo.prepare()
    shared: dict[str, object] = {} if names is None else names
    found = []
    for match in _EXAMPLE.finditer(path.read_text()):
        code, command = match["code"], match["command"]
        if command is not None:
            printed = _answer(command)
            block = f"```console\n$ introspect {command}\n{printed}```"
            found.append(Example(command, match["answer"], printed, block))
        else:
            printed = _printed(code, str(path), shared)
            found.append(Example(code, match["printed"], printed, f"```python\n{code}```\n\n```text\n{printed}```"))
    return found


def _printed(code: str, file: str, names: dict[str, object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, file, "exec"), names)
    return out.getvalue()


def _answer(command: str) -> str:
    """What a command prints: run in this process, which has the frameworks already."""
    from typer.testing import CliRunner

    from introspect.cli import app

    tail = _TAIL.search(command)
    text = CliRunner().invoke(app, shlex.split(_TAIL.sub("", command))).stdout.rstrip("\n") + "\n"
    return "".join(text.splitlines(keepends=True)[-int(tail[1]) :]) if tail else text


def refresh(path: Path) -> None:
    """Write what the examples print into the file."""
    fresh = iter(examples(path))
    path.write_text(_EXAMPLE.sub(lambda match: next(fresh).written, path.read_text()))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    for refreshed in (README, DOCSTRING):
        refresh(refreshed)
        print(refreshed.name)
