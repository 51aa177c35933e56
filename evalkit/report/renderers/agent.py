"""Agent: figures and runs for a coding agent: what came of it, what is missing, where to look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.model.example import Example
from evalkit.model.outcome import succeeded
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.report.renderers.bounded import Line, cut
from evalkit.report.runs import preview
from evalkit.report.runs.columns import Rows
from evalkit.report.runs.feedback import Cell, Cells
from evalkit.report.sections.view import Content
from evalkit.report.values.parts import MetricPart

WORST = 5
REASONS = 2
SHORT = 80
STEPS = 12
LONG_ID = 200
"""Characters of a run's id."""
Looked = tuple[int, str, str]
"""Place of an experiment, a run of it, and why it is looked at."""


def figure_lines(content: Content) -> Iterator[Line]:
    """Yield what figures say: the answer, rules, what is missing, figures, the worst runs."""
    view = content.view
    names = [part.name for part in view.experiments]
    verdict = cut("".join(span.text for span in view.verdict), 400)
    yield Line(
        0, {"what": [cut(n, SHORT) for n in names], "over": cut(view.over, 120), "says": verdict}
    )
    for rule in view.first.rules:
        said = {"rule": cut(rule.rule), "holds": rule.passed, "seen": cut(rule.seen)}
        if rule.note:
            said["note"] = cut(rule.note)
        yield Line(1 if rule.passed is not True else 4, said, "rules")
    for number, part in enumerate(view.first.missing):
        yield Line(
            2 if number < 6 else 6, {"missing": cut(f"{part.word} {part.text}", 120)}, "missing"
        )
    for group in view.groups:
        for row in group.rows:
            sure = any(c is not None and c.reading in ("better", "worse") for c in row.changes)
            rank = 1 if row.primary else 4 if sure else 5
            yield Line(rank, _figure(row, names), "figures")
    for number, looked in enumerate(worst(content)):
        yield Line(3 if number < 2 else 5, {"worst": _worst(content, looked)}, "runs")


def _figure(row: MetricPart, names: Sequence[str]) -> dict[str, Any]:
    """Return a metric: its level and n in each experiment, and how it changed."""
    said: dict[str, Any] = {"figure": cut(row.label, SHORT)}
    for name, figure in zip(names, row.figures, strict=True):
        interval = f", 95% {figure.interval}" if figure.interval and not any(row.changes) else ""
        said[cut(name, SHORT)] = f"{figure.text} (n {figure.n}{interval})"
    for name, change in zip(names[1:], row.changes, strict=False):
        if change is not None:
            key = f"{cut(name, SHORT)} changed" if len(names) > 2 else "changed"
            interval = f"95% {change.interval}" if change.interval else "no interval"
            said[key] = f"{change.text} ({interval}, {change.pairs} pairs): {change.verdict}"
    return said


def worst(content: Content) -> list[Looked]:
    """Return the runs to look at first: what got worse, else fails, else did not succeed."""
    rows, view = content.source.rows or Rows(), content.view
    place = dict(zip(rows.run_ids, rows.experiments, strict=True))
    looked = {c.run_id: c.why for c in view.cases if c.run_id in place}
    last = len(view.experiments) - 1
    failing = rows.failing
    order = sorted((r for r in range(len(rows)) if failing[r]), key=lambda r: (-failing[r], r))
    for row in [r for r in order if rows.experiments[r] == last][:WORST]:
        looked.setdefault(rows.run_ids[row], f"{failing[row]} scores fail")
    for row, code in enumerate(rows.errors):
        if len(looked) >= WORST:
            break
        if rows.experiments[row] == last and code < len(rows.error_names):
            looked.setdefault(rows.run_ids[row], rows.error_names[code])
    return [(place[run_id], run_id, why) for run_id, why in list(looked.items())[:WORST]]


