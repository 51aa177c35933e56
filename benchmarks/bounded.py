"""What reading large and hostile inputs takes: python benchmarks/bounded.py [NAME ...]

Every input is made here, is 200 MB of plain text (or unpacks to far more), and is read by
`evalkit fetch` in a process of its own, whose peak memory, CPU seconds and first words are printed.
A row that takes longer than `LONGEST` seconds says so, and the next one follows.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import json
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import zstandard

PLAIN = 200_000_000
ROW = 10_000
ROWS = PLAIN // ROW
BOMB = 4_000_000_000
LONGEST = 900
CHILD = """
import sys, time
from pathlib import Path
from evalkit.cli.main import main
code = main(sys.argv[1:])
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print("PEAK", peak, round(time.process_time(), 1), code, file=sys.stderr)
"""
RECORDS = '\nfetcher = "records"\n[experiments.x.fields]\nrun_id = "to_string(id)"\noutputs = "o"\n'
FILES = '\nfetcher = "files"\n'
Make = Callable[[Path], str]


def text(n: int, size: int = ROW) -> str:
    """Return text of a size that does not pack to nothing."""
    return (f"{n:x} " + "the quick brown fox jumps over the lazy dog ") * (size // 50)


def rows() -> Iterator[dict[str, Any]]:
    """Yield rows of 200 MB together."""
    return ({"id": n, "o": text(n)} for n in range(ROWS))


def lines(values: Iterator[Any], path: Path) -> None:
    """Write JSON Lines."""
    with path.open("w") as out:
        out.writelines(json.dumps(value) + "\n" for value in values)


def document(head: str, values: Iterator[Any], tail: str, path: Path) -> None:
    """Write one JSON document whose list comes item by item."""
    with path.open("w") as out:
        out.write(head)
        for n, value in enumerate(values):
            out.write((", " if n else "") + json.dumps(value))
        out.write(tail)


def jsonl(folder: Path) -> str:
    """Rows, one a line."""
    lines(rows(), folder / "x.jsonl")
    return 'path = "x.jsonl"' + RECORDS


def one_json(folder: Path) -> str:
    """Rows in one list."""
    document("[", rows(), "]", folder / "x.json")
    return 'path = "x.json"' + RECORDS


def csv_file(folder: Path) -> str:
    """Rows of a table."""
    with (folder / "x.csv").open("w", newline="") as out:
        made = csv.DictWriter(out, ["id", "o"])
        made.writeheader()
        made.writerows(rows())
    return 'path = "x.csv"' + RECORDS


def parquet(folder: Path) -> str:
    """Rows in one row group."""
    schema = pyarrow.schema([("id", pyarrow.int64()), ("o", pyarrow.string())])
    with pyarrow.parquet.ParquetWriter(folder / "x.parquet", schema) as out:
        table = pyarrow.Table.from_pylist(list(rows()), schema=schema)
        out.write_table(table, row_group_size=ROWS)  # one row group of it all
    return 'path = "x.parquet"' + RECORDS


def own(folder: Path) -> str:
    """evalkit's own lines."""
    made = (
        {"run_id": f"r{n}", "status": "success", "outputs": {"a": text(n)}} for n in range(ROWS)
    )
    lines(made, folder / "x.jsonl")
    return 'path = "x.jsonl"' + FILES


def langsmith(folder: Path) -> str:
    """A page of runs."""
    key = "00000000-0000-4000-8000-{:012d}"
    made = ({"id": key.format(n), "trace_id": key.format(n), "name": "t",
             "run_type": "chain", "session_id": "s",
             "start_time": "2026-01-01T00:00:00", "end_time": "2026-01-01T00:00:01",
             "status": "success",
             "inputs": {"q": n}, "outputs": {"a": text(n)}} for n in range(ROWS))  # fmt: skip
    document('{"runs": [', made, "]}", folder / "x.json")
    return 'path = "x.json"' + FILES


def inspect_json(folder: Path) -> str:
    """A log of Inspect in one document."""
    head = ('{"version": 2, "status": "success", "eval": {"task": "t", "model": "m", "created": '
            '"1", "run_id": "1"}, "samples": [')  # fmt: skip
    document(head, (sample(n) for n in range(ROWS)), "]}", folder / "x.json")
    return 'path = "x.json"' + FILES


def sample(n: int) -> dict[str, Any]:
    """Return a sample of Inspect."""
    return {"id": n, "epoch": 1, "input": "q", "target": "t", "messages": [],
            "output": {"completion": text(n)}}  # fmt: skip


