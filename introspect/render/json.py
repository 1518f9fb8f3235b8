"""Reports as JSON, both ways: `from_json(to_json(report)) == report`.

A record is an object with its fields. Inside structures and settings, a list is a tuple, and an object says what it
is by its one telling key: `{"shape": …, "dtype": …}` a tensor, `{"opaque": …, "text": …}` another value,
`{"items": {…}, "type": …}` a dict, `{"args": […], "kwargs": …}` the arguments of a call. Empty fields are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ..errors import SchemaError
from ..parameter import Parameter
from ..records import SCHEMA, Call, Layer, Operation, Report, Setting, Source
from ..values import FrozenDict, Inputs, Opaque, TensorSpec

# Which fields hold records, and of which class.
_RECORDS: dict[type, dict[str, type]] = {
    Report: {"layers": Layer, "operations": Operation, "output_sources": Source},
    Layer: {"settings": Setting, "parameters": Parameter, "calls": Call},
    Call: {"sources": Source},
    Operation: {"sources": Source},
}


def to_dict(report: Report) -> dict[str, Any]:
    """The report as plain dicts, lists, strings and numbers."""
    return _encode_record(report)


def from_dict(data: Mapping[str, Any]) -> Report:
    """The report that `to_dict` gave. Raises `SchemaError` for anything else."""
    if not isinstance(data, Mapping) or "schema" not in data:
        raise SchemaError("This is no saved report: an object with the key 'schema' is expected, as to_dict() gives.")
    if data["schema"] != SCHEMA:
        raise SchemaError(
            f"This report has schema {data['schema']!r} and this version reads {SCHEMA}: "
            "inspect the model again, or use the version that saved it."
        )
    try:
        report = _decode_record(Report, data)
        if not report.layers:
            raise ValueError("it has no layers")
        return report
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SchemaError(f"This saved report is damaged ({error!r}): save it again.") from error


def to_json(report: Report, indent: int | None = None) -> str:
    """The report as a JSON text."""
    return json.dumps(to_dict(report), indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> Report:
    """The report that `to_json` gave. Raises `SchemaError` for anything else."""
    try:
        data = json.loads(text)
    except (ValueError, TypeError) as error:
        raise SchemaError(f"This is no JSON text ({error}): pass what to_json() gave.") from error
    return from_dict(data)


def _encode_record(record: Any) -> dict[str, Any]:
    inner = _RECORDS.get(type(record), {})
    data = {}
    for f in fields(record):
        value = getattr(record, f.name)
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if f.name != "schema" and value == default and type(value) is type(default):
            continue
        data[f.name] = [v and _encode_record(v) for v in value] if f.name in inner else _encode(value)
    return data


def _decode_record(cls: type, data: Mapping[str, Any]) -> Any:
    inner = _RECORDS.get(cls, {})
    return cls(
        **{
            name: tuple(v and _decode_record(inner[name], v) for v in value) if name in inner else _decode(value)
            for name, value in data.items()
        }
    )


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
