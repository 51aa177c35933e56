"""Langfuse: the runs of an experiment, or the traces of a window of time, over its API."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from evalkit.errors import EvalkitError, ExperimentNotFound, IncompleteExperiment
from evalkit.fetchers.base import CheckLine, Counts, FetchContext, revision
from evalkit.fetchers.langfuse.client import Client, Payload, stamp
from evalkit.fetchers.langfuse.convert import Trace, cut_keys, to_example, to_run, to_score
from evalkit.fetchers.langfuse.options import LangfuseOptions
from evalkit.fetchers.statuses import settled
from evalkit.fetchers.unforeseen import UNFORESEEN
from evalkit.model.example import Example
from evalkit.model.run import Run

UNTRIED = "langfuse: written against its published client 5.0.4, not yet tried on a real server"
AT_ONCE = 200
"""Traces that are in memory at the same time."""


class LangfuseFetcher:
    """Pulls an experiment or the traces of a window of time from Langfuse.

    Written against its published client (5.0.4), not yet tried on a real server.
    """

    Options: ClassVar[type[BaseModel]] = LangfuseOptions
    on_repeat: ClassVar[str] = "keep"

    def __init__(self, options: Any, context: FetchContext, transport: Any = None) -> None:
        if isinstance(options, Mapping):
            options = LangfuseOptions.model_validate(options)
        self.options, self.context, self._transport = options, context, transport
        self._counts = Counts(inferred=["repetition: counted per example"], notes=[UNTRIED])
        self._examples: dict[str, Example] = {}
        self._cut: set[str] = set()
        self._repetitions: Counter[str] = Counter()

    def runs(self) -> Iterator[Run]:
        """Yield the runs that are new or changed; a break raises after everything that arrived."""
        client = Client(self.options, self._transport)
        with client.http:
            rows = (
                self._of_experiment(client) if self.options.experiment else self._of_window(client)
            )
            for first in range(0, len(rows), AT_ONCE):
                yield from self._converted(client, rows[first : first + AT_ONCE])
                self.context.progress("runs", min(first + AT_ONCE, len(rows)), len(rows))
        self._settle()

    def _converted(self, client: Client, traces: list[Trace]) -> Iterator[Run]:
        counts = self._counts
        fetched = client.http.map(
            lambda each: [*client.observations(traceId=each.trace_id)], traces
        )
        for trace, observations in zip(traces, fetched, strict=True):
            trace.observations = _once(observations)
            counts.duplicates += len(observations) - len(trace.observations)
            self._cut |= cut_keys(observations, self.options.expand_metadata)
        if self.options.scores:
            _with_scores(client, traces)
        for trace in traces:
            if not trace.observations and trace.item is not None:
                counts.problems.append(
                    f"the trace {trace.trace_id} of an item has no observations (yet)"
                )
                continue
            if not trace.ended:
                counts.pending += 1
                continue
            try:
                run, example, orphans = to_run(trace, self._repetitions)
            except UNFORESEEN as error:  # one trace that does not fit costs no other
                said = f"trace {trace.trace_id}: not as Langfuse has it ({error!r:.200})"
                counts.problems.append(said)
                continue
            counts.orphans += orphans
            if example is not None:
                self._examples.setdefault(example.example_id, example)
            run = settled(run, self.context.statuses)
            counts.received += 1
            known = self.context.known.get(run.run_id)
            if known and known == revision(run):
                counts.unchanged += 1
            else:
                yield run

    def _of_experiment(self, client: Client) -> list[Trace]:
        """Return the traces of the experiment's items, oldest first, repetitions in that order."""
        found = _experiment(client, self.options.experiment)
        self._counts.expected = found.get("itemCount")
        self._counts.scores = [_of_all(each) for each in found.get("scores") or ()]
        self._counts.source_stats = {
            "experiment": found.get("name"),
            "items": found.get("itemCount"),
        }
        listed = [*client.items(str(found["id"]))]
        once = {str(each["id"]): each for each in listed}
        self._counts.duplicates += len(listed) - len(once)
        items = sorted(once.values(), key=lambda each: str(each.get("startTime")))
        for item in items:
            self._examples.setdefault(str(item["experimentItemId"]), to_example(item))
        expected = self._counts.expected
        if isinstance(expected, int) and len(items) < expected:
            self._counts.problems.append(
                f"the experiment has {expected} items and {len(items)} were listed; an experiment "
                "that has just ended takes about ten minutes to be whole"
            )
        return [Trace(str(item["traceId"]), item=item) for item in items]

    def _of_window(self, client: Client) -> list[Trace]:
        """Return the traces whose root began in the window, oldest first."""
        options = self.options
        asked = {
            "isRootObservation": "true",
            "fromStartTime": stamp(options.since),
            "toStartTime": None if options.until is None else stamp(options.until),
            "sessionId": options.session,
            "environment": options.environment,
            "name": options.name,
        }
        roots = sorted(client.observations(**asked), key=lambda each: str(each.get("startTime")))
        return [Trace(each) for each in dict.fromkeys(str(root["traceId"]) for root in roots)]

    def _settle(self) -> None:
        counts = self._counts
        if self._cut:
            keys = ", ".join(sorted(self._cut)[:8])
            counts.notes.append(
                f"the API cuts metadata at 200 characters: {keys}; `expand_metadata` brings all"
            )
        if counts.problems:
            raise IncompleteExperiment(
                f"{self.context.experiment}: {'; '.join(counts.problems[:5])}. "
                "What arrived is kept; fetch again."
            )

    def examples(self) -> Iterator[Example]:
        """Yield the examples, those nobody has answered yet included."""
        yield from self._examples.values()

    def counts(self) -> Counts:
        """Return what was there and what came."""
        return self._counts

    def check(self) -> Iterator[CheckLine]:
        """Say whether the keys are right and the experiment is there."""
        try:
            client = Client(self.options, self._transport)
            with client.http:
                yield CheckLine(True, f"langfuse: {client.root}, version {client.version()}")
                yield CheckLine(None, UNTRIED)
                if self.options.experiment:
                    found = _experiment(client, self.options.experiment)
                    said = f"experiment {found.get('name')!r}, {found.get('itemCount')} items"
                else:
                    said = f"{len(self._of_window(client))} traces"
                yield CheckLine(True, f"langfuse: {said}")
        except EvalkitError as error:
            yield CheckLine(False, str(error))


