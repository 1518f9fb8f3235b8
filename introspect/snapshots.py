"""An architecture kept in a file, to be read by people and by `git diff`: a report as JSON, a line per thing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .drift import drift
from .errors import SchemaError
from .records import Report
from .testing import ignored, message

_WIDE = 110  # what fits into so many characters stands on one line


def write(path: Path, report: Report, test: str) -> None:
    """Keep a report, and which test it is of."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{_lines({'test': test, 'report': _steady(report)}, 0)}\n", encoding="utf-8", newline="\n")


def read(path: Path) -> Report:
    """The report that was kept. Raises `SchemaError`."""
    data = _loaded(path)
    if not isinstance(data, dict) or "report" not in data:
        raise SchemaError("This is no snapshot of an architecture: an object with the key 'report' is expected.")
    return Report.from_dict(data["report"])


def test_of(path: Path) -> str | None:
    """Which test a snapshot is of; `None` where the file does not say."""
    try:
        data = _loaded(path)
    except SchemaError:
        return None
    return data.get("test") if isinstance(data, dict) else None


def failure(kept: Report, report: Report, shown: str, ignore: Any, names: bool) -> str | None:
    """Why a model is not what was kept, as a test shows it; `None`: it is."""
    found = drift(kept, report, ignored(ignore), names)
    return None if found is None else message(found, f"The architecture is not that of {shown} (a)")


def _loaded(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SchemaError(f"This is no JSON text ({error}).") from error


def _steady(report: Report) -> dict[str, Any]:
    """What is the same each time: how long calls took is left out."""
    data = report.to_dict()
    for layer in data["layers"]:
        for call in layer.get("calls", ()):
            call.pop("seconds", None)
    return data


def _lines(value: Any, indent: int) -> str:
    """JSON in which whatever is short stands on one line."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) + indent <= _WIDE or not isinstance(value, (dict, list)):
        return text
    blanks = " " * (indent + 1)
    if isinstance(value, list):
        inner = [f"{blanks}{_lines(item, indent + 1)}" for item in value]
    else:
        inner = [f"{blanks}{json.dumps(k, ensure_ascii=False)}: {_lines(v, indent + 1)}" for k, v in value.items()]
    around = "[]" if isinstance(value, list) else "{}"
    return "\n".join([around[0], ",\n".join(inner), f"{' ' * indent}{around[1]}"])
