"""Embed: the runs of a report, packed for the page: columns, and traces within a budget."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from evalkit.metrics.documents.summary import Summary
from evalkit.model.example import Example
from evalkit.model.outcome import CUT_SHORT, OUTCOMES, SETS
from evalkit.model.results import Results
from evalkit.model.run import Run
from evalkit.model.score import CELL_OUTCOMES
from evalkit.report.charts import numbers
from evalkit.report.runs import detail, fields, preview
from evalkit.report.runs.bodies import Bodies, Body
from evalkit.report.runs.columns import NO_ERROR, Rows, ScoreColumn
from evalkit.report.runs.feedback import Cell, Cells
from evalkit.report.runs.pack import Core
from evalkit.report.runs.traces import MEMBER_RUNS, MEMBER_TEXTS, NOT_KEPT, NUL, Kept
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner


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
    """Send the traces of the runs chosen to `writer`, unless `keep` is false; return previews.

    With `stamp`, which tells this evalkit from others, what was written of a run for an earlier
    page is taken from there, also where something is then taken out.
    """
    source = content.source
    rows, chosen = source.rows or Rows(), source.chosen
    whole = chosen.whole.tolist() if chosen is not None and keep else [False] * len(rows)
    order = chosen.groups.tolist() if chosen is not None else []
    packing = _Packing(rows, writer, clean, order, budget)
    for number, results in enumerate(content.results):
        here = [row for row, x in enumerate(rows.experiments) if x == number]
        packing.take(results, [row for row in here if not whole[row]])
        kept = stamp if keep else ""
        packing.pack(results, source.summaries[number], [row for row in here if whole[row]], kept)
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

    def take(self, results: Results, some: Sequence[int]) -> None:
        """Note how the runs of some rows of an experiment begin."""
        examples = results.examples() if some else {}
        runs = results.runs_at([self._rows.places[row] for row in some])
        for row, run in zip(some, runs, strict=True):
            self.preview(row, run, examples.get(run.example_id or ""))

    def pack(self, results: Results, summary: Summary, some: Sequence[int], stamp: str) -> None:
        """Add the runs of some rows of an experiment."""
        places = [self._rows.places[row] for row in some]
        examples = results.examples() if some else {}
        ids = (self._rows.run_ids[row] for row in some)
        found = Cells(results, summary, places).of(ids) if some else ()
        with Bodies(results, places, stamp) as bodies:
            each = zip(some, results.runs_at(places), found, strict=True)
            for at, (row, run, cells) in enumerate(each):
                example = examples.get(run.example_id or "")
                if not self.wants(row):
                    self.preview(row, run, example)
                elif self._clean.plain:
                    self.add(row, bodies.of(at, run, example), cells)
                else:
                    body = bodies.of(at, run, example) if stamp else None
                    self.add_cleaned(row, body, run, example, cells)

    def wants(self, row: int) -> bool:
        """Return whether the trace of a run may still find room."""
        return self._budget is None or self._writer.spent(self._order[row]) <= self._budget

    def add(self, row: int, body: Body, cells: Sequence[Cell]) -> None:
        """Add a run as it is."""
        self._writer.add_written(row, body.document(cells), self._order[row])
        self._note(row, body.asked, body.answered)

    def add_cleaned(
        self, row: int, body: Body | None, run: Run, example: Example | None, cells: Sequence[Cell]
    ) -> None:
        """Add a run without what may not leave, from what was kept of it where that is all."""
        data = body.document(cells) if body is not None else NUL
        # what begins with NUL is a sign to the page, and no part of what the run says
        whole = detail.of_run(run, example, cells) if NUL in data else orjson.loads(data)
        document = self._clean.tree(whole)
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
        if column.summary.scope == "step" or max(column.counts, default=0) > 1:
            core.codes(f"w{i}", column.counts)
    for i, facet in enumerate(content.source.facets):
        core.codes(f"f{i}", facet.codes)
    core.codes("where", [kept.where.get(row, NOT_KEPT) for row in range(len(rows))])
    core.texts("id", [clean.ident(run_id) for run_id in rows.run_ids])
    core.texts("out", previews.outputs)
    core.texts("ex.id", [clean.ident(example) for example in rows.example_ids])
    core.texts("ex.input", previews.inputs)
    return core


def header(content: Content, kept: Kept, clean: Cleaner, form: str) -> dict[str, Any]:
    """Return the header of the core: names, meanings, and where the traces are: their `form`."""
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
                "runs": rows.experiments.count(number),
                "changed": [clean.ident(e) for e in changed.get(part.name, [])],
            }
            for number, part in enumerate(view.experiments)
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
        "errors": [rows.error_kind(code, clean.text) for code in range(len(rows.error_said))],
        "memberRuns": MEMBER_RUNS,
        "memberTexts": MEMBER_TEXTS,
        "kept": len(kept.where),
        "partly": clean.text(partly(content, len(kept.where), form)),
        "traces": form,
        "chosen": content.source.chosen.described() if content.source.chosen else None,
    }


def partly(content: Content, n: int, form: str) -> str:
    """Say in a sentence what a page with the traces of `n` runs does not hold; empty: nothing."""
    chosen = content.source.chosen
    if chosen is None:
        return ""
    said = []
    if chosen.partial:
        said.append(f"{numbers.count(len(chosen.listed))} are listed")
    if n < chosen.total and form in ("embed", "side"):
        said.append(f"{numbers.count(n)} are whole")
    if not said:
        return ""
    names = " ".join(shlex.quote(each.experiment) for each in content.source.summaries)
    return (
        f"Of {numbers.times(chosen.total, 'run')} {' and '.join(said)} in this page, by rule "
        f"(seed {chosen.seed}); evalkit view {names} shows all."
    )


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
