"""The options of the command line, each once, and what `--help` says of them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from . import completing
from .printing import Format


class Only(StrEnum):
    """Which rows of a comparison are printed."""

    differences = "differences"


_MODELS, _OUTPUT = "What the models are given", "Output"
_INPUT = "Shape of an input: 1,3,224,224; with a dtype 1,128:int64; with a name ids=1,128. Repeatable."
_WITH = "Keyword argument for a callable TARGET: name=value, the value as JSON or a plain word. Repeatable."
_FILES = ".safetensors, .pt, .weights.h5, .keras, .h5 or .index.json"


def _target(metavar: str, text: str) -> typer.models.ArgumentInfo:
    return typer.Argument(help=text, metavar=metavar, autocompletion=completing.targets, show_default=False)


def _given(text: str, *names: str) -> typer.models.OptionInfo:
    return typer.Option(*names, help=text, rich_help_panel=_MODELS, show_default=False)


def _shown(text: str, *names: str, **more) -> typer.models.OptionInfo:
    return typer.Option(*names, help=text, rich_help_panel=_OUTPUT, show_default=False, **more)


Target = Annotated[str, _target("TARGET", "The model: see introspect --help.")]
A = Annotated[str, _target("A", "A model: see introspect --help.")]
B = Annotated[str, _target("B", "The other one.")]
Into = Annotated[str, _target("B", "The model that the weights go into.")]
Of = Annotated[
    str | None,
    typer.Argument(help="Path of one layer; all of them if left out.", metavar="LAYER", show_default=False),
]

Input = Annotated[list[str] | None, _given(_INPUT)]
With = Annotated[list[str] | None, _given(_WITH, "--with")]
InputA = Annotated[list[str] | None, _given(_INPUT.replace("Shape of an input", "Shape of an input of A"))]
InputB = Annotated[list[str] | None, _given("The same for B.")]
WithA = Annotated[list[str] | None, _given(_WITH.replace("callable TARGET", "callable A"))]
WithB = Annotated[list[str] | None, _given("The same for B.")]

FormatOption = Annotated[
    Format | None,
    _shown("text, markdown, json, html, csv or latex; text if --out does not say.", "--format", metavar="FORMAT"),
]
Out = Annotated[
    Path | None,
    _shown("File to write, whose name says the format: .html .json .csv .md .tex .txt .svg .png", "--out", "-o"),
]
Columns = Annotated[
    str | None,
    _shown("Columns of the table, separated by commas.", metavar="NAMES", autocompletion=completing.columns),
]
Depth = Annotated[int | None, _shown("Deepest level of layers shown; the model itself is 0.", min=0, metavar="N")]
FoldDepth = Annotated[
    int | None, _shown("From which level on a block without differences is one row.", min=0, metavar="N")
]
Width = Annotated[
    int | None, _shown("Fit into so many characters; if left out, into the terminal.", min=20, metavar="N")
]
OnlyOption = Annotated[
    Only | None, _shown("Of the table only the rows with these: differences.", "--only", metavar="ROWS")
]

AllowCode = Annotated[
    bool, _given("Run the code that a file holds: Lambda layers, pickled modules, exported programs.", "--allow-code")
]
Prove = Annotated[bool, typer.Option("--prove", help="Prove it too, on copies with random weights.")]
Values = Annotated[bool, typer.Option("--values", help="Compare the values of all tensors too.")]
Own = Annotated[bool, typer.Option("--own", help="Carry A's own weights, not random ones.")]
Seeds = Annotated[int, typer.Option(help="With how many random weights and inputs.", min=1, metavar="N")]
Partial = Annotated[bool, typer.Option("--partial", help="Carry what can be carried.")]
Recipe = Annotated[bool, typer.Option("--recipe", help="Print Python code that does the same.")]
Weights = Annotated[
    Path, typer.Option("--out", "-o", help="Where they are written: .pt, .safetensors, .weights.h5 or .keras.")
]
ComparedFileA = Annotated[Path | None, _given(f"File with A's weights: {_FILES}. Says --values.", "--checkpoint-a")]
ComparedFileB = Annotated[Path | None, _given("The same for B.", "--checkpoint-b")]
SourceFile = Annotated[Path | None, _given(f"File with A's weights: {_FILES}.", "--checkpoint-a")]
TargetFile = Annotated[
    Path | None,
    _given("File with B's: --out takes its names, dtypes and what is not carried.", "--checkpoint-b"),
]
