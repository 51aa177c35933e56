"""Stored: the experiments a project keeps, opened by name."""

from __future__ import annotations

from evalkit.errors import NoRunsError
from evalkit.model.results import Results
from evalkit.project.config import Project
from evalkit.store.experiment import StoredExperiment
from evalkit.store.results import read_results
from evalkit.store.store import Store


def fetched_experiment(project: Project, name: str) -> StoredExperiment:
    """Return an experiment that has been fetched; one that was not raises `NoRunsError`."""
    stored = Store(project.store).experiment(name)
    if not stored.exists:
        raise NoRunsError(f"{name}: nothing is stored. Run `evalkit fetch {name}` first.")
    return stored


def results(project: Project, name: str) -> Results:
    """Return an experiment with its current feedback."""
    return read_results(fetched_experiment(project, name))
