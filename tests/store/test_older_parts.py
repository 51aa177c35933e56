"""A store that an older evalkit wrote opens unchanged: columns that came later are empty."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evalkit.fetchers.base import is_stored_as
from evalkit.model.schema.batch import RunRows, rows_of
from evalkit.model.schema.hashes import CONTENT_HASH, first_hash
from evalkit.model.schema.row_values import content_hash
from evalkit.model.usage import Usage
from evalkit.store.care import verify_stored
from evalkit.store.disk import state as states
from evalkit.store.disk.files import LocalFiles
from evalkit.store.disk.opened import write_table
from evalkit.store.disk.parts import part_of
from evalkit.store.results import read_results
from evalkit.store.store import Store
from evalkit.store.writing import known_runs, open_writer
from evalkit.testing import make_run, make_step

LATER = ("cache_write_tokens", "currency", "cost_source")


def run(number: int, **usage):
    counted = Usage(input_tokens=number, output_tokens=1, **usage)
    step = make_step("call", "llm", usage=counted)
    return make_run(run_id=f"run-{number}", usage=counted, steps=[step] * (number % 3))


def without_later_columns(table: pa.Table) -> pa.Table:
    lists = table.column("steps").combine_chunks()
    kept = [field for field in lists.values.type if field.name not in LATER]
    struct = pa.StructArray.from_arrays(
        [lists.values.field(field.name) for field in kept], fields=kept
    )
    steps = pa.ListArray.from_arrays(lists.offsets, struct)
    return table.drop_columns([*LATER, "steps"]).append_column("steps", steps)


@pytest.fixture
def store(tmp_path):
    """A store whose one part was written before the columns came."""
    stored = Store(tmp_path).experiment("exp")
    with open_writer(stored) as writer:
        for number in range(5):
            writer.add(run(number))
        writer.finish()
    files = LocalFiles(Path(stored.where))
    state = states.load(files, states.MANIFEST)
    (part,) = state.parts
    data = write_table(without_later_columns(pq.read_table(Path(stored.where) / part.name)))
    older = part_of("runs", 1, data, part.rows, part.recorded)
    files.write(older.name, data)
    states.save(files, states.MANIFEST, replace(state, parts=(older,)))
    return Store(tmp_path).experiment("exp")


def test_what_it_holds_is_read(store):
    results = read_results(store)
    assert [each.usage.input_tokens for each in results.runs()] == list(range(5))
    assert [each.usage.currency for each in results.runs()] == [None] * 5
    assert [s.usage.cache_write_tokens for r in results.runs() for s in r.steps] == [None] * 4
    for table in ("runs", "steps"):
        found = results.table(table)
        assert {name: found.column(name).null_count for name in LATER} == dict.fromkeys(
            LATER, found.num_rows
        )
        assert results.table(table, ["currency"]).num_rows == found.num_rows
    assert all(found.ok for found in verify_stored(store))


def test_new_runs_are_written_beside_and_gathered_with_it(store):
    with open_writer(store) as writer:
        writer.add(run(7, cache_write_tokens=3, currency="USD", total_cost=0.5))
        writer.finish()
    runs = list(read_results(store).runs())
    assert [each.usage.cache_write_tokens for each in runs] == [None] * 5 + [3]
    assert [s.usage.currency for s in runs[-1].steps] == ["USD"]
    assert read_results(store).table("steps", ["kind", "currency"]).num_rows == 5


def test_the_first_hash_of_rows_is_the_one_they_once_got():
    made = rows_of(run(2))
    assert first_hash(made.row, made.steps) == "e91ace045f6bb2ef0a3c0d1e57782c9e"
    assert content_hash(run(2)).startswith("2-")
    assert content_hash(run(2)) != content_hash(run(2, cache_write_tokens=1))


def first_hashes(store, hashes):
    """Store runs as an evalkit of before did: under their first hashes."""
    with open_writer(store) as writer:
        for number in range(3):
            made = rows_of(run(number))
            first = first_hash(made.row, made.steps)
            hashes.append(first)
            row = (*made.row[:CONTENT_HASH], first, *made.row[CONTENT_HASH + 1 :])
            writer.add(RunRows(row, made.steps))
        writer.finish()


def stored_hashes(store):
    return read_results(store).table("runs", ["content_hash"])["content_hash"].to_pylist()


def test_a_run_with_a_first_hash_is_known_and_keeps_it_however_it_comes_again(tmp_path):
    store, hashes = Store(tmp_path).experiment("old"), []
    first_hashes(store, hashes)
    known = known_runs(store)
    assert all(is_stored_as(run(number), known[f"run-{number}"]) for number in range(3))
    assert not is_stored_as(run(1, cache_write_tokens=77), known["run-1"])
    with open_writer(store) as writer:  # as `--refresh` brings them
        for number in range(3):
            changes = {"cache_write_tokens": 77} if number == 1 else {}
            writer.add(run(number, **changes))
        writer.finish()
    now = stored_hashes(store)
    assert [now[0], now[2]] == [hashes[0], hashes[2]]
    assert now[1] == content_hash(run(1, cache_write_tokens=77))
