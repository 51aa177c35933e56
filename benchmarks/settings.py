"""Settings of the simulations: what is drawn, which figure is made of it, and what is true.

Each setting yields True or False (None where the figure has no answer) for every seed, through the
functions the figures go through; with it, where the figure can declare that it may not hold,
whether it did. `TUNED` are those the constants were
looked at with; `FRESH` were written after that. Three of them changed a method, the others nothing:
intervals of numbers took the outer ends of two methods for t of 5 degrees and two lognormals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import comb, exp, sqrt
from typing import Any

import numpy as np

from evalkit.metrics.statistics.bootstrap import studentised
from evalkit.metrics.statistics.calibration import corrected_rate, hits_of
from evalkit.metrics.statistics.designs import design_of
from evalkit.metrics.statistics.distribution import describe, heavy, skewed_mean
from evalkit.metrics.statistics.intervals import Sums, cluster_sums, share_figure
from evalkit.metrics.statistics.kappa import agreement_figures
from evalkit.metrics.statistics.multiplicity import holm
from evalkit.metrics.statistics.paired import PairedTest, paired_test
from evalkit.metrics.statistics.permutation import lower_than_rest
from evalkit.metrics.statistics.ratios import ratio_figure

Draw = Callable[[np.random.Generator], Any]
FEW = 30
"""Pairs of numbers below which a reading says that it assumes no heavy tail."""
ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    figure: str
    setting: str
    nominal: str
    """`95`: coverage; `<= 5`: false claims; `80`: power at the printed size."""
    draw: Draw
    seeds: int = 400
    prepare: bool = False
    """`draw` makes the draws: the size they are made at is printed by designs first."""


def chances(rng: np.random.Generator, rate: float, n: int, icc: float) -> Any:
    """Draw pass chances of n examples, with this correlation between runs of one."""
    if icc == 0:
        return np.full(n, rate)
    size = (1 - icc) / icc
    return rng.beta(rate * size, (1 - rate) * size, n)


def within(figure: Any, truth: float) -> bool | None:
    """Return whether an interval holds the truth; None where there is none."""
    if figure.low is None or figure.high is None:
        return None
    return bool(figure.low <= truth <= figure.high)


def rate(rate_: float, sizes: Callable[[np.random.Generator], Any], icc: float) -> Draw:
    """A rate over examples with unequal numbers of runs."""

    def draw(rng: np.random.Generator) -> bool | None:
        runs = sizes(rng)
        passes = rng.binomial(runs, chances(rng, rate_, len(runs), icc))
        return within(share_figure(Sums(passes.astype(float), runs.astype(float))), rate_)

    return draw


def even(n: int, runs: int) -> Callable[[np.random.Generator], Any]:
    """Every example as often."""
    return lambda rng: np.full(n, runs)


def one_of(many: int, others: int) -> Callable[[np.random.Generator], Any]:
    """One example very often, the others once."""
    return lambda rng: np.array([many, *[1] * others])


def uneven(n: int) -> Callable[[np.random.Generator], Any]:
    """Lognormal numbers of runs."""
    return lambda rng: np.maximum(rng.lognormal(1, 1, n).astype(int), 1)


def mean(values: Callable[[np.random.Generator], Any], truth: float) -> Draw:
    """A mean of numbers, one run an example."""

    def draw(rng: np.random.Generator) -> tuple[bool | None, bool]:
        figure = skewed_mean(cluster_sums(values(rng), None))
        return within(figure, truth), figure.method.endswith("heavy tail")

    return draw


def quantile(name: str, n: int, runs: int, icc: float, truth: float) -> Draw:
    """A quantile of lognormal latencies whose logarithms correlate inside examples."""

    def draw(rng: np.random.Generator) -> bool | None:
        codes = np.repeat(np.arange(n), runs)
        own = rng.normal(0, sqrt(icc), n)[codes]
        values = np.exp(own + rng.normal(0, sqrt(1 - icc), n * runs))
        found = describe(values, codes if runs > 1 else None, shape=False)
        return within(found.figure(name), truth)

    return draw


def cut(name: str, n: int, stop: Callable[[np.random.Generator, int], Any], truth: float) -> Draw:
    """A quantile of lognormal latencies of which some were stopped."""

    def draw(rng: np.random.Generator) -> bool | None:
        values, limit = rng.lognormal(0, 1, n), stop(rng, n)
        found = describe(np.minimum(values, limit), None, censored=limit < values, shape=False)
        return within(found.figure(name), truth)

    return draw


def cost(n: int, sigma: float, share: float) -> Draw:
    """Cost per success."""

    def draw(rng: np.random.Generator) -> Any:
        spent, won = rng.lognormal(0, sigma, n), (rng.random(n) < share).astype(float)
        if not won.any():
            return None
        figure = ratio_figure(Sums(spent, np.ones(n)), Sums(won, np.ones(n)))
        held = within(figure, exp(sigma**2 / 2) / share)
        return held, figure.method.endswith("heavy tail")

    return draw


def all_pass(n: int, runs: int, k: int, rate_: float, icc: float) -> Draw:
    """pass^k over examples."""
    size = (1 - icc) / icc
    a, b = rate_ * size, (1 - rate_) * size
    truth = float(np.prod([(a + i) / (a + b + i) for i in range(k)]))

    def draw(rng: np.random.Generator) -> bool | None:
        passes = rng.binomial(runs, rng.beta(a, b, n))
        values = np.array([comb(int(c), k) / comb(runs, k) for c in passes])
        sums = Sums(values, np.ones(n))
        worth = 1.0 if k == 1 else 2.0 / k
        return within(share_figure(sums, ceiling=worth * n * runs), truth)

    return draw


def pair(
    rng: np.random.Generator, n: int, runs: int, rate_: float, icc: float, broken: float
) -> tuple[Any, Any]:
    """Example means of two sides, of which the second has some examples broken whole."""
    chance = chances(rng, rate_, n, icc)
    before = rng.binomial(runs, chance) / runs
    after = rng.binomial(runs, chance) / runs * (rng.random(n) >= broken)
    return before, after


def tested(sides: tuple[Any, Any], runs: int) -> PairedTest:
    """Test a change of rates."""
    return paired_test(*sides, bounded=True, single=runs == 1)


def change(n: int, runs: int, rate_: float, icc: float, broken: float) -> Draw:
    """The interval of a change of rates."""

    def draw(rng: np.random.Generator) -> bool | None:
        test = tested(pair(rng, n, runs, rate_, icc, broken), runs)
        return within(test.figure(0.95), -broken * rate_)

    return draw


def difference(n: int, values: Callable[[np.random.Generator, int], Any], truth: float) -> Draw:
    """The interval of a change of numbers."""

    def draw(rng: np.random.Generator) -> Any:
        d = values(rng, n)
        (found,) = studentised(d[:, None], np.ones((n, 1)))
        test = paired_test(np.zeros(n), d, bounded=False, single=False)
        ends = test.with_draws(found).interval(0.95)
        held = None if ends is None else bool(ends[0] <= truth <= ends[1])
        return held, n < FEW or heavy(Sums(d, np.ones(n)))

    return draw


def proven(n: int, runs: int, rate_: float, margin: float) -> Draw:
    """`proven not worse by X` where the truth is a loss of X in examples that break whole."""

    def draw(rng: np.random.Generator) -> bool | None:
        ends = tested(pair(rng, n, runs, rate_, 0.0, margin / rate_), runs).sure_bounds(ALPHA)
        return ends is not None and ends[0] > -margin

    return draw


def equivalent(n: int, runs: int, rate_: float, margin: float) -> Draw:
    """`equivalent` where the truth is at the margin."""

    def draw(rng: np.random.Generator) -> bool | None:
        ends = tested(pair(rng, n, runs, rate_, 0.0, margin / rate_), runs).sure_bounds(ALPHA)
        return ends is not None and ends[0] > -margin and ends[1] < margin

    return draw


def family(n: int, rho: float, metrics: int = 10, *, skewed: bool = False) -> Draw:
    """Any false claim among metrics of numbers where nothing changed."""

    def draw(rng: np.random.Generator) -> Any:
        shared = sqrt(rho) * rng.normal(size=(n, 1))
        noise = shared + sqrt(1 - rho) * rng.normal(size=(n, metrics))
        d = np.exp(1.5 * noise) - exp(1.125) if skewed else noise
        draws = studentised(d, np.ones((n, metrics)))
        tests = [paired_test(np.zeros(n), x, bounded=False, single=False) for x in d.T]
        p = [test.with_draws(each).p for test, each in zip(tests, draws, strict=True)]
        claims = [
            found is not None and found <= ALPHA and (n >= FEW or not heavy(Sums(one, np.ones(n))))
            for found, one in zip(holm(p), d.T, strict=True)
        ]
        return any(claims), n < FEW

    return draw


def printed(
    n: int, runs: int, rate_: float, icc: float, *, whole: bool
) -> Callable[[np.random.Generator], Draw]:
    """Power at the size a design prints (the median of what it prints)."""

    def prepare(rng: np.random.Generator) -> Draw:
        each = (np.full(n, float(runs)),) * 2
        sizes = []
        for _ in range(100):
            sides = pair(rng, n, runs, rate_, icc, 0.0)
            design = design_of(*sides, each, single=runs == 1, lower=False)
            sizes.append(design.smallest(ALPHA, whole=whole) or 1.0)
        size = float(np.median(sizes))

        def draw(rng: np.random.Generator) -> bool | None:
            if whole:
                sides = pair(rng, n, runs, rate_, icc, min(size / rate_, 1.0))
            else:
                chance = chances(rng, rate_, n, icc)
                sides = (
                    rng.binomial(runs, chance) / runs,
                    rng.binomial(runs, np.clip(chance - size, 0, 1)) / runs,
                )
            test = tested(sides, runs)
            return test.p is not None and test.p <= ALPHA

        return draw

    return prepare


def alarm(n: int, small: int, slices: int, rate_: float) -> Draw:
    """Any slice called worse where none is."""
    labels = np.where(np.arange(n) < small * slices, np.arange(n) % slices, slices)

    def draw(rng: np.random.Generator) -> bool | None:
        y = (rng.random(n) < rate_).astype(float)
        p = [lower_than_rest(y[labels == j], y[labels != j]) for j in range(slices + 1)]
        return any(each is not None and each <= ALPHA for each in holm(p))

    return draw


def planted(n: int, slices: int, bad: float, rate_: float, runs: int) -> Draw:
    """The one bad slice found."""
    labels = np.arange(n) % slices

    def draw(rng: np.random.Generator) -> bool | None:
        y = rng.binomial(runs, np.where(labels == 0, bad, rate_)) / runs
        p = holm([lower_than_rest(y[labels == j], y[labels != j]) for j in range(slices)])
        return p[0] is not None and p[0] <= ALPHA

    return draw


def judged(prevalence: float, n: int, runs: int, labelled: int, err: float, *, whole: bool) -> Draw:
    """The corrected pass rate of a judge; `whole`: it errs on whole examples."""

    def draw(rng: np.random.Generator) -> bool | None:
        people = np.repeat(rng.random(n) < prevalence, runs)
        wrong = np.repeat(rng.random(n) < err, runs) if whole else rng.random(n * runs) < err
        judge = people ^ wrong
        codes = np.repeat(np.arange(n), runs)
        known = codes < labelled
        right = (people == judge).astype(float)
        good, bad = known & people, known & ~people
        if not good.any() or not bad.any():
            return None
        hits = hits_of(cluster_sums(right[good], codes[good]), cluster_sums(right[bad], codes[bad]))
        return within(corrected_rate(cluster_sums(judge.astype(float), codes), hits), prevalence)

    return draw


def kappa(n: int, prevalence: float, err: float) -> Draw:
    """Cohen's kappa with its BCa interval."""
    p = prevalence * (1 - err) + (1 - prevalence) * err
    chance = prevalence * p + (1 - prevalence) * (1 - p)
    truth = (1 - err - chance) / (1 - chance)

    def draw(rng: np.random.Generator) -> bool | None:
        people = (rng.random(n) < prevalence).astype(int)
        judge = people ^ (rng.random(n) < err)
        found = agreement_figures(people, judge.astype(int), np.arange(n), None, 2, 0.95)
        return within(found["kappa"], truth)

    return draw


