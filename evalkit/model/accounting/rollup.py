"""Adds up what the steps of a tree state, field by field, where steps may repeat what is below.

A step's figure may be its own or the sum of what is inside it, complete or not. So a field of a
step amounts to the larger of what it states and what its children amount to: nothing is counted
twice, nothing is lost because one child has a count, and it is never less than what was stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from evalkit.model.step import STEP_FIELDS, Step
from evalkit.model.usage import COSTS, USAGE_FIELDS, Usage, money_of

DISAGREE = (
    "a run or step states other counts than the steps inside it add up to: the larger is used"
)
CLOSE = 1e-6
"""How much costs may differ by rounding, as a part of the larger."""
Amounts = dict[str, float]
_numbers = attrgetter(*USAGE_FIELDS)


class Rolled(NamedTuple):
    """What a run took in all, and what of it each step adds to that."""

    total: Usage | None
    own: list[Usage | None]
    """By step, in the order given: what it states less what is below, so that all add up."""


def roll_up(
    tree: Sequence[tuple[str, str | None, Usage | None]], stated: Usage | None = None
) -> Rolled:
    """Add up a tree: (id, id of the parent, what it states), parents before their children.

    `stated` is what the run itself states; a parent that is not there is the run.
    """
    places: dict[str, int] = {}
    parents: list[int] = []
    for place, (step_id, parent, _) in enumerate(tree):
        parents.append(places.get(parent, -1) if parent is not None else -1)
        places[step_id] = place
    below: list[Amounts | None] = [None] * (len(tree) + 1)  # the last is the run
    own: list[Usage | None] = []
    disagree = False
    for place in range(len(tree) - 1, -1, -1):
        said, under = tree[place][2], below[place]
        if said is None and under is None:
            own.append(None)
            continue
        if under is None and said is not None:
            own.append(said)
            _add(below, parents[place], _stated(said))
            continue
        whole, differs = _amounts(said, under)
        disagree |= differs
        own.append(_remainder(said, whole, under or {}))
        _add(below, parents[place], whole)
    own.reverse()
    whole, differs = _amounts(stated, below[-1])
    if not whole and stated is None:
        return Rolled(None, own)
    return Rolled(_total(tree, stated, whole, disagree=disagree or differs), own)


def settled(steps: Sequence[Step], stated: Usage | None) -> tuple[list[Step], Usage | None]:
    """Return the steps, each with what it took beyond the steps inside it, and the run's usage."""
    if not any(step.usage is not None for step in steps):
        return list(steps), stated
    rolled = roll_up([(step.step_id, step.parent_id, step.usage) for step in steps], stated)
    kept = [
        step if step.usage is usage else _with(step, usage)
        for step, usage in zip(steps, rolled.own, strict=True)
    ]
    return kept, rolled.total


def _with(step: Step, usage: Usage | None) -> Step:
    return Step(**{name: getattr(step, name) for name in STEP_FIELDS} | {"usage": usage})


def _amounts(said: Usage | None, under: Amounts | None) -> tuple[Amounts, bool]:
    """Return the larger of both, field by field, and whether they differ."""
    whole: Amounts = dict(under or {})
    differs = False
    for name, value in _stated(said).items() if said is not None else ():
        other = whole.get(name)
        if other is not None and abs(other - value) > CLOSE * max(other, value):
            differs = True
        if other is None or value > other:
            whole[name] = value
    both = whole.get("input_tokens", 0) + whole.get("output_tokens", 0)
    if {"input_tokens", "output_tokens"} <= whole.keys() and whole.get("total_tokens", 0) < both:
        whole["total_tokens"] = both
    return whole, differs


def _stated(usage: Usage) -> Amounts:
    values = zip(USAGE_FIELDS, _numbers(usage), strict=True)
    return {name: value for name, value in values if value is not None}


def _remainder(said: Usage | None, whole: Amounts, under: Amounts) -> Usage | None:
    rest: dict[str, Any] = {}
    for name, value in whole.items():
        more = value - under.get(name, 0)
        if more > CLOSE * value:
            rest[name] = more
    if not rest or said is None:
        return None
    words: dict[str, Any] = {"currency": said.currency, "cost_source": said.cost_source}
    return Usage(**rest, **(words if rest.keys() & set(COSTS) else {}), notes=said.notes)


def _add(below: list[Amounts | None], parent: int, whole: Amounts) -> None:
    under = below[parent]
    if under is None:
        below[parent] = whole
        return
    for name, value in whole.items():
        under[name] = under.get(name, 0) + value


def _total(
    tree: Sequence[tuple[str, str | None, Usage | None]],
    stated: Usage | None,
    whole: Amounts,
    *,
    disagree: bool,
) -> Usage:
    totals: dict[str, Any] = dict(whole)
    usages = [usage for _, _, usage in tree if usage is not None]
    words = money_of([*usages, *([stated] if stated else [])], totals)
    notes = (*words.pop("notes", ()), *(stated.notes if stated else ()))
    if disagree:
        notes = (*notes, DISAGREE)
    return Usage(**totals, **words, details=stated.details if stated else {}, notes=notes)
