"""What MLflow's stores without a server have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from evalkit.errors import ConfigError
from evalkit.fetchers.files.mapping.convert import to_moment
from evalkit.fetchers.mlflow.store import SESSION, Answer, Chosen, Item, Row

SOURCE_RUN = "mlflow.sourceRun"


class Local:
    """What stores without a server have in common."""

    address: str | None = None

    def version(self) -> str | None:
        """Files do not say it."""
        return None

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield `fn(item)` in order."""
        return map(fn, items)

    def pause(self, seconds: float) -> None:
        """A file that was read in one transaction shows nothing new."""

    def close(self) -> None:
        """Nothing is held."""


def fits(info: Row, chosen: Chosen, shown: str) -> bool:
    """Tell whether a trace is among those chosen."""
    if chosen.filter is not None:
        raise ConfigError(f"{shown}: `filter` is the server's; without one, choose by time.")
    about = info.get("trace_metadata") or {}
    if chosen.session is not None and about.get(SESSION) != chosen.session:
        return False
    if chosen.run_id is not None and not _of_run(info, chosen.run_id):
        return False
    if chosen.since is None and chosen.until is None:
        return True
    at = to_moment(info.get("request_time"))
    if at is None:
        return False
    return (chosen.since is None or at >= chosen.since) and (
        chosen.until is None or at < chosen.until
    )


def _of_run(info: Row, run_id: str) -> bool:
    if (info.get("trace_metadata") or {}).get(SOURCE_RUN) == run_id:
        return True
    return any(
        (each.get("metadata") or {}).get("mlflow.assessment.sourceRunId") == run_id
        for each in info.get("assessments") or ()
    )


def spans_in(folder: Path) -> list[Any] | None:
    """Return the spans that a trace's folder of artifacts holds."""
    try:
        found = orjson.loads((folder / "traces.json").read_bytes())
    except (OSError, ValueError):
        return None
    spans = found.get("spans") if isinstance(found, dict) else None
    return spans if isinstance(spans, list) else None
