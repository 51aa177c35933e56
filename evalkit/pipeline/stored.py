"""Stored: the experiments a project keeps, opened by name."""

from __future__ import annotations

from evalkit.errors import NoRunsError
from evalkit.model.results import Results
from evalkit.project.config import Project
from evalkit.store.experiment import StoredExperiment
from evalkit.store.store import Store


def open_store(project: Project) -> Store:
    """Return the project's store."""
    return Store(project.store)


def stored_experiment(project: Project, name: str) -> StoredExperiment:
    """Return an experiment of the store, which may be empty still."""
    return open_store(project).experiment(name)


def fetched_experiment(project: Project, name: str) -> StoredExperiment:
    """Return an experiment that has been fetched; one that was not raises `NoRunsError`."""
    stored = stored_experiment(project, name)
    if not stored.exists:
        raise NoRunsError(f"{name}: nothing is stored. Run `evalkit fetch {name}` first.")
    return stored


def results(project: Project, name: str) -> Results:
    """Return an experiment with its current feedback."""
    return fetched_experiment(project, name).results()
