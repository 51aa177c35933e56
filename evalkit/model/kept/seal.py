"""Seal: a JSON document that carries the hash of what it says, so that no change goes unseen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import blake2b
from itertools import islice
from typing import Any

SEAL = "guard"
Sign = Callable[[bytes], Mapping[str, str]]
"""Signs a hash; returns `key`, the public one, and `signature`, both in hex."""


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


def with_manifest(
    document: Mapping[str, Any], manifest: Mapping[str, Any], sign: Sign | None = None
) -> dict[str, Any]:
    """Return a document with its manifest, which holds the hash of all it says, and a signature."""
    said = {**document, "manifest": dict(manifest)}
    digest = document_hash(said)
    said["manifest"] = {**manifest, "hash": digest}
    return {**said, "signed": dict(sign(bytes.fromhex(digest)))} if sign else said


def document_hash(document: Mapping[str, Any]) -> str:
    """Return the hash of all that a document says but that hash and its signature."""
    said = {name: value for name, value in document.items() if name != "signed"}
    manifest = {name: value for name, value in said["manifest"].items() if name != "hash"}
    return hash_of(said | {"manifest": manifest}, 32)


def hash_of_list(items: Iterable[Any], size: int = 16) -> str:
    """Return what `hash_of` does of a list of these, which need not all be there at once."""
    whole, left, between = blake2b(b"[", digest_size=size), iter(items), ""
    while piece := list(islice(left, 4096)):
        text = _plainly(piece) or json.dumps(piece, sort_keys=True, default=str)[1:-1]
        whole.update((between + text).encode())
        between = ", "
    whole.update(b"]")
    return whole.hexdigest()


def _plainly(rows: Sequence[Any]) -> str | None:
    """Return the JSON inside the brackets of rows of plain words, as most are; None: others."""
    if set(map(type, rows)) != {tuple}:
        return None
    try:
        text = '["' + '"], ["'.join(map('", "'.join, rows)) + '"]'
    except TypeError:  # what is no word
        return None
    quotes = 2 * sum(map(len, rows))
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if plain and text.count('"') == quotes else None


def hash_of(value: Any, size: int = 16) -> str:
    """Return the hash of a JSON-ready value; the order of keys does not count."""
    text = json.dumps(value, sort_keys=True, default=str)
    return blake2b(text.encode(), digest_size=size).hexdigest()
