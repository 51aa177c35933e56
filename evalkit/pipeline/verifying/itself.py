"""Itself: a page held against the runs it holds, where its store is not at hand."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from evalkit.errors import EvalkitError
from evalkit.pipeline.verifying.finding import Verified, differences, same, shown
from evalkit.report.page import dense, html
from evalkit.report.page.opened import Opened, Traces
from evalkit.report.runs.unpack import Columns

OPS = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
NUMBERS = {"latency": "latency", "ttft": "time_to_first_token"}
"""Column of a run's time, and its name in the run's trace."""
DIGITS = 1e-6
"""Relative room beside a figure: a page holds seven digits."""
NOT_SEEN = (
    "Without the store: intervals, comparisons, slices and quantiles, and whether runs, evaluators "
    "and configuration are as they were."
)


def check_itself(
    found: Verified, page: Opened, columns: Columns, side: bytes | None, *, same_code: bool
) -> None:
    """Note where figures are not those of the page's runs, and runs not those of their traces."""
    rows = _Rows(columns)
    _outcomes(found, page.figures, rows)
    _means(found, page.figures, rows)
    check_rules(found, page.figures)
    _traces(found, rows, Traces(page, columns, side))
    if same_code:
        _program(found, page)
    found.open.append(NOT_SEEN)


class _Rows:
    """What a page knows of every run."""

    def __init__(self, columns: Columns) -> None:
        self.head = columns.head
        self._columns = columns
        self.experiments = [str(each["name"]) for each in self.head["experiments"]]
        self.of = columns.column("exp")
        self.ids = columns.column("id")
        self.outcomes = [self.head["outcomes"][code] for code in columns.column("outcome")]
        self.examples = columns.column("ex")

    def numbers(self, name: str) -> list[Any]:
        return self._columns.column(name) if name in self._columns.names else [None] * len(self.of)

    def scores(self) -> Iterator[tuple[str, list[Any], Mapping[str, Any]]]:
        """Yield the scores of whole runs: name, values, and what is said of them."""
        for at, each in enumerate(self.head["evaluators"]):
            if each["scope"] == "run":
                yield str(each["key"]), self._columns.column(f"s{at}"), each


def _outcomes(found: Verified, figures: Mapping[str, Any], rows: _Rows) -> None:
    for number, part in enumerate(figures["experiments"]):
        counts = Counter(o for o, at in zip(rows.outcomes, rows.of, strict=True) if at == number)
        for outcome, n in part["outcomes"].items():
            found.count("figures")
            if n != counts[outcome]:
                text = f"{outcome} in {part['name']}: the page says {n}, its runs {counts[outcome]}"
                of = {"experiment": part["name"], "metric": outcome}
                found.differs("figure", text, page=n, right=counts[outcome], **of)


def _means(found: Verified, figures: Mapping[str, Any], rows: _Rows) -> None:
    """Hold means, and the n behind them, against the runs' own numbers."""
    stated = {each["metric"]: each["figures"] for each in figures["metrics"]}
    known = {name: values for name, values, each in rows.scores() if each["type"] != "category"}
    known |= {f"{name}.mean": rows.numbers(name) for name in NUMBERS}
    for metric, values in known.items():
        for number, experiment in enumerate(rows.experiments):
            figure = stated.get(metric, {}).get(experiment)
            own = [
                (v, ex)
                for v, at, ex in zip(values, rows.of, rows.examples, strict=True)
                if at == number and v is not None
            ]
            if figure is None or (not own and figure["value"] is None):
                continue
            found.count("figures")
            means = _both_means(own)
            if not any(same(figure["value"], mean, DIGITS) for mean in means) or figure["n"] != len(
                own
            ):
                mean = means[0] if means else None
                of = {"experiment": experiment, "metric": metric}
                text = (
                    f"{metric} of {experiment}: the page says {shown(figure['value'])} "
                    f"(n {figure['n']}), its runs {shown(mean)} (n {len(own)})"
                )
                found.differs("figure", text, page=figure["value"], right=mean, **of)


def _both_means(own: Sequence[tuple[Any, Any]]) -> list[float]:
    """Return the mean of runs, and that of examples with their repetitions averaged first."""
    if not own:
        return []
    groups: dict[Any, list[float]] = {}
    for value, example in own:
        groups.setdefault(example, []).append(value)
    plain = sum(value for value, _ in own) / len(own)
    return [plain, sum(sum(g) / len(g) for g in groups.values()) / len(groups)]


