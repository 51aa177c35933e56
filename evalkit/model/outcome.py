"""Outcome: the words for how a run ended, and the statuses of the LangGraph SDK."""

from typing import Literal

RunStatus = Literal["pending", "running", "error", "success", "timeout", "interrupted"]
MultitaskStrategy = Literal["reject", "interrupt", "rollback", "enqueue"]
Outcome = Literal["success", "error", "timeout", "cancelled", "paused", "running"]
OUTCOMES: tuple[Outcome, ...] = ("success", "error", "timeout", "cancelled", "paused", "running")
STATUSES: tuple[RunStatus, ...] = (
    "pending",
    "running",
    "error",
    "success",
    "timeout",
    "interrupted",
)
