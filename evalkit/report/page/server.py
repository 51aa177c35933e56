"""Server: the report read from the store, for `evalkit view`: local, read-only, by a secret path.

The page and its columns are made once; a trace is read from the store when its run is opened. It
listens on the loopback interface only, answers GET for paths under a random token, refuses other
host names (DNS rebinding), and sends the page's policy as a header.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from http import HTTPStatus
from threading import Lock

from evalkit.report.page import html
from evalkit.report.page.embed import core_of, header, pack_traces
from evalkit.report.page.listening import IDLE, LOOPBACK, LocalHandler, LocalHttp, Served
from evalkit.report.runs import detail
from evalkit.report.runs.columns import Rows
from evalkit.report.runs.feedback import Cells
from evalkit.report.runs.traces import Kept, TraceWriter, packed_alone
from evalkit.report.sections.view import Content
from evalkit.report.sharing.cleaner import Cleaner

POLICY = re.compile(r'http-equiv="Content-Security-Policy" content="([^"]*)"')


class ReportServer(Served):
    """Serves one report; `url` is its address. A context manager."""

    def __init__(
        self,
        content: Content,
        *,
        port: int = 0,
        clean: Cleaner | None = None,
        idle: float = IDLE,
    ) -> None:
        site = _Site(content, clean or Cleaner())
        http = _Http((LOOPBACK, port), site)
        http.idle = idle
        super().__init__(http, site.token)


class _Site:
    """What is served: the page, its columns, and one trace at a time."""

    def __init__(self, content: Content, clean: Cleaner) -> None:
        self.token = secrets.token_urlsafe(24)
        self._content, self._clean = content, clean
        self._rows = content.source.rows or Rows()
        self._lock = Lock()
        pairs = zip(content.results, content.source.summaries, strict=True)
        self._cells = [Cells(results, summary) for results, summary in pairs]
        self._examples = [results.examples() for results in content.results]
        live = f"/{self.token}/"
        kept = Kept([], {}, {}, 0)
        with TraceWriter() as writer:
            previews = pack_traces(content, writer, clean, None, False)
        head = header(content, kept, clean, "live") | {"live": live}
        self.core = core_of(content, previews, kept, clean).pack(head)
        view = clean.parts(content.view)
        said = "Traces are read from the store on this machine as they are opened."
        pieces = html.page(replace(view, left_out=(said,)), live=live)
        self.page = "".join(pieces).encode()
        found = POLICY.search(pieces[0])
        self.policy = found[1].replace("&#39;", "'") if found else "default-src 'none'"

    def trace(self, row: int) -> bytes | None:
        """Return the trace of the run in `row` as JSON, or None when there is no such row."""
        if not 0 <= row < len(self._rows):
            return None
        number = self._rows.experiments[row]
        results = self._content.results[number]
        with self._lock:
            run = results.run(self._rows.run_ids[row])
            example = self._examples[number].get(run.example_id or "")
            cells = next(self._cells[number].of([run.run_id]))
            document = self._clean.tree(detail.of_run(run, example, cells))
        return packed_alone(document)


class _Http(LocalHttp):
    def __init__(self, address: tuple[str, int], site: _Site) -> None:
        self.site = site
        super().__init__(address, _Handler)


class _Handler(LocalHandler):
    server: _Http

    def do_GET(self) -> None:  # noqa: N802 (the name http.server calls)
        """Answer a GET under the token; anything else does not exist."""
        site = self.server.site
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        token, _, rest = self.path.lstrip("/").split("?")[0].partition("/")
        if host not in (LOOPBACK, "localhost") or not secrets.compare_digest(
            token.encode(), site.token.encode()
        ):
            return self._send(HTTPStatus.NOT_FOUND, b"not found", "text/plain")
        if rest == "":
            return self._send(HTTPStatus.OK, site.page, "text/html; charset=utf-8")
        if rest == "core":
            return self._send(HTTPStatus.OK, site.core, "application/octet-stream")
        match = re.fullmatch(r"run/(\d{1,9})", rest)
        trace = site.trace(int(match[1])) if match else None
        if trace is None:
            return self._send(HTTPStatus.NOT_FOUND, b"not found", "text/plain")
        return self._send(HTTPStatus.OK, trace, "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.site.policy)
        for name, value in (
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
