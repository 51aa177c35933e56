"""Google ADK: `*.evalset_result.json`, a run a case of the eval set; its turns are one run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.harness.cases import Cases, Line, documents, score
from evalkit.fetchers.files.formats.known import Reading
from evalkit.fetchers.files.mapping.convert import moment_or_note
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.fetchers.files.reading.sample import Sample
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import total_usage

PASSED, FAILED, INFORMATIONAL = 1, 2, 4
VERDICTS: dict[Any, bool] = {PASSED: True, FAILED: False, "PASSED": True, "FAILED": False}


def fits(sample: Sample) -> bool:
    """Tell whether a document is a result of an eval set."""
    return sample.has("eval_set_result_id", "eval_case_results")


def read(files: list[SourceFile], reading: Reading) -> Iterator[Item]:
    """Yield a run a case."""
    cases = Cases(reading, "adk")
    for document, where in documents(files, reading):
        if not isinstance(document, Mapping) or "eval_case_results" not in document:
            reading.findings.break_at(where, "not a result of ADK")
            continue
        for number, case in enumerate(document["eval_case_results"]):
            yield _item(cases, document, case, f"{where}: case {number}")


def _item(cases: Cases, result: Line, case: Line, where: str) -> Item:
    turns = [each.get("actual_invocation") or {} for each in _invocations(case)]
    expected = [each.get("expected_invocation") or {} for each in _invocations(case)]
    events = ((case.get("session_details") or {}).get("events")) or []
    errors = [e.get("error_message") or e["error_code"] for e in events if e.get("error_code")]
    seconds = [each["duration"] for each in turns if isinstance(each.get("duration"), int | float)]
    times = [moment_or_note(each.get("creation_timestamp")) for each in turns]
    messages = [e["content"] for e in events if isinstance(e.get("content"), Mapping)]
    return cases.item(
        case, where,
        run_id=case.get("session_id"),
        example_id=str(case.get("eval_id")),
        name=result.get("eval_set_id"),
        inputs={"turns": [_text(each.get("user_content")) for each in turns]},
        outputs={"turns": [_text(each.get("final_response")) for each in turns]},
        error=str(errors[0]) if errors else None,
        started_at=min((time for time in times if time is not None), default=None),
        duration_s=sum(seconds) if len(seconds) == len(turns) and turns else None,
        usage=total_usage(usage_or_note(each.get("usage_metadata")) for each in events),
        steps=list(_steps(events)),
        steps_recorded=bool(events),
        extra={"messages": messages},
        reference={"turns": [_text(each.get("final_response")) for each in expected]},
        scores=list(_scores(case)),
    )  # fmt: skip


def _invocations(case: Line) -> list[Line]:
    return case.get("eval_metric_result_per_invocation") or []


def _scores(case: Line) -> Iterator[Score]:
    yield score("passed", VERDICTS.get(case.get("final_eval_status")))
    for metric in case.get("overall_eval_metric_results") or ():
        yield score(
            str(metric.get("metric_name")), metric.get("score"),
            threshold=metric.get("threshold"),
            informational=True if metric.get("eval_status") == INFORMATIONAL else None,
        )  # fmt: skip


def _steps(events: list[Line]) -> Iterator[Step]:
    """Yield the model calls, and the tools with what they answered."""
    calls: dict[str, dict[str, Any]] = {}
    for number, event in enumerate(events):
        time = moment_or_note(event.get("timestamp"))
        if event.get("usage_metadata"):
            model = event.get("model_version")
            calls[f"model {number}"] = {
                "step_id": str(event.get("id") or f"event-{number}"), "kind": "llm",
                "name": model or str(event.get("author") or "model"),
                "outputs": event.get("content"), "error": event.get("error_message"),
                "usage": usage_or_note(event["usage_metadata"]), "ended_at": time,
                "metadata": {"model": model},
            }  # fmt: skip
        for part in (event.get("content") or {}).get("parts") or ():
            if called := part.get("function_call"):
                call_id = str(called.get("id") or f"call-{number}-{called.get('name')}")
                calls[call_id] = {
                    "step_id": call_id, "kind": "tool", "name": str(called.get("name")),
                    "inputs": called.get("args"), "started_at": time,
                    "metadata": {"tool_call_id": call_id},
                }  # fmt: skip
            if (answered := part.get("function_response")) and str(answered.get("id")) in calls:
                calls[str(answered["id"])] |= {
                    "outputs": answered.get("response"),
                    "ended_at": time,
                }
    yield from (Step(**each) for each in calls.values())


def _text(content: Any) -> str | None:
    parts = content.get("parts") if isinstance(content, Mapping) else None
    texts = [part["text"] for part in parts or () if part.get("text") and not part.get("thought")]
    return "\n".join(texts) if texts else None
