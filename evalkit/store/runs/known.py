"""Known: the runs a store has, by revision, remembering which of them a fetch asked about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping


class Known(Mapping[str, str]):
    """run_id -> revision. What a complete fetch never asked about is no longer at the source."""

    def __init__(self, revisions: Mapping[str, str]) -> None:
        self.revisions = revisions
        self.asked: dict[str, None] = {}
        """Every id asked about, in the order of the source, whether it is stored or not."""
        self.listed = False
        """Whether somebody read the whole mapping, so that `asked` says nothing."""

    def __getitem__(self, run_id: str) -> str:
        self.asked[run_id] = None
        return self.revisions[run_id]

    def __iter__(self) -> Iterator[str]:
        self.listed = True
        return iter(self.revisions)

    def __len__(self) -> int:
        return len(self.revisions)
