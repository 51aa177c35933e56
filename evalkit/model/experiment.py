"""Experiment and Manifest: the runs of one version over one dataset, and how they were obtained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from evalkit.model.example import Example
from evalkit.model.run import Run

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Where an experiment came from and whether it is whole."""

    experiment: str
    format_version: int = FORMAT_VERSION
    source: str = ""
    """The fetcher's name."""
    query: Mapping[str, Any] = field(default_factory=dict)
    """What was asked of the source, without secrets."""
    fetched_at: str | None = None
    """ISO 8601, UTC."""
    expected: int | None = None
    """Runs the source says there are; `None` when it does not say."""
    received: int = 0
    """Runs that are stored."""
    unchanged: int = 0
    """Of those, how many the last fetch found as they were."""
    pending: int = 0
    """Runs that had not ended and were left out."""
    duplicates: int = 0
    """Rows that came twice and were dropped."""
    orphans: int = 0
    """Steps whose parent never came; they hang on the nearest known ancestor."""
    complete: bool = True
    problems: tuple[str, ...] = ()
    """What is known to be missing, a sentence each."""
    notes: tuple[str, ...] = ()
    """What readers should know of these runs, a sentence each."""
    dataset_version: str | None = None
    inferred: tuple[str, ...] = ()
    """Fields the source does not record and the fetcher derived."""
    source_digest: str = ""
    """Of all that was read, of what was asked and of the evalkit that asked; empty: not known."""
    source_stats: Mapping[str, Any] = field(default_factory=dict)
    """Figures the source itself computed, under its own names."""
    scores: tuple[Mapping[str, Any], ...] = ()
    """Scores the source had recorded of the whole experiment: `key`, `score`, `value` and so on."""

    def to_dict(self) -> dict[str, Any]:
        """Return the manifest as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Manifest:
        """Read a manifest; keys of a later format are ignored."""
        known = {each.name for each in fields(cls)}
        values = {name: value for name, value in raw.items() if name in known}
        for name in ("problems", "notes", "inferred", "scores"):
            values[name] = tuple(values.get(name) or ())
        return cls(**values)


class Experiment:
    """Runs held in memory with the examples they answered; for scripts and tests.

    Large experiments live in a store and are read row by row; see `Results`.
    """

    def __init__(
        self,
        name: str,
        runs: Iterable[Run] = (),
        examples: Iterable[Example] | Mapping[str, Example] = (),
        manifest: Manifest | None = None,
    ) -> None:
        self.name = name
        self.runs: Sequence[Run] = tuple(runs)
        rows = examples.values() if isinstance(examples, Mapping) else examples
        self.examples: Mapping[str, Example] = {row.example_id: row for row in rows}
        self.manifest = manifest or Manifest(experiment=name, received=len(self.runs))

    def __iter__(self) -> Iterator[Run]:
        return iter(self.runs)

    def __len__(self) -> int:
        return len(self.runs)

    def __repr__(self) -> str:
        return f"Experiment({self.name!r}, {len(self.runs)} runs, {len(self.examples)} examples)"
