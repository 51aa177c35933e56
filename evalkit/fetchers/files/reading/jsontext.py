"""One JSON value from text that strangers wrote: fast when it is clean, mended when it can be.

What cannot live in a store is mended and counted, never passed on: `NaN` and infinities (no JSON;
Python writes them) become missing, halves of surrogate pairs become U+FFFD, and whole numbers
beyond 64 bits become floats, as they do in every JavaScript reader.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from typing import Any

import orjson

from evalkit.fetchers.values import ROOM, too_much

INT_MIN, INT_MAX = -(2**63), 2**64 - 1
SURROGATE = re.compile("[\ud800-\udfff]")
SUSPECT = re.compile(r"NaN|Infinity|\d{19}|[eE]\+?\d{3}|\\u[dD][89a-fA-F]|[\ud800-\udfff]")
"""Text in which `mend` may have something to do."""


class Mended:
    """Counts of what was mended, with the first place of each kind."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.first: dict[str, str] = {}

    def note(self, what: str, where: str) -> None:
        """Count one mended value."""
        self.counts[what] += 1
        self.first.setdefault(what, where)

    def notes(self) -> list[str]:
        """Return one line for each kind of mending."""
        return [f"{n} {what} (first: {self.first[what]})" for what, n in self.counts.items()]


def loads(raw: bytes, mended: Mended, where: str) -> Any:
    """Parse one JSON value; raises `ValueError` with the reason when it is none."""
    try:
        return orjson.loads(raw)
    except ValueError:
        return mend(json.loads(raw.decode("utf-8", "surrogateescape")), mended, where)


def parsed(text: str) -> Any:
    """Return what JSON text holds, or a list or object written as Python writes it.

    Empty text is None; raises `ValueError` for anything else, which names the text.
    """
    if not text.strip():
        return None
    if too_much(text):
        raise ValueError(f"{text[:60]!r} holds too many values for {ROOM / 1e6:g} MB")
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    for read in (json.loads, _literal) if text.strip()[0] in "[{(" else ():
        try:
            return plain_literal(read(text.strip()))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    raise ValueError(f"{text!r:.60} is neither JSON nor a Python list or object")


def _literal(text: str) -> Any:
    return ast.literal_eval(_Nan().visit(ast.parse(text, mode="eval")))


class _Nan(ast.NodeTransformer):
    """Takes the names `nan` and `inf`, which Python writes for such numbers, for missing."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Return null for one of the two, anything else as it is."""
        return ast.Constant(None) if node.id in ("nan", "inf") else node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        """Do the same behind a minus sign."""
        inner = self.visit(node.operand)
        missing = isinstance(inner, ast.Constant) and inner.value is None
        return inner if missing else node


def plain_literal(value: Any) -> Any:
    """Return a Python value as JSON would hold it: tuples and sets as lists, keys as text."""
    if isinstance(value, dict):
        return {str(key): plain_literal(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_literal(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    return str(value)


def mend(value: Any, mended: Mended, where: str) -> Any:
    """Return the value with everything replaced that JSON, UTF-8 or 64 bits cannot hold."""
    if isinstance(value, str):
        if SURROGATE.search(value):
            mended.note("texts with broken characters, shown as U+FFFD", where)
            return _whole(value)
        return value
    if isinstance(value, dict):
        return {_whole(key): mend(item, mended, where) for key, item in value.items()}
    if isinstance(value, list):
        return [mend(item, mended, where) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        mended.note("NaN or infinite numbers, read as missing", where)
        return None
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        mended.note("whole numbers beyond 64 bits, read as floats", where)
        return _float(value)
    return value


def _float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _whole(text: str) -> str:
    """Join surrogate halves that make a pair, replace those that do not."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
