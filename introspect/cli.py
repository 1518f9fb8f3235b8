"""The command line: a thin shell over the public names.

Exit status of `report` 0: done; 1: the model raised (what could be read is printed all the same); of `compare`, as of
diff, 0: equal; 1: any other verdict (with `--prove`, 0: the proof holds); of `prove` 0: it holds; 1: it does not; of
all 2: bad use or a bad target, and of `transfer` also where not all weights can be carried.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import typer

from .comparing import compare as compare_models
from .errors import InputsError, IntrospectError
from .inspection import inspect
from .proof import prove as prove_models
from .records import Report
from .registry import adapter_for
from .targets import load_target, parse_arguments, parse_inputs
from .transferring import transfer as transfer_weights

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, wherever typer keeps its click

app = typer.Typer(
    help="What is in this model, and in what do two differ? Any Keras or PyTorch model, layer by layer.",
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


class Only(StrEnum):
    """Which rows of a comparison are printed."""

    differences = "differences"


_TARGET = "package.module:name of a model, or of something callable that makes one; or a report.json that was saved."
_INPUT = "Shape of an input: 1,3,224,224; with a dtype, 1,128:int64; with a name, ids=1,128. Repeatable."
_WITH = "Keyword argument for a callable target: name=value, the value as JSON (or a plain word)."
_WIDTH = "Wrap long cells to fit this many characters."


@app.command()
def report(
    target: Annotated[str, typer.Argument(help=_TARGET)],
    input: Annotated[list[str] | None, typer.Option(help=_INPUT)] = None,
    with_: Annotated[list[str] | None, typer.Option("--with", help=_WITH)] = None,
    format: Annotated[Format, typer.Option(help="How the report is printed.")] = Format.text,
    columns: Annotated[str | None, typer.Option(help="Columns of the table, separated by commas.")] = None,
    depth: Annotated[
        int | None, typer.Option(help="Deepest level of layers shown (the model itself is 0).", min=0)
    ] = None,
    width: Annotated[int | None, typer.Option(help=_WIDTH, min=40)] = None,
) -> None:
    """Print what is in a model: introspect report keras.applications:ResNet50 --with weights=null"""
    with _without_startup_remarks():
        model, inputs = _loaded(target, with_, input)
        found = inspect(model, inputs)
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
def compare(
    a: Annotated[str, typer.Argument(help=_TARGET)],
    b: Annotated[str, typer.Argument(help="The other one.")],
    input_a: Annotated[list[str] | None, typer.Option(help=f"For the first: {_INPUT}")] = None,
    input_b: Annotated[list[str] | None, typer.Option(help="The same for the second.")] = None,
    with_a: Annotated[list[str] | None, typer.Option(help=f"For the first: {_WITH}")] = None,
    with_b: Annotated[list[str] | None, typer.Option(help="The same for the second.")] = None,
    format: Annotated[Format, typer.Option(help="How the comparison is printed.")] = Format.text,
    only: Annotated[Only | None, typer.Option(help="Only the rows of the table that have differences.")] = None,
    width: Annotated[int | None, typer.Option(help=_WIDTH, min=40)] = None,
    prove: Annotated[bool, typer.Option("--prove", help="Prove it too, on copies with random weights.")] = False,
) -> None:
    """Print in what two models differ: introspect compare mine:model saved.json --only differences"""
    with _without_startup_remarks():
        (one, inputs_a), (other, inputs_b) = _loaded(a, with_a, input_a), _loaded(b, with_b, input_b)
        found = compare_models(one, other, inputs_a=inputs_a, inputs_b=inputs_b)
        proof = prove_models(one, other, found) if prove else None
    if format is Format.json:
        typer.echo(found.to_json(indent=2))
    elif format is Format.markdown:
        typer.echo(found.to_markdown(only is not None))
    else:
        typer.echo(found.to_text(only is not None, width))
    if proof is not None:
        typer.echo(f"\n{proof}", err=format is Format.json)  # a JSON text stays one
    if not (found.equal if proof is None else proof.holds):
        raise typer.Exit(1)


@app.command()
def prove(
    a: Annotated[str, typer.Argument(help=_TARGET)],
    b: Annotated[str, typer.Argument(help="The other one.")],
    input_a: Annotated[list[str] | None, typer.Option(help=f"For the first: {_INPUT}")] = None,
    input_b: Annotated[list[str] | None, typer.Option(help="The same for the second.")] = None,
    with_a: Annotated[list[str] | None, typer.Option(help=f"For the first: {_WITH}")] = None,
    with_b: Annotated[list[str] | None, typer.Option(help="The same for the second.")] = None,
    own: Annotated[bool, typer.Option("--own", help="Carry the first model's own weights, not random ones.")] = False,
    seeds: Annotated[int, typer.Option(help="With how many random weights and inputs.", min=1)] = 3,
) -> None:
    """Carry weights across, make the listed repairs on copies, and run both: introspect prove mine:a mine:b"""
    with _without_startup_remarks():
        (one, inputs_a), (other, inputs_b) = _loaded(a, with_a, input_a), _loaded(b, with_b, input_b)
        found = compare_models(one, other, inputs_a=inputs_a, inputs_b=inputs_b)
        proof = prove_models(one, other, found, weights="own" if own else "random", seeds=seeds)
    typer.echo(str(proof))
    if not proof.holds:
        raise typer.Exit(1)


@app.command()
def transfer(
    source: Annotated[str, typer.Argument(help=_TARGET)],
    target: Annotated[str, typer.Argument(help="The model that the weights go into.")],
    out: Annotated[str, typer.Option(help="Where they are written: .pt, .safetensors, .weights.h5 or .keras.")],
    input_a: Annotated[list[str] | None, typer.Option(help=f"For the source: {_INPUT}")] = None,
    input_b: Annotated[list[str] | None, typer.Option(help="The same for the target.")] = None,
    with_a: Annotated[list[str] | None, typer.Option(help=f"For the source: {_WITH}")] = None,
    with_b: Annotated[list[str] | None, typer.Option(help="The same for the target.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Carry what can be carried.")] = False,
    recipe: Annotated[bool, typer.Option("--recipe", help="Print Python code that does the same.")] = False,
) -> None:
    """Carry the weights of one model into another: introspect transfer mine:a mine:b --out b.safetensors"""
    with _without_startup_remarks():
        (one, inputs_a), (other, inputs_b) = _loaded(source, with_a, input_a), _loaded(target, with_b, input_b)
        found = compare_models(one, other, inputs_a=inputs_a, inputs_b=inputs_b)
        done = transfer_weights(one, other, found, partial=partial)
        adapter_for(other).save(other, out)
    typer.echo(done.recipe() if recipe else str(done))


def _loaded(target: str, arguments: list[str] | None, inputs: list[str] | None) -> tuple[Any, Any]:
    """A model and what it is to be called with."""
    model = load_target(target, parse_arguments(arguments or []))
    if isinstance(model, Report) and inputs:
        raise InputsError(f"{target} is a saved report, whose inputs are decided: leave --input out.")
    return model, parse_inputs(inputs or [])


@app.command()
def demo() -> None:
    """Build one small CNN in Keras and the same in PyTorch, show both reports side by side, and compare them."""
    from . import demo as demonstration

    with _without_startup_remarks():
        shown = demonstration.text()
    typer.echo(shown)


def main() -> None:
    """The entry point: every error of ours is one sentence on stderr and exit status 2, as is any other exception."""
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except IntrospectError as error:
        typer.echo(f"introspect: {error}", err=True)
    except _UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        typer.echo(message if "\n" in message else f"introspect: {message} Try --help.", err=True)
    except typer.Abort:
        sys.exit(130)
    except Exception:  # Python's own status for it is 1, which says that two models differ
        traceback.print_exc()
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
