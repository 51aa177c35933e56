"""What can go wrong with a judge; each becomes an `evaluator_error` cell with its reason."""

from __future__ import annotations

from evalkit.errors import EvaluatorError


class JudgeError(EvaluatorError):
    """A judge gave no usable verdict."""


class JudgeRefused(JudgeError):
    """The model would not answer, or a filter took the answer away."""


class BudgetSpent(JudgeError):
    """The next call could go beyond the budget, so it was not made."""
