"""The `phoenix` fetcher: an experiment or a project's traces, whole or said to be less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any, ClassVar

from pydantic import BaseModel

from evalkit.fetchers.base import CheckLine
from evalkit.fetchers.http.attempts import Patience
from evalkit.fetchers.http.options import bearer, open_source
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.http.transport import httpx
from evalkit.fetchers.phoenix import convert
from evalkit.fetchers.phoenix.client import SOURCE, Phoenix
from evalkit.fetchers.phoenix.options import KEYS, PhoenixOptions, address_of
from evalkit.fetchers.phoenix.pulling import Listed, Puller, listed
from evalkit.fetchers.stores.base import LATER, Made, TraceStoreFetcher, some
from evalkit.model.run import Run

Row = Mapping[str, Any]


class PhoenixFetcher(TraceStoreFetcher):
    """Pulls an experiment, or the traces of a project, from a Phoenix server."""

    Options: ClassVar[type[BaseModel]] = PhoenixOptions
    options: PhoenixOptions

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._seen: set[str] = set()

    def open(self, patience: Patience | None = None) -> Phoenix:
        """Return the server, addressed and unlocked."""
        return Phoenix(self.http(patience))

    def http(self, patience: Patience | None = None) -> HttpSource:
        """Return the door to the server."""
        url = address_of(self.options, self.environ)
        return open_source(
            self.options,
            url,
            bearer(self.options, KEYS, self.environ),
            source=f"{SOURCE} {httpx.URL(url).netloc.decode()}",
            transport=self.transport,
            patience=patience,
            sleep=self.sleep,
        )

    def pulled(self) -> Iterator[Run]:
        """Yield the runs of the experiment, or of the project's traces."""
        client = self.open()
        with client.http:
            client.hello()
            if self.options.experiment is not None:
                yield from self._experiment(client, self.options.experiment)
            else:
                yield from self._project(client)

    def check(self) -> Iterator[CheckLine]:
        """Say whether the server answers, takes the key, and holds what is named."""
        from evalkit.fetchers.phoenix.doctor import check

        client = self.open(Patience(attempts=2))
        with client.http:
            yield from check(client, self.options)

    # an experiment

    def _experiment(self, client: Phoenix, named: str) -> Iterator[Run]:
        stated = self._settled(client, client.experiment(named, self.options.dataset))
        rows, ids = self._rows(client, stated)
        dataset, version = str(stated["dataset_id"]), str(stated["dataset_version_id"])
        self.tally.dataset_version = version
        self._examples(client, dataset, version)
        traces = self._traces_of(client, stated, rows)
        url = f"{client.http.base_url}/datasets/{dataset}/compare?experimentId={stated['id']}"
        for row in rows:
            place = (str(row.get("example_id")), row.get("repetition_number"))
            run_id = ids.get(place)
            if run_id is None:
                where = f"example {place[0]}, repetition {place[1]}"
                self.tally.problems.append(f"{where}: a run that is not in the list of runs")
                continue
            trace = traces.get(str(row.get("trace_id")))
            yield from self.keep(partial(convert.experiment_to_run, row, run_id, trace, url))
        self._hold(stated, len(rows))

    def _settled(self, client: Phoenix, stated: dict[str, Any]) -> dict[str, Any]:
        """With `--wait`: ask until no run is missing, or time is up."""

        def more() -> bool:
            return bool(stated.get("missing_run_count"))

        for _ in self.waiting(more, client.http.pause):
            stated = client.experiment(str(stated["id"]), None)
        return stated

    def _rows(
        self, client: Phoenix, stated: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], dict[tuple[str, Any], str]]:
        """Return the runs and their ids; asked again while fewer come than are counted."""
        experiment_id, most = str(stated["id"]), _done(stated)
        for seconds in (*LATER, None):
            runs, rows = (
                client.experiment_runs(experiment_id),
                client.experiment_rows(experiment_id),
            )
            if seconds is None or min(len(runs), len(rows)) >= most:
                break
            client.http.pause(seconds)
        ids = {
            (str(each.get("dataset_example_id")), each.get("repetition_number")): str(each["id"])
            for each in runs
        }
        return rows, ids

    def _traces_of(
        self, client: Phoenix, stated: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
    ) -> dict[str, convert.Traced]:
        """Return the traces of an experiment's runs, by id."""
        wanted = {str(row["trace_id"]) for row in rows if row.get("trace_id")}
        project = stated.get("project_name")
        if not (self.options.steps and wanted and project):
            return {}
        project_id = str(client.project(str(project))["id"])
        puller = self._puller(client, project_id)
        there = [each for row in client.traces(project_id, {}) if (each := listed(row)).trace_id
                 in wanted]  # fmt: skip
        found = {}
        for each, traced in puller.pull(there):
            found[each.trace_id] = traced
            self.context.progress("traces", len(found), len(there))
        self._note_missing(puller)
        if lacking := len(wanted - found.keys()):
            self.findings.note(f"{lacking} run(s) whose trace is not kept any more: no steps")
        return found

    def _examples(self, client: Phoenix, dataset: str, version: str) -> None:
        splits: dict[str, list[str]] = {}
        for split in client.splits(dataset):
            for each in client.examples(dataset, version, split):
                splits.setdefault(str(each["id"]), []).append(split)
        for each in client.examples(dataset, version):
            self.book.add(convert.to_example(each, splits.get(str(each["id"]), ())))

    def _hold(self, stated: Mapping[str, Any], rows: int) -> None:
        """Hold what came against the runs that the server counts and those it planned."""
        counts, done = self.tally, _done(stated)
        missing = int(stated.get("missing_run_count") or 0)
        counts.expected = max(done + missing, rows)
        if rows < done:
            counts.problems.append(f"the server counts {done} runs and shows {rows}")
        if missing:
            counts.problems.append(
                f"{missing} of {_planned(stated)} runs that the experiment plans were never made"
            )

    # a project

    def _project(self, client: Phoenix) -> Iterator[Run]:
        project = client.project(str(self.options.project))
        project_id = str(project["id"])
        puller = self._puller(client, project_id)
        before = self._counted(client, project_id)
        self.tally.expected = before
        yield from self._pull(client, project_id, puller)
        for seconds in LATER:
            if not self._short(client, project_id):
                break
            client.http.pause(seconds)
            yield from self._pull(client, project_id, puller)
        for _ in self.waiting(lambda: bool(self.pending), client.http.pause):
            self._seen -= self.pending
            yield from self._pull(client, project_id, puller)
        self._note_missing(puller)
        self._settle_project(self._short(client, project_id))

    def _settle_project(self, short: int) -> None:
        counts, shown = self.tally, len(self._seen)
        if counts.expected is not None:
            counts.expected = shown + short
        if short:
            counts.problems.append(f"the server counts {shown + short} traces and shows {shown}")
        if self.pending:
            self.findings.note(
                f"{len(self.pending)} trace(s) whose root has not come were left out"
            )
        if chosen := self.options.filter or self.options.session:
            self.findings.note(f"only the traces that fit {chosen!r} were fetched")

    def _pull(self, client: Phoenix, project_id: str, puller: Puller) -> Iterator[Run]:
        fresh = self._fresh(client.traces(project_id, self.chosen()))
        for each, traced in puller.pull(fresh):
            made = partial(self._of_trace, client, project_id, traced)
            yield from self.keep(made, each.trace_id, each.ended_at)

    def _fresh(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Listed]:
        for row in rows:
            each = listed(row)
            if each.trace_id in self._seen:
                continue
            self._seen.add(each.trace_id)
            yield each

    def _of_trace(self, client: Phoenix, project_id: str, traced: convert.Traced) -> Made:
        url = f"{client.http.base_url}/projects/{project_id}/traces/{traced.trace_id}"
        return convert.trace_to_run(traced, self.repetitions, url)

    def chosen(self) -> dict[str, Any]:
        """Return which traces of a project are meant, as the server is asked."""
        options = self.options
        found = {
            "start_time": options.since and options.since.isoformat(),
            "end_time": options.until and options.until.isoformat(),
            "session_identifier": options.session,
            "filter": options.filter,
        }
        return {name: value for name, value in found.items() if value is not None}

    def _counted(self, client: Phoenix, project_id: str) -> int | None:
        """Return how many traces the server counts; a part by a filter cannot be held so."""
        if self.options.filter is not None or self.options.session is not None:
            return None
        chosen = self.chosen()
        said = client.counts(project_id, chosen.get("start_time"), chosen.get("end_time"))
        count = (said or {}).get("traceCount")
        if not isinstance(count, int):
            self.findings.note("the server does not count its traces: its list was believed")
            return None
        return count

    def _short(self, client: Phoenix, project_id: str) -> int:
        """Return how many traces were counted first, are still counted, and were not shown."""
        if self.tally.expected is None:
            return 0
        still = self._counted(client, project_id)
        least = self.tally.expected if still is None else min(self.tally.expected, still)
        return max(0, least - len(self._seen))

    # both

    def _puller(self, client: Phoenix, project_id: str) -> Puller:
        options, costs = self.options, False
        if options.costs:
            said = (client.counts(project_id, None, None) or {}).get("costSummary") or {}
            costs = bool((said.get("total") or {}).get("cost"))
        annotated = client.annotated(project_id) if options.annotations else frozenset()
        return Puller(client, project_id, annotated=annotated, costs=costs)

    def _note_missing(self, puller: Puller) -> None:
        if lost := puller.missing:
            shown = some(each.trace_id for each in lost)
            spans = sum(each.spans for each in lost)
            self.tally.problems.append(
                f"{spans} spans of {len(lost)} traces were listed and never came: {shown}"
            )

    def what(self) -> str:
        """Say in words what was asked for."""
        options = self.options
        if options.experiment is not None:
            return f"the experiment {options.experiment!r}"
        return f"the project {options.project!r}" + (" (what was chosen of it)" if self.chosen()
                                                     else "")  # fmt: skip


def _done(stated: Mapping[str, Any]) -> int:
    return int(stated.get("successful_run_count") or 0) + int(stated.get("failed_run_count") or 0)


def _planned(stated: Mapping[str, Any]) -> int:
    return int(stated.get("example_count") or 0) * int(stated.get("repetitions") or 1)
