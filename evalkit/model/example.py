"""Example: one row of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One dataset row: what goes in, what should come out, and what is known about it."""

    example_id: str
    inputs: Any = None
    reference_outputs: Any = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    split: str | tuple[str, ...] | None = None
    attachments: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """LangSmith's name for `example_id`."""
        return self.example_id

    @property
    def outputs(self) -> Any:
        """LangSmith's name for `reference_outputs`."""
        return self.reference_outputs
