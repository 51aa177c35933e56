"""Again: the figures of a manifest's experiments, made once more from what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.pipeline.concluding import Ran, conclude
from evalkit.pipeline.verifying import sources
from evalkit.pipeline.verifying.finding import Verified
from evalkit.project.config import Project
from evalkit.store.store import Store

Manifest = Mapping[str, Any]


def is_stored(found: Verified, project: Project | None, manifest: Manifest) -> bool:
    """Tell whether everything a page was made from is in this project; say what is not."""
    if manifest.get("shared"):
        found.open.append("It was made to be shared: ids are hashed, and what is secret is gone.")
        return False
    if project is None:
        found.open.append("There is no project here or above: -C names the one it was made in.")
        return False
    store = Store(project.store)
    for each in manifest["experiments"]:
        name = each["name"]
        if name not in project.experiments or not store.experiment(name).exists:
            found.open.append(f"{name}: is not stored in the project at {project.file.shown}.")
            return False
    return True


def again(found: Verified, project: Project, manifest: Manifest) -> Ran | None:
    """Check what a manifest names, and return its figures as they are today; None: there are none.

    What keeps them from being made is a finding.
    """
    project = _as_asked(found, project, manifest)
    asked = manifest["asked"]
    sources.check_configuration(found, project, manifest)
    names = [each["name"] for each in manifest["experiments"]]
    try:
        for each in manifest["experiments"]:
            sources.check_store(found, project, each["name"])
            sources.check_evaluators(found, project, each)
        since = asked.get("since")
        ran = conclude(
            project,
            names,
            baseline=asked.get("baseline"),
            gates=[str(rule) for rule in asked.get("gates") or ()],
            allow_incomplete=bool(asked.get("allow_incomplete")),
            since=datetime.fromisoformat(since) if since else None,
            page=False,
        )
        for each in manifest["experiments"]:
            results = ran.results[each["name"]]
            sources.check_data(found, results, each)
        if ran.evidence is not None:
            rules = ran.evidence.manifest["gates"]
            found.compared("gate", manifest["gates"], rules, ["manifest", "gates"])
    except EvalkitError as error:
        found.differs("store", f"its figures cannot be made again: {error}")
        return None
    return ran


def _as_asked(found: Verified, project: Project, manifest: Manifest) -> Project:
    """Return the project with the baselines and the correction that a command was given."""
    asked = manifest["asked"]
    experiments = dict(project.experiments)
    for name, baseline in (asked.get("baselines") or {}).items():
        config = experiments.get(name)
        if config is None or config.baseline == baseline:
            continue
        if baseline is None or baseline in experiments:
            experiments[name] = replace(config, baseline=baseline)
        else:
            found.open.append(f"{name}: was held against {baseline}, which is not looked for.")
    correction = asked.get("correction")
    if correction in ("holm", "bh"):
        compare = replace(project.table.compare, correction=correction)
        project = replace(project, table=replace(project.table, compare=compare))
    return replace(project, experiments=experiments)
