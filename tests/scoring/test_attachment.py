"""Attachments are fetched when an evaluator reads them, and only then."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from evalkit import Example, Run, score_runs
from evalkit.scoring.definition.attachment import Attachment


class _Files(BaseHTTPRequestHandler):
    asked: list[tuple[str, dict[str, str]]]

    def do_GET(self) -> None:
        self.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
        found = self.path == "/pic"
        self.send_response(200 if found else 403)
        self.end_headers()
        self.wfile.write(b"bytes of a picture" if found else b"expired")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def files() -> Iterator[str]:
    _Files.asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Files)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_read_on_demand_without_a_key(files: str) -> None:
    place = Attachment(url=f"{files}/pic", mime_type="image/png")
    assert place["presigned_url"] == place["url"]
    assert _Files.asked == []
    assert place["reader"].read() == b"bytes of a picture"
    place["reader"].seek(0)
    assert place["reader"].read(5) == b"bytes"
    assert len(_Files.asked) == 1
    assert not {"authorization", "x-api-key", "cookie"} & set(_Files.asked[0][1])
    with pytest.raises(KeyError):
        place["size"]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "/etc/passwd", ""])
def test_only_the_web_is_read(url: str) -> None:
    with pytest.raises(ValueError, match="no http address"):
        Attachment(url=url).read()


def test_evaluators_written_for_langsmith_read_them(files: str) -> None:
    def size(attachments):
        return len(attachments["pic"]["reader"].read())

    def untouched(attachments):
        return sorted(attachments)[0]

    runs = [
        Run(run_id="whole", example_id="e", outputs={}),
        Run(run_id="expired", outputs={}, attachments={"pic": {"url": f"{files}/gone"}}),
    ]
    example = Example(example_id="e", attachments={"pic": {"url": f"{files}/pic"}})
    results = score_runs(runs, [size, untouched], examples=[example])
    found = {(f.run_id, f.key): f for f in results.feedback()}
    assert found["whole", "size"].score == len("bytes of a picture")
    assert found["expired", "size"].outcome == "evaluator_error"
    assert found["expired", "size"].error_type == "HTTPError"
    assert found["whole", "untouched"].value == found["expired", "untouched"].value == "pic"
    assert len(_Files.asked) == 2
