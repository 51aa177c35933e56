"""Scores as OpenTelemetry's `gen_ai.evaluation.result` events, for any backend of OTLP.

An event is a log record that names the trace, and the span, it is about. Such a backend cannot be
asked what it has: sending again makes events again.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from evalkit.errors import ConfigError, written
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.writing.cells import Said, label, own_version, said
from evalkit.fetchers.writing.contract import Keep
from evalkit.model.kept.replacing import replacing

EVENT = "gen_ai.evaluation.result"
BATCH = 500
TRACE, SPAN = re.compile(r"(?:tr-)?([0-9a-f]{32})"), re.compile(r"[0-9a-f]{16}")
HEADERS = ("OTEL_EXPORTER_OTLP_LOGS_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS")


def send(
    cells: Iterable[Any],
    traces: Mapping[str, str],
    place: str,
    experiment: str,
    *,
    keep: Keep | None = None,
    dry_run: bool = False,
    transport: Any = None,
    environ: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Send the scores to an OTLP/HTTP address, or write them to a file, and count them.

    `traces` names the trace of each run. Headers come from the variables of the SDK.
    """
    every, unknown = said(cells, traces, keep)
    counts: dict[str, Any] = dict.fromkeys(("updated", "left", "stale", "foreign", "taken"), 0)
    counts |= {"experiment": place, "created": len(every), "unknown_runs": sorted(unknown)}
    counts |= {"notes": _notes(every, traces)}
    if dry_run:
        return counts
    documents = [_document(batch, traces, experiment) for batch in _batches(every)]
    if not place.startswith(("http://", "https://")):
        if "://" in place:
            raise ConfigError(f"--otlp {place}: neither http(s):// nor a file.")
        lines = (orjson.dumps(each) + b"\n" for each in documents)
        with written(place):
            replacing(Path(place), lambda file: file.writelines(lines))
        return counts
    base, headers = place.rstrip("/").removesuffix("/v1/logs"), _headers(environ)
    with HttpSource(base, headers, source=f"otlp {base}", transport=transport) as http:
        for each in documents:
            http.request("POST", "/v1/logs", json=each)
    return counts


def record(each: Said, traces: Mapping[str, str], experiment: str, at: int) -> dict[str, Any]:
    """Return the log record of one score."""
    attributes = {
        "gen_ai.evaluation.name": each.key,
        "gen_ai.evaluation.score.value": None if each.score is None else float(each.score),
        "gen_ai.evaluation.score.label": _label(each),
        "gen_ai.evaluation.explanation": each.error or each.comment,
        "error.type": each.error.partition("(")[0] if each.error else None,
        "evalkit.evaluator": each.evaluator,
        "evalkit.experiment": experiment,
        "evalkit.run_id": each.run_id,
    }
    found: dict[str, Any] = {
        "timeUnixNano": str(at),
        "observedTimeUnixNano": str(at),
        "eventName": EVENT,
        "severityNumber": 9,
        "attributes": _pairs(attributes),
    }
    trace = TRACE.fullmatch(traces.get(each.run_id or "", ""))
    if trace:
        found["traceId"] = trace[1]
        if each.step_id and SPAN.fullmatch(each.step_id):
            found["spanId"] = each.step_id
    return found


def _document(batch: list[Said], traces: Mapping[str, str], experiment: str) -> dict[str, Any]:
    at = time.time_ns()
    records = [record(each, traces, experiment, at) for each in batch]
    scope = {"name": "evalkit", "version": own_version()}
    resource = {"attributes": _pairs({"service.name": "evalkit"})}
    return {
        "resourceLogs": [
            {"resource": resource, "scopeLogs": [{"scope": scope, "logRecords": records}]}
        ]
    }


def _label(each: Said) -> str | None:
    if isinstance(each.score, bool) and each.value is None:
        return "pass" if each.score else "fail"
    return label(each.value)


def _pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for key, value in values.items():
        if value is not None:
            kind = "doubleValue" if isinstance(value, float) else "stringValue"
            found.append({"key": key, "value": {kind: value}})
    return found


def _headers(environ: Mapping[str, str] | None) -> dict[str, str]:
    there = os.environ if environ is None else environ
    text = next((there[name] for name in HEADERS if there.get(name)), "")
    pairs = (part.partition("=") for part in text.split(",") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _notes(every: Iterable[Said], traces: Mapping[str, str]) -> list[str]:
    apart = sum(not TRACE.fullmatch(traces.get(each.run_id or "", "")) for each in every)
    return [f"{apart} scores name no trace: their runs were not recorded as one"] if apart else []


def _batches(every: list[Said]) -> Iterator[list[Said]]:
    for at in range(0, len(every), BATCH):
        yield every[at : at + BATCH]
