"""While a command works: what a framework logs as it starts is held back, and a bar shows how far it has come."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from . import progress

_REMARK = re.compile(rb"[IWE]\d{4} \d\d:\d\d:|[IWE]0000 \d|WARNING: All log messages before absl::")


@contextmanager
def working() -> Iterator[None]:
    """What TensorFlow's C++ code logs while it starts is kept off stderr; everything else written there is shown at the
    end. In the meantime there is a bar, if stderr is a terminal."""
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
            with open(os.dup(real), "w", encoding="utf-8", errors="replace") as shown, progress.shown(shown):
                yield
        finally:
            sys.stderr.flush()
            os.dup2(real, 2)
            held.seek(0)
            os.write(2, b"".join(line for line in held if not _REMARK.match(line)))
            os.close(real)
