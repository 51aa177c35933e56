"""How far the work is, on stderr: a bar with ETA on a terminal, one line a stage anywhere else."""

from __future__ import annotations

import os
import sys
import time
from types import TracebackType
from typing import Any, Protocol


class Progress(Protocol):
    """A context manager that is told `(what, done, total, note)` now and then."""

    def __enter__(self) -> Progress: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def __call__(self, what: str, done: int, total: int | None, note: str = "") -> None:
        """Note that `done` of `total` of `what` are done."""
        ...


def progress(*, quiet: bool) -> Progress:
    """Return what suits this stderr."""
    if quiet:
        return Silence()
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return Bars()
    return Lines()


class Silence:
    """Show nothing."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, what: str, done: int, total: int | None, note: str = "") -> None:
        """Ignore it."""


class Lines(Silence):
    """Print one line when a stage is over."""

    def __init__(self) -> None:
        self._what: str | None = None
        self._done = 0
        self._total: int | None = None
        self._note = ""
        self._began = 0.0
        self._note = ""

    def __exit__(self, *_: object) -> None:
        self._close()

    def __call__(self, what: str, done: int, total: int | None, note: str = "") -> None:
        """Note the state; a new `what` closes the stage before."""
        if what != self._what:
            self._close()
            self._what, self._began = what, time.monotonic()
        self._done, self._total, self._note = done, total, note

    def _close(self) -> None:
        if self._what is None:
            return
        of = f" of {self._total:,}" if self._total not in (None, self._done) else ""
        seconds = time.monotonic() - self._began
        note = f", {self._note}" if self._note else ""
        line = f"{self._what}: {self._done:,}{of} in {seconds:.1f} s{note}"
        print(line, file=sys.stderr)  # noqa: T201
        self._what = None


class Bars(Silence):
    """Draw one bar a stage, with speed and time to go."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Rich

        self._rich: Any = Rich(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}"),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=Console(stderr=True),
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Bars:
        self._rich.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._rich.stop()

    def __call__(self, what: str, done: int, total: int | None, note: str = "") -> None:
        """Move the bar of this stage, or start it; the note follows its name."""
        if what not in self._tasks:
            for task in self._tasks.values():  # a stage that ended short of its total
                self._rich.stop_task(task)
            self._tasks[what] = self._rich.add_task("", total=total)
        shown = (f"{what} ({note})" if note else what).replace("[", r"\[")
        self._rich.update(self._tasks[what], completed=done, total=total, description=shown)
