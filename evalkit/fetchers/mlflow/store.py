"""What an MLflow store is asked, be it a server, a database or a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

Row = dict[str, Any]
Item = TypeVar("Item")
Answer = TypeVar("Answer")
SESSION = "mlflow.trace.session"


class Chosen(NamedTuple):
    """Which traces of an experiment."""

    since: datetime | None = None
    until: datetime | None = None
    run_id: str | None = None
    session: str | None = None
    filter: str | None = None

    @property
    def whole(self) -> bool:
        """Whether a count of the experiment in this time can be held against the list."""
        return self.run_id is None and self.session is None and self.filter is None


class Store(Protocol):
    """A store; traces are given as `{trace_info, spans}`, in whatever form their spans have."""

    shown: str
    """How messages name it."""
    address: str | None
    """Where people can look at it."""

    def version(self) -> str | None:
        """Return which version it is of, where that is known."""
        ...

    def experiment(self, named: str) -> Row:
        """Return `{experiment_id, name}` by name or id."""
        ...

    def evaluation_run(self, experiment_id: str, named: str) -> str:
        """Return the id of an evaluation run by id or name."""
        ...

    def count(self, experiment_id: str, chosen: Chosen) -> int | None:
        """Return how many traces there are; None where nobody says."""
        ...

    def infos(self, experiment_id: str, chosen: Chosen) -> Iterator[Row]:
        """Yield the infos of traces, assessments among them, the oldest first."""
        ...

    def spans(self, infos: Sequence[Row]) -> dict[str, list[Any]]:
        """Return the spans of some traces, by trace; of those that are not there, nothing."""
        ...

    def map(self, fn: Callable[[Item], Answer], items: Iterable[Item]) -> Iterator[Answer]:
        """Yield `fn(item)` in order, several at a time where that helps."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def names(rows: Iterable[Mapping[str, Any]], what: str) -> str:
    """Say which there are."""
    found = [repr(str(each.get("name"))) for each in rows]
    if not found:
        return f"It has no {what}."
    return f"There are: {', '.join(found[:5])}{', ...' if len(found) > 5 else ''}."
