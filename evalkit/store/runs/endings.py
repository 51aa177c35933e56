"""Endings: the status words of stored runs that nobody knows."""

from __future__ import annotations

from collections import Counter

import pyarrow as pa

from evalkit.model.outcome import UNKNOWN
from evalkit.store.disk.files import Files
from evalkit.store.disk.opened import PartFile
from evalkit.store.disk.state import State


def unknown_words(files: Files, state: State) -> Counter[str]:
    """Count the status words of runs whose end nobody knows."""
    found: Counter[str] = Counter()
    for part in state.parts:
        opened = PartFile(files, part)
        outcomes = opened.read(["outcome"]).column(0)
        if _said(outcomes) & {*UNKNOWN}:
            dead = set(state.dead.get(part.name, ()))
            words = opened.read(["status"]).column(0).to_pylist()
            ends = zip(words, outcomes.to_pylist(), strict=True)
            found.update(
                word or ""
                for row, (word, outcome) in enumerate(ends)
                if outcome in UNKNOWN and row not in dead
            )
    return found


def _said(outcomes: pa.ChunkedArray) -> set[str]:
    """Return the outcomes there may be, without `pyarrow.compute`, which a fetch does not load."""
    coded = pa.types.is_dictionary(outcomes.type)
    return {
        word
        for chunk in outcomes.chunks
        for word in (chunk.dictionary if coded else chunk).to_pylist()
    }