def _worst(content: Content, looked: Looked) -> dict[str, Any]:
    at, run_id, why = looked
    results = content.results[at]
    run = results.run(run_id)
    example = results.examples().get(run.example_id or "")
    said = {"experiment": cut(results.experiment, SHORT), "run": run_id[:LONG_ID]}
    said |= {"example": cut(run.example_id or "", SHORT), "why": cut(why)}
    said |= _content(run, example)
    cells = next(Cells(results, content.source.summaries[at]).of([run_id]))
    reasons = [_reason(cell) for cell in cells if _fails(cell)]
    return said | ({"reasons": reasons[:REASONS]} if reasons else {})


def _content(run: Run, example: Example | None) -> dict[str, Any]:
    """Return how a run's question and answer begin, and what was expected."""
    said: dict[str, Any] = {"asked": preview.of_inputs(preview.input_of(run, example), 90)}
    said["answered"] = preview.of_outputs(run.outputs, 90)
    if example is not None and example.reference_outputs is not None:
        said["expected"] = preview.of_outputs(example.reference_outputs, 90)
    if not succeeded(run.outcome):
        said["ended"] = run.outcome
    if run.error:
        said["error"] = cut(run.error)
    return {name: value for name, value in said.items() if value}


def _fails(cell: Cell) -> bool:
    """Tell whether a cell has something to say of what went wrong."""
    if cell["outcome"] == "evaluator_error":
        return True
    return bool(cell["outcome"] == "scored" and cell["score"] != 1)


def _reason(cell: Cell) -> dict[str, Any]:
    """Return what an evaluator said of a run, and why."""
    said: dict[str, Any] = {"score": cut(cell["name"], SHORT)}
    if cell["outcome"] != "scored":
        error = f"{cell['error_type'] or ''}: {cell['error_message'] or ''}"
        return said | {"failed": cut(error if cell["error_type"] else cell["outcome"], 90)}
    value = cell["score"] if cell["score"] is not None else cell["value"]
    if cell["score_type"] == "bool" and cell["score"] is not None:
        value = bool(cell["score"])
    said["says"] = value if isinstance(value, bool | float | int) else cut(value, SHORT)
    return said | ({"why": cut(cell["comment"], 90)} if cell["comment"] else {})


def run_lines(content_of: Results, run: Run, cells: Sequence[Cell]) -> Iterator[Line]:
    """Yield what is known of one run: how it ended, what it said, its scores, its steps."""
    example = content_of.examples().get(run.example_id or "")
    head: dict[str, Any] = {"run": run.run_id[:LONG_ID], "outcome": run.outcome}
    facts: Mapping[str, Any] = {
        "example": run.example_id and cut(run.example_id, SHORT),
        "repetition": run.repetition,
        "seconds": run.latency,
        "tokens": run.usage.total_tokens if run.usage else None,
        "cost": run.usage.total_cost if run.usage else None,
    }
    head |= {name: value for name, value in facts.items() if value is not None}
    yield Line(0, head | {"steps": len(run.steps) if run.steps_recorded else "not recorded"})
    yield Line(1, _content(run, example))
    shown = 0
    for cell in (cell for cell in cells if cell["step_id"] is None):
        shown += _fails(cell)
        rank = 1 if cell["outcome"] == "evaluator_error" else 2 if shown <= STEPS else 5
        yield Line(rank if _fails(cell) else 4, _reason(cell), "scores")
    for cell in cells:
        if cell["step_id"] is not None and cell["outcome"] != "not_applicable" and _fails(cell):
            yield Line(3, {"step": cut(cell["step_id"], SHORT), **_reason(cell)}, "scores")
    for number, step in enumerate(run.steps):
        said: dict[str, Any] = {"step": cut(step.step_id, SHORT), "kind": step.kind}
        said["name"] = cut(step.name or "", SHORT)
        more: dict[str, Any] = {"seconds": step.latency, "error": step.error and cut(step.error)}
        said |= {name: value for name, value in more.items() if value is not None}
        answer = preview.of_outputs(step.outputs, SHORT)
        said |= {"gave": answer} if answer and not step.error else {}
        yield Line(2 if step.error else 3 if number < STEPS else 5, said, "steps")
