"""Metrics: every figure with its interval, its change and its n, in groups with one axis each."""

from __future__ import annotations

from collections.abc import Sequence

from evalkit.metrics.documents.figures import Figure
from evalkit.metrics.documents.lookup import score_unit
from evalkit.metrics.documents.summary import ScoreSummary
from evalkit.model.outcome import OUTCOMES, succeeded
from evalkit.report.sections.rows import HEAVY, Metric, Read, marks_of, rows, unscored
from evalkit.report.sections.source import Source, address, term
from evalkit.report.values.parts import MetricGroup, MetricPart

CATEGORIES = 6
"""Values of a score that have a row; all of them are in its own figure."""
WRONG = "missing_as_wrong"
MISSING_AS_WRONG = "What was not scored counts as wrong, as some tools do; as configured."
SPANS = (5, 10, 20, 30, 60, 100)
"""Ends of an axis; what goes beyond the last has an arrow head."""

LABELS = {"running": "Still running", "unknown": "End unknown"}
P50 = ("latency.p50", "Latency, median", "Half of the runs are faster.")
P95 = ("latency.p95", "Latency, p95", "19 of 20 runs are faster.")
MEAN = ("latency.mean", "Latency, mean", "From start to end.")
FIRST = ("ttft.mean", "First token, mean", "From the start to the first token.")
TOKENS = ("total_tokens.mean", "Tokens per run", "Input and output of all model calls; mean.")
COST = (
    "total_cost.mean",
    "Cost per 1,000 runs",
    "In the currency the source states; the mean of a run by 1,000.",
)
PER_SUCCESS = (
    "cost_per_success",
    "Cost per 1,000 successes",
    "All cost over successful runs, by 1,000.",
)
POINTS = "pp"
PARTS = "points; a point is 1 % of a score's range"
PER = 1000
"""Runs that a cost is written for."""
HEAVY_TAIL = (
    f"{HEAVY[0].upper()}{HEAVY[1:]}: few values carry much of the mean, and its interval may hold "
    "it less often than it says."
)
TOKENS_LINK = address("runs", sort="-tokens")


def build(source: Source) -> tuple[MetricGroup, ...]:
    """Return the groups Quality, Outcomes, Speed and cost, Repetitions; none that is empty."""
    scores = sorted(_scores(source), key=lambda row: not row.primary)
    outcomes = [*_success(source), *_outcomes(source)]
    resources = [row for row in _resources(source) if any(f.n for f in row.figures)]
    found = [
        _group("Quality", scores, POINTS),
        _group("Outcomes", outcomes, POINTS),
        _group("Speed and cost", resources, "% of the baseline"),
        _group("Repetitions", list(_reducers(source)), POINTS),
    ]
    return tuple(group for group in found if group.rows)


def notes(source: Source, groups: Sequence[MetricGroup]) -> tuple[str, ...]:
    """Return what is to be said below the figures: of heavy tails, and of the comparison."""
    marks = {figure.note for group in groups for row in group.rows for figure in row.figures}
    heavy = (HEAVY_TAIL,) if HEAVY in marks else ()
    return (*heavy, *(source.comparison.notes if source.comparison else ()))


def _group(title: str, rows: Sequence[MetricPart], axis: str) -> MetricGroup:
    if axis == POINTS and any(row.unit != "share" for row in rows):
        axis = PARTS
    reach = [
        abs(end * c.scale)
        for row in rows
        for c in row.changes
        if c is not None
        for end in (c.value, c.low, c.high)
        if end is not None
    ]
    if not reach:
        return MetricGroup(title, tuple(rows))
    span = next((s for s in SPANS if s >= max(reach)), SPANS[-1])
    return MetricGroup(title, tuple(rows), float(span), f"axis ±{span} {axis}")


def _success(source: Source) -> list[MetricPart]:
    return _rows(
        source,
        (
            "success_rate",
            "Success rate",
            "Runs that ended without an error, a timeout or a stop.",
        ),
        lambda s: s.rates["success"].figure if "success" in s.rates else None,
        "share",
        address("runs", q="-outcome:success"),
        width=1.0,
        axis=(0.0, 1.0),
    )


def _outcomes(source: Source) -> list[MetricPart]:
    """Return a row for each way not to succeed that happened."""
    found: list[MetricPart] = []
    for name in (each for each in OUTCOMES if not succeeded(each)):
        if not any(s.rates[name].count for s in source.summaries if name in s.rates):
            continue
        metric = f"{name}_rate"
        label = LABELS.get(name, f"{name.capitalize()} rate")
        found.extend(
            _rows(
                source,
                (metric, label, f"Runs whose outcome is {name}."),
                lambda s, name=name: s.rates[name].figure if name in s.rates else None,  # type: ignore[misc]
                "share",
                address("runs", q=term("outcome", ":", name)),
                width=1.0,
                axis=(0.0, 1.0),
            )
        )
    return found


def _scores(source: Source) -> list[MetricPart]:
    found: list[MetricPart] = []
    for name in source.score_names:
        if source.score(name).type == "category":
            found += _category_rows(source, name)
        else:
            found += [*_score_rows(source, name), *_wrong_rows(source, name)]
    return found


def _category_rows(source: Source, name: str) -> list[MetricPart]:
    """Return the share of each of the most frequent values."""
    found = [s.scores[name] for s in source.summaries if name in s.scores]
    counts: dict[str, int] = {}
    for score in found:
        for word, n in score.categories.items():
            counts[word] = counts.get(word, 0) + n
    words = sorted(counts, key=lambda word: (-counts[word], word))[:CATEGORIES]
    left_out = unscored(found)
    return [
        row
        for word in words
        for row in _rows(
            source,
            (f"{name}.{word}", f"{name}: {word}", source.score(name).doc),
            lambda s, w=word: _category_figure(s.scores.get(name), w),  # type: ignore[misc]
            "share",
            address("runs", q=term(name, ":", word)),
            width=1.0,
            axis=(0.0, 1.0),
            marks=marks_of(source.score(name)),
            outcomes=left_out,
        )
    ]


