"""The writer of Phoenix: evaluations of an experiment's runs, annotations of traces and spans.

Annotations carry an identifier of evalkit's, which is part of what tells them apart, so that
nobody else's is overwritten. An evaluation has none: one of a name that somebody else gave stays,
and since the server cannot delete one, withdrawing it empties it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.phoenix.client import Phoenix
from evalkit.fetchers.phoenix.convert import MARK, is_ours
from evalkit.fetchers.phoenix.fetcher import PhoenixFetcher
from evalkit.fetchers.stores.base import batches
from evalkit.fetchers.writing.cells import Said, label, said
from evalkit.fetchers.writing.contract import Item, Keep

WITHDRAWN = "withdrawn"
"""Key in the metadata of an evaluation that was emptied."""
BATCH = 200
EVALUATION = "evaluation"
Row = Mapping[str, Any]


class PhoenixWriter:
    """One experiment or project, looked up when it is opened."""

    turns_in_place = True

    def __init__(
        self,
        options: Any,
        context: FetchContext,
        *,
        step_ids: Callable[[], Iterable[str]] = tuple,
        **more: Any,
    ) -> None:
        fetcher = PhoenixFetcher(options, context, **more)
        self._options, self._step_ids = fetcher.options, step_ids
        self._client: Phoenix = fetcher.open()
        self._evaluations: dict[tuple[str, str], Row] = {}
        """By run and name, of an experiment."""
        self._whole = 0
        self.experiment = ""
        self._project: str | None = None
        self._runs: set[str] = set()
        try:
            self._client.hello()
            self._look(context)
        except BaseException:
            self._client.close()
            raise

    def wanted(self, cells: Iterable[Any], keep: Keep | None) -> tuple[list[Item], set[str]]:
        """Return what is to be there, and the runs of cells that are not."""
        every = list(cells)
        found, unknown = said(every, self._runs, keep)
        names = _names(said(every, self._runs)[0])
        self._whole = sum(each.run_id is None for each in found)
        return [self._item(each, names) for each in found if each.run_id is not None], unknown

    def there(self, wanted: Sequence[Item]) -> dict[str, Item]:
        """Return what evalkit wrote on these runs and their steps."""
        found = {}
        for (run_id, _), row in self._evaluations.items():
            if is_ours(row) and WITHDRAWN not in (row.get("metadata") or {}):
                item = _there(EVALUATION, run_id, row)
                found[item.id] = item
        steps = {item.body["about"] for item in wanted if item.body["kind"] == "span"}
        scopes = {"trace": self._runs, "span": steps | set(self._step_ids())}
        for kind, scope in scopes.items() if self._project else ():
            if kind == "trace" and self._options.experiment is not None:
                continue
            for row in self._client.marked(str(self._project), kind, MARK):
                if (about := str(row.get(f"{kind}_id"))) in scope:
                    item = _there(kind, about, row)
                    found[item.id] = item
        return found

    def taken(self, wanted: Sequence[Item]) -> set[str]:
        """Return the evaluations whose name somebody else gave a score on the same run."""
        return {
            item.id
            for item in wanted
            if item.body["kind"] == EVALUATION
            and (row := self._evaluations.get((item.body["about"], item.body["name"]))) is not None
            and not is_ours(row)
        }

    def create(self, items: Sequence[Item]) -> Iterator[int]:
        """Write annotations in batches, evaluations one by one: the server takes no more."""
        for kind in ("trace", "span"):
            mine = [item.body for item in items if item.body["kind"] == kind]
            for batch in batches(mine, BATCH):
                self._client.annotate(kind, [_annotation(body) for body in batch])
                yield len(batch)
        single = [_evaluation(item.body) for item in items if item.body["kind"] == EVALUATION]
        for _ in self._client.http.map(self._client.evaluate, single):
            yield 1

    def update(self, items: Sequence[tuple[Item, Item]]) -> Iterator[int]:
        """Write again: what has the same name and identifier is replaced."""
        yield from self.create([item for item, _ in items])

    def remove(self, items: Sequence[Item]) -> Iterator[int]:
        """Delete annotations; empty evaluations, which the server cannot delete."""
        for kind in ("trace", "span"):
            ids = [str(item.body["row"]) for item in items if item.body["kind"] == kind]
            for batch in batches(ids, BATCH):
                self._client.unannotate(kind, batch)
                yield len(batch)
        emptied = [_emptied(item.body) for item in items if item.body["kind"] == EVALUATION]
        for _ in self._client.http.map(self._client.evaluate, emptied):
            yield 1

    def doubled(self, created: Sequence[Item]) -> Sequence[Item]:
        """Nothing is doubled: what is written again has the same id."""
        return ()

    def notes(self) -> list[str]:
        """Say what Phoenix has no place for."""
        if not self._whole:
            return []
        return [f"{self._whole} scores of the whole experiment have no place in Phoenix"]

    def close(self) -> None:
        """Drop the connection."""
        self._client.close()

    def _look(self, context: FetchContext) -> None:
        client, options = self._client, self._options
        if options.experiment is None:
            project = client.project(str(options.project))
            self.experiment, self._project = str(project["name"]), str(project["id"])
            window = PhoenixFetcher(options, context).chosen()
            self._runs = {str(row["trace_id"]) for row in client.traces(self._project, window)}
            return
        stated = client.experiment(options.experiment, options.dataset)
        self.experiment = str(stated["name"])
        if stated.get("project_name"):
            self._project = str(client.project(str(stated["project_name"]))["id"])
        places = {
            (str(row.get("dataset_example_id")), row.get("repetition_number")): str(row["id"])
            for row in client.experiment_runs(str(stated["id"]))
        }
        self._runs = set(places.values())
        for row in client.experiment_rows(str(stated["id"])):
            run_id = places.get((str(row.get("example_id")), row.get("repetition_number")))
            for each in row.get("annotations") or ():
                self._evaluations[str(run_id), str(each.get("name"))] = each

    def _item(self, each: Said, names: Mapping[tuple[str, str], str]) -> Item:
        kind = "span" if each.step_id else "trace" if self._options.project else EVALUATION
        about = str(each.step_id or each.run_id)
        name = names[each.evaluator, each.key] + (f" #{each.position + 1}" if each.position else "")
        text = label(each.value)
        if isinstance(each.score, bool) and text is None:
            text = str(each.score)  # as Phoenix's own client writes them
        score = None if each.score is None else float(each.score)
        words = each.error or each.comment
        marks = each.marks | ({"error": True} if each.error else {})
        body = {"kind": kind, "about": about, "name": name, "score": score, "label": text,
                "words": words, "error": each.error, "metadata": marks}  # fmt: skip
        return Item(
            id=f"{kind}:{about}:{name}",
            key=each.key,
            evaluator=each.evaluator,
            score=score,
            said=(score, text, words),
            failed=each.error is not None,
            body=body,
        )


def _names(every: Iterable[Said]) -> dict[tuple[str, str], str]:
    """Return the name of each figure: its key, with the evaluator's where several give the key."""
    givers: dict[str, set[str]] = {}
    for each in every:
        givers.setdefault(each.key, set()).add(each.evaluator)
    return {
        (evaluator, key): key if len(names) == 1 else f"{evaluator}.{key}"
        for key, names in givers.items()
        for evaluator in names
    }


