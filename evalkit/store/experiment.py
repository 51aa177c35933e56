"""StoredExperiment: one experiment in the store; the doors beside it write, score and read it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from evalkit.errors import StoreError
from evalkit.model.experiment import Manifest
from evalkit.model.score import EvaluatorInfo
from evalkit.store.disk import state as states
from evalkit.store.disk.files import Files
from evalkit.store.disk.journal import JOURNAL, current
from evalkit.store.disk.lock import locked
from evalkit.store.disk.parts import experiment_of
from evalkit.store.disk.state import MANIFEST, State
from evalkit.store.runs.tidy import tidy

PARTS = ("runs", "scores")


class StoredExperiment:
    """One experiment of a store; nothing is read before it is asked for."""

    def __init__(self, files: Files, name: str) -> None:
        self.name = name
        self.files = files

    def __repr__(self) -> str:
        return f"StoredExperiment({self.name!r}, {str(self.files)!r})"

    @property
    def where(self) -> str:
        """The folder or URL."""
        return str(self.files)

    @property
    def exists(self) -> bool:
        """Whether anything of it was ever stored: a lost manifest leaves its parts behind."""
        return self.begun or any(
            name.startswith("part-") for each in PARTS for name in self.files.names(each)
        )

    @property
    def begun(self) -> bool:
        """Whether it can be read, or the next fetch can go on from where the last one was."""
        return bool({MANIFEST, JOURNAL} & set(self.files.names()))

    @property
    def manifest(self) -> Manifest:
        """How it was obtained; that of an unfinished first fetch says `complete=False`."""
        return self.state().manifest

    def evaluators(self) -> list[EvaluatorInfo]:
        """Return the evaluators that scored last."""
        from evalkit.store.cells import infos  # Arrow: a fetch of what is stored already asks none

        return infos.load(self.files)

    def causes(self) -> dict[str, dict[str, str]]:
        """Return, by evaluator, the hashes its stored fingerprint was made of."""
        from evalkit.store.cells import infos

        return infos.load_causes(self.files)

    def size(self) -> int:
        """Return the bytes it takes."""
        folders = ("runs", "examples", "scores", "traces")
        return sum(
            self.files.size(f"{each}/{n}") for each in folders for n in self.files.names(each)
        )

    def lock(self, wait: float = 0.0) -> AbstractContextManager[None]:
        """Hold the experiment for writing; raises `StoreError` when another process does."""
        return locked(self.files, self.name, wait)

    def state(self) -> State:
        """Return what readers see: the manifest's parts, or those of an unfinished first fetch."""
        state = states.load(self.files, MANIFEST) or current(self.files)
        if state is None and self.exists:
            again = f"`evalkit fetch {experiment_of(self.files)}` makes it anew"
            raise StoreError(
                f"{self.files}/{MANIFEST}: the file is gone. {again}; scores count on."
            )
        if state is None:
            raise StoreError(
                f"experiment {self.name!r}: nothing is stored in {self.files}. "
                f"Run `evalkit fetch {self.name}` first."
            )
        return state

    def settled(self) -> State:
        """Return a state without replaced rows, bringing an unfinished first fetch in order."""
        state = self.state()
        if not state.dead and states.load(self.files, MANIFEST) is not None:
            return state
        from evalkit.store.runs.compact import compacted  # encodes runs: rare for who only reads

        with locked(self.files, self.name):
            state = compacted(self.files, self.state())
            states.save(self.files, MANIFEST, state)
            tidy(self.files, state)
        return state
