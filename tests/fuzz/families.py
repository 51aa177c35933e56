"""What is read, family by family: each takes a random source and an empty folder, and reads once.

Anything that is no `EvalkitError` is a crash: of the command line it is exit code 70, of everything
else an exception that goes through.
"""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx

from evalkit.cli.main import CRASHED, main
from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.unforeseen import guarded, looked_at
from evalkit.pipeline.fetching import _examples

from .mutating import archive, changed, damaged, mutated, packed, several, written

Family = Callable[[Random, Path], None]
PAYLOADS = sorted((Path(__file__).parent / "payloads").iterdir())
MORE = os.environ.get("EVALKIT_FUZZ_PAYLOADS")
"""A folder with further files to begin with."""
FILES = {
    "files": '[experiments.x]\nfetcher = "files"\npath = "{name}"\n',
    "records": (
        '[experiments.x]\nfetcher = "records"\npath = "{name}"\n[experiments.x.fields]\n'
        'run_id = "id || run_id"\ninputs = "inputs || @"\noutputs = "outputs || output"\n'
        '"usage.total_cost" = "cost"\nmessages = "messages"\n"feedback.ok" = "score"\n'
    ),
}
ASKED = (["fetch", "x"], ["doctor", "x"], ["map", "{name}"], ["run", "x"])
WEIGHTS = (8, 1, 1, 2)


class CrashError(Exception):
    """The command line ended as it must not."""