def _once(observations: list[Payload]) -> dict[str, Mapping[str, Any]]:
    """Return observations by id; of one that came twice, what was changed last."""
    found: dict[str, Mapping[str, Any]] = {}
    for each in observations:
        known = found.get(str(each["id"]))
        if known is None or str(each.get("updatedAt")) >= str(known.get("updatedAt")):
            found[str(each["id"])] = each
    return found


def _with_scores(client: Client, traces: list[Trace]) -> None:
    by_id = {trace.trace_id: trace for trace in traces}
    for score in client.scores(list(by_id)):
        subject = score.get("subject") or {}
        kind = subject.get("kind")
        owner = subject.get("id") if kind == "trace" else subject.get("traceId")
        if kind in ("trace", "observation") and owner in by_id:
            by_id[str(owner)].scores[str(score["id"])] = score


def _experiment(client: Client, wanted: str) -> Payload:
    """Return the experiment of a name, else of an id; the latest where several have the name."""
    for chosen in ({"name": wanted}, {"id": wanted}):
        for found in client.experiments(**chosen):
            if wanted in (found.get("name"), found.get("id")):
                return found
    names = [str(each.get("name")) for _, each in zip(range(5), client.experiments(), strict=False)]
    there = f" The latest are: {', '.join(names)}." if names else " The project has none."
    raise ExperimentNotFound(f"langfuse: no experiment is called {wanted!r}.{there}")


def _of_all(raw: Payload) -> dict[str, Any]:
    """Return a score of the whole experiment as the manifest keeps it."""
    score = to_score(raw)
    value = score["value"]
    found = {
        "key": str(score["name"]),
        "score": value if isinstance(value, bool | int | float) else None,
        "value": score["stringValue"],
        "comment": score["comment"],
        "evaluator": "langfuse",
    }
    return {name: each for name, each in found.items() if each is not None}
