"""The sample data of the repository, read once."""

import gzip
import json
from functools import cache
from pathlib import Path

from evalkit.model.example import Example
from evalkit.model.run import Run
from evalkit.model.schema.records import record_to_run

ROOT = Path(__file__).parents[1]


@cache
def examples() -> dict[str, Example]:
    lines = (ROOT / "datasets" / "support.examples.jsonl").read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return {
        record["example_id"]: Example(**{k: v for k, v in record.items() if k != "kind"})
        for record in records
    }


@cache
def runs(version: str) -> list[Run]:
    with gzip.open(ROOT / "datasets" / f"support.{version}.runs.jsonl.gz", "rt") as lines:
        return [record_to_run(json.loads(line)) for line in lines]
