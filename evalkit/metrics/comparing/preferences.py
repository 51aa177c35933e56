"""Preferences: what evaluators said of runs shown side by side, freed of the order they were in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any, Protocol

import numpy as np

from evalkit.metrics.columns.arrays import Codes, Floats
from evalkit.metrics.documents.comparison import Preference, Rank
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.statistics.distribution import skewed_mean
from evalkit.metrics.statistics.intervals import cluster_sums, share_figure
from evalkit.metrics.statistics.students_t import t_quantile
from evalkit.metrics.summaries.unseen import counts_of, unseen_of

OUTCOMES = ("scored", "not_applicable", "evaluator_error", "run_failed", "missing")


class Judgement(Protocol):
    """One call of a comparison-scope evaluator on one example."""

    @property
    def evaluator(self) -> str:
        """Its name."""

    @property
    def key(self) -> str:
        """Name of the figure."""

    @property
    def example_id(self) -> str:
        """The example."""

    @property
    def order(self) -> tuple[str, ...]:
        """Experiments in the order they were shown."""

    @property
    def outcome(self) -> str:
        """As of a cell."""

    @property
    def scores(self) -> Mapping[str, float]:
        """Score by experiment."""

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the evaluator says beside them: of a judge, what it did not see."""


def preferences(
    judgements: Iterable[Judgement], experiments: Sequence[str], confidence: float = 0.95
) -> list[Preference]:
    """Summarise judgements per key.

    All judgements of one example are averaged, so that an example shown in both orders has each
    experiment once in either place, and an evaluator's liking for a place cancels.
    """
    judgements = list(judgements)
    named = {each.evaluator: each.key for each in judgements if each.outcome == "scored"}
    by_key: dict[str, list[Judgement]] = {}
    for each in judgements:  # one without a score bears the evaluator's name, not its figure's
        key = each.key if each.outcome == "scored" else named.get(each.evaluator, each.key)
        by_key.setdefault(key, []).append(each)
    return [_preference(key, each, experiments, confidence) for key, each in by_key.items()]


def _preference(
    key: str, judgements: list[Judgement], experiments: Sequence[str], confidence: float
) -> Preference:
    outcomes = dict.fromkeys(OUTCOMES, 0)
    for each in judgements:
        outcomes[each.outcome] = outcomes.get(each.outcome, 0) + 1
    scored = [each for each in judgements if each.outcome == "scored"]
    examples = {each: code for code, each in enumerate(dict.fromkeys(j.example_id for j in scored))}
    means = {}
    for name in experiments:
        with_name = [j for j in scored if name in j.scores]
        values = np.array([j.scores[name] for j in with_name], np.float64)
        cluster = np.array([examples[j.example_id] for j in with_name], np.int64)
        means[name] = _mean(values, cluster, confidence)
    return Preference(
        name=key,
        n=len(examples),
        means=means,
        ranking=bradley_terry(_duels(scored, experiments, examples), experiments, confidence),
        outcomes=outcomes,
        position_bias=_position_bias(scored),
        unseen=unseen_of(counts_of(each.metadata) for each in scored),
    )


def _mean(values: Floats, cluster: Codes, confidence: float) -> Figure:
    if len(values) == 0:
        return Figure(None)
    sums = cluster_sums(values, cluster)
    if bool(np.all((values >= 0) & (values <= 1))):
        return share_figure(sums, confidence)
    return skewed_mean(sums, confidence)


def _position_bias(scored: Sequence[Judgement]) -> float | None:
    """Return the mean score of the first place minus that of the last."""
    if len({each.order for each in scored}) < 2:
        return None
    gaps = [each.scores[each.order[0]] - each.scores[each.order[-1]] for each in scored]
    return float(np.mean(gaps))


def _duels(
    scored: Sequence[Judgement], experiments: Sequence[str], examples: Mapping[str, int]
) -> Floats:
    """Return wins[example, i, j]: share of the example's judgements that i won over j."""
    wins = np.zeros((len(examples), len(experiments), len(experiments)))
    shown = np.zeros_like(wins)
    place = {name: at for at, name in enumerate(experiments)}
    for each in scored:
        e = examples[each.example_id]
        for a, b in combinations([n for n in each.scores if n in place], 2):
            i, j = place[a], place[b]
            gap = each.scores[a] - each.scores[b]
            share = 0.5 if gap == 0 else float(gap > 0)
            wins[e, i, j] += share
            wins[e, j, i] += 1 - share
            shown[e, i, j] += 1
            shown[e, j, i] += 1
    return np.divide(wins, shown, out=np.zeros_like(wins), where=shown > 0)


def bradley_terry(wins: Floats, experiments: Sequence[str], confidence: float = 0.95) -> list[Rank]:
    """Rank by strengths of the Bradley-Terry model (Biometrika 39, 1952), best first.

    `wins[example, i, j]` is the share of the example that i won over j, ties a half each. Half a
    win for either side of every pair keeps strengths finite when one wins always. Intervals come
    from the sandwich covariance with examples as units (Liang and Zeger, Biometrika 73, 1986),
    with Student's t for their number.
    """
    k = len(experiments)
    total = wins.sum(0) + 0.5 * (1 - np.eye(k))
    if k < 2 or not wins.any():
        return []
    strength = np.zeros(k)
    for _ in range(200):
        gradient, hessian = _derivatives(total, strength)
        step = np.linalg.pinv(hessian) @ gradient
        strength = strength + step
        if np.abs(step).max() < 1e-12:
            break
    covariance = _sandwich(wins, strength, _derivatives(total, strength)[1])
    half = t_quantile((1 + confidence) / 2, max(len(wins), 1)) * np.sqrt(
        np.maximum(np.diag(covariance), 0)
    )
    ranks = [
        Rank(
            experiment=name,
            strength=float(strength[i]),
            low=float(strength[i] - half[i]),
            high=float(strength[i] + half[i]),
            win_rate=_win_rate(wins, i, confidence),
        )
        for i, name in enumerate(experiments)
    ]
    return sorted(ranks, key=lambda rank: -rank.strength)


def _derivatives(wins: Floats, strength: Floats) -> tuple[Floats, Floats]:
    met = wins + wins.T
    chance = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    gradient = (wins - met * chance).sum(1)
    weight = met * chance * (1 - chance)
    return gradient, np.diag(weight.sum(1)) - weight


def _sandwich(wins: Floats, strength: Floats, hessian: Floats) -> Floats:
    """Return the covariance from examples, and from the half wins that every pair was given.

    Without those, unanimous examples would leave no error: the half wins are counted as two half
    examples a pair, one won and one lost, as in the estimate.
    """
    chance = 1 / (1 + np.exp(strength[None, :] - strength[:, None]))
    met = wins + wins.transpose(0, 2, 1)
    parts = (wins - met * chance).sum(2)
    n = len(parts)
    inner = parts.T @ parts * (n / max(n - 1, 1))
    extra = 0.25 * ((1 - chance) ** 2 + chance**2)
    np.fill_diagonal(extra, 0.0)
    inner = inner + np.diag(extra.sum(1)) - extra
    bread = np.linalg.pinv(hessian)
    covariance: Floats = bread @ inner @ bread
    return covariance


def _win_rate(wins: Floats, i: int, confidence: float) -> Figure:
    met = (wins[:, i, :] + wins[:, :, i]).sum(1)
    there = met > 0
    rates = wins[there, i, :].sum(1) / met[there]
    return _mean(rates, np.arange(len(rates)), confidence)
