"""Itself: a page held against the runs it holds, where its store is not at hand."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from evalkit.errors import EvalkitError
from evalkit.metrics.selecting.scored import NEAR
from evalkit.pipeline.verifying.finding import Verified, differences, same, shown
from evalkit.pipeline.verifying.listed import NUMBERS, Listed
from evalkit.pipeline.verifying.means import DIGITS, check_counts, check_means
from evalkit.report.page import dense, html
from evalkit.report.page.opened import Opened, Traces
from evalkit.report.runs.unpack import Columns

OPS = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
ESCAPE = "\0s"
"""Stands in a trace before a text that begins with NUL, as references do."""
NOT_SEEN = (
    "Without the store: intervals, comparisons, slices and quantiles, and whether runs, evaluators "
    "and configuration are as they were."
)
NOT_CHOSEN = (
    "Without the store: whether the runs that the page holds whole are those of its rule and seed, "
    "for the seed is a digest of all runs."
)
SEED = re.compile(r" in this page, by rule \(seed (\w*)\); evalkit view ")
"""How a page says from which seed it chose its runs."""


def check_itself(
    found: Verified, page: Opened, columns: Columns, side: bytes | None, *, same_code: bool
) -> None:
    """Note where figures are not those of the page's runs, and runs not those of their traces."""
    rows, traces = Listed(columns), Traces(page, columns, side)
    whole = rows.are_all(found, len(traces.where))
    check_counts(found, page.figures, rows, whole=whole)
    if whole:
        check_means(found, page.figures, rows)
    check_rules(found, page.figures)
    _traces(found, rows, traces)
    _seeds(found, page, rows)
    if same_code:
        _program(found, page)
    found.open.append(NOT_SEEN)


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


def _seeds(found: Verified, page: Opened, rows: Listed) -> None:
    """Hold the seed of the choice of runs against those that the page's words name."""
    chosen = rows.head.get("chosen")
    told = SEED.findall(str(rows.head.get("partly", "")))
    told += SEED.findall((page.head + page.middle + page.tail).decode("utf-8", "replace"))
    said = chosen.get("seed") if isinstance(chosen, dict) else None
    for seed in sorted({*told} - {said}):
        text = f"chosen seed: the list of runs says {shown(said)}, the page's words {shown(seed)}"
        found.differs("seed", text, page=said, right=seed)
    if told:
        found.open.append(NOT_CHOSEN)


def _traces(found: Verified, rows: Listed, traces: Traces) -> None:
    """Hold every run against its own trace: id, outcome, times, and each score."""
    scores = list(rows.scores())
    times = {field: rows.numbers(name) for name, field in NUMBERS.items()}
    for row in sorted(traces.where):
        of: dict[str, Any] = {"experiment": rows.experiments[rows.of[row]], "run": rows.ids[row]}
        try:
            trace = orjson.loads(traces.of(row) or b"")
            run_id = trace["run_id"].removeprefix(ESCAPE)
            told = {"run_id": run_id, "outcome": trace["outcome"]}
            told |= {field: trace[field] for field in times}
            said: dict[str, list[Any]] = {}
            for each in trace["feedback"]:
                if each["step"] is None:
                    said.setdefault(each["name"], []).append(each)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            found.differs("trace", f"run {of['run']}: its trace cannot be read ({error})", **of)
            continue
        listed = {"run_id": rows.ids[row], "outcome": rows.outcomes[row]}
        listed |= {field: values[row] for field, values in times.items()}
        _tell(found, listed, told, of)
        for name, values, each in scores:
            score = _score(said.get(name, ()), values[row], each)
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


def _score(said: Sequence[Any], value: Any, each: Mapping[str, Any]) -> Any:
    """Return the score of a trace as the list of runs has it; what is read from words is believed.

    A category stands there by its place, and a number in a text is read by rules. What is outside
    of the score's range is in the trace alone; of what was said twice the mean is in the list.
    """
    scores = [one["score"] for one in said if one["outcome"] == "scored"]
    if scores and (each["type"] == "category" or None in scores):
        return value
    possible = [float(score) for score in scores if _possible(score, each)]
    return sum(possible) / len(possible) if possible else None


def _possible(score: Any, each: Mapping[str, Any]) -> bool:
    if each["range"] is None:
        return True
    low, high = each["range"]
    if isinstance(score, bool) and each["type"] == "number" and (low, high) != (0, 1):
        return False
    room = NEAR * (high - low)
    return bool(low - room <= score <= high + room)


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
