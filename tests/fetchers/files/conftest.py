"""Builders: write files, read them through a fetcher, look at what came."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import Counts, FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.files.formats.records import RecordsFetcher
from evalkit.model.example import Example
from evalkit.model.run import Run


@dataclass
class Fetched:
    runs: list[Run]
    examples: dict[str, Example]
    counts: Counts
    error: EvalkitError | None = None
    progress: list[int] = field(default_factory=list)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write bytes, text, or values (as JSON; for .jsonl one a line) below the temporary folder."""

    def written(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode("utf-8", "surrogatepass")
        elif not isinstance(content, bytes):
            lines = name.endswith(("jsonl", "ndjson"))
            content = b"\n".join(map(orjson.dumps, content)) if lines else orjson.dumps(content)
        path.write_bytes(content)
        return path

    return written


@pytest.fixture
def fetch(tmp_path: Path) -> Callable[..., Fetched]:
    """Run a fetcher on options; an evalkit error is part of the answer, after what came before."""

    def fetched(fetcher: type = AutoFetcher, known: Any = None, **options: Any) -> Fetched:
        progress: list[int] = []
        context = FetchContext(
            experiment="trial",
            base=tmp_path,
            known=known or {},
            progress=lambda what, done, total: progress.append(done),
        )
        made = fetcher(options, context)
        runs, error = [], None
        try:
            for run in made.runs():
                runs.append(run)
        except EvalkitError as raised:
            error = raised
        examples = {example.example_id: example for example in made.examples()}
        return Fetched(runs, examples, made.counts(), error, progress)

    return fetched


@pytest.fixture
def mapped(fetch: Callable[..., Fetched], write: Callable[..., Path]) -> Callable[..., Fetched]:
    """Map records given as values, by default written as JSON Lines."""

    def done(content: Any, fields: Any, name: str = "log.jsonl", /, **options: Any) -> Any:
        write(name, content)
        return fetch(RecordsFetcher, path=name, fields=fields, **options)

    return done
