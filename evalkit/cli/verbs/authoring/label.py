"""label: serve the page on which people label runs, on this machine only."""

from __future__ import annotations

import contextlib
import getpass
import sys
import webbrowser
from collections.abc import Sequence

from evalkit.cli.call.session import Session
from evalkit.metrics.agreement.choosing import Order
from evalkit.pipeline.authors.labelling import Wanted, label_desk
from evalkit.project.layout import shown
from evalkit.report.labelling.server import LabelServer


def perform(
    session: Session,
    /,
    names: Sequence[str],
    metric: str,
    sample: int,
    order: Order,
    raters: Sequence[str],
    labels: str | None,
    guide: str | None,
    reference: bool,
    seed: int,
    port: int,
    show: bool,
    as_json: bool,
) -> None:
    """Serve until Ctrl-C; the address is the only line on stdout."""
    project = session.load(deep=False)
    words = tuple(each.strip() for each in (labels or "").split(",") if each.strip())
    desk = label_desk(project, names, Wanted(metric, sample, order, seed, words, reference))
    who = [*raters] or [_user()]
    told = guide or (desk.metric.info.doc if desk.metric.info else "")
    with (
        LabelServer(desk, who, guide=told, port=port) as server,
        contextlib.suppress(KeyboardInterrupt),
    ):
        session.address(server.url, as_json=as_json)
        sys.stdout.flush()
        session.say(
            f"{len(desk.picks)} runs to label; labels go to {shown(desk.folder)} as they are "
            f"given. Ctrl-C stops it, the same command goes on.\nThen: evalkit agree "
            f"{desk.picks[0].experiment} --metric {metric}"
        )
        if show:
            webbrowser.open(server.url)
        server.serve_forever()


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without names
        return "me"
