"""Compare: the verdict on a trajectory in one of five modes, with a reason people can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from evalkit.evaluators.trajectory.align import Alignment, Row, align, retried
from evalkit.evaluators.trajectory.expected import ANY, Expected
from evalkit.evaluators.trajectory.pairing import pair_up
from evalkit.evaluators.wording import wording
from evalkit.model.messages.message import ToolCall

Mode = Literal["strict", "in_order", "unordered", "subset", "superset"]
MODES: tuple[Mode, ...] = get_args(Mode)
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a trajectory is as expected, with the alignment that shows where it is not."""

    alignment: Alignment
    ordered: bool = True

    @property
    def passed(self) -> bool:
        """True when no difference costs anything in this mode."""
        return self.alignment.cost == 0

    @property
    def reason(self) -> str | None:
        """The first differences in words, or `None` when there is none."""
        return explain(self.alignment.rows, self.ordered)


def compare(
    actual: Sequence[ToolCall],
    expected: Sequence[Expected],
    mode: str = "strict",
    *,
    retries: int = 0,
) -> Verdict:
    """Compare what happened with what was expected.

    `strict`: the same steps in the same order. `in_order`: the expected steps in order, others may
    stand between. `unordered`: the same steps in any order. `subset`: nothing but expected steps.
    `superset`: every expected step, in any order. Raises `ValueError` for another mode.
    """
    if mode == "strict":
        return Verdict(align(actual, expected, retries=retries))
    if mode == "in_order":
        return Verdict(align(actual, expected, extras_cost=0.0, retries=retries))
    if mode not in MODES:
        raise ValueError(f"unknown mode {mode!r}. Known: {', '.join(MODES)}")
    return Verdict(
        pair_up(
            actual,
            expected,
            missing_cost=0.0 if mode == "subset" else 1.0,
            extras_cost=0.0 if mode == "superset" else 1.0,
            forgiven=retried(actual, retries),
        ),
        ordered=False,
    )


def explain(rows: Sequence[Row], ordered: bool = True) -> str | None:
    """Say what differs: `step 3: expected search(q='x'), got search(q='y')`; `None` if nothing.

    Without order, steps are not counted.
    """
    said: list[str] = []
    position = 0
    for row in rows:
        position += row.expected is not None
        if row.cost:
            said.append(_difference(row, position if ordered else None))
    if not said:
        return None
    more = len(said) - SHOWN
    tail = f"; and {more} more difference{'s' if more > 1 else ''}" if more > 0 else ""
    return "; ".join(said[:SHOWN]) + tail


def _difference(row: Row, position: int | None) -> str:
    got = wording(row.actual.name, row.actual.arguments) if row.actual else ""
    if row.expected is None:
        where = (
            "" if position is None else f"after step {position}: " if position else "at the start: "
        )
        return f"{where}{got} was not expected"
    where = "" if position is None else f"step {position}: "
    arguments = None if row.expected.arguments is ANY else row.expected.arguments
    want = wording(row.expected.name, arguments)
    if row.actual is None:
        return f"{where}expected {want}, which is missing"
    return f"{where}expected {want}, got {got}"
