"""Stop evalkit at chosen moments: killed or held at the n-th thing it does to files or connections.

`Stage` is a process that has loaded what evalkit needs and forks once a call, so that a table of
hundreds of calls takes minutes. In the fork, what is done to the world is counted: opening to
write, renaming, removing, making folders, syncing, each `os.write`, each piece of a connection.
At the moment asked for the process ends by SIGKILL (a file just opened is there and empty, a
write is half done), or holds still until it is told to go on.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "socket.connect")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
LOADED = (
    *("pyarrow.parquet", "pandas", "numpy", "scipy.stats", "httpx", "jinja2", "rich.table"),
    *("pydantic", "jsonschema", "lark", "re2", "tenacity", "http.server", "junitparser"),
    *("evalkit.cli.main", "evalkit.pipeline.running", "evalkit.pipeline.reporting"),
    *("evalkit.report.page.write", "evalkit.fetchers.files.formats.records"),
)


@dataclass
class Call:
    """A call of the command line in a process of its own; `end` waits for it."""

    stage: Stage
    pid: int
    out: Path
    err: Path
    code: int | None = None
    held: bool = False

    def wait(self, seconds: float = 60.0) -> bool:
        """Wait until it ended or holds still; False: it does neither."""
        if self.code is None and not self.held:
            found = self.stage.ask({"wait": self.pid, "seconds": seconds})
            self.code, self.held = found["code"], found["held"]
        return self.code is not None or self.held

    def go_on(self) -> None:
        """Let it go on from where it holds."""
        if self.held:
            self.held = False
            os.kill(self.pid, signal.SIGCONT)

    def end(self, how: int | None = None, seconds: float = 60.0) -> Call:
        """Wait for its end, after a signal where one is given."""
        if self.code is None and how is not None:
            os.kill(self.pid, how)
        self.go_on()
        if not self.wait(seconds) or self.code is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()
            raise AssertionError(f"did not end in {seconds} s: {self.said}")
        return self

    @property
    def said(self) -> str:
        """What it printed, on both streams."""
        return self.out.read_text("utf-8", "replace") + self.err.read_text("utf-8", "replace")

    def line(self, seconds: float = 30.0) -> str:
        """Wait for the first line on stdout; empty where it ended without one."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            text = self.out.read_text()
            if "\n" in text:
                return text.partition("\n")[0]
            self.wait(0.01)
            if self.code is not None:
                return ""
        raise AssertionError(f"printed nothing in {seconds} s: {self.said}")


@dataclass
class Stage:
    """Forks calls; a context manager."""

    folder: Path
    process: Any = None
    calls: int = 0
    environ: dict[str, str] = field(default_factory=dict)

    def ask(self, what: dict[str, Any]) -> Any:
        """Ask the process for something and return its answer."""
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, *args: str, cwd: Path, at: int = 0, how: str = "kill") -> Call:
        """Start `evalkit ARGS`; at its `at`-th deed (from 1) it is killed, or held."""
        self.calls += 1
        out, err = (self.folder / f"{self.calls}.{name}" for name in ("out", "err"))
        out.touch()
        err.touch()
        job = {"args": args, "cwd": str(cwd), "at": at, "how": how, "environ": self.environ}
        return Call(self, self.ask(job | {"out": str(out), "err": str(err)})["pid"], out, err)

    def run(self, *args: str, cwd: Path) -> Call:
        """Run `evalkit ARGS` to its end."""
        return self.start(*args, cwd=cwd).end()

    def deeds(self, *args: str, cwd: Path) -> list[str]:
        """Run `evalkit ARGS` and return all it did to the world, in order."""
        call = self.start(*args, cwd=cwd, how="list").end()
        assert call.code == 0, call.said
        return done(call)


def done(call: Call) -> list[str]:
    """Return the deeds of a call that was made with `how="list"`."""
    return (call.out.with_suffix(".deeds")).read_text().splitlines()


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Start a stage, whose processes print into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        yield Stage(folder, process)
        process.stdin.close()


