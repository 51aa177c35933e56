"""compare: two or more experiments, paired by example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from evalkit.cli.call.options import refuse_both
from evalkit.cli.call.page import say_report, signer_of
from evalkit.cli.call.session import Session
from evalkit.cli.text.figures import show_figures
from evalkit.cli.text.judges import say_judges, say_unjudged
from evalkit.errors import ConfigError
from evalkit.pipeline.comparing import baseline_of
from evalkit.pipeline.concluding import conclude
from evalkit.project.config import Project
from evalkit.store.store import Store


def perform(
    session: Session,
    /,
    names: Sequence[str],
    baseline: str | None,
    correction: Literal["holm", "bh"] | None,
    output: Path | None,
    show: bool,
    sign: Path | None,
    allow_incomplete: bool,
    for_agent: bool,
    as_json: bool,
) -> int:
    """Compare what is stored; the page is written only when it is asked for."""
    refuse_both(as_json, for_agent)
    project = _corrected(session.load(deep=False), correction)
    names = list(dict.fromkeys(project.chosen(names) if names else _stored(project)))
    if len(names) < 2:
        there = ", ".join(project.experiments)
        raise ConfigError(
            f"compare: needs two or more experiments that are stored. There are: {there}. "
            "Name them: compare A B; `evalkit run` fetches and scores."
        )
    signer = signer_of(sign)
    base = baseline_of(project, names, baseline)
    ran = conclude(
        project,
        names,
        baseline=base,
        allow_incomplete=allow_incomplete,
        page=bool(output or show),
        to=output,
        sign=signer,
    )
    say_judges(session)
    left = say_unjudged(session, [], ran.comparison, budget=project.table.score.budget)
    if as_json:
        session.document(ran.to_dict(signer))
    elif for_agent:
        from evalkit.cli.text.agent import tell_figures  # for coding agents alone

        tell_figures(session, ran)
    else:
        found = [*ran.results.values()]
        show_figures([*ran.summaries.values()], ran.comparison, ran.gates, found)
    say_report(session, ran, as_json=as_json or for_agent, show=show)
    return ran.exit_code or left


def _stored(project: Project) -> list[str]:
    """Return the experiments of the configuration that something is stored of."""
    store = Store(project.store)
    return [name for name in project.experiments if store.experiment(name).exists]


def _corrected(project: Project, correction: Literal["holm", "bh"] | None) -> Project:
    if correction is None:
        return project
    compare = replace(project.table.compare, correction=correction)
    return replace(project, table=replace(project.table, compare=compare))
