"""Asks an MLflow tracking server; knows no run.

Measured on mlflow 3.18: a page's token is an offset, so pages ascend by time, where what arrives
comes after what was read; the list holds no spans, and what `batchGet` does not know it leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from evalkit.errors import AuthenticationFailed, ExperimentNotFound, FetchError, SourceUnavailable
from evalkit.fetchers.http.answers import HttpError, NotFound
from evalkit.fetchers.http.source import HttpSource
from evalkit.fetchers.mlflow.store import SESSION, Answer, Chosen, Item, Row, names

SOURCE = "mlflow"
PAGE = 200
REPEATS = 3
V2, V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
ARTIFACT = "/ajax-api/3.0/mlflow/get-trace-artifact"
SUPPORTED = "3.18"
ABSENT = "RESOURCE_DOES_NOT_EXIST"
LOCATION, ARCHIVED = "mlflow.trace.spansLocation", "ARCHIVE_REPO"


class Server:
    """A tracking server over a shared `HttpSource`; safe to use from threads."""

    def __init__(self, http: HttpSource) -> None:
        self.http = http
        self.shown = http.source
        self.address: str | None = http.base_url
        self._version: str | None = None

    def version(self) -> str | None:
        """Return the server's version, which is no JSON."""
        try:
            text = b"".join(self.http.stream_bytes("/version")).decode("utf-8", "replace").strip()
        except NotFound:
            return None
        self._version = text if len(text) < 40 and text[:1].isdigit() else None
        return self._version

    def experiment(self, named: str) -> Row:
        """Return an experiment by name, else by id."""
        found = self._known(f"{V2}/experiments/get-by-name", {"experiment_name": named})
        if found is None and named.isdigit():
            found = self._known(f"{V2}/experiments/get", {"experiment_id": named})
        if found is None:
            there = self._post(f"{V2}/experiments/search", {"max_results": 20})
            raise ExperimentNotFound(
                f"{self.shown}: there is no experiment {named!r}. "
                f"{names(there.get('experiments') or (), 'experiments')}"
            )
        experiment: Row = found["experiment"]
        return experiment

    def evaluation_run(self, experiment_id: str, named: str) -> str:
        """Return the id of a run by id, else by name; the newest of a name that several have."""
        found = self._known(f"{V2}/runs/get", {"run_id": named})
        if found is not None:
            return str(found["run"]["info"]["run_id"])
        quoted = named.replace("'", "\\'")
        answer = self._post(
            f"{V2}/runs/search",
            {
                "experiment_ids": [experiment_id],
                "filter": f"attributes.run_name = '{quoted}'",
                "order_by": ["attributes.start_time DESC"],
                "max_results": 1,
            },
        )
        for each in answer.get("runs") or ():
            return str(each["info"]["run_id"])
        raise ExperimentNotFound(
            f"{self.shown}: the experiment has no evaluation run {named!r}. Check `run`."
        )

    def count(self, experiment_id: str, chosen: Chosen) -> int | None:
        """Return how many traces the server counts in this time."""
        asked: Row = {
            "experiment_ids": [experiment_id],
            "view_type": "TRACES",
            "metric_name": "trace_count",
            "aggregations": [{"aggregation_type": "COUNT"}],
        }
        window = {"start_time_ms": chosen.since, "end_time_ms": chosen.until}
        asked |= {name: _ms(at) for name, at in window.items() if at is not None}
        try:
            answer = self._post(f"{V3}/traces/metrics", asked)
        except HttpError:
            return None
        points = answer.get("data_points") or ()
        if not points:
            return 0
        value = (points[0].get("values") or {}).get("COUNT")
        return int(value) if isinstance(value, int | float) else None

    def infos(self, experiment_id: str, chosen: Chosen) -> Iterator[Row]:
        """Yield the infos, the oldest first, each once."""
        asked: Row = {
            "locations": [
                {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment_id}}
            ],
            "max_results": PAGE,
            "order_by": ["timestamp_ms ASC"],
        }
        if text := _filter(chosen):
            asked["filter"] = text
        seen: set[str] = set()
        again = 0
        while True:
            page = self._post(f"{V3}/traces/search", asked)
            rows = page.get("traces") or []
            fresh = [row for row in rows if str(row.get("trace_id")) not in seen]
            seen.update(str(row.get("trace_id")) for row in fresh)
            token = page.get("next_page_token")
            again = 0 if fresh or not token else again + 1
            if again >= REPEATS:
                raise FetchError(
                    f"{self.shown}: the list of traces gives the same page again and again. "
                    "Try again."
                )
            yield from fresh
            if not token:
                return
            asked["page_token"] = token

    def spans(self, infos: Sequence[Row]) -> dict[str, list[Any]]:
        """Return the spans by trace; those of archived traces from the artifacts."""
        archived = [each for each in infos if (each.get("tags") or {}).get(LOCATION) == ARCHIVED]
        ids = [str(each["trace_id"]) for each in infos if each not in archived]
        found: dict[str, list[Any]] = {}
        if ids:
            answer = self._get(f"{V3}/traces/batchGet", {"trace_ids": ids})
            for trace in answer.get("traces") or ():
                info = trace.get("trace_info") or {}
                found[str(info.get("trace_id"))] = trace.get("spans") or []
        for each in archived:
            kept = self._known(ARTIFACT, {"request_id": each["trace_id"]})
            if kept is not None:
                found[str(each["trace_id"])] = kept.get("spans") or []
        return found

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield `fn(item)` in order, several at a time."""
        return self.http.map(fn, items)

    def pause(self, seconds: float) -> None:
        """Wait, unless the connection is closed meanwhile."""
        self.http.pause(seconds)

    def close(self) -> None:
        """Drop every connection."""
        self.http.close()

    def _known(self, path: str, params: Mapping[str, Any]) -> Row | None:
        """Ask for something by name; None where the server says that it does not exist."""
        try:
            return self._get(path, params)
        except HttpError as error:
            if error.status == 404 or (error.status == 400 and "run_id" in params):
                return None
            raise

    def _get(self, path: str, params: Mapping[str, Any]) -> Row:
        return self._asked(path, lambda: self.http.get_json(path, params))

    def _post(self, path: str, body: Row) -> Row:
        return self._asked(path, lambda: self.http.post_json(path, body))

    def _asked(self, path: str, ask: Callable[[], Any]) -> Row:
        try:
            answer = ask()
        except NotFound as error:
            if "<!doctype" not in error.detail.lower() and error.detail.lower() != "not found":
                raise
            version = f"version {self._version}" if self._version else "this server"
            raise SourceUnavailable(
                f"{self.shown}: {version} has no {path}. evalkit reads MLflow {SUPPORTED} and "
                "later: upgrade the server, or check the url."
            ) from None
        except AuthenticationFailed as error:
            raise AuthenticationFailed(
                f"{str(error).rstrip('.')}: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME "
                "and MLFLOW_TRACKING_PASSWORD."
            ) from None
        if not isinstance(answer, dict):
            raise SourceUnavailable(
                f"{self.shown}: the answer to {path} is none of MLflow's. Check the url."
            )
        return answer


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _filter(chosen: Chosen) -> str:
    parts = [chosen.filter] if chosen.filter else []
    if chosen.since is not None:
        parts.append(f"trace.timestamp_ms >= {_ms(chosen.since)}")
    if chosen.until is not None:
        parts.append(f"trace.timestamp_ms < {_ms(chosen.until)}")
    if chosen.run_id is not None:
        parts.append(f"run_id = '{chosen.run_id}'")
    if chosen.session is not None:
        session = chosen.session.replace("'", "\\'")
        parts.append(f"metadata.`{SESSION}` = '{session}'")
    return " AND ".join(parts)
