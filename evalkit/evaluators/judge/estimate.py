"""Estimate: what judging will take, said before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from evalkit.evaluators.judge.client import OUTPUT_GUESS, guess_tokens
from evalkit.evaluators.judge.judge import judging_of
from evalkit.evaluators.judge.session import Session, current
from evalkit.scoring.evaluator import Evaluator, as_evaluator
from evalkit.scoring.inject import collect

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

    Tokens are guessed from the text; once a few answers are in, the guess is corrected by what they
    took. Runs that the judge skips are left out.
    """
    evaluator = as_evaluator(judge)
    session = session or current()
    judging = judging_of(evaluator)
    calls = cached = guessed = 0
    for run, example in pairs:
        if evaluator.failed_runs == "skip" and run.outcome != "success":
            continue
        messages = judging.messages(_fields(evaluator, run, example))
        if judging.client(session).is_known(messages, session):
            cached += 1
            continue
        calls += 1
        guessed += sum(guess_tokens(message["content"]) for message in messages)
    ratio, output = _experience(session)
    given, taken = round(guessed * ratio), calls * min(output, judging.settings.max_tokens)
    return Estimate(calls, cached, given, taken, judging.settings.cost(given, taken))


def _fields(evaluator: Evaluator, run: Any, example: Any) -> dict[str, Any]:
    return collect("run", evaluator.injected, run, example, None)


def _experience(session: Session) -> tuple[float, int]:
    """Return how real input tokens compare with guessed ones, and how long answers were."""
    totals = session.ledger.totals()
    if totals.calls < ENOUGH or not totals.guessed_input:
        return 1.0, OUTPUT_GUESS
    return totals.input_tokens / totals.guessed_input, round(totals.output_tokens / totals.calls)
