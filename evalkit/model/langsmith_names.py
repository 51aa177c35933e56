"""LangSmith's read-only names on runs and steps: its evaluators run unmodified."""

from __future__ import annotations

from datetime import datetime

from evalkit.model.usage import Usage


class LangSmithNames:
    """Other names for times and usage; costs nothing where nobody asks."""

    __slots__ = ()

    started_at: datetime | None
    ended_at: datetime | None
    first_token_at: datetime | None
    usage: Usage | None

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
