"""Concluding: summarise, compare, gate and report what is stored; nothing is fetched or scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, ExitCode
from evalkit.model.kept.seal import Sign, with_manifest
from evalkit.model.results import Results
from evalkit.pipeline import stored
from evalkit.pipeline.evidence.manifest import Asked, Evidence
from evalkit.pipeline.figures import decide, summarise_experiment
from evalkit.pipeline.gating import check_gates, saved_baselines
from evalkit.pipeline.progress import Progress, silent
from evalkit.pipeline.reporting import report
from evalkit.project.config import Project
from evalkit.store.store import Store
from evalkit.store.windowed import WindowedResults

if TYPE_CHECKING:
    from evalkit.metrics.columns.deciding import Decision
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.documents.summary import Summary

RUN_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a run of one or more experiments came to."""

    summaries: Mapping[str, Summary]
    results: Mapping[str, Results]
    comparison: Comparison | None = None
    gates: Sequence[GateResult] = ()
    report: Path | None = None
    failures: Mapping[str, EvalkitError] = field(default_factory=dict)
    """Experiments that could not be fetched or scored, with the reason."""
    too_many_errors: bool = False
    left_out: Sequence[str] = ()
    """What the page does not hold, a sentence each."""
    incomplete: Sequence[str] = ()
    """Experiments that are not whole, where rules were held against them."""
    windows: Mapping[str, WindowedResults] = field(default_factory=dict)
    """The runs that rules were held against, where those are not all."""
    evidence: Evidence | None = None
    """Makes the manifest of what all this is made from."""

    @property
    def exit_code(self) -> ExitCode:
        """The worst of what happened; figures that cannot be trusted outrank a missed gate."""
        if self.failures:
            return next(iter(self.failures.values())).exit_code
        if self.incomplete:
            return ExitCode.SOURCE_FAILED
        if self.too_many_errors:
            return ExitCode.EVALUATOR_ERRORS
        missed = any(each.passed is False for each in self.gates)
        return ExitCode.GATE_MISSED if missed else ExitCode.GOOD

    def to_dict(self, sign: Sign | None = None) -> dict[str, Any]:
        """Return the document `--json` prints: the summary itself for one experiment.

        It carries the manifest of what it was made from; `sign` signs its hash.
        """
        document = self._figures()
        return with_manifest(document, self.evidence.manifest, sign) if self.evidence else document

    def _figures(self) -> dict[str, Any]:
        documents = [self._document(name) for name in self.summaries]
        if len(documents) == 1 and not self.failures:
            return documents[0]
        return {
            "type": "evalkit.run",
            "version": RUN_VERSION,
            "experiments": documents,
            "comparison": self.comparison.to_dict() if self.comparison else None,
            "failures": {name: str(error) for name, error in self.failures.items()},
            "report": str(self.report) if self.report else None,
            "left_out": list(self.left_out),
            "exit_code": int(self.exit_code),
        }

    def _document(self, name: str) -> dict[str, Any]:
        return {
            **self.summaries[name].to_dict(),
            "gates": [each.to_dict() for each in self.gates if each.experiment == name],
            "report": str(self.report) if self.report else None,
            "left_out": list(self.left_out),
        }


