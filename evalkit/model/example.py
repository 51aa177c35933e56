"""Example: one row of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from evalkit.model.langsmith.names import EXAMPLE_NAMES, Mapped
from evalkit.model.row import copied
from evalkit.model.timing import parse_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Example(Mapped):
    """One dataset row: what goes in, what should come out, and what is known about it."""

    _names = EXAMPLE_NAMES  # LangSmith's, so that evaluators written for it run unmodified

    example_id: str
    inputs: Any = None
    reference_outputs: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    split: str | tuple[str, ...] | None = None
    attachments: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    """What the source said and evalkit has no name for; no part of what scores rest on."""

    @property
    def id(self) -> str:
        """LangSmith's name for `example_id`."""
        return self.example_id

    @property
    def outputs(self) -> Any:
        """LangSmith's name for `reference_outputs`."""
        return self.reference_outputs

    @property
    def dataset_id(self) -> str | None:
        """The dataset in LangSmith, where the example came from there."""
        return self.extra.get("dataset_id")

    @property
    def created_at(self) -> datetime | None:
        """When the example was made, where the source said so."""
        return parse_time(self.extra.get("created_at"))

    @property
    def modified_at(self) -> datetime | None:
        """When the example was last changed, where the source said so."""
        return parse_time(self.extra.get("modified_at"))

    @property
    def source_run_id(self) -> str | None:
        """The run the example was made from, where the source said so."""
        return self.extra.get("source_run_id")

    @property
    def url(self) -> str | None:
        """Where people can see the example, where the source said so."""
        return self.extra.get("url")

    def _own(self) -> Example:
        """Return the same example, sharing nothing that can change."""
        return copied(self)

    def _fresh(self, name: str) -> Any:
        """Return a field that shares nothing that can change."""
        return copied(getattr(self, name))
