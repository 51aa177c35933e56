"""Finds an experiment's threads and runs, and proves that none was left out.

The server pages by offset and states no totals, so a page that repeats, or that lost its tail on
the way, must be told from a last one: pages are read until one is empty, threads are counted apart,
and the sweep is done again at the end to meet what was written while we read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalkit.errors import ExperimentNotFound, SourceUnavailable, did_you_mean
from evalkit.fetchers.http.answers import HttpError, NotFound
from evalkit.fetchers.langgraph.client import LangGraphClient
from evalkit.fetchers.langgraph.facts import turn_of
from evalkit.fetchers.langgraph.snapshots import Snapshot
from evalkit.fetchers.plain import PlainOptions
from evalkit.model.timing import parse_time

if TYPE_CHECKING:
    from evalkit.fetchers.langgraph.options import LangGraphOptions

TRIES = 3
ENDED = frozenset({"success", "error", "timeout", "interrupted"})


@dataclass(frozen=True, slots=True)
class Found:
    """One run on the server's list, with what must be known of its thread."""

    raw: dict[str, Any]
    thread: Mapping[str, Any]
    siblings: Sequence[Mapping[str, Any]]
    """All runs of its thread, oldest first, this one too."""

    @property
    def alone(self) -> bool:
        """Whether it is the only run known on its thread."""
        return len(self.siblings) == 1

    @property
    def newest(self) -> bool:
        """Whether no run came after it."""
        return self.siblings[-1] is self.raw

    @property
    def resumed(self) -> bool:
        """Whether the run after it was given no input, so that it may have gone on from this."""
        place = next(n for n, raw in enumerate(self.siblings) if raw is self.raw)
        later = self.siblings[place + 1 : place + 2]
        return any(not turn_of(raw).began_anew for raw in later)

    @property
    def run_id(self) -> str:
        """The run's id."""
        return str(self.raw["run_id"])

    @property
    def ended(self) -> bool:
        """Whether the run has ended; a status evalkit does not know counts as an end."""
        return self.raw.get("status") not in ("pending", "running")


