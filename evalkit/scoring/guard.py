"""Guard: puts back what user code replaces in the modules that other evaluators share with it."""

from __future__ import annotations

import json
from typing import Any

_KEPT: dict[str, Any] = {name: getattr(json, name) for name in ("loads", "dumps", "load", "dump")}
LOADS, DUMPS = json.loads, json.dumps


def disturbed() -> bool:
    """Tell whether the JSON functions are no longer Python's own; asked after every call."""
    return json.loads is not LOADS or json.dumps is not DUMPS


def restore() -> None:
    """Put the JSON functions back."""
    for name, value in _KEPT.items():
        setattr(json, name, value)
