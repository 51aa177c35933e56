"""Families: one table of the configuration that stands for many experiments of a server.

`experiment = "rerank-*"` names every LangSmith experiment that fits; each is an experiment of its
own, under the name it has there. Looking asks the server; else the ones that are stored count.
Files do the same by `experiments = "_filename"`, and stores in files by `experiment = "eval-*"`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from evalkit.errors import ExperimentNotFound
from evalkit.project.config import ExperimentConfig, Project
from evalkit.store.store import Store

SOURCE = "langsmith"
FILES = ("files", "records")


Find = Callable[[ExperimentConfig], dict[str, str]]
"""Returns the members of a family by name, each with what its source calls it."""


def is_family(config: ExperimentConfig) -> bool:
    """Tell whether a table stands for many experiments."""
    one = config.options.get("experiment")
    if config.fetcher in FILES and config.options.get("experiments"):
        return one is None
    return config.fetcher in (SOURCE, *FILES) and "*" in str(one or "")


def with_families(project: Project, *, look: bool = False) -> Project:
    """Return the project with every family as its members; `look` asks the servers who they are.

    A member that has a table of its own keeps that one. A family of which nothing is known stays
    as it is, so that a message can name it.
    """
    families = {name: each for name, each in project.experiments.items() if is_family(each)}
    if not families:
        return project
    find = _looking(project) if look else _stored_in(project)
    experiments, members = {}, {}
    for name, config in project.experiments.items():
        if name not in families:
            experiments[name] = config
            continue
        there = find(config)
        found = {each: value for each, value in there.items()
                 if each == name or each not in project.experiments}  # fmt: skip
        members[name] = tuple(found)
        for each, value in found.items():
            options = {**config.options, "experiment": value}
            options.pop("experiment_metadata", None)
            experiments[each] = replace(config, name=each, options=options)
        if not found:
            experiments[name] = config
    return replace(project, experiments=experiments, families=members)


def _stored_in(project: Project) -> Find:
    store = Store(project.store)

    def find(config: ExperimentConfig) -> dict[str, str]:
        found = {}
        for name in store.names():
            manifest = store.experiment(name).manifest
            if manifest.source != config.fetcher:
                continue
            value = str(manifest.query.get("experiment") or name)
            if config.fetcher == SOURCE:
                value = name
            if _is_member(config, value, manifest.query):
                found[name] = value
        return found

    return find


def _is_member(config: ExperimentConfig, value: str, asked: Mapping[str, Any]) -> bool:
    if config.fetcher == SOURCE:
        return fnmatchcase(value, str(config.options["experiment"]))
    same = all(asked.get(key) == config.options.get(key) for key in ("path", "experiments"))
    pattern = config.options.get("experiment")
    return same and "experiment" in asked and (not pattern or fnmatchcase(value, str(pattern)))


def _looking(project: Project) -> Find:
    def find(config: ExperimentConfig) -> dict[str, str]:
        if config.fetcher == SOURCE:
            return {name: name for name in _on_server(config)}
        from evalkit.fetchers.files.members import members

        found = members(config.options, project.root, config.name)
        if not found:
            raise ExperimentNotFound(
                f"{config.name}: {config.options['path']} holds no experiment that fits. "
                "Check `experiments` and `experiment`."
            )
        return found

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