def call(*argv: str) -> int:
    """Call the command line in this process; a crash raises, with what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([*argv, "--debug"])
    if code == CRASHED:
        raise CrashError(err.getvalue())
    return code


def payload(rng: Random) -> tuple[str, bytes]:
    """Return the name and the bytes of a good file."""
    more = [each for each in Path(MORE).rglob("*") if each.is_file()] if MORE else []
    path = rng.choice(more if more and rng.random() < 0.5 else PAYLOADS)
    return path.name, path.read_bytes()


def asked(rng: Random, folder: Path, name: str, fetcher: str = "files") -> None:
    """Write the configuration of a file and ask one verb about it."""
    (folder / "evalkit.toml").write_text(FILES[fetcher].format(name=name), "utf-8")
    verb = rng.choices(ASKED, WEIGHTS)[0]
    call("-C", str(folder), *(part.format(name=name) for part in verb))


def files(rng: Random, folder: Path) -> None:
    """Read a file of a known format with something odd in it, packed or not."""
    name, data = payload(rng)
    try:
        data = mutated(name, data, rng)
    except (ValueError, RecursionError):
        data = damaged(data, rng)
    suffix, data = packed(data, rng) if rng.random() < 0.3 else ("", data)
    if rng.random() < 0.05:
        name = rng.choice([f"x{Path(name).suffix}", "x.log", "x", "::error::x.jsonl", "[x].json"])
    (folder / (name + suffix)).write_bytes(data)
    asked(rng, folder, name + suffix, "files" if rng.random() < 0.8 else "records")


def archives(rng: Random, folder: Path) -> None:
    """Read an archive of Inspect with members that lie."""
    log = json.loads((Path(__file__).parent / "payloads" / "inspect.json").read_text())
    samples = log.pop("samples")
    members = {"header.json": several(log, rng) if rng.random() < 0.5 else log}
    for sample in samples:
        name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
        members[name] = several(sample, rng) if rng.random() < 0.5 else sample
    members["summaries.json"] = several(samples, rng)
    chosen = {name: written(value).encode() for name, value in members.items()}
    name = rng.choice(["x.eval", "x.eval", "x.eval", "x.zip", "x.json"])
    (folder / name).write_bytes(archive(chosen, rng))
    asked(rng, folder, name)


def tables(rng: Random, folder: Path) -> None:
    """Read Parquet and SQLite files with odd columns and hurt pages."""
    import sqlite3

    import pyarrow
    import pyarrow.parquet

    row = {"id": "r1", "inputs": '{"q": 1}', "output": "a", "score": 1.0, "messages": "[]"}
    rows = [changed(row, rng) if rng.random() < 0.5 else row for _ in range(3)]
    plain = [each if isinstance(each, dict) else {"id": each} for each in rows]
    name = rng.choice(["x.parquet", "x.db"])
    try:
        if name == "x.parquet":
            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain), folder / name)
        else:
            with contextlib.closing(sqlite3.connect(folder / name)) as made, made:
                made.execute("CREATE TABLE evals (id, results, config)")
                made.execute("CREATE TABLE eval_results (id, eval_id, response, test_case)")
                for each in plain:
                    values = [written(value) for value in list(each.values())[:4]]
                    values += [None] * (4 - len(values))
                    made.execute("INSERT INTO evals VALUES (?, ?, ?)", values[:3])
                    made.execute("INSERT INTO eval_results VALUES (?, ?, ?, ?)", values)
    except (pyarrow.ArrowException, OverflowError, TypeError, UnicodeError, ValueError):
        return  # what cannot be written cannot be read
    data = (folder / name).read_bytes()
    if rng.random() < 0.7:
        (folder / name).write_bytes(damaged(data, rng))
    asked(rng, folder, name, rng.choice(["files", "records"]))


CONFIG = {
    "baseline": "y", "reducers": ["mean", "pass^2"], "slices": ["metadata.topic"],
    "gates": ["error_rate <= 10%", "ok >= 0.5", "ok not worse than baseline by 0.05",
              "ok.low >= 5% for every metadata.topic", "ok >= 0.8 sequential"],
    "scores": {"ok": {"kind": "share", "range": [0, 1], "direction": "higher", "unit": "x"}},
    "prices": {"m-*": {"input": 1.0, "output": 2.0, "cache_read": 0.1}},
    "report": {"share": {"salt": "s", "drop": ["a"]}},
    "mappings": {"one": {"fields": {"run_id": "id"}}},
    "experiments": {
        "x": {
            "fetcher": "records", "path": ["log.jsonl"], "dataset": "log.jsonl",
            "statuses": {"done": "success"}, "evaluators": ["exact_match"],
            "records": "items[]", "group_by": "id", "split_conversations": True,
            "fields": {"run_id": "join('-', [to_string(id), 'x'])", "inputs": "{q: q}",
                       "usage.total_cost": "cost / 1000", "messages": "messages",
                       "feedback.ok": "score", "started_at": "at", "outputs": "output || `1`"},
        },
        "y": {"path": "log.jsonl", "mapping": "one", "fetcher": "records"},
    },
}  # fmt: skip
ROWS = [
    {"id": 1, "q": "a", "output": "b", "cost": 2, "score": 1, "at": "2026-01-01T00:00:00Z",
     "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "b"}]},
    {"id": 2, "q": "c", "output": "d", "cost": "3 USD", "score": "no", "at": 1767225600},
]  # fmt: skip
WORDS = (
    *("a" * 5_000, "/" * 5_000, "x/" * 2_500, "[" * 3_000, "(" * 3_000, "a." * 3_000, "!" * 3_000),
    *("{" * 2_000, "not_null(" * 2_000, "a || " * 3_000 + "a", "a + " * 900 + "a", "&" * 5_000),
    *("`" + "[" * 3_000 + "]" * 3_000 + "`", "\x00", "%" * 99, "{a,b}" * 12, "**/" * 999, "~"),
    *("ok >= " + "9" * 5_000, "(" * 2_000 + "ok >= 1", "ok >= 1 for every " + "a." * 2_000, "s3://"),
    *("regex_replace(a, '(a+)+$', 'x')", "to_number(a)", "a[::0]", "max(a)", "sort_by(a, &b)"),
    *("split(a, '')", "when(a, b)", "length(@)", "*.*.*", "[?a > `1`]", "keys(a)", "`1e999`"),
)  # fmt: skip


def odd_text(value: Any, rng: Random) -> Any:
    """Return the configuration with one of its texts replaced by one nobody would write."""
    if isinstance(value, dict) and value:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {**value, rng.choice(WORDS): value[key]}
        return {**value, key: odd_text(value[key], rng)}
    if isinstance(value, list) and value:
        at = rng.randrange(len(value))
        return [*value[:at], odd_text(value[at], rng), *value[at + 1 :]]
    return rng.choice(WORDS)


def toml(value: Any) -> str:
    """Write a value as TOML has it inline; what TOML cannot say is left as JSON."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return written(value)


