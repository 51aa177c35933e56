"""Dask: evaluators are called by the workers of a Dask cluster; the one place that knows Dask."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from secrets import token_hex
from time import monotonic, sleep
from typing import Any

from distributed import CancelledError, Client, Future, KilledWorker, as_completed

from evalkit.errors import ExecutorError
from evalkit.executors.travelling import answer, by_value, needs, stop_scoring
from evalkit.scoring.shares.executor import Found
from evalkit.scoring.shares.share import Errand, Report, Share

AHEAD = 2
"""Shares each thread of a worker has at once: one in hand, one that waits."""
LOOK_S = 1.0
"""How often to see which workers there are."""
CONNECT_S = 10.0
GONE_S = 5.0


@dataclass(slots=True)
class _Task:
    """What was sent: a share, or (None) the question whether shares can be done."""

    future: Future
    share: Share | None
    workers: frozenset[str]


class DaskExecutor:
    """The `Executor` of a Dask cluster."""

    def __init__(
        self,
        shown: str,
        address: str,
        *,
        runs: int,
        wait: float,
        environment: tuple[str, ...] = (),
    ) -> None:
        self.runs, self._wait, self._environment = runs, wait, environment
        self._shown, self._address = shown, address
        self._scoring, self._number = token_hex(8), 0
        self._answer, self._needs = by_value(answer), needs()
        self._client: Client | None = None
        self._tasks: dict[str, _Task] = {}
        self._threads: dict[str, int] = {}
        """By address, the workers that are there."""
        self.found: dict[str, Found] = {}
        """By address, the workers that answered."""
        self._looked = self._manned = 0.0
        """When workers were looked for, and when one that fits was there, the last time."""
        self._errand, self._begun = b"", False

    def begin(self, errand: Errand) -> None:
        """Connect, and wait for a first worker that fits; see `Executor`."""
        self.look(errand)
        until = monotonic() + self._wait
        while not self._good() and (self._threads.keys() - self.found.keys() or not self.found):
            if monotonic() > until:
                break
            for _ in self.reports(0.1):
                pass
        if not self._good():
            said = "; ".join(map(str, self.refused)) or f"no worker came in {self._wait:g} s"
            raise self._error(f"no worker can call the evaluators: {said}.")
        self._begun = True

    def look(self, errand: Errand) -> None:
        """Connect, and ask every worker whether it can do its part of an errand."""
        self._errand = pickle.dumps(
            replace(errand, environment=self._environment), pickle.HIGHEST_PROTOCOL
        )
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
                "score on this machine with `--executor local`."
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

    def give(self, share: Share) -> None:
        """Send a share to whichever of the workers is free first."""
        self._send("share", frozenset(self._good()), share)

    def reports(self, seconds: float) -> Iterator[Report]:
        """Yield what came back; raises `ExecutorError` when the cluster is gone."""
        until = monotonic() + seconds
        while True:
            if monotonic() - self._looked > LOOK_S:
                self._see()
            batch = self._completed.next_batch(block=False)
            for future, result in batch:
                yield from self._heard(future, result)
            if batch or monotonic() > until:
                return
            sleep(0.02)

    def stop(self) -> None:
        """Let shares end with what they have."""
        with suppress(Exception):  # who cannot be told is not waited for
            self._connected.run(
                by_value(stop_scoring), self._scoring, workers=self._good(), on_error="ignore"
            )

    def close(self) -> None:
        """Take back what is not done, and leave the cluster."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                futures = [task.future for task in self._tasks.values()]
                if futures and client.status == "running":
                    client.cancel(futures, force=True)
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

    def _send(self, kind: str, workers: frozenset[str], share: Share | None = None) -> None:
        self._number += 1
        body = pickle.dumps(share, pickle.HIGHEST_PROTOCOL)
        try:
            future = self._connected.submit(
                self._answer,
                *(kind, self._scoring, self._needs, self._errand, body),
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

    def _heard(self, future: Future, result: Any) -> Iterator[Report]:
        task = self._tasks.pop(future.key, None)
        if task is None:
            return  # it was sent again meanwhile
        if isinstance(result, tuple) and len(result) == 3:
            result = result[1]  # class, error, traceback
        if isinstance(result, KilledWorker):
            if task.share is not None:
                why = "the worker that had them ended, time and again"
                yield Report(number=task.share.number, lost=why)
        elif isinstance(result, CancelledError) or future.status in ("cancelled", "lost"):
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

    def _report(self, share: Share, result: dict[str, Any]) -> Report:
        """Return a share's report; a worker that could not do it gets no other."""
        refused = result.get("refused", "")
        report = pickle.loads(result["report"]) if not refused else None
        if report is not None and report.broken and report.broken.kind == "evaluators":
            refused = report.broken.message
        if report is not None and not refused:
            whole: Report = report
            return whole
        self._note(result["facts"]["address"], result | {"refused": refused})
        if not self._good():
            raise self._error(f"no worker can go on: {'; '.join(map(str, self.refused))}.")
        return Report(number=share.number, left=share.jobs)

    def _lost(self, error: object) -> ExecutorError:
        said = (str(error).strip().splitlines() or [""])[0]
        return self._error(f"the cluster is gone{f' ({said})' if said else ''}.")

    def _error(self, what: str) -> ExecutorError:
        return ExecutorError(f"{self._shown}: {what}")
