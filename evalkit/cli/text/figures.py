"""Figures on stdout: what several verbs end with."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from evalkit.report.renderers.terminal import print_summary
from evalkit.report.sections.view import build

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.documents.summary import Summary

NO_TERMINAL = 120
"""Columns of a table that goes to a file or a log."""


def show_figures(
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
) -> None:
    """Print the figures as tables, wide enough to be read where there is no terminal."""
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", NO_TERMINAL))
    console = Console(highlight=False, soft_wrap=False, width=width)
    print_summary(build(summaries, comparison, gates=gates), console)
