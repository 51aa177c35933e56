"""What tests of trace stores share: fetching in this process, and what a run is at a glance."""

from pathlib import Path
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext, revision
from evalkit.fetchers.mlflow.fetcher import MLflowFetcher
from evalkit.fetchers.phoenix.fetcher import PhoenixFetcher
from evalkit.model.run import Run

FETCHERS: dict[str, Any] = {"phoenix": PhoenixFetcher, "mlflow": MLflowFetcher}


def make(
    kind: str,
    *,
    known: dict[str, str] | None = None,
    wait: bool = False,
    transport: Any = None,
    **options: Any,
) -> Any:
    context = FetchContext(experiment="exp", base=Path(), known=known or {}, wait=wait)
    return FETCHERS[kind](options, context, transport=transport, sleep=lambda _: None, environ={})


def fetch(kind: str, **options: Any) -> list[Run]:
    return list(make(kind, **options).runs())


def drain(fetcher: Any) -> tuple[list[Run], EvalkitError | None]:
    """Return the runs that arrived, and the error that ended the fetch, if any."""
    arrived: list[Run] = []
    try:
        for run in fetcher.runs():
            arrived.append(run)
    except EvalkitError as error:
        return arrived, error
    return arrived, None


def known(runs: list[Run]) -> dict[str, str]:
    return {run.run_id: revision(run) for run in runs}


def outline(run: Run) -> list[str]:
    """Return the steps as `kind name`, `-` for each level, `!` for an error."""
    return [
        f"{'-' * step.depth}{step.kind} {step.name}{'!' if step.error else ''}"
        for step in run.steps
    ]


def calls(run: Run) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in run.tool_calls]
