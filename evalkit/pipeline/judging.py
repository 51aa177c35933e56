"""Judging: what language models that judge may cost, said before they are asked and held to."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.pipeline.stored import fetched_experiment
from evalkit.project.config import Project
from evalkit.project.local import load_evaluators
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.store.results import read_results

if TYPE_CHECKING:
    from evalkit.evaluators.judge.estimate import Estimate
    from evalkit.evaluators.judge.money.book import Totals

FOLDER = Path(".evalkit") / ".judges"
"""Answers and accounts; the dot keeps it from being an experiment's name."""


def open_judges(
    project: Project,
    evaluators: Sequence[Evaluator],
    *,
    budget: float | None = None,
    fresh: bool = False,
) -> None:
    """Let judges share one ledger and the answers they were given before, in every process.

    `budget` is money, in the currency of the judges' prices, for all that this process asks.
    Without judges among the evaluators nothing is opened.
    """
    if any(each.kind == "judge" for each in evaluators):
        from evalkit.evaluators.judge import session

        session.ensure(project.root / FOLDER, budget=budget, fresh=fresh)


@dataclass(frozen=True, slots=True)
class Accounts:
    """What judges took."""

    calls: int
    cached: int
    """Answers that were known already and cost nothing."""
    input_tokens: int
    output_tokens: int
    cost: float | None
    """`None` when a judge has no price."""
    unanswered: int = 0
    """Times a question was put and no answer heard; the endpoint may have billed them."""
    uncertain: float | None = 0.0
    """The most these can have cost, beside `cost`."""

    @classmethod
    def of(cls, totals: Totals) -> Accounts:
        """Return the accounts that a ledger's totals come to."""
        priced = not totals.unpriced
        return cls(
            calls=totals.calls,
            cached=totals.cached,
            input_tokens=totals.input_tokens,
            output_tokens=totals.output_tokens,
            cost=totals.spent if priced else None,
            unanswered=totals.unanswered,
            uncertain=totals.uncertain if priced else None,
        )

    def __str__(self) -> str:
        tokens = f"{self.input_tokens:,} + {self.output_tokens:,} tokens"
        money = "cost unknown (no price)" if self.cost is None else f"cost {self.cost:.4g}"
        return f"{self.calls:,} calls, {self.cached:,} known before, {tokens}, {money}{self._lost}"

    @property
    def _lost(self) -> str:
        if not self.unanswered:
            return ""
        most = f", up to {self.uncertain:.4g} more" if self.uncertain else ""
        return f"; {self.unanswered:,} answers were lost and may be billed{most}"


def judge_accounts() -> Accounts | None:
    """Return what judges took in this process and its workers; `None` when none was asked."""
    session = sys.modules.get("evalkit.evaluators.judge.session")
    if session is None:
        return None
    totals = session.current().ledger.totals()
    return Accounts.of(totals) if totals.calls or totals.cached or totals.unanswered else None


def accounts_found() -> Accounts | None:
    """Return what was in flight when an earlier command was killed; `None` when nothing was."""
    session = sys.modules.get("evalkit.evaluators.judge.session")
    found = session.current().found if session is not None else None
    return Accounts.of(found) if found is not None and found.calls else None


def estimate_judges(
    project: Project, name: str, names: Sequence[str] | None = None
) -> dict[str, Estimate]:
    """Return what each judge would take for the stored runs of an experiment; nothing is asked.

    Answers that are known already cost nothing. Judges that compare experiments are left out.
    """
    config = project.experiments.get(name)
    if names is None and config is not None:
        names = config.evaluators
    chosen = load_evaluators(project, names)
    judges = [each for each in chosen if each.kind == "judge" and each.scope == "run"]
    if not judges:
        return {}
    from evalkit.evaluators.judge.estimate import estimate

    open_judges(project, judges)
    results = read_results(fetched_experiment(project, name))
    examples = results.examples()
    pairs = [(run, examples.get(run.example_id or "")) for run in results.runs()]
    return {judge.name: estimate(judge, pairs) for judge in judges}
