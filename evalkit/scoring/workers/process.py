"""Process: starts a worker, by a fork where that is safe and cheap, else as a new interpreter."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from evalkit.model.units import UnitReader
from evalkit.scoring.calls.task import Facts, Task
from evalkit.scoring.calls.watch import SIZE, Watch
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.workers.channel import Channel, Closed
from evalkit.scoring.workers.packed import Packed

HIGH = 200
"""Pipes of a worker lie at handles from here on, out of the way of user code that closes some."""


OWN_PATH = ("-P",)
"""The folder a worker stands in is not where modules come from."""
NOT_INHERITED = frozenset({"MALLOC_TRIM_THRESHOLD_"})
"""Dask sets it for processes that hold tables; evaluators would pay a tenth more for it."""


class WorkerProcess(Protocol):
    """A worker from the outside."""

    channel: Channel
    watch: Watch

    def exit_code(self) -> int | None:
        """Return how it ended (negative: the signal), `None` while it lives."""

    def kill(self) -> None:
        """End it and everything it started, now."""

    def close(self) -> None:
        """Give back what it needed; it has ended."""


class Agency(Protocol):
    """Where workers come from, and go when a pool has nothing more for them."""

    def take(self, begin: Callable[[], WorkerProcess]) -> WorkerProcess:
        """Return a worker that waits for a job, begun now if there is none."""

    def give_back(self, process: WorkerProcess) -> None:
        """Take a worker back that waits for a job."""


class Forked:
    """A copy of this process: starts in milliseconds, evaluators are there already."""

    def __init__(self, tasks: Sequence[Task], reader: UnitReader, settings: Settings) -> None:
        self.watch = Watch(len(tasks))
        jobs_out, jobs_in = os.pipe()
        answers_out, answers_in = os.pipe()
        self._code: int | None = None
        self._closed = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # see `may_fork`
            self.pid = os.fork()
        if self.pid == 0:
            for handle in (jobs_in, answers_out):  # the parent's ends
                os.close(handle)
            _child(tasks, reader, settings, self.watch, (jobs_out, answers_in))
        for handle in (jobs_out, answers_in):
            os.close(handle)
        self.channel = Channel(answers_out, jobs_in)

    def exit_code(self) -> int | None:
        """Return how it ended, `None` while it lives."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def kill(self) -> None:
        """End it and everything it started, now."""
        _kill_group(self.pid, alive=self._code is None)
        if self._code is None:
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)

    def close(self) -> None:
        """Give back what it needed."""
        if not self._closed:
            self._closed = True
            self.channel.close()
            self.watch.close()


def _child(
    tasks: Sequence[Task],
    reader: UnitReader,
    settings: Settings,
    watch: Watch,
    pipes: tuple[int, int],
) -> None:
    code = 1
    try:
        os.setsid()
        from evalkit.scoring.workers.worker import serve

        reads, writes = (_moved(handle) for handle in pipes)
        serve(
            tasks,
            reader,
            watch,
            Channel(reads, writes),
            concurrency=settings.concurrency,
            memory=settings.memory,
        )
        code = 0
    finally:
        os._exit(code)  # nothing of the parent's is flushed or cleaned up twice


def _moved(handle: int) -> int:
    import fcntl

    moved = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, HIGH)
    os.close(handle)
    return moved


class Spawned:
    """A new interpreter that loads the evaluators by path."""

    def __init__(
        self, tasks: Sequence[Facts], reader: UnitReader | Packed, settings: Settings
    ) -> None:
        import subprocess
        import tempfile

        handle, self._path = tempfile.mkstemp(prefix="evalkit-")
        os.write(handle, bytes(SIZE))
        os.close(handle)
        self.watch = Watch(len(tasks), self._path)
        self._process = subprocess.Popen(
            [sys.executable, *OWN_PATH, "-m", "evalkit.scoring.workers.spawned"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd=settings.folder,
            env={name: each for name, each in os.environ.items() if name not in NOT_INHERITED},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        reads, writes = self._process.stdout.fileno(), self._process.stdin.fileno()
        self.channel = Channel(reads, writes)
        fingerprints = {task.name: task.wanted.fingerprint for task in tasks}
        names = [task.name for task in tasks]
        limits = [task.timeout for task in tasks]
        self.channel.send((settings, reader, self._path, names, fingerprints, limits))

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return how it ended, `None` while it lives."""
        return self._process.poll()

    def kill(self) -> None:
        """End it and everything it started, now."""
        if os.name == "posix":
            _kill_group(self._process.pid, alive=self._process.poll() is None)
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Give back what it needed."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self.watch.close()
        with suppress(OSError):
            os.unlink(self._path)


def start(tasks: Sequence[Facts], reader: UnitReader | Packed, settings: Settings) -> WorkerProcess:
    """Start a worker; where there are only the facts of tasks, it loads the evaluators itself."""
    made = [task for task in tasks if isinstance(task, Task)]
    whole = len(made) == len(tasks) and not isinstance(reader, Packed)
    if whole and (settings.loader is None or may_fork()):
        assert not isinstance(reader, Packed)
        return Forked(made, reader, settings)
    return Spawned(tasks, reader, settings)


def end(process: WorkerProcess) -> None:
    """Let a worker go: it is told first, then killed with everything it started."""
    # A word first, so that a worker between calls leaves by itself; the kill does not wait for
    # an answer, as a call that hangs gives none, and takes what the call had started with it.
    with suppress(Closed):
        process.channel.send(None)
    process.kill()
    process.close()


def can_start(settings: Settings) -> bool:
    """Tell whether there can be workers at all."""
    return hasattr(os, "fork") or settings.loader is not None


def may_fork() -> bool:
    """Tell whether a fork is safe: on Linux, while no thread runs that may hold a lock.

    Threads that only redraw a terminal hold none that a worker needs.
    """
    others = [each for each in threading.enumerate() if each is not threading.main_thread()]
    harmless = all(type(each).__module__.startswith("rich.") for each in others)
    return sys.platform == "linux" and hasattr(os, "fork") and harmless


def _kill_group(pid: int, *, alive: bool) -> None:
    """Kill a process and those it started; of a process that is gone, what it left behind."""
    for end in (os.killpg, os.kill) if alive else (os.killpg,):
        with suppress(ProcessLookupError, PermissionError):
            end(pid, signal.SIGKILL)
