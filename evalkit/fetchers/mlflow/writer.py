"""The writer of MLflow: assessments, found again by what is written into their metadata.

An assessment has no identity but the id that the server gives: writing again adds another. So
what is there is listed first, and a second one of the same score is taken away as stale. What is
created is listed once more: a server that is busy may take a request of a push that was killed
after the next push has looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from evalkit.errors import ConfigError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.http.answers import NotFound
from evalkit.fetchers.mlflow.client import V3, Server
from evalkit.fetchers.mlflow.convert import is_ours
from evalkit.fetchers.mlflow.fetcher import MLflowFetcher
from evalkit.fetchers.writing.cells import Said, label, said
from evalkit.fetchers.writing.contract import Item, Keep

SOURCE = "evalkit"
CHANGED = "feedback,rationale,metadata"
NO_SPAN = ""
Row = Mapping[str, Any]


class MLflowWriter:
    """The traces of an experiment or evaluation run, listed when it is opened."""

    turns_in_place = False

    def __init__(
        self,
        options: Any,
        context: FetchContext,
        *,
        step_ids: Callable[[], Iterable[str]] = tuple,
        **more: Any,
    ) -> None:
        fetcher = MLflowFetcher(options, context, **more)
        store = fetcher.open()
        if not isinstance(store, Server):
            store.close()
            raise ConfigError(
                f"{context.experiment}: scores are given back to an MLflow server, not into its "
                "files. Start `mlflow server` on them and set its address as `url`."
            )
        self._http, self._whole = store.http, 0
        try:
            store.version()
            experiment = store.experiment(fetcher.options.experiment)
            self.experiment = str(experiment["name"])
            experiment_id = str(experiment["experiment_id"])
            self._infos = partial(store.infos, experiment_id, fetcher.chosen(store, experiment_id))
            self._assessments = self._listed()
        except BaseException:
            store.close()
            raise

    def _listed(self) -> dict[str, list[Row]]:
        """Return what evalkit wrote, by trace."""
        found = {}
        for info in self._infos():
            listed = info.get("assessments") or ()
            found[str(info["trace_id"])] = [each for each in listed if is_ours(each)]
        return found

    def wanted(self, cells: Iterable[Any], keep: Keep | None) -> tuple[list[Item], set[str]]:
        """Return what is to be there, and the runs of cells that are not."""
        found, unknown = said(cells, self._assessments, keep)
        self._whole = sum(each.run_id is None for each in found)
        return [_wanted(each) for each in found if each.run_id is not None], unknown

    def there(self, wanted: Sequence[Item]) -> dict[str, Item]:
        """Return what evalkit wrote on these traces."""
        found: dict[str, Item] = {}
        for trace_id, rows in self._assessments.items():
            for row in rows:
                item = _there(trace_id, row)
                again = f"{item.id} ({row.get('assessment_id')})"
                found[item.id if item.id not in found else again] = item
        return found

    def taken(self, wanted: Sequence[Item]) -> set[str]:
        """Assessments stand beside each other: nobody else's is in the way."""
        return set()

    def create(self, items: Sequence[Item]) -> Iterator[int]:
        """Write one by one: the server takes no more at once."""
        yield from self._http.map(self._create, items)

    def update(self, items: Sequence[tuple[Item, Item]]) -> Iterator[int]:
        """Change value, reason and metadata in place."""
        yield from self._http.map(self._update, items)

    def remove(self, items: Sequence[Item]) -> Iterator[int]:
        """Delete assessments."""
        yield from self._http.map(self._remove, items)

    def doubled(self, created: Sequence[Item]) -> list[Item]:
        """Return what stands beside these; of each, one that says the same is left."""
        ours: dict[str, list[Item]] = {}
        for trace_id, rows in self._listed().items():
            for row in rows:
                item = _there(trace_id, row)
                ours.setdefault(item.id, []).append(item)
        return [other for item in created for other in _beside(item, ours.get(item.id, []))]

    def notes(self) -> list[str]:
        """Say what MLflow has no place for."""
        if not self._whole:
            return []
        return [f"{self._whole} scores of the whole experiment have no place on MLflow's traces"]

    def close(self) -> None:
        """Drop the connection."""
        self._http.close()

    def _create(self, item: Item) -> int:
        path = f"{V3}/traces/{item.body['trace_id']}/assessments"
        self._http.post_json(path, {"assessment": item.body})
        return 1

    def _update(self, pair: tuple[Item, Item]) -> int:
        item, there = pair
        changed = {name: item.body.get(name) for name in CHANGED.split(",")}
        body = {"assessment": changed, "update_mask": CHANGED}
        self._http.request("PATCH", _path(there), json=body)
        return 1

    def _remove(self, item: Item) -> int:
        try:
            self._http.request("DELETE", _path(item))
        except NotFound:
            return 0
        return 1


def _beside(item: Item, there: Sequence[Item]) -> list[Item]:
    """Return all but one that says what is wanted; where none does, the next push changes one."""
    same = next((each for each in there if not item.differs(each)), None)
    return [each for each in there if same is not None and each is not same]


def _path(there: Item) -> str:
    return f"{V3}/traces/{there.body['trace_id']}/assessments/{there.body['assessment_id']}"


def _wanted(each: Said) -> Item:
    value = each.value if each.score is None else each.score
    beside = {"value": label(each.value)} if None not in (each.value, each.score) else {}
    marks = {name: str(mark) for name, mark in each.marks.items() if mark is not None}
    if each.error:
        kind, _, _ = each.error.partition("(")
        feedback: Row = {"error": {"error_code": kind, "error_message": each.error}}
    else:
        feedback = {"value": value}
    body = {
        "assessment_name": each.key,
        "trace_id": each.run_id,
        "source": {"source_type": "CODE", "source_id": f"{SOURCE}/{each.evaluator}"},
        "feedback": feedback,
        "rationale": each.comment or "",
        "metadata": marks | beside,
        **({"span_id": each.step_id} if each.step_id else {}),
    }
    return _item(str(each.run_id), body, body)


def _there(trace_id: str, row: Row) -> Item:
    return _item(trace_id, row, {**row, "trace_id": trace_id})


def _item(trace_id: str, row: Row, body: Row) -> Item:
    """Return an assessment as it is sent or as it is listed: both have the same names."""
    about, feedback = row.get("metadata") or {}, row.get("feedback") or {}
    error, value = feedback.get("error"), feedback.get("value")
    key, evaluator = str(row.get("assessment_name")), str(about.get("evaluator"))
    named = (trace_id, str(row.get("span_id") or NO_SPAN), evaluator, key)
    number = float(value) if isinstance(value, bool | int | float) else None
    return Item(
        id="\n".join((*named, str(about.get("position") or ""))),
        key=key,
        evaluator=evaluator,
        score=None if error else number,
        said=(
            *(None if error else _plain(value), row.get("rationale") or ""),
            *(about.get("value"), (error or {}).get("error_message")),
        ),
        failed=bool(error),
        body=dict(body),
    )


def _plain(value: Any) -> Any:
    """Return a value as the server gives it back, which makes floats of whole numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