def config(rng: Random, folder: Path) -> None:
    """Read a configuration, with its mappings, gates and prices, that is odd somewhere."""
    (folder / "log.jsonl").write_text("\n".join(map(written, ROWS)), "utf-8")
    value: Any = odd_text(CONFIG, rng) if rng.random() < 0.5 else several(CONFIG, rng)
    tables = value if isinstance(value, dict) else {"x": value}
    text = "".join(f"{json.dumps(key)} = {toml(item)}\n" for key, item in tables.items())
    data = text.encode("utf-8", "surrogatepass")
    (folder / "evalkit.toml").write_bytes(damaged(data, rng) if rng.random() < 0.15 else data)
    verb = rng.choice([["check"], ["run"], ["fetch", "x"], ["list"], ["gate", "x"], ["doctor"]])
    call("-C", str(folder), *verb)


def mappings(rng: Random, folder: Path) -> None:
    """Map odd records by a good mapping."""
    (folder / "log.jsonl").write_text("\n".join(map(written, _rows(rng))), "utf-8")
    text = "".join(f"{json.dumps(key)} = {toml(item)}\n" for key, item in CONFIG.items())
    (folder / "evalkit.toml").write_text(text, "utf-8")
    call("-C", str(folder), *rng.choice([["fetch", "x"], ["run", "x"], ["fetch", "y"]]))


def _rows(rng: Random) -> list[Any]:
    rows = several(ROWS, rng)
    return rows if isinstance(rows, list) else [rows]


def receiving(rng: Random, folder: Path) -> None:
    """Take what senders of OTLP send, then read what was kept."""
    from evalkit.fetchers.receiving.bodies import RefusedError, received, unpacked

    body = rng.choice((PAYLOADS[0].parent / "otlp.jsonl").read_bytes().splitlines())
    kind = rng.choice(["application/json", "application/x-protobuf"])
    as_json = kind.endswith("json")
    body = mutated("x.json", body, rng) if as_json else damaged(_protobuf(body), rng)
    signal = rng.choice(["traces", "traces", "logs"])
    try:
        encoding = rng.choice(["", "gzip", "zstd", "deflate"])
        if rng.random() < 0.5:
            suffix, body = packed(body, rng)
            encoding = {".gz": "gzip", ".zst": "zstd"}.get(suffix, "")
        kept = received(signal, kind, unpacked(body, encoding))
    except RefusedError:
        return
    if kept.line and signal == "traces":
        (folder / "x.jsonl").write_bytes(kept.line + b"\n")
        asked(rng, folder, "x.jsonl")


def _protobuf(body: bytes) -> bytes:
    from google.protobuf import json_format
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    try:
        made = json_format.Parse(body, ExportTraceServiceRequest(), ignore_unknown_fields=True)
    except json_format.ParseError:
        return body
    return made.SerializeToString()


