"""The command line in a terminal of its own, as somebody sees it who sits in front of it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from support.command_line import Result

CODE = "from introspect.cli import main\nmain()"
_SILENT = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM", "PYTHONIOENCODING")


def environment(**more: str) -> dict[str, str]:
    """Ours, without what says how output looks."""
    return {**{k: v for k, v in os.environ.items() if k not in _SILENT}, "TERM": "xterm-256color", **more}


def in_a_terminal(
    *arguments: str, cwd: Path, width: int = 100, also_stderr: bool = True, piped: bool = False, **more: str
) -> Result:
    """With stdout and stderr in a terminal of this width; with `piped`, only stderr is."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-c", CODE, *arguments],
        stdout=subprocess.PIPE if piped else theirs,
        stderr=theirs if also_stderr else subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        cwd=cwd,
        env=environment(**more),
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
        while part := os.read(ours, 65536):
            seen += part
    os.close(ours)
    out, err = process.communicate()
    shown = seen.decode().replace("\r\n", "\n")
    if piped:
        return Result(process.returncode, out.decode(), shown)
    return Result(process.returncode, shown, (err or b"").decode())


def in_a_pipe(*arguments: str, cwd: Path, **more: str) -> Result:
    """With stdout and stderr in pipes."""
    done = subprocess.run(
        [sys.executable, "-c", CODE, *arguments],
        capture_output=True,
        check=False,
        cwd=cwd,
        env=environment(**more),
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())
