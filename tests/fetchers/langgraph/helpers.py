"""What the tests of the LangGraph fetcher share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext
from evalkit.fetchers.langgraph.fetcher import LangGraphFetcher
from evalkit.model.run import Run
from evalkit.model.step import Step


def make_fetcher(
    url: str = "http://server.test",
    *,
    transport: httpx.BaseTransport | None = None,
    known: dict[str, str] | None = None,
    wait: bool = False,
    sleep: Callable[[float], object] | None = None,
    **options: Any,
) -> LangGraphFetcher:
    context = FetchContext(experiment="exp", base=Path(), known=known or {}, wait=wait)
    return LangGraphFetcher({"url": url, **options}, context, transport=transport, sleep=sleep)


def fetch(url: str = "http://server.test", **options: Any) -> list[Run]:
    return list(make_fetcher(url, **options).runs())


def outline(run: Run) -> list[str]:
    """Return the steps as `name`, `-name` inside a step, with `!` for an error, `:state`, `xN`."""
    return [_line(step) for step in run.steps]


def _line(step: Step) -> str:
    about = step.metadata
    return "".join(
        [
            "-" * step.depth,
            step.name,
            f":{about['state']}" if "state" in about else "",
            "!" if step.error else "",
            f" x{about['parallel']}" if "parallel" in about else "",
        ]
    )


def drain(fetcher: LangGraphFetcher) -> tuple[list[Run], EvalkitError | None]:
    """Return the runs that arrived, and the error that ended the fetch, if any."""
    arrived: list[Run] = []
    try:
        for run in fetcher.runs():
            arrived.append(run)
    except EvalkitError as error:
        return arrived, error
    return arrived, None
