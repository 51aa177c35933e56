"""report: write the HTML page of scored experiments."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evalkit.cli.call.page import cleaner, page_of, page_options, say_report
from evalkit.cli.call.session import Session
from evalkit.pipeline.concluding import conclude
from evalkit.report.renderers.machine import write_csv, write_json


def perform(
    session: Session,
    /,
    names: Sequence[str],
    baseline: str | None,
    output: Path | None,
    table: Path | None,
    data: Path | None,
    allow_incomplete: bool,
    show: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Write the page, and the table and the figures beside it when asked; `given` is its form."""
    project = session.load(deep=False)
    options = page_options(project, **given)
    ran = conclude(
        project,
        project.chosen(names),
        baseline=baseline,
        allow_incomplete=allow_incomplete,
        to=output,
        **options,
    )
    if table or data:
        made, clean = page_of(project, ran), cleaner(project, given["share"])
        if table is not None:
            write_csv(made, table, clean(made))
        if data is not None:
            write_json(made, data, clean(made), options.get("sign"))
    if as_json:
        session.document(ran.to_dict(options.get("sign")))
    say_report(session, ran, as_json=as_json, show=show)
    return ran.exit_code
