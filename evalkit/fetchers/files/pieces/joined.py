"""Joined: what many read, piece by piece in the order of the files, as if it were read here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.pieces.piece import Pieced, Told
from evalkit.fetchers.files.reading.paths import SourceFile
from evalkit.model.schema.made import MadePart, MadeRow


def joined(
    fetcher: FileFetcher, files: list[SourceFile], pieces: Iterable[Pieced]
) -> Iterator[Item]:
    """Yield the items of all pieces; the fetcher hears what was found before them."""
    fetcher.begin(files, fetcher.findings)
    before = ""
    for each in pieces:
        if each.told is not None:
            _hear(fetcher, each.told)
        for item in _items(each):
            before = item.where
            yield item
        if each.unforeseen:
            fetcher.unforeseen(each.unforeseen, before, files)
            return
        if each.error is not None:
            raise each.error
    yield from fetcher.watched(fetcher.rest(), files, before)


def _hear(fetcher: FileFetcher, told: Told) -> None:
    fetcher.findings.add(told.findings)
    for example_id, text, offered in told.examples:
        (fetcher.book.offer if offered else fetcher.book.add_text)(example_id, text)
    for name, numbers in told.numbers.items():
        fetcher.numbers[name].add(numbers)
    fetcher.tally.add(told.tally)
    fetcher.hear(told.more)


def _items(piece: Pieced) -> Iterator[Item]:
    facts = piece.facts
    columns = zip(
        facts.run_ids, facts.outcomes, facts.revisions, facts.fingerprints, facts.wheres,
        _places(piece.parts), strict=True,
    )  # fmt: skip
    for number, (run_id, outcome, revision, mark, where, (part, place)) in enumerate(columns):
        notes, unread = facts.notes.get(number), facts.unread.get(number)
        row = MadeRow(
            run_id, outcome, revision, mark, part, place, notes or Counter(), unread or Counter()
        )
        yield Item(row, mark, where)


def _places(parts: Iterable[MadePart]) -> Iterator[tuple[MadePart, int]]:
    for part in parts:
        for place in range(part.rows):
            yield part, place
