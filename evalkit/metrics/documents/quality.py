"""Quality and Provenance: what a reader must know of the data, and where figures come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from evalkit.metrics.documents.told import Told


@dataclass(frozen=True, slots=True, repr=False)
class Unseen(Told):
    """What was left out of runs before a judge saw them."""

    cells: int
    """Judgements that were given without something."""
    characters: int
    """Beyond `max_field_chars`, all judgements together."""
    images: int
    """That the model does not take, or that could not be shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Quality(Told):
    """What the reader must know about the data before trusting the figures."""

    notes: list[str]
    """Sentences from the source and from us, worst first."""
    latency_missing_share: float | None
    steps_missing: int
    """Runs whose source recorded no steps."""
    runs_without_example: int
    unbalanced: bool
    """Examples differ in their number of runs."""
    evaluator_errors: int
    clock_problems: int
    """Runs that end before they start: their latency is not used."""
    unseen: dict[str, Unseen] = field(default_factory=dict)
    """What judges did not see, by score."""


@dataclass(frozen=True, slots=True, repr=False)
class Provenance(Told):
    """Where the figures come from."""

    source: str
    query: dict[str, Any]
    fetched_at: str | None
    dataset_version: str | None
    evalkit: str
    first_run_at: str | None
    last_run_at: str | None
    evaluators: dict[str, str | None]
    """Evaluator name to fingerprint."""
    source_stats: dict[str, Any] = field(default_factory=dict)


def unseen_text(name: str, unseen: Unseen) -> str:
    """Say what a judge did not see, as one sentence."""
    parts = [f"{unseen.characters:,} characters (max_field_chars)"] if unseen.characters else []
    parts += [f"{unseen.images:,} image{'s' * (unseen.images != 1)}"] if unseen.images else []
    cells = f"{unseen.cells:,} judgement{'s' * (unseen.cells != 1)}"
    return f"{name}: in {cells} the judge did not see {' and '.join(parts)}."
