"""Tokens and costs of quick records, added up as `roll_up` adds them up."""

from __future__ import annotations

from collections import Counter
from math import isfinite
from operator import attrgetter
from typing import Any

from orjson import dumps

from evalkit.fetchers.langsmith.convert.fields import CURRENCY
from evalkit.model.accounting.rollup import CLOSE, roll_up
from evalkit.model.schema.batch import Odd
from evalkit.model.schema.row_values import NO_USAGE, usage_values
from evalkit.model.usage import Usage

Values = tuple[Any, ...]
"""Input, output and total tokens, input, output and total cost."""
DETAILS = (
    "prompt_token_details",
    "completion_token_details",
    "prompt_cost_details",
    "completion_cost_details",
)
FIELDS = (
    *("input_tokens", "output_tokens", "total_tokens"),
    *("input_cost", "output_cost", "total_cost"),
)
LARGEST = 2**53
INFINITE = float("inf")
NO_MODEL = frozenset({None, "chain", "tool", "retriever", "parser", "prompt", "embedding"})
"""Types of runs that carry no usage in their payloads."""
NO_COUNTS = (None,) * 4
_details = attrgetter(*DETAILS)
_counts = attrgetter("total_tokens", "prompt_tokens", "completion_tokens", "total_cost")


def usages(
    root: Any, placed: list[Any], parents: list[str]
) -> tuple[list[Values], Values, list[bytes | None], Counter[str]]:
    """Return the columns of usage of each step and of the run, details, and what was noticed.

    The details are those of the steps, then those of the run.
    """
    said = [
        None if _counts(r) == NO_COUNTS and r.run_type in NO_MODEL else _said(r, of_llm=True)
        for r in placed
    ]
    whole = _said(root, of_llm=False)
    nothing: list[bytes | None] = [None] * (len(placed) + 1)
    total = _leaves(root, placed, parents, said, whole)
    if total is None:
        return _nested(placed, parents, said, whole)
    if total == NOTHING:
        if _carries(root):
            raise Odd("usage inside a payload")
        return [NO_USAGE] * len(placed), NO_USAGE, nothing, Counter()
    paid = total[5] is not None  # as soon as any step, or the whole, states a cost
    own = [NO_USAGE if each is None else _columns(each, each[5] is not None) for each in said]
    return own, _columns(total, paid), nothing, Counter()


NOTHING: Values = (None,) * len(FIELDS)


def _leaves(
    root: Any,
    placed: list[Any],
    parents: list[str],
    said: list[Values | None],
    whole: Values | None,
) -> Values | None:
    """Return the whole where only steps without usage inside state one; None: add up the tree."""
    below: dict[str, Values] = {}
    for place in range(len(placed) - 1, -1, -1):
        amounts = said[place]
        if below:
            under = below.get(placed[place].id)
            if amounts is None:
                amounts = under
            elif under is not None:
                return None
        if amounts is not None:
            other = below.get(parents[place])
            below[parents[place]] = amounts if other is None else _sum(other, amounts)
    under = below.get(root.id)
    if whole is None or under is None:
        return whole or under or NOTHING
    found = []
    for one, other in zip(under, whole, strict=True):
        if one is None or other is None or one == other:
            found.append(other if one is None else one)
        elif abs(one - other) > CLOSE * max(one, other):
            return None
        else:
            found.append(max(one, other))
    return tuple(found)


def _sum(one: Values, other: Values) -> Values:
    return tuple(
        [b if a is None else a if b is None else a + b for a, b in zip(one, other, strict=True)]
    )


def _nested(
    placed: list[Any], parents: list[str], said: list[Values | None], whole: Values | None
) -> tuple[list[Values], Values, list[bytes | None], Counter[str]]:
    """Add up a tree whose steps state what is inside them, as older servers do."""
    notes: Counter[str] = Counter()
    tree = [
        (record.id, parent, None if each is None else _usage(each))
        for record, parent, each in zip(placed, parents, said, strict=True)
    ]
    rolled = roll_up(tree, None if whole is None else _usage(whole))
    found = [
        (NO_USAGE, None) if each is None else usage_values(each, notes)
        for each in (*rolled.own, rolled.total)
    ]
    return [f[0] for f in found[:-1]], found[-1][0], [f[1] for f in found], notes


def _usage(values: Values) -> Usage:
    currency = None if values[5] is None else CURRENCY
    return Usage(**dict(zip(FIELDS, values, strict=True)), currency=currency)


def _columns(values: Values, paid: bool) -> Values:
    return (*values, None, None, None, CURRENCY if paid else None, None)


def _said(record: Any, *, of_llm: bool) -> Values | None:
    """Return what a record states; what is stated in other ways is `Odd`."""
    total, cost = record.total_tokens, record.total_cost
    prompt, completion = record.prompt_tokens, record.completion_tokens
    found: Values | None = None
    if total or prompt or completion or cost:
        if any(_details(record)):
            raise Odd("details of usage")
        if prompt is None or completion is None or prompt + completion != total:
            raise Odd("counts that do not add up")
        if not (0 <= prompt < LARGEST and 0 <= completion < LARGEST):
            raise Odd("counts that are none")
        cost, parts = _number(cost), (_number(record.prompt_cost), _number(record.completion_cost))
        if cost is None and parts != (None, None):
            raise Odd("parts of a cost")
        if total or completion or cost:
            found = (prompt, completion, total, *parts, cost)
    if found is None and of_llm and _carries(record) and str(record.run_type).lower() == "llm":
        raise Odd("usage inside a payload")
    return found


def _number(value: float | str | None) -> float | None:
    if value is None or (type(value) is float and 0 <= value < INFINITE):
        return value
    try:
        number = float(value)
    except ValueError:
        raise Odd("a cost that is no number") from None
    if not isfinite(number) or number < 0:
        raise Odd("a cost that is none")
    return number


def _carries(record: Any) -> bool:
    """Tell whether a payload may hold the usage of its model call."""
    outputs, extra = dumps(record.outputs), dumps(record.extra)
    return b"usage" in outputs or b"llm_output" in outputs or b"usage" in extra
