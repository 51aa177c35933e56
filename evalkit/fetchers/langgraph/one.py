"""Fetches one listed run: gathers what the server holds about it and converts that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evalkit.errors import EvalkitError, RecordError, SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound
from evalkit.fetchers.langgraph.client import LangGraphClient
from evalkit.fetchers.langgraph.convert import Converted, Reading, convert
from evalkit.fetchers.langgraph.discover import TRIES, Found
from evalkit.fetchers.langgraph.gather import Gathered, Gatherer
from evalkit.fetchers.plain import PlainOptions
from evalkit.fetchers.unforeseen import UNFORESEEN

if TYPE_CHECKING:
    from evalkit.fetchers.langgraph.options import LangGraphOptions

Identify = Callable[[str | None, Any], str | None]
"""`(example id in the metadata, inputs)` -> id of the example."""


@dataclass(slots=True)
class Result:
    """What became of one listed run."""

    found: Found
    converted: Converted | None = None
    failure: EvalkitError | None = None
    strangers: set[str] = field(default_factory=set)
    """Runs that the history of the thread names and its list of runs does not."""
    refused: str | None = None
    """What the server said when it was asked for the history, if it refused that."""

    @property
    def gone(self) -> bool:
        """Whether the run was deleted after it was listed."""
        return self.converted is None and self.failure is None


@dataclass(slots=True)
class RunReader:
    """Fetches runs one by one, from any thread."""

    client: LangGraphClient
    options: LangGraphOptions | PlainOptions
    identify: Identify
    names: dict[str, str] = field(default_factory=dict)
    """Assistant id -> name, where known."""
    _output_keys: dict[str, frozenset[str] | None] = field(default_factory=dict)
    _gatherer: Gatherer = field(init=False)

    def __post_init__(self) -> None:
        self._gatherer = Gatherer(self.client, self.options.subgraphs)

    def fetch(self, found: Found) -> Result:
        """Fetch one run; what fails is returned, so that the others still arrive."""
        try:
            gathered = self._gather(found)
            if not gathered.evidence.last and self._is_gone(found):
                return Result(found)
            return Result(
                found,
                self._convert(found, gathered),
                strangers=gathered.strangers,
                refused=gathered.refused,
            )
        except (RecordError, SourceUnavailable) as error:
            return Result(found, failure=error)
        except EvalkitError:
            raise
        except UNFORESEEN as error:
            said = f"run {found.run_id}: not as a LangGraph server has it ({error!r:.200})."
            return Result(found, failure=RecordError(said))

    def _gather(self, found: Found) -> Gathered:
        """Gather, and again when a run that succeeded seems to have left no checkpoint at all."""
        for _ in range(TRIES):
            try:
                gathered = self._gatherer.gather(found)
            except NotFound:
                raise
            except HttpError as error:
                # The server cannot show this history, now or later: the thread knows its state.
                return self._gatherer.from_the_thread(found, str(error))
            if gathered.evidence.last or found.raw.get("status") != "success":
                return gathered
        thread_id = str(found.raw["thread_id"])
        if self.client.latest(thread_id) is None and not self._is_gone(found):
            raise SourceUnavailable(f"the server answers without any checkpoint of {thread_id}")
        return gathered  # the thread has others: the server has pruned this run's

    def _is_gone(self, found: Found) -> bool:
        return self.client.run(str(found.raw["thread_id"]), found.run_id) is None

    def _convert(self, found: Found, gathered: Gathered) -> Converted:
        raw = found.raw
        thread_id = str(raw["thread_id"])
        return convert(
            raw,
            gathered.evidence,
            self._reading(raw),
            thread_error=self._thread_error(found, gathered),
            thread_metadata=found.thread.get("metadata"),
            name=self.names.get(str(raw.get("assistant_id"))),
            url=f"{self.options.url}/threads/{thread_id}/runs/{found.run_id}",
            identify=self.identify,
        )

    def _thread_error(self, found: Found, gathered: Gathered) -> Any:
        """Return the thread's error when it is this run's and its own snapshots tell none.

        A run that goes on from another and fails in its first node makes no snapshot: its error
        stands on the one it started from.
        """
        own, thread_id = gathered.evidence.own, str(found.raw["thread_id"])
        if found.raw.get("status") == "success" or not found.newest or (own and own[-1].error):
            return None
        if found.raw.get("error_message"):
            return None  # the run says it itself
        if not own and (started := self._gatherer.latest(thread_id)) and started.error:
            return started.error
        return self.client.thread(thread_id).get("error")

    def _reading(self, raw: Mapping[str, Any]) -> Reading:
        options = self.options
        return Reading(
            example_id=options.example_id,
            repetition=options.repetition,
            spans=options.spans,
            retrievers=None if options.retrievers is None else frozenset(options.retrievers),
            output_keys=self._schema(raw) if options.outputs == "schema" else None,
        )

    def _schema(self, raw: Mapping[str, Any]) -> frozenset[str] | None:
        assistant = str(raw.get("assistant_id"))
        if assistant not in self._output_keys:
            self._output_keys[assistant] = self.client.output_keys(assistant)
        return self._output_keys[assistant]
