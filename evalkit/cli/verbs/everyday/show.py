"""show: print figures of an experiment, or everything about one run."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.call.options import refuse_both
from evalkit.cli.call.session import Session
from evalkit.cli.text.figures import show_figures
from evalkit.errors import ConfigError, ExitCode, did_you_mean
from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.figures import summarise_experiment
from evalkit.pipeline.stored import results
from evalkit.project.config import Project
from evalkit.store.store import Store


def perform(
    session: Session, /, name: str, run_id: str | None, for_agent: bool, as_json: bool
) -> int:
    """Print the summary of an experiment, or one run of it; missed gates do not count here."""
    refuse_both(as_json, for_agent)
    project = session.load(deep=False)
    project.experiment(name)
    if run_id is not None:
        _show_run(session, project, name, run_id, as_json, for_agent)
        return ExitCode.GOOD
    ran = conclude(project, [name], page=False)
    if as_json:
        session.document(ran.to_dict())
    elif for_agent:
        from evalkit.cli.text.agent import tell_figures  # for coding agents alone

        tell_figures(session, ran, _others(project, name))
    else:
        show_figures([*ran.summaries.values()], None, ran.gates, [*ran.results.values()])
    return ExitCode.GOOD


def _show_run(
    session: Session, project: Project, name: str, run_id: str, as_json: bool, for_agent: bool
) -> None:
    # Figures of an experiment need neither of these, and records bring pydantic.
    from evalkit.cli.text.run import run_document, run_text

    found = results(project, name)
    ids = found.table("runs", ["run_id"]).column("run_id").to_pylist()
    whole = run_id if run_id in ids else _only(run_id, ids, name)
    if for_agent:
        from evalkit.cli.text.agent import tell_run  # for coding agents alone

        tell_run(
            session, found, summarise_experiment(project, found, steps=False), found.run(whole)
        )
        return
    run, feedback = found.run(whole), found.feedback(whole)
    if as_json:
        session.document(run_document(run, feedback))
    else:
        session.print(run_text(run, feedback))


def _others(project: Project, name: str) -> list[str]:
    """Return the experiments it could be compared with, its baseline first."""
    store = Store(project.store)
    named = project.experiment(name).baseline
    ordered = sorted(project.experiments, key=lambda each: each != named)
    return [each for each in ordered if each != name and store.experiment(each).exists]


def _only(beginning: str, ids: Sequence[str], name: str) -> str:
    found = [each for each in ids if each.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(
            f"{name}: {len(found)} runs begin with {beginning!r}. Say more of the id."
        )
    hint = did_you_mean(beginning, ids)
    raise ConfigError(f"{name}: no run {beginning!r}.{hint} `evalkit report` lists them.")
