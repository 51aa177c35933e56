"""Embed: the runs of a report, packed for the page: columns, and traces within a budget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

from evalkit.model.example import Example
from evalkit.model.outcome import CUT_SHORT, OUTCOMES, SETS, SUCCEEDED, places_of
from evalkit.model.run import Run
from evalkit.model.score import CELL_OUTCOMES
from evalkit.report.runs import detail, fields, preview
from evalkit.report.runs.bodies import Bodies, Body
from evalkit.report.runs.columns import NO_ERROR, Rows, ScoreColumn
from evalkit.report.runs.feedback import Cell, Cells
from evalkit.report.runs.pack import Core
from evalkit.report.runs.traces import MEMBER_RUNS, MEMBER_TEXTS, NOT_KEPT, Kept
from evalkit.report.sections.view import Content
from evalkit.report.sharing.share import Cleaner

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate

FIRST, FAILING, SLOW, REST = 0, 1, 2, 3
SHARES = 8
"""The rest is dealt to this many piles by a hash of the id, so that a random part of it is kept."""
SLOWEST = 0.01


class Takes(Protocol):
    """Takes the traces of runs, as `TraceWriter` does."""

    def add(self, row: int, run: Any, priority: int = 0) -> None:
        """Take the document of the run in `row`."""

    def add_written(self, row: int, data: bytes, priority: int = 0) -> None:
        """Take a document that is JSON already."""

    def spent(self, priority: int) -> int:
        """Return the bytes that what was taken needs, up to a priority."""

    def finish(self) -> None:
        """Hear that all came."""


@dataclass(slots=True)
class Previews:
    """The first characters of inputs (by example) and outputs (by run)."""

    inputs: list[str]
    outputs: list[str]


def pack_traces(
    content: Content,
    writer: Takes,
    clean: Cleaner,
    budget: int | None,
    keep: bool,
    stamp: str = "",
) -> Previews:
    """Send every run's trace to `writer`, unless `keep` is false; return the previews.

    With `stamp`, which tells this evalkit from others, what was written of a run for an earlier
    page is taken from there; where something is taken out, each run is written anew.
    """
    rows = content.source.rows or Rows()
    packing = _Packing(rows, writer, clean, priorities(content) if keep else [], budget)
    place = {
        (x, run_id): row
        for row, (x, run_id) in enumerate(zip(rows.experiments, rows.run_ids, strict=True))
    }
    for number, results in enumerate(content.results):
        examples = results.examples()
        found = Cells(results, content.source.summaries[number]).of(results.runs())
        with Bodies(results, stamp if keep and clean.plain else "") as bodies:
            for at, (run, cells) in enumerate(found):
                row, example = place[number, run.run_id], examples.get(run.example_id or "")
                if not packing.wants(row):
                    packing.preview(row, run, example)
                elif clean.plain:
                    packing.add(row, bodies.of(at, run, example), cells)
                else:
                    packing.add_cleaned(row, run, example, cells)
    writer.finish()
    return packing.previews


class _Packing:
    """Sends traces to a writer, and notes how runs begin."""

    def __init__(
        self,
        rows: Rows,
        writer: Takes,
        clean: Cleaner,
        order: Sequence[int],
        budget: int | None,
    ) -> None:
        self._rows, self._writer, self._clean = rows, writer, clean
        self._order, self._budget = order, budget
        self.previews = Previews([""] * len(rows.example_ids), [""] * len(rows))

    def wants(self, row: int) -> bool:
        """Return whether the trace of a run may still find room."""
        if not self._order:
            return False
        return self._budget is None or self._writer.spent(self._order[row]) <= self._budget

    def add(self, row: int, body: Body, cells: Sequence[Cell]) -> None:
        """Add a run as it is."""
        self._writer.add_written(row, body.document(cells), self._order[row])
        self._note(row, body.asked, body.answered)

    def add_cleaned(
        self, row: int, run: Run, example: Example | None, cells: Sequence[Cell]
    ) -> None:
        """Add a run without what may not leave."""
        document = self._clean.tree(detail.of_run(run, example, cells))
        self._writer.add(row, document, self._order[row])
        self.preview(row, run, example, document.get("outputs"))

    def preview(self, row: int, run: Run, example: Example | None, outputs: Any = None) -> None:
        """Note how a run begins; `outputs` are its cleaned ones, where they are known already."""
        clean, asked = self._clean, ""
        if not self.previews.inputs[self._rows.examples[row]]:
            asked = clean.text(preview.of_inputs(clean.tree(preview.input_of(run, example))))
        if outputs is None:
            outputs = clean.tree(run.outputs)
        self._note(row, asked, clean.text(preview.of_outputs(outputs)))

    def _note(self, row: int, asked: str, answered: str) -> None:
        place, known = self._rows.examples[row], self.previews.inputs
        known[place] = known[place] or asked
        self.previews.outputs[row] = answered


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
