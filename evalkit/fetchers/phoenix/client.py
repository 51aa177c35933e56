"""Asks a Phoenix server: pages of traces, spans, annotations and experiments; knows no run.

Measured on arize-phoenix 20.26: a page's cursor names the first item of the next page and stays
good while traces arrive; counts and costs are in GraphQL only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from evalkit.errors import ExperimentNotFound, FetchError, SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound
from evalkit.fetchers.http.source import HttpSource

SOURCE = "phoenix"
PAGE = 500
SPANS = 1000
"""The most spans a page holds."""
ANNOTATIONS = 10_000
REPEATS = 3
"""A page that brings nothing new so often is the server's mistake, or a proxy's."""
SUPPORTED = 20
NO_ROUTE = "Not Found"
"""What FastAPI says of an address it has no route for; unknown things have other words."""
Row = dict[str, Any]


class Phoenix:
    """The calls that are needed, over a shared `HttpSource`; safe to use from threads."""

    def __init__(self, http: HttpSource) -> None:
        self.http = http
        self.version: str | None = None

    def hello(self) -> str | None:
        """Ask for something small; return the server's version."""
        reply = self._ask("/v1/projects", {"limit": 1})
        self.version = reply.headers.get("x-phoenix-server-version")
        if not isinstance(reply.value, dict) or "data" not in reply.value:
            raise SourceUnavailable(
                f"{self.http.source}: the answer to /v1/projects is none of Phoenix's. "
                "Check the url."
            )
        return self.version

    def project(self, named: str) -> Row:
        """Return a project by id or name; a name with a slash is looked for in the list."""
        if not set("/?#") & set(named):
            try:
                found: Row = self._get(f"/v1/projects/{quote(named, safe='')}")["data"]
            except NotFound:
                pass
            else:
                return found
        params = {"include_experiment_projects": "true", "name_contains": named}
        for each in self._pages("/v1/projects", {**params, "limit": PAGE}):
            if each.get("name") == named:
                return each
        names = [str(each.get("name")) for each in self._pages("/v1/projects", {"limit": PAGE})]
        raise ExperimentNotFound(
            f"{self.http.source}: there is no project {named!r}. {_there(names, 'projects')}"
        )

    def experiment(self, named: str, dataset: str | None) -> Row:
        """Return an experiment by id, or by name in a dataset or in all of them."""
        try:
            found: Row = self._get(f"/v1/experiments/{quote(named, safe='')}")["data"]
        except HttpError as error:
            if error.status not in (400, 404, 422):
                raise
        else:
            return found
        datasets = [self.dataset(dataset)] if dataset else list(self.datasets())
        there = [each for one in datasets for each in self.experiments(str(one["id"]))]
        fits = [each for each in there if each.get("name") == named]
        where = f"in dataset {dataset!r}" if dataset else f"in {len(datasets)} datasets"
        if not fits:
            names = [str(each.get("name")) for each in there]
            raise ExperimentNotFound(
                f"{self.http.source}: there is no experiment {named!r} {where}. "
                f"{_there(names, 'experiments')}"
            )
        if len(fits) > 1:
            ids = ", ".join(f"{each['id']} of {each.get('created_at')}" for each in fits[:5])
            raise ExperimentNotFound(
                f"{self.http.source}: {len(fits)} experiments {where} are called {named!r}: {ids}. "
                "Name the id."
            )
        return self.experiment(str(fits[0]["id"]), None)

    def datasets(self, name: str | None = None) -> Iterator[Row]:
        """Yield datasets, all or those of a name."""
        yield from self._pages("/v1/datasets", {"limit": 100, **({"name": name} if name else {})})

    def dataset(self, named: str) -> Row:
        """Return a dataset by name, else by id."""
        by_name = next((each for each in self.datasets(named) if each.get("name") == named), None)
        if by_name is not None:
            return by_name
        try:
            found: Row = self._get(f"/v1/datasets/{quote(named, safe='')}")["data"]
        except HttpError as error:
            if error.status not in (400, 404, 422):
                raise
            names = [str(each.get("name")) for each in self.datasets()]
            raise ExperimentNotFound(
                f"{self.http.source}: there is no dataset {named!r}. {_there(names, 'datasets')}"
            ) from None
        return found

    def experiments(self, dataset_id: str) -> Iterator[Row]:
        """Yield the experiments of a dataset."""
        yield from self._pages(f"/v1/datasets/{dataset_id}/experiments", {"limit": 100})

    def experiment_runs(self, experiment_id: str) -> list[Row]:
        """Return the runs, with ids and without inputs or annotations."""
        return list(self._pages(f"/v1/experiments/{experiment_id}/runs", {"limit": PAGE}))

    def experiment_rows(self, experiment_id: str) -> list[Row]:
        """Return the runs with inputs, references and annotations, and without ids."""
        try:
            rows = self._get(f"/v1/experiments/{experiment_id}/json")
        except NotFound:
            return []  # an experiment without a run
        if not isinstance(rows, list):
            raise SourceUnavailable(f"{self.http.source}: the runs are no list. Try again.")
        return rows

    def examples(self, dataset_id: str, version: str, split: str | None = None) -> list[Row]:
        """Return the examples of a version of a dataset."""
        params = {"version_id": version, **({"split": split} if split else {})}
        found: list[Row] = self._get(f"/v1/datasets/{dataset_id}/examples", params)["data"][
            "examples"
        ]
        return found

    def splits(self, dataset_id: str) -> list[str]:
        """Return the names of a dataset's splits."""
        try:
            pages = list(self._pages(f"/v1/datasets/{dataset_id}/splits", {"limit": 100}))
        except SourceUnavailable:
            return []
        return [str(each["name"]) for each in pages if each.get("name")]

    def traces(self, project_id: str, chosen: Mapping[str, Any]) -> Iterator[Row]:
        """Yield traces with the ids of their spans, the oldest first."""
        params = {"limit": PAGE, "sort": "start_time", "order": "asc", "include_spans": "true"}
        yield from self._pages(f"/v1/projects/{project_id}/traces", {**params, **chosen})

    def spans(self, project_id: str, trace_ids: Sequence[str]) -> list[Row]:
        """Return all spans of some traces, in the order they arrived."""
        params = {"limit": SPANS, "sort": "id", "order": "asc", "trace_id": list(trace_ids)}
        return list(self._pages(f"/v1/projects/{project_id}/spans", params))

    def annotations(self, project_id: str, kind: str, ids: Sequence[str]) -> list[Row]:
        """Return the annotations of `span`s or `trace`s; `kind` says which the ids are."""
        path = f"/v1/projects/{project_id}/{kind}_annotations"
        return list(self._pages(path, {"limit": ANNOTATIONS, f"{kind}_ids": list(ids)}))

    def marked(self, project_id: str, kind: str, identifier: str) -> Iterator[Row]:
        """Yield the annotations of `span`s or `trace`s that carry an identifier."""
        path = f"/v1/projects/{project_id}/{kind}_annotations"
        yield from self._pages(path, {"limit": ANNOTATIONS, "identifier": identifier})

    def annotate(self, kind: str, rows: Sequence[Row]) -> None:
        """Write annotations; `sync` names ids that are not there, and nothing is written then."""
        self.http.request("POST", f"/v1/{kind}_annotations?sync=true", json={"data": list(rows)})

    def unannotate(self, kind: str, ids: Sequence[str]) -> None:
        """Delete annotations by their ids."""
        verb = f"delete{kind.capitalize()}Annotations"
        query = (
            f"mutation($ids: [ID!]!) {{ {verb}(input: {{annotationIds: $ids}}) {{ __typename }} }}"
        )
        said = self.http.post_json("/graphql", {"query": query, "variables": {"ids": list(ids)}})
        if errors := said.get("errors"):
            raise SourceUnavailable(
                f"{self.http.source}: {verb}: {self.http.redact(str(errors[0].get('message')))}"
            )

    def evaluate(self, row: Row) -> None:
        """Write the evaluation of an experiment's run over what has its name."""
        self.http.post_json("/v1/experiment_evaluations", row)

    def close(self) -> None:
        """Drop every connection."""
        self.http.close()

    def annotated(self, project_id: str) -> frozenset[str]:
        """Return what of a project's has annotations: `span`, `trace`; both where nobody says."""
        query = (
            "query($id: ID!) { node(id: $id) { ... on Project {"
            " span: spanAnnotationNames trace: traceAnnotationNames } } }"
        )
        node = (self.graphql(query, {"id": project_id}) or {}).get("node")
        if not isinstance(node, dict):
            return frozenset({"span", "trace"})
        return frozenset(kind for kind in ("span", "trace") if node.get(kind))

    def counts(self, project_id: str, start: str | None, end: str | None) -> Row | None:
        """Return how many traces and spans there are and what they cost; None if nobody says."""
        window = {name: at for name, at in (("start", start), ("end", end)) if at}
        query = (
            "query($id: ID!, $range: TimeRange) { node(id: $id) { ... on Project {"
            " traceCount(timeRange: $range) recordCount(timeRange: $range)"
            " costSummary(timeRange: $range) { total { cost } } } } }"
        )
        said = self.graphql(query, {"id": project_id, "range": window or None})
        return (said or {}).get("node")

    def costs(self, trace_ids: Iterable[str]) -> dict[str, Row]:
        """Return what model calls cost, by span."""
        asked = " ".join(
            f't{number}: getTraceByOtelId(traceId: "{each}") {{ spans(first: {SPANS}) {{ edges {{'
            " node { spanId costSummary { prompt { cost } completion { cost } total { cost } } }"
            " } } }"
            for number, each in enumerate(trace_ids)
            if each.isalnum()
        )
        found = (self.graphql(f"{{ {asked} }}", {}) if asked else None) or {}
        return {
            edge["node"]["spanId"]: edge["node"]["costSummary"]
            for trace in found.values()
            for edge in ((trace or {}).get("spans") or {}).get("edges") or ()
            if edge["node"].get("costSummary")
        }

    def graphql(self, query: str, variables: Mapping[str, Any]) -> Row | None:
        """Return what GraphQL says; None where this server has not what was asked for."""
        try:
            said = self.http.post_json("/graphql", {"query": query, "variables": dict(variables)})
        except HttpError as error:
            if error.status not in (400, 404, 405):
                raise
            return None
        if not isinstance(said, dict) or said.get("errors"):
            return None
        data = said.get("data")
        return data if isinstance(data, dict) else None

    def _get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._ask(path, params).value

    def _ask(self, path: str, params: Mapping[str, Any] | None) -> Any:
        try:
            return self.http.request("GET", path, params=params)
        except NotFound as error:
            if error.detail != NO_ROUTE:
                raise
            raise SourceUnavailable(
                f"{self.http.source}: {_version(self.version)} has no {path.partition('?')[0]}. "
                f"evalkit reads Phoenix {SUPPORTED} and later: upgrade the server, or check the "
                "url."
            ) from None

    def _pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Row]:
        """Follow cursors to the end; a page that comes again and again ends it with an error."""
        cursor, asked = None, 0
        seen: set[str] = set()
        while True:
            page = self._get(path, {**params, **({"cursor": cursor} if cursor else {})})
            rows = page.get("data") if isinstance(page, dict) else None
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise SourceUnavailable(
                    f"{self.http.source}: the answer to {path} is no page. Check the url."
                )
            fresh = [row for row in rows if str(row.get("id", id(row))) not in seen]
            seen.update(str(row.get("id", id(row))) for row in fresh)
            following = page.get("next_cursor")
            asked = asked + 1 if following and not fresh else 0
            if asked >= REPEATS:
                raise FetchError(
                    f"{self.http.source}: {path} gives the same page again and again. Try again."
                )
            yield from fresh
            if not following:
                return
            if fresh or following != cursor:
                cursor = following


def _version(version: str | None) -> str:
    return f"version {version}" if version else "this server"


def _there(names: Sequence[str], what: str) -> str:
    if not names:
        return f"It has no {what}."
    return f"There are: {', '.join(map(repr, names[:5]))}{', ...' if len(names) > 5 else ''}."
