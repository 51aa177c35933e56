"""Payloads of a stored batch are those of the row that was asked for, whoever asked before."""

import random

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalkit.model.units import CellBlock, Wanted
from evalkit.store.cells.blocks import Origin, encode_blocks
from evalkit.store.runs.decoded import json_getter

COUNT = 64
PAYLOADS = [None if row % 7 == 0 else {"row": row, "words": ["x"] * row} for row in range(COUNT)]


@pytest.fixture
def get():
    texts = [None if each is None else orjson.dumps(each).decode() for each in PAYLOADS]
    return json_getter(pa.array([*texts, "{}"], pa.string()).slice(0, COUNT), lambda: None)


def test_rows_asked_for_in_any_order_and_again(get):
    rng = random.Random(3)
    order = [rng.randrange(COUNT) for _ in range(500)]
    for row in [row for row in order for _ in range(rng.randint(1, 3))]:
        assert get(row) == PAYLOADS[row]


def test_what_is_asked_for_twice_is_decoded_twice(get):
    get(5)["words"].append("changed")
    assert get(5) == PAYLOADS[5]


def test_cells_of_all_runs_and_of_some_are_of_the_runs_they_name():
    ids = [f"r{row}" for row in range(5)]
    texts = pa.array(ids)
    owners = {"run_id": texts, "example_id": texts, "content_hash": texts}
    owners["repetition"] = pa.array([0] * 5, pa.int64())
    blocks = [block_of("all", range(5)), block_of("some", [1, 4]), block_of("rest", range(2, 4))]
    part = encode_blocks(blocks, owners, texts, Origin(run_part="p", first=10, examples_part="e"))
    table = pq.read_table(pa.BufferReader(part)).select(["evaluator", "run_id", "run_row", "score"])
    rows = [0, 1, 2, 3, 4, 1, 4, 2, 3]
    assert [str(each) for each in table.column("run_id")] == [ids[row] for row in rows]
    assert table.column("run_row").to_pylist() == [10 + row for row in rows]
    assert table.column("score").to_pylist() == [float(row) for row in rows]
    assert str(table.column("evaluator")[8]) == "rest"


def block_of(name, rows):
    return CellBlock(
        wanted=Wanted(name=name, fingerprint=name),
        rows=rows,
        size=len(rows),
        key=name,
        score=[float(row) for row in rows],
        score_type="float",
    )
