"""Versions: experiments over datasets that are not the same, example by example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from evalkit.metrics.documents.validation import LISTED, Finding, named, short
from evalkit.metrics.validation.rows import Row, decoded


def differing(
    names: tuple[str, str], first: Sequence[Row], second: Sequence[Row]
) -> Iterator[Finding]:
    """Yield the examples that changed between two experiments, and those only one has."""
    old, new = ({row.example_id: row for row in rows} for rows in (first, second))
    both = [name for name in old if name in new]
    if not old or not new:
        return
    if not both:
        text = f"{names[0]} and {names[1]} share no example: nothing can be paired by example."
        yield Finding("versions", "note", text, n=0, of=len(old))
        return
    changed = {name: what for name in both if (what := _changes(old[name], new[name]))}
    if changed:
        same = len(both) - len(changed)
        told = [f"{short(name)}: {what}" for name, what in list(changed.items())[:LISTED]]
        some = ", ".join(told) + " ..." * (len(changed) > LISTED)
        text = (
            f"{len(changed):,} of {len(both):,} examples in both changed "
            f"({some}): `compare` pairs the other {same:,}."
        )
        ids = tuple(list(changed)[:LISTED])
        yield Finding("versions", "finding", text, n=len(changed), of=len(both), ids=ids)
    for here, there, name in ((old, new, names[0]), (new, old, names[1])):
        if alone := [each for each in here if each not in there]:
            text = (
                f"{len(alone):,} of {len(here):,} examples are in {name} alone ({named(alone)}): "
                f"`compare` pairs the {len(both):,} in both."
            )
            ids = tuple(alone[:LISTED])
            yield Finding("versions", "note", text, n=len(alone), of=len(here), ids=ids)


def _changes(old: Row, new: Row) -> str:
    """Name what changed of an example; a side that recorded nothing does not disagree."""
    pairs = {"inputs": (old.inputs, new.inputs), "reference": (old.reference, new.reference)}
    return " and ".join(name for name, texts in pairs.items() if not _same(*texts))


def _same(first: str | None, second: str | None) -> bool:
    if first is None or second is None or first == second:
        return True
    one: Any = decoded(first)
    return one is not None and bool(one == decoded(second))
