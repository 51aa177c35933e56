"""Spawned: what a worker runs that was started as a new interpreter."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from evalkit.errors import EvaluatorError
from evalkit.scoring.calls.task import make_task
from evalkit.scoring.calls.watch import Watch
from evalkit.scoring.definition.evaluator import Evaluator
from evalkit.scoring.fingerprint.fingerprint import fingerprinted
from evalkit.scoring.session.settings import Settings
from evalkit.scoring.workers.channel import Channel, Closed
from evalkit.scoring.workers.job import Broken, unreadable
from evalkit.scoring.workers.packed import Packed
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
        reader = reader.opened() if isinstance(reader, Packed) else reader
    except Exception as error:
        channel.send(unreadable(error))
        return
    try:
        chosen = _loaded(settings, names, fingerprints)
    except Exception as error:  # user code, loaded anew
        channel.send(Broken(f"in a new worker: {error}", kind="evaluators"))
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


def _loaded(
    settings: Settings, names: Sequence[str], fingerprints: Mapping[str, str]
) -> list[Evaluator]:
    """Load the evaluators anew, and refuse code that is not what their fingerprints stand for.

    The files may have been edited since the parent read them: cells that the edited code made
    would bear the old fingerprint and be reused for good.
    """
    assert settings.loader is not None
    stamped, _ = fingerprinted(settings.loader(), settings.root)
    found = {each.name: each for each in stamped}
    missing = [name for name in names if name not in found]
    there = [name for name in names if name in found]
    edited = [name for name in there if found[name].fingerprint != fingerprints[name]]
    if missing or edited:
        raise EvaluatorError(
            f"{', '.join(missing + edited)}: {'gone' if missing else 'changed'} since it was "
            "loaded. Cells made before are kept; run the same command again."
        )
    return [found[name] for name in names]


def _moved(handle: int) -> int:
    if os.name != "posix":
        return os.dup(handle)
    import fcntl

    return fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, HIGH)


if __name__ == "__main__":
    main()
    os._exit(0)
