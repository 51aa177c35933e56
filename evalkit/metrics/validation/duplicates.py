"""Duplicates: examples that ask the same, to the letter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

import orjson

from evalkit.metrics.documents.validation import LISTED, Finding, counted, short
from evalkit.metrics.validation.rows import Row, is_empty

Groups = list[list[Row]]


def same_inputs(rows: Sequence[Row]) -> Groups:
    """Return the examples that have equal inputs, whatever the order of their keys."""
    groups: dict[bytes, list[Row]] = {}
    for row in rows:
        value = row.asked()
        if not is_empty(value):
            groups.setdefault(_hash(value), []).append(row)
    return [each for each in groups.values() if len(each) > 1]


def repeated(groups: Groups, of: int) -> Iterator[Finding]:
    """Yield the duplicates, and those among them that expect something else."""
    torn = [each for each in groups if len({_hash(row.expected()) for row in each}) > 1]
    if torn:
        n = sum(map(len, torn))
        said = (
            f"{counted(n, of, 'example')} ask the same and expect something else ({_pairs(torn)})"
        )
        if n > of / 2:  # as with conversations of which the inputs hold the first turn
            text = f"{said}: what tells them apart is not in their inputs."
            yield replace(_finding(torn, n, of, text), level="note")
        else:
            yield _finding(torn, n, of, f"{said}.")
    alike = [each for each in groups if each not in torn]
    if alike:
        n = sum(len(each) - 1 for each in alike)
        verb = "repeat others" if n > 1 else "repeats another"
        text = (
            f"{counted(n, of, 'example')} {verb} to the letter ({_pairs(alike)}): they count as "
            "examples of their own, and intervals come out too narrow."
        )
        yield _finding(alike, n, of, text)


def pairs_named(groups: Sequence[Sequence[str]]) -> str:
    """Return the first groups of ids as `q1 = q2, q5 = q9 ...`."""
    shown = [
        " = ".join(map(short, ids[:LISTED])) + " ..." * (len(ids) > LISTED)
        for ids in groups[:LISTED]
    ]
    return ", ".join(shown) + " ..." * (len(groups) > LISTED)


def _pairs(groups: Groups) -> str:
    return pairs_named([[row.example_id for row in each] for each in groups])


def _finding(groups: Groups, n: int, of: int, text: str) -> Finding:
    ids = [row.example_id for each in groups for row in each]
    return Finding("duplicates", "finding", text, n=n, of=of, ids=tuple(ids[: 2 * LISTED]))


def _hash(value: Any) -> bytes:
    data = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return blake2b(data, digest_size=16).digest()
