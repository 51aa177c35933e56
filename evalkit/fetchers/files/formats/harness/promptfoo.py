"""promptfoo: `-o` results as JSON, YAML's JSON twin, JSON Lines; its CSV and its store have
modules of their own.

A run is a test in one column (a prompt with a provider). Repetitions get a test number of their
own, so tests with equal variables and description are one example. An error is `failureReason` 2
only: `error` also holds why an assertion failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness import promptfoo_csv, promptfoo_db
from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score, wrapped
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.identity import digest
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.rows import kind_of
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.score import Score

ERROR = 2
"""`failureReason` of a row whose provider or assertion broke."""


def fits(sample: Sample) -> bool:
    """Tell whether a file holds results of promptfoo."""
    if sample.kind == "csv":
        return promptfoo_csv.fits(sample)
    if sample.kind == "sqlite":
        return set(sample.value) >= promptfoo_db.TABLES
    inner = sample.first.get("results")
    if "evalId" in sample.first and isinstance(inner, dict):
        return True
    return sample.has("testIdx", "promptIdx", "gradingResult")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a row; rows that the results count and do not hold make the fetch short."""
    tables = [file for file in files if promptfoo_csv.is_table(file)]
    yield from promptfoo_csv.read(tables, reading)
    stores = [file for file in files if kind_of(file) == "sqlite"]
    for file in stores:
        yield from _of_store(file, reading)
    cases = Cases(reading, "promptfoo")
    columns: dict[int, Any] = {}
    written = [file for file in files if file not in tables and file not in stores]
    for document, where in documents(written, reading):
        rows = [document]
        if isinstance(document, Mapping) and "results" in document:
            inner = document["results"]
            rows = inner.get("results") or []
            columns = dict(enumerate(inner.get("prompts") or []))
            _hold(inner.get("stats") or {}, len(rows), where, reading)
        for number, row in enumerate(rows):
            if isinstance(row, Mapping) and "testIdx" in row:
                yield _item(cases, row, columns, f"{where}: row {number}")
            else:
                reading.findings.break_at(f"{where}: row {number}", "not a row of promptfoo")


def _of_store(file: SourceFile, reading: Reading) -> Iterator[Item]:
    cases, count = Cases(reading, "promptfoo"), 0
    chosen, rows = promptfoo_db.rows_of(file, reading.findings)
    columns = dict(enumerate(chosen.prompts))
    for row in rows:
        yield _item(cases, row, columns, f"{file.shown}: {chosen.id}, row {count}")
        count += 1
    if chosen.promised is not None and count < chosen.promised:
        reading.findings.break_at(
            f"{file.shown}: {chosen.id}",
            f"promptfoo counts {chosen.promised} results and stored {count}: those whose score is "
            "no number are missing. Only an output written as .jsonl has them all",
        )


def _hold(stats: Line, rows: int, where: str, reading: Reading) -> None:
    """Hold the rows against what the results count: rows with an odd score are left out there."""
    counts = [stats.get(name) for name in ("successes", "failures", "errors")]
    if all(isinstance(each, int) for each in counts):
        promised = sum(counts)  # type: ignore[arg-type]
        if rows < promised:
            reading.findings.break_at(
                where,
                f"promptfoo counts {promised} results and wrote {rows}: those whose score is no "
                "number are missing. Write them as .jsonl, which has them all",
            )


def _item(cases: Cases, row: Line, columns: Mapping[int, Any], where: str) -> Item:
    case, grading = row.get("testCase") or {}, row.get("gradingResult") or {}
    provider = row.get("provider")
    if isinstance(provider, Mapping):
        provider = provider.get("label") or provider.get("id")
    response = row.get("response") or {}
    failed = row.get("failureReason") == ERROR
    prompt = (row.get("prompt") or {}).get("label")
    column = row.get("promptIdx")
    key = digest([row.get("vars"), case.get("description")])
    example_id = key if column is None else f"{key}/{column}"
    milliseconds = row.get("latencyMs")
    usage = {**(response.get("tokenUsage") or {}), "cost": row.get("cost")}
    usage.pop("assertions", None)
    return cases.item(
        row, where,
        run_id=row.get("id"),
        example_id=example_id,
        name=provider,
        inputs=row.get("vars"),
        outputs=wrapped(response.get("output"), "output"),
        error=str(row.get("error") or "error") if failed else None,
        duration_s=_seconds(milliseconds, failed=failed),
        usage=usage_or_note({k: v for k, v in usage.items() if k != "numRequests"}),
        metadata={
            "provider": provider, "prompt": prompt, "column": column, "test": row.get("testIdx"),
            "description": case.get("description"), "cached": response.get("cached"),
        },
        about=case.get("metadata"),
        scores=() if failed else list(_scores(row, grading)),
    )  # fmt: skip


def _seconds(milliseconds: Any, *, failed: bool) -> float | None:
    """Return the latency; the 0 of a call that broke stands for one that was not measured."""
    if not isinstance(milliseconds, int | float) or (failed and not milliseconds):
        return None
    return milliseconds / 1000


def _scores(row: Line, grading: Line) -> Iterator[Score]:
    yield score("pass", row.get("success"), grading.get("reason"))
    yield score("score", row.get("score"))
    for name, value in (row.get("namedScores") or {}).items():
        yield score(name, value)
