"""Simulations: do the intervals cover, the tests hold their level, and the searches stay quiet?

    python benchmarks/simulations.py            # one table of every setting (about five minutes)
    python benchmarks/simulations.py fresh      # only settings that were not used while tuning
    python benchmarks/simulations.py coverage   # one of the older, longer ones

Every simulation is seeded and goes through the functions the figures go through.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import lru_cache
from math import comb, sqrt
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from evalkit.metrics.agreement.powered import draw_chances, drawn, powered_rate
from evalkit.metrics.columns.column import ScoreColumn
from evalkit.metrics.columns.deciding import Decision
from evalkit.metrics.comparing.pairing import Side
from evalkit.metrics.comparing.preferences import bradley_terry
from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.gating.anytime import half_width, rate_bounds
from evalkit.metrics.planning.noise import noise_of
from evalkit.metrics.planning.plan import examples_for
from evalkit.metrics.slicing.slices import slice_scores
from evalkit.metrics.slicing.slicing import Slicing
from evalkit.metrics.statistics.calibration import corrected_rate
from evalkit.metrics.statistics.intervals import Sums, cluster_sums, share_figure, wilson
from evalkit.metrics.statistics.multiplicity import holm
from evalkit.metrics.statistics.paired import paired_test
from evalkit.metrics.statistics.students_t import normal_tail
from evalkit.metrics.summaries.reducer import parse
from evalkit.metrics.summaries.reducers import reduce_score
from evalkit.model.score import EvaluatorInfo

RATES = (0.02, 0.5, 0.98)
SIZES = (20, 200)
CORRELATION = 0.6
REPETITIONS = 5

Array = NDArray[Any]


def chances(rng: np.random.Generator, rate: float, shape: Any, correlation: float) -> Array:
    """Draw pass probabilities with mean `rate` and the given correlation inside an example."""
    if correlation == 0:
        return np.full(shape, rate)
    size = (1 - correlation) / correlation
    return rng.beta(rate * size, (1 - rate) * size, shape)


def score_column(values: Array, cluster: Array) -> ScoreColumn:
    """Make a true or false score."""
    info = EvaluatorInfo(name="ok")
    outcomes = {"scored": len(values)}
    rows = np.arange(len(values))
    return ScoreColumn(
        *("ok", "ok", "ok", "evaluator"),
        info=info,
        scope="run",
        scale=Decision("share", (0.0, 1.0)),
        run=rows,
        cluster=cluster,
        values=values,
        outcomes=outcomes,
        worded=rows[:0],
    )


def rate_coverage(seeds: int) -> Iterator[tuple[str, float]]:
    """Yield the share of seeds whose interval holds the true rate, plain and clustered."""
    for rate in RATES:
        for n in SIZES:
            rng = np.random.default_rng(7)
            counts = rng.binomial(n, rate, seeds)
            plain = [_holds(cluster_sums(_ones(k, n), None), rate) for k in counts]
            yield f"rate {rate} n {n}", float(np.mean(plain))
            for correlation in (0.0, CORRELATION):
                p = chances(rng, rate, (seeds, n, 1), correlation)
                draws = (rng.random((seeds, n, REPETITIONS)) < p).sum(2).astype(float)
                sizes = np.full(n, float(REPETITIONS))
                held = [_holds(Sums(totals, sizes), rate) for totals in draws]
                name = f"rate {rate} n {n} x {REPETITIONS}, correlation {correlation}"
                yield name, float(np.mean(held))


def _ones(count: int, n: int) -> Array:
    return np.concatenate([np.ones(count), np.zeros(n - count)])


def _holds(sums: Sums, truth: float) -> bool:
    figure = share_figure(sums)
    assert figure.low is not None
    assert figure.high is not None
    return figure.low <= truth <= figure.high


def held_out_coverage(seeds: int) -> Iterator[tuple[str, float]]:
    """Yield coverages of rates in settings the constants of the interval were not chosen on."""
    rng = np.random.default_rng(987654)
    for generator in (chances, two_kinds):
        for n in (30, 100, 400):
            for rate in (0.02, 0.05, 0.3, 0.9):
                for runs in (3, 8):
                    for correlation in (0.15, 0.5, 0.75):
                        p = generator(rng, rate, (seeds, n, 1), correlation)
                        draws = (rng.random((seeds, n, runs)) < p).sum(2).astype(float)
                        sizes = np.full(n, float(runs))
                        held = [_holds(Sums(totals, sizes), rate) for totals in draws]
                        name = (
                            f"{generator.__name__} {rate} n {n} x {runs}, correlation {correlation}"
                        )
                        yield name, float(np.mean(held))


def two_kinds(rng: np.random.Generator, rate: float, shape: Any, correlation: float) -> Array:
    """Draw pass probabilities of which there are two, a high and a low one."""
    spread = sqrt(correlation * rate * (1 - rate))
    high = min(1.0, rate + spread * sqrt((1 - rate) / rate))
    low = max(0.0, rate - spread * sqrt(rate / (1 - rate)))
    return np.where(rng.random(shape) < (rate - low) / (high - low), high, low)


def held_out_reducers(seeds: int) -> Iterator[tuple[str, float]]:
    """Yield coverages of pass^k at other rates, very rare ones among them."""
    rng = np.random.default_rng(24680)
    for rate in (0.02, 0.1, 0.3, 0.7, 0.9):
        a, b = rate * 0.7 / 0.3, (1 - rate) * 0.7 / 0.3
        for n in SIZES:
            draws = rng.random((seeds, n, REPETITIONS)) < rng.beta(a, b, (seeds, n, 1))
            for k in range(1, 5):
                yield f"pass^{k} of {rate} n {n}", _reducer_held(draws, k, a, b)


def _reducer_held(draws: Array, k: int, a: float, b: float) -> float:
    cluster = np.repeat(np.arange(draws.shape[1]), REPETITIONS)
    truth = float(np.prod([(a + i) / (a + b + i) for i in range(k)]))
    held = []
    for each in draws:
        figure = reduce_score(score_column(each.ravel().astype(float), cluster), parse(f"pass^{k}"))
        assert figure is not None
        assert figure.low is not None
        held.append(figure.low <= truth <= (figure.high or 0.0))
    return float(np.mean(held))


def reducer_coverage(seeds: int) -> Iterator[tuple[str, float]]:
    """Yield how often the interval of pass^k holds its expectation, for k = 1 to 4."""
    for rate in (0.5, 0.8, 0.98):
        for n in SIZES:
            size = (1 - 0.3) / 0.3
            a, b = rate * size, (1 - rate) * size
            rng = np.random.default_rng(11)
            p = rng.beta(a, b, (seeds, n, 1))
            draws = rng.random((seeds, n, REPETITIONS)) < p
            for k in range(1, 5):
                yield f"pass^{k} of {rate} n {n}", _reducer_held(draws, k, a, b)


def family_wise(seeds: int, metrics: int = 8, examples: int = 200) -> dict[str, float]:
    """Return the share of seeds with a false claim, ours and that of a test over rows.

    Two experiments of the same quality; each has its own correlated luck within an example, so
    the rows of an example are no independent evidence.
    """
    rng = np.random.default_rng(3)
    ours = naive = 0
    shape = (metrics, examples, 1)
    for _ in range(seeds):
        sides = []
        for _ in range(2):
            p = chances(rng, 0.7, shape, CORRELATION)
            sides.append((rng.random((metrics, examples, REPETITIONS)) < p).astype(float))
        a, b = sides
        tests = [
            paired_test(x.mean(1), y.mean(1), bounded=True, single=False)
            for x, y in zip(a, b, strict=True)
        ]
        ours += min(p for p in holm([t.p for t in tests]) if p is not None) <= 0.05
        naive += min(_rows_p(x.ravel(), y.ravel()) for x, y in zip(a, b, strict=True)) <= 0.05
    return {"ours": ours / seeds, "naive": naive / seeds}


def _rows_p(a: Array, b: Array) -> float:
    pooled = (a.mean() + b.mean()) / 2
    se = sqrt(2 * pooled * (1 - pooled) / len(a))
    return 2 * normal_tail(abs(b.mean() - a.mean()) / se)


def slice_alarms(seeds: int, slices: int = 200, runs: int = 4000) -> float:
    """Return how often the search finds a bad slice where there is none."""
    rng = np.random.default_rng(13)
    alarms = 0
    for _ in range(seeds):
        values = (rng.random(runs) < 0.8).astype(float)
        alarms += bool(_search(rng, values, slices)[0].found)
    return alarms / seeds


def planted_slice(seeds: int, slices: int = 200, runs: int = 4000) -> float:
    """Return how often a slice of 6 % of the runs, 25 points worse, is ranked first."""
    rng = np.random.default_rng(17)
    first = 0
    for _ in range(seeds):
        label = rng.random(runs) < 0.06
        values = (rng.random(runs) < np.where(label, 0.55, 0.8)).astype(float)
        search, name = _search(rng, values, slices, planted=np.flatnonzero(label))
        first += bool(search.found) and search.found[0].by == name
    return first / seeds


def _search(
    rng: np.random.Generator, values: Array, slices: int, planted: Array | None = None
) -> tuple[Any, str]:
    shares = rng.uniform(0.01, 0.2, slices)
    splits = [
        Slicing(f"metadata.m{i}", {"x": np.flatnonzero(rng.random(len(values)) < share)})
        for i, share in enumerate(shares)
    ]
    if planted is not None:
        splits.insert(slices // 2, Slicing("planted", {"x": planted}))
    column = score_column(values, np.arange(len(values)))
    return slice_scores([column], splits, len(values))[0][1], "planted"


def corrected_coverage(seeds: int) -> dict[str, float]:
    """Return how often the corrected and the raw rate's interval hold people's true rate.

    A judge with sensitivity 0.8 and specificity 0.9, 300 runs labelled, 2,000 judged.
    """
    rng = np.random.default_rng(19)
    truth, held, raw = 0.6, 0, 0
    for _ in range(seeds):
        good = rng.random(2000) < truth
        says = np.where(good, rng.random(2000) < 0.8, rng.random(2000) >= 0.9)
        seen, said = good[:300], says[:300]
        hits = (int((said & seen).sum()), int(seen.sum()))
        misses = (int((~said & ~seen).sum()), int((~seen).sum()))
        sums = cluster_sums(says.astype(float), None)
        figure = corrected_rate(sums, (*hits, *misses))
        assert figure.low is not None
        assert figure.high is not None
        held += figure.low <= truth <= figure.high
        raw += _holds(sums, truth)
    return {"corrected": held / seeds, "raw": raw / seeds}


def active_labels(seeds: int, runs: int = 2000) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield coverage and width of people's rate from so many labels, drawn and used in three ways.

    `few`: the evaluator errs on 40 % of a fifth of the runs and on 1 % of the others; `many`: on 3
    to 50 %, by a beta law. `known`: hardness tells which; `unknown`: it tells nothing; `wrong`: it
    tells the opposite.
    """
    rng = np.random.default_rng(25)
    for errs in ("few", "many"):
        for hints in ("known", "unknown", "wrong"):
            for labels in (50, 200):
                found = [_labelled(rng, errs, hints, labels, runs) for _ in range(seeds)]
                yield (
                    f"{errs} {hints} {labels}",
                    {
                        f"{way} {what}": float(np.mean([each[way][at] for each in found]))
                        for way in ("rogan-gladen", "powered", "active")
                        for at, what in enumerate(("coverage", "width"))
                    },
                )


