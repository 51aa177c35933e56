"""Memory is bounded: a record larger than it may be is skipped and named, the others are read."""

import gzip
import json
import resource
import subprocess
import sys
from functools import partial

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from evalkit.errors import DatasetError, IncompleteExperiment
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.fetchers.mlflow.folder import MOST, values_in
from evalkit.fetchers.values import ITEM, LIST, NAMED, OBJECT, too_much

BIG = "x" * 3_000_000
FIELDS = {"run_id": "id", "outputs": "o"}
RUN = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]), -1))
from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.records import RecordsFetcher
fetcher = RecordsFetcher(
    {"path": sys.argv[2], "fields": {"run_id": "id", "outputs": "o"}},
    FetchContext(experiment="x", base=Path(sys.argv[1])),
)
try:
    print(len(list(fetcher.runs())))
except EvalkitError as error:
    print(type(error).__name__, error)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
status = Path("/proc/self/status")
if status.exists():  # the other figure begins at what the process that started this one had
    peak = int(status.read_text().partition("VmHWM:")[2].split()[0])
print(peak // 1024, file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("name", "content", "ids", "where"),
    [
        ("a.jsonl", f'{{"id": 1, "o": 1}}\n{{"id": 2, "o": "{BIG}"}}\n{{"id": 3, "o": 1}}\n',
         ["1", "3"], "a.jsonl:2: a line larger than 2 MB"),
        ("a.jsonl", f'{{"id": 1, "o": 1}}\n{{"id": 2, "o": "{BIG}', ["1"],
         "a.jsonl:2: a line larger than 2 MB"),
        ("a.csv", f"id,o\n1,a\n2,{BIG}\n", ["1"], "a.csv:3: not CSV: a row larger than 2 MB"),
    ],
)  # fmt: skip
def test_what_is_too_large_is_named(write, fetch, name, content, ids, where):
    write(name, content)
    fetched = fetch(RecordsFetcher, path=name, fields=FIELDS, max_record_mb=2)
    assert [run.run_id for run in fetched.runs] == ids
    assert isinstance(fetched.error, IncompleteExperiment)
    assert where in str(fetched.error)
    assert "max_record_mb" in str(fetched.error)
    whole = fetch(RecordsFetcher, path=name, fields=FIELDS, max_record_mb=8)
    assert whole.error is None or "cut off" in str(whole.error)


def test_a_value_in_a_large_document(write, fetch):
    small = ", ".join(f'{{"id": {n}, "o": "{"y" * 900_000}"}}' for n in range(40))
    write("a.json", f'[{small}, {{"id": 99, "o": "{BIG}"}}]')
    fetched = fetch(RecordsFetcher, path="a.json", fields=FIELDS, max_record_mb=2)
    assert len(fetched.runs) == 40
    assert "a value larger than 2 MB" in str(fetched.error)
    assert fetch(RecordsFetcher, path="a.json", fields=FIELDS).error is None


def test_a_document_that_is_one_value_is_not_read_to_tell_its_format(write, fetch):
    spans = ", ".join(f'{{"name": "{"y" * 900_000}", "n": {n}}}' for n in range(40))
    write("a.json", f'{{"resourceSpans": [{{"scopeSpans": [{{"spans": [{spans}]}}]}}]}}')
    fetched = fetch(path="a.json", max_record_mb=2)
    assert isinstance(fetched.error, DatasetError)
    assert "a.json:1: a value larger than 2 MB; `max_record_mb`" in str(fetched.error)


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="needs a limit of memory")
@pytest.mark.parametrize("name", ["bomb.jsonl.gz", "bomb.json.gz", "bomb.csv.gz", "bomb.jsonl.zst"])
def test_a_bomb_ends_in_one_line(tmp_path, name):
    """Two hundred megabytes of text in a file of one; a larger one takes no more memory.

    Of .zst a gigabyte, which is forty kilobytes there.
    """
    head = {"bomb.jsonl.gz": b'{"id": 1, "o": "', "bomb.json.gz": b'[{"id": 1, "o": "',
            "bomb.csv.gz": b"id,o\n1,", "bomb.jsonl.zst": b'{"id": 1, "o": "'}[name]  # fmt: skip
    packed = name.endswith(".zst")
    opened = zstandard.open if packed else partial(gzip.open, compresslevel=1)
    with opened(tmp_path / name, "wb") as out:
        out.write(head)
        for _ in range(1_000 if packed else 200):
            out.write(b"x" * 1_000_000)
    ended = subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path), name, str(4 << 30)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.startswith("IncompleteExperiment"), ended.stderr[-500:]
    assert "larger than 64 MB" in ended.stdout
    assert len(ended.stdout.splitlines()) == 1
    assert int(ended.stderr.split()[-1]) < 300


MANY = ",".join(["{}"] * 20_000)  # 60 KB, and with what they take beside it 2.3 MB
MEMBERS = ",".join(f'"k{n}": 1' for n in range(40_000))


