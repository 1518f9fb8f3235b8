"""The command line: a thin shell over the public names.

Exit status 0: done; 1: the model raised (what could be read is printed all the same); 2: bad use or a bad target.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from .errors import InputsError, IntrospectError, TargetError, near_names
from .inspection import inspect
from .registry import FRAMEWORKS, missing_framework
from .values import Inputs, TensorSpec

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, wherever typer keeps its click

app = typer.Typer(
    help="What is in this model? One exact report of any Keras or PyTorch model, layer by layer.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Format(StrEnum):
    """How a report is printed."""

    text = "text"
    json = "json"
    markdown = "markdown"


@app.command()
def report(
    target: Annotated[
        str, typer.Argument(help="package.module:name of a model, or of something callable that makes one.")
    ],
    input: Annotated[
        list[str] | None,
        typer.Option(
            help="Shape of an input: 1,3,224,224; with a dtype, 1,128:int64; with a name, ids=1,128. Repeatable.",
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with", help="Keyword argument for a callable target: name=value, the value as JSON (or a plain word)."
        ),
    ] = None,
    format: Annotated[Format, typer.Option(help="How the report is printed.")] = Format.text,
    columns: Annotated[str | None, typer.Option(help="Columns of the table, separated by commas.")] = None,
    depth: Annotated[
        int | None, typer.Option(help="Deepest level of layers shown (the model itself is 0).", min=0)
    ] = None,
    width: Annotated[int | None, typer.Option(help="Wrap long cells to fit this many characters.", min=40)] = None,
) -> None:
    """Print what is in a model: introspect report keras.applications:ResNet50 --with weights=null"""
    with _without_startup_remarks():
        model = load_target(target, dict(_argument(text) for text in with_ or ()))
        found = inspect(model, parse_inputs(input or []))
    names = [name.strip() for name in columns.split(",")] if columns else None
    if format is Format.json:
        typer.echo(found.to_json(indent=2))
    elif format is Format.markdown:
        typer.echo(found.to_markdown(names, depth))
    else:
        typer.echo(found.to_text(names, depth, width))
    if not found.complete:
        said = [note for note in found.notes if " raised on " in note or " wants (" in note or " raised " in note]
        typer.echo(f"introspect: {' '.join(said or found.notes[-1:])}", err=True)
        raise typer.Exit(1)


@app.command()
def demo() -> None:
    """Build one small CNN in Keras and the same in PyTorch, and show both reports side by side."""
    from . import demo as demonstration

    with _without_startup_remarks():
        shown = demonstration.text()
    typer.echo(shown)


def main() -> None:
    """The entry point: every error of ours is one sentence on stderr and exit status 2."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except IntrospectError as error:
        typer.echo(f"introspect: {error}", err=True)
    except _UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        typer.echo(message if "\n" in message else f"introspect: {message} Try --help.", err=True)
    sys.exit(2)


@contextmanager
def _without_startup_remarks() -> Iterator[None]:
    """What TensorFlow's C++ code logs while it starts is kept off stderr; everything else written there is shown."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    try:
        real = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(real, 2)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not _STARTUP_REMARK.match(line)))
            os.close(real)


_STARTUP_REMARK = re.compile(rb"[IWE]\d{4} \d\d:\d\d:|[IWE]0000 \d|WARNING: All log messages before absl::")


def load_target(target: str, arguments: dict[str, Any]) -> Any:
    """The model that `package.module:name` is, or makes. Raises `TargetError`, `MissingFrameworkError`."""
    module_name, colon, name = target.partition(":")
    if not colon or not module_name or not name:
        raise TargetError(f"{target!r} is no target: write package.module:name, such as keras.applications:ResNet50.")
    found = _imported(module_name)
    for part in name.split("."):
        if not hasattr(found, part):
            raise TargetError(f"{module_name!r} has no {name!r}: {near_names(part, dir(found))}")
        found = getattr(found, part)
    if not callable(found) or _is_model(found):
        if arguments:
            raise TargetError(f"{target} is a model already: --with is for a callable that makes one.")
        return found
    try:
        return found(**arguments)
    except (Exception, SystemExit) as error:
        raise TargetError(f"{target} could not be called with {_shown(arguments)}: {_one_line(error)}") from error


def _imported(module_name: str) -> Any:
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` does: the user's own module lies in the current folder
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        framework = module_name.partition(".")[0]
        if framework in FRAMEWORKS and (missing := _import_error(framework)) is not None:
            raise missing_framework(framework, missing) from error
        raise TargetError(f"{module_name!r} can't be imported: {error}.") from error
    except (Exception, SystemExit) as error:
        raise TargetError(f"{module_name!r} can't be imported: {_one_line(error)}") from error


def _import_error(name: str) -> ImportError | None:
    try:
        importlib.import_module(name)
    except ImportError as error:
        return error
    return None


def _is_model(found: object) -> bool:
    from .registry import adapter_for

    try:
        return adapter_for(found) is not None
    except IntrospectError:
        return False


def parse_inputs(texts: list[str]) -> Any:
    """`--input` values: one is one input, several are several, named ones are keyword arguments."""
    parsed = [_parse_input(text) for text in texts]
    if not parsed:
        return None
    if any(name for name, _ in parsed):
        positional = [
            value if isinstance(value, TensorSpec) else TensorSpec(value) for name, value in parsed if not name
        ]
        named = {name: value for name, value in parsed if name}
        if positional:
            named = {name: v if isinstance(v, TensorSpec) else TensorSpec(v) for name, v in named.items()}
        return Inputs(*positional, **named) if positional else named
    return parsed[0][1] if len(parsed) == 1 else [value for _, value in parsed]


def _parse_input(text: str) -> tuple[str, Any]:
    name, equals, rest = text.partition("=")
    name, rest = (name.strip(), rest) if equals else ("", text)
    sizes, _, dtype = rest.partition(":")
    try:
        shape = tuple(None if s.strip() in ("None", "?") else int(s) for s in sizes.split(",") if s.strip())
    except ValueError:
        raise InputsError(f"--input {text!r} is no shape: write sizes separated by commas, 1,3,224,224.") from None
    return name, TensorSpec(shape, dtype.strip()) if dtype else shape


def _argument(text: str) -> tuple[str, Any]:
    """`weights=null` → None, `units=3` → 3, `name=resnet` → 'resnet'."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise TargetError(f"--with {text!r} is no keyword argument: write name=value, such as weights=null.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _shown(arguments: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in arguments.items()) or "no arguments"


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
