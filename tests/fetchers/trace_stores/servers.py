"""Real Phoenix and MLflow servers, each in an environment of its own, filled by real tracers.

Their needs collide with each other's and with ours, so that `STORE_ENVIRONMENTS` names a folder
where environments are made (or found, when they are there already); without it, these tests skip.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from fetchers.langgraph.live import free_port

FOLDER = os.environ.get("STORE_ENVIRONMENTS")
APPLICATION = Path(__file__).with_name("application.py")
FRAMEWORKS = (
    "langchain==1.5.*", "langgraph==1.2.*", "langchain-openai", "openai", "openai-agents",
    "pydantic-ai-slim[openai]==2.*",
)  # fmt: skip
OPENINFERENCE = tuple(
    f"openinference-instrumentation-{name}" for name in ("langchain", "openai", "openai-agents")
)
NEEDS: dict[str, list[list[str]]] = {
    "phoenix": [["arize-phoenix==20.26.1", *OPENINFERENCE, *FRAMEWORKS,
                 "opentelemetry-exporter-otlp-proto-http"]],
    # 3.18.0 asks for parts of its own that are not published: the needs are those of 3.17.2
    "mlflow": [["mlflow==3.17.2", *FRAMEWORKS, "opentelemetry-exporter-otlp-proto-http"],
               ["--no-deps", "mlflow==3.18.0"]],
}  # fmt: skip
QUIET = {"PHOENIX_TELEMETRY_ENABLED": "false", "MLFLOW_DISABLE_TELEMETRY": "true",
         "DO_NOT_TRACK": "true", "OPENAI_API_KEY": "none"}  # fmt: skip
needs_stores = [
    pytest.mark.services,
    pytest.mark.slow,
    pytest.mark.skipif(
        FOLDER is None, reason="STORE_ENVIRONMENTS names no folder for servers to be installed in"
    ),
]


def python_of(kind: str) -> Path:
    """Return the interpreter of a store's environment, which is made where it is not there."""
    assert FOLDER is not None
    folder = Path(FOLDER) / kind
    python, done = folder / "bin" / "python", folder / "installed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # workers of one session share it
        if not done.exists():
            try:
                install(folder, NEEDS[kind])
            except subprocess.CalledProcessError as error:
                said = (error.stderr or b"").decode(errors="replace")[-300:]
                pytest.skip(f"{kind} cannot be installed here: {said}")
            done.touch()
    return python


def install(folder: Path, steps: list[list[str]]) -> None:
    """Make an environment with uv where it is there, else with pip."""
    python, uv = str(folder / "bin" / "python"), shutil.which("uv")
    make = [uv, "venv", "-q", "-p", sys.executable] if uv else [sys.executable, "-m", "venv"]
    pip = [uv, "pip", "install", "-q", "--python", python] if uv else [
        python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]  # fmt: skip
    subprocess.run([*make, str(folder)], check=True, capture_output=True)
    for step in steps:
        subprocess.run([*pip, *step], check=True, capture_output=True)


class Store(NamedTuple):
    """A running server."""

    kind: str
    url: str
    python: Path
    folder: Path

    def record(self, project: str, *what: str, **environment: str) -> str:
        """Play applications, recorded under `project`, and return what they printed."""
        ended = subprocess.run(
            self.command(project, *what),
            env={**os.environ, **QUIET, **environment},
            capture_output=True,
            text=True,
            timeout=400,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def start(self, project: str, *what: str, **environment: str) -> "subprocess.Popen[str]":
        """Play applications beside the test."""
        return subprocess.Popen(
            self.command(project, *what),
            env={**os.environ, **QUIET, **environment},
            stdout=subprocess.PIPE,
            text=True,
        )

    def command(self, project: str, *what: str) -> list[str]:
        return [str(self.python), str(APPLICATION), self.kind, self.url, project, *what]


@contextmanager
def running(kind: str, **environment: str) -> Iterator[Store]:
    """Start a server in a throw-away folder, yield it, and stop it."""
    python, folder = python_of(kind), Path(tempfile.mkdtemp(prefix=f"{kind}-tests-"))
    if there := os.environ.get(f"STORE_{kind.upper()}"):  # one that runs, for whoever tries often
        yield Store(kind, there, python, Path(os.environ.get("STORE_MLFLOW_FOLDER", str(folder))))
        return
    port = free_port()
    bin_ = python.parent
    command = {
        "phoenix": [str(python), "-m", "phoenix.server.main", "serve"],
        "mlflow": [
            *(str(bin_ / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)),
            *("--backend-store-uri", "sqlite:///mlflow.db", "--workers", "1"),
            *("--artifacts-destination", "./artifacts"),
        ],
    }[kind]
    env = {
        **os.environ, **QUIET, "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(free_port()), **environment,
    }  # fmt: skip
    log = folder / "log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=env,
                                  start_new_session=True)  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_up(f"{url}/{'arize_phoenix_version' if kind == 'phoenix' else 'version'}", log)
        yield Store(kind, url, python, folder)
    finally:
        ended(server)
        shutil.rmtree(folder, ignore_errors=True)


def ended(server: "subprocess.Popen[bytes]") -> None:
    """End a server with the workers that it started."""
    os.killpg(server.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        server.wait(timeout=20)
    with suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait(timeout=10)


def wait_until_up(url: str, log: Path) -> None:
    until = time.monotonic() + 300
    while time.monotonic() < until:
        try:
            httpx.get(url, timeout=5).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")


def until(true: "object", seconds: float = 30) -> None:
    """Wait until `true()` is."""
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.2)
