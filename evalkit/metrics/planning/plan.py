"""Plan: the designs that find a change of a given size, and what cheaper ones would find."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from evalkit.errors import ConfigError, NoRunsError, did_you_mean
from evalkit.metrics.comparing.measure import Measure
from evalkit.metrics.comparing.measures import Experiment, measures, read_all, seen
from evalkit.metrics.comparing.pairing import Side, pair, side
from evalkit.metrics.documents.plan import Layout, Plan
from evalkit.metrics.planning.noise import Noise, noise_of
from evalkit.metrics.statistics.power import MOST_EXAMPLES
from evalkit.model.results import Results
from evalkit.model.scales.scale import Scale

REPETITIONS = (1, 2, 3, 5, 8)
CHANGE = re.compile(r"\s*[+-]?(\d+(?:\.\d*)?|\.\d+)\s*(pp|points?|%|ms|s|min|k)?\s*")
FACTORS = {"ms": 1e-3, "min": 60.0, "k": 1e3, "pp": 0.01, "point": 0.01, "points": 0.01}


def plan(
    results: Results,
    detect: str,
    *,
    baseline: Results | None = None,
    metric: str | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
    scores: Mapping[str, Scale] | None = None,
) -> Plan:
    """Plan how to find a change of `detect` (`3pp`, `200ms`, `5%`) in a metric.

    A percentage is of the present level, of shares it means points. The noise is that of `results`,
    and of `baseline` where there is one: the spread between runs of one example, which repetitions
    lower, and that of changes between examples, which only more examples do. The test planned for
    is the one `compare` makes: paired by example, two-sided.
    """
    given = [results] if baseline is None else [results, baseline]
    experiments = read_all(given, scores=scores)
    for each in experiments:
        if not each.runs.n:
            raise NoRunsError(f"{each.name}: there are no runs to plan from. Fetch some.")
    chosen = _measure(experiments, metric)
    one, two = _sides(experiments, chosen)
    if len(one.means) < 2:
        raise NoRunsError(f"{results.experiment}: {chosen.name} needs two examples at least.")
    level = float(np.mean(one.means))
    change = read_change(detect, chosen.unit, level)
    if chosen.bounded and change >= 1:
        raise ConfigError(f"--detect {detect}: a share cannot change by so much. Write 3pp.")
    noise, notes = noise_of(
        one,
        two,
        bounded=chosen.bounded,
        binary=chosen.binary,
        lower=chosen.direction == "lower",
    )
    alpha = round(1 - confidence, 12)
    repetitions = max(round(float(len(one.sizes) / np.sum(1 / one.sizes))), 1)

    def layout(examples: int, runs: int) -> Layout:
        found = noise.detectable(examples, runs, alpha, power)
        return Layout(examples, runs, noise.power(change, examples, runs, alpha), found)

    options = REPETITIONS if noise.within > 0 else REPETITIONS[:1]
    needed = [(examples_for(noise, change, runs, alpha, power), runs) for runs in options]
    layouts = [layout(examples, runs) for examples, runs in needed if examples is not None]
    if not layouts:
        notes.append(f"No design of up to {MOST_EXAMPLES:,} examples finds it.")
    return Plan(
        experiment=results.experiment,
        baseline=None if baseline is None else baseline.experiment,
        metric=chosen.name,
        unit=chosen.unit,
        level=level,
        detect=change,
        power=power,
        alpha=alpha,
        within=noise.within,
        between=None if two is None else noise.between,
        current=layout(len(one.means), repetitions),
        half=layout(len(one.means) // 2, repetitions),
        layouts=sorted(layouts, key=lambda each: (each.runs, each.repetitions)),
        notes=notes,
    )


def read_change(text: str, unit: str, level: float) -> float:
    """Read `3pp`, `0.03`, `200ms` or `5%`; raises `ConfigError`."""
    found = CHANGE.fullmatch(text)
    if found is None or not float(found[1]):
        raise ConfigError(f"--detect {text}: is no change. Write 3pp, 0.03, 200ms or 5%.")
    value, written = float(found[1]), found[2] or ""
    if written == "%":
        return value * 0.01 if unit == "share" else value * 0.01 * abs(level)
    asked = {"ms": "s", "s": "s", "min": "s", "pp": "share", "point": "share", "points": "share"}
    if asked.get(written, unit) != unit:
        raise ConfigError(f"--detect {text}: the metric is in {unit or 'plain numbers'}.")
    return value * FACTORS.get(written, 1.0)


def _measure(experiments: list[Experiment], name: str | None) -> Measure:
    """Return the measure called `name`, else the first score."""
    present = seen(experiments)
    found = [m for m in measures(experiments[0], present) if len(m.values)]
    plain = [m for m in found if m.quantile is None and m.over is None and m.hits is None]
    if name is None:
        first = next((m for m in plain if m.kind == "score"), None)
        if first is None:
            raise ConfigError("plan: there is no score. Name a metric: --metric latency.mean.")
        return first
    for each in plain:
        if each.name in (name, f"{name}.mean", name.removeprefix("score.")):
            return each
    if any(each.name == name for each in found):
        raise ConfigError(f"--metric {name}: plans are for means and rates.")
    hint = did_you_mean(name, [each.name for each in plain])
    raise ConfigError(f"--metric {name}: is not measured.{hint}")


def _sides(experiments: list[Experiment], chosen: Measure) -> tuple[Side, Side | None]:
    if len(experiments) == 1:
        runs = experiments[0].runs
        return _known(side(chosen, np.arange(runs.clusters + 1), runs.clusters)), None
    pairs = pair(*experiments)
    present = seen(experiments)
    first, second = (
        next(m for m in measures(each, present) if m.name == chosen.name)
        for each in (pairs.baseline, pairs.candidate)
    )
    one = side(first, pairs.of_baseline, pairs.n)
    two = side(second, pairs.of_candidate, pairs.n)
    both = (one.sizes > 0) & (two.sizes > 0)
    return one.kept(both), two.kept(both)


def _known(one: Side) -> Side:
    return one.kept(one.sizes > 0)


def examples_for(
    noise: Noise, change: float, repetitions: int, alpha: float, power: float
) -> int | None:
    """Return the fewest examples that reach the power."""
    enough: int = 2
    while noise.power(change, enough, repetitions, alpha) < power:
        enough *= 2
        if enough > MOST_EXAMPLES:
            return None
    low = enough // 2
    while enough - low > 1:
        middle = (low + enough) // 2
        reached = noise.power(change, middle, repetitions, alpha) >= power
        low, enough = (low, middle) if reached else (middle, enough)
    return enough
