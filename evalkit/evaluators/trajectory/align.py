"""Alignment: the cheapest way to turn what was expected into what happened, step by step.

Edit distance over steps (Wagner and Fischer, 1974) with graded replacement: a step of another name
costs 1, a step of the right name with wrong arguments costs half of the share of argument names
that disagree (so at most 0.5), a missing or an extra step costs 1. Free of cost are optional steps
that did not happen, repetitions that were allowed, and failed attempts that were tried again within
the allowed number of retries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evalkit.evaluators.matching import agreement
from evalkit.evaluators.trajectory.expected import ANY, Expected
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall

Op = Literal["match", "replace", "insert", "delete"]
MATCH, REPLACE, DELETE, INSERT = 0, 1, 2, 3
NEVER = float("inf")
OPS: tuple[Op, ...] = ("match", "replace", "delete", "insert")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of an alignment; `cost` is 0 where the difference is allowed."""

    op: Op
    expected: Expected | None
    actual: ToolCall | None
    cost: float

    def to_dict(self) -> dict[str, Any]:
        """Return the row as data a report can draw."""
        want, got = self.expected, self.actual
        said = None if got is None else wording(got.name, got.arguments)
        wanted = None if want is None else said
        if want is not None and (
            got is None or want.arguments != got.arguments or want.name != got.name
        ):
            wanted = wording(want.name, None if want.arguments is ANY else want.arguments)
        return {
            "op": self.op,
            "expected": wanted,
            "actual": said,
            "step_id": None if got is None else got.step_id,
            "cost": self.cost,
        }


@dataclass(frozen=True, slots=True)
class Alignment:
    """Rows in order of what happened, and their total cost."""

    rows: tuple[Row, ...]

    @property
    def cost(self) -> float:
        """The edit distance: 0 when everything is as expected."""
        return sum(row.cost for row in self.rows)

    @property
    def similarity(self) -> float:
        """1 minus the cost over the longer side, allowed differences left out; 0 to 1."""
        counted = [row for row in self.rows if row.op == "match" or row.cost]
        wanted = sum(row.expected is not None for row in counted)
        happened = sum(row.actual is not None for row in counted)
        longer = max(wanted, happened)
        return 1.0 if longer == 0 else max(0.0, 1.0 - self.cost / longer)

    @property
    def matched(self) -> int:
        """How many steps are as expected."""
        return sum(row.op == "match" for row in self.rows)

    def to_list(self) -> list[dict[str, Any]]:
        """Return the rows as data."""
        return [row.to_dict() for row in self.rows]


def retried(steps: Sequence[ToolCall], retries: int) -> set[int]:
    """Return the positions of failed attempts that the same tool's next call makes good.

    At most `retries` attempts before one call are forgiven, the last ones first.
    """
    free: set[int] = set()
    chain: list[int] = []
    for position, step in enumerate(steps):
        following = steps[position + 1].name if position + 1 < len(steps) else None
        if step.error and step.name == following:
            chain.append(position)
            continue
        free.update(chain[len(chain) - retries :] if retries < len(chain) else chain)
        chain = []
    return free if retries else set()


def align(
    actual: Sequence[ToolCall],
    expected: Sequence[Expected],
    *,
    extras_cost: float = 1.0,
    retries: int = 0,
    swaps: bool = True,
) -> Alignment:
    """Align `actual` with `expected` at the lowest cost; ties prefer a match, then a swap.

    Without `swaps` a step is as expected or it is not: the matches are then the longest common
    subsequence (Hirschberg, 1975).
    """
    forgiven = retried(actual, retries)
    start, last = _common_ends(actual, expected, forgiven)
    left = actual[start : len(actual) - last], expected[start : len(expected) - last]
    free = {position - start for position in forgiven}
    head = [Row("match", expected[i], actual[i], 0.0) for i in range(start)]
    tail = [Row("match", expected[-i], actual[-i], 0.0) for i in range(last, 0, -1)]
    middle = _walk_back(*left, _table(*left, extras_cost, free, swaps)) if any(left) else []
    return Alignment((*head, *middle, *tail))


def _common_ends(
    actual: Sequence[ToolCall], expected: Sequence[Expected], forgiven: set[int]
) -> tuple[int, int]:
    """Count the steps at either end that match; taking them keeps the table small.

    Steps that may be left out or repeated are for the table to place.
    """
    shorter = min(len(actual), len(expected))

    def plain(i: int, j: int) -> bool:
        want = expected[j]
        fixed = not (want.optional or want.loops or i in forgiven)
        return fixed and want.accepts(actual[i])

    start = next((n for n in range(shorter) if not plain(n, n)), shorter)
    ends = range(1, shorter - start + 1)
    stop = next((n for n in ends if not plain(len(actual) - n, len(expected) - n)), len(ends) + 1)
    return start, stop - 1


Moves = list[list[tuple[int, float]]]


def _table(
    actual: Sequence[ToolCall],
    expected: Sequence[Expected],
    extras_cost: float,
    forgiven: set[int],
    swaps: bool,
) -> Moves:
    """Return, for each pair of prefixes, the last move of the cheapest way and what it costs."""
    total = [0.0]
    moves: Moves = [[(MATCH, 0.0)]]
    for want in expected:
        cost = 0.0 if want.optional else 1.0
        total.append(total[-1] + cost)
        moves[0].append((DELETE, cost))
    for position, step in enumerate(actual):
        plain = 0.0 if position in forgiven else extras_cost
        row_total, row_moves = [total[0] + plain], [(INSERT, plain)]
        for j, want in enumerate(expected, start=1):
            pair = pair_cost(step, want) if swaps else 0.0 if want.accepts(step) else NEVER
            again = 0.0 if want.loops and pair == 0.0 else plain
            missing = 0.0 if want.optional else 1.0
            choices = (
                (total[j - 1] + pair, MATCH if pair == 0.0 else REPLACE, pair),
                (row_total[j - 1] + missing, DELETE, missing),
                (total[j] + again, INSERT, again),
            )
            best = min(choices)
            row_total.append(best[0])
            row_moves.append((best[1], best[2]))
        total = row_total
        moves.append(row_moves)
    return moves


def pair_cost(step: ToolCall, want: Expected) -> float:
    """Return what it costs to take `step` for `want`: 0 as expected, 1 another name."""
    if not want.is_named(step.name):
        return 1.0
    if want.accepts(step):
        return 0.0
    wrong = 1.0 - agreement(step.arguments, want.arguments)
    return 0.5 * wrong if wrong else 0.5  # a matcher refused arguments that look the same


def _walk_back(actual: Sequence[ToolCall], expected: Sequence[Expected], moves: Moves) -> list[Row]:
    rows: list[Row] = []
    i, j = len(actual), len(expected)
    while i or j:
        move, cost = moves[i][j]
        want = expected[j - 1] if move != INSERT else None
        step = actual[i - 1] if move != DELETE else None
        again = move == INSERT and cost == 0.0 and j > 0 and expected[j - 1].loops
        if again and step is not None and expected[j - 1].accepts(step):
            rows.append(Row("match", expected[j - 1], step, 0.0))
        elif not (move == DELETE and cost == 0.0):  # an optional step that did not happen
            rows.append(Row(OPS[move], want, step, cost))
        i -= move != DELETE
        j -= move != INSERT
    rows.reverse()
    return rows
