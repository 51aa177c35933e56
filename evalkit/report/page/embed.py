"""Embed: the runs of a report, packed for the page: columns, and traces within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from evalkit.model.example import Example
from evalkit.model.outcome import CUT_SHORT, OUTCOMES, SETS, SUCCEEDED, places_of
from evalkit.model.run import Run
from evalkit.model.score import CELL_OUTCOMES
from evalkit.report.runs import detail, fields, preview
from evalkit.report.runs.columns import NO_ERROR, Rows, ScoreColumn
from evalkit.report.runs.feedback import Cells
from evalkit.report.runs.pack import Core
from evalkit.report.runs.traces import MEMBER_RUNS, MEMBER_TEXTS, NOT_KEPT, Kept, TraceWriter
from evalkit.report.sections.view import Content
from evalkit.report.sharing.share import Cleaner

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate

FIRST, FAILING, SLOW, REST = 0, 1, 2, 3
SHARES = 8
"""The rest is dealt to this many piles by a hash of the id, so that a random part of it is kept."""
SLOWEST = 0.01


@dataclass(slots=True)
class Previews:
    """The first characters of inputs (by example) and outputs (by run)."""

    inputs: list[str]
    outputs: list[str]


def pack_traces(
    content: Content, writer: TraceWriter, clean: Cleaner, budget: int | None, keep: bool
) -> Previews:
    """Send every run's trace to `writer`, unless `keep` is false; return the previews."""
    rows = content.source.rows or Rows()
    previews = Previews([""] * len(rows.example_ids), [""] * len(rows))
    order = priorities(content) if keep else []
    place = {
        (x, run_id): row
        for row, (x, run_id) in enumerate(zip(rows.experiments, rows.run_ids, strict=True))
    }
    for number, results in enumerate(content.results):
        examples = results.examples()
        for run, cells in Cells(results, content.source.summaries[number]).of(results.runs()):
            row = place[number, run.run_id]
            example = examples.get(run.example_id or "")
            outputs = None
            if keep and not (budget is not None and writer.spent(order[row]) > budget):
                document = clean.tree(detail.of_run(run, example, cells))
                writer.add(row, document, order[row])
                outputs = document.get("outputs")
            _preview(previews, rows, row, run, example, clean, outputs)
    writer.finish()
    return previews


def _preview(
    previews: Previews,
    rows: Rows,
    row: int,
    run: Run,
    example: Example | None,
    clean: Cleaner,
    outputs: Any,
) -> None:
    """Note how a run begins; `outputs` are its cleaned ones, where they are known already."""
    place = rows.examples[row]
    if not previews.inputs[place]:
        asked = example.inputs if example is not None and example.inputs is not None else run.inputs
        previews.inputs[place] = clean.text(preview.of_inputs(clean.tree(asked)))
    if outputs is None:
        outputs = clean.tree(run.outputs)
    previews.outputs[row] = clean.text(preview.of_outputs(outputs))


def priorities(content: Content) -> list[int]:
    """Return which traces go first: what went wrong, what fails, the slowest, a random rest."""
    rows = content.source.rows or Rows()
    good = places_of(SUCCEEDED)
    error = CELL_OUTCOMES.index("evaluator_error")
    fell = {e for c in content.source.candidates for e in _fallen(rows, c)}
    failing = rows.failing
    latencies = sorted((v for v in rows.numbers["latency"] if v is not None), reverse=True)
    slow = latencies[int(len(latencies) * SLOWEST)] if latencies else None
    out = []
    for row in range(len(rows)):
        broken = any(column.outcomes[row] == error for column in rows.scores)
        if broken or rows.outcomes[row] not in good or rows.examples[row] in fell:
            out.append(FIRST)
        elif failing[row]:
            out.append(FAILING)
        elif slow is not None and (rows.numbers["latency"][row] or 0) >= slow:
            out.append(SLOW)
        else:
            pile = blake2b(rows.run_ids[row].encode("utf-8", "replace"), digest_size=1).digest()[0]
            out.append(REST + pile % SHARES)
    return out