class Odd(httpx.BaseTransport):
    """Answers as a world does, now and then with something odd."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response], rng: Random) -> None:
        self.answer, self.rng = answer, rng
        self.often = rng.choice([0.03, 0.1, 0.3, 1.0])
        self.asked = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.asked > 400:  # odd cursors may lead in circles, which is no crash
            return httpx.Response(404, json={"detail": "no more"})
        try:
            answer = self.answer(request)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            return httpx.Response(400, json={"detail": "asked oddly"})  # with an odd cursor
        if self.rng.random() > self.often:
            return answer
        return odd_answer(answer.status_code, answer.content, dict(answer.headers), self.rng)


def odd_answer(status: int, body: bytes, headers: dict[str, str], rng: Random) -> httpx.Response:
    """Return an answer with its body, status or headers changed."""
    try:
        body = written(several(json.loads(body), rng)).encode()
    except ValueError:
        body = rng.choice([b"", b"null", b"<html>", b"[]", b'"x"'])
    if rng.random() < 0.1:
        body = damaged(body, rng)
    if rng.random() < 0.1:
        status = rng.choice([200, 204, 206, 301, 400, 404, 422, 429, 500, 599])
    kept = {name: value for name, value in headers.items() if "length" not in name}
    if rng.random() < 0.1:
        kept.update(rng.choice([
            {"content-encoding": "gzip"}, {"retry-after": "x"}, {"retry-after": "-1"},
            {"location": "//[::1"}, {"content-type": "text/html; charset=nope"},
            {"x-pagination-next": "-1"}, {"x-pagination-total": "many"},
        ]))  # fmt: skip
    return httpx.Response(status, stream=httpx.ByteStream(body), headers=kept)


def drained(fetcher: Any) -> None:
    """Ask a fetcher everything a fetch asks."""
    with contextlib.suppress(EvalkitError):
        for run in guarded(fetcher.runs(), "exp"):
            repr(run.outcome)
    with contextlib.suppress(EvalkitError):
        list(guarded(_examples(fetcher), "exp"))


def servers(rng: Random, folder: Path) -> None:
    """Fetch from servers that answer something else than they should."""
    rng.choice([langgraph, langgraph, phoenix, mlflow, langfuse, langsmith])(rng, folder)


def _context(folder: Path) -> FetchContext:
    return FetchContext(experiment="exp", base=folder)


def _either(fetcher: Any, rng: Random) -> None:
    """Fetch, or look as `doctor` does."""
    if rng.random() < 0.2:
        with contextlib.suppress(EvalkitError):
            list(looked_at(fetcher.check(), "exp"))
    else:
        drained(fetcher)
    fetcher.counts()  # which lets go of the server


def langgraph(rng: Random, folder: Path) -> None:
    """Fetch threads, runs and histories."""
    from fetchers.langgraph.world import made_up

    from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher

    options = {"url": "http://server.test", "thread_metadata": {"experiment": "exp"}}
    answer = Odd(made_up(threads=2, runs=2, laps=2).answer, rng)
    made = LangGraphFetcher(options, _context(folder), transport=answer, sleep=lambda _: None)
    _either(made, rng)


def phoenix(rng: Random, folder: Path) -> None:
    """Fetch the traces of a project."""
    from fetchers.trace_stores.helpers import make
    from fetchers.trace_stores.worlds import PhoenixWorld

    answer = Odd(PhoenixWorld(traces=3, page=2).answer, rng)
    _either(make("phoenix", url="http://store.test", transport=answer, project="p"), rng)


def mlflow(rng: Random, folder: Path) -> None:
    """Fetch the traces of an experiment."""
    from fetchers.trace_stores.helpers import make
    from fetchers.trace_stores.worlds import MLflowWorld

    answer = Odd(MLflowWorld(traces=3, page=2).answer, rng)
    _either(make("mlflow", url="http://store.test", transport=answer, experiment="p"), rng)


def langfuse(rng: Random, folder: Path) -> None:
    """Fetch an experiment and a window of traces."""
    from fetchers.langfuse.world import World

    from evalkit.fetchers.langfuse.fetcher import LangfuseFetcher

    world = World()
    world.experiment("a", "b", failed="b")
    os.environ.setdefault("LANGFUSE_PUBLIC_KEY", "pk-1")
    os.environ.setdefault("LANGFUSE_SECRET_KEY", "sk-2")
    options = rng.choice(
        [{"experiment": "nightly"}, {"since": "2026-11-01T00:00:00Z", "environment": "default"}]
    )
    options = {"url": "http://langfuse.test", **options}
    _either(LangfuseFetcher(options, _context(folder), Odd(world, rng)), rng)


@cache
def _langsmith() -> Any:
    """Return a server of six runs that answers until the process ends, and its routes' own way."""
    from fetchers.langsmith_server.generated import generated_world
    from fetchers.langsmith_server.serve import LangSmithServer

    server = LangSmithServer(generated_world(6, examples=3), "dual").__enter__()
    return server, server.routes.answer


