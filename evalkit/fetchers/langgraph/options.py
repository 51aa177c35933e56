"""The keys of an experiment that lives on a LangGraph Server."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from evalkit.fetchers.files.mapping.options import DatasetOptions, FileName
from evalkit.fetchers.http.source import DEFAULT_CONCURRENCY, MAX_CONCURRENCY
from evalkit.fetchers.options import Proxy, Rate, SourceOptions, Timeout, address
from evalkit.model.outcome import RunStatus
from evalkit.model.timing import parse_time


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Moment = Annotated[datetime | None, BeforeValidator(parse_time)]


class LangGraphOptions(SourceOptions):
    """`[experiments.NAME]` with `fetcher = "langgraph"`."""

    url: Annotated[str, BeforeValidator(address)]
    """Address of the server; may carry a path prefix."""
    thread_metadata: dict[str, Any] = Field(default_factory=dict)
    """Threads that carry this metadata; the server searches by it."""
    run_metadata: dict[str, Any] = Field(default_factory=dict)
    """Runs that carry this metadata; filtered by evalkit, since the server cannot."""
    assistant: str | None = None
    """Runs of this assistant: its id, its name, or its graph."""
    status: Annotated[list[RunStatus] | None, BeforeValidator(_as_list)] = None
    """Only runs with this status (or one of these). Default: all that have ended."""
    since: Moment = None
    """Runs created at or after this time (ISO 8601)."""
    until: Moment = None
    """Runs created before this time (ISO 8601)."""
    limit: int | None = Field(None, ge=1)
    """At most so many runs, the newest."""
    dataset: FileName | DatasetOptions | None = None
    """File with the examples; runs are joined by example id, else by equal inputs."""
    example_id: str = "example_id"
    """Key of the run's metadata that names its example; dots go down."""
    repetition: str = "repetition"
    """Key of the run's metadata that counts repetitions."""
    outputs: Literal["state", "schema"] = "state"
    """The run's output: the whole state, or only the keys of the graph's output schema."""
    subgraphs: bool = True
    """Fetch what happened inside subgraphs; one request for each call of one."""
    spans: str | None = None
    """Key of the state where the graph keeps the spans it recorded itself (step records)."""
    retrievers: list[str] | None = None
    """Nodes whose update holds retrieved documents. Default: nodes named like it."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Headers for every request; `$NAME` as a whole value stands for that environment variable."""
    api_key_env: str | None = None
    """Environment variable with the key. Default: LANGGRAPH_API_KEY, then LANGSMITH_API_KEY."""
    concurrency: int = Field(DEFAULT_CONCURRENCY, ge=1, le=MAX_CONCURRENCY)
    """Requests at the same time."""
    requests_per_second: Rate | None = None
    """Never ask faster than this."""
    timeout: Timeout = 30
    """Seconds without an answer after which a request is tried again."""
    wait_seconds: Timeout = 3600
    """With `--wait`: give up on unfinished runs after so many seconds."""
    verify: bool | str = True
    """Check TLS certificates; a path names a bundle of authorities."""
    cert: str | None = None
    """Client certificate (PEM with its key)."""
    proxy: Proxy = None
    """Address of an HTTP proxy."""
