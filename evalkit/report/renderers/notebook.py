"""Notebook: figures as small tables, for `_repr_html_` in Jupyter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalkit.report.charts import numbers
from evalkit.report.page.html import environment
from evalkit.report.values.parts import ReportView

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Candidate, Comparison, Difference


def table_html(view: ReportView) -> str:
    """Return the figures as HTML without scripts and with all content escaped."""
    return environment().get_template("notebook.html.j2").render(view=view)


def comparison_html(comparison: Comparison) -> str:
    """Return the differences of every candidate as HTML, content escaped."""
    tables = [(candidate.experiment, _rows(candidate)) for candidate in comparison.candidates]
    template = environment().get_template("notebook_comparison.html.j2")
    return template.render(comparison=comparison, tables=tables)


def _rows(candidate: Candidate) -> list[tuple[str, ...]]:
    return [_row(each) for each in candidate.differences]


def _row(difference: Difference) -> tuple[str, ...]:
    unit, figure = difference.unit, difference.difference
    return (
        difference.metric,
        numbers.in_unit(difference.baseline.value, unit),
        numbers.in_unit(difference.candidate.value, unit),
        numbers.difference(figure.value, unit),
        numbers.interval(figure.low, figure.high, unit, change=True) or numbers.DASH,
        numbers.p_value(difference.p_adjusted),
        difference.verdict.replace("_", " "),
        str(figure.n),
    )
