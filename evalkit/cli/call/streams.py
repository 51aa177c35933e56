"""The standard streams, whatever the caller made of them: closed, full, a pipe nobody reads."""

from __future__ import annotations

import errno
import os
import sys

from evalkit.errors import FULL, REFUSED, EvalkitError, StoreError, refused


def stand_in() -> None:
    """Fill the places of standard streams that are closed.

    The next file that is opened would be number 1 or 2 otherwise, and get what is printed. What
    stands in for stdout refuses every letter: who closed it shall not be told that all is well.
    What stands in for stdin is at its end.
    """
    for number, name, way in (
        (0, "stdin", os.O_RDONLY),
        (1, "stdout", os.O_RDONLY),
        (2, "stderr", os.O_WRONLY),
    ):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, way)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115


def meant(error: OSError) -> EvalkitError | None:
    """Return what an error of the operating system means to people; None: a mistake of evalkit.

    What evalkit writes into files names them. Without a name it is stdout that was refused.
    """
    if (told := refused(error)) is not None or error.filename is not None:
        return told
    if error.errno in FULL | REFUSED | {errno.EBADF}:
        leave_stdout()
        why = "closed" if error.errno == errno.EBADF else error.strerror
        return StoreError(
            f"stdout: cannot be written ({why}). Send it to a file on a disk with room, or to "
            "/dev/null, then run the same command again."
        )
    return None


def leave_stdout() -> None:
    """Let what is still to be printed go nowhere; Python would fail with it at its end."""
    handle = os.open(os.devnull, os.O_WRONLY)
    os.dup2(handle, 1)
    os.close(handle)
