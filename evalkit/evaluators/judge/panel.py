"""Panel: several judges on the same run, and one verdict: the majority's, or the median."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from evalkit.evaluators.judge.asking.errors import BudgetSpent, JudgeError
from evalkit.evaluators.judge.judge import Judge, caller, mark_judge, signature_of
from evalkit.model.scales.scale import Scale
from evalkit.model.score import LEFT_OUT, EvaluatorInfo, Score
from evalkit.scoring.definition.evaluator import Evaluator, as_evaluator

MEMBERS = "__evalkit_members__"
RULES = ("majority", "unanimous", "median")


def panel(
    name: str,
    judges: Sequence[Judge],
    *,
    rule: str = "majority",
    direction: str | None = "higher",
    threshold: float | None = None,
) -> Judge:
    """Make an evaluator called `name` that asks every one of `judges` and combines what they say.

    `majority`: more than half of those that answered (of numbers the median); a tie does not apply.
    `unanimous`: as majority, but only when all say the same. `median`: of numbers. More than half
    must answer. The votes and the share that agrees with the outcome are metadata.
    """
    members = [as_evaluator(each) for each in judges]
    if len(members) < 2 or rule not in RULES:
        raise JudgeError(f"panel {name!r}: it takes two judges or more, and a rule of {RULES}.")
    names = sorted({each for member in members for each in member.injected})

    async def ask(**fields: Any) -> Score:
        said = await asyncio.gather(
            *(_vote(member, fields) for member in members), return_exceptions=True
        )
        return combine(name, [member.name for member in members], list(said), rule)

    ask.__name__ = ask.__qualname__ = name
    ask.__doc__ = f"{rule.capitalize()} of {', '.join(member.name for member in members)}."
    ask.__signature__ = signature_of(names, {})  # type: ignore[attr-defined]
    ask.__module__ = caller()
    setattr(ask, MEMBERS, members)
    return mark_judge(
        ask,
        version=_digest(members, rule),
        direction=direction,
        threshold=threshold,
        failed_runs="skip" if all(m.failed_runs == "skip" for m in members) else "call",
        scale=lambda _: _common([m.info() for m in members]),
    )


def _common(infos: Sequence[EvaluatorInfo]) -> Scale:
    """Return what all members' scores are; nothing where they differ."""
    said = {(each.score_kind, each.range) for each in infos}
    kind, range = said.pop() if len(said) == 1 else (None, None)
    return Scale(kind=kind, range=range)


async def _vote(member: Evaluator, fields: dict[str, Any]) -> Score:
    returned = await member.function(**{name: fields[name] for name in member.injected})
    return member.scores(returned)[0]


def _digest(members: Sequence[Evaluator], rule: str) -> str:
    """Return a version that changes with any setting of any judge."""
    text = json.dumps([rule, [[m.name, m.version, m.all_options()] for m in members]], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def combine(name: str, names: Sequence[str], said: Sequence[Any], rule: str) -> Score:
    """Return the panel's score from its members' scores (or the exceptions they raised)."""
    spent = next((each for each in said if isinstance(each, BudgetSpent)), None)
    if spent is not None:
        raise spent
    votes = {n: s for n, s in zip(names, said, strict=True) if isinstance(s, Score)}
    failed = {n: s for n, s in zip(names, said, strict=True) if not isinstance(s, Score)}
    if 2 * len(votes) <= len(said):
        why = "; ".join(f"{n}: {error}" for n, error in failed.items())
        raise JudgeError(f"panel {name!r}: only {len(votes)} of {len(said)} judges answered. {why}")
    metadata = {
        "votes": {n: _value(score) for n, score in votes.items()},
        "reasons": {n: score.comment for n, score in votes.items()},
        "failed": {n: str(error) for n, error in failed.items()},
        "judge": _sum([score.metadata.get("judge", {}) for score in votes.values()]),
    }
    return _decide(list(votes.values()), rule, metadata)


def _value(score: Score) -> Any:
    return score.value if score.score is None else score.score


def _decide(votes: Sequence[Score], rule: str, metadata: dict[str, Any]) -> Score:
    values = [_value(vote) for vote in votes]
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    if numbers:
        middle = median(values)
        return Score(score=middle, comment=f"median of {sorted(values)}", metadata=metadata)
    (winner, most), *_ = Counter(values).most_common()
    share = most / len(values)
    metadata = {**metadata, "agreement": share}
    count = f"{most} of {len(values)} say {winner}"
    if share <= 0.5 or (rule == "unanimous" and share < 1):
        return Score(comment=f"no decision: {count}", metadata=metadata)
    if isinstance(winner, bool):
        return Score(score=winner, comment=count, metadata=metadata)
    return Score(value=winner, comment=count, metadata=metadata)


def _sum(accounts: Sequence[Any]) -> dict[str, Any]:
    """Return the accounts of all judges as one; one unknown cost makes the sum unknown."""
    costs = [each.get("cost") for each in accounts]
    total = {
        key: sum(each.get(key, 0) for each in accounts)
        for key in ("calls", "cached", "input_tokens", "output_tokens", *LEFT_OUT)
    }
    total = {key: count for key, count in total.items() if count or key not in LEFT_OUT}
    return {**total, "cost": None if any(cost is None for cost in costs) else sum(costs)}