def inspect_eval(folder: Path) -> str:
    """A log of Inspect in an archive."""
    with zipfile.ZipFile(folder / "x.eval", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": {
            "task": "t", "model": "m", "created": "1", "run_id": "1"}}))  # fmt: skip
        for n in range(ROWS):
            out.writestr(f"samples/{n}_epoch_1.json", json.dumps(sample(n)))
    return 'path = "x.eval"' + FILES


def span(n: int) -> dict[str, Any]:
    """Return the only span of a trace."""
    return {"traceId": f"{n + 1:032x}", "spanId": f"{n + 1:016x}", "name": "s",
            "startTimeUnixNano": "1767225600000000000", "endTimeUnixNano": "1767225601000000000",
            "attributes": [{"key": "input.value", "value": {"stringValue": text(n)}}]}  # fmt: skip


def wrapped(*spans: dict[str, Any]) -> dict[str, Any]:
    """Return an OTLP document."""
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [*spans]}]}]}


def otlp_lines(folder: Path) -> str:
    """Traces, one a line."""
    lines((wrapped(span(n)) for n in range(ROWS)), folder / "x.jsonl")
    return 'path = "x.jsonl"' + FILES


def otlp_json(folder: Path) -> str:
    """Traces in one document."""
    head = '{"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": ['
    document(head, (span(n) for n in range(ROWS)), "]}]}]}", folder / "x.json")
    return 'path = "x.json"' + FILES


def promptfoo_json(folder: Path) -> str:
    """Results of promptfoo."""
    made = ({"testIdx": n, "promptIdx": 0, "success": True, "score": 1, "vars": {"x": n},
             "testCase": {"vars": {"x": n}}, "prompt": {"raw": "p", "label": "p"},
             "response": {"output": text(n)}, "gradingResult": None, "provider": {"id": "m"}}
            for n in range(ROWS))  # fmt: skip
    head = '{"evalId": "e", "results": {"version": 3, "results": ['
    document(head, made, ']}, "config": {}, "shareableUrl": null}', folder / "x.json")
    return 'path = "x.json"' + FILES


def checkpoints(folder: Path) -> str:
    """A checkpointer's database."""
    import ormsgpack

    with contextlib.closing(sqlite3.connect(folder / "x.sqlite")) as made, made:
        made.execute("CREATE TABLE checkpoints (thread_id TEXT, checkpoint_ns TEXT, checkpoint_id "
                     "TEXT, parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, "
                     "metadata BLOB, "
                     "PRIMARY KEY (thread_id, checkpoint_ns, checkpoint_id))")  # fmt: skip
        made.execute("CREATE TABLE writes (thread_id TEXT, checkpoint_ns TEXT, checkpoint_id TEXT, "
                     "task_id TEXT, idx INT, channel TEXT, type TEXT, value BLOB, "
                     "PRIMARY KEY (thread_id, checkpoint_ns, "
                     "checkpoint_id, task_id, idx))")  # fmt: skip
        for n in range(ROWS):
            key = f"1f0c0000-0000-6000-8000-{n:012d}"
            value = {"v": 4, "id": key, "ts": "2026-01-01T00:00:00+00:00", "channel_versions": {},
                     "channel_values": {"o": text(n)}, "versions_seen": {}}  # fmt: skip
            row = [f"t{n}", "", key, None, "msgpack", ormsgpack.packb(value),
                   '{"source": "loop", "step": 1}']  # fmt: skip
            made.execute("INSERT INTO checkpoints VALUES (?,?,?,?,?,?,?)", row)
    return 'path = "x.sqlite"\nfetcher = "langgraph-checkpoints"\n'


