"""The `langsmith` fetcher: one experiment, whole and counted; next time only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from evalkit.errors import IncompleteExperiment, RecordError, SourceUnavailable
from evalkit.fetchers.base import CheckLine, Counts, FetchContext, recorded_score
from evalkit.fetchers.http.records import LARGE
from evalkit.fetchers.langsmith import audit, check, gather, listing
from evalkit.fetchers.langsmith.api.client import LangSmith
from evalkit.fetchers.langsmith.api.connection import connect
from evalkit.fetchers.langsmith.api.options import LangSmithOptions
from evalkit.fetchers.langsmith.api.queries import Queries, Query
from evalkit.fetchers.langsmith.api.reference import read_reference
from evalkit.fetchers.langsmith.convert.fields import NOTHING, mapping_of
from evalkit.fetchers.langsmith.convert.run import Converted, convert, to_example, updated_at
from evalkit.fetchers.langsmith.convert.traces import Trace
from evalkit.fetchers.langsmith.listing import Listing, Root, some
from evalkit.fetchers.langsmith.recorded import Recorded, by_average
from evalkit.model.example import Example
from evalkit.model.run import Run

FEW = 50
"""So many traces at most are asked for one by one; more come cheaper in bulk."""
STATS = (
    "run_count latency_p50 latency_p99 first_token_p50 first_token_p99 total_tokens prompt_tokens "
    "completion_tokens total_cost prompt_cost completion_cost error_rate streaming_rate "
    "last_run_start_time feedback_stats session_feedback_stats test_run_number experiment_progress"
)


class LangSmithFetcher:
    """Pulls one experiment from LangSmith, whole traces included."""

    Options: ClassVar[type[BaseModel]] = LangSmithOptions

    def __init__(
        self,
        options: LangSmithOptions,
        context: FetchContext,
        *,
        environ: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._options = options
        self._context = context
        self._environ = environ
        self._clock = clock
        self._sleep = sleep or time.sleep
        self._own_sleep = sleep
        self._counts = Counts()
        self._listing = Listing()
        self._differing = 0
        self._session: dict[str, Any] = {}
        self._open: LangSmith | None = None

    @property
    def client(self) -> LangSmith:
        """The server, addressed and unlocked when it is first needed."""
        if self._open is None:
            connection = connect(self._options, self._environ)
            self._open = LangSmith(
                connection, self._options, clock=self._clock, sleep=self._own_sleep
            )
        return self._open

    def runs(self) -> Iterator[Run]:
        """Yield finished runs that are new or changed, newest first."""
        try:
            with check.explained():
                yield from self._runs()
        except BaseException:
            self._close()
            raise

    def _runs(self) -> Iterator[Run]:
        self._session = self.client.session(read_reference(self._options.experiment))
        self._note_session()
        queries = self._list()
        finished = self._listing.finished
        recorded = Recorded.fetch(self.client, self._options.feedback, self._session, finished)
        wanted = self._changed(finished, recorded)
        self._counts.notes += recorded.notes
        self._counts.scores = [recorded_score(each) for each in recorded.whole]
        if wanted:
            yield from self._pull(queries, wanted, recorded)
        audit.settle(self._counts, self._listing, self._session, self._options.filter)
        if self._counts.problems:
            counts = self._counts
            raise IncompleteExperiment(
                f"{self._context.experiment}: fetched {counts.received} of {counts.expected} runs: "
                f"{'; '.join(counts.problems)}. What arrived is kept; fetch again."
            )

    def examples(self) -> Iterable[Example]:
        """Return the examples that the runs answered, as they were when they ran."""
        ids = self._listing.example_ids()
        if not ids:
            return []
        version = self._counts.dataset_version
        dataset = self._session.get("reference_dataset_id")
        found = self.client.examples(ids, version, dataset)
        absent = [each for each in ids if each not in found]
        if absent and version:
            later = self.client.examples(absent, "latest", dataset)
            for each in absent if len(absent) <= FEW else ():
                if each not in later and (row := self.client.example(each)) is not None:
                    later[each] = row
            found |= later
            if later:
                self._note(
                    f"{len(later)} examples are not in the experiment's dataset version "
                    f"{version}; their newest state is used: {some(sorted(later))}"
                )
        gone = [each for each in ids if each not in found]
        if gone:
            self._note(f"{len(gone)} examples no longer exist (no reference): {some(gone)}")
        base = self.client.connection.api
        return [to_example(found[each], base) for each in ids if each in found]

    def counts(self) -> Counts:
        """Return what was there and what came."""
        self._close()
        return self._counts

    def check(self) -> Iterator[CheckLine]:
        """Look, without fetching, whether the experiment can be read."""
        yield from check.lines(self._options, lambda: self.client)

    # the parts of runs(), in order

    def _note_session(self) -> None:
        session, counts = self._session, self._counts
        metadata = mapping_of(session, "extra").get("metadata") or NOTHING
        version = metadata.get("dataset_version")
        counts.dataset_version = version if isinstance(version, str) else None
        known = {key: session.get(key) for key in STATS.split()}
        counts.source_stats = {key: value for key, value in known.items() if value is not None}
        if not session.get("reference_dataset_id"):
            self._note("this is a tracing project, not an experiment: it names no dataset")
        elif counts.dataset_version is None:
            self._note("the experiment names no dataset version; the newest examples are used")

    def _list(self) -> Queries:
        """List the roots, and again while the server shows fewer than it counts."""
        options, waits = self._options, self._context.wait
        averages = by_average(options.feedback, self._session)
        queries, self._listing = listing.first_look(
            self.client, options, self._session, self._listed, stats=averages, wait=waits
        )
        self._counts.notes += self._listing.notes
        self._listing.expected = self._expected()
        for seconds in listing.pauses(options.wait_seconds if waits else None):
            if not self._listing.short and not (waits and self._listing.pending):
                break
            self._sleep(seconds)
            if waits:
                self._session = self.client.session(read_reference(options.experiment))
            self._listing = listing.look(
                queries,
                listing.window(self._session, options, roots=True, wait=waits),
                stats=averages,
                progress=self._listed,
            )
            self._listing.expected = self._expected()
        return queries

    def _expected(self) -> int | None:
        """A part that a filter selects cannot be held against the whole."""
        return listing.expected_runs(self._session) if self._options.filter is None else None

    def _listed(self, done: int) -> None:
        self._context.progress("runs listed", done, None)

    def _changed(self, finished: Mapping[str, Root], recorded: Recorded) -> dict[str, Root]:
        """Return the runs that the store does not have as they are now."""
        known, wanted = self._context.known, {}
        for run_id, root in finished.items():
            revised = updated_at(root.ended_at, recorded.of(root)) if run_id in known else None
            if revised is None or known[run_id] != revised.isoformat():
                wanted[run_id] = root
        self._counts.unchanged = len(finished) - len(wanted)
        return wanted

    def _pull(
        self, queries: Queries, wanted: Mapping[str, Root], recorded: Recorded
    ) -> Iterator[Run]:
        numbers = self._listing.repetitions()
        collected = gather.Gatherer(wanted, self._listing.roots)
        done = self._counts.unchanged
        total = len(self._listing.finished)
        self._counts.received = done
        broken: SourceUnavailable | None = None
        try:
            for trace in self._traces(queries, wanted, collected):
                try:
                    converted = self._convert(trace, numbers, recorded)
                except RecordError as error:  # one run that does not fit costs no other
                    self._counts.problems.append(str(error))
                    continue
                self._count(converted)
                done += 1
                self._counts.received = done
                self._context.progress("runs", done, total)
                yield converted.run
        except SourceUnavailable as error:
            broken = error
        audit.account(self._counts, collected)
        if self._differing:
            self._note(
                f"{self._differing} runs have other token totals than their model calls add up to"
            )
        if broken is not None:
            raise IncompleteExperiment(
                f"{self._context.experiment}: fetched {done} of {total} runs, then: {broken} "
                "What arrived is kept; fetch again."
            )

    def _traces(
        self, queries: Queries, wanted: Mapping[str, Root], collected: gather.Gatherer
    ) -> Iterator[Trace]:
        if (
            len(wanted) <= FEW
            and 2 * len(wanted) < len(self._listing.roots)
            and self._options.steps
        ):
            yield from self._one_by_one(queries, wanted.values(), collected)
            return
        query = listing.window(
            self._session,
            self._options,
            roots=not self._options.steps,
            wait=self._context.wait,
        )
        if len(wanted) < len(self._listing.finished):
            start, end = gather.window(wanted.values())
            query = Query(query.session_id, start, end, query.roots, query.filter)
        yield from collected.traces(queries.whole(query))
        missing = collected.missing()
        if missing and len(missing) <= FEW and self._options.steps:
            self._note(f"{len(missing)} runs were not on any page and were asked for one by one")
            yield from self._one_by_one(queries, missing, collected)

    def _one_by_one(
        self, queries: Queries, roots: Iterable[Root], collected: gather.Gatherer
    ) -> Iterator[Trace]:
        for root in roots:
            rows = queries.trace(self._session["id"], dict(root.record))
            if any(LARGE in row for row in rows):
                collected.leave(root.run_id)
                continue
            records = {row["id"]: row for row in rows}
            if root.run_id in records:
                collected.done.add(root.run_id)
                yield Trace(records.pop(root.run_id), list(records.values()))

    def _convert(self, trace: Trace, numbers: Mapping[str, int], recorded: Recorded) -> Converted:
        run_id = str(trace.root["id"])
        return convert(
            trace.root,
            trace.children,
            ui=self.client.connection.ui,
            base=self.client.connection.api,
            repetition=numbers.get(run_id),
            feedback=recorded.of(self._listing.roots[run_id], trace.children),
            steps_recorded=self._options.steps,
        )

    def _count(self, converted: Converted) -> None:
        self._counts.orphans += len(converted.orphans)
        self._counts.duplicates += len(converted.duplicates)
        run = converted.run
        stated = run.usage.total_tokens if run.usage else None
        if stated is not None and run.steps:
            spent = sum(step.usage.total_tokens or 0 for step in run.steps if step.usage)
            self._differing += spent not in (0, stated)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _note(self, text: str) -> None:
        self._counts.notes.append(text)
