"""View: builds the plain values of a report from figures, gates, results and history."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from evalkit.errors import ConfigError
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.selecting.chosen import WORST
from evalkit.model.results import Results
from evalkit.report.runs import columns, preview
from evalkit.report.runs import facets as facets_of
from evalkit.report.sections import (
    cases,
    first,
    latency,
    metrics,
    provenance,
    scores,
    slices,
    verdict,
)
from evalkit.report.sections import gates as gates_of
from evalkit.report.sections import history as history_parts
from evalkit.report.sections.source import Source
from evalkit.report.values.parts import ReportView, warnings_of

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.summaries.history import History


@dataclass(frozen=True, slots=True)
class Content:
    """A view with the rows and the results it was made from, for reports that hold runs."""

    view: ReportView
    source: Source
    results: tuple[Results, ...]


def build(
    summaries: Summary | Sequence[Summary],
    comparison: Comparison | None = None,
    *,
    results: Sequence[Results] = (),
    looks: Sequence[Results] = (),
    gates: Sequence[GateResult] = (),
    history: History | None = None,
    title: str = "",
    generated: str = "",
    version: str = "",
) -> ReportView:
    """Build the view; see `content` for one that runs can be embedded with.

    `looks` are results of which only the few runs to look at first are read, for renderers that
    show no others.
    """
    if looks and not results:
        ordered = _ordered([summaries] if isinstance(summaries, Summary) else summaries, comparison)
        source = Source(ordered, comparison, tuple(gates), None)
        return _view(source, _results(ordered, looks), history, title, generated, version)
    return content(
        summaries,
        comparison,
        results=results,
        gates=gates,
        history=history,
        title=title,
        generated=generated,
        version=version,
    ).view


def content(
    summaries: Summary | Sequence[Summary],
    comparison: Comparison | None = None,
    *,
    results: Sequence[Results] = (),
    gates: Sequence[GateResult] = (),
    history: History | None = None,
    title: str = "",
    generated: str = "",
    version: str = "",
    runs: int | None = None,
) -> Content:
    """Build the view and keep what it was made from.

    `results` are those of the summaries, in any order, or none: then there are no runs to link to.
    `generated` is the time that is printed; the same input gives the same report. `runs` is how
    many a page may hold whole, see `evalkit.metrics.selecting`; without it every run is listed.
    """
    ordered = _ordered([summaries] if isinstance(summaries, Summary) else summaries, comparison)
    found = _results(ordered, results)
    source = _source(ordered, comparison, gates, found, runs)
    return Content(_view(source, found, history, title, generated, version), source, found)


def _ordered(summaries: Sequence[Summary], comparison: Comparison | None) -> tuple[Summary, ...]:
    """Put the baseline first and keep the order of the others."""
    if not summaries:
        raise ConfigError("report: there is no summary to report on. Score an experiment first.")
    if comparison is None:
        return tuple(summaries)
    known = {s.experiment: s for s in summaries}
    return tuple(known[name] for name in _names(comparison) if name in known)


def _names(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys([comparison.baseline, *comparison.experiments]))


def _results(summaries: Sequence[Summary], results: Sequence[Results]) -> tuple[Results, ...]:
    known = {one.experiment: one for one in results}
    found = [known.get(s.experiment) for s in summaries]
    return tuple(one for one in found if one is not None) if all(found) else ()


def _source(
    summaries: tuple[Summary, ...],
    comparison: Comparison | None,
    gate_results: Sequence[GateResult],
    results: Sequence[Results],
    most: int | None,
) -> Source:
    source = Source(summaries, comparison, tuple(gate_results), None)
    if not results:
        return source
    paired = _paired_by_inputs(results, comparison)
    changes = [change for each in source.candidates for change in each.regressions]
    named = source.candidates[-1].regressions[:WORST] if source.candidates else None
    read, chosen = columns.read(
        results,
        summaries,
        paired,
        most=most,
        regressed={change.example_id for change in changes},
        named=None if named is None else {change.example_id for change in named},
    )
    wanted = list(
        dict.fromkeys(f.by for s in summaries for c in s.scores.values() for f in c.slices)
    )
    taken = [column.name for column in read.scores]
    found = facets_of.find(results, wanted, taken, chosen.listed)
    return replace(source, rows=read, facets=tuple(found), chosen=chosen)


def _paired_by_inputs(results: Sequence[Results], comparison: Comparison | None) -> dict[str, str]:
    """Return the example of every run, where examples were paired by a hash of their inputs."""
    keys: dict[str, str] = {}
    for candidate in comparison.candidates if comparison else ():
        if candidate.pairing.by != "inputs":
            continue
        from evalkit.metrics.comparing import measures, pairing

        other = next((one for one in results if one.experiment == candidate.experiment), None)
        if other is None:
            continue
        pairs = pairing.pair(*measures.read_all([results[0], other]))
        for side in (pairs.baseline.runs, pairs.candidate.runs):
            names = side.example_ids
            for run_id, code in zip(side.run_ids.to_pylist(), side.cluster.tolist(), strict=True):
                if code < len(names):
                    keys[run_id] = names[code]
    return keys


def _view(
    source: Source,
    results: Sequence[Results],
    history: History | None,
    title: str,
    generated: str,
    version: str,
) -> ReportView:
    groups = metrics.build(source)
    listed = cases.build(source, _Previews(results))
    cases_title, cases_link, found = listed
    held = gates_of.rules(source)
    baseline = source.summaries[0].experiment if source.several else None
    experiments = provenance.experiments(source)
    notes = metrics.notes(source, groups)
    return ReportView(
        title=title,
        generated=generated,
        version=version,
        experiments=experiments,
        over=verdict.over(source),
        verdict=verdict.build(source, held),
        first=first.build(source, held, listed, results, warnings_of(experiments)),
        gates=gates_of.build(source.gates, baseline),
        groups=groups,
        latency=latency.distribution(source),
        time=latency.time_per_step(source),
        scores=scores.build(source),
        slices=slices.build(source),
        transitions=cases.transitions(source),
        errors=provenance.errors(source),
        evaluator_errors=provenance.evaluator_errors(source),
        cases=found,
        cases_title=cases_title,
        cases_link=cases_link,
        history=history_parts.build(history),
        tables=(*provenance.rankings(source), *provenance.unmatched(source)),
        notes=notes,
        primary=source.primary,
        summaries=tuple(finite(s.to_dict()) for s in source.summaries),
        comparison=finite(source.comparison.to_dict()) if source.comparison else None,
    )


class _Previews(Mapping[str, str]):
    """The first words of an example's input, read for the few that are listed."""

    def __init__(self, results: Sequence[Results]) -> None:
        self._held = [one.examples() for one in results]

    def __getitem__(self, example_id: str) -> str:
        for examples in self._held:
            example = examples.get(example_id)
            if example is not None and example.inputs is not None:
                return preview.of_inputs(example.inputs)
        raise KeyError(example_id)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for examples in self._held for name in examples))

    def __len__(self) -> int:
        return len(list(iter(self)))


def finite(value: Any) -> Any:
    """Return the document without NaN or infinity, which JSON has no word for."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
