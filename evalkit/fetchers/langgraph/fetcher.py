"""Fetches an experiment from a LangGraph Server: find its runs, gather each, convert, account."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from evalkit.errors import (
    EvalkitError,
    ExperimentNotFound,
    IncompleteExperiment,
    NoRunsError,
    SourceUnavailable,
)
from evalkit.fetchers.base import CheckLine, Counts, FetchContext, options_at
from evalkit.fetchers.files.mapping.dataset import read_dataset
from evalkit.fetchers.files.mapping.examples import Dataset
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.limit import RateLimit
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.http.transport import httpx
from evalkit.fetchers.langgraph.client import LangGraphClient, environment, request_headers
from evalkit.fetchers.langgraph.discover import Discovery, Found
from evalkit.fetchers.langgraph.facts import example_named
from evalkit.fetchers.langgraph.one import Result, RunReader
from evalkit.fetchers.plain import PlainOptions
from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.timing import parse_time

if TYPE_CHECKING:
    from pydantic import BaseModel

    from evalkit.fetchers.langgraph.options import LangGraphOptions

ROUNDS = 5
"""How often threads that changed while they were read are read again."""
MOST_FAILURES = 5
"""Runs that may fail before the server is taken to be down."""
LONGEST_POLL_S = 10.0


class LangGraphFetcher:
    """Pulls the runs of an experiment from a LangGraph server, with every step."""

    Options: ClassVar[type[BaseModel]] = options_at(
        "evalkit.fetchers.langgraph.options", "LangGraphOptions"
    )

    def __init__(
        self,
        options: Any,
        context: FetchContext,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        if isinstance(options, Mapping):
            options = self.Options.model_validate(options)
        self.options: LangGraphOptions | PlainOptions = options
        self.context = context
        self._transport, self._sleep = transport, sleep
        self.http = self._http(Patience())
        self.client = LangGraphClient(self.http)
        self.discovery = Discovery(self.client, self.options)
        self.findings = Findings()
        self._reader = RunReader(self.client, self.options, self._identify)
        self._counts = Counts(inferred=["started_at", "ended_at", "usage"])
        self._dataset: Dataset | None = None
        self._settled: set[str] = set()
        self._pending: dict[str, Found] = {}
        self._expected: set[str] = set()
        self._suspects: list[Mapping[str, Any]] = []

    def runs(self) -> Iterator[Run]:
        """Yield runs that have ended and are new or changed; raise when any is unaccounted for."""
        with self.http:
            self._prepare()
            threads = self.discovery.changed_threads()
            if self.discovery.found_none:
                raise self._nothing_found()
            yield from self._rounds(threads)
            if self.context.wait and self._pending:
                yield from self._wait_for_pending()
        self._account()

    def examples(self) -> Iterable[Example]:
        """Return the examples of the dataset."""
        return self._dataset.kept() if self._dataset else ()

    def counts(self) -> Counts:
        """Return what the server held and what arrived."""
        counts = self._counts
        counts.expected = len(self._expected)
        counts.pending = len(self._pending)
        counts.problems = [*self.discovery.problems, *self.findings.problems()]
        counts.notes = self.findings.notes()
        if copies := self.discovery.copies:
            said = f"{len(set(copies))} thread(s) are copies and have no run (first: {copies[0]})"
            counts.notes.append(said)
        if self.discovery.uncounted:
            counts.notes.append("the server cannot count threads: its list of them was believed")
        return counts

    def check(self) -> Iterator[CheckLine]:
        """Say whether the server answers, takes the key, and holds matching threads and runs."""
        from evalkit.fetchers.langgraph.doctor import check

        # Somebody waits for this answer: what does not answer twice is reported.
        http = self._http(Patience(attempts=2))
        with http:
            yield from check(Discovery(LangGraphClient(http), self.options), self.options)

    def _http(self, patience: Patience) -> HttpSource:
        options, rate = self.options, self.options.requests_per_second
        return HttpSource(
            options.url,
            request_headers(options, environment()),
            source=f"LangGraph server {httpx.URL(options.url).host}",
            timeout=options.timeout,
            verify=options.verify,
            cert=options.cert,
            proxy=options.proxy,
            limit=RateLimit(rate) if rate else None,
            transport=self._transport,
            concurrency=options.concurrency,
            patience=patience,
            sleep=self._sleep,
        )

    def _prepare(self) -> None:
        self.client.identify()
        if self.options.dataset is not None:
            self._dataset = read_dataset(self.options.dataset, self.context, self.findings)
        if self.options.assistant is not None:
            self._reader.names = self.discovery.choose_assistants(self.options.assistant)

    def _identify(self, example_id: str | None, inputs: Any) -> str | None:
        example = self._dataset.find(example_id, inputs) if self._dataset else None
        return example.example_id if example else example_id

    def _rounds(self, threads: list[dict[str, Any]]) -> Iterator[Run]:
        for _ in range(ROUNDS):
            yield from self._read(threads, sure=False)
            suspects, self._suspects = self._suspects, []
            yield from self._read(suspects, sure=True)
            threads = self.discovery.changed_threads()
            if not threads:
                return
        self.findings.note(f"{len(threads)} thread(s) kept changing; fetch again for what is new")

    def _read(self, threads: list[Any], *, sure: bool) -> Iterator[Run]:
        listed = self._fresh(self._listed(threads, sure=sure))
        if self.options.limit is not None:
            listed = iter(self._newest(listed, self.options.limit))
        for result in self.http.map(self._reader.fetch, listed):
            if (run := self._settle(result)) is not None:
                yield run

    def _listed(self, threads: list[Any], *, sure: bool) -> Iterator[Found]:
        """Yield the runs of threads; a thread whose list cannot be read costs its own runs."""

        def listed(thread: Mapping[str, Any]) -> list[Found] | SourceUnavailable:
            try:
                return self.discovery.runs(thread, sure=sure)
            except SourceUnavailable as error:
                return error

        for done, found in enumerate(self.http.map(listed, threads), start=1):
            self.context.progress("threads", done, len(threads))
            if isinstance(found, SourceUnavailable):
                self._break(f"thread {threads[done - 1]['thread_id']}", found)
            else:
                yield from found

    def _break(self, where: str, failure: EvalkitError) -> None:
        """Remember what could not be read; too much of it means that the server is down."""
        self.findings.break_at(where, str(failure))
        if self.findings.broken_count > MOST_FAILURES:
            raise failure

    def _fresh(self, listed: Iterable[Found]) -> Iterator[Found]:
        """Let through runs that have ended and are not yet here; count the others."""
        for found in listed:
            run_id = found.run_id
            if run_id in self._settled:
                continue
            if not found.ended:
                self._pending[run_id] = found
                continue
            self._pending.pop(run_id, None)
            self._settled.add(run_id)
            if self._is_unchanged(found):
                self._expected.add(run_id)
                self._counts.received += 1
                self._counts.unchanged += 1
                self._find_example(found)
            else:
                yield found

    def _find_example(self, found: Found) -> None:
        """Let the dataset know that an unchanged run answers one of its examples."""
        metadata, given = found.raw.get("metadata"), found.raw.get("kwargs")
        named = example_named(metadata or {}, self.options.example_id)
        self._identify(named, given.get("input") if isinstance(given, Mapping) else None)

    def _newest(self, listed: Iterable[Found], limit: int) -> list[Found]:
        left = max(0, limit - len(self._expected))
        return heapq.nlargest(left, listed, key=lambda found: str(found.raw.get("created_at")))

    def _is_unchanged(self, found: Found) -> bool:
        known = self.context.known.get(found.run_id)
        try:
            updated = parse_time(found.raw.get("updated_at"))
        except ValueError:
            return False
        return bool(known) and updated is not None and updated.isoformat() == known

    def _settle(self, result: Result) -> Run | None:
        """Account for one run, and return it when it arrived."""
        run_id, found = result.found.run_id, result.found
        if result.gone:
            self.findings.note("run deleted while it was fetched", run_id)
            return None
        self._expected.add(run_id)
        if result.failure is not None:
            self._break(f"run {run_id}", result.failure)
            return None
        assert result.converted is not None
        self._counts.received += 1
        if result.strangers - self._settled - self._pending.keys():
            self._suspects.append(found.thread)
        run = result.converted.run
        for problem in result.converted.problems:
            self.findings.note("span that is no step record was left out", problem)
        self._note(run, result)
        return run

    def _note(self, run: Run, result: Result) -> None:
        if result.refused is not None:
            left = "steps" if result.found.newest else "steps and outputs"
            what = f"history refused by the server: {left} are not known"
            self.findings.note(what, f"run {run.run_id}: {result.refused}")
        elif "mixed_graphs" in run.extra:
            where = f"thread {run.thread_id}, run {run.run_id}"
            self.findings.note("thread used with two graphs: outputs and steps are lost", where)
        elif not run.steps_recorded:
            self.findings.note("run whose steps the server did not keep, or not all", run.run_id)
        if any(isinstance(i, Mapping) and i.get("value", i) is None for i in run.interrupts):
            self.findings.note("question of a pause that a later pause overwrote", run.run_id)
        if self._dataset and self._dataset.find(run.example_id, run.inputs) is None:
            self.findings.note("the dataset has no example for a run", run.run_id)

    def _wait_for_pending(self) -> Iterator[Run]:
        """Ask for the unfinished runs, ever less often, until all have ended or time is up."""
        deadline, pause = time.monotonic() + self.options.wait_seconds, 0.5
        while self._pending and time.monotonic() < deadline:
            self.context.progress("waiting for runs", len(self._settled), None)
            self.http.pause(pause)
            pause = min(pause * 1.5, LONGEST_POLL_S)
            yield from self._read(self._threads_of(self._pending.values()), sure=False)
        if self._pending:
            left = len(self._pending)
            self.discovery.problems.append(
                f"{left} run(s) had not ended after {self.options.wait_seconds:g} s"
            )

    def _threads_of(self, pending: Iterable[Found]) -> list[Mapping[str, Any]]:
        return list({str(found.raw["thread_id"]): found.thread for found in pending}.values())

    def _nothing_found(self) -> ExperimentNotFound:
        asked = self.options.thread_metadata or "any metadata"
        return ExperimentNotFound(
            f"{self.http.source}: no thread with {asked}. Check thread_metadata: it must stand on "
            "the thread, metadata of runs is not copied there (use run_metadata for that)."
        )

    def _account(self) -> None:
        """Raise unless every run that has ended arrived."""
        counts, who = self.counts(), self.context.experiment
        if counts.problems:
            raise IncompleteExperiment(
                f"{who}: fetched {counts.received} of {counts.expected} runs: "
                f"{'; '.join(counts.problems)}. What arrived is kept; fetch again for the rest."
            )
        if counts.received == 0:
            waiting = f", {counts.pending} have not ended" if counts.pending else ""
            raise NoRunsError(f"{who}: no run on {self.http.source} matches{waiting}.")
