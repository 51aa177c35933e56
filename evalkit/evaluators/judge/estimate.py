"""Estimate: what judging will take, said before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.evaluators.judge.client import OUTPUT_GUESS
from evalkit.evaluators.judge.judge import judging_of
from evalkit.evaluators.judge.panel import MEMBERS
from evalkit.evaluators.judge.session import Session, current
from evalkit.model.outcome import succeeded
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.definition.inject import collect

ENOUGH = 3


@dataclass(frozen=True, slots=True)
class Estimate:
    """Calls to make (those known already are `cached`), their tokens and their cost."""

    calls: int
    cached: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    """`None` when the judge has no price."""

    def __str__(self) -> str:
        money = "cost unknown (no price)" if self.cost is None else f"about {self.cost:.4g}"
        known = f", {self.cached} more are known" if self.cached else ""
        return (
            f"{self.calls} calls, {self.input_tokens + self.output_tokens} tokens, {money}{known}"
        )


def estimate(
    judge: Any, pairs: Iterable[tuple[Any, Any]], *, session: Session | None = None
) -> Estimate:
    """Render the prompt for every (run, example) and add up what asking will take.

    Tokens are guessed from the text; once a model gave a few answers, in this command or before,
    the guess is corrected by what they took. Runs that the judge skips are left out; a panel takes
    what its members take.
    """
    evaluator = as_evaluator(judge)
    session = session or current()
    members = getattr(evaluator.function, MEMBERS, None)
    if members is not None:
        pairs = list(pairs)
        return _sum([estimate(each, pairs, session=session) for each in members])
    judging = judging_of(evaluator)
    if not judging.settings.model:
        return Estimate(0, 0, 0, 0, None)
    calls = cached = guessed = 0
    for run, example in pairs:
        if evaluator.failed_runs == "skip" and not succeeded(run.outcome):
            continue
        values, _kept = collect("run", judging.prompt.names, run, example, None)
        messages = judging.messages(values)
        if judging.client(session).is_known(messages, session):
            cached += 1
            continue
        calls += 1
        guessed += judging.client(session).guessed(messages)
    ratio, output = _experience(session, judging.settings.model)
    given, taken = round(guessed * ratio), calls * min(output, judging.settings.max_tokens)
    return Estimate(calls, cached, given, taken, judging.settings.cost(given, taken))


def _sum(parts: Sequence[Estimate]) -> Estimate:
    costs = [part.cost for part in parts]
    return Estimate(
        calls=sum(part.calls for part in parts),
        cached=sum(part.cached for part in parts),
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
    )


def _experience(session: Session, model: str) -> tuple[float, int]:
    """Return how real input tokens compare with guessed ones, and how long answers were."""
    seen = session.ledger.experience(model)
    if seen.answers < ENOUGH or not seen.guessed:
        return 1.0, OUTPUT_GUESS
    return seen.given / seen.guessed, round(seen.taken / seen.answers)
