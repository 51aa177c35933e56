"""Worker: the process that calls user code, so that a crash or a hang costs one cell."""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from evalkit.errors import EvalkitError
from evalkit.model.units import UnitReader
from evalkit.scoring.calls.capture import Bounded
from evalkit.scoring.calls.loop import close_loop, forget_loop
from evalkit.scoring.calls.task import Task
from evalkit.scoring.calls.unit import UnitRun, UnitSettings, call_whole
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.session.tally import tallies
from evalkit.scoring.workers.channel import Channel, Closed
from evalkit.scoring.workers.inline import calls_in
from evalkit.scoring.workers.job import Broken, Done, Idle, Job, Look, unreadable

PR_SET_PDEATHSIG = 1
COLLECT = (20_000, 20, 20)
"""Look for cycles less often than Python does: runs are dropped one by one and hold none."""


def serve(
    tasks: Sequence[Task],
    reader: UnitReader,
    watch: Watch,
    channel: Channel,
    *,
    concurrency: int,
    memory: int | None,
) -> None:
    """Do jobs until there are no more; the process should end after this."""
    isolate(memory)
    forget_loop()
    gc.freeze()  # what is here already need not be looked at by every collection
    gc.set_threshold(*COLLECT)
    with suppress(Closed):
        while (job := channel.receive()) is not None:
            if isinstance(job, Look):
                channel.send(_looked(job, reader))
                continue
            printed = _streams()
            try:
                _do(job, tasks, reader, watch, channel, concurrency)
            except Closed:
                raise
            except EvalkitError as error:
                channel.send(Broken(str(error), kind="store"))
            except MemoryError:
                raise
            except Exception as error:
                channel.send(Broken(f"{type(error).__name__}: {error}", kind="bug"))
            channel.send(Idle(printed.take()))
    with suppress(Exception):
        close_loop()


def _looked(look: Look, reader: UnitReader) -> Idle | Broken:
    try:
        if look.unit is not None:
            next(iter(reader.rows(look.unit)), None)
    except (EvalkitError, OSError, ImportError) as error:
        return unreadable(error)
    return Idle()


def _do(
    job: Job,
    tasks: Sequence[Task],
    reader: UnitReader,
    watch: Watch,
    channel: Channel,
    concurrency: int,
) -> None:
    if job.unit is None:
        block = call_whole(tasks[job.task], reader, watch)
        part = reader.encode(None, [block])
        channel.send(Done(part, tallies([block]), [], 1))
        return
    how = UnitSettings(concurrency=concurrency)
    for batch in UnitRun(tasks, reader, job.unit, watch, job.blames, how):
        part = reader.encode(job.unit, batch.blocks) if batch.blocks else b""
        calls = calls_in(batch, job.unit)
        channel.send(Done(part, tallies(batch.blocks), batch.done, calls))


def isolate(memory: int | None) -> None:
    """Make this process one that may be killed at any time, and that cannot disturb the others."""
    if "faulthandler" in sys.modules:  # a crash of user code is told in its cell
        sys.modules["faulthandler"].disable()
    for number in (signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        _die_with_parent()
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if memory is not None:
            limit = _address_space() + memory
            resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def _die_with_parent() -> None:
    parent = os.getppid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died meanwhile
        os._exit(1)


def _address_space() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")


def _streams() -> Bounded:
    """Give user code fresh streams: `print` goes to a bounded buffer, the rest nowhere."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        if null != number:
            os.dup2(null, number)
    if null > 2:
        os.close(null)
    printed = Bounded()
    sys.stdout = sys.stderr = printed
    return printed
