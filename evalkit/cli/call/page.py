"""The page a verb writes: how it is made, what is taken out of it, and where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.cli.call.session import Session
from evalkit.errors import ConfigError
from evalkit.pipeline.concluding import Ran
from evalkit.pipeline.reporting import page_content
from evalkit.project.config import Project
from evalkit.project.layout import shown
from evalkit.project.tables import runs_held, size_in_bytes

if TYPE_CHECKING:
    from evalkit.pipeline.evidence.signing import Signer
    from evalkit.report.sections.view import Content
    from evalkit.report.sharing.cleaner import Cleaner


def say_report(session: Session, ran: Ran, *, as_json: bool, show: bool) -> None:
    """Say where the page is and what is not in it, and open it when asked to."""
    path = ran.report
    if path is None:
        return
    for sentence in ran.left_out:
        session.say(f"report: {sentence}")
    if not as_json:
        session.print(f"report: {shown(path)}")
    if show:
        import webbrowser  # which starts programs, and loads what that takes

        webbrowser.open(path.resolve().as_uri())


def page_options(
    project: Project,
    max_size: str | None = None,
    traces: str = "embed",
    share: bool = False,
    sign: Path | None = None,
    runs: str | None = None,
) -> dict[str, Any]:
    """Return what a page is told: as configured, or as said on the command line.

    Traces in a file beside it are all there, unless the command line says how many.
    """
    table = project.table.report
    options: dict[str, Any] = {"traces": traces}
    said = runs if runs is not None else "all" if traces == "side" else table.runs
    try:
        options["runs"] = runs_held(said)
    except ValueError as error:
        raise ConfigError(f"--runs {said!r}: {error}.") from None
    try:
        options["max_size"] = size_in_bytes(max_size or table.max_size)
    except ValueError as error:
        raise ConfigError(f"--max-size {max_size!r}: {error}.") from None
    if share or table.share:
        from evalkit.report.sharing.cleaner import ShareOptions

        options["share"] = ShareOptions(drop=tuple(table.drop))
    if (signer := signer_of(sign)) is not None:
        options["sign"] = signer
    return options


def signer_of(key: Path | None) -> Signer | None:
    """Return what signs with the key in a file, where one is given."""
    if key is None:
        return None
    from evalkit.pipeline.evidence.signing import Signer  # for the few who sign

    return Signer(key)


def page_of(project: Project, ran: Ran) -> Content:
    """Return what the page is made of, for the outputs beside it."""
    summaries, results = [*ran.summaries.values()], [*ran.results.values()]
    return page_content(project, summaries, results, ran.comparison, ran.gates, ran.evidence)


def cleaner(project: Project, share: bool = False) -> Callable[[Content], Cleaner]:
    """Return what makes the cleaner of a content: one that redacts when the output is shared."""
    from evalkit.report.sharing.cleaner import Cleaner
    from evalkit.report.sharing.share import redactor

    options = page_options(project, share=share).get("share")

    def make(content: Content) -> Cleaner:
        return Cleaner() if options is None else redactor(content, options)

    return make
