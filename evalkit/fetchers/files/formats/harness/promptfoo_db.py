"""promptfoo's own store, `promptfoo.db`: one SQLite file that holds every evaluation made.

An evaluation is an experiment: `experiment` names it by its id or its description. Evaluations of
old versions keep their rows in the column `results`, newer ones in the table `eval_results`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from evalkit.errors import DatasetError, ExperimentNotFound
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.files.reading.jsontext import loads
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sqlite import opened

TABLES = {"evals", "eval_results"}
COLUMNS = {
    "id": "id", "testIdx": "test_idx", "promptIdx": "prompt_idx", "latencyMs": "latency_ms",
    "cost": "cost", "error": "error", "success": "success", "score": "score",
    "failureReason": "failure_reason",
}  # fmt: skip
WRITTEN = {
    "testCase": "test_case", "prompt": "prompt", "provider": "provider", "response": "response",
    "gradingResult": "grading_result", "namedScores": "named_scores",
}  # fmt: skip
"""Columns that hold JSON text."""
SHOWN = 5


class Eval(NamedTuple):
    """One evaluation of the store."""

    id: str
    description: str
    prompts: list[Any]
    """Its columns, each a prompt with a provider, with the counts promptfoo made."""
    old: list[Any]
    """Rows of an evaluation that an old version wrote."""

    @property
    def promised(self) -> int | None:
        """How many results promptfoo counts, where it counts all of them."""
        counted = [(each.get("metrics") or {}) for each in self.prompts]
        names = ("testPassCount", "testFailCount", "testErrorCount")
        if not counted or any(not isinstance(c.get(n), int) for c in counted for n in names[:2]):
            return None
        return sum(int(each.get(name) or 0) for each in counted for name in names)


def rows_of(file: SourceFile, findings: Findings) -> tuple[Eval, Iterator[Mapping[str, Any]]]:
    """Return the evaluation that the file's `part` names, and its rows as the JSON has them."""
    chosen = _one(_evals(file, findings), file)
    return chosen, iter(chosen.old) if chosen.old else _stored(file, chosen.id, findings)


def names_of(file: SourceFile) -> list[str]:
    """Return the ids of all evaluations, the oldest first."""
    return [each.id for each in _evals(file, Findings())]


def _one(evals: list[Eval], file: SourceFile) -> Eval:
    wanted = file.part
    found = [each for each in evals if wanted in (None, each.id, each.description)]
    if not found and wanted:
        found = [each for each in evals if fnmatchcase(each.id, wanted)]
    if len(found) == 1:
        return found[0]
    there = ", ".join(
        each.id + (f" ({each.description})" if each.description else "") for each in evals[-SHOWN:]
    )
    more = f", and {len(evals) - SHOWN} older" if len(evals) > SHOWN else ""
    what = f"no evaluation is {wanted!r}" if wanted and not found else f"{len(found)} evaluations"
    raise ExperimentNotFound(
        f'{file.shown}: {what}. Say which with `experiment = "ID"`, or `experiment = "*"` for '
        f"each of them: {there or 'there is none'}{more}."
    )


def _evals(file: SourceFile, findings: Findings) -> list[Eval]:
    with _rows(file, "SELECT * FROM evals ORDER BY created_at, id") as rows:
        return [
            Eval(
                str(row["id"]),
                str(row.get("description") or ""),
                [p for p in _read(row.get("prompts"), file, findings) or () if isinstance(p, dict)],
                _rows_of_old(_read(row.get("results"), file, findings)),
            )
            for row in rows
        ]


def _rows_of_old(results: Any) -> list[Any]:
    inner = results.get("results") if isinstance(results, Mapping) else None
    return inner if isinstance(inner, list) else []


def _stored(file: SourceFile, wanted: str, findings: Findings) -> Iterator[Mapping[str, Any]]:
    ask = "SELECT * FROM eval_results WHERE eval_id = ? ORDER BY test_idx, prompt_idx"
    with _rows(file, ask, wanted) as rows:
        for row in rows:
            made = {name: row.get(column) for name, column in COLUMNS.items()}
            for name, column in WRITTEN.items():
                made[name] = _read(row.get(column), file, findings)
            made["vars"] = (made["testCase"] or {}).get("vars")
            made["success"] = None if made["success"] is None else bool(made["success"])
            yield made


@contextmanager
def _rows(file: SourceFile, ask: str, *values: str) -> Iterator[Iterator[dict[str, Any]]]:
    with closing(opened(file)) as database:
        database.row_factory = sqlite3.Row
        try:
            yield (dict(row) for row in database.execute(ask, values))
        except sqlite3.Error as error:
            raise DatasetError(f"{file.shown}: is no whole store of promptfoo: {error}.") from None


def _read(text: Any, file: SourceFile, findings: Findings) -> Any:
    if not isinstance(text, str | bytes) or not text:
        return None
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    try:
        return loads(raw, findings.mended, Path(file.shown).name)
    except ValueError:
        findings.note("column of promptfoo's store that is no JSON, read as missing", file.shown)
        return None