@dataclass(slots=True)
class Discovery:
    """Lists threads and runs; remembers each thread's `updated_at` to see which changed."""

    client: LangGraphClient
    options: LangGraphOptions | PlainOptions
    assistants: frozenset[str] | None = None
    """Ids of the assistants whose runs count; None: all."""
    problems: list[str] = field(default_factory=list)
    uncounted: bool = False
    """Whether the server cannot say how many threads there are."""
    copies: list[str] = field(default_factory=list)
    """Threads that are copies of others and have no run of their own."""
    _known: dict[str, Any] = field(default_factory=dict)

    @property
    def found_none(self) -> bool:
        """Whether the server, after `changed_threads`, has no thread with this metadata."""
        return not self._known and not self.problems

    def changed_threads(self) -> list[dict[str, Any]]:
        """Return the threads that are new or changed since the last call."""
        threads = self._all_threads()
        changed = [t for t in threads if self._known.get(t["thread_id"]) != t.get("updated_at")]
        if changed:
            self.client.negotiate(changed[0]["thread_id"])
        self._known = {t["thread_id"]: t.get("updated_at") for t in threads}
        return [t for t in changed if not self._too_old(t)]

    def _all_threads(self) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for _ in range(TRIES):
            # Counted first: threads that are made while the list is read may not be on it.
            count = self.client.count_threads(self.options.thread_metadata)
            for thread in self._sweep():
                found[thread["thread_id"]] = thread
            if count is None:
                self.uncounted = True
            if count is None or len(found) >= count:
                return list(found.values())
        self.problems.append(
            f"the server counts {count} threads but lists only {len(found)} of them"
        )
        return list(found.values())

    def _sweep(self) -> Iterator[dict[str, Any]]:
        pages = _Pages("threads", "thread_id", self.client.http.source)
        return pages.read(lambda n: self.client.thread_page(self.options.thread_metadata, n))

    def choose_assistants(self, wanted: str) -> dict[str, str]:
        """Keep to the assistants with this id, name or graph; return their names by id."""
        every = list(self.client.assistants())
        keys = ("assistant_id", "name", "graph_id")
        chosen = {
            str(a["assistant_id"]): str(a.get("name"))
            for a in every
            if wanted in [a.get(key) for key in keys]
        }
        if not chosen:
            names = sorted({str(a.get("name")) for a in every})
            raise ExperimentNotFound(
                f"{self.client.http.source}: no assistant {wanted!r}."
                f"{did_you_mean(wanted, names)} There are: {', '.join(names)}."
            )
        self.assistants = frozenset(chosen)
        return chosen

    def runs(self, thread: Mapping[str, Any], *, sure: bool = False) -> list[Found]:
        """Return the runs of a thread that belong to the experiment, oldest first.

        A list of one is believed, for its run's history will name the others; `sure` asks on.
        """
        thread_id = str(thread["thread_id"])
        raws = list(self._thread_runs(thread_id, enough=0 if sure else 1))
        if not raws:
            raws = self._look_again(thread)
        # Servers list the newest first, or the oldest; equal times keep the usual order.
        raws.reverse()
        raws.sort(key=lambda raw: str(raw.get("created_at")))
        return [Found(raw, thread, raws) for raw in raws if self.wanted(raw)]

    def _thread_runs(self, thread_id: str, *, enough: int) -> Iterator[dict[str, Any]]:
        """Yield all runs of a thread, newest first; a thread that is gone has none."""
        pages = _Pages(f"runs of thread {thread_id}", "run_id", self.client.http.source)
        try:
            yield from pages.read(lambda n: self.client.run_page(thread_id, n), enough=enough)
        except NotFound:
            return

    def _look_again(self, thread: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Ask again for the runs of a thread that has none listed, if its history names one."""
        thread_id = str(thread["thread_id"])
        raws: list[dict[str, Any]] = []
        for _ in range(TRIES):
            newest = self._latest(thread_id)
            if newest is None or newest.run_id is None:
                return raws
            if self._is_copied(thread, newest):
                self.copies.append(thread_id)
                return raws
            raws = list(self._thread_runs(thread_id, enough=0))
            if raws:
                return raws
        self.problems.append(f"thread {thread_id} has a history but lists no run")
        return raws

    def _latest(self, thread_id: str) -> Snapshot | None:
        """Return the newest snapshot, or None where it cannot be read: then no run made one."""
        try:
            return self.client.latest(thread_id)
        except HttpError:
            return None

    def _is_copied(self, thread: Mapping[str, Any], newest: Snapshot) -> bool:
        """Whether a thread's history is a copy of another's, whose runs stay where they were."""
        thread_id = str(thread["thread_id"])
        if newest.metadata.get("thread_id") not in (None, thread_id):
            return True
        made = parse_time(thread.get("created_at"))
        older = made is not None and newest.created_at is not None and newest.created_at < made
        return older and self.client.run(thread_id, str(newest.run_id)) is None

    def wanted(self, raw: Mapping[str, Any]) -> bool:
        """Whether a run belongs to the experiment; one that cannot be read does: it is named."""
        options, metadata = self.options, raw.get("metadata") or {}
        if isinstance(metadata, Mapping) and not contains(metadata, options.run_metadata):
            return False
        if self.assistants is not None and raw.get("assistant_id") not in self.assistants:
            return False
        if options.status and raw.get("status") in ENDED and raw["status"] not in options.status:
            return False
        return self._in_time(raw)

    def _in_time(self, raw: Mapping[str, Any]) -> bool:
        if self.options.since is None and self.options.until is None:
            return True
        try:
            created = parse_time(raw.get("created_at"))
        except ValueError:
            return True
        if created is None:
            return True
        since, until = self.options.since, self.options.until
        return (since is None or created >= since) and (until is None or created < until)

    def _too_old(self, thread: Mapping[str, Any]) -> bool:
        """Whether a thread was last touched before `since`: then it has no run after it."""
        if self.options.since is None:
            return False
        touched = parse_time(thread.get("updated_at"))
        return touched is not None and touched < self.options.since


@dataclass(frozen=True, slots=True)
class _Pages:
    """Reads offset pages until one is empty; each item once."""

    what: str
    key: str
    source: str

    def read(
        self, ask: Callable[[int], list[dict[str, Any]]], *, enough: int = 0
    ) -> Iterator[dict[str, Any]]:
        """Yield items; a page of exactly `enough` at the start is believed to be all."""
        seen: set[str] = set()
        repeats = 0
        while True:
            page = ask(len(seen))
            fresh = [item for item in page if item[self.key] not in seen]
            if page and not fresh:
                # Runs that were added meanwhile push known ones onto this page; a page that comes
                # again and again is the server's or a proxy's mistake.
                repeats += 1
                if repeats == TRIES:
                    raise SourceUnavailable(
                        f"{self.source}: the list of {self.what} repeats a page "
                        f"({len(seen)} read). Fetch again."
                    )
                continue
            seen.update(item[self.key] for item in fresh)
            yield from fresh
            if not page or (enough and len(seen) == len(page) == enough):
                return


def contains(value: Any, wanted: Any) -> bool:
    """Whether `value` holds everything of `wanted`, as the server's metadata search has it."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and contains(value[key], wanted[key]) for key in wanted
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(
            any(contains(item, one) for item in value) for one in wanted
        )
    return bool(value == wanted)
