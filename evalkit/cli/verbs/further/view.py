"""view: serve the report from the store, on this machine only."""

from __future__ import annotations

import contextlib
import sys
import webbrowser
from collections.abc import Sequence

from evalkit.cli.call.page import page_of
from evalkit.cli.call.session import Session
from evalkit.pipeline.concluding import conclude
from evalkit.report.page.server import ReportServer


def perform(
    session: Session,
    /,
    names: Sequence[str],
    baseline: str | None,
    port: int,
    show: bool,
    as_json: bool,
) -> None:
    """Serve until Ctrl-C; the address is the only line on stdout."""
    project = session.load(deep=False)
    ran = conclude(project, project.chosen(names), baseline=baseline, page=False)
    with (
        ReportServer(page_of(project, ran), port=port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        session.address(server.url, as_json=as_json)
        sys.stdout.flush()
        session.say("Ctrl-C stops it.")
        if show:
            webbrowser.open(server.url)
        server.serve_forever()