@pytest.mark.parametrize(
    ("name", "content", "ids", "where"),
    [
        ("a.jsonl", f'{{"id": 1, "o": [{MANY}]}}\n{{"id": 2, "o": 1}}\n', ["2"],
         "a.jsonl:1: a line"),
        ("a.jsonl", f'{{"id": 1, "o": {{{MEMBERS}}}}}\n{{"id": 2, "o": 1}}\n', ["2"],
         "a.jsonl:1: a line"),
        ("a.json", f'[{{"id": 1, "o": 1}}, {{"id": 2, "o": [{MANY}]}}]', ["1"],
         "a.json:1: a value"),
        ("a.json", f'{{"a": {{"id": 1, "o": 1}}, "b": {{"id": 2, "o": {{{MEMBERS}}}}}}}', ["1"],
         "a.json:1: a value"),
    ],
)  # fmt: skip
def test_what_holds_too_many_values_is_named(write, fetch, name, content, ids, where):
    write(name, content)
    records = {"records": "values(@)"} if content.startswith('{"a"') else {}
    fetched = fetch(RecordsFetcher, path=name, fields=FIELDS, max_record_mb=2, **records)
    assert [run.run_id for run in fetched.runs] == ids
    assert isinstance(fetched.error, IncompleteExperiment)
    assert f"{where} of too many values for 2 MB; `max_record_mb`" in str(fetched.error)
    assert fetch(RecordsFetcher, path=name, fields=FIELDS, **records).error is None


def spans(many: int) -> dict:
    """Return a batch as a Collector writes it: each attribute is an object in an object."""
    attributes = [{"key": f"k{n}", "value": {"stringValue": "v"}} for n in range(20)]
    ids = {"startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"}
    each = [{"traceId": f"{n:032x}", "spanId": f"{n + 1:016x}", "name": "n", **ids,
             "attributes": attributes} for n in range(many)]  # fmt: skip
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": each}]}]}


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_batch_is_many_records_and_may_take_three_times_as_much(write, fetch, name):
    write(name, json.dumps(spans(150), indent=1 if name == "a.json" else None))
    fetched = fetch(path=name, max_record_mb=1)
    assert (fetched.error, len(fetched.runs)) == (None, 150)
    write(name, json.dumps(spans(500), indent=1 if name == "a.json" else None))
    fetched = fetch(path=name, max_record_mb=1)
    assert "of too many values for 1 MB; `max_record_mb`" in str(fetched.error)


def test_a_collectors_largest_batch_is_read(write):
    """It sends 8,192 spans at once (`send_batch_size` of its batch processor)."""
    assert not too_much(json.dumps(spans(8_192)))


@pytest.mark.parametrize("levels", [9, 300, 1_000, 1_020])
def test_lists_nested_deeply_cost_no_other_record(write, fetch, levels):
    deep = "[" * levels + "]" * levels
    middle = f'{{"run_id": "b", "status": "success", "inputs": {deep}, "outputs": {deep}}}'
    plain = '{{"run_id": "{}", "status": "success", "outputs": 1}}'
    write("a.jsonl", f"{plain.format('a')}\n{middle}\n{plain.format('c')}\n")
    fetched = fetch(path="a.jsonl")
    assert (fetched.error, [run.run_id for run in fetched.runs]) == (None, ["a", "b", "c"])


def test_a_document_of_many_small_records_is_read(write, fetch):
    write("a.json", "[" + ", ".join(f'{{"id": {n}, "o": 1}}' for n in range(20_000)) + "]")
    fetched = fetch(RecordsFetcher, path="a.json", fields=FIELDS, max_record_mb=2)
    assert (fetched.error, len(fetched.runs)) == (None, 20_000)


def test_a_run_of_very_many_steps_is_read(write, fetch):
    step = {"kind": "tool", "name": "search", "inputs": {"query": "q", "k": 5},
            "metadata": {"a": 1}, "outputs": {"found": ["x", "y"]},
            "usage": {"input_tokens": 5, "output_tokens": 7},
            "started_at": "2026-01-01T00:00:00Z", "ended_at": "2026-01-01T00:00:01Z"}  # fmt: skip
    # as 40,000 of them are to what a record may hold when nobody changes it
    steps = [{"step_id": f"s{n}", **step} for n in range(1_250)]
    line = json.dumps({"run_id": "r", "outputs": 1, "steps": steps}, separators=(",", ":"))
    write("a.jsonl", line + "\n")
    fetched = fetch(path="a.jsonl", max_record_mb=2)
    assert fetched.error is None
    assert [len(run.steps) for run in fetched.runs] == [1_250]


def test_names_behind_a_large_record_are_no_part_of_it(write, fetch):
    large = ", ".join("1" for _ in range(100_000))
    small = ", ".join(f'"k{n}": {{"id": {n}, "o": 1}}' for n in range(20_000))
    write("a.json", f'{{"large": {{"id": "x", "o": [{large}]}}, {small}}}')
    fetched = fetch(
        RecordsFetcher, path="a.json", fields=FIELDS, max_record_mb=2, records="values(@)"
    )
    assert (fetched.error, len(fetched.runs)) == (None, 20_001)


