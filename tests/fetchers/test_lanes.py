"""Our own server is asked over lanes: the same requests as a client sends, connections kept."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from evalkit.fetchers.http.source import HttpSource

URL = "http://server.test:8123/base"


class Told:
    """Answers every request, and remembers it."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = list(answers)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self._answers.pop(0) if self._answers else httpx.Response(200, json={})

    def source(self, url: str = URL, **options: Any) -> HttpSource:
        return HttpSource(
            url, {"x-key": "abcdef"}, source="it", transport=httpx.MockTransport(self), **options
        )


def wire(request: httpx.Request) -> tuple[Any, ...]:
    return request.method, str(request.url), request.headers.raw, request.read()


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("GET", "/runs", {}),
        ("GET", "/runs", {"params": {"limit": 200, "offset": 0, "q": "a b&ü", "whole": True}}),
        ("GET", "/runs?after=%2F1 2", {"params": None}),
        ("GET", "/runs?after=1", {"params": {}}),
        ("GET", "/ü ä/%C3%BC", {"headers": {"accept": "application/json", "X-Key": "other"}}),
        ("POST", "/runs", {"json": {"a": "ü"}, "headers": {"x-more": "1"}}),
        ("POST", "/runs", {"content": b""}),
        ("PUT", "/runs", {}),
        ("DELETE", "/runs", {}),
    ],
)
def test_the_request_is_the_one_a_client_sends(method: str, path: str, given: Any) -> None:
    quick, slow = Told(), Told()
    one, other = quick.source(), slow.source(proxy="http://nobody.test:1")
    assert (one._connections._straight, other._connections._straight) == (True, False)
    for source in (one, other):
        source.request(method, path, **given)
    assert wire(quick.requests[0]) == wire(slow.requests[0])


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_left_to_the_client(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:9")
    assert not Told().source()._connections._straight


def test_a_password_in_the_address_is_sent() -> None:
    told = Told()
    told.source("http://me:secret@server.test/base").get_json("/x")
    assert told.requests[0].headers["authorization"].startswith("Basic ")


def test_a_cookie_that_the_server_sets_is_sent_from_then_on() -> None:
    told = Told(httpx.Response(200, json={}, headers={"set-cookie": "seat=7; Path=/"}))
    source = told.source()
    for _ in range(3):
        source.get_json("/x")
    sent = [request.headers.get("cookie") for request in told.requests]
    assert sent == [None, "seat=7", "seat=7"]


class Counting(BaseHTTPRequestHandler):
    """Counts connections; whoever asks waits until as many ask as the server wants at once."""

    protocol_version = "HTTP/1.1"
    opened: list[Any]

    def setup(self) -> None:
        self.opened.append(self.client_address)
        super().setup()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def counting() -> Iterator[tuple[str, list[Any]]]:
    opened: list[Any] = []
    handler = type("Handler", (Counting,), {"opened": opened})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", opened
        server.shutdown()
        thread.join()


def test_connections_are_kept_and_as_many_as_ask_at_once(
    counting: tuple[str, list[Any]],
) -> None:
    url, opened = counting
    with HttpSource(url, source="it", concurrency=4) as source:
        assert list(source.map(source.get_json, [f"/{n}" for n in range(60)])) == [{}] * 60
    assert 1 <= len(opened) <= 4
