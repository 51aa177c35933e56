"""A real LangGraph server for tests, and the calls an application makes on it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest

START = Path(__file__).resolve().parent / "server" / "start.py"
ENDED = {"success", "error", "timeout", "interrupted"}
needs_server = [
    pytest.mark.langgraph,
    pytest.mark.skipif(
        find_spec("langgraph_api") is None, reason="the LangGraph server packages are not installed"
    ),
]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_server(*arguments: str) -> Iterator[str]:
    """Start a server in a throw-away folder, yield its address, and stop it."""
    url = f"http://127.0.0.1:{free_port()}"
    folder = tempfile.mkdtemp(prefix="langgraph-tests-")
    log = Path(folder) / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, str(START), url.rsplit(":", 1)[1], *arguments],
            stdout=out,
            stderr=out,
            cwd=folder,
            env={**os.environ, "TMPDIR": folder},
        )
    try:
        wait_until_up(url, server, log)
        yield url
    finally:
        stopped(server)
        shutil.rmtree(folder, ignore_errors=True)


def stopped(server: subprocess.Popen[bytes]) -> None:
    """End a server, by force if it does not hear."""
    server.terminate()
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(timeout=10)


def wait_until_up(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            httpx.get(f"{url}/info", timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


class Application:
    """Makes threads and runs, as the application under evaluation would."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self.http = httpx.Client(base_url=url, timeout=60, headers=headers)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        answer = self.http.request(method, path, **more)
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def thread(self, experiment: str, **metadata: Any) -> str:
        sent = {"metadata": {"experiment": experiment, **metadata}}
        return str(self.ask("POST", "/threads", json=sent)["thread_id"])

    def start(self, thread: str, graph: str, given: Any = None, **more: Any) -> dict[str, Any]:
        sent = {"assistant_id": graph, **({} if given is None else {"input": given}), **more}
        answer: dict[str, Any] = self.ask("POST", f"/threads/{thread}/runs", json=sent)
        return answer

    def wait(self, thread: str, run_id: str) -> dict[str, Any]:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            run: dict[str, Any] = self.ask("GET", f"/threads/{thread}/runs/{run_id}")
            if run["status"] in ENDED:
                return run
            time.sleep(0.05)
        raise TimeoutError(run_id)

    def play(self, thread: str, graph: str, given: Any = None, **more: Any) -> dict[str, Any]:
        return self.wait(thread, self.start(thread, graph, given, **more)["run_id"])