def _labelled(
    rng: np.random.Generator, errs: str, hints: str, labels: int, runs: int, truth: float = 0.7
) -> dict[str, tuple[float, float]]:
    good = (rng.random(runs) < truth).astype(float)
    hard = (rng.random(runs) < 0.2) * 1.0 if errs == "few" else rng.beta(0.5, 1.5, runs)
    error = 0.01 + 0.39 * hard if errs == "few" else 0.03 + 0.47 * hard
    says = np.where(rng.random(runs) < error, 1 - good, good)
    seen = {"known": hard, "unknown": rng.permutation(hard), "wrong": 1 - hard}[hints]
    some, order = rng.permutation(runs)[:labels], rng.permutation(runs)
    sums, chance = cluster_sums(says, None), draw_chances(seen[order], labels)
    places = drawn(chance, rng.random())
    picked, each = order[places], np.arange(labels)
    right, passed = says[some] == good[some], good[some] == 1
    counts = [int((right & part).sum()) for part in (passed, ~passed)]
    hits = (counts[0], int(passed.sum()), counts[1], int((~passed).sum()))
    ways = {
        "rogan-gladen": corrected_rate(sums, hits),
        "powered": powered_rate(sums, says[some], good[some], np.ones(labels), each),
        "active": powered_rate(sums, says[picked], good[picked], 1 / chance[places], each),
    }
    return {way: (float(_within(f, truth)), _wide(f)) for way, f in ways.items()}


