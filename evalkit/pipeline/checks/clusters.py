"""Clusters: whether the workers of one can call the project's evaluators; calls none."""

from __future__ import annotations

from time import monotonic

from evalkit.errors import ConfigError, ExecutorError
from evalkit.pipeline.scoring import executor_at, settings_of
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.local import Loader, load_evaluators
from evalkit.scoring.calls.task import make_tasks
from evalkit.scoring.fingerprint.fingerprint import fingerprinted
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.shares.executor import Found
from evalkit.scoring.shares.packages import packages_of
from evalkit.scoring.shares.share import Errand
from evalkit.scoring.workers.job import Job
from evalkit.scoring.workers.packed import Packed
from evalkit.store.rescoring import first_unit, reader_of


def check_cluster(
    project: Project, name: str | None, address: str | None
) -> tuple[str, list[Found]]:
    """Return the address and its workers, with what keeps each from being used.

    With the name of an experiment it is also found out whether its runs can be read there.
    """
    settings = settings_of(project, executor=address)
    executor = executor_at(project, settings.executor)
    if executor is None:
        raise ConfigError(
            "there is no cluster to check. Name one with `--executor dask://HOST:PORT`, or as "
            "`address` in [executor]."
        )
    try:
        executor.look(_errand(project, name))
        until = monotonic() + project.table.executor.wait
        while (executor.pending or not executor.found) and monotonic() < until:
            for _ in executor.reports(0.1):
                pass
        found = [*executor.found.values(), *executor.silent]
    finally:
        executor.close()
    if not found:
        raise ExecutorError(f"{settings.executor}: has no worker. Start `dask worker` for it.")
    return settings.executor, sorted(found, key=lambda each: each.address)


def _errand(project: Project, name: str | None) -> Errand:
    """Return what a scoring would ask workers for, with nothing to call."""
    config = project.experiments.get(name) if name is not None else None
    names = config.evaluators if config is not None else None
    chosen = [each for each in load_evaluators(project, names) if each.scope != "comparison"]
    stamped, _ = fingerprinted(chosen, project.root)
    stored = None if name is None else fetched_experiment(project, name)
    loader = Loader(str(project.file.path), None if names is None else tuple(names))
    unit = None if stored is None else first_unit(stored)
    return Errand(
        reader=Packed.of(reader_of(stored)),
        tasks=tuple(task.facts() for task in make_tasks(stamped, None)),
        settings=Settings(loader=loader, root=project.root, workers=1),
        packages=packages_of(stamped),
        look_at=None if unit is None else Job(unit),
    )
