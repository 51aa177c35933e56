"""Manifest: data, evaluators, configuration, versions and seeds that figures are made from.

It stands in every page and document, so that `evalkit verify` can tell later what has changed.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evalkit import __version__
from evalkit.metrics.documents.seeds import SEEDS
from evalkit.metrics.selecting.ordered import ordered
from evalkit.model.kept.seal import hash_of, hash_of_list
from evalkit.model.results import Results
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.metrics.documents.gate import GateResult

VERSION = 1
LIBRARIES = ("numpy", "scipy", "pyarrow")
"""Whose arithmetic and whose files figures rest on."""
OF_THE_DATA = (
    "source", "query", "fetched_at", "expected", "received", "pending", "duplicates", "orphans",
    "complete", "problems", "notes", "dataset_version", "scores",
)  # fmt: skip
"""What a store's manifest says of the data; the rest is of the fetch that found it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a command was asked beside its experiments; the same again gives the same figures."""

    baseline: str | None = None
    gates: Sequence[str] = ()
    allow_incomplete: bool = False
    since: str | None = None
    baselines: Mapping[str, str | None] | None = None
    """What each experiment is held against."""
    correction: str = "holm"


@dataclass(eq=False)
class Evidence:
    """Makes the manifest of some experiments and rules, when somebody needs it."""

    project: Project
    results: Sequence[Results]
    gates: Sequence[GateResult]
    asked: Asked

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What everything is made from; plain JSON types."""
        names = [each.experiment for each in self.results]
        return {
            "version": VERSION,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "seeds": dict(SEEDS),
            "configuration": tables_of(self.project, names),
            "asked": asdict(self.asked) | {"gates": list(self.asked.gates)},
            "experiments": [experiment_of(each) for each in self.results],
            "gates": [
                {"experiment": each.experiment, "rule": each.rule, "limit": each.limit}
                for each in self.gates
            ],
        }


def experiment_of(results: Results) -> dict[str, Any]:
    """Return the hashes of one experiment's data, and its evaluators with their fingerprints."""
    return {
        "name": results.experiment,
        "data": data_of(results),
        "evaluators": {each.name: each.fingerprint for each in results.evaluators},
    }


def data_of(results: Results) -> dict[str, str]:
    """Return hashes of what is stored: the runs by what they hold, everything by its files."""
    names = ["run_id", "content_hash"]
    manifest = results.manifest.to_dict()
    return {
        "manifest": hash_of([manifest[name] for name in OF_THE_DATA]),
        "runs": hash_of_list(ordered(results.table("runs", names), names)),
        "files": hash_of(results.files()),
    }


def tables_of(project: Project, names: Sequence[str]) -> dict[str, str]:
    """Return a hash of every table of the configuration that concerns these experiments."""
    values = {k: v for k, v in project.file.values.items() if k != "experiments"}
    tables: Mapping[str, Any] = project.file.values.get("experiments") or {}
    for name, table in tables.items():
        if name in names or set(project.families.get(name, ())) & set(names):
            values[f"experiments.{name}"] = table
    return {name: hash_of(value) for name, value in sorted(values.items())}


def versions() -> dict[str, str]:
    """Return the version of evalkit and of what its figures rest on."""
    from importlib.metadata import PackageNotFoundError, version  # not for figures on a terminal

    found = {"evalkit": __version__, "python": sys.version.split()[0]}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found
