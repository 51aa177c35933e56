"""Choices: the words people have for a score, one a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from evalkit.errors import ConfigError
from evalkit.metrics.agreement.choosing import Metric
from evalkit.metrics.agreement.labels import category
from evalkit.metrics.agreement.settled import UNSURE

MOST = 8
"""Besides `Cannot say`, which has the ninth key at most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One button: what is written, what is shown, and which way it leans."""

    value: str
    text: str
    tone: str = "note"
    """pass, fail or note, for the lists after the queue is done."""


ABSTAIN = Choice(UNSURE, "Cannot say")


def choices_of(metric: Metric, given: Sequence[str] = ()) -> list[Choice]:
    """Return the buttons: as given, or pass and fail, or the words the evaluator knows.

    A score in numbers without a threshold has no such words; then `ConfigError` says what to do.
    """
    if given:
        words = list(dict.fromkeys(category(each) for each in given))
        if not 2 <= len(words) <= MOST:
            raise ConfigError(f"label: give 2 to {MOST} different labels, not {len(words)}.")
        return [*(Choice(word, word) for word in words), ABSTAIN]
    if metric.threshold is not None or metric.type == "none":
        return [Choice("1", "Pass", "pass"), Choice("0", "Fail", "fail"), ABSTAIN]
    if set(metric.words) <= {"0", "1"}:
        if metric.direction == "higher":
            return [Choice("1", "Pass", "pass"), Choice("0", "Fail", "fail"), ABSTAIN]
        return [Choice("1", "Yes"), Choice("0", "No"), ABSTAIN]
    words = sorted((word for word in metric.words if word != UNSURE), key=_by_number)
    if metric.type == "category" or len(words) <= MOST:
        if len(words) > MOST:
            raise ConfigError(
                f"label: {metric.name!r} has {len(words)} categories, keys are for {MOST}. "
                "Name those that matter with --labels one,two."
            )
        return [*(Choice(word, word) for word in words), ABSTAIN]
    raise ConfigError(
        f"label: {metric.name!r} is a number without a threshold. Give the evaluator a threshold "
        "and label pass or fail, or name the labels: --labels 1,2,3,4,5."
    )


def _by_number(word: str) -> tuple[bool, float, str]:
    try:
        return (False, float(word), word)
    except ValueError:
        return (True, 0.0, word)