def _fallen(rows: Rows, candidate: Candidate) -> list[int]:
    place = {example: i for i, example in enumerate(rows.example_ids)}
    return [place[c.example_id] for c in candidate.regressions if c.example_id in place]


def core_of(content: Content, previews: Previews, kept: Kept, clean: Cleaner) -> Core:
    """Return the columns of the page's tables, filters and charts."""
    rows = content.source.rows or Rows()
    core = Core()
    core.codes("exp", rows.experiments)
    core.codes("ex", rows.examples)
    core.codes("outcome", rows.outcomes)
    core.codes("err", [min(code, NO_ERROR) for code in rows.errors])
    for name, values in rows.numbers.items():
        core.numbers(name, values)
    for name, words in rows.texts.items():
        core.texts(f"t.{name}", [clean.text(word or "") for word in words])
    core.numbers("low", rows.failing)
    for i, column in enumerate(rows.scores):
        core.numbers(f"s{i}", column.values)
        core.codes(f"o{i}", column.outcomes)
        if column.summary.scope == "step":
            core.codes(f"w{i}", column.counts)
    for i, facet in enumerate(content.source.facets):
        core.codes(f"f{i}", facet.codes)
    core.codes("where", [kept.where.get(row, NOT_KEPT) for row in range(len(rows))])
    core.texts("id", [clean.ident(run_id) for run_id in rows.run_ids])
    core.texts("out", previews.outputs)
    core.texts("ex.id", [clean.ident(example) for example in rows.example_ids])
    core.texts("ex.input", previews.inputs)
    return core


def header(content: Content, kept: Kept, clean: Cleaner) -> dict[str, Any]:
    """Return the header of the core: names, meanings, and where the traces are."""
    rows, view = content.source.rows or Rows(), content.view
    changed = {c.experiment: c.pairing.changed for c in content.source.candidates}
    names = [column.name for column in rows.scores]
    return {
        "v": 1,
        "title": clean.text(view.title),
        "experiments": [
            {
                "name": clean.text(part.name),
                "role": part.role,
                "runs": part.runs,
                "changed": [clean.ident(e) for e in changed.get(part.name, [])],
            }
            for part in view.experiments
        ],
        "baseline": 0,
        "candidate": len(view.experiments) - 1,
        "outcomes": list(OUTCOMES),
        "outcomeSets": {**SETS, "cut": CUT_SHORT},
        "fields": fields.described(),
        "cellOutcomes": list(CELL_OUTCOMES),
        "evaluators": [_evaluator(column, clean) for column in rows.scores],
        "primary": names.index(view.primary) if view.primary in names else -1,
        "facets": [
            {"name": clean.text(f.name), "values": [clean.text(v) for v in f.values]}
            for f in content.source.facets
        ],
        "errors": [clean.text(text) for text in rows.error_names],
        "memberRuns": MEMBER_RUNS,
        "memberTexts": MEMBER_TEXTS,
        "kept": len(kept.where),
    }


def _whole(column: ScoreColumn) -> bool:
    """Return whether the score counts something: whole numbers beyond 0 and 1."""
    known = {v for v in column.values if v is not None}
    return bool(known - {0.0, 1.0}) and all(v == int(v) for v in known)


def _evaluator(column: ScoreColumn, clean: Cleaner) -> dict[str, Any]:
    score = column.summary
    reach = score.range or ((0.0, 1.0) if column.type == "bool" else None)
    if reach is None and column.type == "number":
        known = [v for v in column.values if v is not None]
        if known and min(known) >= 0 and max(known) <= 1:
            reach = (0.0, 1.0)
    return {
        "key": column.name,
        "evaluator": score.evaluator,
        "scope": score.scope,
        "kind": score.kind,
        "type": column.type,
        "direction": score.direction,
        "range": reach,
        "low": column.low,
        "whole": _whole(column),
        "values": [clean.text(word) for word in column.categories],
        "doc": clean.text(score.doc),
        "uncalibrated": score.uncalibrated,
    }