def _category_figure(score: ScoreSummary | None, word: str) -> Figure | None:
    if score is None or not score.n:
        return None
    rate = score.category_rates.get(word)
    return rate.figure if rate is not None else Figure(0.0, n=score.n)


def _score_rows(source: Source, name: str) -> list[MetricPart]:
    score = source.score(name)
    reach = score.range or ((0.0, 1.0) if score.type == "rate" else None)
    width = reach[1] - reach[0] if reach else None
    plain = score.type == "rate" and not score.graded
    query = term(name, ":", "yes" if score.direction == "lower" else "no") if plain else None
    return _rows(
        source,
        (name, name, score.doc),
        lambda s: s.scores[name].figure if name in s.scores else None,
        score_unit(score),
        address("runs", q=query, sort=None if query else name),
        width=width,
        axis=reach,
        marks=marks_of(score),
        outcomes=unscored([s.scores[name] for s in source.summaries if name in s.scores]),
    )


def _wrong_rows(source: Source, name: str) -> list[MetricPart]:
    """Return the row with what is missing counted as wrong, where the configuration asks for it."""
    asked = {
        s.experiment: s.scores[name].missing_as_wrong for s in source.summaries if name in s.scores
    }
    if not any(asked.values()):
        return []
    names = (f"{name}.{WRONG}", f"{name}, missing as wrong", MISSING_AS_WRONG)
    link = address("runs", sort=name)
    return _rows(
        source, names, lambda s: asked.get(s.experiment), score_unit(source.score(name)), link
    )


def _resources(source: Source) -> list[MetricPart]:
    slow = address("runs", sort="-latency")
    costly = address("runs", sort="-cost")
    return [
        row
        for names, read, unit, link in (
            (P50, lambda s: s.latency.figure("p50"), "s", slow),
            (P95, lambda s: s.latency.figure("p95"), "s", slow),
            (MEAN, lambda s: s.latency.figure("mean"), "s", slow),
            (FIRST, lambda s: s.ttft.figure("mean"), "s", address("runs", sort="-ttft")),
            (TOKENS, lambda s: s.usage.total_tokens.figure("mean"), "tokens", TOKENS_LINK),
            (_in(COST, source), lambda s: s.usage.total_cost.figure("mean"), "cost", costly),
            (_in(PER_SUCCESS, source), lambda s: s.usage.cost_per_success, "cost", costly),
        )
        for row in _rows(source, names, read, unit, link)
    ]


def _in(names: tuple[str, str, str], source: Source) -> tuple[str, str, str]:
    """Say in a cost's label which currency it is in, and where it is computed."""
    usages = [summary.usage for summary in source.summaries]
    currencies = {usage.currency for usage in usages if usage.currency}
    words = [*currencies] if len(currencies) == 1 else []
    computed = [usage.computed_costs for usage in usages if usage.computed_costs]
    if computed:
        paid = sum(usage.total_cost.n for usage in usages)
        words.append(
            "computed" if sum(computed) == paid else f"{sum(computed):,} of {paid:,} computed"
        )
    metric, label, doc = names
    return metric, f"{label} ({', '.join(words)})" if words else label, doc


def _reducers(source: Source) -> list[MetricPart]:
    found: list[MetricPart] = []
    for reducer in dict.fromkeys(r for s in source.summaries for r in s.reducers if r != "mean"):
        for name in source.score_names:
            if not _says_something(source, reducer, name):
                continue
            score = source.score(name)
            unit = _reduced_unit(reducer, score)
            found.extend(
                _rows(
                    source,
                    (
                        f"{reducer}({name})",
                        f"{reducer} of {name}",
                        "Over the repetitions of an example.",
                    ),
                    lambda s, r=reducer, n=name: s.reducers.get(r, {}).get(n),  # type: ignore[misc]
                    unit,
                    address("runs", sort=name),
                    compared=f"{name}.{reducer}",
                    width=1.0 if unit == "share" else None,
                    axis=(0.0, 1.0) if unit == "share" else score.range,
                )
            )
    return found


def _says_something(source: Source, reducer: str, name: str) -> bool:
    """Tell whether a reducer of a score has a row: why it has no figure, only if no score has."""
    figures = [s.reducers.get(reducer, {}) for s in source.summaries]
    some = any(f.value is not None for each in figures for f in each.values())
    own = [each[name] for each in figures if name in each]
    return any(f.value is not None or f.n == 0 or not some for f in own)


def _reduced_unit(reducer: str, score: ScoreSummary) -> str:
    """Return the unit of a reducer: what counts passes is a share, whatever the score is."""
    counts = ("pass", "any", "all", "majority", "at_least", "flake")
    return "share" if reducer.startswith(counts) else score_unit(score)


def _rows(
    source: Source,
    names: tuple[str, str, str],
    read: Read,
    unit: str,
    link: str,
    *,
    compared: str = "",
    width: float | None = None,
    axis: tuple[float, float] | None = None,
    marks: tuple[str, ...] = (),
    outcomes: str = "",
) -> list[MetricPart]:
    per = PER if unit == "cost" else 1
    found = Metric(*names, read, unit, link, compared, width, axis, marks, outcomes, per)
    return rows(source, found)