def conclude(
    project: Project,
    names: Sequence[str],
    *,
    baseline: str | None = None,
    gates: Sequence[str] = (),
    allow_incomplete: bool = False,
    since: datetime | None = None,
    page: bool = True,
    to: Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Ran:
    """Summarise, compare, gate and report what is stored of experiments; nothing is scored.

    Rules on an experiment that is not whole are missed, unless `allow_incomplete` says otherwise.
    Without `page`, nothing is written. With `since`, rules are held against the runs that began
    then or later; where there are none, no rule is. `options` go to `pipeline.reporting.report`.
    """
    results = {name: stored.results(project, name) for name in names}
    decisions = _decided(project, results)
    summaries = _summarised(project, results, decisions, progress)
    named = baseline or any(c.baseline for n in names if (c := project.experiments.get(n)))
    comparison = _compared(project, results, baseline, decisions, progress)
    if comparison and not named:
        comparison = replace(comparison, notes=[_implied(names), *comparison.notes])
    windows = _windows(results, since)
    checked = check_gates(
        project,
        list(_held(project, summaries, windows, decisions).values()),
        comparison if named else None,  # a rule needs a baseline that somebody named
        gates,
        allow_incomplete=allow_incomplete,
    )
    if since is not None:
        said = {name: _of(each, since) for name, each in windows.items()}
        checked = [replace(each, why=f"{each.why} {said[each.experiment]}") for each in checked]
        summaries = {name: _noted(each, said[name]) for name, each in summaries.items()}
    partial = [n for n, each in summaries.items() if checked and not each.counts.complete]
    asked = Asked(
        baseline=baseline,
        gates=tuple(gates),
        allow_incomplete=allow_incomplete,
        since=since.isoformat() if since else None,
        baselines={name: c.baseline for name in names if (c := project.experiments.get(name))},
        correction=project.table.compare.correction,
    )
    ran = Ran(
        evidence=Evidence(project, [*results.values()], checked, asked),
        summaries=summaries,
        results=results,
        windows=windows,
        comparison=comparison,
        gates=checked,
        incomplete=() if allow_incomplete else partial,
    )
    return _written(project, ran, to, progress, options) if page else ran


def _summarised(
    project: Project,
    results: Mapping[str, Results],
    decisions: Mapping[str, Decision] | None,
    progress: Progress,
) -> dict[str, Summary]:
    progress("Figures", 0, len(results))
    summaries = {}
    for number, (name, each) in enumerate(results.items(), 1):
        summaries[name] = summarise_experiment(project, each, decisions=decisions)
        progress("Figures", number, len(results))
    return summaries


def _compared(
    project: Project,
    results: Mapping[str, Results],
    baseline: str | None,
    decisions: Mapping[str, Decision] | None,
    progress: Progress,
) -> Comparison | None:
    if len(results) < 2:
        return None
    progress(f"Compare {len(results)} experiments", 0, 1)
    from evalkit.pipeline.comparing import compare_experiments  # brings scipy and judges

    comparison = compare_experiments(
        project, list(results.values()), baseline=baseline, decisions=decisions
    )
    progress(f"Compare {len(results)} experiments", 1, 1)
    return comparison


def _written(
    project: Project, ran: Ran, to: Path | None, progress: Progress, options: Mapping[str, Any]
) -> Ran:
    progress("Page", 0, 1)
    left_out: list[str] = []
    path = report(
        project,
        list(ran.summaries.values()),
        list(ran.results.values()),
        ran.comparison,
        list(ran.gates),
        evidence=ran.evidence,
        to=to,
        left_out=left_out,
        **options,
    )
    progress("Page", 1, 1)
    return replace(ran, report=path, left_out=left_out)


def _windows(results: Mapping[str, Results], since: datetime | None) -> dict[str, WindowedResults]:
    if since is None:
        return {}
    return {name: WindowedResults(each, since) for name, each in results.items()}


def _held(
    project: Project,
    summaries: Mapping[str, Summary],
    windows: Mapping[str, WindowedResults],
    decisions: Mapping[str, Decision] | None,
) -> dict[str, Summary]:
    """Return the figures that rules are held against: those of the window where there is one."""
    if not windows:
        return dict(summaries)
    return {
        name: summarise_experiment(project, Results(each), decisions=decisions)
        for name, each in windows.items()
        if each.n
    }


def _of(window: WindowedResults, since: datetime) -> str:
    runs = f"{window.n:,} run{'s' * (window.n != 1)}"
    none = f"; {window.timeless:,} say no time and are left out" if window.timeless else ""
    return f"Held against the {runs} since {since:%Y-%m-%d %H:%M} UTC{none}."


def _noted(summary: Summary, said: str) -> Summary:
    """Say beside the figures of all runs that rules were held against fewer."""
    notes = [f"Gates: {said[0].lower()}{said[1:]}", *summary.quality.notes]
    return replace(summary, quality=replace(summary.quality, notes=notes))


def _implied(names: Sequence[str]) -> str:
    return f"No baseline is named: the others are compared with {names[0]}, the first."


def _decided(project: Project, results: Mapping[str, Results]) -> Mapping[str, Decision] | None:
    """Decide what scores are with the baselines they are held against; None: it stands alone."""
    named = {c.baseline for name in results if (c := project.experiments.get(name)) and c.baseline}
    beside = [
        stored.results(project, name)
        for name in sorted(named - results.keys())
        if name in project.experiments and Store(project.store).experiment(name).exists
    ]
    saved = saved_baselines(project, list(results))
    if len(results) + len(beside) + len(saved) < 2:
        return None
    return decide(project, [*results.values(), *beside], saved)


def errors_in(summaries: Mapping[str, Summary]) -> int:
    """Count the cells that ended in an evaluator error, whether made now or earlier."""
    return sum(each.counts.cells.get("evaluator_error", 0) for each in summaries.values())
