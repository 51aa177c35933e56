"""Replacing: a file appears whole or not at all, whoever is killed and whoever else writes it."""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from evalkit.errors import unwritable, written


def replacing(path: Path, fill: Callable[[IO[bytes]], object]) -> int:
    """Write a file under a name of its own and put it in place when it is whole; return its size.

    What writers left that were killed is deleted. A place that cannot be written raises what
    `unwritable` makes of it; an `OSError` of `fill` comes through as it is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        own = f".{path.name}.{os.getpid()}-"
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=own, suffix=".tmp")
    except OSError as error:
        raise unwritable(path, error) from None
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
            size = file.tell()
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, IsADirectoryError):
            raise unwritable(path, error) from None
        raise
    return size


def replace_text(path: Path, text: str) -> Path:
    """Put a text in place at once: who reads it sees the old one or the new one."""
    data = text.encode("utf-8", "replace")
    with written(path):
        replacing(path, lambda file: file.write(data))
    return path


def _sweep(path: Path) -> None:
    """Delete what writers left that were killed."""
    if os.name == "nt":  # asking for a process there would end it
        return
    for each in path.parent.glob(f".{glob.escape(path.name)}.*-*.tmp"):
        pid = each.name.removeprefix(f".{path.name}.").partition("-")[0]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            each.unlink(missing_ok=True)
        except (ValueError, OSError):
            continue  # it still writes, or it is somebody else's file


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
