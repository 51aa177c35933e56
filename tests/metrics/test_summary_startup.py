"""A small summary starts neither pandas nor scipy, whatever pyarrow would like."""

import subprocess
import sys

import pyarrow as pa
from metric_tables import cell, results, run

from evalkit.model.schema.columns import RUN_PLACE, TABLES

GIVEN = results(
    [
        run(
            f"r{i}",
            f"e{i}",
            outcome="error" if i == 3 else "success",
            error="x 1",
            latency_s=1.0 + i,
            metadata={"t": "a"},
        )
        for i in range(10)
    ],
    [
        *(cell(f"r{i}", i % 2 == 0) for i in range(9)),
        cell("r9", value="c"),
        cell("r8", key="j", outcome="evaluator_error", error_message="m"),
    ],
    steps=[
        {"run_id": "r0", "step_id": "1", "kind": "llm", "name": "n", "latency_s": 1.0},
        {"run_id": "r0", "step_id": "2", "parent_id": "1", "kind": "llm", "name": "o"},
    ],
)

CODE = """
import sys
import pyarrow as pa
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results

class Files:
    manifest = Manifest(experiment="e", received=10)
    evaluators = ()
    def table(self, name, columns=None):
        table = pa.ipc.open_file(pa.memory_map(f"{sys.argv[1]}/{name}.arrow")).read_all()
        return table if columns is None else table.select(columns)

from evalkit.metrics.summaries.summarise import summarise
summary = summarise(Results(Files()), slices=["metadata.t"], reducers=["mean", "any", "pass^1"])
summary.to_dict()
print(sorted({name.split(".")[0] for name in sys.modules} & {"pandas", "scipy", "lark"}))
"""


def test_pandas_and_scipy_stay_out(tmp_path):
    for name in ("runs", "cells", "steps", "examples"):
        more = [RUN_PLACE.name] if name in ("cells", "steps") else []
        table = GIVEN.table(name, [column.name for column in TABLES[name]] + more)
        with pa.ipc.new_file(str(tmp_path / f"{name}.arrow"), table.schema) as file:
            file.write_table(table)
    command = [sys.executable, "-c", CODE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
