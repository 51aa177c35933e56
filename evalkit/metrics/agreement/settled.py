"""Settled: what counts of the labels people gave: last words, final words, and who cannot say."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from evalkit.metrics.agreement.labels import Label

UNSURE = "unsure"
"""What people say who cannot say: an abstention, unless the evaluator itself says this word."""


@dataclass(frozen=True, slots=True)
class Settled:
    """Labels of one score that count, and how many were abstentions."""

    labels: list[Label]
    abstained: int


def settled(
    labels: Sequence[Label], experiment: str | None = None, words: Collection[str] = ()
) -> Settled:
    """Return the labels that count: of a rater the last word on a run, of all the final one.

    Labels of another experiment than `experiment` are left out. `words` are what the evaluator
    says, so that a category of this name is no abstention.
    """
    here = [each for each in labels if experiment is None or each.experiment in (None, experiment)]
    said = _last_words(here)
    final = {_run_of(each) for each in said if each.final}
    counted = [each for each in said if each.final or _run_of(each) not in final]
    sure = [each for each in counted if not abstains(each, words)]
    return Settled(sure, len(counted) - len(sure))


def abstains(label: Label, words: Collection[str] = ()) -> bool:
    """Tell whether somebody looked at the run and could not say."""
    return label.abstains or (label.value.lower() == UNSURE and label.value not in words)


def _last_words(labels: Sequence[Label]) -> list[Label]:
    """Drop what a rater said before; labels without a rater are everybody's and stay."""
    last: dict[Hashable, Label] = {}
    for number, label in enumerate(labels):
        who = number if label.rater is None and not label.final else label.rater
        key = (_run_of(label), label.metric, who, label.final)
        last.pop(key, None)
        last[key] = label
    return [label for label in last.values() if not label.undone]


def _run_of(label: Label) -> Hashable:
    return label.run_id if label.run_id is not None else (label.example_id, label.repetition)
