"""What every fetcher is: options in, runs out, then an honest count of what there was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from evalkit.model.schema.batch import rows_of
from evalkit.model.schema.row_values import content_hash

if TYPE_CHECKING:
    from pydantic import BaseModel

    from evalkit.model.example import Example
    from evalkit.model.run import Run
    from evalkit.model.score import Feedback

Progress = Callable[[str, int, int | None], None]
"""Told `(what, done, total)` now and then; `total` is None while nobody knows it."""


def no_progress(what: str, done: int, total: int | None) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class FetchContext:
    """What a fetcher knows besides its options."""

    experiment: str
    """Name of the experiment, for messages."""
    base: Path
    """Folder of the config: relative paths start here."""
    known: Mapping[str, str] = field(default_factory=dict)
    """run_id -> `revision` of the runs already stored (empty string: unknown)."""
    progress: Progress = no_progress
    wait: bool = False
    """Wait for runs that are still going instead of leaving them pending."""
    statuses: Mapping[str, str] = field(default_factory=dict)
    """Outcome of each of the source's words for the end of a run, where the user says so."""


@dataclass(slots=True)
class Counts:
    """What the source held and what arrived; the fetch part of the manifest."""

    expected: int | None = None
    """Runs the source says there are; None when it does not say."""
    received: int = 0
    """Distinct runs read this time, the unchanged ones included."""
    unchanged: int = 0
    """Of those, runs that were not handed over again because the store has them."""
    pending: int = 0
    """Runs the source has not finished yet."""
    duplicates: int = 0
    """Records dropped because their run had already been read."""
    orphans: int = 0
    """Steps whose parent never came."""
    problems: list[str] = field(default_factory=list)
    """What makes the fetch incomplete, one line each."""
    dataset_version: str | None = None
    source_stats: dict[str, Any] = field(default_factory=dict)
    """Figures the source states itself, to hold ours against."""
    scores: list[dict[str, Any]] = field(default_factory=list)
    """Recorded scores of the whole experiment, as `recorded_score` makes them."""
    notes: list[str] = field(default_factory=list)
    """What a reader should know but need not act on."""
    inferred: list[str] = field(default_factory=list)
    """Fields of Run the source does not record and the fetcher derived."""

    def add(self, later: Counts) -> None:
        """Take in what a reader counted of the files after these, or found stated there."""
        if later.expected is not None:
            self.expected = (self.expected or 0) + later.expected
        self.duplicates += later.duplicates
        self.orphans += later.orphans
        self.source_stats |= later.source_stats
        self.scores += later.scores

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain values, keyed like the manifest."""
        try:
            return asdict(self)
        except RecursionError:  # what a header says of the whole is a stranger's too
            said = "what the source states of the whole is nested too deep and left out"
            plain = replace(self, source_stats={}, scores=[], notes=[*self.notes, said])
            return asdict(plain)


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of `evalkit doctor`: True is fine, False is broken, None is worth knowing."""

    ok: bool | None
    text: str


class Later:
    """A class attribute that stands elsewhere and is imported when somebody asks for it.

    Most configurations need no pydantic, a fifth of a short fetch: see `files.plain`.
    """

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        return getattr(import_module(self._module), self._name)


def options_at(module: str, name: str) -> Any:
    """Return what stands for the model of a fetcher's keys."""
    return Later(module, name)


class Fetcher(Protocol):
    """Pulls one experiment from where its runs were recorded."""

    Options: ClassVar[type[BaseModel]]
    """Keys of `[experiments.NAME]` this fetcher takes (`extra="forbid"`)."""
    on_repeat: ClassVar[str] = "keep"
    """Default for two runs of one example and repetition: `error` where that is a mistake."""

    def __init__(self, options: Any, context: FetchContext) -> None: ...

    def runs(self) -> Iterator[Run]:
        """Yield finished runs that are new or changed, as they arrive, in bounded memory.

        A source that breaks off raises `IncompleteExperiment`, after everything that did arrive.
        """
        ...

    def examples(self) -> Iterable[Example]:
        """Return the examples the runs answered; called after `runs` is drained."""
        ...

    def counts(self) -> Counts:
        """Return what was there and what came; called after `runs`."""
        ...

    def check(self) -> Iterator[CheckLine]:
        """Look, without fetching, whether the source can be read."""
        ...


def recorded_score(item: Feedback) -> dict[str, Any]:
    """Return a recorded score of the whole experiment as the manifest keeps it."""
    named = ("key", "score", "value", "comment", "evaluator", "metadata")
    return {name: value for name in named if (value := getattr(item, name)) not in (None, {})}


def revision(run: Run) -> str:
    """Return what changes when the run changes: its `updated_at`, or else a hash of its content."""
    if run.updated_at is not None:
        return run.updated_at.isoformat()
    return content_hash(run)


def is_stored_as(run: Run, known: str | None) -> bool:
    """Tell whether a store that knows the run by this revision has it as it is here."""
    if not known or run.updated_at is not None:
        return bool(known) and known == revision(run)
    return rows_of(run).is_stored_as(known)