def lognormal(sigma: float, n: int) -> Callable[[np.random.Generator], Any]:
    """Values of which a few are far larger than the rest."""
    return lambda rng: rng.lognormal(0, sigma, n)


def centred(sigma: float) -> Callable[[np.random.Generator, int], Any]:
    """Skewed differences whose mean is nil."""
    return lambda rng, n: rng.lognormal(0, sigma, n) - exp(sigma**2 / 2)


def between(sigma: float) -> Callable[[np.random.Generator, int], Any]:
    """Differences of two skewed quantities that are alike."""
    return lambda rng, n: rng.lognormal(0, sigma, n) - rng.lognormal(0, sigma, n)


def _tuned() -> Iterator[Setting]:
    yield Setting("rate", "2 %, 100 x 5, icc 0.3", "95", rate(0.02, even(100, 5), 0.3))
    yield Setting("rate", "98 %, 200 x 5, icc 0.3", "95", rate(0.98, even(200, 5), 0.3))
    yield Setting("rate", "70 %, 12 x 50, icc 0.95", "95", rate(0.7, even(12, 50), 0.95))
    yield Setting("rate", "one of 400 runs, 11 of 1", "95", rate(0.7, one_of(400, 11), 0.5))
    yield Setting("rate", "one of 50 runs, 29 of 1", "95", rate(0.7, one_of(50, 29), 0.5))
    for n in (30, 100):
        yield Setting("rate", f"lognormal runs, n {n}", "95", rate(0.7, uneven(n), 0.5))
    truth = exp(1.125)
    for n in (12, 30, 100, 400):
        values = lognormal(1.5, n)
        yield Setting("mean", f"lognormal 1.5, n {n}", "95", mean(values, truth))
    q95 = exp(1.6448536)
    yield Setting("p95 latency", "400 runs", "95", quantile("p95", 400, 1, 0.0, q95))
    yield Setting("p95 latency", "100 x 5, icc 0.95", "95", quantile("p95", 100, 5, 0.95, q95))
    yield Setting("p95 latency", "12 x 50, icc 0.5", "95", quantile("p95", 12, 50, 0.5, q95))
    yield Setting("p95 latency", "20 x 20, icc 0.5", "95", quantile("p95", 20, 20, 0.5, q95))
    stop = lambda rng, n: rng.exponential(1.0, n)  # noqa: E731
    yield Setting("p50 latency", "55 % stopped at random, n 200", "95", cut("p50", 200, stop, 1.0))
    early = lambda rng, n: np.where(rng.random(n) < 0.5, rng.exponential(0.5, n), 1e9)  # noqa: E731
    yield Setting(
        "p90 latency", "half stopped early, n 200", "95", cut("p90", 200, early, exp(1.2816))
    )
    yield Setting("p50 latency", "timeout at 2 s, n 200", "95",
                  cut("p50", 200, lambda rng, n: np.full(n, 2.0), 1.0))  # fmt: skip
    for n in (12, 20, 40, 200):
        yield Setting("cost per success", f"sigma 1.5, n {n}", "95", cost(n, 1.5, 0.7))
    yield Setting("pass^k", "k 3, 100 x 5, icc 0.3", "95", all_pass(100, 5, 3, 0.8, 0.3))
    yield Setting(
        "change of rates", "3 % break, 5 runs, n 100", "95", change(100, 5, 1.0, 0.0, 0.03)
    )
    yield Setting(
        "change of rates", "3 % break, 98 %, 5 runs, n 100", "95", change(100, 5, 0.98, 0.0, 0.03)
    )
    yield Setting("change of numbers", "skewed 1.5, n 12", "95", difference(12, centred(1.5), 0.0))
    yield Setting(
        "change of numbers", "skewed 1.5, n 100", "95", difference(100, centred(1.5), 0.0)
    )
    yield Setting("false claims, 10 metrics", "alike, rho 0.7, n 50", "<= 5", family(50, 0.7))
    yield Setting(
        "false claims, 10 metrics", "skewed, n 12, rho 0.7", "<= 5", family(12, 0.7, skewed=True)
    )
    yield Setting(
        "false claims, 10 metrics", "skewed, n 12, rho 0", "<= 5", family(12, 0.0, skewed=True)
    )
    for n in (30, 100, 200, 400):
        yield Setting(
            "proven not worse", f"true -3, one run, n {n}", "<= 5", proven(n, 1, 0.95, 0.03), 1500
        )
    yield Setting(
        "proven not worse", "true -3, 5 runs, n 200", "<= 5", proven(200, 5, 0.95, 0.03), 1500
    )
    for n in (20, 50, 200):
        yield _power("spread evenly", n, 5, 0.9, 0.0, whole=False)
    for n in (20, 50, 200):
        yield _power("whole examples break", n, 5, 0.9, 0.0, whole=True)
    for n in (20, 50, 200):
        yield _power("stable 99 % runs break", n, 5, 0.99, 0.0, whole=True)
    for n in (20, 50, 200):
        yield _power("single run", n, 1, 0.9, 0.0, whole=True)
    yield Setting(
        "slices, false alarms", "nine of 8 in 400, 98 %", "<= 5", alarm(400, 8, 9, 0.98), 1000
    )
    yield Setting("slices, false alarms", "ten of 40, 80 %", "<= 5", alarm(400, 40, 9, 0.8), 600)
    yield Setting(
        "slices, found",
        "50 % of 12 beside 90 % (Fisher, Holm 62)",
        ">= 62",
        planted(120, 10, 0.5, 0.9, 1),
        600,
    )
    for runs in (5, 10):
        yield Setting(
            "corrected judge rate",
            f"errs by example, x {runs}",
            "95",
            judged(0.8, 200, runs, 20, 0.15, whole=True),
            500,
        )
    yield Setting(
        "corrected judge rate", "single run", "95", judged(0.8, 200, 1, 100, 0.15, whole=True), 500
    )
    yield Setting("kappa", "n 100", "95", kappa(100, 0.6, 0.1), 300)


