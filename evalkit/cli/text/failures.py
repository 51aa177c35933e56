"""What failed while scoring: which evaluator, where in its file, on which runs."""

from __future__ import annotations

from evalkit.cli.text.columns import clean
from evalkit.cli.text.places import place_of
from evalkit.cli.text.run import short
from evalkit.model.results import Results

COLUMNS = ["run_id", "evaluator", "outcome", "error_type", "error_message", "traceback"]
MOST = 5
"""Different failures named; the page has all."""


def failure_lines(results: Results) -> list[str]:
    """Return a line for each way an evaluator failed, the most frequent first."""
    table = results.table("cells", COLUMNS)
    outcomes = table.column("outcome")
    if "evaluator_error" not in outcomes.unique().to_pylist():
        return []
    groups: dict[tuple[str, str, str], list[str]] = {}
    errors: dict[tuple[str, str, str], str] = {}
    for row in table.to_pylist():
        if row["outcome"] != "evaluator_error":
            continue
        place = place_of(row["traceback"])
        key = (row["evaluator"], row["error_type"] or "", place)
        groups.setdefault(key, []).append(row["run_id"] or "")
        errors.setdefault(key, row["error_message"] or "")
    ranked = sorted(groups, key=lambda key: -len(groups[key]))
    lines = [_line(results.experiment, key, groups[key], errors[key]) for key in ranked[:MOST]]
    more = len(ranked) - MOST
    return [*lines, *([f"and {more} other ways to fail: the page names all"] if more > 0 else [])]


def _line(experiment: str, key: tuple[str, str, str], runs: list[str], message: str) -> str:
    evaluator, kind, place = key
    count = f"{len(set(runs)):,} run{'s' * (len(set(runs)) != 1)}"
    where = f" ({place})" if place else ""
    text = short(f"{kind}: {message}" if message else kind, 100)
    look = f" Look: evalkit show {experiment} {clean(runs[0])}" if runs[0] else ""
    return f"{evaluator} failed on {count} of {experiment}: {text}{where}.{look}"
