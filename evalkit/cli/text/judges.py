"""What language models that judge took, after verbs that may have asked them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from evalkit.cli.call.session import Session
from evalkit.errors import ExitCode
from evalkit.pipeline.judging import accounts_found, judge_accounts

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.summary import Summary


def say_judges(session: Session) -> None:
    """Say what language models that judge took, when any was asked."""
    found = accounts_found()
    if found is not None:
        session.say(f"judges, in flight when an earlier command was killed: {found}")
    accounts = judge_accounts()
    if accounts is not None:
        session.say(f"judges: {accounts}")


def say_unjudged(
    session: Session,
    summaries: Iterable[Summary],
    comparison: Comparison | None = None,
    *,
    budget: float | None,
) -> ExitCode:
    """Say what the budget left unjudged; returns how a command ends that is good otherwise.

    Examples without a run are missing too, whatever was spent.
    """
    if budget is None:
        return ExitCode.GOOD
    cells = sum(
        max(0, score.outcomes["missing"] - _unrun(each))
        for each in summaries
        for score in each.scores.values()
        if score.kind == "judge"
    )
    pairs = sum(each.outcomes["missing"] for each in comparison.preferences) if comparison else 0
    if cells:
        session.say(f"{cells:,} cells are missing: the budget is spent. Score again to go on.")
    if pairs:
        session.say(f"{pairs:,} comparisons are missing: the budget is spent. Ask again to go on.")
    return ExitCode.SOURCE_FAILED if cells or pairs else ExitCode.GOOD


def _unrun(summary: Summary) -> int:
    counts = summary.counts
    gap = (counts.expected or 0) - counts.received - counts.pending
    return max(0, gap, counts.examples_without_runs)
