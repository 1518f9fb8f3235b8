"""Reports and comparisons as JSON, both ways: `from_json(to_json(report)) == report`.

A record is an object with its fields. Inside structures and settings, a list is a tuple, and an object says what it
is by its one telling key: `{"shape": …, "dtype": …}` a tensor, `{"opaque": …, "text": …}` another value,
`{"items": {…}, "type": …}` a dict, `{"args": […], "kwargs": …}` the arguments of a call. Empty fields are left out.

A comparison holds both reports in full; its matches name layers by their paths and differences by their numbers.

`schema("report")` and `schema("comparison")` say all of this as JSON Schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from ..comparison import (
    COMPARISON_SCHEMA,
    EFFECTS,
    VERDICTS,
    Account,
    Comparison,
    Difference,
    Held,
    Mapped,
    Match,
    Repair,
)
from ..errors import SchemaError, near_names
from ..parameter import Parameter
from ..records import SCHEMA, Call, Layer, Operation, Report, Setting, Source
from ..values import FrozenDict, Inputs, Opaque, TensorSpec
from ..weight_map import Entry, Step, WeightMap

# Which fields hold records, and of which class.
_RECORDS: dict[type, dict[str, type]] = {
    Report: {"layers": Layer, "operations": Operation, "output_sources": Source},
    Layer: {"settings": Setting, "parameters": Parameter, "calls": Call},
    Call: {"sources": Source},
    Operation: {"sources": Source},
    Comparison: {
        "differences": Difference,
        "accounts": Account,
        "repairs": Repair,
        "input_map": Mapped,
        "output_map": Mapped,
        "values": Held,
    },
    WeightMap: {"entries": Entry, "back": Entry},
    Entry: {"steps": Step},
}
# Which hold one record.
_RECORD: dict[type, dict[str, type]] = {Comparison: {"weight_map": WeightMap}}
# The files that describe it, for other programs.
SCHEMAS: dict[str, Path] = {
    name: Path(__file__).parent / "schema" / f"{name}.v{version}.json"
    for name, version in (("report", SCHEMA), ("comparison", COMPARISON_SCHEMA))
}
# What a damaged text raises while it is read.
_DAMAGE = (LookupError, TypeError, AttributeError, ValueError, RecursionError)


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a saved `"report"` or `"comparison"`, complete in itself."""
    if name not in SCHEMAS:
        raise SchemaError(f"There is no schema {name!r}: {near_names(name, SCHEMAS)}")
    return json.loads(SCHEMAS[name].read_text(encoding="utf-8"))


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers."""
    return _encode_record(report)


def from_dict(data: Mapping[str, Any]) -> Report:
    """The report that `to_dict` gave. Raises `SchemaError` for anything else."""
    if _is_comparison(data):
        raise SchemaError("This is a saved comparison, no report: read it with Comparison.from_json or from_dict.")
    _check_schema(data, SCHEMA, "report", "inspect the model")
    try:
        report = _decode_record(Report, data)
        if not report.layers:
            raise ValueError("it has no layers")
        return report
    except _DAMAGE as error:
        raise SchemaError(f"This saved report is damaged ({error!r}): save it again.") from error


def _is_comparison(data: Any) -> bool:
    return isinstance(data, Mapping) and "verdict" in data and "layers" not in data


def _check_schema(data: Any, version: int, what: str, again: str) -> None:
    if not isinstance(data, Mapping) or "schema" not in data:
        raise SchemaError(f"This is no saved {what}: an object with the key 'schema' is expected, as to_dict() gives.")
    if data["schema"] != version:
        raise SchemaError(
            f"This {what} has schema {data['schema']!r} and this version reads {version}: "
            f"{again} again, or use the version that saved it."
        )


def to_json(report: Report, indent: int | None = None) -> str:
    """The report as a JSON text."""
    return _write(to_dict(report), indent)


def from_json(text: str | bytes) -> Report:
    """The report that `to_json` gave. Raises `SchemaError` for anything else."""
    return from_dict(_read(text))


def comparison_to_dict(comparison: Comparison) -> dict[str, Any]:
    """The comparison, both reports in full, as plain dicts, lists, strings and numbers."""
    a, b = comparison.a, comparison.b
    number = {id(difference): n for n, difference in enumerate(comparison.differences)}
    data = {"schema": COMPARISON_SCHEMA, **_encode_record(comparison), "a": to_dict(a), "b": to_dict(b)}
    data["matches"] = [
        {
            "a": [_layer_reference(layer, a) for layer in match.a],
            "b": [_layer_reference(layer, b) for layer in match.b],
            "differences": [number[id(d)] if id(d) in number else _encode_record(d) for d in match.differences],
        }
        for match in comparison.matches
    ]
    return data


def comparison_from_dict(data: Mapping[str, Any]) -> Comparison:
    """The comparison that `comparison_to_dict` gave. Raises `SchemaError` for anything else."""
    if isinstance(data, Mapping) and "layers" in data:
        raise SchemaError("This is a saved report, no comparison: read it with Report.from_json or from_dict.")
    _check_schema(data, COMPARISON_SCHEMA, "comparison", "compare the models")
    if not _is_comparison(data):
        raise SchemaError("This is no saved comparison: it has no verdict.")
    a, b = (from_dict(data.get(side)) for side in ("a", "b"))  # type: ignore[arg-type]
    try:
        plain = {name: value for name, value in data.items() if name not in ("schema", "a", "b", "matches")}
        comparison = _decode_record(Comparison, {**plain, "a": None, "b": None, "matches": []})
        if comparison.verdict not in VERDICTS or any(d.effect not in EFFECTS for d in comparison.differences):
            raise ValueError("it has a verdict or an effect of another kind")
        matches = tuple(_match(match, a, b, comparison.differences) for match in data["matches"])
        return replace(comparison, a=a, b=b, matches=matches)
    except _DAMAGE as error:
        raise SchemaError(f"This saved comparison is damaged ({error!r}): save it again.") from error


def _layer_reference(layer: Layer, report: Report) -> Any:
    return layer.path if layer.path in report and report[layer.path] == layer else _encode_record(layer)


def _layers(references: list[Any], report: Report) -> tuple[Layer, ...]:
    return tuple(report[ref] if isinstance(ref, str) else _decode_record(Layer, ref) for ref in references)


def _match(data: Mapping[str, Any], a: Report, b: Report, differences: tuple[Difference, ...]) -> Match:
    if any(isinstance(n, int) and n < 0 for n in data["differences"]):
        raise ValueError("it has a number below 0")
    found = (differences[d] if isinstance(d, int) else _decode_record(Difference, d) for d in data["differences"])
    return Match(_layers(data["a"], a), _layers(data["b"], b), tuple(found))


def comparison_to_json(comparison: Comparison, indent: int | None = None) -> str:
    """The comparison as a JSON text."""
    return _write(comparison_to_dict(comparison), indent)


def comparison_from_json(text: str | bytes) -> Comparison:
    """The comparison that `comparison_to_json` gave. Raises `SchemaError` for anything else."""
    return comparison_from_dict(_read(text))


def _write(data: Any, indent: int | None) -> str:
    return json.dumps(data, indent=indent, ensure_ascii=False, allow_nan=False)


def _read(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise SchemaError(f"This is no JSON text ({error}): pass what to_json() gave.") from error


def _encode_record(record: Any) -> dict[str, Any]:
    inner, single = _RECORDS.get(type(record), {}), _RECORD.get(type(record), {})
    data = {}
    for f in fields(record):
        value = getattr(record, f.name)
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if f.name != "schema" and value == default and type(value) is type(default):
            continue
        if f.name in single:
            data[f.name] = _encode_record(value)
        else:
            data[f.name] = [v and _encode_record(v) for v in value] if f.name in inner else _encode(value)
    return data


def _decode_record(cls: type, data: Mapping[str, Any]) -> Any:
    inner, single = _RECORDS.get(cls, {}), _RECORD.get(cls, {})
    found: dict[str, Any] = {}
    for name, value in data.items():
        if name in single:
            found[name] = _decode_record(single[name], value)
        else:
            several = name in inner
            found[name] = tuple(v and _decode_record(inner[name], v) for v in value) if several else _decode(value)
    return cls(**found)


def _encode(value: Any) -> Any:
    if isinstance(value, TensorSpec):
        return {"shape": list(value.shape), "dtype": value.dtype}
    if isinstance(value, Opaque):
        return {"opaque": value.type, "text": value.text}
    if isinstance(value, Inputs):
        return {"args": [_encode(v) for v in value.args], "kwargs": {k: _encode(v) for k, v in value.kwargs.items()}}
    if isinstance(value, FrozenDict):
        return {"items": {k: _encode(v) for k, v in value.items()}, "type": value.type_name}
    if isinstance(value, tuple):
        return [_encode(v) for v in value]
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(v) for v in value)
    if not isinstance(value, dict):
        return value
    if "shape" in value:
        return TensorSpec(tuple(value["shape"]), value["dtype"])
    if "opaque" in value:
        return Opaque(value["opaque"], value["text"])
    if "args" in value:
        return Inputs(*_decode(value["args"]), **{k: _decode(v) for k, v in value["kwargs"].items()})
    return FrozenDict({k: _decode(v) for k, v in value["items"].items()}, type_name=value["type"])
