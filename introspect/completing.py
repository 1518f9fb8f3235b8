"""What a shell offers when somebody presses tab: models in the files at hand, saved reports, columns.

Nothing is imported for it: files are read, so that it takes no longer than a key stroke.
"""

from __future__ import annotations

import ast
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from .columns import COLUMNS
from .disk import ENDINGS


def targets(incomplete: str) -> list[str]:
    """Files with saved reports and models, folders, modules at hand, and the names in one of these behind a colon."""
    module, colon, name = incomplete.partition(":")
    if colon:
        return [f"{module}:{found}" for found in _names(_source(module)) if found.startswith(name)]
    return sorted((*_files(incomplete), *_modules(incomplete)))


def columns(incomplete: str) -> list[str]:
    """The next column behind those that are written already."""
    before, comma, name = incomplete.rpartition(",")
    given = {one.strip() for one in before.split(",")}
    return [f"{before}{comma}{column}" for column in COLUMNS if column.startswith(name) and column not in given]


@contextmanager
def whole_words() -> Iterator[None]:
    """Bash ends a word at a colon or equals sign. Here its words are put together again, and of what is offered only
    that is printed which stands behind the colon."""
    if os.environ.get("_INTROSPECT_COMPLETE") != "complete_bash":
        yield
        return
    at = int(os.environ.get("COMP_CWORD", 0))
    words: list[str] = []
    current, glued = 0, True
    for number, part in enumerate(os.environ.get("COMP_WORDS", "").split("\n")):
        if words and (glued or part in _SIGNS):
            words[-1] += part
        else:
            words.append(part)
        glued = part in _SIGNS
        current = len(words) - 1 if number <= at else current
    os.environ.update(COMP_WORDS="\n".join(words), COMP_CWORD=str(current))
    word = words[current] if words else ""
    known = word.rfind(":") + 1  # behind an equals sign only what follows is offered anyway
    offered = io.StringIO()
    try:
        with redirect_stdout(offered):
            yield
    finally:
        print("\n".join(line[known:] for line in offered.getvalue().splitlines()))


_SIGNS = (":", "=")


def _files(incomplete: str) -> Iterator[str]:
    """Folders, and files that a report or model may be in."""
    folder, slash, start = incomplete.rpartition("/")
    for path in _listed(f"{folder}{slash}" or ".", start):
        if path.is_dir() or path.name.endswith(ENDINGS):
            yield f"{folder}{slash}{path.name}{'/' if path.is_dir() else ''}"


def _modules(incomplete: str) -> Iterator[str]:
    """Modules at hand with the colon that comes next, packages with the dot or the colon."""
    package, dot, start = incomplete.rpartition(".")
    for path in _listed(str(Path(*package.split("."))), start):
        if path.suffix == ".py" and path.stem != "__init__":
            yield f"{package}{dot}{path.stem}:"
        elif (path / "__init__.py").is_file():
            yield from (f"{package}{dot}{path.name}.", f"{package}{dot}{path.name}:")


def _listed(folder: str, start: str) -> list[Path]:
    try:
        found = sorted(Path(folder).iterdir())
    except OSError:
        return []
    return [path for path in found if path.name.startswith(start) and (start or path.name[0] not in "._")]


def _source(module: str) -> Path:
    """The file of a module that a target names before its colon."""
    path = Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _names(source: Path) -> list[str]:
    """What a file defines at its top: functions, classes, variables."""
    try:
        body = ast.parse(source.read_bytes()).body
    except (OSError, SyntaxError, ValueError):
        return []
    found: list[str] = []
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        elif isinstance(node, ast.Assign):
            found += [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.append(node.target.id)
    return [name for name in dict.fromkeys(found) if not name.startswith("_")]
