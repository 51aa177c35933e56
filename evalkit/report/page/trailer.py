"""Trailer: a page's last line: what it was made of, its hash, and who signed that."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from evalkit.model.kept.seal import Sign

MARK, END = b"<!-- evalkit: ", b" -->\n"
OLD = re.compile(re.escape(MARK) + rb'\{"made_of": "[^"]*", "hash": "[0-9a-f]{32}", .*-->\n')
LONGEST = 1_000_000
"""Bytes of a trailer; a longer one is not ours."""


class Whole:
    """The hash of a page as it is written, piece by piece."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)

    def update(self, piece: bytes | memoryview) -> None:
        """Take the next bytes in."""
        self._hash.update(piece)

    def digest(self, said: Mapping[str, Any]) -> bytes:
        """Return the hash of the page and of what its trailer says beside the hash."""
        whole = self._hash.copy()
        whole.update(_text(said))
        return whole.digest()


def trailer(whole: Whole, made_of: str, left_out: Sequence[str], sign: Sign | None = None) -> bytes:
    """Return the last line of a page."""
    said: dict[str, Any] = {"made_of": made_of, "left_out": list(left_out)}
    digest = whole.digest(said)
    signed = {"signed": dict(sign(digest))} if sign else {}
    return MARK + _text(said | {"hash": digest.hex()} | signed) + END


def read_trailer(page: bytes) -> tuple[int, dict[str, Any]]:
    """Return where a page's trailer begins and what it says; `ValueError` where there is none."""
    at = page.rindex(MARK)
    if len(page) - at > LONGEST or not page.endswith(END):
        raise ValueError("the last line is not whole")
    said = json.loads(page[at + len(MARK) : -len(END)])
    if not isinstance(said, dict) or page[at:] != MARK + _text(said) + END:
        raise ValueError("the last line is not as evalkit writes it")
    return at, said


def is_old(page: bytes) -> bool:
    """Tell whether a page ends as those of an evalkit that made no manifest."""
    at = page.rfind(MARK)
    return at < 0 or OLD.fullmatch(page[at:]) is not None


def hash_said(page: bytes, at: int, said: Mapping[str, Any]) -> bytes:
    """Return the hash that a page has whose trailer begins at `at`."""
    whole = Whole()
    whole.update(memoryview(page)[:at])
    return whole.digest({name: said.get(name) for name in ("made_of", "left_out")})


def lacking(path: Path, made_of: str, sign: Sign | None = None) -> list[str] | None:
    """Return what a page does not hold, if a whole one lies there that was made of this."""
    try:
        page = path.read_bytes()
        at, said = read_trailer(page)
        left: list[str] = said["left_out"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    whole = Whole()
    whole.update(memoryview(page)[:at])
    return left if page[at:] == trailer(whole, made_of, left, sign) else None


def _text(said: Mapping[str, Any]) -> bytes:
    """Write JSON that ends no comment."""
    text = json.dumps(said, sort_keys=True)
    return text.replace("-", r"\u002d").replace(">", r"\u003e").encode()
