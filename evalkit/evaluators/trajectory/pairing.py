"""Pairing: which steps answer which expected steps when order does not matter.

A maximum bipartite matching by augmenting paths (Kuhn, 1955), required steps first. A greedy choice
would let a wildcard take the step that only another expected step could have used.
"""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.evaluators.trajectory.align import Alignment, Row, pair_cost
from evalkit.evaluators.trajectory.expected import Expected
from evalkit.model.messages.message import ToolCall


def pair(actual: Sequence[ToolCall], expected: Sequence[Expected]) -> dict[int, int]:
    """Return position in `actual` -> position in `expected`; as many required steps as possible."""
    fits = [[i for i, step in enumerate(actual) if want.accepts(step)] for want in expected]
    taken: dict[int, int] = {}
    for j in sorted(range(len(expected)), key=lambda j: expected[j].optional):
        _augment(j, fits, taken, set())
    loops = {j for j, want in enumerate(expected) if want.loops}
    if loops:
        wants = [[j for j, steps in enumerate(fits) if i in steps] for i in range(len(actual))]
        for i in range(len(actual)):
            if i not in taken:
                _repeat(i, wants, loops, taken, set())
    return taken


def _augment(j: int, fits: list[list[int]], taken: dict[int, int], seen: set[int]) -> bool:
    for i in fits[j]:
        if i in seen:
            continue
        seen.add(i)
        if i not in taken or _augment(taken[i], fits, taken, seen):
            taken[i] = j
            return True
    return False


def _repeat(
    i: int, wants: list[list[int]], loops: set[int], taken: dict[int, int], seen: set[int]
) -> bool:
    """Let a step that is left repeat an expected one, or take the place of another that can."""
    for j in wants[i]:
        if j in seen:
            continue
        seen.add(j)
        others = [] if j in loops else [each for each, place in taken.items() if place == j]
        if all(_repeat(other, wants, loops, taken, seen) for other in others):
            taken[i] = j
            return True
    return False


def pair_up(
    actual: Sequence[ToolCall],
    expected: Sequence[Expected],
    *,
    missing_cost: float,
    extras_cost: float,
    forgiven: set[int],
) -> Alignment:
    """Align without order: pairs match, the rest has wrong arguments, is extra or missing."""
    taken = pair(actual, expected)
    used = set(taken.values())
    open_wants = [j for j, w in enumerate(expected) if j not in used and not w.optional]
    rows: list[Row] = []
    for i, step in enumerate(actual):
        if i in taken:
            rows.append(Row("match", expected[taken[i]], step, 0.0))
            continue
        namesake = next((j for j in open_wants if expected[j].is_named(step.name)), None)
        if i in forgiven:
            rows.append(Row("insert", None, step, 0.0))
        elif namesake is None:
            rows.append(Row("insert", None, step, extras_cost))
        else:
            open_wants.remove(namesake)
            cost = pair_cost(step, expected[namesake]) * max(missing_cost, extras_cost)
            rows.append(Row("replace", expected[namesake], step, cost))
    rows.extend(Row("delete", expected[j], None, missing_cost) for j in open_wants)
    return Alignment(tuple(rows))
