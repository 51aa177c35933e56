"""One run as text: how it ended, what went in and out, its steps as a tree, its scores."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from evalkit.cli.text.columns import aligned, clean
from evalkit.cli.text.places import place_of
from evalkit.model.run import Run
from evalkit.model.schema.written import run_to_record
from evalkit.model.score import Feedback
from evalkit.model.step import Step

WIDTH = 110
LONGEST = 2000
"""Characters shown of one payload; `--json` prints all of it."""


def run_text(run: Run, feedback: Iterable[Feedback]) -> str:
    """Return everything people ask of one run, payloads cut at `LONGEST` characters."""
    parts = [
        aligned(_head(run)),
        _payload("inputs", run.inputs),
        _payload("outputs", run.outputs),
        _payload("error", run.error),
        _block("steps", "\n".join(_steps(run)) or _no_steps(run)),
        _block("scores", aligned(_scores(feedback)) or "none"),
    ]
    return "\n\n".join(part for part in parts if part)


def run_document(run: Run, feedback: Iterable[Feedback]) -> dict[str, Any]:
    """Return the run as evalkit's own records have it, with its scores."""
    return {**run_to_record(run), "scores": [asdict(each) for each in feedback]}


def _head(run: Run) -> Iterator[tuple[str, str]]:
    yield "run", run.run_id
    yield "outcome", f"{run.outcome} (status {run.status})"
    facts = {
        "example": run.example_id,
        "repetition": run.repetition,
        "started": run.started_at,
        "latency": seconds(run.latency),
        "first token": seconds(run.time_to_first_token),
        "tokens": run.usage.total_tokens if run.usage else None,
        "cost": f"{run.usage.total_cost:.6g}" if run.usage and run.usage.total_cost else None,
        "tags": ", ".join(run.tags) or None,
        "url": run.url,
    }
    for name, value in facts.items():
        if value is not None:
            yield name, str(value)


def seconds(value: float | None) -> str | None:
    """Return a duration as people read it; None stays None."""
    if value is None:
        return None
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.2f} s"


def short(value: Any, width: int) -> str:
    """Return a value as one line of at most `width` characters; a table of one key as its value."""
    if isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = clean(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def _payload(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    if len(value) > LONGEST:
        value = f"{value[:LONGEST]}\n… {len(value) - LONGEST:,} more characters"
    return _block(name, "\n".join(clean(line) for line in value.split("\n")))


def _block(name: str, text: str) -> str:
    return f"{name}\n{textwrap.indent(text, '  ')}"


def _no_steps(run: Run) -> str:
    return "none" if run.steps_recorded else "not recorded by the source"


def _steps(run: Run) -> Iterator[str]:
    for step in run.steps:
        took = seconds(step.latency) or "-"
        line = f"{'  ' * step.depth}{step.kind} {step.name}  {took}"
        yield short(f"{line}  {_said(step)}".rstrip(), WIDTH)


def _said(step: Step) -> str:
    if step.error:
        return f"ERROR {step.error}"
    return "" if step.outputs is None else f"-> {short(step.outputs, 60)}"


def _scores(feedback: Iterable[Feedback]) -> list[tuple[str, str, str]]:
    """Return a row for each score; steps an evaluator does not apply to are counted in one."""
    rows, silent = [], Counter[str]()
    for each in feedback:
        if each.step_id is not None and each.outcome == "not_applicable":
            silent[each.key] += 1
        else:
            rows.append(score_row(each))
    return [*rows, *((key, "not applicable", f"{n} steps") for key, n in silent.items())]


def score_row(each: Feedback) -> tuple[str, str, str]:
    """Return key, what was said, and why."""
    said = each.score if each.score is not None else each.value
    if each.outcome != "scored":
        said = each.outcome.replace("_", " ")
    elif isinstance(said, float):
        said = f"{said:.4g}"
    why = each.comment or ""
    if each.outcome == "evaluator_error":
        place = place_of(each.traceback)
        why = f"{place + ' ' if place else ''}{each.error_type}: {each.error_message}"
    return each.key, short(said, 40), short(why, 90)
