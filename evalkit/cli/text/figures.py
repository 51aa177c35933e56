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
    from evalkit.model.results import Results


class Printed(Console):
    """Says that a reader has left; rich would end the process with 1, which is a missed gate."""

    def on_broken_pipe(self) -> None:
        """Raise what happened."""
        raise BrokenPipeError from None


NO_TERMINAL = 80
"""Columns of a table that goes to a file or a log."""


def show_figures(
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
    results: Sequence[Results] = (),
) -> None:
    """Print the figures, 80 columns wide where there is no terminal that says otherwise.

    Of `results` the few runs that are named are read.
    """
    width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", NO_TERMINAL))
    console = Printed(highlight=False, soft_wrap=False, width=width)
    print_summary(build(summaries, comparison, gates=gates, looks=results), console)
