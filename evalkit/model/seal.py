"""Seal: a JSON document that carries the hash of what it says, so that no change goes unseen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

SEAL = "guard"


def seal_of(document: Mapping[str, Any]) -> str:
    """Return the hash of everything a document says but its seal; white space does not count."""
    said = {name: value for name, value in document.items() if name != SEAL}
    text = json.dumps(said, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=8).hexdigest()


def sealed(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with its seal, the last of its keys."""
    said = {name: value for name, value in document.items() if name != SEAL}
    return {**said, SEAL: seal_of(said)}


def refuse_broken(document: Mapping[str, Any], *, sealed_with: str = "") -> None:
    """Raise `ValueError` for a document that does not match its seal.

    One without a seal is that of an evalkit which wrote none, unless it has the key `sealed_with`,
    which came together with the seal.
    """
    if SEAL not in document and (not sealed_with or sealed_with not in document):
        return
    if document.get(SEAL) != seal_of(document):
        raise ValueError("it does not match its hash")
