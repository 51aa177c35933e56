"""Files far larger than what may be held: memory does not grow with them."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import re, sys
from pathlib import Path
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.records import RecordsFetcher

path, records = sys.argv[1:]
fields = {"run_id": "id", "inputs": "{q: q}", "messages": "chat"}
fetcher = RecordsFetcher({"path": path, "records": records, "fields": fields},
                         FetchContext("big", Path(path).parent))
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])


before = peak()
runs = sum(1 for _ in fetcher.runs())
print(runs, (peak() - before) // 1024)
"""
CHAT = [{"role": "user", "content": "word " * 400}, {"role": "assistant", "content": "x" * 2000}]
RUNS = 30_000


def lines():
    for number in range(RUNS):
        yield json.dumps({"id": number, "q": "q", "chat": CHAT})


def written(path: Path, kind: str) -> Path:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "wt") as out:
        if kind == "lines":
            out.writelines(line + "\n" for line in lines())
        elif kind == "list":
            out.write('{"version": 1, "data": {"runs": [')
            for number, line in enumerate(lines()):
                out.write(("," if number else "") + line)
            out.write("]}}")
        else:
            out.write("{")
            for number, line in enumerate(lines()):
                out.write(f'{"," if number else ""}"{number}": {line}')
            out.write("}")
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "records"),
    [
        ("log.jsonl", "lines", "@"),
        ("log.jsonl.gz", "lines", "[?id != `-1`]"),
        ("log.json", "list", "data.runs[?id != `-1`]"),
        ("log.json", "object", "*"),
    ],
)
def test_memory_stays_while_the_file_grows(tmp_path, name, kind, records):
    path = written(tmp_path / name, kind)
    if path.suffix != ".gz":
        assert path.stat().st_size > 110 << 20
    ended = subprocess.run(
        [sys.executable, "-c", READ, str(path), records], capture_output=True, text=True, check=True
    )
    runs, grown = map(int, ended.stdout.split())
    assert runs == RUNS
    # 19 to 63 MB by kind, the same for a file three times as large
    assert grown < 80, f"{grown} MB for a file of more than 110 MB"
