"""Notebook: gives results, summaries and comparisons their tables in Jupyter; import it once."""

from __future__ import annotations

from evalkit.metrics.documents.comparison import Comparison
from evalkit.metrics.documents.summary import Summary
from evalkit.metrics.summaries.summarise import summarise
from evalkit.model.results import Results
from evalkit.model.shown import draw_with
from evalkit.report.renderers.notebook import comparison_html, table_html
from evalkit.report.renderers.plot import plot
from evalkit.report.sections.view import build


def _results(results: Results) -> str:
    return table_html(build(summarise(results)))


def _summary(summary: Summary) -> str:
    return table_html(build(summary))


draw_with(Results.__name__, _results)
draw_with(Summary.__name__, _summary)
draw_with(Comparison.__name__, comparison_html)
draw_with("Comparison.plot", plot)