def _power(name: str, n: int, runs: int, rate_: float, icc: float, *, whole: bool) -> Setting:
    draw = printed(n, runs, rate_, icc, whole=whole)
    return Setting("power at the printed size", f"{name}, n {n}", "80", draw, 1000, prepare=True)  # type: ignore[arg-type]


def _fresh() -> Iterator[Setting]:
    yield Setting("rate", "85 %, 40 x 3, icc 0.2", "95", rate(0.85, even(40, 3), 0.2))
    yield Setting("rate", "40 %, one of 200 runs, 19 of 1", "95", rate(0.4, one_of(200, 19), 0.3))
    yield Setting("rate", "90 %, lognormal runs, n 60", "95", rate(0.9, uneven(60), 0.3))
    gamma = lambda rng: rng.gamma(0.8, 1.0, 25)  # noqa: E731
    yield Setting("mean", "gamma 0.8, n 25", "95", mean(gamma, 0.8))
    yield Setting(
        "mean", "t of 5 degrees, n 15", "95", mean(lambda rng: rng.standard_t(5, 15), 0.0)
    )
    likert = lambda rng: rng.choice([1.0, 2, 3, 4, 5], 40, p=[0.05, 0.05, 0.1, 0.3, 0.5])  # noqa: E731
    yield Setting("mean", "marks 1 to 5, n 40", "95", mean(likert, 4.15))
    yield Setting("mean", "Weibull 0.7, n 60", "95", mean(lambda rng: rng.weibull(0.7, 60), 1.2658))
    yield Setting(
        "p90 latency", "150 x 2, icc 0.6", "95", quantile("p90", 150, 2, 0.6, exp(1.2815516))
    )
    yield Setting("p50 latency", "25 x 8, icc 0.7", "95", quantile("p50", 25, 8, 0.7, 1.0))
    third = lambda rng, n: rng.exponential(3.0, n)  # noqa: E731
    yield Setting("p50 latency", "third stopped at random, n 80", "95", cut("p50", 80, third, 1.0))
    yield Setting("cost per success", "sigma 0.8, n 30, 85 %", "95", cost(30, 0.8, 0.85))
    yield Setting("pass^k", "k 4, 60 x 8, icc 0.5", "95", all_pass(60, 8, 4, 0.7, 0.5))
    yield Setting(
        "change of rates", "8 % break, one run, n 60", "95", change(60, 1, 0.85, 0.3, 0.08)
    )
    yield Setting(
        "change of rates", "none breaks, 3 runs, n 40", "95", change(40, 3, 0.7, 0.3, 0.0)
    )
    yield Setting(
        "change of rates", "5 % break, 8 runs, n 250", "95", change(250, 8, 0.9, 0.2, 0.05)
    )
    yield Setting(
        "change of numbers", "two lognormal 1, n 25", "95", difference(25, between(1.0), 0.0)
    )
    yield Setting(
        "change of numbers", "two lognormal 1.5, n 60", "95", difference(60, between(1.5), 0.0)
    )
    yield Setting("false claims, 10 metrics", "alike, rho 0.3, n 20", "<= 5", family(20, 0.3))
    yield Setting(
        "proven not worse", "true -5, one run, n 80", "<= 5", proven(80, 1, 0.9, 0.05), 1500
    )
    yield Setting(
        "proven not worse", "true -2, 3 runs, n 300", "<= 5", proven(300, 3, 0.97, 0.02), 1500
    )
    yield Setting(
        "equivalent", "true -4, 4 runs, n 150", "<= 5", equivalent(150, 4, 0.9, 0.04), 1500
    )
    yield _power("icc 0.4, 80 %, 3 runs", 80, 3, 0.8, 0.4, whole=True)
    yield _power("icc 0.4, 80 %, 3 runs, evenly", 80, 3, 0.8, 0.2, whole=False)
    yield _power("60 %, one run", 120, 1, 0.6, 0.3, whole=True)
    yield _power("95 %, 10 runs", 35, 10, 0.95, 0.1, whole=True)
    yield Setting(
        "slices, false alarms", "twenty of 10 in 300, 95 %", "<= 5", alarm(300, 10, 20, 0.95), 600
    )
    yield Setting(
        "slices, false alarms", "five of 15 in 100, 99 %", "<= 5", alarm(100, 15, 5, 0.99), 600
    )
    yield Setting(
        "corrected judge rate",
        "60 %, 60 labels, x 3",
        "95",
        judged(0.6, 150, 3, 60, 0.1, whole=True),
        500,
    )
    yield Setting("kappa", "n 60, 40 % pass", "95", kappa(60, 0.4, 0.15), 300)


TUNED = list(_tuned())
FRESH = list(_fresh())
