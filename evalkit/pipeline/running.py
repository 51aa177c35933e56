"""Running: fetch, score, summarise, compare, gate and report in one go; what `evalkit run` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError, ExitCode
from evalkit.pipeline.concluding import Ran, conclude, errors_in
from evalkit.pipeline.fetching import fetch
from evalkit.pipeline.progress import Progress, silent
from evalkit.pipeline.reporting import save_summaries
from evalkit.pipeline.scoring import ScoreSettings, score_experiment, settings_of
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.project.rules import refuse_rules


def run(
    project: Project,
    names: Sequence[str] = (),
    *,
    fetching: bool = True,
    refresh: bool = False,
    wait: bool = False,
    settings: ScoreSettings | None = None,
    baseline: str | None = None,
    gates: Sequence[str] = (),
    allow_incomplete: bool = False,
    to: Path | None = None,
    page: bool = True,
    progress: Progress = silent,
    **options: Any,
) -> Ran:
    """Fetch, score, summarise, compare, gate and report; all experiments when none is named.

    With one experiment, what goes wrong is raised. With several, the others go on, and what went
    wrong is in `failures`. Two or more experiments are compared when a baseline is configured or
    given. `gates` are rules beside the configured ones; `to` is where the report goes; without
    `page` only each `summary.json` is written; `options` go to `pipeline.reporting.report`.
    """
    chosen = project.chosen(names)
    settings = settings or settings_of(project)
    failures: dict[str, EvalkitError] = {}
    for name in chosen:
        load_evaluators(project, settings.evaluators or project.experiment(name).evaluators)
    refuse_rules(project, chosen, gates)
    for name in chosen:
        try:
            if fetching:
                where = settings.executor
                fetch(project, name, refresh=refresh, wait=wait, executor=where, progress=progress)
            score_experiment(project, name, settings=settings, progress=progress)
        except EvalkitError as error:
            if len(chosen) == 1 or error.exit_code is ExitCode.INTERRUPTED:
                raise
            failures[name] = error
    good = [name for name in chosen if name not in failures]
    if not good:
        raise next(iter(failures.values()))
    ran = conclude(
        project,
        good,
        baseline=baseline,
        gates=gates,
        allow_incomplete=allow_incomplete,
        page=page,
        to=to,
        progress=progress,
        **options,
    )
    if not page:
        save_summaries(project, [*ran.summaries.values()], ran.gates)
    return replace(
        ran, failures=failures, too_many_errors=errors_in(ran.summaries) > settings.max_errors
    )