def _within(figure: Figure, truth: float) -> bool:
    low, high = figure.low, figure.high
    return low is None or high is None or low <= truth <= high


def _wide(figure: Figure) -> float:
    return 1.0 if figure.low is None or figure.high is None else figure.high - figure.low


def ranking_coverage(seeds: int, examples: int = 100) -> float:
    """Return how often Bradley-Terry's intervals hold the planted strengths."""
    rng = np.random.default_rng(23)
    strengths = np.array([0.5, 0.0, -0.5])
    chance = 1 / (1 + np.exp(strengths[None, :] - strengths[:, None]))
    held = 0
    for _ in range(seeds):
        wins = np.zeros((examples, 3, 3))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            won = rng.random(examples) < chance[i, j]
            wins[:, i, j], wins[:, j, i] = won, ~won
        for rank in bradley_terry(wins, ["0", "1", "2"]):
            truth = strengths[int(rank.experiment)]
            assert rank.low is not None
            assert rank.high is not None
            held += rank.low <= truth <= rank.high
    return held / (3 * seeds)


def expected_pass(n: int, k: int, rate: float) -> float:
    """Return the expectation of the pass^k estimator by summing over counts (it is rate^k)."""
    chance = [comb(n, c) * rate**c * (1 - rate) ** (n - c) for c in range(n + 1)]
    return sum(p * comb(c, k) / comb(n, k) for c, p in enumerate(chance))