def bomb(folder: Path, name: str, opened: Any, head: bytes, each: bytes) -> None:
    """Write what unpacks to gigabytes: one value that never ends, or lines without number."""
    with opened(folder / name) as out:
        out.write(head)
        for _ in range(BOMB // len(each)):
            out.write(each)


def zst(path: Path) -> Any:
    """Open a file that is packed as it is written."""
    return zstandard.open(path, "wb", cctx=zstandard.ZstdCompressor(level=1))


def bomb_zst(folder: Path) -> str:
    """A line that never ends."""
    bomb(folder, "x.jsonl.zst", zst, b'{"id": 1, "o": "', b"x" * 1_000_000)
    return 'path = "x.jsonl.zst"' + RECORDS


def bomb_zst_json(folder: Path) -> str:
    """A value that never ends."""
    bomb(folder, "x.json.zst", zst, b'[{"id": 1, "o": "', b"x" * 1_000_000)
    return 'path = "x.json.zst"' + RECORDS


def bomb_zst_csv(folder: Path) -> str:
    """A cell that never ends."""
    bomb(folder, "x.csv.zst", zst, b"id,o\n1,", b"x" * 1_000_000)
    return 'path = "x.csv.zst"' + RECORDS


def bomb_blank(folder: Path) -> str:
    """Blanks without end."""
    bomb(folder, "x.json.zst", zst, b"[", b" " * 1_000_000)
    return 'path = "x.json.zst"' + RECORDS


def bomb_deep(folder: Path) -> str:
    """Nesting without end."""
    bomb(folder, "x.json.zst", zst, b"", b"[" * 1_000_000)
    return 'path = "x.json.zst"' + RECORDS


def bomb_rows(folder: Path) -> str:
    """Rows of a cell each: a table is refused by its header, else it is as long as it is."""
    bomb(folder, "x.csv.zst", zst, b"id,o\n", b"," * 999_999 + b"\n")
    return 'path = "x.csv.zst"' + RECORDS


def bomb_columns(folder: Path) -> str:
    """A million values in one object of few bytes each: memory is more than text."""
    each = ",".join(f'"k{n:07d}":{{}}' for n in range(4_000_000))
    (folder / "x.jsonl").write_text(f'{{"id": 1, {each}}}\n')
    return 'path = "x.jsonl"' + RECORDS


def bomb_elements(folder: Path) -> str:
    """Ten million empty objects in the list of one record: thirty megabytes of text."""
    (folder / "x.jsonl").write_bytes(b'{"id": 1, "o": [' + b"{}," * 10_000_000 + b"{}]}\n")
    return 'path = "x.jsonl"' + RECORDS


def bomb_elements_json(folder: Path) -> str:
    """The same in one document."""
    (folder / "x.json").write_bytes(b'[{"id": 1, "o": [' + b"{}," * 10_000_000 + b"{}]}]\n")
    return 'path = "x.json"' + RECORDS


def bomb_members_json(folder: Path) -> str:
    """A million records of nothing in a document of three megabytes."""
    (folder / "x.json").write_bytes(b"[" + b"{}," * 1_000_000 + b"{}]")
    return 'path = "x.json"' + RECORDS


def bomb_own(folder: Path) -> str:
    """Four million members in a run of evalkit's own lines."""
    each = ",".join(f'"k{n:07d}":{{}}' for n in range(4_000_000))
    (folder / "x.jsonl").write_text(f'{{"run_id": "r", "outputs": {{{each}}}}}\n')
    return 'path = "x.jsonl"' + FILES


def bomb_otlp(folder: Path) -> str:
    """Ten million empty attributes in a span."""
    line = json.dumps(wrapped(span(1))).encode()
    (folder / "x.jsonl").write_bytes(
        line.replace(b'"attributes": [', b'"attributes": [' + b"{}," * 10_000_000, 1) + b"\n"
    )
    return 'path = "x.jsonl"' + FILES


def bomb_cell(folder: Path) -> str:
    """The same list as the text of a cell, which a mapping reads as JSON."""
    (folder / "x.csv").write_bytes(b'id,o\n1,"[' + b"{}," * 10_000_000 + b'{}]"\n')
    return ('path = "x.csv"' + RECORDS).replace('"o"', '"from_json(o)"')


def bomb_member(folder: Path) -> str:
    """The same in a member of an archive."""
    with zipfile.ZipFile(folder / "x.eval", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": {
            "task": "t", "model": "m", "created": "1", "run_id": "1"}}))  # fmt: skip
        made = b'{"id": 1, "epoch": 1, "input": "q", "target": "t", "messages": [], "output": {}, '
        out.writestr("samples/1_epoch_1.json", made + b'"o": [' + b"{}," * 10_000_000 + b"{}]}")
    return 'path = "x.eval"' + FILES


def bomb_strings(folder: Path) -> str:
    """A line of 200 MB of small strings: it is larger than a record may be."""
    with (folder / "x.jsonl").open("wb") as out:
        out.write(b'{"id": 1, "o": [')
        for _ in range(200):
            out.write(b'"abcdefg",' * 100_000)
        out.write(b'"x"]}\n')
    return 'path = "x.jsonl"' + RECORDS


def bomb_strings_below(folder: Path) -> str:
    """A line of 60 MB of small strings: it is not."""
    (folder / "x.jsonl").write_bytes(b'{"id": 1, "o": [' + b'"abcdefg",' * 6_000_000 + b'"x"]}\n')
    return 'path = "x.jsonl"' + RECORDS


