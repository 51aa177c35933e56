"""A receiver that really listens, and small spans to send it."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.files.formats.auto import AutoFetcher
from evalkit.fetchers.receiving.server import Receiver
from evalkit.model.run import Run


def span(trace: int, key: int, parent: int | None = None, **more: Any) -> dict[str, Any]:
    """Return a span as OTLP/JSON has it; it ended just now."""
    at = time.time_ns()
    attributes = more.pop("attributes", {"input.value": f"question {trace}"})
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{key:016x}",
        **({"parentSpanId": f"{parent:016x}"} if parent else {}),
        "name": f"span {key}",
        "kind": 1,
        "startTimeUnixNano": str(at - 50_000_000),
        "endTimeUnixNano": str(at),
        "attributes": [{"key": k, "value": {"stringValue": v}} for k, v in attributes.items()],
        "status": {},
        **more,
    }


def request(*spans: Any) -> dict[str, Any]:
    return {"resourceSpans": [{"resource": {}, "scopeSpans": [{"scope": {}, "spans": [*spans]}]}]}


@pytest.fixture
def receive(tmp_path: Path) -> Iterator[Callable[..., Receiver]]:
    """Start receivers that end with the test; they write to `traces` below the folder."""
    with ExitStack() as stack:

        def started(**options: Any) -> Receiver:
            options = {"port": 0, "told": lambda text: None, **options}
            folder = options.pop("folder", tmp_path / "traces")
            return stack.enter_context(Receiver(folder, **options))

        yield started


class Read:
    """What `files` makes of the folder."""

    def __init__(self, folder: Path, known: Any = None) -> None:
        context = FetchContext(experiment="live", base=folder, known=known or {})
        fetcher = AutoFetcher({"path": "traces"}, context)
        self.error: EvalkitError | None = None
        self.runs: dict[str, Run] = {}
        try:
            self.runs = {run.run_id: run for run in fetcher.runs()}
        except EvalkitError as error:
            self.error = error
        self.counts = fetcher.counts()


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    return lambda known=None: Read(tmp_path, known)