def many_looks(seeds: int, looks: int = 20) -> Iterator[tuple[str, float]]:
    """Yield how often rules asked again and again are ever decided wrongly: 5 % is promised.

    Rates are asked at exactly their limit; changes of nothing whether they are better, which is
    what re-running until green would find. Beside each, what the same looks find without
    `sequential`.
    """
    at = np.arange(1, looks + 1) * 20
    known = lru_cache(maxsize=None)(rate_bounds)
    for rate in (0.05, 0.5, 0.9, 0.98):
        rng = np.random.default_rng(11)
        passed = np.cumsum(rng.random((seeds, at[-1])) < rate, axis=1)[:, at - 1] / at
        low = [
            [known(mean, int(n), 0.05)[0] for mean, n in zip(row, at, strict=True)]
            for row in passed
        ]
        naive = [
            [wilson(round(m * n), int(n), 0.9)[0] for m, n in zip(row, at, strict=True)]
            for row in passed
        ]
        yield f"rate {rate}, {looks} looks", float(np.mean((np.array(low) > rate).any(1)))
        yield (
            f"rate {rate}, {looks} looks, not sequential",
            float(np.mean((np.array(naive) > rate).any(1))),
        )
    for moved in (0.05, 0.3):
        rng = np.random.default_rng(12)
        chance = [moved / 2, 1 - moved, moved / 2]
        pairs = rng.choice([-1.0, 0.0, 1.0], (seeds, int(at[-1])), p=chance)
        yield f"change, {moved:.0%} move, {looks} looks", _ever(pairs, at, bounded=True)
    rng = np.random.default_rng(13)
    times = rng.lognormal(0, 0.8, (2, seeds, int(at[-1])))
    yield f"change of latency, {looks} looks", _ever(times[1] - times[0], at, bounded=False)


def _ever(pairs: Array, looks: Array, *, bounded: bool) -> float:
    """Return how often a change of nothing is found better at one of the looks."""
    wrong = 0
    for row in pairs:
        tests = (paired_test(np.zeros(n), row[:n], bounded=bounded, single=False) for n in looks)
        wrong += any(t.se and t.difference > half_width(t.se, t.n, 0.05) for t in tests)
    return wrong / len(pairs)


