"""Validating: look at the data of stored experiments, and keep what was seen beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from evalkit.metrics.documents.plain import from_plain, to_plain
from evalkit.metrics.documents.validation import Finding, Looked, Validation
from evalkit.metrics.validation.rows import rows_of
from evalkit.metrics.validation.validate import (
    Fields,
    examples_findings,
    fields_of,
    runs_findings,
    schema_findings,
    schema_of,
    shapes_of,
    side_by_side,
)
from evalkit.model.results import Results
from evalkit.pipeline.looking import code_stamp
from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.store.results import read_results
from evalkit.store.validated import keep_validated, load_validated

QUICK = 2_000
"""Examples up to which `run` looks for near duplicates and leaks, too."""
SLOW = ("near_duplicates", "leaks")


@dataclass(frozen=True, slots=True)
class _Looked:
    results: Results
    fields: Fields
    findings: list[Finding]
    examples: int
    whole: bool
    """Whether nothing was left out."""


def validate(
    project: Project,
    names: Sequence[str] = (),
    *,
    thorough: bool = True,
    accept: bool = False,
    ignore: Collection[str] = (),
) -> Validation:
    """Look at the data of stored experiments, each alone and beside the baseline.

    The first time, the schema of each is learnt and kept; later, what differs from it is found,
    until `accept` makes today's the schema. Data that did not change is not looked at again.
    `thorough=False` leaves out what takes long on many examples, unless it is known already.
    `ignore` names checks whose findings are not wanted.
    """
    chosen = project.chosen(names)
    looked = {name: _looked(project, name, thorough, accept) for name in chosen}
    found = [replace(f, experiments=(name,)) for name, one in looked.items() for f in one.findings]
    if len(chosen) > 1:
        from evalkit.pipeline.comparing import baseline_of  # brings scipy and judges

        base = looked[baseline_of(project, chosen)]
        for one in looked.values():
            if one is not base:
                found += side_by_side(base.results, one.results, (base.fields, one.fields))
    left = set(ignore) | set(project.table.checks.ignore)
    return Validation(
        [Looked(n, each.results.manifest.received, each.examples) for n, each in looked.items()],
        [each for each in found if each.check not in left],
        [] if all(each.whole for each in looked.values()) else list(SLOW),
    )


def _looked(project: Project, name: str, thorough: bool, accept: bool) -> _Looked:
    stored = fetched_experiment(project, name)
    results = read_results(stored)
    own = results.table("examples", ["example_id"]).num_rows
    near = thorough or own <= QUICK
    before = load_validated(stored.files) or {}
    last = _Last(before.get("last"), results)
    rows = rows_of(results)
    of_examples = last.examples(near, lambda: examples_findings(rows, own=own > 0, near=near))
    of_runs = last.runs(lambda: runs_findings(results))
    fields = fields_of(shapes_of(results, last.shapes), rows if own else ())
    after: dict[str, Any] = {
        "experiment": name,
        "schema": before.get("schema"),
        "of": before.get("of"),
    }
    if accept or not isinstance(after["schema"], dict):
        after["schema"] = schema_of(fields)
        after["of"] = {"runs": results.manifest.received, "at": datetime.now(UTC).isoformat()}
    after["last"] = last.to_plain()
    if {"version": before.get("version"), **after} != before:
        keep_validated(stored.files, after)
    findings = [*schema_findings(fields, after["schema"]), *of_examples, *of_runs]
    return _Looked(results, fields, findings, own, last.near)


class _Last:
    """What was seen the last time, as far as it is of the same data and the same evalkit."""

    def __init__(self, kept: Any, results: Results) -> None:
        runs, examples = results.contents()
        code = code_stamp("metrics")
        self._marks = {
            "runs": f"{runs} {examples} {code}",
            "examples": f"{examples or runs} {code}",
        }
        self._kept: Mapping[str, Any] = kept if isinstance(kept, dict) else {}
        same = self._kept.get("code") == code
        self._code = code
        self.shapes: dict[str, Any] = dict(self._kept.get("shapes") or {}) if same else {}
        self.near = False
        self._found: dict[str, list[Finding]] = {}

    def examples(self, near: bool, make: Callable[[], list[Finding]]) -> list[Finding]:
        """Return the findings of examples, made anew where more is wanted than is known."""
        known = self._known("examples")
        knows = bool(self._kept.get("near"))
        self.near = knows if known is not None and (knows or not near) else near
        found = make() if known is None or (near and not knows) else known
        self._found["examples"] = found
        return found

    def runs(self, make: Callable[[], list[Finding]]) -> list[Finding]:
        """Return the findings of runs."""
        known = self._known("runs")
        self._found["runs"] = make() if known is None else known
        return self._found["runs"]

    def to_plain(self) -> dict[str, Any]:
        """Return what is kept for the next time."""
        found = {name: to_plain(each) for name, each in self._found.items()}
        return {
            "code": self._code,
            "marks": self._marks,
            "near": self.near,
            "found": found,
            "shapes": self.shapes,
        }

    def _known(self, name: str) -> list[Finding] | None:
        try:
            if self._kept["marks"][name] != self._marks[name]:
                return None
            return [from_plain(Finding, each) for each in self._kept["found"][name]]
        except (TypeError, KeyError, ValueError, AttributeError):
            return None
