"""Everything that this library raises on purpose.

    IntrospectError
    ├── UnsupportedModelError   (TypeError)     this object is no model that we read
    ├── MissingFrameworkError   (ImportError)   a framework is needed that is not installed
    ├── MissingPackageError     (ImportError)   a package of an extra is needed that is not installed
    ├── InputsError             (ValueError)    what was said about the inputs can't be used
    ├── UnknownPathError        (KeyError)      no layer has this path
    ├── UnknownColumnError      (ValueError)    no table has this column
    ├── UnknownFilterError      (ValueError)    there is nothing of this name to select layers by
    ├── SchemaError             (ValueError)    this is no report that this version reads
    ├── DrawingError            (ValueError)    a picture can't be drawn or saved in this way
    ├── TargetError             (ValueError)    a command-line target can't be loaded
    ├── OutputError             (ValueError)    a command's output can't be written like that, or there
    ├── CheckpointError         (ValueError)    this file can't be read or written, or is another model's
    │   └── WouldRunCodeError                   to read more of this file would run code that it holds
    ├── TransferError           (ValueError)    weights can't be carried from this model into that one
    └── ProofError              (ValueError)    these two models can't be run side by side

A message is one sentence that says what came in, what was expected and what to do. A model that raises is no error
of ours: its report ends there, is marked incomplete, and has a note that names the layer.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class IntrospectError(Exception):
    """The root of the tree: catch this one to catch them all."""


class UnsupportedModelError(IntrospectError, TypeError):
    """This object is no model that we read."""


class MissingFrameworkError(IntrospectError, ImportError):
    """A framework is needed that is not installed."""


class MissingPackageError(IntrospectError, ImportError):
    """A package of an extra is needed that is not installed."""


class InputsError(IntrospectError, ValueError):
    """What was said about the inputs can't be used."""


class UnknownPathError(IntrospectError, KeyError):
    """No layer has this path."""

    def __str__(self) -> str:  # a KeyError would print the repr of its message
        return str(self.args[0])


class UnknownColumnError(IntrospectError, ValueError):
    """No table has this column."""


class UnknownFilterError(IntrospectError, ValueError):
    """There is nothing of this name to select layers by."""


class SchemaError(IntrospectError, ValueError):
    """This is no report that this version reads."""


class DrawingError(IntrospectError, ValueError):
    """A picture can't be drawn or saved in this way."""


class TargetError(IntrospectError, ValueError):
    """A command-line target can't be loaded."""


class OutputError(IntrospectError, ValueError):
    """A command's output can't be written like that, or there."""


class CheckpointError(IntrospectError, ValueError):
    """This file can't be read or written, or is another model's."""


class WouldRunCodeError(CheckpointError):
    """To read more of this file would run code that it holds."""


class TransferError(IntrospectError, ValueError):
    """Weights can't be carried from this model into that one."""


class ProofError(IntrospectError, ValueError):
    """These two models can't be run side by side."""


def missing_package(package: str, extra: str, error: ImportError) -> MissingPackageError:
    """The error to raise where a package can't be imported, or lacks what it needs itself."""
    lacks = (error.name or package).partition(".")[0]
    why = "is not installed" if lacks == package else f"can't be imported without {lacks}"
    return MissingPackageError(
        f"{package} is needed for this and {why}: pip install 'introspect-nn[{extra}]'", name=package
    )


def near_names(name: str, known: Iterable[str]) -> str:
    """A hint to end a sentence with: the known names that look most like this one, or else the first few."""
    known = [k for k in known if k]
    names = get_close_matches(name, known, n=3, cutoff=0.5)
    if names:
        return "did you mean " + " or ".join(repr(n) for n in names) + "?"
    some = ", ".join(repr(k) for k in known[:5])
    return f"known are {some}{' and more' if len(known) > 5 else ''}." if some else "there are none."
