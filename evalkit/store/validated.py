"""Validated: what an experiment's data was like when it was looked at, kept beside it.

The schema it holds is the one first seen, or accepted since; what was found last stands beside it
with a digest of the data, so that data which did not change is not looked at again. No figure rests
on it: one that is gone, damaged or cannot be written is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from evalkit.errors import StoreError
from evalkit.model.kept.seal import SEAL, refuse_broken, sealed
from evalkit.store.disk.files import Files

FILE = "validated.json"
VERSION = 1


def load_validated(files: Files) -> dict[str, Any] | None:
    """Return what was kept; None: nothing, or nothing whole."""
    try:
        document = json.loads(files.read(FILE))
        if not isinstance(document, dict) or document.get("version") != VERSION:
            return None
        refuse_broken(document, sealed_with="version")
    except (OSError, ValueError, RecursionError, StoreError):
        return None
    return {name: each for name, each in document.items() if name != SEAL}


def keep_validated(files: Files, document: Mapping[str, Any]) -> bool:
    """Keep it at once; tells whether it could be written."""
    data = json.dumps(sealed({"version": VERSION, **document}), indent=1, default=str)
    with suppress(StoreError, OSError):
        files.write(FILE, data.encode())
        return True
    return False
