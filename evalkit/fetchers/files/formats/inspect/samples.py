"""One sample of an Inspect log becomes a run; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from evalkit.fetchers.files.formats.inspect.pools import pooled
from evalkit.fetchers.files.mapping.build import Built
from evalkit.fetchers.files.mapping.convert import duration_or_note, moment_or_note, to_error
from evalkit.fetchers.files.mapping.messages import chat_steps
from evalkit.fetchers.files.mapping.scores import feedback_of
from evalkit.model.accounting.reader import usage_or_note
from evalkit.model.accounting.rollup import settled
from evalkit.model.example import Example
from evalkit.model.messages.message import text_of
from evalkit.model.run import Run
from evalkit.model.scales.said import number_of
from evalkit.model.score import Score
from evalkit.model.step import Step
from evalkit.model.usage import Usage, total_usage

SOURCE = "inspect"
MEANS = frozenset({"accuracy", "mean"})
"""Metrics for which Inspect makes every value a number (`value_to_float`)."""
TIMES = frozenset({"time", "working"})
ATTACHED = "attachment://"
Payload = Mapping[str, Any]


def to_run(sample: Payload, header: Payload) -> Built:
    """Return the run and the example of a sample; `header` is the log without its samples."""
    about = header.get("eval") or {}
    sample = _resolved(sample, sample.get("attachments") or {})
    counted = _counted(header)
    example_id, epoch = str(sample["id"]), int(sample.get("epoch") or 1)
    run_id = str(sample.get("uuid") or f"{about.get('run_id')}-{example_id}-{epoch}")
    messages, output = sample.get("messages") or [], sample.get("output") or {}
    events = sample.get("events") or (sample.get("transcript") or {}).get("events") or []
    events = pooled(events, sample.get("events_data"))
    steps = list(_steps(events)) or chat_steps(messages)
    error, limit = to_error(sample.get("error")), sample.get("limit") or {}
    steps, usage = settled(steps, _stated(sample))
    reference = {"target": sample.get("target")}
    run = Run(
        run_id=run_id,
        name=about.get("task"),
        example_id=example_id,
        repetition=epoch - 1,
        inputs={"input": sample.get("input")},
        outputs={"completion": _completion(output)},
        error=error,
        status=_status(error, limit),
        steps=steps,
        started_at=_first_time(sample, events),
        duration_s=duration_or_note(sample.get("total_time")),
        usage=usage,
        metadata={
            "model": about.get("model"),
            **(sample.get("metadata") or {}),
            **_told(sample),
        },
        feedback=feedback_of(
            _scores(sample, counted),
            SOURCE,
            run_id=run_id,
            example_id=example_id,
            repetition=epoch - 1,
        ),
        extra={"messages": messages, **({"limit": limit} if limit else {})},
    )
    example = Example(
        example_id=example_id, inputs={"input": sample.get("input")}, reference_outputs=reference
    )
    return Built(run, example)


def _status(error: str | None, limit: Payload) -> str:
    """Return the status: a limit of time is a timeout, an operator's a stop, others are scored."""
    if error:
        return "error"
    kind = limit.get("type")
    return "timeout" if kind in TIMES else "interrupted" if kind == "operator" else "success"


def _told(sample: Payload) -> dict[str, Any]:
    """Return what else a sample says of itself that people may want to slice by."""
    retries = sample.get("error_retries") or []
    found = {
        "limit": (sample.get("limit") or {}).get("type"),
        "retries": len(retries) or None,
        "invalidation": sample.get("invalidation"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _counted(header: Payload) -> frozenset[str]:
    """Return the scores of which the log computed a mean: there every word was a number."""
    results = (header.get("results") or {}).get("scores") or []
    return frozenset(
        str(each.get(name))
        for each in results
        if MEANS & set(each.get("metrics") or ())
        for name in ("name", "scorer")
    )


def _stated(sample: Payload) -> Usage | None:
    """Return what the sample says its models took."""
    models = (sample.get("model_usage") or {}).values()
    return total_usage(usage_or_note(each) for each in models)


def _completion(output: Payload) -> str | None:
    """Return the text of the first choice, as Inspect's `output.completion`."""
    choices = output.get("choices") or []
    return text_of(choices[0]["message"].get("content")) if choices else output.get("completion")


def _scores(sample: Payload, counted: frozenset[str]) -> Iterator[Score]:
    scores = sample.get("scores") or {}
    if not scores and isinstance(sample.get("score"), Mapping):
        scores = {"score": sample["score"]}
    for name, given in scores.items():
        value = given.get("value")
        if isinstance(value, Mapping):
            for part, each in value.items():
                yield _score(f"{name}/{part}", each, given, str(part) in counted)
        else:
            yield _score(name, value, given, name in counted)


def _score(key: str, value: Any, given: Payload, counted: bool) -> Score:
    """Return a score; where the log has a mean of it, a word nobody knows is 0, as it is there."""
    number = number_of(value, letters=True) if isinstance(value, str) else value
    if counted and isinstance(value, str):
        number = float(number or 0.0)
    if not isinstance(number, bool | int | float):
        number = None
    return Score(
        key=key,
        score=number,
        value=value if number is None or isinstance(value, str) else None,
        comment=given.get("explanation"),
        metadata={n: given[n] for n in ("answer", "history") if given.get(n)},
    )


def _first_time(sample: Payload, events: list[Payload]) -> Any:
    stated = sample.get("started_at") or (events[0].get("timestamp") if events else None)
    return moment_or_note(stated)


def _steps(events: list[Payload]) -> Iterator[Step]:
    """Yield the model and tool calls of a transcript, in order."""
    for number, event in enumerate(events):
        kind = event.get("event")
        if kind == "model":
            yield _model_step(event, number)
        elif kind == "tool":
            yield _tool_step(event, number)


def _model_step(event: Payload, number: int) -> Step:
    output = event.get("output") or {}
    said = [choice["message"] for choice in output.get("choices") or [] if "message" in choice]
    return Step(
        step_id=str(event.get("uuid") or number),
        kind="llm",
        name=str(event.get("model") or "model"),
        inputs={"messages": event.get("input")},
        outputs={"messages": said},
        error=to_error(event.get("error") or output.get("error")),
        started_at=moment_or_note(event.get("timestamp")),
        ended_at=moment_or_note(event.get("completed")),
        usage=usage_or_note(output.get("usage")),
        metadata={"model": output.get("model") or event.get("model")},
    )


def _tool_step(event: Payload, number: int) -> Step:
    return Step(
        step_id=str(event.get("uuid") or number),
        kind="tool",
        name=str(event.get("function") or "tool"),
        inputs=event.get("arguments"),
        outputs=event.get("result"),
        error=to_error(event.get("error")),
        started_at=moment_or_note(event.get("timestamp")),
        ended_at=moment_or_note(event.get("completed")),
        metadata={"tool_call_id": event.get("id")},
    )


def _resolved(value: Any, attachments: Payload) -> Any:
    """Put long texts back where the log refers to them."""
    if not attachments:
        return value
    if isinstance(value, str):
        return attachments.get(value[len(ATTACHED) :], value) if ATTACHED in value[:13] else value
    if isinstance(value, dict):
        return {
            name: item if name == "attachments" else _resolved(item, attachments)
            for name, item in value.items()
        }
    return [_resolved(item, attachments) for item in value] if isinstance(value, list) else value
