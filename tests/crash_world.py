"""A small project for calls that are stopped, and what is there of it apart from times of day."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from evalkit.pipeline.histories import saved_summaries
from evalkit.project.config import load
from evalkit.store.care import verify_stored
from evalkit.store.results import read_results
from evalkit.store.store import Store

CONFIG = """
gates = ["right >= 0.5"]
baseline = "y"

[score]
workers = 0
"""
EXPERIMENT = """
[experiments.{0}]
fetcher = "records"
path = "{0}.jsonl"
dataset = "examples.jsonl"

[experiments.{0}.fields]
run_id = "id"
example_id = "id"
inputs = "{{q: q}}"
outputs = "{{a: a}}"
"""
EVALUATORS = """
from evalkit import Score, evaluator


@evaluator
def right(outputs) -> bool:
    return outputs["a"] >= {0}


@evaluator
def loud(outputs):
    return Score(score=outputs["a"] / 7, comment=f"said {{outputs['a']}}")


@evaluator(scope="experiment")
def size(runs) -> float:
    return len(runs)
"""
RUNS = 12
TIMES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z)?|\d{19}|\d+(\.\d+)? m?s\b"
)
CHANGING = {"guard", "fetched_at", "generated", "at", "since", "duration_ms", "seconds", "polls"}
HASHED = re.compile(r"(part-\d+)-[0-9a-f]+|history/[^/]+\.json|\d{8}T\d+-[0-9a-f]{8}")
LOCKS = {".lock", ".lock-holder.json", ".receive.lock"}


def project(folder: Path) -> Path:
    """Make a project of two experiments of which nothing has been fetched."""
    (folder / "evaluators").mkdir(parents=True)
    write_evaluators(folder, 0)
    (folder / "evalkit.toml").write_text(CONFIG + EXPERIMENT.format("x") + EXPERIMENT.format("y"))
    write_runs(folder, "x", 0)
    write_runs(folder, "y", 1)
    rows = [{"example_id": f"r{n}", "inputs": {"q": n}} for n in range(RUNS)]
    (folder / "examples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def write_runs(folder: Path, name: str, more: int) -> None:
    """Write an experiment's source."""
    rows = [{"id": f"r{n}", "a": n % 5 + more, "q": n} for n in range(RUNS + more)]
    (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_evaluators(folder: Path, least: int) -> None:
    """Write the evaluators; another `least` is another fingerprint."""
    (folder / "evaluators" / "mine.py").write_text(EVALUATORS.format(least))


def left(folder: Path) -> dict[str, Any]:
    """Return all that is there, by name: stored figures, and every file that people read."""
    found: dict[str, Any] = {}
    for name in ("x", "y"):
        stored = Store(folder / ".evalkit").experiment(name)
        if stored.begun:
            found[f"store {name}"] = stored_of(stored)
    names: dict[str, int] = {}
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = HASHED.sub(r"\1", str(path.relative_to(folder)))
        if path.name in LOCKS or "__pycache__" in name:
            continue
        names[name] = names.get(name, 0) + 1
        if not name.startswith(".evalkit/") and path.parent.name != "history":
            found[name] = content_of(path)
    for name in ("x", "y"):
        if (folder / "reports" / name / "history").is_dir():
            found[f"history {name}"] = len(saved_summaries(load(folder), name))
    parts = {name for name in names if "part-" in name}
    return found | {"files": sorted(set(names) - parts)}


def stored_of(stored: Any) -> dict[str, Any]:
    """Return what the store holds of an experiment; all of it must be whole."""
    bad = [finding for finding in verify_stored(stored) if not finding.ok]
    assert not bad, bad
    read = read_results(stored)
    tables: dict[str, Any] = {}
    for table in ("runs", "cells"):
        rows = read.table(table).drop_columns(
            [each for each in ("duration_ms",) if table == "cells"]
        )
        tables[table] = sorted(map(repr, rows.to_pylist()))
    manifest = read.manifest
    return tables | {
        "examples": sorted(map(repr, read.examples().items())),
        "manifest": (manifest.complete, manifest.received, manifest.problems),
        "evaluators": sorted(info.name for info in read.evaluators),
    }


def content_of(path: Path) -> Any:
    """Return a file's content without times."""
    if path.suffix == ".html":
        return path.read_bytes().rstrip()[-200:].count(b"</html>")
    if path.suffix == ".parquet":
        return path.stat().st_size > 0
    if path.name == "follow.json":  # how much of it this poll found is another thing after a kill
        said = orjson.loads(path.read_bytes())
        return {name: plain(said[name]) for name in ("runs", "errors", "state", "gates", "problem")}
    if path.suffix in (".json", ".jsonl"):
        return [plain(orjson.loads(line)) for line in documents(path)]
    return TIMES.sub("TIME", path.read_text())


def documents(path: Path) -> Iterator[str]:
    """Yield the documents of a file."""
    yield from path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]


def plain(value: Any) -> Any:
    """Return a document without what differs between two calls."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name not in CHANGING}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return TIMES.sub("TIME", value) if isinstance(value, str) else value