class Counter:
    """Counts deeds in a fork, and stops at one."""

    def __init__(self, at: int, how: str, deeds: Path) -> None:
        self.at, self.how, self.n, self.busy = at, how, 0, False
        self.pid = os.getpid()
        self.deeds = open(deeds, "a") if how == "list" else None  # noqa: SIM115

    def deed(self, name: str, half: Any = None) -> None:
        """Count one; `half` does it by half, for who is killed in the middle of it."""
        if self.busy or os.getpid() != self.pid:
            return
        self.busy = True
        self.n += 1
        if self.deeds is not None:
            self.deeds.write(f"{name}\n")
            self.deeds.flush()
        elif self.n == self.at and self.how == "kill":
            if half is not None:
                with suppress(OSError):
                    half()
            os.kill(self.pid, signal.SIGKILL)
        elif self.n == self.at:
            os.kill(self.pid, signal.SIGSTOP)
        self.busy = False

    def audit(self, event: str, args: tuple[Any, ...]) -> None:
        """Count what the interpreter says of files."""
        if event == "open" and len(args) > 2 and isinstance(args[2], int) and args[2] & WRITES:
            path, flags = args[0], args[2]
            if not isinstance(path, int) and not str(path).startswith(("/dev", "/proc")):
                self.deed(f"open {path}", lambda: os.open(path, flags, 0o644))
        elif event in NAMES:
            self.deed(f"{event} {args[0]}")

    def watch(self) -> None:
        """Begin: files by audit, syncs, writes and connections by what stands in for them."""
        import socket

        write, fsync = os.write, os.fsync
        send, receive = socket.socket.send, socket.socket.recv
        sendall = socket.socket.sendall

        def counted_write(handle: int, data: Any) -> int:
            self.deed("os.write", lambda: write(handle, bytes(data)[: len(data) // 2]))
            return write(handle, data)

        def counted_fsync(handle: Any) -> None:
            self.deed("os.fsync")
            fsync(handle)

        def counted(name: str, real: Any) -> Any:
            def call(self_: Any, *args: Any) -> Any:
                if self_.family != socket.AF_UNIX:
                    self.deed(name)
                return real(self_, *args)

            return call

        os.write, os.fsync = counted_write, counted_fsync
        socket.socket.send = counted("send", send)  # type: ignore[method-assign]
        socket.socket.sendall = counted("sendall", sendall)  # type: ignore[method-assign]
        socket.socket.recv = counted("recv", receive)  # type: ignore[method-assign]
        sys.addaudithook(self.audit)


def fork(job: dict[str, Any]) -> int:
    """Fork a call and return its process."""
    pid = os.fork()
    if pid:
        return pid
    code = 70
    try:
        for handle, name in ((1, job["out"]), (2, job["err"])):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdin = open(0)  # noqa: SIM115
        sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
        os.chdir(job["cwd"])
        os.environ.update(job["environ"])
        code = called(job)
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)


def called(job: dict[str, Any]) -> int:
    """Call the command line as its script does."""
    from evalkit.cli import main

    if (guard := sys.modules.get("evalkit.scoring.calls.guard")) is not None:
        guard.forked.clear()  # this fork is meant to go on
    for number in (signal.SIGTERM, signal.SIGINT):  # a shell's background ignores the latter
        signal.signal(number, signal.default_int_handler)
    sys.argv = ["evalkit", *job["args"]]
    Counter(job["at"], job["how"], Path(job["out"]).with_suffix(".deeds")).watch()
    return main.main(job["args"])


def waited(pid: int, seconds: float) -> dict[str, Any]:
    """Wait for a call to end or to hold still."""
    until = time.monotonic() + seconds
    while True:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if found and os.WIFSTOPPED(status):
            return {"code": None, "held": True}
        if found:
            return {"code": os.waitstatus_to_exitcode(status), "held": False}
        if time.monotonic() >= until:
            return {"code": None, "held": False}
        time.sleep(0.002)


def serve() -> None:
    """Answer until nobody asks any more."""
    from importlib import import_module

    os.environ |= {"PYDANTIC_DISABLE_PLUGINS": "__all__", "OPENBLAS_NUM_THREADS": "1"}
    os.environ |= {"ARROW_DEFAULT_MEMORY_POOL": "system", "COLUMNS": "120"}
    for name in LOADED:
        import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        answer = waited(job["wait"], job["seconds"]) if "wait" in job else {"pid": fork(job)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()
