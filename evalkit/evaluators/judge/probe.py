"""Probe: does a judge favour a place or a length? Asked again with only that changed."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalkit.evaluators.answers import KEYS
from evalkit.model.example import Example
from evalkit.model.run import RUN_FIELDS, Run
from evalkit.scoring.definition.awaiting import finished
from evalkit.scoring.definition.evaluator import as_evaluator
from evalkit.scoring.side_by_side import Judgement, judge_all

FILLER = (
    " To summarise what was said above in other words, the points made there stand as they are,"
    " and everything that was mentioned applies in the way in which it was mentioned."
)


@dataclass(frozen=True, slots=True)
class PositionBias:
    """What became of verdicts when the order was reversed."""

    n: int
    """Pairs of verdicts that could be compared."""
    consistent: int
    """How many named the same answer both times."""
    first: int
    """Of the others, how many named the answer shown first both times."""
    last: int
    """... the answer shown last both times."""

    @property
    def consistency(self) -> float | None:
        """Share that did not depend on the order; `None` when nothing was compared."""
        return self.consistent / self.n if self.n else None


def probe_position(
    judge: Any, groups: Sequence[tuple[Example, Mapping[str, Sequence[Run]]]], *, seed: int = 0
) -> PositionBias:
    """Ask a pairwise judge in two orders about every example; count what depended on the order."""
    judgements = list(judge_all([as_evaluator(judge)], groups, seed=seed, swap=True))
    return position_bias(judgements)


def position_bias(judgements: Sequence[Judgement]) -> PositionBias:
    """Count, in verdicts given in both orders, how often the place decided."""
    by_case: dict[tuple[str, str, int], list[Judgement]] = {}
    for each in judgements:
        by_case.setdefault((each.key, each.example_id, each.repetition), []).append(each)
    n = consistent = first = last = 0
    for case in by_case.values():
        scored = [each for each in case if each.outcome == "scored"]
        if len(scored) != 2 or scored[0].order == scored[1].order:
            continue
        n += 1
        winners = [_winner(each) for each in scored]
        places = [
            each.order.index(w) if w is not None else None
            for each, w in zip(scored, winners, strict=True)
        ]
        consistent += winners[0] == winners[1]
        first += winners[0] != winners[1] and places == [0, 0]
        last += winners[0] != winners[1] and places == [len(each.order) - 1 for each in scored]
    return PositionBias(n, consistent, first, last)


def _winner(judgement: Judgement) -> str | None:
    """Return the experiment with the highest score, or `None` for a tie."""
    best = max(judgement.scores.values())
    top = [name for name, score in judgement.scores.items() if score == best]
    return top[0] if len(top) == 1 else None


@dataclass(frozen=True, slots=True)
class LengthBias:
    """What became of scores when words without content were added to the answer."""

    n: int
    raised: int
    lowered: int
    mean_change: float | None
    """Mean of padded minus plain; `None` when nothing was compared."""


def probe_length(judge: Any, pairs: Sequence[tuple[Run, Example | None]]) -> LengthBias:
    """Ask a judge about every run as it is and with a padded answer; scores should not move.

    Runs whose answer is no text, and verdicts that do not apply, are left out.
    """
    evaluator = as_evaluator(judge)
    changes = []
    for run, example in pairs:
        longer = padded(run)
        if longer is None:
            continue
        plain, long = (_ask(evaluator, each, example) for each in (run, longer))
        if plain is not None and long is not None:
            changes.append(long - plain)
    mean = sum(changes) / len(changes) if changes else None
    return LengthBias(
        n=len(changes),
        raised=sum(change > 0 for change in changes),
        lowered=sum(change < 0 for change in changes),
        mean_change=mean,
    )


def _ask(evaluator: Any, run: Run, example: Example | None) -> float | None:
    returned = evaluator.invoke(run, example)
    if inspect.isawaitable(returned):
        returned = finished(returned)
    score = evaluator.scores(returned)[0].score
    return None if score is None else float(score)


def padded(run: Run, filler: str = FILLER) -> Run | None:
    """Return the run with words without content at the end of its answer; `None` without a text."""
    outputs = run.outputs
    if isinstance(outputs, str):
        longer: Any = outputs + filler
    elif isinstance(outputs, Mapping):
        key = next((k for k in KEYS if isinstance(outputs.get(k), str)), None)
        if key is None:
            return None
        longer = {**outputs, key: outputs[key] + filler}
    else:
        return None
    return Run(**{**{name: getattr(run, name) for name in RUN_FIELDS}, "outputs": longer})
