"""Figures on stdout and where the page is: what several verbs end with."""

from __future__ import annotations

import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.session import Session

if TYPE_CHECKING:
    from evalkit.metrics.comparison import Comparison
    from evalkit.metrics.gate_result import GateResult
    from evalkit.metrics.summary import Summary


def show_figures(
    session: Session,
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
) -> None:
    """Print the figures as tables."""
    from evalkit.report.terminal import print_summary
    from evalkit.report.view import build

    print_summary(build(summaries, comparison, gates=gates))


def say_report(session: Session, path: Path | None, *, as_json: bool, show: bool) -> None:
    """Say where the page is, and open it when asked to."""
    if path is None:
        return
    from evalkit.project.layout import shown

    if not as_json:
        session.print(f"report: {shown(path)}")
    if show:
        webbrowser.open(path.resolve().as_uri())
