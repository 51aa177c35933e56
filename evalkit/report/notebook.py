"""Notebook: the view as a small table, for `_repr_html_` in Jupyter."""

from __future__ import annotations

from evalkit.report.html import environment
from evalkit.report.parts import ReportView


def table_html(view: ReportView) -> str:
    """Return the figures as HTML without scripts and with all content escaped."""
    return environment().get_template("notebook.html.j2").render(view=view)
