"""StoredExperiment: one experiment in the store, to write, score and read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalkit.errors import StoreError
from evalkit.model.experiment import Manifest
from evalkit.model.results import Results
from evalkit.model.score import EvaluatorInfo
from evalkit.store.cells import infos
from evalkit.store.cells.parts import part_names
from evalkit.store.disk import state as states
from evalkit.store.disk.files import Files
from evalkit.store.disk.lock import locked
from evalkit.store.disk.parts import PartFile
from evalkit.store.disk.state import JOURNAL, MANIFEST, State
from evalkit.store.runs.known import Known

if TYPE_CHECKING:
    from evalkit.store.cells.score_source import StoredWork
    from evalkit.store.runs.mend import Mended
    from evalkit.store.runs.writer import RunWriter
    from evalkit.store.upkeep.gc import Collected
    from evalkit.store.upkeep.verify import Finding

MANY_PARTS = 300
"""Parts of scores from which on they are gathered: slow evaluators leave many small ones."""


class StoredExperiment:
    """One experiment of a store; nothing is read before it is asked for."""

    def __init__(self, files: Files, name: str) -> None:
        self.name = name
        self._files = files
        self._known: Known | None = None

    def __repr__(self) -> str:
        return f"StoredExperiment({self.name!r}, {str(self._files)!r})"

    @property
    def where(self) -> str:
        """The folder or URL."""
        return str(self._files)

    @property
    def exists(self) -> bool:
        """Whether anything of it was ever stored."""
        return bool({MANIFEST, JOURNAL} & set(self._files.names()))

    @property
    def manifest(self) -> Manifest:
        """How it was obtained; that of an unfinished first fetch says `complete=False`."""
        return self._state().manifest

    def known(self) -> Known:
        """Return the revision of every run stored: `updated_at`, else the content's hash."""
        state = states.current(self._files)
        revisions = dict(_revisions(self._files, state)) if state else {}
        self._known = Known(revisions)
        return self._known

    def writer(self, *, source: str = "", query: Mapping[str, Any] | None = None) -> RunWriter:
        """Return a context manager that adds runs; see `RunWriter`.

        When `known` was handed to the fetch before, runs it neither brought nor asked about are
        dropped as no longer there at the source.
        """
        from evalkit.store.runs.writer import RunWriter

        known, self._known = self._known, None
        return RunWriter(self._files, self.name, source=source, query=query or {}, known=known)

    def mend(self, *, forget: bool = False) -> list[Mended]:
        """Set damaged files of runs and examples aside, so that the next fetch brings them again.

        What can be read of them is kept. See `evalkit.store.runs.mend`.
        """
        from evalkit.store.runs.mend import mend

        with locked(self._files, self.name):
            return mend(self._files, forget=forget)

    def results(self, evaluators: Sequence[EvaluatorInfo] | None = None) -> Results:
        """Return the runs with their current cells.

        `evaluators` are those whose cells are wanted, with today's fingerprints; without them,
        those that scored last.
        """
        from evalkit.store.results import StoredResults  # a fetch reads none

        given = infos.load(self._files) if evaluators is None else evaluators
        known = {each.fingerprint: each.keys for each in infos.load(self._files)}
        return Results(StoredResults(self._files, self._settled(), infos.with_keys(given, known)))

    @contextmanager
    def scoring(self) -> Iterator[StoredWork]:
        """Hold the experiment for scoring: yields the engine's `ScoreSource`."""
        from evalkit.store.cells.score_source import StoredWork

        with locked(self._files, self.name):
            state = self._settled()
            work = StoredWork(self._files, state)
            yield work
            if work.damaged:
                from evalkit.store.upkeep.gc import drop_damaged

                drop_damaged(self._files, state, work.damaged, work.made)
            if len(part_names(self._files)) > MANY_PARTS:
                self.gc()

    def evaluators(self) -> list[EvaluatorInfo]:
        """Return the evaluators that scored last."""
        return infos.load(self._files)

    def causes(self) -> dict[str, dict[str, str]]:
        """Return, by evaluator, the hashes its stored fingerprint was made of."""
        return infos.load_causes(self._files)

    def verify(self) -> Iterator[Finding]:
        """Read everything and yield what was found, good and bad."""
        from evalkit.store.upkeep.verify import verify

        return verify(self._files, self._settled())

    def gc(self) -> Collected:
        """Drop stale cells and files nothing refers to; return how many."""
        from evalkit.store.upkeep.gc import collect

        with locked(self._files, self.name):
            return collect(self._files, self._settled())

    def export(self, folder: Path, format: str = "parquet") -> list[Path]:
        """Write the experiment as `parquet`, `jsonl` or `csv` files; see `upkeep.export`."""
        from evalkit.store.upkeep.export import export

        return export(self.results(), folder, format)

    def size(self) -> int:
        """Return the bytes it takes."""
        folders = ("runs", "examples", "scores")
        return sum(
            self._files.size(f"{each}/{n}") for each in folders for n in self._files.names(each)
        )

    def lock(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold the experiment for writing; raises `StoreError` when another process does."""
        return locked(self._files, self.name, wait)

    def _state(self) -> State:
        state = states.load(self._files, MANIFEST) or states.current(self._files)
        if state is None:
            raise StoreError(
                f"experiment {self.name!r}: nothing is stored in {self._files}. "
                f"Run `evalkit fetch {self.name}` first."
            )
        return state

    def _settled(self) -> State:
        """Return a state without replaced rows, bringing an unfinished first fetch in order."""
        state = self._state()
        if not state.dead and states.load(self._files, MANIFEST) is not None:
            return state
        from evalkit.store.runs.compact import compacted
        from evalkit.store.runs.tidy import tidy

        with locked(self._files, self.name):
            state = compacted(self._files, self._state())
            states.save(self._files, MANIFEST, state)
            tidy(self._files, state)
        return state


def _revisions(files: Files, state: State) -> Iterator[tuple[str, str]]:
    for part in state.parts:
        dead = set(state.dead.get(part.name, ()))
        table = PartFile(files, part).read(["run_id", "updated_at", "content_hash"])
        columns = [table.column(name).to_pylist() for name in table.column_names]
        for row, (run_id, updated, content) in enumerate(zip(*columns, strict=True)):
            if row not in dead:
                yield run_id, content if updated is None else updated.isoformat()
