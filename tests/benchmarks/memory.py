"""The memory that `inspect` takes, above that of the loaded framework, for models built without allocation (Linux)."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from timing import Target, say, show

STATUS, PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")
MOST = 50  # MB


def torch_llama() -> dict[str, Any]:
    """transformers' Llama 8B, on meta."""
    import torch_speed

    settings = {**torch_speed.LLAMA_70B, "num_hidden_layers": 32, "hidden_size": 4096, "intermediate_size": 14336}
    model = torch_speed.llama_on_meta({**settings, "num_attention_heads": 32})
    return _measured("Llama 8B, torch on meta", model, torch_speed.token_ids())


def keras_llama() -> dict[str, Any]:
    """keras_hub's Llama 8B, whose variables have no values."""
    import keras_models

    model = keras_models.built_without_allocation(lambda: keras_models.llama(keras_models.LLAMA_8B))
    shape = (1, keras_models.TOKENS)
    return _measured("Llama 8B, Keras", model, {"token_ids": shape, "padding_mask": shape})


CASES: tuple[Callable[[], dict[str, Any]], ...] = (torch_llama, keras_llama)


def run(rows: list[dict[str, Any]]) -> list[Target]:
    """Print the table and return the targets; each row comes from a process of its own."""
    show("Memory in MB: the loaded framework with the model, then what inspect took above it at its peak", rows)
    return [Target(f"inspect's memory, {row['model']}", row["first inspect"], MOST, "at most", "MB") for row in rows]


def _measured(name: str, model: Any, inputs: Any) -> dict[str, Any]:
    import introspect

    say(f"memory: {name}")
    row: dict[str, Any] = {"model": name}
    for when in ("first inspect", "second inspect"):
        gc.collect()
        PEAK.write_text("5")  # the peak is counted from here
        before = _megabytes("VmRSS")
        report = introspect.inspect(model, inputs)
        row.setdefault("parameters, billions", (report.parameter_count or 0) / 1e9)
        row.setdefault("before", before)
        row[when] = _megabytes("VmHWM") - before
        row[f"{when}, kept"] = _megabytes("VmRSS") - before
        if not report.complete:
            say(str(report.notes))
    return row


def _megabytes(field: str) -> float:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field + ":"))
    return int(line.split()[1]) / 1024