def plans(seeds: int, pilots: int = 20) -> Iterator[tuple[str, float]]:
    """Yield the power that planned designs really have: 80 % is promised.

    Each plan is made from a pilot of 100 examples, five runs of each, and one of the version to
    be compared with; then examples break whole until the mean has changed by what was asked, or
    (numbers) every example changes alike.
    """
    for level, correlation, change in ((0.8, 0.6, 0.05), (0.6, 0.3, 0.05), (0.9, 0.8, 0.03)):
        for repetitions in (1, 3):
            rng = np.random.default_rng(17)
            hits = []
            for _ in range(pilots):
                p = chances(rng, level, (100, 1), correlation)
                one, two = (_side((rng.random((100, 5)) < p).astype(float)) for _ in range(2))
                noise, _ = noise_of(one, two, bounded=True, binary=True, lower=False)
                n = examples_for(noise, change, repetitions, 0.05, 0.8)
                assert n is not None
                hits += [
                    _found_share(rng, n, repetitions, (level, correlation, change))
                    for _ in range(seeds // pilots)
                ]
            yield f"{level:.0%}, {change:.0%} found, {repetitions} runs", float(np.mean(hits))
    for between in (0.0, 0.5):
        rng = np.random.default_rng(18)
        hits = []
        for _ in range(pilots):
            truth, moves = rng.normal(10, 2, (100, 1)), rng.normal(0, between, (100, 1))
            one, two = (_side(truth + m + rng.normal(0, 1, (100, 5))) for m in (0.0, moves))
            noise, _ = noise_of(one, two, bounded=False, binary=False, lower=False)
            n = examples_for(noise, 0.2, 2, 0.05, 0.8)
            assert n is not None
            for _ in range(seeds // pilots):
                d = rng.normal(0.2, between, n) + rng.normal(0, 1, (2, n, 2)).mean(2).T @ [1, -1]
                test = paired_test(np.zeros(n), d, bounded=False, single=False)
                hits.append((test.p or 0.0) <= 0.05)
        yield f"numbers, 0.2 found, between {between}", float(np.mean(hits))


def _side(values: Array) -> Side:
    n, runs = values.shape
    pair = np.repeat(np.arange(n), runs)
    return Side(values.mean(1), np.full(n, float(runs)), values.ravel(), pair)


def _found_share(
    rng: np.random.Generator, n: int, runs: int, setting: tuple[float, float, float]
) -> bool:
    level, correlation, change = setting
    p = chances(rng, level, (n, 1), correlation)
    after = np.where(rng.random((n, 1)) < change / level, 0.0, p)
    one, two = ((rng.random((n, runs)) < each).mean(1) for each in (p, after))
    test = paired_test(one, two, bounded=True, single=runs == 1)
    return bool((1.0 if test.p is None else test.p) <= 0.05 and (test.difference or 0) < 0)


SIMULATIONS = {
    "plans": lambda: print_all(plans(1000)),
    "looks": lambda: print_all(many_looks(2000)),
    "coverage": lambda: print_all(rate_coverage(2000)),
    "reducers": lambda: print_all(reducer_coverage(2000)),
    "heldout": lambda: (
        print_spread("rates", held_out_coverage(1500)),
        print_spread("pass^k", held_out_reducers(600)),
    ),
    "family": lambda: print_all(family_wise(1000).items()),
    "slices": lambda: print_all([("alarms", slice_alarms(200)), ("planted", planted_slice(100))]),
    "judge": lambda: print_all(corrected_coverage(1000).items()),
    "labels": lambda: print_all(
        (f"{setting} {what}", share)
        for setting, found in active_labels(1500)
        for what, share in found.items()
    ),
    "ranking": lambda: print_all([("strengths held", ranking_coverage(500))]),
}


def print_all(results: Any) -> None:
    """Print names and shares."""
    for name, share in results:
        print(f"  {name:45s} {share:7.2%}")


def print_spread(what: str, results: Iterator[tuple[str, float]]) -> None:
    """Print how many coverages lie within 93 to 97 %, and the ones that do not."""
    found = list(results)
    outside = sorted((share, name) for name, share in found if not 0.93 <= share <= 0.97)
    shares = [share for _, share in found]
    inside = f"{len(found) - len(outside)} of {len(found)} within 93 to 97 %"
    print(f"  {what}: {inside}, from {min(shares):.1%} to {max(shares):.1%}; outside:")
    print_all((name, share) for share, name in outside)


def table(settings: Sequence[Any]) -> Iterator[str]:
    """Yield a line a setting: figure, setting, nominal and measured, in percent."""
    yield f"{'figure':26s} {'setting':44s} {'nominal':>7s} {'measured':>8s} {'seeds':>6s}"
    for each in settings:
        rng = np.random.default_rng(crc32(f"{each.figure} {each.setting}".encode()))
        draw: Any = each.draw(rng) if each.prepare else each.draw
        found = [_pair(draw(rng)) for _ in range(each.seeds)]
        known = [held for held, _ in found if held is not None]
        said = np.mean([each for _, each in found])
        measured = f"{np.mean(known):8.1%}" if known else "    none"
        note = f"  says so in {said:.0%}" if said > 0 else ""
        note += "" if len(known) == each.seeds else f"  no answer in {each.seeds - len(known)}"
        head = f"{each.figure:26s} {each.setting:44s} {each.nominal:>7s}"
        yield f"{head} {measured} {each.seeds:6d}{note}"


def _pair(seen: Any) -> tuple[bool | None, bool]:
    return seen if isinstance(seen, tuple) else (seen, False)


def main(names: Sequence[str]) -> None:
    """Print the table, or the simulations asked for."""
    for name in names:
        if name in SIMULATIONS:
            print(name)
            SIMULATIONS[name]()
    from settings import FRESH, TUNED  # beside this script, which tests load from elsewhere

    for title, settings in (("tuned", TUNED), ("fresh", FRESH)):
        if not names or title in names:
            print(f"\n{title}: {'not used' if title == 'fresh' else 'looked at'} while tuning")
            for line in table(settings):
                print(line, flush=True)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main(sys.argv[1:])