def langsmith(rng: Random, folder: Path) -> None:
    """Fetch an experiment over real sockets."""
    from fetchers.langsmith_server.answers import Answer
    from fetchers.langsmith_server.fixtures import Clock, environ_of, experiment_of

    from evalkit.fetchers.langsmith.fetcher import LangSmithFetcher

    server, answer = _langsmith()
    often = rng.choice([0.05, 0.2, 1.0])

    def odd(*asked: Any) -> Any:
        try:
            said = answer(*asked)
        except Answer as early:
            said = early
        except Exception:
            return Answer(400, {"detail": "asked oddly"})
        if rng.random() < often and not isinstance(said.body, bytes):
            said = Answer(said.status, written(several(said.body, rng)).encode(), said.headers)
        return said

    server.routes.answer = odd
    options = LangSmithFetcher.Options.model_validate({"experiment": experiment_of(server.world)})
    clock = Clock()
    made = LangSmithFetcher(
        options, _context(folder), environ=environ_of(server), clock=clock, sleep=clock.sleep
    )
    _either(made, rng)


def checkpoints(rng: Random, folder: Path) -> None:
    """Read a checkpointer's database with odd blobs in it."""
    import sqlite3

    import ormsgpack

    at = "1f0c0000-0000-6000-8000-00000000000{}"
    with contextlib.closing(sqlite3.connect(folder / "x.sqlite")) as made, made:
        made.execute("CREATE TABLE checkpoints (thread_id TEXT, checkpoint_ns TEXT, "
                     "checkpoint_id TEXT, parent_checkpoint_id TEXT, type TEXT, checkpoint BLOB, "
                     "metadata BLOB)")  # fmt: skip
        made.execute("CREATE TABLE writes (thread_id TEXT, checkpoint_ns TEXT, checkpoint_id TEXT,"
                     " task_id TEXT, idx INT, channel TEXT, type TEXT, value BLOB)")  # fmt: skip
        for n in range(3):
            document = {"v": 4, "id": at.format(n), "ts": f"2026-01-01T00:00:0{n}+00:00",
                        "channel_values": {"messages": [{"type": "human", "content": "hi"}]},
                        "channel_versions": {"messages": n}, "versions_seen": {"a": {}},
                        "updated_channels": ["messages"]}  # fmt: skip
            about = {"source": "loop" if n else "input", "step": n - 1, "parents": {},
                     "run_id": "r1", "thread_id": "t"}  # fmt: skip
            if rng.random() < 0.5:
                document = several(document, rng)
            if rng.random() < 0.3:
                about = several(about, rng)
            blob = _msgpack(ormsgpack, document)
            blob = damaged(blob, rng) if rng.random() < 0.2 else blob
            above = at.format(n - 1) if n else None
            kind = rng.choice(["msgpack"] * 8 + ["json", "pickle", "msgpack+aes", None])
            row = ["t", "", at.format(n), above, kind, blob, written(about)]
            if rng.random() < 0.2:
                row[rng.randrange(7)] = rng.choice([None, 1, b"\xff", "x", 1.5])
            made.execute("INSERT INTO checkpoints VALUES (?,?,?,?,?,?,?)", row)
            value = _msgpack(ormsgpack, changed({"messages": ["x"]}, rng))
            wrote: list[Any] = ["t", "", at.format(n), "task", 0, "messages", "msgpack", value]
            if rng.random() < 0.2:
                wrote[rng.randrange(8)] = rng.choice([None, 1, b"\xff", "x", 1.5])
            made.execute("INSERT INTO writes VALUES (?,?,?,?,?,?,?,?)", wrote)
    if rng.random() < 0.15:
        data = (folder / "x.sqlite").read_bytes()
        (folder / "x.sqlite").write_bytes(damaged(data, rng))
    text = '[experiments.x]\nfetcher = "langgraph-checkpoints"\npath = "x.sqlite"\n'
    (folder / "evalkit.toml").write_text(text, "utf-8")
    call("-C", str(folder), *rng.choice([["fetch", "x"], ["run", "x"], ["doctor", "x"]]))


