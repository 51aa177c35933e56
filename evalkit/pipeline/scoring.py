"""Scoring: the project's evaluators on the runs of the store; only what is missing runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import ConfigError, NoRunsError
from evalkit.executors.opening import LOCAL, open_executor
from evalkit.pipeline.judging import open_judges
from evalkit.pipeline.progress import Progress as Told
from evalkit.pipeline.progress import silent
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.local import Loader, load_evaluators
from evalkit.scoring import engine
from evalkit.scoring.session.tally import Listener, Progress, ScoreOutcome
from evalkit.store.rescoring import open_scoring

if TYPE_CHECKING:
    from evalkit.executors.dask import DaskExecutor

MEGABYTE = 1024 * 1024
FEW = 200_000
"""Calls below which starting work on a cluster takes longer than one machine takes for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSettings:
    """How evaluators are called; `settings_of` takes them from the configuration."""

    evaluators: Sequence[str] | None = None
    """Names; None: those configured for the experiment, else all of the project's."""
    workers: int | None = None
    timeout: float | None = 60.0
    memory: int | None = None
    """Megabytes a worker may add."""
    fresh: bool = False
    retry_errors: bool = False
    fail_fast: bool = False
    max_errors: int = 0
    executor: str = "local"
    """Address of the machines that call evaluators."""
    budget: float | None = None
    """Money that judges may spend, in the currency of their prices."""


def settings_of(project: Project, **given: Any) -> ScoreSettings:
    """Return the configured settings; what is given and not None wins."""
    table = project.table.score
    values = {
        "workers": table.workers,
        "timeout": table.timeout,
        "memory": table.memory,
        "fail_fast": table.fail_fast,
        "max_errors": table.max_errors,
        "budget": table.budget,
        "executor": project.table.executor.address,
    }
    settings = ScoreSettings(**{**values, **{k: v for k, v in given.items() if v is not None}})
    if given.get("workers") is not None and settings.executor != LOCAL:
        raise ConfigError(
            f"executor {settings.executor!r}: `--workers` are processes of this machine. Leave it "
            "out, or add `--executor local`."
        )
    executor_at(project, settings.executor)  # a mistake in it is said before anything is fetched
    return settings


def executor_at(project: Project, address: str) -> DaskExecutor[Any] | None:
    """Return what has work done on other machines, not connected yet; None: this one does it."""
    table = project.table.executor
    return open_executor(
        address,
        runs=table.runs,
        wait=table.wait,
        environment=table.environment,
        moved=(project.root, Path(table.project)) if table.project else None,
    )


def score_experiment(
    project: Project,
    name: str,
    *,
    settings: ScoreSettings | None = None,
    progress: Told = silent,
) -> ScoreOutcome:
    """Make the missing cells of an experiment that has been fetched.

    Evaluators of scope comparison are called when experiments are compared, not here.
    """
    settings = settings or settings_of(project)
    config = project.experiments.get(name)
    names = settings.evaluators
    if names is None and config is not None:
        names = config.evaluators
    chosen = [each for each in load_evaluators(project, names) if each.scope != "comparison"]
    stored = fetched_experiment(project, name)
    if not stored.manifest.received:
        raise NoRunsError(f"{name}: no run is stored. Run `evalkit fetch {name}` first.")
    open_judges(project, chosen, budget=settings.budget, fresh=settings.fresh)
    executor = executor_at(project, settings.executor)
    with open_scoring(stored) as source:
        outcome = engine.score(
            source,
            chosen,
            root=project.root,
            workers=settings.workers,
            timeout=settings.timeout,
            memory=None if settings.memory is None else settings.memory * MEGABYTE,
            fresh=settings.fresh,
            retry_errors=settings.retry_errors,
            max_errors=settings.max_errors if settings.fail_fast else None,
            keep_others=settings.evaluators is not None,
            loader=Loader(str(project.file.path), None if names is None else tuple(names)),
            executor=executor,
            progress=_listener(name, progress),
        )
        refused = executor.refused if executor is not None else []
        for number, each in enumerate(refused, start=1):
            progress(f"Leave out worker {each.address}", number, len(refused), each.refused)
        if executor is not None and 0 < outcome.done < FEW:
            note = "few calls for a cluster: `--executor local` is likely to be faster"
            progress(f"Score {name} on {settings.executor}", outcome.done, outcome.done, note)
        for number, part in enumerate(source.damaged, start=1):
            note = "the file is damaged: cells that are nowhere else are made again"
            progress(f"Mend {name}, {part}", number, len(source.damaged), note)
    return outcome


def _listener(name: str, told: Told) -> Listener:
    def listen(state: Progress) -> None:
        note = f"{state.errors:,} evaluator errors" if state.errors else ""
        told(f"Score {name}", state.done, state.total, note)

    return listen
