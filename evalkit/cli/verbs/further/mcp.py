"""mcp: answer coding agents over the Model Context Protocol, until they leave."""

from __future__ import annotations

from evalkit.cli.call.session import Session
from evalkit.mcp.server import serve


def perform(session: Session, /, write: bool) -> None:
    """Serve on stdin and stdout; the project is read anew for every question."""
    serve(lambda: session.load(deep=False), write=write)
