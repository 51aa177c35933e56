"""Reader: reads one piece the way the whole would be read, and decides nothing that needs all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from evalkit.errors import EvalkitError
from evalkit.fetchers.base import FetchContext, revision
from evalkit.fetchers.files.formats.base import FileFetcher
from evalkit.fetchers.files.formats.spreadable import fingerprint_of
from evalkit.fetchers.files.mapping.examples import ExampleLog
from evalkit.fetchers.files.mapping.item import Item
from evalkit.fetchers.files.pieces.piece import Facts, Piece, Pieced, Told
from evalkit.fetchers.files.reading.findings import Findings
from evalkit.fetchers.statuses import settled
from evalkit.fetchers.unforeseen import guarded
from evalkit.model.run import Run
from evalkit.model.schema.batch import RunRows, rows_of
from evalkit.model.schema.content import from_micros
from evalkit.model.schema.hashes import CONTENT_HASH, UPDATED_AT
from evalkit.model.views import unread_forms

Priced = Callable[[Run], Run]


class PieceReader:
    """Reads a piece; `rows` first, then `pieced` has what else there is to say."""

    def __init__(
        self,
        kind: type[FileFetcher],
        options: Mapping[str, Any],
        context: FetchContext,
        piece: Piece,
        priced: Priced | None,
    ) -> None:
        """`priced` gives runs their cost; without it rows are made the quick way."""
        self._fetcher = kind(kind.Options.model_validate(dict(options)), context)
        self._files, self._priced = list(piece.files), priced
        self._statuses, self._who = context.statuses, context.experiment
        self._fetcher.piece = piece.number
        for name, before in piece.before.items():
            self._fetcher.numbers[name].before = before
        self._fetcher.book = self._log = ExampleLog(Findings())
        self.pieced = Pieced(number=piece.number)

    def rows(self) -> Iterator[RunRows]:
        """Yield the rows of every record that is a run, copies included."""
        if self._priced is None:
            self._fetcher.make_rows()
        facts = self.pieced.facts
        self._fetcher.unforeseen = self._unforeseen  # type: ignore[method-assign]
        try:
            for item in guarded(self._fetcher.readable(self._files), self._who):
                yield self._row(item, facts)
        except EvalkitError as error:
            self.pieced.error = error
        self.pieced.told = Told(
            findings=self._fetcher.findings,
            examples=self._log.texts,
            numbers=self._fetcher.numbers,
            more=self._fetcher.told(),
            tally=self._fetcher.tally,
        )

    def _unforeseen(self, said: str, before: str, files: Any) -> None:
        self.pieced.unforeseen = said

    def _row(self, item: Item, facts: Facts) -> RunRows:
        made = self._fetcher.made(item)
        assert isinstance(made, Run | RunRows)
        rows, known = (made, _revision(made)) if isinstance(made, RunRows) else self._long(made)
        place = len(facts.run_ids)
        facts.run_ids.append(rows.run_id)
        facts.outcomes.append(made.outcome)
        facts.revisions.append(known)
        facts.fingerprints.append(fingerprint_of(item, made))
        facts.wheres.append(item.where)
        if rows.notes:
            facts.notes[place] = rows.notes
        if rows.unread:
            facts.unread[place] = rows.unread
        return rows

    def _long(self, run: Run) -> tuple[RunRows, str]:
        """Do with a run what a fetch does before it is stored."""
        assert self._priced is not None
        known, unread = revision(run), unread_forms(run)
        run = settled(run, self._statuses) if self._statuses else run
        rows = rows_of(self._priced(run))
        rows.unread = unread
        return rows, known


def _revision(rows: RunRows) -> str:
    updated = rows.row[UPDATED_AT]
    time = None if updated is None else from_micros(updated)
    return (
        str(rows.row[CONTENT_HASH]) if updated is None else "" if time is None else time.isoformat()
    )
