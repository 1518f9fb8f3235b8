"""A file is written beside its place and then moved there: whoever looks sees the old one or the whole new one."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import CheckpointError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """A name to write to, of the same endings; at the end it becomes `path`. If anything raises, `path` is as it was.

    Raises:
        CheckpointError: nothing can be written there.
    """
    target = Path(path).resolve()  # a link stays one
    temporary = target.with_name(f".{secrets.token_hex(6)}.{target.name}")
    if not target.parent.is_dir():
        raise CheckpointError(f"{str(path)!r} can't be written: there is no folder {str(target.parent)!r}.")
    try:
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        with open(temporary, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            f"{str(path)!r} can't be written: {getattr(error, 'strerror', None) or error}."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
