"""The shared HTTP client: what is tried again, what is not, and what is never said."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from evalkit.errors import AuthenticationFailed, FetchError, SourceUnavailable
from evalkit.fetchers.http.attempts import Patience, retry_after
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.redact import HIDDEN, Redactor, secrets_of
from evalkit.fetchers.http.source import HttpError, HttpSource, NotFound

KEY = "lsv2-sekret-0123456789"
GOOD = httpx.Response(200, json={"ok": True})
Turn = httpx.Response | Exception


class Script:
    """Answers requests with the next turn; the last one stays."""

    def __init__(self, *turns: Turn) -> None:
        self.turns = list(turns)
        self.requests: list[httpx.Request] = []
        self.naps: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, Exception):
            raise turn
        return httpx.Response(turn.status_code, headers=turn.headers, content=turn.content)

    def source(self, url: str = "http://server.test/base/", **options: Any) -> HttpSource:
        return HttpSource(
            url,
            {"x-api-key": f" {KEY} "},
            source="the server",
            transport=httpx.MockTransport(self),
            sleep=self.naps.append,
            **options,
        )


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(500, text="Internal Server Error"),
        httpx.Response(502),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(408),
        httpx.ReadError("reset by peer"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout(""),
        httpx.RemoteProtocolError("peer closed connection"),
        httpx.Response(200, content=b'{"items": [1, 2'),
        httpx.Response(200, content=b""),
        httpx.Response(200, text="<html>please log in</html>"),
    ],
    ids=repr,
)
def test_what_may_pass_is_tried_again(failure: Turn) -> None:
    script = Script(failure, failure, GOOD)
    source = script.source()
    assert source.get_json("/x") == {"ok": True}
    assert (len(script.requests), len(script.naps)) == (3, 2)
    assert (source.stats.requests, source.stats.retries) == (3, 2)


@pytest.mark.parametrize(
    ("failure", "defect"),
    [
        (httpx.Response(503), "HTTP 503"),
        (httpx.ReadError("reset"), "dropped"),
        (httpx.Response(200, content=b'{"a": "cut'), "no whole JSON"),
    ],
)
def test_after_all_attempts_the_defect_is_named(failure: Turn, defect: str) -> None:
    script = Script(failure)
    with pytest.raises(SourceUnavailable, match=rf"the server: GET /x: .*{defect}.*tried 4 times"):
        script.source(patience=Patience(attempts=4)).get_json("/x")
    assert len(script.requests) == 4


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, AuthenticationFailed), (403, AuthenticationFailed), (404, NotFound), (422, HttpError)],
)
def test_a_refusal_is_not_tried_again_and_shows_no_key(status: int, error: type[Exception]) -> None:
    script = Script(httpx.Response(status, json={"detail": f"bad key {KEY} \x1b[31mred"}))
    with pytest.raises(error) as caught:
        script.source().get_json("/x")
    assert len(script.requests) == 1
    assert KEY not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert f"HTTP {status} (bad key {HIDDEN}" in str(caught.value)


def test_a_typed_error_carries_its_status() -> None:
    with pytest.raises(HttpError) as caught:
        Script(httpx.Response(409, json={"detail": "busy"})).source().post_json("/x", {})
    assert (caught.value.status, caught.value.detail) == (409, "busy")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("0.5", 0.5), ("", None), ("soon", None), ("-3", 0.0), ("nan", None)],
)
def test_retry_after_as_a_number(header: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": header}) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=100), usegmt=True)
    assert 90 < (retry_after({"retry-after": later}) or 0) <= 100
    assert retry_after({"retry-after": earlier}) == 0.0


def test_retry_after_is_obeyed_by_every_thread() -> None:
    script = Script(httpx.Response(429, headers={"retry-after": "7"}), GOOD)
    source = script.source()
    source.get_json("/x")
    assert script.naps[0] == 7.0
    source.get_json("/y")  # the mock did not really sleep, so the pause still holds
    assert 6 < script.naps[-1] <= 7


def test_a_server_that_asks_for_too_much_patience_is_given_up_at_once() -> None:
    script = Script(httpx.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(SourceUnavailable, match="tried once; asked to wait 3600 s"):
        script.source().get_json("/x")
    assert script.naps == []


def test_headers_do_not_go_to_another_host() -> None:
    script = Script(GOOD)
    source = script.source()
    assert b"".join(source.stream_bytes("https://elsewhere.test/file?sig=1")) == GOOD.content
    assert b"".join(source.stream_bytes("/file")) == GOOD.content
    there, here = script.requests
    assert "x-api-key" not in there.headers
    assert (here.headers["x-api-key"], here.url.path) == (KEY, "/base/file")


def test_a_redirect_of_ours_is_refused_with_its_address() -> None:
    script = Script(httpx.Response(308, headers={"location": "https://new.test/"}))
    with pytest.raises(HttpError, match=r"sent on to https://new\.test/"):
        script.source().get_json("/x")
    assert len(script.requests) == 1


def test_a_body_that_drips_for_ever_is_given_up() -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(1000):
            yield b" "

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=drip())

    source = HttpSource(
        "http://server.test",
        source="the server",
        transport=httpx.MockTransport(answer),
        patience=Patience(attempts=2, body=-1),
        sleep=lambda _: None,
    )
    with pytest.raises(SourceUnavailable, match="the body took over"):
        source.get_json("/x")


def test_an_answer_without_end_is_refused() -> None:
    script = Script(httpx.Response(200, content=b'"' + b"x" * 1000 + b'"'))
    with pytest.raises(SourceUnavailable, match="smaller pages"):
        script.source(patience=Patience(max_bytes=100)).get_json("/x")


def test_json_that_only_pythons_parser_takes() -> None:
    script = Script(httpx.Response(200, content=rb'{"text": "\ud800", "n": 1}'))
    assert script.source().get_json("/x") == {"text": "\ud800", "n": 1}


def test_map_keeps_the_order_and_stays_near_the_reader() -> None:
    begun: list[int] = []

    def double(number: int) -> int:
        begun.append(number)
        return 2 * number

    source = Script(GOOD).source(concurrency=2)
    results = source.map(double, iter(range(100)))
    assert [next(results) for _ in range(3)] == [0, 2, 4]
    assert max(begun) <= 3 + 2 * 2
    assert list(results) == [2 * n for n in range(3, 100)]


def test_map_ends_at_the_first_error() -> None:
    def fail(number: int) -> int:
        if number == 1:
            raise SourceUnavailable("gone")
        return number

    results = Script(GOOD).source().map(fail, range(10))
    assert next(results) == 0
    with pytest.raises(SourceUnavailable):
        next(results)


@pytest.mark.parametrize(("asked", "got"), [(0, 1), (8, 8), (500, 16)])
def test_concurrency_is_capped(asked: int, got: int) -> None:
    assert Script(GOOD).source(concurrency=asked).concurrency == got


def test_closing_wakes_who_waits() -> None:
    script = Script(httpx.Response(429, headers={"retry-after": "60"}))
    source = HttpSource(
        "http://server.test", source="the server", transport=httpx.MockTransport(script)
    )
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            source.get_json("/x")
        except FetchError as error:
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    while not script.requests:
        pass
    source.close()
    thread.join(timeout=20)
    assert "closed" in str(ended[0])


def test_the_limiter_spreads_requests() -> None:
    now = [0.0]
    limit = RateLimit(4, burst=2, clock=lambda: now[0])
    assert [limit.reserve() for _ in range(4)] == [0.0, 0.25, 0.5, 0.75]
    now[0] = 10.0
    assert [limit.reserve() for _ in range(3)] == [0.0, 0.0, 0.25]
    limit.pause(3)
    assert limit.reserve() == 3.0


def test_no_limit_means_no_waiting() -> None:
    limit = RateLimit()
    assert [limit.reserve() for _ in range(5)] == [0.0] * 5


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_senseless_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="per_second"):
        RateLimit(rate)


@pytest.mark.parametrize(
    "echoed",
    [KEY, f"Bearer {KEY}", f"key={KEY}&x", "p%40ssw0rd!", "p@ssw0rd!"],
)
def test_secrets_are_redacted_in_every_spelling(echoed: str) -> None:
    found = secrets_of(
        {"authorization": f"Bearer {KEY}"}, "http://me:p%40ssw0rd!@server.test", None
    )
    said = Redactor(found)(f"refused: {echoed}")
    assert KEY not in said
    assert "ssw0rd" not in said


class DroppingServer:
    """Accepts connections; drops the first ones in the middle of the answer, then serves."""

    def __init__(self, drops: int) -> None:
        self.drops = drops
        self.connections = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.recv(65536)
                head = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"
                whole = self.connections > self.drops
                connection.sendall(head + (b'{"ok":true}' if whole else b'{"ok'))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def dropping() -> Iterator[Callable[[int], DroppingServer]]:
    made: list[DroppingServer] = []

    def make(drops: int) -> DroppingServer:
        made.append(DroppingServer(drops))
        return made[-1]

    yield make
    for server in made:
        server.close()


def test_a_dropped_connection_is_replaced(dropping: Callable[[int], DroppingServer]) -> None:
    server = dropping(2)
    with HttpSource(server.url, source="the server", sleep=lambda _: None) as source:
        assert source.get_json("/x") == {"ok": True}
    assert server.connections == 3


def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    patience = Patience(attempts=2)
    with (
        HttpSource(url, source="the server", sleep=lambda _: None, patience=patience) as source,
        pytest.raises(SourceUnavailable, match="cannot connect"),
    ):
        source.get_json("/x")
