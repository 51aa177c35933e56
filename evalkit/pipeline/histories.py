"""Histories: the summaries saved on earlier days, as strips per metric."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import ConfigError, NoRunsError, StoreError, did_you_mean
from evalkit.metrics.documents.plain import from_plain
from evalkit.metrics.documents.summary import Summary
from evalkit.pipeline.gating import margins_of, read_summary
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.metrics.summaries.history import History

MARKED = re.compile(r"-([0-9a-f]{8})\.json\Z")
HISTORY = "history"
"""Folder of `reports/NAME/` with every different summary."""


def saved_summaries(project: Project, name: str) -> list[Summary]:
    """Return every summary saved of one experiment; equal figures of one day count once."""
    folder = project.reports_folder / name / HISTORY
    found: dict[str, Summary] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        document = _unaltered(path)
        key = json.dumps([document.get("scores"), document.get("latency"), document.get("rates")])
        if key not in found:
            found[key] = from_plain(Summary, document)
    return list(found.values())


def _unaltered(path: Path) -> dict[str, Any]:
    """Return a saved summary that is what evalkit wrote; names of most end in their text's hash."""
    try:
        document = read_summary(path)
        mark = MARKED.search(path.name)
        if mark and mark[1] != sha256(path.read_text("utf-8").encode()).hexdigest()[:8]:
            raise StoreError(f"{path}: was altered: it does not match the hash in its name.")
    except (ConfigError, StoreError) as error:
        raise StoreError(f"{error} Delete it: the history goes on without that day.") from None
    return document


def history_of(project: Project, names: Sequence[str], metrics: Sequence[str] = ()) -> History:
    """Return the strips over all saved summaries of `names`, oldest first, as one history."""
    from evalkit.metrics.summaries.history import history

    summaries = [each for name in names for each in saved_summaries(project, name)]
    if not summaries:
        raise NoRunsError(f"{', '.join(names)}: no summary is saved. Run `evalkit run` first.")
    return history(summaries, metrics)


def refuse_unknown(found: Sequence[History], metrics: Sequence[str], known: Sequence[str]) -> None:
    """Raise `ConfigError` for a metric that none of the histories has."""
    there = {strip.metric for each in found for strip in each.strips}
    for metric in metrics:
        if metric not in there:
            raise ConfigError(
                f"history: no summary has a metric {metric!r}.{did_you_mean(metric, known)} "
                f"There are: {', '.join(known)}."
            )


SHOWN = 60
"""Summaries on a page, the last ones: two months of nights."""


def history_for_page(project: Project, name: str, baseline: str | None = None) -> History | None:
    """Return the history of an experiment that has been summarised, beside its baseline's level."""
    from evalkit.metrics.summaries.history import history

    saved = sorted(saved_summaries(project, name), key=_made_at)
    if not saved:
        return None
    beside = [] if baseline in (None, name) else saved_summaries(project, baseline or "")
    found = history(
        saved[-SHOWN:],
        baseline=max(beside, key=_made_at, default=None),
        margins=margins_of(project, [name]),
    )
    folder = f"{project.reports_folder.name}/{name}/{HISTORY}"
    return replace(found, folder=folder, earlier=max(0, len(saved) - SHOWN))


def _made_at(summary: Summary) -> str:
    return summary.provenance.last_run_at or summary.provenance.fetched_at or ""
