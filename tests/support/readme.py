"""Runs the README's examples: each `python` block, and the `text` block behind it that shows what is printed.

`python tests/support/readme.py` writes what they print now into the README.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parent.parent))  # for `support`, where this file is run by itself

from support import torchvision_zoo

README = Path(__file__).parent.parent.parent / "README.md"
_EXAMPLE = re.compile(r"```python\n(?P<code>.*?)```\n\n```text\n(?P<printed>.*?)```", re.DOTALL)


class Example(NamedTuple):
    code: str
    shown: str
    printed: str


def examples() -> list[Example]:
    """Every example with what the README shows and what it really prints. They share their names, top to bottom."""
    torchvision_zoo.prepare()
    names: dict[str, object] = {}
    found = []
    for match in _EXAMPLE.finditer(README.read_text()):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(match["code"], str(README), "exec"), names)
        found.append(Example(match["code"], match["printed"], out.getvalue()))
    return found


def refresh() -> None:
    """Write what the examples print into the README."""
    fresh = iter(examples())
    text = _EXAMPLE.sub(
        lambda match: f"```python\n{match['code']}```\n\n```text\n{next(fresh).printed}```", README.read_text()
    )
    README.write_text(text)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    refresh()
