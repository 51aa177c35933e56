"""What can go wrong with a judge; each becomes an `evaluator_error` cell with its reason.

Where money or an interruption ends it, nothing is wrong: the cell stays missing and the next
command asks.
"""

from __future__ import annotations

from evalkit.errors import EvaluatorError, LeftMissing


class JudgeError(EvaluatorError):
    """A judge gave no usable verdict."""


class JudgeRefused(JudgeError):
    """The model would not answer, or a filter took the question or the answer away."""


class JudgeStopped(JudgeError):
    """The endpoint said what no other question mends, such as an empty account."""


class BudgetSpent(JudgeError, LeftMissing):
    """The next call could go beyond the budget, so it was not made."""


class NotAsked(JudgeError, LeftMissing):
    """Somebody asked to stop before the call was made."""
