"""Pace: how long runs took until now, by evaluator; a call that hangs is held against it."""

from __future__ import annotations

from collections import Counter, defaultdict

ENOUGH = 20
"""Calls to have seen before one is called slow."""
FACTOR = 50


class Pace:
    """What all workers were seen to need, so that a job just begun is judged as well."""

    def __init__(self) -> None:
        self._calls: Counter[int] = Counter()
        self._seconds: defaultdict[int, float] = defaultdict(float)

    def note(self, task: int, calls: int, seconds: float) -> None:
        """Count runs an evaluator was called for, and how long all evaluators took for them."""
        self._calls[task] += calls
        self._seconds[task] += seconds

    def is_exceeded(self, task: int, seconds: float, *, before: int, took: float) -> bool:
        """Tell whether a call takes far longer than others, also those `before` it in its job."""
        calls = before + self._calls[task]
        return calls >= ENOUGH and seconds > FACTOR * (took + self._seconds[task]) / calls