def bomb_nest(folder: Path) -> str:
    """A record that is nested thirty million deep."""
    (folder / "x.jsonl").write_bytes(b'{"id": 1, "o": ' + b"[" * 30_000_000 + b"\n")
    return 'path = "x.jsonl"' + RECORDS


def bomb_wide_csv(folder: Path) -> str:
    """A hundred thousand columns."""
    with (folder / "x.csv").open("w") as out:
        out.write("id,o," + ",".join(f"c{n}" for n in range(100_000)) + "\n")
        for n in range(200):
            out.write(f"{n},a," + ",".join(["x"] * 100_000) + "\n")
    return 'path = "x.csv"' + RECORDS


def bomb_wide_parquet(folder: Path) -> str:
    """Ten thousand columns."""
    columns = {f"c{n}": pyarrow.array(["x"] * 500) for n in range(10_000)}
    table = pyarrow.table({"id": pyarrow.array(range(500)), "o": ["a"] * 500, **columns})
    pyarrow.parquet.write_table(table, folder / "x.parquet", row_group_size=50)
    return 'path = "x.parquet"' + RECORDS


def bomb_members(folder: Path) -> str:
    """Two million members in one object."""
    each = ",".join(f'"k{n:07d}":1' for n in range(2_000_000))
    (folder / "x.jsonl").write_text(f'{{"id": 1, "o": {{{each}}}}}\n')
    return 'path = "x.jsonl"' + RECORDS


def bomb_steps(folder: Path) -> str:
    """Two million steps in one run."""
    each = ",".join(f'{{"step_id":"{n}","kind":"llm"}}' for n in range(2_000_000))
    (folder / "x.jsonl").write_text(f'{{"run_id": "r", "steps": [{each}]}}\n')
    return 'path = "x.jsonl"' + FILES


def most_steps(folder: Path) -> str:
    """As many small steps as a run may have."""
    each = ",".join(f'{{"step_id":"{n}","kind":"llm"}}' for n in range(266_000))
    (folder / "x.jsonl").write_text(f'{{"run_id": "r", "status": "success", "steps": [{each}]}}\n')
    return 'path = "x.jsonl"' + FILES


def most_texts(folder: Path) -> str:
    """As many short texts as a record may have."""
    each = ",".join(['"' + "x" * 45 + '"'] * 1_050_000)
    (folder / "x.jsonl").write_text(f'{{"id": 1, "o": [{each}]}}\n')
    return 'path = "x.jsonl"' + RECORDS


def bomb_header(folder: Path) -> str:
    """Two million columns of CSV."""
    rows = ("id,o" + "".join(f",c{n}" for n in range(2_000_000)), "1,a" + ",x" * 2_000_000)
    (folder / "x.csv").write_text("\n".join(rows) + "\n")
    return 'path = "x.csv"' + RECORDS


def bomb_row_parquet(folder: Path) -> str:
    """Three million structures in a cell, which take no bytes in the file."""
    table = pyarrow.table({"id": [1], "o": pyarrow.array([[{"a": 1}] * 3_000_000])})
    pyarrow.parquet.write_table(table, folder / "x.parquet")
    return 'path = "x.parquet"' + RECORDS


def bomb_columns_parquet(folder: Path) -> str:
    """Fifty thousand columns of Parquet."""
    table = pyarrow.table({"id": [1], "o": ["a"], **{f"c{n}": ["x"] for n in range(50_000)}})
    pyarrow.parquet.write_table(table, folder / "x.parquet")
    return 'path = "x.parquet"' + RECORDS


def bomb_yaml(folder: Path) -> str:
    """A trace of a file store of MLflow whose YAML names itself a billion times."""
    about = folder / "mlruns" / "1"
    trace = about / "traces" / "tr-1"
    trace.mkdir(parents=True)
    (about / "meta.yaml").write_text("experiment_id: '1'\nname: e\nlifecycle_stage: active\n")
    grown = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
    (trace / "trace_info.yaml").write_text(
        "trace_id: tr-1\nstate: OK\na0: &a0 [x, x]\n" + grown + "\nrequest_preview: *a9\n"
    )
    return 'fetcher = "mlflow"\nurl = "mlruns"\nexperiment = "e"\n'


