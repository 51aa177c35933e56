"""receive: keep what applications send over OTLP as files that `files` reads."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from pathlib import Path

from evalkit.cli.call.progress import Progress
from evalkit.cli.call.session import Session
from evalkit.fetchers.receiving.access import is_loopback
from evalkit.fetchers.receiving.bodies import NO_PROTOBUF, reads_protobuf
from evalkit.fetchers.receiving.server import Receiver
from evalkit.project.layout import shown

TOKEN = "EVALKIT_RECEIVE_TOKEN"
EVERY = 0.25


def perform(
    session: Session, /, to: Path, host: str, port: int, idle: float | None, as_json: bool
) -> None:
    """Receive until Ctrl-C, or until nothing came for `idle` seconds."""
    token = os.environ.get(TOKEN) or (None if is_loopback(host) else secrets.token_urlsafe(24))
    # Ctrl-C may come as soon as the address is out, long before a busy machine waits for anything.
    with (
        Receiver(to, host=host, port=port, token=token, told=session.say) as receiver,
        contextlib.suppress(KeyboardInterrupt),
    ):
        for name, value in _settings(receiver, token).items():
            session.print(f"export {name}={value}") if not as_json else None
        sys.stdout.flush()
        session.say(f"Writes to {shown(to)}/. Ctrl-C stops it; nothing that was answered is lost.")
        if not reads_protobuf():
            session.say(NO_PROTOBUF[0].upper() + NO_PROTOBUF[1:] + ".")
        with session.progress() as progress:
            try:
                _wait(receiver, idle, progress)
            finally:
                _show(receiver, progress)
    counts = dict(receiver.counts)
    if as_json:
        session.document({"folder": str(to), "url": receiver.url, **_all(counts)})


def _settings(receiver: Receiver, token: str | None) -> dict[str, str]:
    """Return what the application's environment has to say."""
    found = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf" if reads_protobuf() else "http/json",
    }
    if token is not None:
        found["OTEL_EXPORTER_OTLP_HEADERS"] = f"authorization=Bearer%20{token}"
    return found


def _wait(receiver: Receiver, idle: float | None, progress: Progress) -> None:
    """Show how much came, until stopped or until nothing comes any more."""
    seen, since = -1, time.monotonic()
    while idle is None or time.monotonic() - since <= idle:
        came = receiver.counts["requests"] + receiver.counts["refused"]
        if came != seen:
            seen, since = came, time.monotonic()
            _show(receiver, progress)
        time.sleep(EVERY)


def _show(receiver: Receiver, progress: Progress) -> None:
    counts = _all(receiver.counts)
    note = f"{counts['ended']:,} traces ended, {counts['requests']:,} requests"
    note += f", {counts['refused']:,} refused" if counts["refused"] else ""
    progress("Receive spans", counts["spans"], None, note)


def _all(counts: dict[str, int]) -> dict[str, int]:
    names = ("requests", "spans", "ended", "rejected", "refused")
    return {name: counts.get(name, 0) for name in names}
