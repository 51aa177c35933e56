"""Reporting: what people read, written into the project's `reports/`."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit import __version__
from evalkit.errors import StoreError
from evalkit.model.kept.replacing import replace_text
from evalkit.model.kept.seal import hash_of, sealed
from evalkit.model.results import Results
from evalkit.pipeline.histories import HISTORY, history_for_page
from evalkit.pipeline.looking import code_stamp
from evalkit.project.config import Project

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.documents.summary import Summary
    from evalkit.metrics.summaries.history import History
    from evalkit.pipeline.evidence.manifest import Evidence
    from evalkit.report.sections.view import Content

PAGE = "report.html"
SUMMARY = "summary.json"
LONGEST = 120
"""Letters of the name of a report's folder."""


def report(
    project: Project,
    summaries: Sequence[Summary],
    results: Sequence[Results],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
    *,
    evidence: Evidence | None = None,
    to: Path | None = None,
    daily: bool = False,
    left_out: list[str] | None = None,
    runs: int | None = None,
    **options: Any,
) -> Path:
    """Write the page and every experiment's `summary.json`; returns the page's path.

    One experiment goes to `reports/NAME/report.html`, several to `reports/A-B/report.html`.
    `daily` keeps one summary a day for histories, not each; `left_out` is told what the page does
    not hold. `runs` is how many it holds whole; None: all. The page carries the manifest of
    `evidence`. `options` go to `evalkit.report.page.write.write_report`.
    """
    from evalkit.report.page.trailer import lacking

    kept = _kept(project, summaries, gates, daily=daily, elsewhere=to is not None)
    path = to or folder_of(project, [each.experiment for each in summaries]) / PAGE
    asked = {**options, "runs": runs}
    history = _history(project, summaries)
    said = _made_of(project, summaries, results, comparison, gates, evidence, history, asked)
    lacks = lacking(path, said, options.get("sign")) if said else None
    if lacks is None:
        from evalkit.report.page.write import write_report  # not for a page that is there already

        made = _content(project, summaries, results, comparison, gates, evidence, history, runs)
        stamp = code_stamp("model", "report", "store")
        written = write_report(made, path, made_of=said, stamp=stamp, **options)
        lacks = [*written.left_out, *written.removed]
    if left_out is not None:
        left_out += [*lacks, *kept]
    return path


def _kept(
    project: Project,
    summaries: Sequence[Summary],
    gates: Sequence[GateResult],
    *,
    daily: bool,
    elsewhere: bool,
) -> list[str]:
    """Save the figures for later days; a page that goes elsewhere does not fail where they cannot.

    Returns what has to be said.
    """
    try:
        save_summaries(project, summaries, gates, daily=daily)
    except StoreError as error:
        if not elsewhere:
            raise
        return [f"The figures were not kept for later days: {error}"]
    return []


def _made_of(
    project: Project,
    summaries: Sequence[Summary],
    results: Sequence[Results],
    comparison: Comparison | None,
    gates: Sequence[GateResult],
    evidence: Evidence | None,
    history: History | None,
    options: Mapping[str, Any],
) -> str:
    """Return a digest of all that a page shows and of what draws it; empty: it is made anew.

    What is shared is redacted anew each time, and traces beside a page are another file.
    """
    read = [each.digest() for each in results]
    if options.get("share") or options.get("traces") == "side" or not (read and all(read)):
        return ""
    shown = [
        [each.to_dict() for each in summaries],
        comparison.to_dict() if comparison else None,
        [each.to_dict() for each in gates],
        repr(history),
        read,
        {**evidence.manifest, "made_at": ""} if evidence else None,
        sorted((name, repr(value)) for name, value in options.items()),
        code_stamp("metrics", "model", "pipeline", "report", "store"),
    ]
    text = json.dumps(shown, sort_keys=True, default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _history(project: Project, summaries: Sequence[Summary]) -> History | None:
    """Return the history of the last experiment, the new one, beside the level of the first."""
    names = [each.experiment for each in summaries]
    return history_for_page(project, names[-1], names[0])


def save_summaries(
    project: Project,
    summaries: Sequence[Summary],
    gates: Sequence[GateResult],
    *,
    daily: bool = False,
) -> None:
    """Write every experiment's `summary.json` into its folder of `reports/`."""
    for summary in summaries:
        of = [each for each in gates if each.experiment == summary.experiment]
        save_summary(project.reports_folder / summary.experiment, summary, of, daily=daily)


def page_content(
    project: Project,
    summaries: Sequence[Summary],
    results: Sequence[Results],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
    evidence: Evidence | None = None,
    runs: int | None = None,
) -> Content:
    """Return what the page, the server, JUnit and Markdown are made of.

    The history is that of the last experiment, the one that is new, when it has one. `runs` is how
    many a page holds whole; without it all are listed.
    """
    history = _history(project, summaries)
    return _content(project, summaries, results, comparison, gates, evidence, history, runs)


def _content(
    project: Project,
    summaries: Sequence[Summary],
    results: Sequence[Results],
    comparison: Comparison | None,
    gates: Sequence[GateResult],
    evidence: Evidence | None,
    history: History | None,
    runs: int | None,
) -> Content:
    from evalkit.report.sections.view import content

    manifest = None
    if evidence is not None:
        manifest = evidence.manifest | {"history": hash_of(repr(history))}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = content(
        list(summaries),
        comparison,
        results=list(results),
        gates=list(gates),
        history=history,
        generated=manifest["made_at"] if manifest else now,
        version=__version__,
        runs=runs,
    )
    return replace(made, view=replace(made.view, manifest=manifest))


def folder_of(project: Project, names: Sequence[str]) -> Path:
    """Return the folder a report on these experiments goes to, another for other experiments.

    Names are joined by a hyphen; by a tilde, which no name holds, where a hyphen is in a name.
    A name that is too long for a folder is cut, with a mark of all of it.
    """
    name = "-".join(names)
    if len(names) > 1 and (name in project.experiments or any("-" in each for each in names)):
        name = "~".join(names)
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return project.reports_folder / name


def save_summary(
    folder: Path, summary: Summary, gates: Sequence[GateResult] = (), *, daily: bool = False
) -> Path:
    """Write `summary.json`: what gates, comparisons and histories of later days start from.

    A copy named by time and content goes to `history/`; the same figures again add none. With
    `daily` there is one copy a day, the last.
    """
    document = {**summary.to_dict(), "gates": [each.to_dict() for each in gates]}
    text = json.dumps(sealed(document), indent=2, allow_nan=False) + "\n"
    when = re.sub(r"[^0-9T]", "", (summary.provenance.fetched_at or "")[:19]) or "undated"
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    name = f"{when[:8]}-daily.json" if daily else f"{when}-{mark}.json"
    replace_text(folder / HISTORY / name, text)
    return replace_text(folder / SUMMARY, text)
