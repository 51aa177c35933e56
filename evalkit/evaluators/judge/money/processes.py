"""Processes: who made a reservation, and whether it is still there."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any


def this_process() -> list[Any]:
    """Return the number of this process and when it was born."""
    pid = os.getpid()
    return [pid, _own_birth(pid)]


def is_alive(process: list[Any]) -> bool:
    """Tell whether a process is there; another that took its number is not it."""
    pid, born = process
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    found = _born(pid)
    return found != "dead" and (not born or not found or born == found)


@lru_cache(maxsize=4)
def _own_birth(pid: int) -> str:
    return _born(pid)


def _born(pid: int) -> str:
    """Return when a process was born in ticks (Linux), `dead` for a zombie, else nothing."""
    try:
        after = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "dead" if after[0] in "ZX" else after[19]
