"""Memory is bounded: a record larger than it may be is skipped and named, the others are read."""

import gzip
import resource
import subprocess
import sys
from functools import partial

import pytest
import zstandard

from evalkit.errors import DatasetError, IncompleteExperiment
from evalkit.fetchers.files.formats.records import RecordsFetcher

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
