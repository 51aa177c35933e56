"""Requests that were sent again: a later batch answers what an earlier one did not."""

from __future__ import annotations

from collections.abc import Callable

from evalkit.fetchers.files.formats.harness.cases import Line
from evalkit.fetchers.files.formats.known import Reading

Placed = tuple[Line, str]


def last_answers(
    answers: list[Placed], failed: Callable[[Line], bool], reading: Reading
) -> list[Placed]:
    """Leave out failures of requests that have an answer, and all but the last of the others.

    Several answers of one request are repetitions. What is left out is counted in a note.
    """
    by_id: dict[str, list[int]] = {}
    for at, (line, _) in enumerate(answers):
        by_id.setdefault(str(line.get("custom_id")), []).append(at)
    kept: list[int] = []
    for places in by_id.values():
        good = [at for at in places if len(places) == 1 or not failed(answers[at][0])]
        kept += good or places[-1:]
        for at in set(places) - set(good or places[-1:]):
            what = "failure of a request that was sent again, left out"
            reading.findings.note(what, answers[at][1])
    return [answers[at] for at in sorted(kept)]
