"""The command line: a thin shell over the public names.

Exit status of `report` and `explain` 0: done; 1: the model raised (what could be read is printed all the same); of
`compare`, as of diff, 0: equal; 1: any other verdict (with `--prove`, 0: the proof holds); of `prove` 0: it holds; 1:
it does not; of all 2: bad use or a bad target, and of `transfer` also where not all weights can be carried; 130:
interrupted; 141: whoever read the output has gone.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import Any

import typer

from . import completing, manual, options, printing, tables
from .checkpoints import Checkpoint
from .comparing import compare as compare_models
from .comparison_tables import comparison_data, comparison_table
from .errors import InputsError, IntrospectError
from .formulas import explain as explain_model
from .inspection import inspect
from .printing import Face, Format
from .progress import during
from .proof import prove as prove_models
from .proof_tables import proof_table, transfer_table
from .records import Report
from .registry import adapter_for
from .startup import working
from .storing.replacing import replacing
from .targets import load_target, parse_arguments, parse_inputs
from .transferring import transfer as transfer_weights

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, wherever typer keeps its click

app = typer.Typer(
    help=manual.ABOUT,
    epilog=manual.MORE,
    no_args_is_help=True,
    rich_markup_mode=manual.MARKUP,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command(short_help=manual.SHORT["report"], epilog=manual.EXAMPLES["report"])
def report(
    target: options.Target,
    input: options.Input = None,
    with_: options.With = None,
    allow_code: options.AllowCode = False,
    columns: options.Columns = None,
    depth: options.Depth = None,
    format: options.FormatOption = None,
    out: options.Out = None,
    width: options.Width = None,
) -> None:
    """Show what is in a model: every layer with its units, shapes and parameters."""
    with working():
        model, inputs = _loaded(target, with_, input, allow_code)
        found = inspect(model, inputs)
    names = [name.strip() for name in columns.split(",")] if columns else None
    face = Face(
        found,
        lambda: tables.report_table(found, names, depth),
        lambda: tables.report_data(found, names, depth),
        lambda: found.draw(depth),
    )
    face.put(format, out, width)
    _end_if_incomplete(found)


@app.command(short_help=manual.SHORT["explain"], epilog=manual.EXAMPLES["explain"])
def explain(
    target: options.Target,
    layer: options.Of = None,
    input: options.Input = None,
    with_: options.With = None,
    allow_code: options.AllowCode = False,
    format: options.FormatOption = None,
    out: options.Out = None,
    width: options.Width = None,
) -> None:
    """Say why a model, or one of its layers, has that many parameters."""
    with working():
        model, inputs = _loaded(target, with_, input, allow_code)
        found = inspect(model, inputs)
        said: Any = explain_model(found, layer)
    if layer is None:
        face = Face(said, lambda: tables.explanations_table(said), lambda: tables.explanations_data(said))
    else:
        face = Face(said, lambda: tables.explanation_table(said))
    face.put(format, out, width)
    _end_if_incomplete(found)


@app.command(short_help=manual.SHORT["compare"], epilog=manual.EXAMPLES["compare"])
def compare(
    a: options.A,
    b: options.B,
    input_a: options.InputA = None,
    input_b: options.InputB = None,
    with_a: options.WithA = None,
    with_b: options.WithB = None,
    allow_code: options.AllowCode = False,
    checkpoint_a: options.ComparedFileA = None,
    checkpoint_b: options.ComparedFileB = None,
    values: options.Values = False,
    prove: options.Prove = False,
    only: options.OnlyOption = None,
    depth: options.FoldDepth = None,
    format: options.FormatOption = None,
    out: options.Out = None,
    width: options.Width = None,
) -> None:
    """Show in what two models differ, and whether they are the same function: status 0 if they are, else 1."""
    with working():
        one, inputs_a = _loaded(a, with_a, input_a, allow_code)
        other, inputs_b = _loaded(b, with_b, input_b, allow_code)
        values = values or checkpoint_a is not None or checkpoint_b is not None
        held = _in_file(one, checkpoint_a), _in_file(other, checkpoint_b)
        found = compare_models(*held, inputs_a=inputs_a, inputs_b=inputs_b, values=values)
        proof = prove_models(one, other, found) if prove else None
    rows = only is not None
    face = Face(
        found, lambda: comparison_table(found, rows, depth), lambda: comparison_data(found, rows), lambda: found.draw()
    )
    face.put(format, out, width)
    if proof is not None:
        plain = out is not None or format in (None, Format.text, Format.markdown)  # else what is written stays whole
        printing.write("", err=not plain)
        printing.show(proof_table(proof), width, err=not plain)
    same = found.equal if proof is None else proof.holds
    if not same or any(held.equal is False for held in found.values):
        raise typer.Exit(1)


@app.command(short_help=manual.SHORT["prove"], epilog=manual.EXAMPLES["prove"])
def prove(
    a: options.A,
    b: options.B,
    input_a: options.InputA = None,
    input_b: options.InputB = None,
    with_a: options.WithA = None,
    with_b: options.WithB = None,
    allow_code: options.AllowCode = False,
    own: options.Own = False,
    seeds: options.Seeds = 3,
) -> None:
    """Carry weights across, make the listed repairs on copies, and run both: status 0 if they give the same, else 1."""
    with working():
        one, inputs_a = _loaded(a, with_a, input_a, allow_code)
        other, inputs_b = _loaded(b, with_b, input_b, allow_code)
        found = compare_models(one, other, inputs_a=inputs_a, inputs_b=inputs_b)
        proof = prove_models(one, other, found, weights="own" if own else "random", seeds=seeds)
    printing.show(proof_table(proof))
    if not proof.holds:
        raise typer.Exit(1)


@app.command(short_help=manual.SHORT["transfer"], epilog=manual.EXAMPLES["transfer"])
def transfer(
    a: options.A,
    b: options.Into,
    out: options.Weights,
    input_a: options.InputA = None,
    input_b: options.InputB = None,
    with_a: options.WithA = None,
    with_b: options.WithB = None,
    allow_code: options.AllowCode = False,
    checkpoint_a: options.SourceFile = None,
    checkpoint_b: options.TargetFile = None,
    partial: options.Partial = False,
    recipe: options.Recipe = False,
) -> None:
    """Carry the weights of one model into another, and write them to a file."""
    with working():
        one, inputs_a = _loaded(a, with_a, input_a, allow_code)
        other, inputs_b = _loaded(b, with_b, input_b, allow_code)
        found = compare_models(one, other, inputs_a=inputs_a, inputs_b=inputs_b)
        into = _to_file(other, out, checkpoint_b)
        done = transfer_weights(_in_file(one, checkpoint_a), into, found, partial=partial)
        if into is other:
            with replacing(out) as temporary:
                adapter_for(other).save(other, str(temporary))
    if recipe:
        printing.write(done.recipe())
    else:
        printing.show(transfer_table(done))


def _in_file(model: Any, checkpoint: Path | None) -> Any:
    """The model, or what a file says that it holds."""
    return model if checkpoint is None else Checkpoint(checkpoint, model)


def _to_file(model: Any, out: Path, checkpoint: Path | None) -> Any:
    """What a transfer goes into: the model, if it is a live one, else the new file itself."""
    if isinstance(model, Checkpoint):
        model, checkpoint = model.model, Path(model.path)
    if checkpoint is None:
        return Checkpoint(out, model) if isinstance(model, Report) else model
    same = out.exists() and checkpoint.exists() and out.samefile(checkpoint)
    return Checkpoint(out, model, like=None if same else checkpoint)


def _loaded(
    target: str, arguments: list[str] | None, inputs: list[str] | None, allow_code: bool = False
) -> tuple[Any, Any]:
    """A model and what it is to be called with."""
    with during(f"loading {target}"):
        model = load_target(target, parse_arguments(arguments or []), allow_code)
    if isinstance(model, Report) and inputs:
        raise InputsError(f"{target} is a saved report, whose inputs are decided: leave --input out.")
    return model, parse_inputs(inputs or [])


def _end_if_incomplete(found: Report) -> None:
    if not found.complete:
        said = [note for note in found.notes if " raised on " in note or " wants (" in note or " raised " in note]
        printing.write(f"introspect: {' '.join(said or found.notes[-1:])}", err=True)
        raise typer.Exit(1)


@app.command(short_help=manual.SHORT["demo"])
def demo(width: options.Width = None) -> None:
    """Build one small CNN in Keras and the same in PyTorch, show both reports side by side, and compare them."""
    from . import demo as demonstration

    with working():
        both, compared = demonstration.shown()
    printing.show(both, width)
    printing.write("\n")
    printing.show(compared, width)


def main() -> None:
    """The entry point: every error of ours is one sentence on stderr and exit status 2, as is any other exception."""
    printing.prepare()
    try:
        with completing.whole_words():
            sys.exit(app(prog_name="introspect", standalone_mode=False) or 0)
    except IntrospectError as error:
        printing.write(f"introspect: {error}", err=True)
    except _UsageError as error:
        message = error.format_message()  # type: ignore[attr-defined]
        printing.write(message if "\n" in message else f"introspect: {message} Try --help.", err=True)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(130)
    except Exception:  # Python's own status for it is 1, which says that two models differ
        traceback.print_exc()
    sys.exit(2)
