"""What Phoenix keeps of a run or a trace becomes a run; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from evalkit.errors import RecordError
from evalkit.fetchers.files.formats.otlp.forms.raw import RawSpan
from evalkit.fetchers.files.formats.otlp.runs import to_run
from evalkit.fetchers.files.formats.stores.experiment import SOURCE, usage_stated
from evalkit.fetchers.files.formats.stores.phoenix import to_raw
from evalkit.fetchers.files.mapping.convert import to_moment, to_number
from evalkit.fetchers.files.mapping.scores import feedback_of, read_score
from evalkit.fetchers.unforeseen import UNFORESEEN
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.model.score import Feedback, Score

MARK = "evalkit"
"""Identifier of what evalkit wrote, and a key in its metadata."""
COSTS = (("llm.cost.prompt", "prompt"), ("llm.cost.completion", "completion"),
         ("llm.cost.total", "total"))  # fmt: skip
Row = Mapping[str, Any]


class Traced(NamedTuple):
    """A trace as it was pulled."""

    trace_id: str
    spans: Sequence[Row]
    costs: Mapping[str, Row]
    """By span, what the server computed."""
    annotations: Sequence[Row] = ()
    """Of the trace and of its spans, which name theirs with `span_id`."""


def is_ours(annotation: Row) -> bool:
    """Tell whether evalkit wrote an annotation."""
    if annotation.get("identifier") == MARK:
        return True
    about = annotation.get("metadata")
    return isinstance(about, Mapping) and MARK in about


def trace_to_run(
    trace: Traced, repetitions: Counter[str], url: str | None = None
) -> tuple[Run, Example | None, int]:
    """Return the run of a trace, its example, and the spans whose parent is missing.

    Raises `RecordError` for spans that are not as Phoenix has them.
    """
    try:
        raws = [_priced(to_raw(span), trace.costs) for span in trace.spans]
        run, example, orphans = to_run(trace.trace_id, raws, repetitions)
    except UNFORESEEN as error:
        raise RecordError(
            f"trace {trace.trace_id}: a span is not as Phoenix has it ({error!r:.200})."
        ) from None
    feedback = (*run.feedback, *recorded(run, trace.annotations, _root(raws)))
    return with_values(run, feedback=feedback, url=url), example, orphans


def experiment_to_run(
    row: Row, run_id: str, trace: Traced | None, url: str | None = None
) -> tuple[Run, None, int]:
    """Return a run of an experiment with the spans of its trace as steps, and the orphans.

    Its example is in the dataset.
    """
    try:
        return _experiment_to_run(row, run_id, trace, url)
    except UNFORESEEN as error:
        raise RecordError(f"run {run_id}: not as Phoenix has it ({error!r:.200}).") from None


def _experiment_to_run(
    row: Row, run_id: str, trace: Traced | None, url: str | None
) -> tuple[Run, None, int]:
    example_id, repetition = str(row["example_id"]), int(row["repetition_number"])
    error, latency = row.get("error"), to_number(row.get("latency_ms"))
    known: Any = {"run_id": run_id, "example_id": example_id, "repetition": repetition}
    run, orphans = Run(run_id=run_id, steps_recorded=False, usage=usage_stated(row)), 0
    noted: tuple[Feedback, ...] = ()
    if trace is not None and trace.spans:
        run, _, orphans = trace_to_run(trace._replace(annotations=()), Counter())
        run = with_values(run, usage=run.usage or usage_stated(row), **known)
        noted = recorded(run, trace.annotations, _root([to_raw(each) for each in trace.spans]))
    mine = feedback_of(scores_of(row.get("annotations") or ()), SOURCE, **known)
    run = with_values(
        run,
        **known,
        inputs=row.get("input"),
        outputs=row.get("output"),
        error=str(error) if error else None,
        status="error" if error else "success",
        started_at=to_moment(row.get("start_time")),
        ended_at=to_moment(row.get("end_time")),
        duration_s=None if latency is None else latency / 1000,
        metadata={**(run.metadata or {}), **({"trace_id": row["trace_id"]} if row.get("trace_id")
                  else {})},
        feedback=(*mine, *noted),
        url=url,
    )  # fmt: skip
    return run, None, orphans


def to_example(raw: Row, splits: Sequence[str] = ()) -> Example:
    """Return an example of a dataset; its `output` is the reference."""
    return Example(
        example_id=str(raw["id"]),
        inputs=raw.get("input"),
        reference_outputs=raw.get("output"),
        metadata=raw.get("metadata") or {},
        split=tuple(splits) or None,
    )


def recorded(run: Run, annotations: Iterable[Row], root: str | None) -> tuple[Feedback, ...]:
    """Return annotations as scores that somebody recorded; one of the root span is the run's."""
    return feedback_of(
        scores_of(annotations, {step.step_id for step in run.steps if step.step_id != root}),
        SOURCE,
        run_id=run.run_id,
        example_id=run.example_id,
        repetition=run.repetition,
    )


def scores_of(annotations: Iterable[Row], steps: Collection[str | None] = ()) -> Iterator[Score]:
    """Yield the scores of annotations that evalkit did not write, with who gave them."""
    for each in annotations:
        if is_ours(each):
            continue
        result = each.get("result")
        said = {**each, **(result if isinstance(result, Mapping) else {})}
        step = each.get("span_id")
        named = ("annotator_kind", "identifier", "user_id")
        about = {name: each[name] for name in named if each.get(name)}
        for score in read_score(str(each.get("name")), said):
            yield replace(
                score,
                step_id=str(step) if step in steps else None,
                metadata={**score.metadata, **about},
            )


def with_values(run: Run, **values: Any) -> Run:
    """Return the run with other values."""
    return Run(**{name: getattr(run, name) for name in RUN_FIELDS} | values)


def _priced(raw: RawSpan, costs: Mapping[str, Row]) -> RawSpan:
    """Put what the server computed where tracers put costs, unless the tracer said its own."""
    said = costs.get(raw.id)
    if not said or any(name.startswith("llm.cost.") for name in raw.attributes):
        return raw
    found = {
        name: cost
        for name, part in COSTS
        if (cost := (said.get(part) or {}).get("cost")) is not None
    }
    return raw._replace(attributes={**raw.attributes, **found})


def _root(raws: Iterable[RawSpan]) -> str | None:
    return next((raw.id for raw in raws if raw.parent_id is None), None)
