"""Results made of lists: what the figures are tested on, without a store."""

import json
from collections.abc import Iterable

import pyarrow as pa

from evalkit.model.experiment import Manifest
from evalkit.model.results import Results
from evalkit.model.schema.columns import RUN_PLACE, TABLES
from evalkit.model.score import EvaluatorInfo

TYPES = {
    "str": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "time": pa.timestamp("us", tz="UTC"),
    "json": pa.string(),
    "list": pa.list_(pa.string()),
}


class Tables:
    """A ResultsSource over pyarrow tables."""

    def __init__(self, manifest, evaluators, **tables):
        self.manifest = manifest
        self.evaluators = evaluators
        self._tables = tables

    def table(self, name, columns=None):
        table = self._tables[name]
        if columns is not None and RUN_PLACE.name in columns:
            table = table.append_column(RUN_PLACE.name, self._places(table.column("run_id")))
        return table if columns is None else table.select(columns)

    def _places(self, run_ids):
        ids = self._tables["runs"]["run_id"].to_pylist()
        known = {run_id: row for row, run_id in enumerate(ids)}
        return pa.array([known.get(run_id) for run_id in run_ids.to_pylist()], pa.int32())

    def runs(self):
        raise NotImplementedError

    def run(self, run_id):
        raise KeyError(run_id)

    def examples(self):
        return {}


def table(name: str, rows: Iterable[dict]) -> pa.Table:
    """Make one of the tables; columns a row does not give are null."""
    rows = list(rows)
    columns = {}
    for column in TABLES[name]:
        values = [row.get(column.name) for row in rows]
        if column.type == "json":
            values = [v if v is None or isinstance(v, str) else json.dumps(v) for v in values]
        columns[column.name] = pa.array(values, TYPES[column.type])
    return pa.table(columns)


def columns_table(which: str, count: int, /, **given) -> pa.Table:
    """Make one of the tables from whole columns; for large ones."""
    columns = {}
    for column in TABLES[which]:
        kind = TYPES[column.type]
        if column.name in given:
            columns[column.name] = pa.array(given[column.name], type=kind, from_pandas=True)
        else:
            columns[column.name] = pa.nulls(count, kind)
    return pa.table(columns)


def run(run_id, example_id=None, repetition=0, outcome="success", **more):
    """One row of the runs table."""
    more.setdefault("status", outcome)
    more.setdefault("steps_recorded", True)
    return {
        "run_id": run_id,
        "example_id": example_id,
        "repetition": repetition,
        "outcome": outcome,
        **more,
    }


def cell(run_id, score=None, key="ok", evaluator=None, outcome=None, value=None, **more):
    """One row of the cells table; the type is that of `score`."""
    if outcome is None:
        outcome = "scored" if score is not None or value is not None else "not_applicable"
    kinds = {bool: "bool", int: "int", float: "float"}
    score_type = kinds.get(type(score)) or ("category" if value is not None else None)
    return {
        "run_id": run_id,
        "key": key,
        "evaluator": evaluator or key,
        "outcome": outcome,
        "score": None if score is None else float(score),
        "score_type": score_type,
        "value": None if value is None else json.dumps(value),
        "source": "evaluator",
        **more,
    }


def results(runs=(), cells=(), steps=(), examples=(), infos=(), name="exp", **manifest) -> Results:
    """Results from rows."""
    rows = list(runs)
    manifest = Manifest(experiment=name, **{"received": len(rows), **manifest})
    cells = list(cells)
    infos = list(infos)
    known = {info.name for info in infos}
    for row in cells:
        if row["evaluator"] not in known:
            kind = "recorded" if row["source"] == "recorded" else "code"
            infos.append(EvaluatorInfo(name=row["evaluator"], kind=kind))
            known.add(row["evaluator"])
    return Results(
        Tables(
            manifest,
            infos,
            runs=table("runs", rows),
            cells=table("cells", cells),
            steps=table("steps", steps),
            examples=table("examples", examples),
        )
    )


def scored(matrix, *, key="ok", name="exp", direction="higher", threshold=None, **manifest):
    """Results of one score: `matrix[example]` is the list of its runs' scores (None: no score)."""
    runs, cells = [], []
    for example, values in enumerate(matrix):
        for repetition, value in enumerate(values):
            run_id = f"{name}-{example}-{repetition}"
            runs.append(run(run_id, f"e{example}", repetition))
            cells.append(cell(run_id, value, key=key))
    info = EvaluatorInfo(name=key, direction=direction, threshold=threshold)
    return results(runs, cells, infos=[info], name=name, **manifest)
