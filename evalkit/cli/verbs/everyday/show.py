"""show: print figures of an experiment, or everything about one run."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.cli.call.session import Session
from evalkit.cli.text.figures import show_figures
from evalkit.errors import ConfigError, ExitCode, did_you_mean
from evalkit.pipeline.concluding import conclude
from evalkit.pipeline.stored import results
from evalkit.project.config import Project


def perform(session: Session, /, name: str, run_id: str | None, as_json: bool) -> int:
    """Print the summary of an experiment, or one run of it; missed gates do not count here."""
    project = session.load(deep=False)
    project.experiment(name)
    if run_id is not None:
        _show_run(session, project, name, run_id, as_json)
        return ExitCode.GOOD
    ran = conclude(project, [name], page=False)
    if as_json:
        session.document(ran.to_dict())
    else:
        show_figures([*ran.summaries.values()], None, ran.gates, [*ran.results.values()])
    return ExitCode.GOOD


def _show_run(session: Session, project: Project, name: str, run_id: str, as_json: bool) -> None:
    # Figures of an experiment need neither of these, and records bring pydantic.
    from evalkit.cli.text.run import run_document, run_text

    found = results(project, name)
    ids = found.table("runs", ["run_id"]).column("run_id").to_pylist()
    whole = run_id if run_id in ids else _only(run_id, ids, name)
    run, feedback = found.run(whole), found.feedback(whole)
    if as_json:
        session.document(run_document(run, feedback))
    else:
        session.print(run_text(run, feedback))


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
