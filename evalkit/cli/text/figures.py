"""Figures on stdout and where the page is: what several verbs end with."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.session import Session
from evalkit.errors import ConfigError

if TYPE_CHECKING:
    from evalkit.metrics.documents.comparison import Comparison
    from evalkit.metrics.documents.gate import GateResult
    from evalkit.metrics.documents.summary import Summary
    from evalkit.pipeline.concluding import Ran
    from evalkit.project.config import Project
    from evalkit.report.sections.view import Content
    from evalkit.report.sharing.share import Cleaner

NO_TERMINAL = 120
"""Columns of a table that goes to a file or a log."""


def show_figures(
    summaries: Sequence[Summary],
    comparison: Comparison | None = None,
    gates: Sequence[GateResult] = (),
) -> None:
    """Print the figures as tables, wide enough to be read where there is no terminal."""
    from rich.console import Console

    from evalkit.report.renderers.terminal import print_summary
    from evalkit.report.sections.view import build

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
        import webbrowser

        webbrowser.open(path.resolve().as_uri())


def page_options(
    project: Project, max_size: str | None = None, traces: str = "embed", share: bool = False
) -> dict[str, Any]:
    """Return what `write_report` is told: as configured, or as said on the command line."""
    from evalkit.project.tables import size_in_bytes

    table = project.table.report
    options: dict[str, Any] = {"traces": traces}
    try:
        options["max_size"] = size_in_bytes(max_size or table.max_size)
    except ValueError as error:
        raise ConfigError(f"--max-size {max_size!r}: {error}.") from None
    if share or table.share:
        from evalkit.report.sharing.share import ShareOptions

        options["share"] = ShareOptions(drop=tuple(table.drop))
    return options


def page_of(project: Project, ran: Ran) -> Content:
    """Return what the page is made of, for the outputs beside it."""
    from evalkit.pipeline.reporting import page_content

    summaries, results = [*ran.summaries.values()], [*ran.results.values()]
    return page_content(project, summaries, results, ran.comparison, ran.gates)


def cleaner(project: Project, share: bool = False) -> Callable[[Content], Cleaner]:
    """Return what makes the cleaner of a content: one that redacts when the output is shared."""
    options = page_options(project, share=share).get("share")

    def make(content: Content) -> Cleaner:
        from evalkit.report.sharing.share import Cleaner, redactor

        return Cleaner() if options is None else redactor(content, options)

    return make
