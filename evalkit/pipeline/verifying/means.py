"""Means: the figures of a page held against the runs that it lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evalkit.metrics.columns.reading import SLACK
from evalkit.pipeline.verifying.finding import Verified, same, shown
from evalkit.pipeline.verifying.listed import NUMBERS, Listed

DIGITS = 1e-6
"""Relative room beside a figure: a page holds seven digits."""
Own = Sequence[tuple[Any, Any, int]]
"""Values of runs, each with its example and how many it is the mean of."""


def check_counts(found: Verified, figures: Mapping[str, Any], rows: Listed, *, whole: bool) -> None:
    """Hold how runs ended against the list of them: all, or, unless `whole`, some."""
    total = 0
    for number, part in enumerate(figures["experiments"]):
        counts = Counter(o for o, at in zip(rows.outcomes, rows.of, strict=True) if at == number)
        for outcome, n in part["outcomes"].items():
            found.count("figures")
            total += n
            if n < counts[outcome] or (whole and n != counts[outcome]):
                text = f"{outcome} in {part['name']}: the page says {n}, its runs {counts[outcome]}"
                of = {"experiment": part["name"], "metric": outcome}
                found.differs("figure", text, page=n, right=counts[outcome], **of)
    if total != rows.total:
        text = f"runs: the page chose of {rows.total}, and its figures are of {total}"
        found.differs("figure", text, page=rows.total, right=total)


def check_means(found: Verified, figures: Mapping[str, Any], rows: Listed) -> None:
    """Hold means, and the n behind them, against the runs' own numbers."""
    stated = {each["metric"]: each["figures"] for each in figures["metrics"]}
    for metric, values, weights in _known(rows):
        made = [_Means(rows, each, weights) for each in values]
        for number, experiment in enumerate(rows.experiments):
            figure = stated.get(metric, {}).get(experiment)
            own = made[0].own(number)
            if figure is None or (not own and figure["value"] is None):
                continue
            found.count("figures")
            if not any(means.hold(number, figure) for means in made):
                mean = next(iter(_both_means(own)), None)
                of = {"experiment": experiment, "metric": metric}
                text = (
                    f"{metric} of {experiment}: the page says {shown(figure['value'])} "
                    f"(n {figure['n']}), its runs {shown(mean)} (n {_n(own)})"
                )
                found.differs("figure", text, page=figure["value"], right=mean, **of)


def _known(rows: Listed) -> Iterator[tuple[str, list[list[Any]], list[int]]]:
    """Yield the metrics whose values the list has; times that cannot be are in no mean.

    First tokens after the end are in no level of all runs, and in those of pairs.
    """
    for (name, values, each), weights in zip(rows.scores(), rows.weights(), strict=True):
        if each["type"] != "category":
            yield name, [values], weights
    taken, once = rows.numbers("latency"), [1] * len(rows.of)
    for name in NUMBERS:
        values = [None if v is None or v < 0 else v for v in rows.numbers(name)]
        if name != "ttft":
            yield f"{name}.mean", [values], once
            continue
        pairs = zip(values, taken, strict=True)
        early = [None if None not in (v, t) and v > t + SLACK else v for v, t in pairs]
        yield f"{name}.mean", [early, values], once


class _Means:
    """The means that a page may say of one metric: of all runs, or of what is paired."""

    def __init__(self, rows: Listed, values: Sequence[Any], weights: Sequence[int]) -> None:
        self._rows, self._values, self._weights = rows, values, weights
        self._last = len(rows.experiments) - 1
        self._own: dict[int, list[int]] = {n: [] for n in range(self._last + 1)}
        for row, number in enumerate(rows.of):
            if values[row] is not None:
                self._own[number].append(row)

    def own(self, number: int) -> Own:
        """Return the values of an experiment's runs."""
        values, examples, weights = self._values, self._rows.examples, self._weights
        return [(values[row], examples[row], weights[row]) for row in self._own[number]]

    def hold(self, number: int, figure: Mapping[str, Any]) -> bool:
        """Tell whether a figure is one of those it may be."""
        others = range(1, self._last + 1) if number == 0 else [number]
        sets = [self.own(number)]
        sets += [self._paired(number, other, loose) for other in others for loose in (True, False)]
        for own in sets:
            means: list[Any] = _both_means(own) or [None]
            if figure["n"] == _n(own) and any(same(figure["value"], m, DIGITS) for m in means):
                return True
        return figure["value"] is None and not figure["n"] and self._elsewhere(number)

    def _elsewhere(self, number: int) -> bool:
        """Tell whether the pairs of an experiment are others than the first one's.

        Its levels, and the baseline's of these pairs, have a row of their own then.
        """
        if number < 2:
            return False
        return self._paired(0, 1, False) != self._paired(0, number, False)

    def _paired(self, number: int, other: int, loose: bool) -> Own:
        """Return the values of examples that both the baseline and another experiment have.

        A run without an example is paired with none. Of a page that was shared nobody can tell
        such runs from others, unless (`loose`) the same id in both says so.
        """
        both = [self._by_example(each) for each in (0, other)]
        ids, names = self._rows.ids, self._rows.example_ids
        shared = set()
        for example in both[0].keys() & both[1].keys():
            runs = [*both[0][example], *both[1][example]]
            alone = names[example] == f"(run {ids[runs[0]]})"
            alone |= loose and len(runs) == 2 and ids[runs[0]] == ids[runs[1]]
            if not alone:
                shared.add(example)
        return [each for each in self.own(number) if each[1] in shared]

    def _by_example(self, number: int) -> Mapping[Any, list[int]]:
        found: dict[Any, list[int]] = {}
        for row in self._own[number]:
            found.setdefault(self._rows.examples[row], []).append(row)
        return found


def _n(own: Own) -> int:
    return sum(weight for _, _, weight in own)


def _both_means(own: Own) -> list[float]:
    """Return the mean of all values, and that of examples with their repetitions averaged first."""
    if not own:
        return []
    groups: dict[Any, list[float]] = {}
    for value, example, weight in own:
        group = groups.setdefault(example, [0.0, 0])
        group[0] += value * weight
        group[1] += weight
    means = [total / n for total, n in groups.values()]
    return [sum(total for total, _ in groups.values()) / _n(own), sum(means) / len(means)]