def test_a_line_of_too_many_values_is_not_read_to_tell_its_format(write, fetch):
    write("a.jsonl", f'{{"run_id": "r", "outputs": [{MANY}]}}\n')
    fetched = fetch(path="a.jsonl", max_record_mb=2)
    assert isinstance(fetched.error, DatasetError)
    assert "a.jsonl:1: a line of too many values for 2 MB" in str(fetched.error)


@pytest.mark.parametrize(
    ("text", "signs", "size"),
    [
        ("[" + "1," * 9 + "1]", LIST + 9 * ITEM, 21),
        ("[" + "{}," * 9 + "{}]", LIST + 10 * OBJECT + 9 * ITEM, 31),
        ("[" + '"a,b:[{\\"," ' + ',"c"' * 9 + "]", LIST + 9 * ITEM, 50),
        ('{"a": {"b": [1, 2]}, "c": "[,]"}', 2 * OBJECT + 3 * NAMED + LIST + 2 * ITEM, 32),
        ("[[1, 2], 3] [4, 5, 6, 7, 8]", 2 * LIST + 2 * ITEM, 11),
        ("[1, [2, [3, ", 3 * LIST + 3 * ITEM, 12),
        ('"[,[,[,"', 0, 0),
        ('"a": [1, 2, 3, 4]', 0, 0),
        ("12, [1, 2, 3, 4]", 0, 0),
    ],
)
def test_values_are_weighed_in_the_first_value_outside_of_texts(text, signs, size):
    padded = text + " " * 100  # what is shorter than the limit is not looked at
    for each in (padded, padded.encode()):
        assert not too_much(each, signs + size)
        assert not signs or too_much(each, signs)


def test_yaml_that_says_itself_again_is_counted_wherever_it_stands():
    shared = ["x", "y"]
    assert values_in({"a": shared, "b": [shared, shared]}, {}) == 11
    grown: list[object] = ["x"]
    for _ in range(60):
        grown = [grown, grown]
    assert values_in(grown, {}) == 3 * 2**60 - 1
    ring: list[object] = []
    ring.append(ring)
    assert values_in(ring, {}) > MOST


def test_an_object_of_two_million_members_costs_itself_alone(write, fetch):
    members = ",".join(f'"k{n:07d}":1' for n in range(2_000_000))
    write("a.jsonl", f'{{"id": 1, "o": {{{members}}}}}\n{{"id": 2, "o": 1}}\n')
    fetched = fetch(RecordsFetcher, path="a.jsonl", fields=FIELDS)
    assert [run.run_id for run in fetched.runs] == ["2"]
    assert "a.jsonl:1: a line of too many values for 64 MB" in str(fetched.error)


def test_a_header_of_very_many_columns_is_named(write, fetch):
    columns = ",".join(f"c{n}" for n in range(40_000))
    write("a.csv", f"id,o,{columns}\n1,2{',' * 40_000}\n")
    fetched = fetch(RecordsFetcher, path="a.csv", fields=FIELDS, max_record_mb=2)
    assert "a.csv:1: a header of too many values for 2 MB" in str(fetched.error)
    again = fetch(RecordsFetcher, path="a.csv", fields=FIELDS)
    assert (again.error, len(again.runs)) == (None, 1)


@pytest.mark.parametrize(
    "large",
    [
        pyarrow.array([[0] * 200_000], pyarrow.list_(pyarrow.int8())),
        pyarrow.array([[{"a": 1}] * 20_000]),
        pyarrow.array([[("a", 1)] * 40_000], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    ],
    ids=["numbers", "structures", "a map"],
)
def test_a_row_of_parquet_with_too_many_values_is_named(tmp_path, fetch, large):
    small = pyarrow.array([None], large.type)
    columns = {"id": [1, 2], "o": pyarrow.concat_arrays([large, small])}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    fields = {"run_id": "to_string(id)", "outputs": "id", "inputs": "o"}
    fetched = fetch(RecordsFetcher, path="a.parquet", fields=fields, max_record_mb=2)
    assert [run.run_id for run in fetched.runs] == ["2"]
    assert "a.parquet:1: a row of too many values for 2 MB" in str(fetched.error)
    assert fetch(RecordsFetcher, path="a.parquet", fields=fields).error is None


@pytest.mark.parametrize(("columns", "said"), [(1_998, None), (1_999, "more than 2,000 columns")])
def test_a_table_of_very_many_columns_is_not_opened(tmp_path, fetch, monkeypatch, columns, said):
    monkeypatch.setattr("evalkit.fetchers.files.reading.parquet.batches.COLUMNS", 2_000)
    table = pyarrow.table({"id": [1], **{f"c{n}": [0] for n in range(columns)}})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    fetched = fetch(RecordsFetcher, path="a.parquet", fields={"run_id": "to_string(id)"})
    assert (said or "") in str(fetched.error)
    assert (fetched.error is None) == (said is None)
