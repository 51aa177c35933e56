"""Dask: work is done by the workers of a Dask cluster; the one place that knows Dask."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Thread
from time import monotonic
from typing import Any, Generic, TypeVar

from distributed import CancelledError, Client, Future, KilledWorker, as_completed

from evalkit.errors import ExecutorError
from evalkit.executors.travelling import answer, by_value, end_scoring, needs, stop_scoring
from evalkit.scoring.shares.executor import Found, Part, Work
from evalkit.scoring.shares.executor import Told as AnyTold

AHEAD = 2
"""Shares each thread of a worker has at once: one in hand, one that waits."""
LOOK_S = 1.0
"""How often to see which workers there are."""
CONNECT_S = 10.0
TELL_S = 2.0


Told = TypeVar("Told", bound=AnyTold)


@dataclass(slots=True)
class _Task(Generic[Told]):
    """What was sent: a share, or (None) the question whether shares can be done."""

    future: Future
    share: Part[Told] | None
    workers: frozenset[str]


class DaskExecutor(Generic[Told]):
    """The `Executor` of a Dask cluster."""

    def __init__(
        self,
        shown: str,
        address: str,
        *,
        runs: int,
        wait: float,
        environment: tuple[str, ...] = (),
        moved: tuple[Path, Path] | None = None,
    ) -> None:
        """`moved` is the project's folder here, and where workers have it."""
        self.runs, self._wait, self._environment = runs, wait, environment
        self._moved = moved
        self._shown, self._address = shown, address
        self._scoring, self._number = token_hex(8), 0
        self._answer, self._needs = by_value(answer), needs()
        self._client: Client | None = None
        self._tasks: dict[str, _Task[Told]] = {}
        self._threads: dict[str, int] = {}
        """By address, the workers that are there."""
        self.found: dict[str, Found] = {}
        """By address, the workers that answered."""
        self._looked = self._manned = 0.0
        """When workers were looked for, and when one that fits was there, the last time."""
        self._look, self._errand, self._what, self._begun = b"", b"", "", False

    def begin(self, work: Work) -> None:
        """Connect, and wait for a first worker that fits; see `Executor`."""
        self.look(work)
        until = monotonic() + self._wait
        while not self._good() and (self._threads.keys() - self.found.keys() or not self.found):
            if monotonic() > until:
                break
            for _ in self.reports(0.1):
                pass
        if not self._good():
            said = "; ".join(map(str, self.refused)) or f"no worker came in {self._wait:g} s"
            raise self._error(f"no worker can {self._what}: {said}.")
        self._begun = True

    def look(self, work: Work) -> None:
        """Connect, and ask every worker whether it can do its part of some work."""
        self._what = work.what
        work = work if self._moved is None else work.moved(*self._moved)
        self._look = pickle.dumps(work, pickle.HIGHEST_PROTOCOL)
        self._errand = pickle.dumps(work.for_shares(), pickle.HIGHEST_PROTOCOL)
        logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions: workers are asked one by one
                self._client = Client(
                    self._address, timeout=CONNECT_S, set_as_default=False, name="evalkit"
                )
        except (OSError, TimeoutError) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ExecutorError(
                f"{self._shown}: no scheduler answers ({why}). Start `dask scheduler` there, or "
                "stay on this machine with `--executor local`."
            ) from None
        self._completed = as_completed(
            loop=self._client.loop, with_results=True, raise_errors=False
        )
        self._see()

    @property
    def refused(self) -> list[Found]:
        """The workers that could not be used."""
        return [each for each in self.found.values() if each.refused]

    @property
    def silent(self) -> list[Found]:
        """The workers that did not answer."""
        return [
            Found(address=address, refused=f"did not answer in {self._wait:g} s")
            for address in self._threads.keys() - self.found.keys()
        ]

    @property
    def pending(self) -> bool:
        """Whether some worker has not answered yet."""
        return bool(self._threads.keys() - self.found.keys())

    @property
    def width(self) -> int:
        """Threads of the workers that fit."""
        return sum(self._threads[address] for address in self._good())

    @property
    def room(self) -> int:
        """How many more shares the workers take."""
        return AHEAD * self.width - sum(task.share is not None for task in self._tasks.values())

    def give(self, share: Part[Told]) -> None:
        """Send a share to whichever of the workers is free first."""
        self._send("share", frozenset(self._good()), share)

    def reports(self, seconds: float) -> Iterator[Told]:
        """Yield what came back; raises `ExecutorError` when the cluster is gone."""
        until = monotonic() + seconds
        while True:
            if monotonic() - self._looked > LOOK_S:
                self._see()
            batch = self._completed.next_batch(block=False)
            for future, result in batch:
                yield from self._heard(future, result)
            left = until - monotonic()
            if batch or left <= 0:
                return
            with self._completed.thread_condition:  # told of every future that is done
                if not self._completed.has_ready():
                    self._completed.thread_condition.wait(left)

    def stop(self) -> None:
        """Let shares end with what they have."""
        self._tell(stop_scoring)

    def _tell(self, what: Callable[..., None]) -> None:
        """Have every worker hear something; who cannot be told is not waited for."""
        client, workers, scoring = self._connected, [*self._threads], self._scoring

        def tell() -> None:
            with suppress(Exception):
                client.run(by_value(what), scoring, workers=workers, on_error="ignore")

        if workers and client.status == "running":
            telling = Thread(target=tell, daemon=True)
            telling.start()
            telling.join(TELL_S)

    def close(self) -> None:
        """Take back what is not done, and leave the cluster."""
        client = self._client
        if client is not None:
            with suppress(Exception):
                futures = [task.future for task in self._tasks.values()]
                if futures and client.status == "running":
                    client.cancel(futures, force=True)
            self._tell(end_scoring)
            self._client = None
            with suppress(Exception):
                client.close(timeout=2)

    @property
    def _connected(self) -> Client:
        assert self._client is not None
        return self._client

    def _good(self) -> list[str]:
        """Return the workers that are there and fit."""
        return [
            address
            for address in self._threads
            if (found := self.found.get(address)) is not None and not found.refused
        ]

    def _send(self, kind: str, workers: frozenset[str], share: Part[Told] | None = None) -> None:
        self._number += 1
        errand = self._look if share is None else self._errand
        body = pickle.dumps(share, pickle.HIGHEST_PROTOCOL)
        try:
            future = self._connected.submit(
                self._answer,
                *(kind, self._scoring, self._needs, self._environment, errand, body),
                key=f"evalkit-{kind}-{self._scoring}-{self._number}",
                workers=sorted(workers),
                allow_other_workers=False,
                pure=False,
                retries=0,
            )
        except Exception as error:
            raise self._lost(error) from None
        self._tasks[future.key] = _Task(future, share, workers)
        self._completed.add(future)

    def _see(self) -> None:
        """See which workers there are: ask new ones, and send again what waits for lost ones."""
        if self._connected.status != "running":
            raise self._lost("")
        try:
            workers = self._connected.scheduler_info()["workers"]
        except Exception as error:
            raise self._lost(error) from None
        self._looked = monotonic()
        before, self._threads = self._threads, {a: w["nthreads"] for a, w in workers.items()}
        for address in self._threads.keys() - before.keys() - self.found.keys():
            self._send("look", frozenset([address]))
        good = frozenset(self._good())
        if good or not self._begun:
            self._manned = self._looked
        elif self._looked - self._manned > self._wait:
            raise self._error(f"no worker that fits has been there for {self._wait:g} s.")
        for key, task in list(self._tasks.items()):
            if task.workers & self._threads.keys():
                continue
            if task.share is None or good:
                self._forget(key)
            if task.share is not None and good:
                self._send("share", good, task.share)

    def _forget(self, key: str) -> None:
        task = self._tasks.pop(key)
        with suppress(Exception):
            task.future.cancel(force=True)

    def _heard(self, future: Future, result: Any) -> Iterator[Told]:
        task = self._tasks.pop(future.key, None)
        if task is None:
            return  # it was sent again meanwhile
        if isinstance(result, tuple) and len(result) == 3:
            result = result[1]  # class, error, traceback
        # What is in hand counts, though the worker that had it has ended meanwhile.
        came = isinstance(result, dict)
        if isinstance(result, KilledWorker):
            if task.share is not None:
                yield task.share.lost("the worker that had them ended, time and again")
        elif not came and (
            isinstance(result, CancelledError) or future.status in ("cancelled", "lost")
        ):
            raise self._lost(result)
        elif isinstance(result, BaseException):
            raise RuntimeError(f"a task failed: {type(result).__name__}: {result}")
        elif task.share is None:
            self._note(result["facts"]["address"], result)
        else:
            yield self._report(task.share, result)

    def _note(self, address: str, result: dict[str, Any]) -> None:
        facts, refused = result["facts"], result.get("refused", "")
        self.found[address] = Found(
            address=address, host=facts["host"], versions=facts["versions"], refused=refused
        )

    def _report(self, share: Part[Told], result: dict[str, Any]) -> Told:
        """Return a share's report; a worker that could not do it gets no other."""
        refused = result.get("refused", "")
        report: Told | None = None if refused else pickle.loads(result["report"])
        if report is not None and not report.refused:
            return report
        refused = refused or (report.refused if report is not None else "")
        self._note(result["facts"]["address"], result | {"refused": refused})
        if not self._good():
            raise self._error(f"no worker can go on: {'; '.join(map(str, self.refused))}.")
        return share.undone()

    def _lost(self, error: object) -> ExecutorError:
        said = (str(error).strip().splitlines() or [""])[0]
        return self._error(f"the cluster is gone{f' ({said})' if said else ''}.")

    def _error(self, what: str) -> ExecutorError:
        return ExecutorError(f"{self._shown}: {what}")
