"""Gating: the rules of the configuration and the command line, held against figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import ConfigError, StoreError
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.model.kept.seal import SEAL, refuse_broken
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.gating.grammar import Gate

UNLIKE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a document that was altered raises when it is read."""


def check_gates(
    project: Project,
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    more: Sequence[str] = (),
    *,
    allow_incomplete: bool = False,
) -> list[GateResult]:
    """Hold every experiment against its configured gates and the rules in `more`.

    A rule against a baseline uses the comparison, or the saved `summary.json` that the experiment's
    `baseline` names; the baseline itself is only held against absolute rules.
    """
    found: list[GateResult] = []
    partial = {each.experiment for each in summaries if not each.counts.complete}
    whole = comparison is None or comparison.baseline not in partial
    for summary in summaries:
        config = project.experiments.get(summary.experiment)
        rules = [*(config.gates if config else project.table.gates), *more]
        if rules:
            saved = _saved_baseline(project, config)
            results = _check(summary, rules, comparison, saved, allow_incomplete, whole)
            found += [_placed(project, each) for each in results]
    return found


def no_gates(project: Project, names: Sequence[str]) -> str:
    """Say that nothing is held against experiments, and what to add; how it goes on is open."""
    where = f" under [{'.'.join(map(str, project.file.prefix))}]" if project.file.prefix else ""
    return (
        f"{project.file.shown}: has no gates for {', '.join(names)}, so nothing was checked. "
        f'Add for example `gates = ["error_rate <= 2%"]`{where}'
    )


def _placed(project: Project, result: GateResult) -> GateResult:
    """Say where the configuration has the rule, so that CI can point there."""
    file, _, line = project.place_of_gate(result.experiment, result.rule).rpartition(":")
    return replace(result, file=file, line=int(line)) if file else result


def _check(
    summary: Summary,
    rules: Sequence[str],
    comparison: Comparison | None,
    saved: Any,
    allow_incomplete: bool,
    baseline_complete: bool,
) -> list[GateResult]:
    from evalkit.metrics.gating.gates import check, parse

    gates = [parse(rule) for rule in rules]
    return check(
        gates,
        summary,
        comparison,
        baseline=saved,
        allow_incomplete=allow_incomplete,
        baseline_complete=baseline_complete,
    )


def _saved_baseline(project: Project, config: Any) -> Any:
    """Return the saved summary a baseline names, as its document."""
    baseline = config.baseline if config else None
    if not baseline or not baseline.endswith(".json"):
        return None
    return read_summary(project.root / baseline)


def saved_baselines(project: Project, names: Sequence[str]) -> list[Summary]:
    """Return the summaries saved before that experiments are held against."""
    found = [_saved_baseline(project, project.experiments.get(name)) for name in names]
    return [from_plain(Summary, each) for each in found if each is not None]


def read_summary(path: Path) -> dict[str, Any]:
    """Read a saved `summary.json`; what was altered raises `StoreError`."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path}: cannot be read as a summary ({error}). Check the path."
        ) from None
    if not isinstance(document, dict) or document.get("type") != "evalkit.summary":
        raise ConfigError(f"{path}: is no summary of evalkit. Name a summary.json it wrote.")
    try:
        refuse_broken(document)
    except ValueError as error:
        raise StoreError(
            f"{path}: was altered after evalkit wrote it ({error}). Let `evalkit run` write it "
            "anew, or restore it; one that is changed on purpose has no `guard`."
        ) from None
    if SEAL not in document:
        _refuse_unlike(document, path)
    return document


def _refuse_unlike(document: dict[str, Any], path: Path) -> None:
    """Raise `ConfigError` where a value is of another type than figures have."""
    try:
        from_plain(Summary, document)
    except UNLIKE as error:
        raise ConfigError(
            f"{path}: is no whole summary of evalkit ({error}). Name a summary.json it wrote."
        ) from None


def margins_of(project: Project, names: Sequence[str]) -> dict[str, float]:
    """Return the margins that rules such as `M not worse than baseline by 0.05` set."""
    found: dict[str, float] = {}
    for rule in rules_of(project, names):
        given = rule.quantity
        stated = rule.kind in ("not_worse", "equivalent") and given is not None and given.plain > 0
        in_percent = given is not None and given.unit == "%" and not _is_share(rule.metric)
        if stated and given is not None and not rule.place and not in_percent:
            found.setdefault(plain_name(rule.metric), given.plain)
    return found


def _is_share(metric: str) -> bool:
    """Tell whether percent of a metric are points of it, and not a part of the baseline."""
    return not metric.startswith(("latency", "ttft", "queue", "cost", "total_", "tokens", "input_"))


def rules_of(project: Project, names: Sequence[str]) -> list[Gate]:
    """Return the rules of the experiments, each once, in the order they are written."""
    configs = [project.experiments.get(name) for name in names]
    rules = [rule for each in configs if each for rule in each.gates] or project.table.gates
    if not rules:
        return []
    from evalkit.metrics.gating.grammar import parse  # brings a parser's grammar

    return [parse(rule) for rule in dict.fromkeys(rules)]


def plain_name(metric: str) -> str:
    """Return the name of a score as figures have it."""
    return metric.removeprefix("score.").removeprefix("scores.")
