"""How runs ended: rates with intervals, and errors grouped by what they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from operator import itemgetter
from typing import Any

import numpy as np

from evalkit.metrics.columns.arrow import taken
from evalkit.metrics.columns.reading import CELL_OUTCOMES, OUTCOMES, RunColumns, lookup
from evalkit.metrics.columns.settled import is_settled
from evalkit.metrics.documents.figures import Rate
from evalkit.metrics.documents.summary import ErrorGroup
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.model.outcome import FAILED, UNKNOWN, places_of, unknown_said
from evalkit.model.results import Results

MESSAGE_LENGTH = 300
GROUPS = 50
"""Error groups kept: the most frequent; the rest is counted in the last one's place."""
KEPT_IDS = 5

_VARIABLE = (
    (re.compile(r"https?://\S+"), "<url>"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"), "<id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.+Z-]*"), "<time>"),
    (re.compile(r"\b(?=[0-9a-zA-Z_-]*\d)[0-9a-zA-Z]+(?:[._-][0-9a-zA-Z]+)*\b"), "<n>"),
    (re.compile(r"'[^'\n]{0,200}'|\"[^\"\n]{0,200}\"|`[^`\n]{0,200}`"), "<text>"),
    (re.compile(r"\s+"), " "),
)


def outcome_rates(runs: RunColumns, confidence: float) -> dict[str, Rate]:
    """Return the share of each outcome, examples once each; `count` is of the runs received."""
    rates = {}
    for code, name in enumerate(OUTCOMES):
        hit = (runs.outcome == code).astype(np.float64)
        figure = share_figure(cluster_sums(hit, runs.cluster, runs.units_if), confidence)
        rates[name] = Rate.of(figure, int(hit.sum()))
    return rates


def normalise(message: str) -> str:
    """Take out of an error's text what differs between errors of one kind.

    Addresses, ids, times, words with digits and quoted text become placeholders; only the last
    line of a traceback is read.
    """
    text = message.strip()
    if text.startswith("Traceback (most recent call last)"):
        text = text.splitlines()[-1]
    text = text[:2000]
    for pattern, placeholder in _VARIABLE:
        text = pattern.sub(placeholder, text)
    return text.strip()[:MESSAGE_LENGTH]


def group_errors(
    rows: Iterable[tuple[str, str | None, str, str]], steps: Mapping[str, str] | None = None
) -> list[ErrorGroup]:
    """Group (message, error type, outcome, run id); most frequent first.

    `steps` are the names of the steps that failed, by run.
    """
    where = steps or {}
    found: dict[tuple[str, str | None, str], list[Any]] = {}
    cache: dict[str, str] = {}
    for message, error_type, outcome, run_id in rows:
        if message not in cache:
            cache[message] = normalise(message)
        key = (cache[message], error_type, outcome)
        entry = found.setdefault(key, [message, 0, [], set()])
        entry[1] += 1
        entry[3].add(where.get(run_id))
        if len(entry[2]) < KEPT_IDS:
            entry[2].append(run_id)
    groups = [_group(key, *entry) for key, entry in found.items()]
    groups.sort(key=lambda group: (-group.count, group.fingerprint))
    return groups[:GROUPS]


def _group(
    key: tuple[str, str | None, str], message: str, n: int, ids: list[str], steps: set[str | None]
) -> ErrorGroup:
    text, error_type, outcome = key
    mark = sha256(f"{error_type}|{text}".encode("utf-8", "replace")).hexdigest()[:8]
    return ErrorGroup(
        fingerprint=mark,
        message=" ".join(message.split())[:MESSAGE_LENGTH],
        error_type=error_type,
        outcome=outcome,
        count=n,
        run_ids=ids,
        step=next(iter(steps)) if len(steps) == 1 else None,
    )


def run_errors(
    results: Results, runs: RunColumns, steps: Mapping[int, str] | None = None
) -> list[ErrorGroup]:
    """Group what runs that failed, ran out of time or were cancelled say; a pause is no error.

    `steps` names the innermost step that failed, by row of the run.
    """
    bad = np.isin(runs.outcome, places_of(FAILED))
    where = steps or {}
    rows: list[tuple[str, str | None, str, str]] = []
    names: dict[str, str] = {}
    for first, table in _with_rows(results, ["run_id", "outcome", "error", "error_type"]):
        at = np.flatnonzero(bad[first : first + table.num_rows])
        for place, row in zip(at.tolist(), taken(table, at).to_pylist(), strict=True):
            said = row["error"] or f"({row['outcome']}, nothing recorded)"
            rows.append((said, row["error_type"], row["outcome"], row["run_id"]))
            if first + place in where:
                names[row["run_id"]] = where[first + place]
    return group_errors(_told(rows, runs), names)


def _told(
    rows: list[tuple[str, str | None, str, str]], runs: RunColumns
) -> list[tuple[str, str | None, str, str]]:
    """Return errors in the order their examples are taken in: of very many runs, by id."""
    return sorted(rows, key=itemgetter(3, 0)) if is_settled(runs.n) else rows


def _with_rows(results: Results, names: list[str]) -> Iterator[tuple[int, Any]]:
    """Yield columns of the runs by piece, with the row each piece begins at."""
    first = 0
    for table in results.tables("runs", names):
        yield first, table
        first += table.num_rows


def unknown_words(results: Results, runs: RunColumns) -> list[str]:
    """Say which status words nobody knows and how many runs ended with each."""
    unknown = np.isin(runs.outcome, places_of(UNKNOWN))
    if not unknown.any():
        return []
    words: Counter[str | None] = Counter()
    for first, table in _with_rows(results, ["status"]):
        rows = np.flatnonzero(unknown[first : first + table.num_rows])
        words.update(taken(table.column(0), rows).to_pylist())
    return unknown_said(results.experiment, {word or "": n for word, n in words.items()})


def evaluator_errors(results: Results, runs: RunColumns) -> dict[tuple[str, str], list[ErrorGroup]]:
    """Group what evaluators raised, by (evaluator, key)."""
    names = ["run_id", "evaluator", "key", "outcome", "error_type", "error_message", "timed_out"]
    by_key: dict[tuple[str, str], list[tuple[str, str | None, str, str]]] = {}
    for row in _failed_cells(results, names):
        outcome = "timeout" if row["timed_out"] else "evaluator_error"
        message = row["error_message"] or row["error_type"] or "(nothing said)"
        entry = (message, row["error_type"], outcome, row["run_id"] or "")
        by_key.setdefault((row["evaluator"] or "", row["key"] or ""), []).append(entry)
    return {key: group_errors(_told(rows, runs)) for key, rows in by_key.items()}


def _failed_cells(results: Results, names: list[str]) -> Iterator[dict[str, Any]]:
    failed = CELL_OUTCOMES.index("evaluator_error")
    for table in results.tables("cells", names):
        rows = np.flatnonzero(lookup(table.column("outcome"), CELL_OUTCOMES) == failed)
        if len(rows):
            yield from taken(table, rows).to_pylist()
