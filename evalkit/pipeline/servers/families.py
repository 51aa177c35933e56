"""Families: one table of the configuration that stands for many experiments of a server.

`experiment = "rerank-*"` names every LangSmith experiment that fits; each is an experiment of its
own, under the name it has there. Looking asks the server; else the ones that are stored count.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase

from evalkit.errors import ExperimentNotFound
from evalkit.project.config import ExperimentConfig, Project
from evalkit.store.store import Store

SOURCE = "langsmith"


def is_family(config: ExperimentConfig) -> bool:
    """Tell whether a table stands for many experiments."""
    return config.fetcher == SOURCE and "*" in str(config.options.get("experiment", ""))


def with_families(project: Project, *, look: bool = False) -> Project:
    """Return the project with every family as its members; `look` asks the servers who they are.

    A member that has a table of its own keeps that one. A family of which nothing is known stays
    as it is, so that a message can name it.
    """
    families = {name: each for name, each in project.experiments.items() if is_family(each)}
    if not families:
        return project
    find = _on_server if look else _stored_in(project)
    experiments, members = {}, {}
    for name, config in project.experiments.items():
        if name not in families:
            experiments[name] = config
            continue
        found = [each for each in find(config) if each == name or each not in project.experiments]
        members[name] = tuple(found)
        for each in found:
            options = {**config.options, "experiment": each}
            options.pop("experiment_metadata", None)
            experiments[each] = replace(config, name=each, options=options)
        if not found:
            experiments[name] = config
    return replace(project, experiments=experiments, families=members)


def _stored_in(project: Project) -> Callable[[ExperimentConfig], Iterable[str]]:
    store = Store(project.store)

    def find(config: ExperimentConfig) -> Iterable[str]:
        pattern = str(config.options["experiment"])
        names = [each for each in store.names() if fnmatchcase(each, pattern)]
        return [each for each in names if store.experiment(each).manifest.source == SOURCE]

    return find


def _on_server(config: ExperimentConfig) -> Iterable[str]:
    from evalkit.fetchers.langsmith.api.options import LangSmithOptions
    from evalkit.fetchers.langsmith.family import members

    found = members(LangSmithOptions.model_validate(dict(config.options)))
    if not found:
        pattern = config.options["experiment"]
        raise ExperimentNotFound(
            f"{config.name}: no experiment in this workspace fits {pattern!r}. "
            "Check the pattern, and the workspace of the key."
        )
    return found
