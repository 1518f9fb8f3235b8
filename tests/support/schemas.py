"""What is written into the schemas from elsewhere: the closed lists of words, and the report's schema inside the other.

`python tests/support/schemas.py` writes it, after a word was added.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from introspect import vocabulary
from introspect.comparison import EFFECTS, VERDICTS
from introspect.render.json import SCHEMAS
from introspect.weight_map import STEPS, WAYS

# definition → the words that it allows
WORDS: dict[str, dict[str, dict[str, Any]]] = {
    "report": {
        "kind": vocabulary.KINDS,
        "role": vocabulary.ROLES,
        "setting_name": vocabulary.SETTINGS,
        "operation_kind": vocabulary.OPERATIONS,
    },
    "comparison": {"effect": EFFECTS, "verdict": VERDICTS, "step_word": STEPS, "way": WAYS},
}


def refreshed(name: str, path: Path) -> str:
    """The text of a schema with the words of today."""
    schema = json.loads(path.read_text(encoding="utf-8"))
    for definition, words in WORDS[name].items():
        schema["$defs"][definition]["enum"] = list(words)
    if name == "comparison":
        schema["$defs"]["report"] = json.loads(refreshed("report", SCHEMAS["report"]))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for schema_name, schema_path in SCHEMAS.items():
        schema_path.write_text(refreshed(schema_name, schema_path), encoding="utf-8")
        print(schema_path.name)
