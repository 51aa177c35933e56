"""Readers under a fuzzer that follows what is covered: python tests/fuzz/guided.py lines

It needs atheris (`pip install atheris`), which no extra asks for. An input that crashes is kept as
`crash-HASH` in the folder where this is called.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

try:
    import atheris
except ImportError:
    atheris = None

with atheris.instrument_imports(include=["evalkit"]) if atheris else warnings.catch_warnings():
    from evalkit.errors import EvalkitError
    from evalkit.fetchers.base import FetchContext
    from evalkit.fetchers.files.formats.auto import AutoFetcher
    from evalkit.fetchers.files.formats.records import RecordsFetcher
    from evalkit.project.config import load

PAYLOADS = Path(__file__).parent / "payloads"
FIELDS = {"run_id": "to_string(id)", "inputs": "{q: q}", "outputs": "o", "feedback.ok": "score"}
FOLDER = Path(tempfile.mkdtemp(prefix="evalkit-guided-"))


def records(name: str) -> Callable[[bytes], None]:
    """Return what reads bytes as a file of records."""

    def read(data: bytes) -> None:
        (FOLDER / name).write_bytes(data)
        context = FetchContext(experiment="x", base=FOLDER)
        try:
            list(RecordsFetcher({"path": name, "fields": FIELDS}, context).runs())
        except EvalkitError:
            return

    return read


def archive(data: bytes) -> None:
    """Read bytes as a log of Inspect."""
    (FOLDER / "x.eval").write_bytes(data)
    try:
        list(AutoFetcher({"path": "x.eval"}, FetchContext(experiment="x", base=FOLDER)).runs())
    except EvalkitError:
        return


def config(data: bytes) -> None:
    """Read bytes as a configuration, whose mapping is applied to one record."""
    folder = FOLDER / "config"
    folder.mkdir(exist_ok=True)
    (folder / "x.jsonl").write_text('{"id": 1, "q": "a", "o": "b", "score": 1}\n')
    (folder / "evalkit.toml").write_bytes(data)
    try:
        load(folder)
    except EvalkitError:
        return


def members() -> bytes:
    """Return a small archive of Inspect."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("header.json", '{"version": 2, "status": "success", "eval": {"task": "t"}}')
        made.writestr("samples/1_epoch_1.json", '{"id": 1, "epoch": 1, "input": "q", "target": 1}')
    return out.getvalue()


MAPPING = b"""[experiments.x]
fetcher = "records"
path = "x.jsonl"
[experiments.x.fields]
run_id = "to_string(id)"
outputs = "join('-', [q, o]) || `1`"
"usage.total_cost" = "cost / 1000"
[experiments.x.statuses]
done = "success"
"""
TARGETS: dict[str, tuple[Callable[[bytes], None], tuple[bytes, ...]]] = {
    "lines": (
        records("x.jsonl"),
        (b'{"id": 1, "q": "a", "o": {"a": [1, 2.5]}, "score": 1}\n{"id": 2}\n', b"\xff\xfe{"),
    ),
    "document": (records("x.json"), (b'[{"id": 1, "o": "a"}, {"id": 2, "o": NaN}]', b'{"a": [')),
    "table": (records("x.csv"), (b"id,o,score\n1,a,0.5\n2,\"b,c\",x\n", b"sep=;\nid;o\n1;2\n")),
    "archive": (archive, (members(), members()[:-20])),
    "config": (config, (MAPPING, b"baseline = 'x'\n[[gates]]\n")),
}  # fmt: skip


def main() -> None:
    """Read what the fuzzer makes of the seeds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--runs", type=int, default=-1)
    given = parser.parse_args()
    if atheris is None:
        sys.exit("guided.py needs atheris: pip install atheris")
    read, seeds = TARGETS[given.target]
    corpus = FOLDER / "seeds"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    limits = (f"-max_total_time={round(given.minutes * 60)}", f"-runs={given.runs}")
    argv = [sys.argv[0], *limits, "-max_len=4096", "-timeout=30", "-print_final_stats=1"]
    atheris.Setup([*argv, str(corpus)], read)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
