"""Spawned: what a worker runs that was started as a new interpreter."""

from __future__ import annotations

import os
from dataclasses import replace

from evalkit.scoring.calls.task import make_task
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.workers.channel import Channel, Closed
from evalkit.scoring.workers.job import Broken
from evalkit.scoring.workers.process import HIGH
from evalkit.scoring.workers.worker import serve


def main() -> None:
    """Take the pipes from standard input and output, load the evaluators, serve."""
    channel = Channel(*(_moved(handle) for handle in (0, 1)))
    try:
        settings, reader, path, names, fingerprints, limits = channel.receive()
    except Closed:
        return
    try:
        found = {each.name: each for each in settings.loader()}
        chosen = [replace(found[name], fingerprint=fingerprints[name]) for name in names]
    except Exception as error:  # user code, loaded anew
        channel.send(Broken(f"loading evaluators in a worker: {error}", kind="evaluators"))
        return
    pairs = zip(chosen, limits, strict=True)
    tasks = [make_task(number, each, limit) for number, (each, limit) in enumerate(pairs)]
    watch = Watch(len(tasks), path)
    serve(
        tasks,
        reader,
        watch,
        channel,
        concurrency=settings.concurrency,
        memory=settings.memory,
    )


def _moved(handle: int) -> int:
    if os.name != "posix":
        return os.dup(handle)
    import fcntl

    return fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, HIGH)


if __name__ == "__main__":
    main()
    os._exit(0)