def bomb_parquet(folder: Path) -> str:
    """A hundred thousand times the same megabyte, which a dictionary holds once."""
    keys = pyarrow.array([0] * 100_000, pyarrow.int32())
    values = pyarrow.DictionaryArray.from_arrays(keys, pyarrow.array(["x" * 1_000_000]))
    table = pyarrow.table({"id": pyarrow.array(range(100_000)), "o": values})
    pyarrow.parquet.write_table(table, folder / "x.parquet", compression="zstd")
    return 'path = "x.parquet"' + RECORDS


def bomb_eval(folder: Path) -> str:
    """Members of a gigabyte."""
    with zipfile.ZipFile(folder / "x.eval", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
        out.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": {
            "task": "t", "model": "m", "created": "1", "run_id": "1"}}))  # fmt: skip
        for n in range(3):
            with out.open(f"samples/{n}_epoch_1.json", "w", force_zip64=True) as member:
                member.write(b'{"id": "')
                for _ in range(1_000):
                    member.write(b"x" * 1_000_000)
    return 'path = "x.eval"' + FILES


def bomb_gz_gz(folder: Path) -> str:
    """An archive in an archive."""
    inner = gzip.compress(b"[" + b" " * 100_000_000)
    (folder / "x.json.gz").write_bytes(gzip.compress(inner))
    return 'path = "x.json.gz"' + RECORDS


def protobuf(folder: Path) -> str:
    """What a receiver takes at most in one request: 60 MB of spans, a thousand bytes each."""
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    made = ExportTraceServiceRequest()
    spans = made.resource_spans.add().scope_spans.add().spans
    for n in range(60_000):
        one = spans.add(trace_id=(n + 1).to_bytes(16), span_id=(n + 1).to_bytes(8), name="s",
                        start_time_unix_nano=10**18, end_time_unix_nano=10**18 + 1)  # fmt: skip
        one.attributes.add(key="input.value").value.string_value = text(n, 1_000)[:950]
    (folder / "x.bin").write_bytes(made.SerializeToString())
    return ""


KINDS: dict[str, Make] = {
    each.__name__: each
    for each in (
        *(jsonl, one_json, csv_file, parquet, own, langsmith, inspect_json, inspect_eval),
        *(otlp_lines, otlp_json, promptfoo_json, checkpoints),
        *(bomb_zst, bomb_zst_json, bomb_zst_csv, bomb_blank, bomb_deep, bomb_rows, bomb_columns),
        *(bomb_elements, bomb_elements_json, bomb_members_json, bomb_own, bomb_otlp, bomb_cell),
        *(bomb_member, bomb_strings, bomb_strings_below, bomb_nest, bomb_wide_csv),
        *(bomb_wide_parquet, bomb_yaml, bomb_parquet, bomb_eval, bomb_gz_gz, protobuf),
        *(bomb_members, bomb_steps, most_steps, most_texts, bomb_header, bomb_row_parquet),
        bomb_columns_parquet,
    )
}
TAKE = """
import sys, time
from pathlib import Path
from evalkit.fetchers.receiving.bodies import received
kept = received("traces", "application/x-protobuf", Path(sys.argv[1]).read_bytes())
status = Path("/proc/self/status").read_text()
peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
print("PEAK", peak, round(time.process_time(), 1), kept.spans, file=sys.stderr)
"""


def measured(name: str, make: Make) -> str:
    """Make the input, read it, and return a line of the table."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        config = make(folder)
        (folder / "evalkit.toml").write_text(f"[experiments.x]\n{config}")
        largest = max(each.stat().st_size for each in folder.iterdir())
        argv = ["-c", CHILD, "-C", made, "--quiet", "fetch", "x"] if config else [
            "-c", TAKE, str(folder / "x.bin")]  # fmt: skip
        try:
            ended = subprocess.run(
                [sys.executable, *argv], capture_output=True, text=True, timeout=LONGEST
            )
        except subprocess.TimeoutExpired:
            return f"| {name} | {largest / 1e6:.1f} | ? | ? | not done | after {LONGEST} s |"
    *said, last = ended.stderr.strip().splitlines() or [""]
    _, peak, took, code = last.split() if last.startswith("PEAK") else ("", "?", "?", "killed")
    words = (" ".join(said) or ended.stdout)[:110].replace("\n", " ")
    return f"| {name} | {largest / 1e6:.1f} | {peak} | {took} | {code} | {words} |"


def main() -> None:
    """Print a row for every kind asked for."""
    print("| input | MB on disk | peak MB | CPU s | exit | says |", "| --- " * 6 + "|", sep="\n")
    for name in sys.argv[1:] or KINDS:
        print(measured(name, KINDS[name]), flush=True)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    main()