def check_rules(found: Verified, figures: Mapping[str, Any]) -> None:
    """Hold what is said of plain rules on metrics against the figures and limits stated."""
    from evalkit.metrics.gating.grammar import parse

    stated = {each["metric"]: each["figures"] for each in figures["metrics"]}
    limits = {(g["experiment"], g["rule"]): g["limit"] for g in figures["manifest"]["gates"]}
    for gate in figures["gates"]:
        key = (gate["experiment"], gate["rule"])
        of = {"experiment": gate["experiment"], "metric": gate["rule"]}
        try:
            rule = parse(gate["rule"])
        except EvalkitError:
            continue  # a shared page may have taken words out of it
        if key not in limits:
            found.differs("gate", f"{gate['rule']}: the manifest has no such rule", **of)
            continue
        if rule.kind != "absolute" or rule.quantity is None or rule.place:
            continue
        found.count("rules")
        if not rule.sequential and not same(limits[key], rule.quantity.plain, DIGITS):
            text = f"{gate['rule']}: the manifest has the limit {shown(limits[key])}"
            found.differs("gate", text, page=rule.quantity.plain, right=limits[key], **of)
        name = rule.metric.removeprefix("score.").removeprefix("scores.")
        value = stated.get(name, {}).get(gate["experiment"], {}).get("value")
        if value is None or gate["passed"] is None or rule.sequential:
            continue
        holds = bool(OPS[rule.op](value, rule.quantity.plain))
        if gate["passed"] and not holds:
            text = f"{gate['rule']}: is said to hold, and {name} is {shown(value)}"
            found.differs("gate", text, page=True, right=False, **of)


def _traces(found: Verified, rows: _Rows, traces: Traces) -> None:
    """Hold every run against its own trace: id, outcome, times, and each score."""
    scores = list(rows.scores())
    times = {field: rows.numbers(name) for name, field in NUMBERS.items()}
    for row in sorted(traces.where):
        of: dict[str, Any] = {"experiment": rows.experiments[rows.of[row]], "run": rows.ids[row]}
        try:
            trace = orjson.loads(traces.of(row) or b"")
            told = {"run_id": trace["run_id"], "outcome": trace["outcome"]}
            told |= {field: trace[field] for field in times}
            feedback = {f["name"]: f for f in trace["feedback"] if f["step"] is None}
        except (ValueError, KeyError, TypeError) as error:
            found.differs("trace", f"run {of['run']}: its trace cannot be read ({error})", **of)
            continue
        said = {"run_id": rows.ids[row], "outcome": rows.outcomes[row]}
        said |= {field: values[row] for field, values in times.items()}
        _tell(found, said, told, of)
        for name, values, each in scores:
            score = _score(feedback.get(name), values[row], each)
            if not same(values[row], score):
                text = f"{name} of run {of['run']} in {of['experiment']}: the list of runs says "
                text += f"{shown(values[row])}, the trace {shown(score)}"
                found.differs("score", text, metric=name, page=values[row], right=score, **of)
    found.checked["traces"] = len(traces.where)


def _tell(
    found: Verified, said: Mapping[str, Any], told: Mapping[str, Any], of: Mapping[str, Any]
) -> None:
    for at, one, other in differences(said, told):
        text = f"{at[0]} of run {of['run']}: the list of runs says {shown(one)}, the trace "
        found.differs("run", text + shown(other), metric=at[0], page=one, right=other, **of)


def _score(feedback: Any, value: Any, each: Mapping[str, Any]) -> Any:
    """Return the score of a trace as the list of runs has it; what is read from words is believed.

    A category stands there by its place, and a number in a text is read by rules.
    """
    if feedback is None or feedback["outcome"] != "scored":
        return None
    score = feedback["score"]
    if each["type"] == "category" or score is None:
        return value
    return float(score)


def _program(found: Verified, page: Opened) -> None:
    """Hold the program, the styles and the policy against those of this evalkit."""
    css, js, boot = html.styles(), html.program(), dense.script(html._static("boot.js"))
    head, rest = page.head.decode("utf-8", "replace"), page.middle.decode("utf-8", "replace")
    for what, text, place in (
        ("first script", f"<script>{boot}</script>", head),
        ("style sheet", f"<style>{css}</style>", head),
        ("program", f"<script>{js}</script>", rest),
    ):
        if text not in place:
            found.differs("program", f"the {what} is not the one evalkit writes")
    policy = html.policy(css, js, boot).replace("'", "&#39;")
    if policy not in head:
        found.differs("program", "the policy is not the one evalkit writes")
