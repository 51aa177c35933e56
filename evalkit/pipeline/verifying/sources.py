"""Sources: whether store, evaluators, configuration, versions and seeds are those of a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evalkit.errors import EvalkitError, EvaluatorNotFound
from evalkit.metrics.documents.seeds import SEEDS
from evalkit.model.results import Results
from evalkit.model.score import EvaluatorInfo
from evalkit.pipeline import stored
from evalkit.pipeline.evidence.manifest import data_of, tables_of, versions
from evalkit.pipeline.verifying.finding import Verified
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.fingerprint.fingerprint import changed, combined, fingerprint
from evalkit.store.care import altered

Manifest = Mapping[str, Any]
DECLARED = ("scope", "kind", "direction", "range", "threshold", "score_kind")
"""What an evaluator says of its scores: how they are read, not how they are made."""


def check_versions(found: Verified, manifest: Manifest) -> bool:
    """Note which versions and seeds are others; tell whether evalkit is the same."""
    then, now = manifest["versions"], versions()
    others = [f"{name} {then.get(name) or 'unknown'} (here {now[name]})" for name in now]
    others = [text for text, name in zip(others, now, strict=True) if then.get(name) != now[name]]
    if others:
        found.open.append(f"It was made with {', '.join(others)}; figures may round otherwise.")
    same = bool(then.get("evalkit") == now["evalkit"])
    found.checked["versions"] = len(now)
    if manifest["seeds"] != SEEDS:
        text = f"seeds: the page says {manifest['seeds']}, this evalkit draws from {SEEDS}"
        found.differs("seed", text, page=manifest["seeds"], right=SEEDS)
    return same


def check_configuration(found: Verified, project: Project, manifest: Manifest) -> None:
    """Note every table of the configuration that is not as it was."""
    names = [each["name"] for each in manifest["experiments"]]
    then, now = manifest["configuration"], tables_of(project, names)
    found.checked["tables"] = len(now)
    for name in dict.fromkeys([*now, *then]):
        if then.get(name) != now.get(name):
            what = "is new" if name not in then else "is gone" if name not in now else "was changed"
            found.differs("configuration", f"{project.file.shown}: {name} {what} since")


def check_store(found: Verified, project: Project, name: str) -> bool:
    """Note every file of a store that is not as evalkit wrote it; tell whether all are."""
    sound = True
    for each in altered(stored.fetched_experiment(project, name)):
        found.count("files")
        if not each.ok:
            sound = False
            found.differs("store", f"{name}: {each.name}: {each.text}", experiment=name)
    return sound


def check_data(found: Verified, results: Results, then: Mapping[str, Any]) -> None:
    """Note where an experiment's data are others than those a page was made from."""
    name, now = results.experiment, data_of(results)
    said = {"manifest": "what is known of the fetch", "runs": "the runs"}
    data = then["data"]
    for part, what in said.items():
        if data.get(part) != now[part]:
            found.differs("data", f"{name}: {what} changed since", experiment=name)
    if data.get("files") != now["files"] and data.get("runs") == now["runs"]:
        found.open.append(f"{name}: its files were written anew since, with the same runs.")


def check_evaluators(found: Verified, project: Project, then: Mapping[str, Any]) -> None:
    """Note each evaluator that is another than the one which scored, in the store or its source."""
    name = then["name"]
    kept = stored.fetched_experiment(project, name)
    there, causes = {each.name: each for each in kept.evaluators()}, kept.causes()
    sources = _sources(found, project, name, list(then["evaluators"]))
    for each, print_then in then["evaluators"].items():
        found.count("evaluators")
        of = {"experiment": name, "metric": each, "page": print_then}
        known = there.get(each)
        if known is None:
            found.differs("evaluator", f"{each}: no longer scores {name}", **of)
        elif known.fingerprint != print_then:
            text = f"{each}: {name} was scored by {known.fingerprint}, the page says {print_then}"
            found.differs("evaluator", text, right=known.fingerprint, **of)
        now = sources.get(each)
        if now is None:
            continue
        hashes = fingerprint(now, project.root)
        if combined(hashes) != print_then:
            why = ", ".join(changed(causes.get(each, {}), hashes)) or "it is another"
            text = f"{each}: is not the one that scored {name} ({why})"
            found.differs("evaluator", text, right=combined(hashes), **of)
        elif known is not None and (others := _declared_otherwise(known, now.info())):
            text = f"{each}: says another {', '.join(others)} than when {name} was scored"
            found.differs("evaluator", text, **of)
    for each in there.keys() - then["evaluators"].keys():
        found.differs("evaluator", f"{each}: scores {name} since", experiment=name, metric=each)


def _declared_otherwise(then: EvaluatorInfo, now: EvaluatorInfo) -> list[str]:
    return [name for name in DECLARED if getattr(then, name) != getattr(now, name)]


def _sources(
    found: Verified, project: Project, experiment: str, names: Sequence[str]
) -> dict[str, Evaluator]:
    """Return today's evaluators; those that are gone or do not load are noted."""
    config = project.experiments.get(experiment)
    chosen: dict[str, Evaluator] = {}
    try:
        for each in load_evaluators(project, config.evaluators if config else None):
            chosen[each.name] = each
    except EvalkitError as error:
        found.differs("evaluator", f"the evaluators of {experiment} do not load: {error}")
        return {}
    for name in names:
        if name not in chosen:
            try:
                chosen |= {each.name: each for each in load_evaluators(project, [name])}
            except EvaluatorNotFound:
                found.differs("evaluator", f"{name}: its source is gone", metric=name)
    return chosen
