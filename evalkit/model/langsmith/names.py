"""LangSmith's read-only names on runs, steps and examples: its evaluators run unmodified.

The names are those of `langsmith.schemas.Run` and `Example` (SDK 0.15.1). What the source did not
record is `None`. Ids are text, money is `float`; both are otherwise here, and said in the docs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from math import fsum
from typing import Any

RUN_NAMES = (
    "id", "name", "start_time", "run_type", "end_time", "extra", "error", "serialized", "events",
    "inputs", "outputs", "reference_example_id", "parent_run_id", "tags", "attachments",
    "session_id", "child_run_ids", "child_runs", "feedback_stats", "app_path", "manifest_id",
    "status", "prompt_tokens", "completion_tokens", "total_tokens", "prompt_token_details",
    "completion_token_details", "first_token_time", "total_cost", "prompt_cost", "completion_cost",
    "prompt_cost_details", "completion_cost_details", "parent_run_ids", "trace_id", "dotted_order",
    "in_dataset",
)  # fmt: skip
"""The fields of LangSmith's `Run`, in its order: what `model_dump` holds."""
EXAMPLE_NAMES = (
    "dataset_id", "inputs", "outputs", "metadata", "id", "created_at", "modified_at",
    "source_run_id", "attachments",
)  # fmt: skip
"""The fields of LangSmith's `Example`."""


class Mapped:
    """Answers `x["name"]`, `x.get("name")`, `"name" in x` and `dict(x)` beside `x.name`.

    LangSmith's user interface hands evaluators runs and examples as dicts.
    """

    __slots__ = ()
    _names: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        """Return a field by LangSmith's name, or by evalkit's."""
        if isinstance(name, str) and not name.startswith("_"):
            value = getattr(self, name, _NOTHING)
            if value is not _NOTHING and not callable(value):
                return value
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field by its name, or the default where there is no such field."""
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self) -> tuple[str, ...]:
        """Return LangSmith's names."""
        return self._names

    def model_dump(self, **_: Any) -> dict[str, Any]:
        """Return the fields under LangSmith's names; what is inside is dumped as well."""
        return {name: _dumped(self[name]) for name in self._names}

    def dict(self, **_: Any) -> dict[str, Any]:
        """Return the same as `model_dump`, under pydantic's older name."""
        return self.model_dump()


_NOTHING = object()


def _dumped(value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(each, Mapped) for each in value):
        return [each.model_dump() for each in value]
    return value


class SourceExtra(dict[str, Any]):
    """What the source said and evalkit has no name for; answers as LangSmith's `extra` as well.

    There, `metadata` and what stood beside it (`runtime`, `invocation_params`) are its keys.
    """

    __slots__ = ("metadata",)

    def __init__(self, held: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> None:
        super().__init__(held)
        self.metadata = metadata

    def __missing__(self, name: str) -> Any:
        if name == "metadata":
            return self.metadata or {}
        beside = self.get("extra")
        if isinstance(beside, Mapping) and name in beside:
            return beside[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        beside = super().get("extra")
        found = isinstance(beside, Mapping) and name in beside
        return super().__contains__(name) or name == "metadata" or found

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, the metadata or what stood beside them in LangSmith's `extra`."""
        if super().__contains__(name):
            return super().__getitem__(name)
        return self.__missing__(name) if name != "extra" and name in self else default

    def __reduce__(self) -> tuple[Any, ...]:
        return SourceExtra, (dict(self), self.metadata)


class LangSmithNames(Mapped):
    """Other names for times and usage; costs nothing where nobody asks."""

    __slots__ = ()
    _names = RUN_NAMES

    started_at: datetime | None
    ended_at: datetime | None
    first_token_at: datetime | None
    usage: Any

    @property
    def start_time(self) -> datetime | None:
        """LangSmith's name for `started_at`."""
        return self.started_at

    @property
    def end_time(self) -> datetime | None:
        """LangSmith's name for `ended_at`."""
        return self.ended_at

    @property
    def first_token_time(self) -> datetime | None:
        """LangSmith's name for `first_token_at`."""
        return self.first_token_at

    @property
    def prompt_tokens(self) -> int | None:
        """LangSmith's name for `usage.input_tokens`."""
        return self.usage.input_tokens if self.usage else None

    @property
    def completion_tokens(self) -> int | None:
        """LangSmith's name for `usage.output_tokens`."""
        return self.usage.output_tokens if self.usage else None

    @property
    def total_tokens(self) -> int | None:
        """LangSmith's name for `usage.total_tokens`."""
        return self.usage.total_tokens if self.usage else None

    @property
    def prompt_cost(self) -> float | None:
        """LangSmith's name for `usage.input_cost`."""
        return self.usage.input_cost if self.usage else None

    @property
    def completion_cost(self) -> float | None:
        """LangSmith's name for `usage.output_cost`."""
        return self.usage.output_cost if self.usage else None

    @property
    def total_cost(self) -> float | None:
        """LangSmith's name for `usage.total_cost`."""
        return self.usage.total_cost if self.usage else None

    @property
    def input_tokens(self) -> int | None:
        """LangSmith's newer name for `prompt_tokens`."""
        return self.prompt_tokens

    @property
    def output_tokens(self) -> int | None:
        """LangSmith's newer name for `completion_tokens`."""
        return self.completion_tokens

    @property
    def input_cost(self) -> float | None:
        """LangSmith's newer name for `prompt_cost`."""
        return self.prompt_cost

    @property
    def output_cost(self) -> float | None:
        """LangSmith's newer name for `completion_cost`."""
        return self.completion_cost

    @property
    def prompt_token_details(self) -> Any:
        """Tokens of the input by category, as LangSmith counted them."""
        return self._detail("prompt_token_details")

    @property
    def completion_token_details(self) -> Any:
        """Tokens of the output by category, as LangSmith counted them."""
        return self._detail("completion_token_details")

    @property
    def prompt_cost_details(self) -> Any:
        """Cost of the input by category, as LangSmith computed it."""
        return self._detail("prompt_cost_details")

    @property
    def completion_cost_details(self) -> Any:
        """Cost of the output by category, as LangSmith computed it."""
        return self._detail("completion_cost_details")

    input_token_details = prompt_token_details
    output_token_details = completion_token_details
    input_cost_details = prompt_cost_details
    output_cost_details = completion_cost_details

    def _detail(self, name: str) -> Any:
        return self.usage.details.get(name) if self.usage else None

    @property
    def revision_id(self) -> Any:
        """The revision that LangSmith's SDK wrote into the metadata."""
        return (self["metadata"] or {}).get("revision_id")


def order_segment(started_at: datetime | None, run_id: str) -> str | None:
    """Return one level of a `dotted_order`: start time in microseconds, `Z`, id."""
    if started_at is None:
        return None
    return f"{started_at.astimezone(UTC):%Y%m%dT%H%M%S%f}Z{run_id}"


def feedback_stats(feedback: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Return recorded scores by key with their count and average, as LangSmith shows them."""
    by_key: dict[str, list[float]] = {}
    for item in feedback:
        scores = by_key.setdefault(item.key, [])
        if item.score is not None:
            scores.append(float(item.score))
    return {
        key: {"n": len(scores), "avg": fsum(scores) / len(scores) if scores else None}
        for key, scores in by_key.items()
    }
