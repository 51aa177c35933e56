"""Leaks: references that stand in what the application is given.

A short answer (`yes`, `4`, `Paris`) stands in many inputs by chance, so only what chance does not
bring about counts: a text of several words, or a field that equals the reference all the way
through. What also stands in the inputs of other examples is part of a prompt, as labels are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.metrics.documents.validation import LISTED, Finding, counted, named
from evalkit.metrics.validation.rows import LONGEST, Row, folded, leaves

WORDS, SHORTEST = 4, 20
"""Words and characters a text has that does not stand in another by chance."""
MOST_OF_IT = 0.5
"""Share of a reference's characters that have to be found."""
ELSEWHERE = 0.2
"""Share of other examples in whose inputs a label may stand, and then is part of the prompt."""
OTHERS = 25
FEWEST = 8
"""Examples from which on a field that always equals the reference is no chance."""
DIFFERENT = 3
ALWAYS = 0.95


@dataclass(frozen=True, slots=True)
class Told:
    """An example with its texts taken apart."""

    row: Row
    inputs: dict[str, str]
    """By path; several texts of one path are one under the other."""
    expected: dict[str, list[str]]
    whole: str
    """All of the inputs in one text."""


def leaked(rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield fields of the inputs that are the reference, then inputs that quote it."""
    told = [_told(row) for row in rows if row.reference is not None]
    told = [each for each in told if each.expected and each.inputs]
    fields = list(_equal_fields(told))
    yield from fields
    if fields:
        return
    quoted = [each.row.example_id for at, each in enumerate(told) if _quotes(each, at, told)]
    if quoted:
        n, of = len(quoted), len(told)
        text = (
            f"The reference stands in the inputs of {counted(n, of, 'example')} ({named(quoted)}): "
            "a leak, unless the answer is meant to be found there."
        )
        yield Finding("leaks", "finding", text, n=n, of=of, ids=tuple(quoted[:LISTED]))


def _told(row: Row) -> Told:
    asked, expected = row.asked(), row.expected()
    wanted: dict[str, list[str]] = {}
    for path, each in leaves(expected):
        wanted.setdefault(path, []).append(_text(each))
    given: dict[str, str] = {}
    for path, each in leaves(asked):
        given[path] = f"{given[path]}\n{_text(each)}" if path in given else _text(each)
    return Told(row, given, wanted, "\n".join(given.values())[:LONGEST])


def _text(value: Any) -> str:
    return folded(str(value))


def _equal_fields(told: Sequence[Told]) -> Iterator[Finding]:
    """Yield a finding for each field of the inputs that equals one of the reference throughout."""
    paths = dict.fromkeys((i, r) for each in told[:50] for i in each.inputs for r in each.expected)
    for given, wanted in list(paths)[:2_000]:
        if given.endswith("[]") or wanted.endswith("[]") or _is_echo(given, wanted, told):
            continue
        if not _always(given, wanted, told[:50])[1]:
            continue
        both, same = _always(given, wanted, told)
        if len(both) < FEWEST or len({each.inputs[given] for each in same}) < DIFFERENT:
            continue
        where, n = f"inputs.{given}" if given else "inputs", len(same)
        what = f"reference_outputs.{wanted}" if wanted else "reference_outputs"
        ids = [each.row.example_id for each in same]
        text = (
            f"{where} is {what} in {counted(n, len(both), 'example')} ({named(ids)}): the "
            "application is given the answer."
        )
        yield Finding(
            "leaks", "finding", text, where=where, n=n, of=len(both), ids=tuple(ids[:LISTED])
        )


def _always(given: str, wanted: str, told: Sequence[Told]) -> tuple[list[Told], list[Told]]:
    """Return the examples that have both fields, and those with equal ones if nearly all are."""
    both = [each for each in told if given in each.inputs and wanted in each.expected]
    same = [each for each in both if [each.inputs[given]] == each.expected[wanted]]
    return both, same if len(same) >= ALWAYS * len(both) else []


def _is_echo(given: str, wanted: str, told: Sequence[Told]) -> bool:
    """Tell whether a reference only says again what was asked: under one name, or as an id."""
    first, second = (path.rpartition(".")[2] for path in (given, wanted))
    ids = any(name == "id" or name.endswith(("_id", "Id")) for name in (first, second))
    more = any(len(each.expected) > 1 for each in told)
    return ids or (first == second and more)


def _quotes(each: Told, at: int, told: Sequence[Told]) -> bool:
    """Tell whether the inputs of an example hold most of its reference, and no others' do."""
    texts = [
        text for path, found in each.expected.items() for text in found if not _echoed(each, path)
    ]
    held = [text for text in texts if _says_enough(text) and text in each.whole]
    if not held or sum(map(len, held)) < MOST_OF_IT * sum(map(len, texts)):
        return False
    step = max(1, len(told) // OTHERS)
    others = [one for place, one in enumerate(told) if place != at and place % step == 0][:OTHERS]
    elsewhere = sum(all(text in one.whole for text in held) for one in others)
    return elsewhere <= ELSEWHERE * len(others)


def _echoed(each: Told, path: str) -> bool:
    """Tell whether a field of the reference repeats the field of the inputs of the same name."""
    return len(each.expected) > 1 and each.expected[path] == [each.inputs.get(path)]


def _says_enough(text: str) -> bool:
    wide = sum(char > "\u2e7f" for char in text)  # scripts that put no space between words
    return len(text) + wide >= SHORTEST and len(text.split()) + wide // 2 >= WORDS
