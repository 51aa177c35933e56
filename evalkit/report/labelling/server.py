"""Server: the labelling page on this machine only, by a secret path; labels are written at once.

It listens on the loopback interface, answers paths under a random token, refuses other host names
(DNS rebinding) and posts from other origins, and takes JSON of a bounded size.
"""

from __future__ import annotations

import json
import re
import secrets
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from evalkit.errors import EvalkitError
from evalkit.report.labelling.desk import Desk, Refused
from evalkit.report.labelling.page import page_of
from evalkit.report.page.listening import LOOPBACK, LocalHandler, LocalHttp, Served

LARGEST = 64 * 1024
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)


class LabelServer(Served):
    """Serves one queue; `url` is its address. A context manager."""

    def __init__(self, desk: Desk, raters: list[str], *, guide: str = "", port: int = 0) -> None:
        site = _Site(desk, raters, guide)
        super().__init__(_Http((LOOPBACK, port), site), site.token)


class _Site:
    """What is served: the page, and answers as JSON."""

    def __init__(self, desk: Desk, raters: list[str], guide: str) -> None:
        self.token = secrets.token_urlsafe(24)
        self.desk = desk
        facts = {
            "base": f"/{self.token}/",
            "metric": desk.metric.name,
            "guide": guide,
            "raters": raters,
            "choices": [
                {"value": each.value, "text": each.text, "tone": each.tone} for each in desk.choices
            ],
        }
        self.page, self.policy = page_of(f"Label {desk.metric.name}", facts)

    def read(self, what: str, asked: dict[str, str]) -> Any:
        """Answer a question that changes nothing; None: there is no such thing."""
        rater = asked.get("rater", "")
        if what == "state":
            return self.desk.state(rater) | {"raters": self.desk.raters()}
        if what == "item" and re.fullmatch(r"\d{1,9}", asked.get("place", "")):
            return self.desk.item(rater, int(asked["place"]))
        if what in ("done", "differ"):
            return self.desk.rows(rater, differ=what == "differ")
        return None

    def write(self, what: str, given: dict[str, Any]) -> Any:
        """Write a label or take one back, and answer how things stand then."""
        rater, place = str(given.get("rater", "")), given.get("place")
        if what == "undo":
            place = self.desk.undo(rater)
            return self.desk.state(rater) | {"place": place}
        if what not in ("label", "final") or type(place) is not int:
            return None
        note = _plain(given.get("note") or "")
        final = what == "final"
        self.desk.give(rater, place, str(given.get("label", "")), note, final=final)
        return self.desk.state(rater)


def _plain(text: Any) -> str:
    return str(text).encode("utf-8", "replace").decode()


class _Http(LocalHttp):
    def __init__(self, address: tuple[str, int], site: _Site) -> None:
        self.site = site
        super().__init__(address, _Handler)


class _Handler(LocalHandler):
    server: _Http

    def do_GET(self) -> None:  # noqa: N802 (the name http.server calls)
        """Answer what is below the token; anything else does not exist."""
        what = self._asked()
        if what == "":
            return self._send(HTTPStatus.OK, self.server.site.page, "text/html; charset=utf-8")
        if what is None:
            return self._nothing()
        query = parse_qs(urlsplit(self.path).query)
        self._answer(self.server.site.read, what, {name: each[-1] for name, each in query.items()})

    def do_POST(self) -> None:  # noqa: N802
        """Take a label of this page; of no other page, and of no form."""
        what, length = self._asked(), self.headers.get("Content-Length") or ""
        kind = (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        if what is None or self.headers.get("Origin") not in (None, self._own_origin()):
            return self._nothing()
        if kind != "application/json" or not length.isdigit() or int(length) > LARGEST:
            return self._say(HTTPStatus.BAD_REQUEST, "send one JSON object of at most 64 KB")
        try:
            given = json.loads(self.rfile.read(int(length)))
        except ValueError:
            given = None
        if not isinstance(given, dict):
            return self._say(HTTPStatus.BAD_REQUEST, "send one JSON object")
        self._answer(self.server.site.write, what, given)

    def _asked(self) -> str | None:
        """Return what is asked for below the token; None: not under it, or by another name."""
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0]
        token, _, rest = urlsplit(self.path).path.lstrip("/").partition("/")
        known = secrets.compare_digest(token.encode(), self.server.site.token.encode())
        return rest if known and host in (LOOPBACK, "localhost") else None

    def _own_origin(self) -> str:
        return f"http://{self.headers.get('Host')}"

    def _answer(self, how: Any, what: str, given: dict[str, Any]) -> None:
        try:
            found = how(what, given)
        except Refused as refused:
            return self._say(HTTPStatus.BAD_REQUEST, str(refused))
        except EvalkitError as error:
            return self._say(HTTPStatus.INSUFFICIENT_STORAGE, str(error))
        if found is None:
            return self._nothing()
        body = orjson.dumps(found, option=orjson.OPT_NON_STR_KEYS)
        self._send(HTTPStatus.OK, body, "application/json")

    def _nothing(self) -> None:
        self._send(HTTPStatus.NOT_FOUND, b"not found", "text/plain")

    def _say(self, status: HTTPStatus, text: str) -> None:
        self._send(status, orjson.dumps({"problem": text}), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", self.server.site.policy)
        for name, value in HEADERS:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
