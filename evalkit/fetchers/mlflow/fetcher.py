"""The `mlflow` fetcher: the traces of an experiment or of an evaluation run, whole and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, ClassVar

from pydantic import BaseModel

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.options import open_source
from evalkit.fetchers.http.transport import httpx
from evalkit.fetchers.mlflow import convert
from evalkit.fetchers.mlflow.client import SOURCE, Server
from evalkit.fetchers.mlflow.opening import open_local
from evalkit.fetchers.mlflow.options import MLflowOptions, address_of, headers_of
from evalkit.fetchers.mlflow.store import Chosen, Row, Store
from evalkit.fetchers.options import address
from evalkit.fetchers.stores.base import LATER, TraceStoreFetcher, batches, some
from evalkit.model.run import Run

BATCH = 50
"""Traces a request asks spans for."""


class MLflowFetcher(TraceStoreFetcher):
    """Pulls the traces of an experiment or evaluation run from MLflow: a server or its files."""

    Options: ClassVar[type[BaseModel]] = MLflowOptions
    options: MLflowOptions

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._seen: set[str] = set()
        self._short: dict[str, int] = {}
        """Traces of which fewer spans came than their info counts, and by how many."""
        self._gone: set[str] = set()
        self._piled = 0

    def open(self, patience: Patience | None = None) -> Store:
        """Return the store that the address names."""
        place = address_of(self.options, self.environ)
        if not place.startswith(("http://", "https://")):
            return open_local(place, self.context.base, self.options.artifacts)
        url = address(place)
        return Server(
            open_source(
                self.options,
                url,
                headers_of(self.options, self.environ),
                source=f"{SOURCE} {httpx.URL(url).netloc.decode()}",
                transport=self.transport,
                patience=patience,
                sleep=self.sleep,
            )
        )

    def pulled(self) -> Iterator[Run]:
        """Yield the runs of the traces that were chosen."""
        store = self.open()
        try:
            store.version()
            yield from self._pulled(store)
        finally:
            store.close()

    def check(self) -> Iterator[CheckLine]:
        """Say whether the store can be read and holds what is named."""
        try:
            store = self.open(Patience(attempts=2))
        except EvalkitError as error:
            yield CheckLine(False, str(error))
            return
        from evalkit.fetchers.mlflow.doctor import check

        try:
            yield from check(store, self.options)
        finally:
            store.close()

    def what(self) -> str:
        """Say in words what was asked for."""
        options = self.options
        if options.run is not None:
            return f"the evaluation run {options.run!r}"
        parts = (options.since, options.until, options.session, options.filter)
        chosen = " (what was chosen of it)" if any(parts) else ""
        return f"the experiment {options.experiment!r}{chosen}"

    def _pulled(self, store: Store) -> Iterator[Run]:
        experiment_id = str(store.experiment(self.options.experiment)["experiment_id"])
        chosen = self.chosen(store, experiment_id)
        before = store.count(experiment_id, chosen) if chosen.whole else None
        self.tally.expected = before
        if before is None and chosen.whole:
            self.findings.note("the server does not count its traces: its list was believed")
        yield from self._pull(store, experiment_id, chosen)
        for seconds in LATER:
            if not (self._lacking(store, experiment_id, chosen) or self._gone or self._short):
                break
            store.pause(seconds)
            self._seen -= self._gone | self._short.keys()
            yield from self._pull(store, experiment_id, chosen)
        for _ in self.waiting(lambda: bool(self.pending), store.pause):
            self._seen -= self.pending
            yield from self._pull(store, experiment_id, chosen)
        self._settle(self._lacking(store, experiment_id, chosen))

    def chosen(self, store: Store, experiment_id: str) -> Chosen:
        """Return which traces are meant."""
        options = self.options
        run_id = None
        if options.run is not None:
            run_id = store.evaluation_run(experiment_id, options.run)
        return Chosen(options.since, options.until, run_id, options.session, options.filter)

    def _pull(self, store: Store, experiment_id: str, chosen: Chosen) -> Iterator[Run]:
        self._short, self._gone = {}, set()
        fresh = self._fresh(store.infos(experiment_id, chosen))
        for pairs in store.map(partial(_pair, store), batches(fresh, BATCH)):
            for info, spans in pairs:
                yield from self._one(store, experiment_id, chosen, info, spans)

    def _fresh(self, infos: Iterable[Row]) -> Iterator[Row]:
        for info in infos:
            trace_id = str(info.get("trace_id"))
            if trace_id not in self._seen:
                self._seen.add(trace_id)
                yield info

    def _one(
        self, store: Store, experiment_id: str, chosen: Chosen, info: Row, spans: list[Any] | None
    ) -> Iterator[Run]:
        trace_id = str(info["trace_id"])
        if spans is None:
            self._gone.add(trace_id)
            return
        if (lacking := convert.stated_spans(info) - len(spans)) > 0:
            self._short[trace_id] = lacking
            return
        page = f"/#/experiments/{experiment_id}/traces?selectedEvaluationId={trace_id}"
        url = f"{store.address}{page}" if store.address else None
        said, piled = convert.assessed(info, chosen.run_id, taken=self.options.assessments)
        self._piled += piled
        made = partial(convert.trace_to_run, said, spans, self.repetitions, url)
        yield from self.keep(made, trace_id, convert.last_end(info))

    def _lacking(self, store: Store, experiment_id: str, chosen: Chosen) -> int:
        """Return how many traces were counted first, are still counted, and were not shown."""
        if self.tally.expected is None:
            return 0
        still = store.count(experiment_id, chosen)
        least = self.tally.expected if still is None else min(self.tally.expected, still)
        return max(0, least - len(self._seen))

    def _settle(self, lacking: int) -> None:
        counts, shown = self.tally, len(self._seen)
        if counts.expected is not None:
            counts.expected = shown + lacking
        if lacking:
            counts.problems.append(f"the server counts {shown + lacking} traces and shows {shown}")
        if self._gone:
            counts.problems.append(
                f"{len(self._gone)} traces were listed and never came: {some(sorted(self._gone))}"
            )
        if self._short:
            spans, ids = sum(self._short.values()), sorted(self._short)
            counts.problems.append(
                f"{spans} spans of {len(ids)} traces were counted and never came: {some(ids)}"
            )
        if self.pending:
            self.findings.note(f"{len(self.pending)} trace(s) that have not ended were left out")
        if self._piled:
            self.findings.note(
                f"{self._piled} score(s) of other evaluation runs on the same traces were left out"
            )
        if chosen := self.options.filter or self.options.session:
            self.findings.note(f"only the traces that fit {chosen!r} were fetched")
        if self.options.run is None:
            counts.inferred.append("repetition: counted, MLflow has no number")


def _pair(store: Store, infos: list[Row]) -> list[tuple[Row, list[Any] | None]]:
    """Return each info with its spans; None where the trace is not there."""
    found = store.spans(infos)
    short = [each for each in infos if str(each["trace_id"]) not in found]
    for each in short:  # asked for alone: an answer that was cut leaves traces out
        found |= store.spans([each])
    return [(each, found.get(str(each["trace_id"]))) for each in infos]