def _msgpack(library: Any, value: Any) -> bytes:
    try:
        return bytes(library.packb(value))
    except (TypeError, ValueError, RecursionError):
        return b"\x81\xa1a" * 3_000 + b"\x01"  # nested deeper than a packer writes


@cache
def scored_project() -> Path:
    """Return a project of four scored runs, made once."""
    folder = Path(tempfile.mkdtemp(prefix="evalkit-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    rows = [{"run_id": f"r{n}", "example_id": f"e{n}", "status": "success", "inputs": {"q": n},
             "outputs": {"answer": "a" * n}, "duration_s": 1.0 + n,
             "feedback": [{"key": "ok", "score": n % 2}]} for n in range(4)]  # fmt: skip
    (folder / "log.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    (folder / "evalkit.toml").write_text(
        'gates = ["ok >= 10%", "ok not worse than baseline by 0.5"]\n'
        '[experiments.x]\nfetcher = "files"\npath = "log.jsonl"\n',
        "utf-8",
    )
    (folder / "evaluators").mkdir()
    (folder / "evaluators" / "own.py").write_text(
        "from evalkit import evaluator\n\n\n@evaluator\ndef long(outputs) -> bool:\n"
        "    return len(outputs['answer']) > 1\n",
        "utf-8",
    )
    call("-C", str(folder), "run", "x")
    (summary,) = (folder / "reports").rglob("summary.json")
    shutil.copy(summary, folder / "base.json")
    people = [{"run_id": f"r{n}", "label": n % 2, "metric": "ok", "rater": "a"} for n in range(4)]
    (folder / "labels.jsonl").write_text("\n".join(map(json.dumps, people)), "utf-8")
    return folder


def kept(rng: Random, folder: Path) -> None:
    """Read baselines, labels, histories and the store's small files that are odd."""
    shutil.copytree(scored_project(), folder, dirs_exist_ok=True)
    small = [
        each for each in (folder / ".evalkit").rglob("*") if each.suffix in (".json", ".jsonl")
    ]
    known = [folder / "base.json", folder / "labels.jsonl", *(folder / "reports").rglob("*.json")]
    path = rng.choice(rng.choice([small, known]))
    data = path.read_bytes()
    path.write_bytes(mutated(path.name, data, rng) if rng.random() < 0.8 else damaged(data, rng))
    verb = rng.choice(KEPT)
    call("-C", str(folder), *(part.format(folder) for part in verb))


KEPT = (
    ["gate", "x", "--baseline", "{}/base.json"],
    ["agree", "x", "--metric", "ok", "--human", "{}/labels.jsonl"],
    *(["show", "x"], ["report", "x"], ["store", "verify"], ["fetch", "x"], ["history", "x"]),
    *(["score", "x"], ["run", "x"], ["store", "list"], ["compare", "x", "x"], ["plan", "x"]),
)


EVERY = (files, archives, tables, config, mappings, receiving, servers, checkpoints, kept)
FAMILIES: dict[str, Family] = {each.__name__: each for each in EVERY}
