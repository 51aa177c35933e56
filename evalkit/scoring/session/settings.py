"""Settings: how evaluators are called."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evalkit.scoring.definition.evaluator import Evaluator

Loader = Callable[[], list[Evaluator]]
"""Loads the evaluators by path, in another process; can be pickled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How evaluators are called."""

    workers: int | None = None
    memory: int | None = None
    concurrency: int = 16
    max_errors: int | None = None
    loader: Loader | None = None
    root: Path | None = None
    folder: Path | None = None
    """Where workers stand that are new interpreters; None: where this process does."""
