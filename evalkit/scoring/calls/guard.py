"""Guard: what user code may do to the process it shares with other evaluators."""

from __future__ import annotations

import json
import os
from typing import Any

_KEPT: dict[str, Any] = {name: getattr(json, name) for name in ("loads", "dumps", "load", "dump")}
LOADS, DUMPS = json.loads, json.dumps


def restore() -> None:
    """Put the JSON functions back."""
    for name, value in _KEPT.items():
        setattr(json, name, value)


forked: list[bool] = []
"""Not empty in a copy of this process that user code made by `os.fork`: it must not go on."""


def _mark() -> None:
    forked.append(True)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_mark)
