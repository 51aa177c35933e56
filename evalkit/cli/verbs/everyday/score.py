"""score: call evaluators on stored runs; only what is missing or changed runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from textwrap import indent
from typing import Any

from evalkit.cli.call.session import Session
from evalkit.cli.text.columns import aligned
from evalkit.cli.text.judges import say_judges, say_unjudged
from evalkit.errors import ExitCode, Interrupted
from evalkit.metrics.documents.quality import unseen_text
from evalkit.metrics.documents.summary import ScoreSummary, Summary
from evalkit.model.results import Results
from evalkit.pipeline import stored
from evalkit.pipeline.figures import summarise_experiment
from evalkit.pipeline.judging import estimate_judges
from evalkit.pipeline.scoring import ScoreSettings, score_experiment, settings_of
from evalkit.project.config import Project
from evalkit.project.local import catalogue
from evalkit.scoring.session.tally import ScoreOutcome


def perform(
    session: Session,
    /,
    names: Sequence[str],
    explain: bool,
    estimate: bool,
    as_json: bool,
    **scoring: Any,
) -> int:
    """Score one experiment after the other; `scoring` says how evaluators are called."""
    project = session.load(deep=False)
    how, names = settings_of(project, **scoring), project.chosen(names)
    if estimate or how.budget is not None:
        told = _estimates(session, project, names, how, as_json=estimate and as_json)
        if estimate:
            return told
    documents, summaries, errors = [], [], 0
    for name in names:
        try:
            with session.progress() as progress:
                outcome = score_experiment(project, name, settings=how, progress=progress)
        except Interrupted:
            say_judges(session)
            raise
        read = stored.results(project, name)
        summary = summarise_experiment(project, read, steps=as_json, performance=as_json)
        errors += summary.counts.cells.get("evaluator_error", 0)
        summaries.append(summary)
        documents.append({**_work(outcome), "summary": summary.to_dict()})
        if explain:
            session.say("\n".join(f"{name}: {line}" for line in outcome.explain()))
        if not as_json:
            session.print(_text(summary))
        if summary.counts.cells.get("evaluator_error"):
            _say_failures(session, read)
    for line in catalogue(project).silent.values():
        session.say(f"note: {line}")
    say_judges(session)
    left = say_unjudged(session, summaries, budget=how.budget)
    if as_json:
        session.document(documents[0] if len(documents) == 1 else {"experiments": documents})
    if errors > how.max_errors:
        return ExitCode.EVALUATOR_ERRORS
    return left


def _say_failures(session: Session, read: Results) -> None:
    from evalkit.cli.text.failures import failure_lines  # most calls have none to tell

    for line in failure_lines(read):
        session.say(line)


def _estimates(
    session: Session, project: Project, names: Sequence[str], how: ScoreSettings, *, as_json: bool
) -> int:
    """Say what every judge would take before anything is asked."""
    documents = []
    for name in names:
        for judge, told in estimate_judges(project, name, how.evaluators).items():
            session.say(f"{name}: judge {judge}: {told}")
            documents.append({"experiment": name, "judge": judge, **asdict(told)})
    if as_json:
        session.document({"estimates": documents})
    elif not documents:
        session.say("no judge is among the evaluators")
    return ExitCode.GOOD


def _work(outcome: ScoreOutcome) -> dict[str, Any]:
    """Return what scoring did as plain values."""
    return {
        "runs": outcome.runs,
        "seconds": outcome.seconds,
        "done": outcome.done,
        "errors": outcome.errors,
        "evaluators": [asdict(work) for work in outcome.evaluators.values()],
    }


def _text(summary: Summary) -> str:
    """Return the scores of an experiment, a line each."""
    rows = []
    for each in summary.scores.values():
        other = {k: v for k, v in each.outcomes.items() if v and k != "scored"}
        rest = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in other.items())
        rows.append((each.name, _mean(each), f"n={each.n:,}", rest))
    unseen = [unseen_text(name, each) for name, each in summary.quality.unseen.items()]
    text = "\n".join([aligned(rows), *unseen])
    return f"{summary.experiment}: {summary.counts.received:,} runs\n{indent(text, '  ')}"


def _mean(score: ScoreSummary) -> str:
    if score.mean is None:
        return " ".join(f"{name} {count:,}" for name, count in score.categories.items()) or "-"
    low, high = score.interval or (None, None)
    between = f" [{low:.3f}, {high:.3f}]" if low is not None and high is not None else ""
    return f"{score.mean:.3f}{between}"
