"""Drive the command line in this process, where a table has hundreds of calls."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

from command_line import Ended

from evalkit.cli.main import main


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder."""
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def evalkit_here(*args: str, cwd: Path) -> Ended:
    """Run `evalkit ARGS` in `cwd` without a process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with inside(cwd), redirect_stdout(out), redirect_stderr(err):
        code = main([*args])
    return Ended(code, out.getvalue(), err.getvalue())
