"""What MLflow keeps of a trace becomes a run; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from evalkit.errors import RecordError
from evalkit.fetchers.files.formats.stores.mlflow import trace_to_run as of_file
from evalkit.fetchers.files.mapping.convert import to_moment
from evalkit.fetchers.unforeseen import UNFORESEEN
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run

MARK = "evalkit"
"""Key in the metadata of what evalkit wrote: its version."""
SOURCE_RUN = "mlflow.assessment.sourceRunId"
SIZES = "mlflow.trace.sizeStats"
Row = Mapping[str, Any]


def is_ours(assessment: Row) -> bool:
    """Tell whether evalkit wrote an assessment."""
    about = assessment.get("metadata")
    return isinstance(about, Mapping) and MARK in about


def trace_to_run(
    info: Row, spans: Sequence[Any], repetitions: Counter[str], url: str | None = None
) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the spans whose parent is missing."""
    trace_id = str(info.get("trace_id"))
    try:
        run, example, orphans = of_file(
            {"trace_info": _timed(info), "spans": list(spans)}, repetitions
        )
    except UNFORESEEN as error:
        raise RecordError(f"trace {trace_id}: not as MLflow has it ({error!r:.200}).") from None
    values = {name: getattr(run, name) for name in RUN_FIELDS}
    return Run(**values | {"url": url, "steps_recorded": bool(spans)}), example, orphans


def assessed(info: Row, run_id: str | None, *, taken: bool) -> tuple[Row, int]:
    """Return the info with the assessments that count, and how many others' were left out.

    Scores of several evaluation runs pile up on a trace: those of `run_id` count, or of the run
    that scored last. What nobody's run gave (people, expectations) counts always, what evalkit
    wrote never.
    """
    listed = [each for each in info.get("assessments") or () if isinstance(each, Mapping)]
    others = [each for each in listed if not is_ours(each)]
    run_ids = [(str(each.get("create_time")), _run_of(each)) for each in others if _run_of(each)]
    counted = run_id or max(run_ids, default=("", None))[1]
    kept = [
        each
        for each in others
        if (taken or "expectation" in each) and _run_of(each) in (None, counted)
    ]
    piled = sum(_run_of(each) not in (None, counted) for each in others) if taken else 0
    return {**info, "assessments": kept}, piled


def stated_spans(info: Row) -> int:
    """Return how many spans a trace's info counts; 0 where it does not say."""
    said = (info.get("trace_metadata") or {}).get(SIZES)
    try:
        found = orjson.loads(said) if isinstance(said, str) else said or {}
        return int(found.get("num_spans", 0))
    except (AttributeError, TypeError, ValueError):
        return 0


def last_end(info: Row) -> datetime | None:
    """Return when a trace ended, as its info says."""
    began = to_moment(info.get("request_time"))
    took = _seconds(info.get("execution_duration"))
    return began if began is None or took is None else began + timedelta(seconds=took)


def _timed(info: Row) -> Row:
    """Give the duration in milliseconds, as the reader of files knows it."""
    took = _seconds(info.get("execution_duration"))
    return info if took is None else {**info, "execution_duration_ms": took * 1000}


def _seconds(value: Any) -> float | None:
    try:
        return float(str(value).removesuffix("s"))
    except ValueError:
        return None


def _run_of(assessment: Row) -> str | None:
    about = assessment.get("metadata")
    found = about.get(SOURCE_RUN) if isinstance(about, Mapping) else None
    return str(found) if found and "expectation" not in assessment else None
