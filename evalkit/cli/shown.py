"""Figures on stdout and where the page is: what several verbs end with."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from evalkit.cli.session import Session

if TYPE_CHECKING:
    from evalkit.metrics.comparison import Comparison
    from evalkit.metrics.gate_result import GateResult
    from evalkit.metrics.summary import Summary

NO_TERMINAL = 120
"""Columns of a table that goes to a file or a log."""


def show_figures(
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
) -> None:
    """Print the figures as tables, wide enough to be read where there is no terminal."""
    from rich.console import Console

    from evalkit.report.terminal import print_summary
    from evalkit.report.view import build

    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", NO_TERMINAL))
    console = Console(highlight=False, soft_wrap=False, width=width)
    print_summary(build(summaries, comparison, gates=gates), console)


def say_report(session: Session, path: Path | None, *, as_json: bool, show: bool) -> None:
    """Say where the page is, and open it when asked to."""
    if path is None:
        return
    from evalkit.project.layout import shown

    if not as_json:
        session.print(f"report: {shown(path)}")
    if show:
        webbrowser.open(path.resolve().as_uri())