def _there(kind: str, about: str, row: Row) -> Item:
    """Return what the server has of ours."""
    result = row.get("result") if isinstance(row.get("result"), Mapping) else row
    assert isinstance(result, Mapping)
    marks = row.get("metadata") or {}
    name, score = str(row.get("name")), result.get("score")
    failed = bool(row.get("error") or marks.get("error"))
    words = row.get("error") or result.get("explanation")
    evaluator = marks.get("evaluator")
    key = name.rpartition(" #")[0] if marks.get("position") else name
    if evaluator and key.startswith(f"{evaluator}."):
        key = key[len(str(evaluator)) + 1 :]
    return Item(
        id=f"{kind}:{about}:{name}",
        key=key,
        evaluator=None if evaluator is None else str(evaluator),
        score=score,
        said=(score, result.get("label"), words),
        failed=failed,
        body={"kind": kind, "about": about, "name": name, "row": row.get("id"), "metadata": marks},
    )


def _annotation(body: Row) -> dict[str, Any]:
    found = {"score": body["score"], "label": body["label"], "explanation": body["words"]}
    return {
        f"{body['kind']}_id": body["about"],
        "name": body["name"],
        "annotator_kind": "CODE",
        "identifier": MARK,
        "result": {name: value for name, value in found.items() if value is not None},
        "metadata": body["metadata"],
    }


def _evaluation(body: Row) -> dict[str, Any]:
    found = {"score": body["score"], "label": body["label"], "explanation": body["words"]}
    said = {"error": body["error"]} if body["error"] else {"result": found}
    return {**_frame(body, body["metadata"]), **said}


def _emptied(body: Row) -> dict[str, Any]:
    return {**_frame(body, {MARK: body["metadata"].get(MARK), WITHDRAWN: True}), "result": {}}


def _frame(body: Row, metadata: Row) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "experiment_run_id": body["about"],
        "name": body["name"],
        "annotator_kind": "CODE",
        "start_time": now,
        "end_time": now,
        "metadata": dict(metadata),
    }
