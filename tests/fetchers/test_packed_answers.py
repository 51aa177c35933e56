"""Packed answers: read as they are, and bounded where they are bombs, in one line."""

import gzip
import json
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import zstandard

from evalkit.errors import SourceUnavailable
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.source import HttpSource

SAID = {"said": "ü" * 5000, "n": [1, 2, 3]}
PLAIN = json.dumps(SAID).encode()


def bomb(form: str) -> bytes:
    """Return a JSON text of two gigabytes, packed."""
    if form == "zstd":
        packer = zstandard.ZstdCompressor(level=1).compressobj()
    else:
        packer = zlib.compressobj(6, zlib.DEFLATED, 31 if form.startswith("gzip") else 15)
    parts = [packer.compress(b'["')]
    parts += [packer.compress(b" " * 10_000_000) for _ in range(200)]
    packed = b"".join([*parts, packer.flush()])
    return gzip.compress(packed) if form == "gzip, gzip" else packed


@contextmanager
def serving(body: bytes, form: str) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.headers["accept-encoding"] == "gzip, deflate"
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-encoding", form)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def ask(url: str) -> Any:
    with HttpSource(url, {}, source="s", patience=Patience(attempts=1)) as source:
        return source.request("GET", "/x").value


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("gzip", gzip.compress(PLAIN)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", raw_deflate(PLAIN)),
        ("identity", PLAIN),
        ("GZIP ", gzip.compress(PLAIN)),
    ],
    ids=["gzip", "zlib", "raw deflate", "plain", "spelt otherwise"],
)
def test_what_is_packed_is_read(form: str, body: bytes) -> None:
    with serving(body, form) as url:
        assert ask(url) == SAID


@pytest.mark.parametrize(
    ("form", "body", "words"),
    [
        ("br", b"\x0b\x02\x80", "packed as 'br'"),
        ("gzip, gzip", gzip.compress(gzip.compress(PLAIN)), "packed as 'gzip, gzip'"),
        ("gzip", gzip.compress(PLAIN)[:-20], "cut short"),
        ("gzip", b"no gzip at all", "incorrect header"),
    ],
    ids=["another form", "twice", "cut", "none"],
)
def test_what_is_not_is_said(form: str, body: bytes, words: str) -> None:
    with serving(body, form) as url, pytest.raises(SourceUnavailable) as told:
        ask(url)
    assert "\n" not in str(told.value)
    assert words in str(told.value) or "decod" in str(told.value).lower()


CHILD = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_packed_answers import ask
try:
    ask(sys.argv[1])
except Exception as error:
    print(type(error).__name__, error)
status = Path("/proc/self/status").read_text()
print(int(status.partition("VmHWM:")[2].split()[0]) // 1024)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is read from /proc")
@pytest.mark.parametrize("form", ["gzip", "deflate", "zstd", "gzip, gzip"])
def test_a_bomb_is_one_line_in_little_memory(form: str) -> None:
    tests = __file__.rpartition("/")[0]
    with serving(bomb(form), form) as url:
        ended = subprocess.run(
            [sys.executable, "-c", CHILD, url, tests], capture_output=True, text=True, timeout=100
        )
    said, peak = ended.stdout.splitlines()
    assert said.startswith("SourceUnavailable")
    assert int(peak) < 300
